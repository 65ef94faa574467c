"""Measurements, with a runner of their own: python -m benchmarks. Nothing here is a test."""
