#!/usr/bin/env python3
"""What scripts/serve-bench calls: starts the servers, lets them take turns under wrk, and prints the table and the bars."""
import csv
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

work, seconds, rounds, peers, trees = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]
CONNECTIONS = (32, 1)
PEERS = "../shared/bench"
LUA = """}
local i = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
request = function() i = i % #bodies + 1; return wrk.format(nil, "/predict", nil, bodies[i]) end
"""
TRAIN = """
import sys, joblib, numpy as np, pandas as pd
from sklearn.ensemble import RandomForestClassifier
from skl2onnx import to_onnx
rows = pd.read_csv(sys.argv[1])
forest = RandomForestClassifier(n_estimators=int(sys.argv[3]), random_state=0).fit(rows.drop(columns="Class"), rows["Class"])
joblib.dump(forest, sys.argv[2] + "/model.joblib")
onnx = to_onnx(forest, np.zeros((1, rows.shape[1] - 1), np.float32), options={"zipmap": False})
open(sys.argv[2] + "/model.onnx", "wb").write(onnx.SerializeToString())
"""


def write_bodies():
    """Two hundred different rows, as a script for wrk."""
    with open(f"{work}/data/current.csv") as file:
        rows = [row for row, _ in zip(csv.DictReader(file), range(200))]
    bodies = [json.dumps({name: float(value) for name, value in row.items() if name != "Class"}) for row in rows]
    with open(f"{work}/predict.lua", "w") as file:
        file.write("local bodies = {" + ",".join(f"[==[{body}]==]" for body in bodies) + LUA)
    return bodies[0].encode()


class Server:
    def __init__(self, name, command, url=None, env=None):
        self.name = name
        self.log = open(f"{work}/{re.sub('[^a-z]+', '-', name.lower())}.log", "w")
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE if url is None else self.log, stderr=self.log, text=True, env={**os.environ, **(env or {})}
        )
        if url is None:
            line = self.process.stdout.readline()
            found = re.search(r"at (http://\S+?)/?\s*$", line)
            if not found:
                sys.exit(f"{name} did not start: {open(self.log.name).read()}")
            url = found.group(1)
        self.url = url
        self.results = {}

    def wait_for_answer(self, body):
        request = urllib.request.Request(f"{self.url}/predict", data=body, headers={"Content-Type": "application/json"})
        for _ in range(600):
            try:
                return urllib.request.urlopen(request, timeout=5).status
            except OSError:
                time.sleep(0.1)
        sys.exit(f"{self.name} does not answer: {open(self.log.name).read()}")

    def cpu_seconds(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def measure(self, connections, duration, keep=True):
        before = self.cpu_seconds()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{duration}s", "--latency", "--timeout", "30s", "-s", f"{work}/predict.lua"]
        said = subprocess.run([*command, self.url], capture_output=True, text=True, check=True).stdout
        bad = re.findall(r"Non-2xx.*|Socket errors.*", said)
        if bad:
            sys.exit(f"{self.name}: {bad}")
        n = int(re.search(r"(\d+) requests in", said).group(1))
        number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s|m)", said).groups()
        p99 = float(number) * {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}[unit]
        if keep:
            rate = float(re.search(r"Requests/sec:\s*([\d.]+)", said).group(1))
            cpu = (self.cpu_seconds() - before) / max(n, 1) * 1e6
            self.results.setdefault(connections, []).append((rate, p99, cpu))

    def median(self, connections, which=0):
        return statistics.median(result[which] for result in self.results[connections])


def start_all():
    tidemark = ["target/release/tidemark", "serve", "--model", f"{work}/model.tidemark", "--listen", "127.0.0.1:0", "--interval", "3600"]
    yield Server("bare axum", ["target/release/examples/bare_axum", "127.0.0.1:0"])
    yield Server("bare axum that waits for the disk", ["target/release/examples/bare_axum", "127.0.0.1:0", f"{work}/bodies"])
    for durability in ("commit", "async"):
        yield Server(f"Tidemark, {durability}", [*tidemark, "--data-dir", f"{work}/{durability}", "--durability", durability])
    if not peers:
        return
    if not os.path.isdir(PEERS):
        print(f"skipped: the FastAPI servers (there is no {PEERS})")
        return
    subprocess.run([peers, "-c", TRAIN, f"{work}/data/reference.csv", work, trees], check=True)
    for name, app, model in (("FastAPI, scikit-learn", "serve", "model.joblib"), ("FastAPI, onnxruntime", "serve_onnx", "model.onnx")):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [peers, "-m", "uvicorn", "--app-dir", PEERS, f"{app}:app", "--port", str(port), "--log-level", "warning", "--no-access-log"]
        yield Server(name, command, f"http://127.0.0.1:{port}", {"MODEL": f"{work}/{model}", "PYTHONDONTWRITEBYTECODE": "1"})


def settle(servers):
    """Waits until no server works any more: what one has left to do, such as sealing its log, is not to be another's burden."""
    for _ in range(20):
        before = sum(server.cpu_seconds() for server in servers)
        time.sleep(0.5)
        if sum(server.cpu_seconds() for server in servers) - before < 0.02:
            return


def print_bars(servers):
    def line(what, found, bar, is_met):
        print(f"{'ok  ' if is_met else 'MISS'} {what}: {found} (bar: {bar})")

    def times(name, other, connections, least):
        if name in servers and other in servers:
            found = servers[name].median(connections) / servers[other].median(connections)
            line(f"{connections} connections, {name} beside {other}", f"{found:.2f} times", f"at least {least}", found >= least)

    times("Tidemark, commit", "bare axum", 32, 0.5)
    times("Tidemark, async", "bare axum", 32, 0.8)
    times("Tidemark, commit", "FastAPI, scikit-learn", 32, 200)
    times("Tidemark, commit", "FastAPI, onnxruntime", 32, 8)
    times("Tidemark, commit", "FastAPI, scikit-learn", 1, 10)
    p99 = servers["Tidemark, commit"].median(32, 1)
    line("32 connections, Tidemark, commit, p99", f"{p99:.2f} ms", "below 5", p99 < 5)


body = write_bodies()
started = []
try:
    for server in start_all():
        started.append(server)
        server.wait_for_answer(body)
        server.measure(8, 1, keep=False)
    for _ in range(rounds):
        for connections in CONNECTIONS:
            for server in started:
                settle(started)
                server.measure(connections, seconds)
finally:
    for server in started:
        server.process.terminate()
        server.process.wait()
print("| server | connections | requests/s | p99, ms | CPU of the server, µs a request |")
print("|---|---|---|---|---|")
for connections in CONNECTIONS:
    for server in started:
        rate, p99, cpu = (server.median(connections, which) for which in range(3))
        print(f"| {server.name} | {connections} | {rate:,.0f} | {p99:.2f} | {cpu:.0f} |")
print_bars({server.name: server for server in started})
