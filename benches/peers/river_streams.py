"""Events per second of River's detectors, on streams like those of benches/streams.rs.

    python benches/peers/river_streams.py [EVENTS]
"""
import random
import sys
import time

from river import drift

EVENTS = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
RUNS = 3

chance = random.Random(1)
values = [chance.random() for _ in range(EVENTS)]
errors = [int(value < 0.1) for value in values]
detectors = [
    ("ADWIN", drift.ADWIN, values),
    ("PageHinkley", drift.PageHinkley, values),
    ("DDM", drift.binary.DDM, errors),
    ("EDDM", drift.binary.EDDM, errors),
    ("HDDM_A", drift.binary.HDDMA, errors),
    ("HDDM_W", drift.binary.HDDMW, errors),
    ("FHDDM", drift.binary.FHDDM, errors),
]
for name, kind, stream in detectors:
    least, alarms = float("inf"), 0
    for _ in range(RUNS):
        detector, alarms = kind(), 0
        began = time.perf_counter()
        for x in stream:
            detector.update(x)
            alarms += detector.drift_detected
        least = min(least, time.perf_counter() - began)
    print(f"{name}\t{EVENTS / least / 1e6:.2f} million events per second\t{alarms} alarms")
