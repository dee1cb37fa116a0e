"""Polars reading a CSV file; the threads are those of POLARS_MAX_THREADS. Prints the least milliseconds of some runs."""

import sys
import time

import polars

path, runs = sys.argv[1], int(sys.argv[2])
least = float("inf")
for _ in range(runs):
    began = time.perf_counter()
    polars.read_csv(path)
    least = min(least, time.perf_counter() - began)
print(f"read\t{least * 1e3:.3f}")
