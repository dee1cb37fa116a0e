"""Evidently's default drift report on two CSV files, as JSON: what `tidemark report` is measured beside.

Prints the milliseconds of reading and of the report itself; the whole process is timed from outside.
"""

import json
import sys
import time

import pandas
from evidently import Report
from evidently.presets import DataDriftPreset

began = time.perf_counter()
reference, current = (pandas.read_csv(path) for path in sys.argv[1:3])
read = time.perf_counter()
answer = Report([DataDriftPreset()]).run(current, reference).dict()
reported = time.perf_counter()
json.dumps(answer, default=str)
print(f"read\t{(read - began) * 1e3:.3f}\ncompare\t{(reported - read) * 1e3:.3f}")
