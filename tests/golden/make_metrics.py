"""Makes metrics.json: scikit-learn's figures of merit on small rows made by formula.

    python -m venv venv && venv/bin/pip install scikit-learn==1.9.1
    venv/bin/python tests/golden/make_metrics.py > tests/golden/metrics.json
"""
import json
import sys
import warnings

import numpy as np
import sklearn
from sklearn import calibration, metrics

warnings.simplefilter("ignore")


def plain(value):
    """JSON without what JSON cannot say."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(inner) for inner in value]
    if isinstance(value, np.integer):
        return int(value)
    value = float(value) if isinstance(value, np.floating) else value
    if isinstance(value, float) and not np.isfinite(value):
        return "NaN" if np.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def ask(results, metric, answer, **params):
    result = {"metric": metric, "params": params}
    try:
        result["value"] = plain(answer())
    except ValueError as error:
        result["error"] = str(error).splitlines()[0]
    results.append(result)


def binary(name, truths, scores, threshold=0.5):
    y, p = np.array(truths), np.array(scores, dtype=float)
    said = (p >= threshold).astype(int)
    results = []
    for zero in (0, 1):
        for metric in ("precision", "recall", "f1"):
            score = getattr(metrics, metric + "_score")
            ask(results, metric, lambda: score(y, said, zero_division=zero), zero_division=zero)
    ask(results, "accuracy", lambda: metrics.accuracy_score(y, said))
    ask(results, "balanced_accuracy", lambda: metrics.balanced_accuracy_score(y, said))
    ask(results, "specificity", lambda: metrics.recall_score(y, said, pos_label=0, zero_division=0))
    ask(results, "fbeta", lambda: metrics.fbeta_score(y, said, beta=0.5, zero_division=0), beta=0.5)
    ask(results, "matthews_corrcoef", lambda: metrics.matthews_corrcoef(y, said))
    ask(results, "cohen_kappa", lambda: metrics.cohen_kappa_score(y, said, labels=[0, 1]))
    ask(results, "confusion_matrix", lambda: metrics.confusion_matrix(y, said, labels=[0, 1]))
    ask(results, "roc_auc", lambda: metrics.roc_auc_score(y, p))
    ask(results, "average_precision", lambda: metrics.average_precision_score(y, p))
    ask(results, "log_loss", lambda: metrics.log_loss(y, p, labels=[0, 1]))
    ask(results, "brier", lambda: metrics.brier_score_loss(y, p))
    for strategy in ("uniform", "quantile"):
        curve = lambda: dict(zip(("prob_true", "prob_pred"), calibration.calibration_curve(y, p, n_bins=5, strategy=strategy)))
        ask(results, "calibration_curve", curve, n_bins=5, strategy=strategy)
    ask(results, "roc_curve", lambda: dict(zip(("fpr", "tpr", "thresholds"), metrics.roc_curve(y, p))))
    ask(results, "pr_curve", lambda: dict(zip(("precision", "recall", "thresholds"), metrics.precision_recall_curve(y, p))))
    return {"id": name, "task": "binary", "y_true": plain(y), "y_pred": plain(said), "y_score": plain(p), "results": results}


def multiclass(name, truths, scores):
    y, p = np.array(truths), np.array(scores, dtype=float)
    p = p / p.sum(axis=1, keepdims=True)
    labels = list(range(p.shape[1]))
    said = p.argmax(axis=1)
    results = []
    ask(results, "accuracy", lambda: metrics.accuracy_score(y, said))
    ask(results, "balanced_accuracy", lambda: metrics.balanced_accuracy_score(y, said))
    ask(results, "matthews_corrcoef", lambda: metrics.matthews_corrcoef(y, said))
    ask(results, "cohen_kappa", lambda: metrics.cohen_kappa_score(y, said))
    ask(results, "confusion_matrix", lambda: metrics.confusion_matrix(y, said, labels=labels), labels=labels)
    ask(results, "log_loss", lambda: metrics.log_loss(y, p, labels=labels))
    for average in ("micro", "macro", "weighted", "per class"):
        kind = None if average == "per class" else average
        for metric in ("precision", "recall", "f1"):
            score = getattr(metrics, metric + "_score")
            ask(results, metric, lambda: score(y, said, labels=labels, average=kind, zero_division=0), average=average)
    for way in ("ovr", "ovo"):
        for average in ("macro", "weighted"):
            area = lambda: metrics.roc_auc_score(y, p, labels=labels, multi_class=way, average=average)
            ask(results, "roc_auc", area, multi_class=way, average=average)
    return {"id": name, "task": "multiclass", "labels": labels, "y_true": plain(y), "y_pred": plain(said),
            "y_proba": plain(p), "results": results}


def regression(name, truths, predictions):
    y, p = np.array(truths, dtype=float), np.array(predictions, dtype=float)
    results = []
    ask(results, "mae", lambda: metrics.mean_absolute_error(y, p))
    ask(results, "mse", lambda: metrics.mean_squared_error(y, p))
    ask(results, "rmse", lambda: metrics.root_mean_squared_error(y, p))
    ask(results, "mape", lambda: metrics.mean_absolute_percentage_error(y, p))
    ask(results, "msle", lambda: metrics.mean_squared_log_error(y, p))
    ask(results, "rmsle", lambda: metrics.root_mean_squared_log_error(y, p))
    ask(results, "median_ae", lambda: metrics.median_absolute_error(y, p))
    ask(results, "max_error", lambda: metrics.max_error(y, p))
    ask(results, "r2", lambda: metrics.r2_score(y, p))
    ask(results, "explained_variance", lambda: metrics.explained_variance_score(y, p))
    ask(results, "pinball_0.25", lambda: metrics.mean_pinball_loss(y, p, alpha=0.25))
    ask(results, "mean_error", lambda: np.mean(p - y))
    ask(results, "error_std", lambda: np.std(p - y, ddof=1))
    return {"id": name, "task": "regression", "y_true": plain(y), "y_pred": plain(p), "results": results}


i = np.arange(90)
spread = (i * 37 % 90) / 89
cases = [
    binary("useful scores", (spread + np.sin(i) / 3 > 0.6).astype(int), spread),
    binary("scores in tenths", (spread + np.cos(i) / 2 > 0.5).astype(int), np.round(spread, 1)),
    binary("four positives of ninety", (i % 23 == 5).astype(int), spread / 2 + (i % 23 == 5) / 4),
    binary("one class", [1, 1, 1], [0.2, 0.7, 0.5]),
    binary("the other class", [0, 0, 0], [0.2, 0.7, 0.5]),
    binary("nothing called", [0, 1, 0, 1], [0.1, 0.4, 0.2, 0.2]),
    binary("sure and wrong", [0, 1, 1, 0], [1.0, 0.0, 1.0, 0.0]),
    multiclass("three classes", i * 7 % 3, np.stack([1 + np.sin(i), 1.2 + np.cos(i * 2), 0.5 + (i * 7 % 3 == 2)], axis=1)),
    multiclass("a class that does not come", i[:20] % 3, np.stack([1.1 + np.sin(i[:20] * k) for k in (1, 2, 3, 4)], axis=1)),
    regression("usual", 10 + 5 * np.sin(i), 10.2 + 4.5 * np.sin(i + 0.1)),
    regression("zeros and negatives", [0.0, 1.0, -2.0], [0.5, 1.0, -1.0]),
    regression("constant truth", [3.0, 3.0, 3.0], [3.0, 3.5, 2.0]),
    regression("one row", [4.0], [5.0]),
]
json.dump({"format": "golden-metrics/1", "libraries": {"scikit-learn": sklearn.__version__, "numpy": np.__version__},
           "cases": cases}, sys.stdout)
print()
