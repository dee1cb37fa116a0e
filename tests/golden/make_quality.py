"""Writes quality.json: Evidently's data-summary numbers, tests and correlations on small seeded tables.

    python -m venv venv && venv/bin/pip install evidently==0.7.23 "pandas<3"
    venv/bin/python make_quality.py quality.json

Each side of each case is summarised by itself; the tests with their default conditions hold current against reference.
"""

import json
import math
import sys
import warnings

import evidently
import numpy as np
import pandas as pd
import scipy
from evidently import DataDefinition, Dataset, Report
from evidently import metrics as m
from evidently.legacy.calculations.data_quality import get_features_stats
from evidently.legacy.core import ColumnType
from evidently.presets import DataSummaryPreset

SEED = 20261123
QUANTILES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]
KINDS = ["pearson", "spearman", "kendall", "cramer_v"]


def mixed(rng, n, shift=0.0, gap_every=0):
    """One column of every sort: fractions, few and many whole numbers, truth values, names, copies, constants."""
    amount = np.round(rng.lognormal(3.0 + shift, 1.0, n), 2)
    score = rng.normal(shift, 1.0, n)
    noisy = score + rng.normal(0.0, 0.5, n)
    if gap_every:
        noisy[::gap_every] = np.nan
    almost = amount.copy()
    almost[:: max(n // 3, 1)] += 1.0
    rare = np.zeros(n)
    rare[: max(n // 50, 1)] = 2.5
    kind = rng.choice(["card", "cash", "transfer"], n, p=[0.6, 0.3, 0.1])
    country = np.where(kind == "card", rng.choice(["NO", "IT"], n), rng.choice(["NO", "IT", "PT"], n))
    data = pd.DataFrame(
        {
            "amount": amount,
            "score": score,
            "noisy": noisy,
            "age": rng.integers(18, 90, n),
            "copy": amount,
            "almost": almost,
            "flat": np.full(n, 7.5),
            "rare": rare,
            "empty": np.full(n, np.nan),
            "kind": kind,
            "country": country,
            "flag": rng.random(n) < 0.3,
        }
    )
    if gap_every:
        data.loc[data.index[1 :: 2 * gap_every], "kind"] = None
    return data


def with_doubles(rng, n, empty_rows):
    """Rows that occur more than once, and rows with nothing in them."""
    data = pd.DataFrame(
        {
            "x": rng.integers(0, 5, n).astype(float),
            "y": rng.integers(0, 4, n).astype(float),
            "who": rng.choice(["a", "b"], n).astype(object),
        }
    )
    data.loc[data.index[:empty_rows], :] = None
    data["x"] = data["x"].astype(float)
    data["y"] = data["y"].astype(float)
    return data


def tied(rng, n):
    """Correlations with many ties, missing values in different rows, infinities, and no spread at all."""
    base = rng.integers(0, 6, n).astype(float)
    other = base + rng.integers(-2, 3, n)
    third = -base + rng.normal(0.0, 1.0, n)
    other[::7] = np.nan
    third[::5] = np.nan
    third[3] = np.inf
    far = rng.standard_cauchy(n) * 1e6 + 1e12
    return pd.DataFrame({"base": base, "other": other, "third": third, "far": far, "still": np.full(n, 2.0)})


def cases():
    rng = np.random.default_rng(SEED)
    numerical = ["amount", "score", "noisy", "age", "copy", "almost", "flat", "rare", "empty"]
    categorical = ["kind", "country", "flag"]
    yield "unchanged", mixed(rng, 300), mixed(rng, 280), numerical, categorical
    yield "moved", mixed(rng, 240, gap_every=11), mixed(rng, 300, shift=0.8, gap_every=4), numerical, categorical
    same = mixed(rng, 120, gap_every=9)
    yield "identical", same, same.copy(), numerical, categorical
    yield "few_rows", mixed(rng, 3), mixed(rng, 2), numerical, categorical
    yield "doubles", with_doubles(rng, 90, 2), with_doubles(rng, 100, 5), ["x", "y"], ["who"]
    yield "tied", tied(rng, 70), tied(rng, 65), ["base", "other", "third", "far", "still"], []


def number(value):
    """Finite numbers as they are, anything else as nothing."""
    if value is None or isinstance(value, str):
        return value
    value = float(value)
    return value if math.isfinite(value) else None


def cell(value):
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, (float, np.floating)) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value.item() if isinstance(value, np.generic) else value


def written(data, categorical):
    kinds = {"i": "whole_numbers", "f": "fractions", "b": "booleans", "O": "strings"}
    return [
        {
            "name": name,
            "kind": kinds[column.dtype.kind],
            "type": "categorical" if name in categorical else "numerical",
            "values": [cell(value) for value in column.tolist()],
        }
        for name, column in data.items()
    ]


def run(metrics, current, reference=None, include_tests=False):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return json.loads(Report(metrics, include_tests=include_tests).run(current, reference).json())


def values(report):
    return {entry["metric_name"]: entry["value"] for entry in report["metrics"]}


def dataset_measures(found):
    missing = found["DatasetMissingValueCount()"]
    names = {
        "rows": "RowCount()",
        "columns": "ColumnCount()",
        "duplicate_rows": "DuplicatedRowCount()",
        "duplicate_columns": "DuplicatedColumnsCount()",
        "almost_duplicate_columns": "AlmostDuplicatedColumnsCount()",
        "constant_columns": "ConstantColumnsCount()",
        "almost_constant_columns": "AlmostConstantColumnsCount()",
        "empty_rows": "EmptyRowsCount()",
        "empty_columns": "EmptyColumnsCount()",
    }
    measures = {name: found[metric] for name, metric in names.items()}
    return measures | {"missing": missing["count"], "missing_per_row": missing["share"]}


def column_measures(side, data, name, is_numerical):
    """One column by the single metrics; ranges and lists are cut out of the column itself."""
    present = data[name].dropna()
    ask = [m.MissingValueCount(column=name)]
    measures = {}
    if is_numerical:
        low, high = (float(present.quantile(q)) for q in (0.2, 0.7)) if len(present) else (0.0, 1.0)
        # Whole numbers only: Evidently cuts the fraction off a listed 7.5, and then finds no 7.
        listed = [float(value) for value in sorted(set(present[np.isfinite(present)])) if value == int(value)][::3]
        plain = [m.MinValue, m.MaxValue, m.MeanValue, m.MedianValue, m.StdValue, m.SumValue]
        ask += [metric(column=name) for metric in plain]
        ask += [m.QuantileValue(column=name, quantile=q) for q in QUANTILES]
        if len(present):
            ask += [m.InRangeValueCount(column=name, left=low, right=high)]
            ask += [m.OutRangeValueCount(column=name, left=low, right=high)]
    else:
        listed = sorted(set(present))[:2]
        ask += [m.UniqueValueCount(column=name)]
        if len(present) and data[name].dtype == object:
            ask += [m.CategoryCount(column=name, category=listed[0])]
    if len(present) and listed and data[name].dtype != bool:
        ask += [m.InListValueCount(column=name, values=listed), m.OutListValueCount(column=name, values=listed)]
    for metric, value in values(run(ask, side)).items():
        kind = metric.split("(")[0]
        if kind == "QuantileValue":
            # The default quantile is not written into the name.
            q = float(metric.split("quantile=")[1].rstrip(")")) if "quantile=" in metric else 0.5
            measures.setdefault("quantiles", []).append([q, number(value)])
        elif kind == "UniqueValueCount":
            measures["counts"] = {label: count for label, count in value["counts"].items() if label not in ("None", "null")}
        elif isinstance(value, dict):
            measures[kind] = {key: number(entry) for key, entry in value.items()}
        else:
            measures[kind] = number(value)
    if "InRangeValueCount" in measures:
        measures["range"] = [low, high]
    if "InListValueCount" in measures:
        measures["list"] = listed
    if "CategoryCount" in measures:
        measures["category"] = listed[0]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        kind = ColumnType.Numerical if is_numerical else ColumnType.Categorical
        stats = get_features_stats(data[name], kind)
    measures["unique"] = stats.unique_count
    counts = data[name].value_counts()
    # Among equally frequent values pandas names any.
    if len(counts) and (len(counts) == 1 or counts.iloc[0] > counts.iloc[1]):
        measures["most_common"] = [cell(counts.index[0]), int(counts.iloc[0])]
    return measures


def correlations(side):
    matrices = {}
    for kind in KINDS:
        try:
            found = values(run([m.CorrelationMatrix(kind=kind)], side))
        except Exception:  # No column of that sort.
            continue
        matrix = next(iter(found.values()))
        matrices[kind] = {a: {b: number(value) for b, value in row.items()} for a, row in matrix.items()}
    return matrices


def tests(current, reference, numerical):
    """Every test that Evidently adds by itself, with its outcome."""
    ask = [DataSummaryPreset()]
    ask += [metric(column=name) for name in numerical for metric in (m.MedianValue, m.SumValue)]
    outcomes = []
    for test in run(ask, current, reference, include_tests=True)["tests"]:
        params = test["metric_config"]["params"]
        outcome = {"metric": params["type"].split(":")[-1], "status": test["status"]}
        outcome |= {key: params[key] for key in ("column", "quantile") if key in params}
        is_count = test["bound_test"].get("is_count")
        outcomes.append(outcome if is_count is None else outcome | {"is_count": is_count})
    return outcomes


def case(name, reference, current, numerical, categorical):
    definition = DataDefinition(numerical_columns=numerical, categorical_columns=categorical)
    result = {"id": name}
    sides = {}
    for side, data in (("reference", reference), ("current", current)):
        dataset = sides[side] = Dataset.from_pandas(data, definition)
        result[side] = {
            "data": written(data, categorical),
            "dataset": dataset_measures(values(run([DataSummaryPreset()], dataset))),
            "columns": {
                column: column_measures(dataset, data, column, column in numerical) for column in numerical + categorical
            },
            "correlations": correlations(dataset),
        }
    result["tests"] = tests(sides["current"], sides["reference"], numerical)
    return result


def main(path):
    golden = {
        "format": "golden-quality/1",
        "made_by": "tests/golden/make_quality.py",
        "seed": SEED,
        "libraries": {
            "evidently": evidently.__version__,
            "pandas": pd.__version__,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
        "cases": [case(*parts) for parts in cases()],
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(golden, file, allow_nan=False, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
