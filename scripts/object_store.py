"""What scripts/object-store calls. A proxy stands between Tidemark and the store, to count requests and to disturb them."""

import http.client
import http.server
import logging
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
from moto.server import ThreadedMotoServer

TIDEMARK = Path(os.environ.get("TIDEMARK", "target/release/tidemark")).resolve()
SECRET = "hunter2-in-no-log"
HOP = {"connection", "transfer-encoding", "content-length"}


class Proxy(http.server.BaseHTTPRequestHandler):
    """Hands everything on; `disturb`, called with the number of the request, may do something and says whether to cut the answer."""

    store, n_requests, disturb = None, 0, staticmethod(lambda nth: False)
    lock = threading.Lock()

    def do_GET(self):
        with Proxy.lock:
            Proxy.n_requests += 1
            nth = Proxy.n_requests
        cut = Proxy.disturb(nth)
        upstream = http.client.HTTPConnection("127.0.0.1", Proxy.store)
        upstream.request(self.command, self.path, headers=dict(self.headers))
        answer = upstream.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP:
                self.send_header(name, value)
        length = answer.getheader("content-length") if self.command == "HEAD" else len(body)
        self.send_header("content-length", length)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = True

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


def table(n, shift, seed):
    rng = random.Random(seed)
    gap = lambda value: None if rng.random() < 0.05 else value
    return pa.table({
        "amount": [gap(rng.lognormvariate(shift, 1)) for _ in range(n)],
        "hour": [rng.randrange(24) for _ in range(n)],
        "kind": [gap(f"kind {min(int(rng.paretovariate(0.7)), 400)}") for _ in range(n)],
        "odd name; é": [rng.random() < 0.1 + shift / 10 for _ in range(n)],
    })


def report(reference, current, out=None, **env):
    words = [TIDEMARK, "report", reference, current, "--format", "json", *(["--out", out] if out else [])]
    keys = {"AWS_ACCESS_KEY_ID": "ada", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "eu-central-1", "AWS_ALLOW_HTTP": "true"}
    env = {**{name: value for name, value in os.environ.items() if not name.startswith("AWS_")}, **keys, **env}
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, env=env, timeout=90)
    if SECRET in done.stdout + done.stderr:
        sys.exit("a key was told")
    return done


def must(is_so, what, done):
    if not is_so:
        sys.exit(f"FAILED: {what}\n{done.stderr}")
    print(f"ok: {what}")


logging.getLogger("werkzeug").setLevel(logging.ERROR)
moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
moto.start()
_, Proxy.store = moto.get_host_and_port()
proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
threading.Thread(target=proxy.serve_forever, daemon=True).start()
endpoint = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{proxy.server_port}"}
s3 = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{Proxy.store}", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="a")
s3.create_bucket(Bucket="drift")

with tempfile.TemporaryDirectory() as folder:
    folder = Path(folder)
    for side, shift in (("before", 0), ("now", 0.2)):
        (folder / side).mkdir()
        for part in range(3):
            path = folder / side / f"part-{part}.parquet"
            pq.write_table(table(20_000, shift, f"{side}{part}"), path, row_group_size=7_000)
            s3.upload_file(str(path), "drift", f"logs/{side}/{path.name}")
        s3.put_object(Bucket="drift", Key=f"logs/{side}/_SUCCESS", Body=b"")
        # Begins alike and is another folder.
        s3.put_object(Bucket="drift", Key=f"logs/{side}-old/part-0.parquet", Body=b"not this one")
    s3.put_object(Bucket="drift", Key="damaged.parquet", Body=b"PAR1" + bytes(1000) + b"\xff\xff\xff\x7fPAR1")
    there = ["s3://drift/logs/before", "s3://drift/logs/now/"]
    known = report(folder / "before", folder / "now")

    done = report(*there, **endpoint)
    must(done.returncode == 0 and done.stdout == known.stdout, f"the same bytes as from disk, by {Proxy.n_requests} requests", done)

    Proxy.disturb = staticmethod(lambda nth: nth % 5 == 0)
    done = report(*there, **endpoint)
    must(done.returncode == 0 and done.stdout == known.stdout, "the same bytes where every fifth answer is cut off", done)

    Proxy.disturb = staticmethod(lambda nth: False)
    one = "part-1.parquet"
    done, local = report(f"s3://drift/logs/before/{one}", f"s3://drift/logs/now/{one}", **endpoint), report(folder / "before" / one, folder / "now" / one)
    # From disk a file has a hash besides.
    bare = lambda text: [line for line in text.splitlines() if '"sha256"' not in line]
    must(done.returncode == 0 and bare(done.stdout) == bare(local.stdout), "single files", done)

    for what, address in (
        ("no such file", "s3://drift/logs/nothing.parquet"),
        ("no such folder", "s3://drift/logs/nothing"),
        ("no such bucket", "s3://nobody/logs"),
        ("a damaged file", "s3://drift/damaged.parquet"),
        ("an address without a bucket", "s3://"),
    ):
        done = report(address, there[1], **endpoint)
        must(done.returncode == 1 and len(done.stderr) < 600, f"{what}: {done.stderr.strip()}", done)
    done = report(*there, **endpoint, AWS_ALLOW_HTTP="false")
    must(done.returncode == 1, f"in plain only where it is allowed: {done.stderr.strip()}", done)

    def change(nth):
        if nth == first + 12:
            s3.upload_file(str(folder / "before" / "part-0.parquet"), "drift", "logs/now/part-2.parquet")
        return False

    first, Proxy.disturb = Proxy.n_requests, staticmethod(change)
    done = report(*there, folder / "report.json", **endpoint)
    must(done.returncode == 1 and not (folder / "report.json").exists(), f"a file that changes underneath: {done.stderr.strip()}", done)

    def leave(nth):
        if nth == first + 12:
            threading.Thread(target=lambda: (proxy.shutdown(), proxy.server_close()), daemon=True).start()
        return nth >= first + 12

    first, Proxy.disturb, begin = Proxy.n_requests, staticmethod(leave), time.monotonic()
    done = report(*there, folder / "report.json", **endpoint)
    seconds = time.monotonic() - begin
    must(done.returncode == 1 and seconds < 60 and not (folder / "report.json").exists(), f"a store that goes away, after {seconds:.0f} s: {done.stderr.strip()}", done)
moto.stop()
