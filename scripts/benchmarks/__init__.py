"""Benchmarks: what an epoch costs, beside the authors' package and the machine's limits."""
