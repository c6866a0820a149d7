"""Facts: the answers of models and of the whole corpus, computed before the rules run and handed to them.

Facts of a text alone are plain functions. Facts of the whole corpus (how often a line stands on a site, which document
repeats which) are written once against `pipeline.engine.protocol.Engine`.
"""
