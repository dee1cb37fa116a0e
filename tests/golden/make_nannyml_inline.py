#!/usr/bin/env python3
"""Writes nannyml_inline.json: two small tables made by formula, and what NannyML says about them.

python3 -m venv nml && nml/bin/pip install nannyml==0.13.1 statsmodels pandas==2.3.3
NML_DISABLE_USAGE_LOGGING=1 nml/bin/python tests/golden/make_nannyml_inline.py > tests/golden/nannyml_inline.json
"""
import json
import logging
import math
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
import nannyml as nml
import numpy
import pandas as pd
import scipy
from nannyml.chunk import CountBasedChunker, DefaultChunker, PeriodBasedChunker, SizeBasedChunker
from nannyml.thresholds import ConstantThreshold, StandardDeviationThreshold

WHEN = "timestamp"


def table(n, start, shift):
    """n rows, 5 h 20 min apart but not in the order of time; a shift moves the later half of them."""
    rows = []
    for i in range(n):
        wave = math.sin(1.7 * i) + math.sin(0.31 * i * i)
        moved = shift if i >= n // 2 else 0.0
        kind = (i * i + 3 * i) % 11
        rows.append({
            WHEN: str(pd.Timestamp(start) + pd.Timedelta(minutes=320 * i)),
            "amount": None if (i * 7) % 23 == 0 else round(math.exp(1.0 + 0.8 * wave + moved), 3),
            "ratio": round(0.5 + 0.2 * wave + 0.1 * moved, 6),
            "constant": 1.5 if moved == 0.0 or i % 9 else 2.5,
            "visits": int(5 + 2 * wave + 3 * moved),
            "late": None if shift and i < n // 8 else float((i * 37) % 101),
            "plan": None if i % 17 == 0 else "free" if kind < 5 - 4 * moved else "pro" if kind < 9 or not moved else "max",
            "region": ["north", "south", "east"][(i * i + i // 3) % 3],
            "member": (i * 29) % 7 < 3 + 2 * moved,
            "grade": 1 + (i * 13) % 4 if moved < 0.4 else 1 + (i * 13) % 5,
        })
    order = sorted(range(n), key=lambda i: (i * 89) % n)
    return pd.DataFrame([rows[i] for i in order])


REFERENCE, ANALYSIS = table(241, "2023-11-20 03:00:00", 0.0), table(208, "2024-01-13 01:00:00", 0.45)
NUMBERS = ["amount", "ratio", "constant", "visits", "late"]
NAMES = ["plan", "region", "member", "grade"]
CONTINUOUS = ["jensen_shannon", "kolmogorov_smirnov", "wasserstein", "hellinger"]
CATEGORICAL = ["jensen_shannon", "chi2", "l_infinity", "hellinger"]


def chunker(params):
    incomplete, when = params.get("incomplete", "keep"), WHEN if params.get("timestamp", True) else None
    if "chunk_size" in params:
        return SizeBasedChunker(params["chunk_size"], incomplete, when)
    if "chunk_number" in params:
        return CountBasedChunker(params["chunk_number"], incomplete, when)
    if "chunk_period" in params:
        return PeriodBasedChunker(when, params["chunk_period"])
    return DefaultChunker(when)


def threshold(written):
    written = dict(written)
    if written.pop("type") == "constant":
        return ConstantThreshold(**written)
    if "offset_from" in written:
        written["offset_from"] = getattr(numpy, written["offset_from"])
    return StandardDeviationThreshold(**written)


def plain(value):
    if value is None or value is pd.NaT or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return str(value)
    return value.item() if isinstance(value, numpy.generic) else value


def case(name, make, params):
    arguments = {"chunker": chunker(params)}
    if params.get("timestamp", True):
        arguments["timestamp_column_name"] = WHEN
    calculator = make(arguments, {name: threshold(t) for name, t in params.get("thresholds", {}).items()})
    result = calculator.fit(REFERENCE.copy()).calculate(ANALYSIS.copy()).to_df()
    columns = {".".join(column): [plain(value) for value in result[column].tolist()] for column in result.columns}
    data = {"reference": {"table": "reference"}, "analysis": {"table": "analysis"}}
    return {"id": "inline." + name, "data": data, "params": params, "result": columns}


def univariate(name, columns=NUMBERS + NAMES, continuous=CONTINUOUS, categorical=CATEGORICAL, **params):
    def make(arguments, thresholds):
        return nml.UnivariateDriftCalculator(
            columns, treat_as_categorical=["grade"] if "grade" in columns else None, continuous_methods=continuous,
            categorical_methods=categorical, thresholds=thresholds or None,
            computation_params=params.get("computation_params"), **arguments)
    return case("univariate" + name, make, params)


def chunks(name, **params):
    """How rows are split shows in one column of each kind."""
    return univariate("." + name, ["amount", "plan"], ["kolmogorov_smirnov"], ["l_infinity"], **params)


def statistic(name, calculator, columns, **params):
    def make(arguments, thresholds):
        named = {"column_names": columns} if columns else {}
        return calculator(**named, **arguments, **thresholds)
    return case(name, make, params)


ESTIMATED = {"kolmogorov_smirnov": {}, "wasserstein": {}, "calculation_method": "estimated", "n_bins": 20}
THRESHOLDS = {
    "jensen_shannon": {"type": "standard_deviation", "std_lower_multiplier": 1, "std_upper_multiplier": 2, "offset_from": "nanmedian"},
    "kolmogorov_smirnov": {"type": "constant", "lower": 0.12, "upper": 1.5},
    "wasserstein": {"type": "standard_deviation", "std_lower_multiplier": 9, "std_upper_multiplier": 0.5},
    "hellinger": {"type": "standard_deviation", "std_lower_multiplier": None, "std_upper_multiplier": None},
    "l_infinity": {"type": "constant", "lower": -1, "upper": None},
}
CASES = [
    univariate(""),
    chunks("as_they_lie", timestamp=False),
    chunks("size_keep", chunk_size=50),
    chunks("size_append", chunk_size=50, incomplete="append"),
    chunks("size_drop", chunk_size=50, incomplete="drop"),
    chunks("number_append", chunk_number=7, incomplete="append"),
    chunks("day", chunk_period="D"),
    chunks("week", chunk_period="W"),
    chunks("month", chunk_period="M"),
    chunks("quarter", chunk_period="Q"),
    univariate(".estimated", NUMBERS, ["kolmogorov_smirnov", "wasserstein"], computation_params=ESTIMATED),
    univariate(".thresholds", ["amount", "ratio", "plan"], thresholds=THRESHOLDS),
    statistic("missing_values", nml.MissingValuesCalculator, NUMBERS + NAMES),
    statistic("missing_values.constant", nml.MissingValuesCalculator, NUMBERS + NAMES, chunk_size=40,
              thresholds={"threshold": {"type": "constant", "lower": 0.05, "upper": 0.06}}),
    statistic("unseen_values", nml.UnseenValuesCalculator, NAMES),
    statistic("numerical_range", nml.NumericalRangeCalculator, NUMBERS),
    statistic("numerical_range.around", nml.NumericalRangeCalculator, NUMBERS, chunk_period="W",
              thresholds={"threshold": {"type": "standard_deviation"}}),
    statistic("summary_avg", nml.SummaryStatsAvgCalculator, NUMBERS),
    statistic("summary_std", nml.SummaryStatsStdCalculator, NUMBERS),
    statistic("summary_std.one_row", nml.SummaryStatsStdCalculator, ["amount"], chunk_number=60),
    statistic("summary_median", nml.SummaryStatsMedianCalculator, NUMBERS),
    statistic("summary_sum", nml.SummaryStatsSumCalculator, NUMBERS),
    statistic("summary_count", nml.SummaryStatsRowCountCalculator, None),
    statistic("summary_count.week", nml.SummaryStatsRowCountCalculator, None, chunk_period="W"),
]


def columns(data):
    return {name: [plain(value) for value in data[name].tolist()] for name in data.columns}


json.dump({
    "format": "golden-nannyml/1",
    "libraries": {"nannyml": nml.__version__, "numpy": numpy.__version__, "scipy": scipy.__version__, "pandas": pd.__version__},
    "result": "columns named as in the library's own table, one value per chunk",
    "tables": {"reference": columns(REFERENCE), "analysis": columns(ANALYSIS)},
    "cases": CASES,
}, sys.stdout, indent=None, separators=(",", ":"))
print()
