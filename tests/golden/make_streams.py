"""Makes streams.json: where River's detectors signal on streams made by formula.

    python -m venv venv && venv/bin/pip install river==0.26.1
    venv/bin/python tests/golden/make_streams.py > tests/golden/streams.json
"""
import json
import math
import sys
from importlib.metadata import version

from river import drift


# Names that differ from the classes in River.
CLASSES = {"HDDM_A": "HDDMA", "HDDM_W": "HDDMW"}


def chances(n):
    """Numbers between 0 and 1 that look like chance: a linear congruential generator."""
    state = 12345
    for _ in range(n):
        state = (1103515245 * state + 12345) % 2**31
        yield state / 2**31


def signals(name, stream, **params):
    kind = getattr(drift.binary, CLASSES.get(name, name), None) or getattr(drift, name)
    detector, drift_at, warning_at = kind(**params), [], []
    for i, x in enumerate(stream):
        detector.update(x)
        if detector.drift_detected:
            drift_at.append(i)
        if getattr(detector, "warning_detected", False):
            warning_at.append(i)
    result = {"detector": name, "params": params, "drift_at": drift_at}
    if name in ("DDM", "EDDM", "HDDM_A", "HDDM_W", "FHDDM"):
        result["warning_at"] = warning_at
    if name == "ADWIN":
        result |= {"final_estimation": detector.estimation, "final_width": detector.width}
    return result


rates = [0.1] * 600 + [0.4] * 500 + [0.05] * 500
errors = [int(chance < rate) for chance, rate in zip(chances(1600), rates)]
levels = [0.0] * 500 + [1.5] * 400 + [-1.0] * 400
values = [round(level + math.sin(i) + chance, 4) for i, (chance, level) in enumerate(zip(chances(1300), levels))]

on_errors = [
    signals("DDM", errors),
    signals("DDM", errors, warm_start=50, warning_threshold=1.0, drift_threshold=2.0),
    signals("EDDM", errors),
    signals("EDDM", errors, warm_start=10, alpha=0.9, beta=0.7),
    signals("HDDM_A", errors),
    signals("HDDM_A", errors, drift_confidence=0.01, warning_confidence=0.05, two_sided_test=True),
    signals("HDDM_W", errors),
    signals("HDDM_W", errors, lambda_val=0.02, two_sided_test=True),
    signals("FHDDM", errors, confidence_level=0.01),
    signals("FHDDM", errors, sliding_window_size=60, confidence_level=0.05, short_window_size=20),
    signals("ADWIN", errors),
    signals("PageHinkley", errors, threshold=5.0),
]
on_values = [
    signals("ADWIN", values),
    signals("ADWIN", values, delta=0.3, clock=4, max_buckets=2, min_window_length=8, grace_period=30),
    signals("PageHinkley", values),
    signals("PageHinkley", values, min_instances=50, delta=0.1, threshold=10.0, alpha=0.99, mode="down"),
    signals("KSWIN", values, alpha=0.0001, window_size=120, stat_size=40, seed=1),
]
cases = [
    {"id": "errors", "kind": "binary", "stream": {"inline": errors}, "n": len(errors), "results": on_errors},
    {"id": "levels", "kind": "value", "stream": {"inline": values}, "n": len(values), "results": on_values},
]
json.dump({"format": "golden-streams/1", "libraries": {"river": version("river")}, "cases": cases}, sys.stdout)
print()
