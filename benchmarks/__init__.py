"""Benchmarks: our path and a plain baseline in turns on the same machine, so that only their ratio counts.

`python -m benchmarks [ids…]` starts its own durable PostgreSQL and Valkey and measures the product code that runs.
A ratio under its floor makes the exit code 1; the figures of every round go to `.guanxi/bench.json`.
"""
