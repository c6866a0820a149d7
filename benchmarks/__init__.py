"""Measurements: `python -m benchmarks.quality`, `python -m benchmarks.speed`. Needs the labelled data beside the project."""
