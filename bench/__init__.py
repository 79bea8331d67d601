"""Benchmarks: `python -m bench` (or `make bench`). docs/performance.md says what is measured, and how."""
