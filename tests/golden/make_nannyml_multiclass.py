#!/usr/bin/env python3
"""Writes nannyml_multiclass.json: a small model of three classes made by formula, and what NannyML's CBPE says about it.

python3 -m venv nml && nml/bin/pip install nannyml==0.13.1 statsmodels pandas==2.3.3
NML_DISABLE_USAGE_LOGGING=1 nml/bin/python tests/golden/make_nannyml_multiclass.py > tests/golden/nannyml_multiclass.json
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
import sklearn
from nannyml.chunk import SizeBasedChunker

CLASSES = ["amber", "blue", "clear"]
METRICS = ["roc_auc", "f1", "precision", "recall", "specificity", "accuracy", "average_precision"]


def fraction(x):
    return x - math.floor(x)


def table(n, start, is_separate, flat_from=None):
    """n rows: weights by three irrational steps, truths drawn by a fourth, scores bolder than the weights; at last the weights are alike.

    The scores of the last class may separate its rows from all others: then calibration can't help them."""
    rows = []
    for i in range(start, start + n):
        weights = [
            0.05 + fraction(i * math.sqrt(2)) ** 2,
            0.05 + fraction(i * math.sqrt(3) + i * i * math.sqrt(5)) ** 2,
            0.05 + 0.4 * fraction(i * math.sqrt(7)),
        ]
        if flat_from is not None and i - start >= flat_from:
            weights = [0.3 + 0.1 * weight for weight in weights]
        if is_separate:
            weights = [0, 0, 1] if i % 4 == 0 else weights[:2] + [0]
        draw, truth = fraction(i * i * math.sqrt(11) + i * math.sqrt(13)) * sum(weights), 0
        while truth < 2 and draw >= weights[truth]:
            draw -= weights[truth]
            truth += 1
        bold = [weight**2.5 for weight in weights]
        scores = [round(weight / sum(bold), 6) for weight in bold]
        if is_separate:
            last = 0.8 + 0.1 * fraction(i * math.sqrt(17)) if i % 4 == 0 else 0.1 * fraction(i * math.sqrt(17))
            others = scores[:2] if sum(scores[:2]) else [0.5, 0.5]
            scores = [round(score * (1 - last), 6) for score in others] + [round(last, 6)]
        rows.append({
            "truth": CLASSES[truth],
            "said": CLASSES[max(range(3), key=lambda c: scores[c])],
            **{name: score for name, score in zip(CLASSES, scores)},
        })
    return pd.DataFrame(rows)


def column(values):
    return [None if value is None or value != value else value for value in values]


def case(name, is_separate):
    reference, analysis = table(750, 1, is_separate), table(500, 5000, is_separate, 300)
    cbpe = nml.CBPE(
        y_pred_proba={name: name for name in CLASSES},
        y_pred="said",
        y_true="truth",
        problem_type="classification_multiclass",
        metrics=METRICS,
        chunker=SizeBasedChunker(150),
    )
    numpy.random.seed(7)
    cbpe.fit(reference)
    estimated = cbpe.estimate(analysis)
    found = pd.concat([cbpe.result.filter(period="reference").data, estimated.filter(period="analysis").data])
    return {
        "id": name,
        "classes": CLASSES,
        "chunk_size": 150,
        "reference": reference.to_dict(orient="list"),
        "analysis": analysis.to_dict(orient="list"),
        "calibrated": [type(cbpe._calibrators[name]).__name__ != "NoopCalibrator" for name in CLASSES],
        "result": {
            f"{metric}.{name}": column(value.item() if hasattr(value, "item") else value for value in found[(metric, name)])
            for metric, name in found.columns
            if metric in METRICS
        },
    }


json.dump(
    {
        "format": "golden-nannyml-multiclass/1",
        "libraries": {"nannyml": nml.__version__, "scikit-learn": sklearn.__version__, "numpy": numpy.__version__},
        "cases": [case("scores too bold", False), case("one class that its scores separate", True)],
    },
    sys.stdout,
)
sys.stdout.write("\n")
