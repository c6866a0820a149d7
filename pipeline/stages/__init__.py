"""Stages: named, ordered tuples of rules with the facts these need; and what a stage makes of rows of documents.

`stage.py` says what a stage is, each stage has a module of its own, `order.py` lists them, `rows.py` runs one over
Arrow rows, whose columns `tables.py` names.
"""
