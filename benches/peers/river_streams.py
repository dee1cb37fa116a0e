"""Events per second of River's detectors, on the streams that benches/streams.rs writes and runs its own detectors on.

    cargo bench -p tidemark --bench streams -- --river PYTHON

PYTHON is one that has River: python3 -m venv river && river/bin/pip install river==0.26.1.
Alone, on a file of numbers and one of errors (64-bit floats):

    python benches/peers/river_streams.py VALUES ERRORS
"""
import array
import importlib.metadata
import sys
import time

from river import drift

RUNS = 3
# KSWIN sorts its window at every event.
KSWIN_EVENTS = 20_000


def read(path):
    numbers = array.array("d")
    with open(path, "rb") as file:
        numbers.frombytes(file.read())
    return numbers.tolist()


values, errors = read(sys.argv[1]), [int(x) for x in read(sys.argv[2])]
detectors = [
    ("ADWIN", drift.ADWIN, values),
    ("PageHinkley", drift.PageHinkley, values),
    ("KSWIN", lambda: drift.KSWIN(seed=1), values[:KSWIN_EVENTS]),
    ("DDM", drift.binary.DDM, errors),
    ("EDDM", drift.binary.EDDM, errors),
    ("HDDM_A", drift.binary.HDDMA, errors),
    ("HDDM_W", drift.binary.HDDMW, errors),
    ("FHDDM", drift.binary.FHDDM, [1 - x for x in errors]),
]
print("version", importlib.metadata.version("river"), sep="\t")
for name, kind, stream in detectors:
    least, alarms = float("inf"), 0
    for _ in range(RUNS):
        detector, alarms = kind(), 0
        began = time.perf_counter()
        for x in stream:
            detector.update(x)
            alarms += detector.drift_detected
        least = min(least, time.perf_counter() - began)
    print(name, len(stream), len(stream) / least, alarms, sep="\t", flush=True)
