#!/usr/bin/env python3
"""Trains tree ensembles with scikit-learn, XGBoost and LightGBM, exports them to ONNX, and writes what onnxruntime answers.

    pip install scikit-learn pandas onnxruntime skl2onnx onnxmltools xgboost lightgbm
    make.py fixtures FOLDER        small models on generated rows: the files beside this script
    make.py real DATA FOLDER       larger ones on the data sets of DATA (adult, bike sharing, elec2, credit card)

Per model NAME: NAME.onnx, and NAME.json with `rows`, `classes` (labels as text, or null) and `scores`, one list per row.
One thread, so that onnxruntime sums tree by tree.
"""
import json
import pathlib
import sys
import warnings

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

warnings.filterwarnings("ignore")


def export(model, n_features, opset=15):
    """The model as ONNX, with one float matrix as its input."""
    module = type(model).__module__.split(".")[0]
    if module == "sklearn":
        from skl2onnx import to_onnx

        return to_onnx(model, np.zeros((1, n_features), np.float32), target_opset={"": opset, "ai.onnx.ml": 3})
    import onnxmltools
    from onnxmltools.convert.common.data_types import FloatTensorType

    convert = {"xgboost": onnxmltools.convert_xgboost, "lightgbm": onnxmltools.convert_lightgbm}[module]
    return convert(model, initial_types=[("X", FloatTensorType([None, n_features]))], target_opset=opset)


def answers(onx, rows):
    """Classes and scores by onnxruntime on one thread."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(onx.SerializeToString(), options, providers=["CPUExecutionProvider"])
    kind = np.float64 if "double" in session.get_inputs()[0].type else np.float32
    found = session.run(None, {session.get_inputs()[0].name: rows.astype(kind)})
    if len(found) == 1:
        return None, found[0].reshape(len(rows), -1).astype(float).tolist()
    labels, scores = found
    if isinstance(scores, list):
        scores = [list(row.values()) for row in scores]
    return [str(label) for label in labels], np.asarray(scores, float).tolist()


def write(folder, name, onx, rows):
    classes, scores = answers(onx, rows)
    (folder / f"{name}.onnx").write_bytes(onx.SerializeToString())
    rows = [[None if np.isnan(x) else float(x) for x in row] for row in rows]
    (folder / f"{name}.json").write_text(json.dumps({"rows": rows, "classes": classes, "scores": scores}))
    print(name, len(rows), "rows", len(onx.SerializeToString()), "bytes")


def models(size):
    """Every kind of model: name, estimator, task, and whether it takes missing values."""
    from lightgbm import LGBMClassifier, LGBMRegressor
    from sklearn import ensemble as e
    from xgboost import XGBClassifier, XGBRegressor

    n, depth = size
    for task in ("binary", "multiclass"):
        yield f"sklearn-forest-{task}", e.RandomForestClassifier(n, max_depth=depth, random_state=0), task, False
        yield f"sklearn-extra-{task}", e.ExtraTreesClassifier(n, max_depth=depth, random_state=0), task, False
        yield f"sklearn-boosting-{task}", e.GradientBoostingClassifier(n_estimators=n, max_depth=3, random_state=0), task, False
        yield f"xgboost-{task}", XGBClassifier(n_estimators=n, max_depth=3, n_jobs=1), task, True
        yield f"lightgbm-{task}", LGBMClassifier(n_estimators=n, num_leaves=7, n_jobs=1, verbose=-1), task, True
    yield "sklearn-forest-regression", e.RandomForestRegressor(n, max_depth=depth, random_state=0), "regression", False
    yield "sklearn-extra-regression", e.ExtraTreesRegressor(n, max_depth=depth, random_state=0), "regression", False
    yield "sklearn-boosting-regression", e.GradientBoostingRegressor(n_estimators=n, max_depth=3, random_state=0), "regression", False
    yield "xgboost-regression", XGBRegressor(n_estimators=n, max_depth=3, n_jobs=1), "regression", True
    yield "lightgbm-regression", LGBMRegressor(n_estimators=n, num_leaves=7, n_jobs=1, verbose=-1), "regression", True
    yield "lightgbm-poisson", LGBMRegressor(objective="poisson", n_estimators=n, num_leaves=7, n_jobs=1, verbose=-1), "count", True


def generated(task, rng):
    x = rng.normal(size=(400, 5)).astype(np.float32)
    signal = x[:, 0] + x[:, 1] * x[:, 2] + 0.3 * rng.normal(size=len(x))
    y = {
        "binary": (signal > 0.5).astype(int),
        "multiclass": np.digitize(signal, [-0.5, 0.7]),
        "regression": signal,
        "count": np.floor(np.exp(signal)),
    }[task]
    return x, y


def with_missing(x, rng):
    x = x.copy()
    x[rng.random(x.shape) < 0.15] = np.nan
    return x


def hand_made(folder, rng):
    """What no exporter above writes: every comparison, aggregate and transformation."""
    x = rng.normal(size=(40, 2)).astype(np.float32)
    x[::7, 0] = np.nan
    x[1::9, 1] = 0.25

    def model(op, opset=3, double=False, **attributes):
        kind = TensorProto.DOUBLE if double else TensorProto.FLOAT
        is_class = op == "TreeEnsembleClassifier"
        outputs = ["L", "Y"] if is_class else ["Y"]
        node = helper.make_node(op, ["X"], outputs, domain="ai.onnx.ml", **attributes)
        infos = [helper.make_tensor_value_info("Y", kind if op == "TreeEnsemble" else TensorProto.FLOAT, None)]
        if is_class:
            text = "classlabels_strings" in attributes
            infos.insert(0, helper.make_tensor_value_info("L", TensorProto.STRING if text else TensorProto.INT64, None))
        graph = helper.make_graph([node], "g", [helper.make_tensor_value_info("X", kind, [None, 2])], infos)
        imports = [helper.make_opsetid("", 15), helper.make_opsetid("ai.onnx.ml", opset)]
        return helper.make_model(graph, opset_imports=imports, ir_version=8, producer_name="make.py")

    def nodes(modes, missing=0):
        # Three trees of one question each, about features 0, 1, 0.
        return dict(
            nodes_treeids=[0, 0, 0, 1, 1, 1, 2, 2, 2], nodes_nodeids=[0, 1, 2] * 3, nodes_featureids=[0, 0, 0, 1, 0, 0, 0, 0, 0],
            nodes_modes=[m for mode in modes for m in (mode, "LEAF", "LEAF")], nodes_truenodeids=[1, 0, 0] * 3,
            nodes_falsenodeids=[2, 0, 0] * 3, nodes_missing_value_tracks_true=[missing, 0, 0] * 3,
            nodes_values=[0.1, 0.0, 0.0, 0.25, 0.0, 0.0, -0.3, 0.0, 0.0])

    def target(*weights):
        return dict(n_targets=1, target_treeids=[0, 0, 1, 1, 2, 2], target_nodeids=[1, 2] * 3, target_ids=[0] * 6, target_weights=list(weights))

    weights = (0.5, -1.0, 2.0, 0.25, -0.125, 3.0)
    for number, modes in enumerate((["BRANCH_LEQ"] * 3, ["BRANCH_LT"] * 3, ["BRANCH_GTE"] * 3, ["BRANCH_GT"] * 3, ["BRANCH_GT", "BRANCH_LT", "BRANCH_LEQ"])):
        for missing in (0, 1):
            write(folder, f"made-modes-{number}-{missing}", model("TreeEnsembleRegressor", **nodes(modes, missing), **target(*weights)), x)
    leq = nodes(["BRANCH_LEQ"] * 3)
    for aggregate in ("AVERAGE", "MIN", "MAX"):
        write(folder, f"made-{aggregate.lower()}", model("TreeEnsembleRegressor", aggregate_function=aggregate, base_values=[10.0], **leq, **target(*weights)), x)
    write(folder, "made-probit", model("TreeEnsembleRegressor", post_transform="PROBIT", **leq, **target(0.1, 0.2, 0.3, 0.05, 0.15, 0.25)), x)

    def classes(ids, weights, **more):
        n = len(ids)
        leaves = [(t, n_) for t in range(3) for n_ in (1, 2)]
        pairs = [(t, n_, i) for t, n_ in leaves for i in ids]
        return dict(class_treeids=[p[0] for p in pairs], class_nodeids=[p[1] for p in pairs], class_ids=[p[2] for p in pairs],
                    class_weights=[float(w) for w in weights[: n * 6]], **more)

    spread = rng.normal(size=18)
    for transform in ("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"):
        name = transform.lower()
        write(folder, f"made-one-{name}", model("TreeEnsembleClassifier", post_transform=transform, classlabels_strings=["no", "yes"], **leq, **classes([0], spread)), x)
        write(folder, f"made-positive-{name}", model("TreeEnsembleClassifier", post_transform=transform, classlabels_int64s=[0, 1], **leq, **classes([0], abs(spread) / 4)), x)
        write(folder, f"made-two-{name}", model("TreeEnsembleClassifier", post_transform=transform, classlabels_int64s=[0, 1], **leq, **classes([0, 1], spread)), x)
        write(folder, f"made-three-{name}", model("TreeEnsembleClassifier", post_transform=transform, base_values=[0.1, -0.2, 0.05], classlabels_int64s=[7, 3, 5], **leq, **classes([0, 1, 2], spread)), x)
    for double in (False, True):
        kind = np.float64 if double else np.float32
        tensor = lambda values, t=kind: numpy_helper.from_array(np.array(values, t))
        write(folder, f"made-ensemble-{'double' if double else 'float'}", model(
            "TreeEnsemble", 5, double, n_targets=1, aggregate_function=1, post_transform=0, nodes_featureids=[0, 1, 0], nodes_splits=tensor([0.1, 0.25, -0.3]),
            nodes_modes=tensor([0, 1, 3], np.uint8), nodes_truenodeids=[0, 2, 3], nodes_trueleafs=[1, 0, 1], nodes_falsenodeids=[1, 2, 4], nodes_falseleafs=[1, 1, 1],
            nodes_missing_value_tracks_true=[1, 0, 1], tree_roots=[0, 1], leaf_targetids=[0] * 5, leaf_weights=tensor([0.1, 0.2, 0.3, 0.4, 0.5])), x)


def fixtures(folder):
    rng = np.random.default_rng(0)
    for name, model, task, takes_missing in models((5, 4)):
        x, y = generated(task, rng)
        if takes_missing:
            x = with_missing(x, rng)
        if name == "sklearn-forest-multiclass":
            y = np.array(["low", "middle", "high"])[y]
        model.fit(x, y)
        write(folder, name, export(model, x.shape[1]), x[:60])
    hand_made(folder, rng)


def real(data, folder):
    import pandas as pd

    def numbers(file, target):
        table = pd.read_csv(data / file, na_values="?")
        y = table.pop(target)
        columns = {c: table[c] if table[c].dtype.kind in "if" else pd.factorize(table[c])[0] for c in table}
        return pd.DataFrame(columns).to_numpy(np.float32), y

    adult, income = numbers("adult.csv.gz", ADULT)
    elec, price = numbers("elec2.csv.gz", "class")
    card, fraud = numbers("creditcard_sample.csv.gz", "Class")
    bike, count = numbers("bike_sharing_hour.csv.gz", "cnt")
    season = pd.read_csv(data / "bike_sharing_hour.csv.gz")["season"].astype(int).to_numpy()
    sets = {
        "binary": [("adult", adult, pd.factorize(income)[0]), ("elec2", elec, pd.factorize(price)[0]), ("card", card, fraud.astype(int).to_numpy())],
        "multiclass": [("bike-season", np.delete(bike, [0, 2], axis=1), season - 1)],
        "regression": [("bike", bike, count.to_numpy(float))],
        "count": [("bike", bike, count.to_numpy(float))],
    }
    rng = np.random.default_rng(1)
    for name, model, task, takes_missing in models((60, 12)):
        for label, x, y in sets[task]:
            x = with_missing(x, rng) if takes_missing else np.nan_to_num(x)
            half = len(x) // 2
            pick = rng.permutation(len(x))
            model.fit(x[pick[:half]], y[pick[:half]])
            write(folder, f"{label}-{name}", export(model, x.shape[1]), x[pick[half : half + 10_000]])


ADULT = "class"

if __name__ == "__main__":
    mode, *paths = sys.argv[1:]
    paths = [pathlib.Path(path) for path in paths]
    paths[-1].mkdir(parents=True, exist_ok=True)
    {"fixtures": fixtures, "real": real}[mode](*paths)
