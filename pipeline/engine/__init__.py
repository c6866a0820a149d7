"""Engines: where a stage's work is carried out. `local.py` is a process pool with DuckDB on one machine."""
