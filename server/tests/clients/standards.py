"""Real clients against a running Tidemark: Triton's, MLflow's request makers, and the one-liners of docs/serving.md.

usage: standards.py URL CURRENT.csv     (a Tidemark that serves a model trained on the example; needs tritonclient[http],
mlflow-skinny, pandas, pyarrow and requests)

Prints what was checked, and fails at the first thing that is not as it should be. `tests/it/clients.rs` runs it where
TIDEMARK_PYTHON names a Python that has these.
"""

import json
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import requests

URL, CURRENT = sys.argv[1].rstrip("/"), sys.argv[2]
HOST = URL.split("://", 1)[1]
ROWS = pd.read_csv(CURRENT).drop(columns="Class").head(20)
EXPECTED = [requests.post(f"{URL}/predict", json=row).json() for row in ROWS.to_dict("records")]
CLASSES = [answer["prediction"] for answer in EXPECTED]
PROBABILITIES = [answer["probability"] for answer in EXPECTED]
MODEL = requests.get(f"{URL}/api/v1/models").json()["default"]


def check(what, found, expected):
    assert found == expected, f"{what}: {found} instead of {expected}"
    print(f"ok: {what}")


def triton():
    import tritonclient.http as triton

    client = triton.InferenceServerClient(HOST)
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready(MODEL)
    metadata = client.get_model_metadata(MODEL)
    assert len(metadata["inputs"]) == ROWS.shape[1], metadata
    for datatype, dtype in [("FP64", np.float64), ("FP32", np.float32)]:
        for binary in [True, False]:
            tensor = triton.InferInput("rows", list(ROWS.shape), datatype)
            tensor.set_data_from_numpy(ROWS.to_numpy(dtype), binary_data=binary)
            answer = client.infer(MODEL, [tensor], request_id="q1")
            assert answer.get_response()["id"] == "q1"
            check(f"triton, one {datatype} tensor, binary {binary}", answer.as_numpy("prediction").tolist(), CLASSES)
            if datatype == "FP64":
                check("its probabilities", answer.as_numpy("probabilities")[:, 1].tolist(), PROBABILITIES)
    tensors = []
    for name in ROWS.columns:
        tensor = triton.InferInput(name, [len(ROWS)], "FP64")
        tensor.set_data_from_numpy(ROWS[name].to_numpy(np.float64))
        tensors.append(tensor)
    wanted = [triton.InferRequestedOutput("prediction", binary_data=False)]
    answer = client.infer(MODEL, tensors, outputs=wanted)
    check("triton, a tensor per feature", answer.as_numpy("prediction").tolist(), CLASSES)
    assert answer.as_numpy("probabilities") is None


def mlflow_bodies():
    """The bodies that MLflow's own client makes."""
    from mlflow.utils.proto_json_utils import dump_input_data

    bodies = {
        "dataframe_split": dump_input_data(ROWS),
        "dataframe_records": json.dumps({"dataframe_records": json.loads(ROWS.to_json(orient="records"))}),
        "inputs": dump_input_data(ROWS.to_numpy(), inputs_key="inputs"),
        "instances": dump_input_data(ROWS.to_numpy(), inputs_key="instances"),
        "inputs by name": json.dumps({"inputs": {name: ROWS[name].tolist() for name in ROWS}}),
    }
    for name, body in bodies.items():
        answer = requests.post(f"{URL}/invocations", data=body, headers={"Content-Type": "application/json"})
        assert answer.ok, f"{name}: {answer.text}"
        check(f"mlflow, {name}", answer.json()["predictions"], CLASSES)
    answer = requests.post(f"{URL}/invocations", data=ROWS.to_csv(index=False), headers={"Content-Type": "text/csv"})
    check("mlflow, csv", answer.json()["predictions"], CLASSES)


def elsewhere():
    """The one-liners of docs/serving.md, and an Arrow stream."""
    api = f"{URL}/api/v1/models/client-test"
    rows = ROWS.assign(prediction=CLASSES, score=PROBABILITIES, id=[f"r{place}" for place in range(len(ROWS))])
    csv = {"Content-Type": "text/csv"}
    requests.post(f"{api}/reference", data=rows.to_csv(index=False), headers=csv).raise_for_status()
    stream = pa.BufferOutputStream()
    table = pa.Table.from_pandas(rows, preserve_index=False)
    with pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    sent = {
        "json": dict(json=rows.to_dict("records")),
        "ndjson": dict(data=rows.to_json(orient="records", lines=True, double_precision=15),
                       headers={"Content-Type": "application/x-ndjson"}),
        "csv": dict(data=rows.to_csv(index=False), headers=csv),
        "parquet": dict(data=rows.to_parquet(index=False), headers={"Content-Type": "application/vnd.apache.parquet"}),
        "arrow": dict(data=stream.getvalue().to_pybytes(), headers={"Content-Type": "application/vnd.apache.arrow.stream"}),
    }
    for name, request in sent.items():
        if name == "ndjson":
            # pandas writes at most 15 decimals, so these are other rows.
            request["data"] = request["data"].replace('"id":"r', '"id":"n')
        answer = requests.post(f"{api}/predictions", **request)
        assert answer.ok, f"{name}: {answer.text}"
        new = name in ("json", "ndjson")
        found = {key: answer.json()[key] for key in ("accepted", "repeated")}
        check(f"elsewhere, {name}", found, {"accepted": len(rows) if new else 0, "repeated": 0 if new else len(rows)})
    labels = [{"id": "r1", "label": 1}]
    check("labels", requests.post(f"{api}/labels", json=labels).json()["accepted"], 1)
    requests.delete(api).raise_for_status()


triton()
mlflow_bodies()
elsewhere()
