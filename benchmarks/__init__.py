"""Measurements: `python -m benchmarks.quality`, `python -m benchmarks.speed`."""
