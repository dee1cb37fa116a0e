"""Three pairs of tables, counted by every engine that is there: each report has to be the one of `tidemark report --counted`.

Tables are made here, seeded, and written as Parquet; PostgreSQL gets the same values by COPY. See scripts/engines.
"""

import atexit
import csv
import datetime
import http.server
import io
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from datetime import date
from datetime import datetime as dt
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

TIDEMARK = Path(os.environ.get("TIDEMARK", "target/release/tidemark")).resolve()
ODD = 'a"; DROP TABLE x; -- `\\'
UTC = datetime.timezone.utc
FLOAT, INT, TEXT, BOOL = pa.float64(), pa.int64(), pa.string(), pa.bool_()
TIME, LOCAL, DAY, MONEY = pa.timestamp("us", tz="UTC"), pa.timestamp("us"), pa.date32(), pa.decimal128(18, 3)
# What a column's type is called by PostgreSQL.
POSTGRES = {
    FLOAT: "double precision", INT: "bigint", TEXT: "text", BOOL: "boolean", TIME: "timestamptz", LOCAL: "timestamp", DAY: "date",
    MONEY: "numeric(18,3)",
}
JSON = ["--shuffled", "--format", "json"]
# A password that must be in nothing that is printed.
SECRET = "hunter2-in-no-log"


def mixed(n, shift, rng):
    """Every kind of value, and every trap: NaN, both zeros, infinities, NULL, empty strings, names that want to break out."""

    def number(_):
        return rng.choice(
            [None, float("nan"), -0.0, 0.0, float("inf"), float("-inf"), 5e-324, 0.1 + shift, rng.gauss(shift, 1)]
            + [rng.gauss(shift, 1)] * 20
        )

    start = datetime.datetime(2024, 3, 1, tzinfo=UTC)
    return {
        "amount": (FLOAT, [number(i) for i in range(n)]),
        ODD: (FLOAT, [rng.expovariate(1) + shift for _ in range(n)]),
        "select": (INT, [rng.randrange(9) for _ in range(n)]),
        "big": (INT, [rng.choice([2**53 + 1, 2**53, -(2**63), None, rng.randrange(1000)]) for _ in range(n)]),
        "tidemark_value": (TEXT, [rng.choice([None, "", " ", "a", "A", "é", "\t\n\r,\"'", "NULL", "日本"]) for _ in range(n)]),
        "flag": (BOOL, [rng.choice([True, False, False, None]) for _ in range(n)]),
        "at": (TIME, [start + datetime.timedelta(microseconds=rng.randrange(28 * 86400 * 10**6)) for _ in range(n)]),
        "local": (LOCAL, [rng.choice([None, dt(1969, 12, 31, 23, 59, 59, 999999), dt(2024, 3, 31, 2, rng.randrange(60))]) for _ in range(n)]),
        "day": (DAY, [rng.choice([None, date(1969, 12, 31), date(2024, 2, 1 + rng.randrange(29))]) for _ in range(n)]),
        "price": (MONEY, [rng.choice([None, Decimal("-0.001"), Decimal("123456789012345.678"), Decimal(rng.randrange(9999)).scaleb(-3)]) for _ in range(n)]),
        "gone": (TEXT, [None] * n),
    }


def skewed(n, shift, rng):
    """Skew, constants, and rows without any value."""
    empty = [rng.random() < 0.05 for _ in range(n)]
    gaps = lambda values: [None if gone else value for gone, value in zip(empty, values)]
    return {
        "skew": (FLOAT, gaps([rng.lognormvariate(shift, 2) for _ in range(n)])),
        "constant": (FLOAT, gaps([7.25] * n)),
        "kind": (TEXT, gaps([f"kind {min(int(rng.paretovariate(0.7)), 400)}" for _ in range(n)])),
        "rare": (INT, gaps([int(rng.random() < 0.01 + shift / 20) for _ in range(n)])),
    }


def distinct(n, shift, rng):
    """Nearly every value another one."""
    return {
        "x": (FLOAT, [rng.gauss(shift / 10, 1) for _ in range(n)]),
        "id": (TEXT, [f"customer-{rng.randrange(10**9)}" for _ in range(n)]),
        "n": (INT, [rng.randrange(10**12) for _ in range(n)]),
    }


SETS = {"mixed": (mixed, 3_000), "skewed": (skewed, 20_000), "distinct": (distinct, int(os.environ.get("DISTINCT", 1_000_000)))}


def run(*words, stdin=None):
    done = subprocess.run([str(word) for word in words], input=stdin, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{words[0]} failed: {done.stderr}")
    return done.stdout


def live(*words, env=None):
    """Tidemark with an engine that counts by itself: what it wrote, and what it said."""
    words = [str(word) for word in (TIDEMARK, "report", *words, *JSON)]
    done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, **(env or {})})
    if SECRET in done.stdout + done.stderr:
        sys.exit(f"a password was told by {words[:4]}")
    return done


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def as_csv(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


class DuckDb:
    name, dialect = "DuckDB", "duckdb"

    def __init__(self, folder):
        import duckdb

        self.version, self.db = duckdb.__version__, duckdb.connect()
        # Another zone than UTC must change nothing.
        self.db.execute("SET TimeZone = 'Asia/Kolkata'")

    def load(self, name, path, columns):
        self.db.execute(f"CREATE OR REPLACE TABLE {name} AS FROM '{path}'")

    def describe(self, name):
        return as_csv([["name", "type"]] + [row[:2] for row in self.db.execute(f"DESCRIBE {name}").fetchall()])

    def count(self, sql):
        return as_csv(self.db.execute(sql).fetchall())

    def live(self, name, sides):
        command = shutil.which("duckdb", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        if command is None:
            return None
        return live("--engine", "duckdb-cli", "--duckdb", command, *(path for path, _ in sides.values()))

    def close(self):
        self.db.close()


class ClickHouse:
    name, dialect = "ClickHouse", "clickhouse"

    def __init__(self, folder):
        import chdb
        from chdb import session

        self.version, self.db = chdb.__version__, session.Session()

    def load(self, name, path, columns):
        self.db.query(f"DROP TABLE IF EXISTS {name}")
        self.db.query(f"CREATE TABLE {name} ENGINE = Memory AS SELECT * FROM file('{path}', Parquet)")

    def describe(self, name):
        return str(self.db.query(f"DESCRIBE TABLE {name}", "CSVWithNames"))

    def count(self, sql):
        return str(self.db.query(sql, "CSV"))

    def live(self, name, sides):
        """The embedded ClickHouse behind a front that speaks as its server's HTTP interface does; the server itself is not on PyPI."""
        db = self.db

        class Front(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                sql = self.rfile.read(int(self.headers["Content-Length"])).decode()
                asked = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)
                is_known = self.headers["X-ClickHouse-User"] == "ada" and self.headers["X-ClickHouse-Key"] == SECRET
                is_sound = asked["wait_end_of_query"] == ["1"] and asked["query_id"][0].startswith("tidemark-")
                body = str(db.query(sql.removesuffix(" FORMAT CSV"), "CSV")).encode() if is_known and is_sound else b"refused"
                self.send_response(200 if is_known and is_sound else 403)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Front)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tables = ["--reference-table", f"{name}_reference", "--current-table", f"{name}_current"]
        try:
            address = f"http://ada@127.0.0.1:{server.server_address[1]}/"
            return live("--connect", address, *tables, env={"TIDEMARK_PASSWORD": SECRET})
        finally:
            server.shutdown()

    def close(self):
        self.db.close()


class Postgres:
    name, dialect = "PostgreSQL", "postgres"

    def __init__(self, folder):
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        initdb = shutil.which("initdb") or (found and found[-1] / "initdb")
        if not initdb or not shutil.which("psql"):
            raise ImportError("no PostgreSQL server")
        self.bin, self.data = Path(initdb).parent, folder / "postgres"
        self.data.mkdir()
        # The server refuses to run as root.
        self.user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.getuid() == 0 else []
        if self.user:
            folder.chmod(0o755)
            os.chown(self.data, 65534, 65534)
        run(*self.user, self.bin / "initdb", "-D", self.data, "-U", "tide", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        start = f"-c listen_addresses='' -c unix_socket_directories={self.data} -c extra_float_digits=0 -c TimeZone=Asia/Kolkata"
        run(*self.user, self.bin / "pg_ctl", "-D", self.data, "-w", "-l", self.data / "log", "-o", start, "start")
        self.version = self.ask("SHOW server_version").strip()

    def ask(self, sql, *words, stdin=None):
        psql = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", self.data, "-U", "tide", "-d", "postgres"]
        return run(*psql, *(words or ["-t"]), *(["-c", sql] if stdin is None else []), stdin=stdin)

    def load(self, name, path, columns):
        quoted = lambda column: '"' + column.replace('"', '""') + '"'
        types = ", ".join(f"{quoted(column)} {POSTGRES[kind]}" for column, (kind, _) in columns.items())

        def cell(value):
            if value is None:
                return ""
            return '"' + (repr(value) if isinstance(value, float) else str(value)).replace('"', '""') + '"'

        rows = "".join(",".join(map(cell, row)) + "\n" for row in zip(*(values for _, values in columns.values())))
        self.ask(f"DROP TABLE IF EXISTS {name}; CREATE TABLE {name} ({types})")
        file = self.data / f"{name}.csv"
        file.write_text(rows, newline="")
        self.ask(f"\\copy {name} from '{file}' csv")

    def describe(self, name):
        sql = f"SELECT column_name, data_type FROM information_schema.columns WHERE table_name = '{name}' ORDER BY ordinal_position"
        return self.ask(sql, "--csv")

    def count(self, sql):
        return self.ask("", "--csv", "-t", stdin=sql)

    def live(self, name, sides):
        tables = ["--reference-table", f"{name}_reference", "--current-table", f"public.{name}_current"]
        return live("--connect", f"host={self.data} user=tide dbname=postgres", *tables, env={"PGPASSWORD": SECRET})

    def close(self):
        run(*self.user, self.bin / "pg_ctl", "-D", self.data, "-m", "immediate", "stop")


class Spark:
    """Apache Spark with two executors, reached by its Connect server alone, which takes who knows the token: by PySpark, and by Tidemark."""

    name, dialect = "Spark", "spark"

    def __init__(self, folder):
        import pyspark

        self.version, self.home, self.folder = pyspark.__version__, Path(pyspark.__file__).parent, folder
        self.port, self.pages, self.client = free_port(), free_port(), None
        self.start()
        self.connect()

    def start(self):
        conf = {
            "spark.connect.grpc.binding.port": self.port, "spark.ui.port": self.pages, "spark.sql.session.timeZone": "Asia/Kolkata",
            "spark.sql.shuffle.partitions": 4, "spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1",
        }
        words = [self.home / "bin/spark-submit", "--master", "local-cluster[2,1,1024]"]
        words += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer"]
        for name, value in conf.items():
            words += ["--conf", f"{name}={value}"]
        with open(self.folder / "spark.log", "ab") as log:
            env = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_HOME": str(self.home), "SPARK_CONNECT_AUTHENTICATE_TOKEN": SECRET}
            self.server = subprocess.Popen([*map(str, words), "spark-internal"], stdout=log, stderr=log, cwd=self.folder, env=env, start_new_session=True)
        atexit.register(self.kill)
        end = time.monotonic() + 180
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if time.monotonic() > end or self.server.poll() is not None:
                    sys.exit(f"Spark's Connect server does not start: {(self.folder / 'spark.log').read_text()[-2000:]}")
                time.sleep(0.5)

    def connect(self):
        from pyspark.sql import SparkSession

        # PySpark sends a token without TLS to this name only.
        self.client = SparkSession.builder.remote(f"sc://localhost:{self.port}/;token={SECRET}").getOrCreate()

    def kill(self):
        """The server and its executors, which are in its session."""
        if self.server.poll() is None:
            os.killpg(self.server.pid, signal.SIGKILL)
            self.server.wait()

    def told(self, what):
        """What Spark tells of itself: its `jobs` or its `allexecutors`."""
        address = f"http://127.0.0.1:{self.pages}/api/v1/applications"
        with urllib.request.urlopen(address, timeout=20) as answer:
            application = json.load(answer)[0]["id"]
        with urllib.request.urlopen(f"{address}/{application}/{what}", timeout=20) as answer:
            return json.load(answer)

    def jobs(self, status):
        return {job["jobId"] for job in self.told(f"jobs?status={status}") if status != "running" or job["numActiveTasks"] > 0}

    def is_told_cancelled(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.pages}/connect/", timeout=20) as answer:
            return b"CANCELED" in answer.read()

    def load(self, name, path, columns):
        self.client.read.parquet(str(path)).createOrReplaceTempView(name)
        # Tidemark's session is another one.
        self.client.read.parquet(str(path)).createOrReplaceGlobalTempView(name)

    def describe(self, name):
        return as_csv([["name", "type"]] + [list(row)[:2] for row in self.client.sql(f"DESCRIBE TABLE {name}").collect()])

    def count(self, sql):
        return as_csv([list(row) for row in self.client.sql(sql.strip().rstrip(";")).collect()])

    def address(self):
        return ["--connect", f"sc://127.0.0.1:{self.port}"]

    def live(self, name, sides, **env):
        files = [path for path, _ in sides.values()]
        return live("--engine", "spark", *self.address(), *files, env={"TIDEMARK_PASSWORD": SECRET, **env})

    def trials(self, tables, expected):
        """What else has to hold, and what may befall a run. Each gives its name, and whether it went as it has to."""
        names = ["--reference-table", "global_temp.mixed_reference", "--current-table", "global_temp.mixed_current"]
        named = live(*self.address(), *names, env={"TIDEMARK_PASSWORD": SECRET})
        yield "tables by their names", named.stdout == expected["mixed"]
        traced = self.live("mixed", tables["mixed"], TIDEMARK_LOG="trace")
        # That no token is in what was said, `live` has seen to.
        yield "the token is in no log", traced.stdout == expected["mixed"] and len(traced.stderr) > 10_000
        stranger = self.live("mixed", tables["mixed"], TIDEMARK_PASSWORD="another-token")
        yield (
            f"another token is refused ({stranger.stderr.strip()})",
            stranger.returncode == 1 and not stranger.stdout and "error" in stranger.stderr and "another-token" not in stranger.stderr,
        )

        # A client whose server is gone would try for minutes to take leave of it.
        self.client.stop()
        self.client = None
        # The same rows again and again: long to count, and quick to fetch.
        times = max(1, -(-4_000_000 // len(next(iter(tables["distinct"]["reference"][1].values()))[1])))
        files = []
        for side, (path, _) in tables["distinct"].items():
            files.append(self.folder / f"long_{side}.parquet")
            pq.write_table(pa.concat_tables([pq.read_table(path)] * times), files[-1], row_group_size=1_000_000)
        expected = run(TIDEMARK, "report", "--counted", *files, *JSON)

        done = self.while_counting(files, self.kill_executor)
        n_dead = sum(not executor["isActive"] for executor in self.told("allexecutors"))
        yield f"an executor is killed, Spark tells of {n_dead}", done.stdout == expected and n_dead == 1

        began = None

        def kill_server():
            nonlocal began
            began = time.monotonic()
            self.kill()

        # A report that was there before.
        folder = self.folder / "out"
        folder.mkdir()
        (folder / "report.json").write_text("the old one")
        lost = self.while_counting(files, kill_server, more=["--out", folder / "report.json"])
        seconds = time.monotonic() - began
        left = {path.name: path.read_text() for path in folder.iterdir()}
        is_told = lost.returncode == 1 and not lost.stdout and "error" in lost.stderr and left == {"report.json": "the old one"}
        yield f"the server is killed: told after {seconds:.0f} s ({lost.stderr.strip()})", is_told and seconds < 60
        self.start()

        def restart():
            nonlocal began
            began = time.monotonic()
            self.kill()
            self.start()
            began = time.monotonic() - began

        again = self.while_counting(files, restart)
        yield f"the server is killed and started anew in {began:.0f} s: asked once more {again.stderr.strip()}", again.stdout == expected

        stopped = self.while_counting(files, lambda: None, signal.SIGINT)
        end = time.monotonic() + 20
        while not self.is_told_cancelled() and time.monotonic() < end:
            time.sleep(0.2)
        still = self.jobs("running")
        yield (
            f"Ctrl-C: Spark calls the statement cancelled, {len(still)} of its jobs run on",
            stopped.returncode == 130 and not stopped.stdout and self.is_told_cancelled() and not still,
        )
        yield "the token is not in Spark's log", SECRET not in (self.folder / "spark.log").read_text()

    def while_counting(self, files, act, sent=None, more=()):
        """Runs Tidemark, and acts while Spark is at work for it."""
        words = [str(word) for word in (TIDEMARK, "report", "--engine", "spark", *self.address(), *files, *JSON, *more)]
        env = {**os.environ, "TIDEMARK_PASSWORD": SECRET}
        before = self.jobs("running")
        run = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
        while not self.jobs("running") - before:
            if run.poll() is not None:
                sys.exit(f"the count was over before anything could befall it: {run.communicate()[1]}")
            time.sleep(0.02)
        act()
        if sent is not None:
            run.send_signal(sent)
        stdout, stderr = run.communicate(timeout=300)
        if SECRET in stdout + stderr:
            sys.exit("the token was told")
        return subprocess.CompletedProcess(words, run.returncode, stdout, stderr)

    def kill_executor(self):
        for process in Path("/proc").iterdir():
            try:
                words = (process / "cmdline").read_bytes().decode().split("\0")
                is_ours = os.getsid(int(process.name)) == self.server.pid
            except (OSError, ValueError):
                continue
            if is_ours and "org.apache.spark.executor.CoarseGrainedExecutorBackend" in words:
                os.kill(int(process.name), signal.SIGKILL)
                return
        sys.exit("no executor to kill was found")

    def close(self):
        if self.client is not None:
            self.client.stop()
        self.kill()


ENGINES = {engine.dialect: engine for engine in (DuckDb, ClickHouse, Postgres, Spark)}


def main(wanted):
    failed = False
    with tempfile.TemporaryDirectory(prefix="tidemark-engines-") as folder:
        folder = Path(folder)
        tables, expected = {}, {}
        for name, (make, n) in SETS.items():
            sides = {}
            for side, rows, shift, seed in (("reference", n, 0.0, 1), ("current", n * 3 // 4, 0.4, 2)):
                columns = make(rows, shift, random.Random(f"{name} {seed}"))
                path = folder / f"{name}_{side}.parquet"
                arrays = {column: pa.array(values, kind) for column, (kind, values) in columns.items()}
                pq.write_table(pa.table(arrays), path)
                sides[side] = (path, columns)
            tables[name] = sides
            files = [path for path, _ in sides.values()]
            json_words = ["--shuffled", "--format", "json"]
            expected[name] = run(TIDEMARK, "report", "--counted", *files, *json_words)
            # The same as the plain report on the files, but for labels and the files' hashes.
            plain, counted = json.loads(run(TIDEMARK, "report", *files, *json_words)), json.loads(expected[name])
            for report in (plain, counted):
                for side in ("reference", "current"):
                    report[side] = {"rows": report[side]["rows"]}
            if json.dumps(plain) != json.dumps(counted):
                sys.exit(f"{name}: the counted report is not the plain one")
        for which in wanted:
            try:
                engine = ENGINES[which](folder)
            except ImportError as missing:
                print(f"{which}: SKIPPED, {missing}")
                continue
            try:
                for name, sides in tables.items():
                    for side, (path, columns) in sides.items():
                        engine.load(f"{name}_{side}", path, columns)
                    schema = folder / "schema.csv"
                    schema.write_text(engine.describe(f"{name}_reference"), newline="")
                    words = ["--reference-table", f"{name}_reference", "--current-table", f"{name}_current"]
                    sql = run(TIDEMARK, "report", "--emit-sql", engine.dialect, *words, "--schema", schema)
                    began = time.monotonic()
                    counts = engine.count(sql)
                    seconds = time.monotonic() - began
                    report = run(TIDEMARK, "report", "--from-counts", "-", "--shuffled", "--format", "json", stdin=counts)
                    same = report == expected[name]
                    failed |= not same
                    print(f"{engine.name} {engine.version}, {name}: {'the same bytes' if same else 'DIFFERENT'}; counted in {seconds:.2f} s", flush=True)
                    if not same:
                        for old, new in zip(expected[name].splitlines(), report.splitlines()):
                            if old != new:
                                print(f"  expected {old.strip()}\n  found    {new.strip()}")
                                break
                    began = time.monotonic()
                    done = engine.live(name, sides)
                    if done is None:
                        print(f"{engine.name}, {name}, by itself: SKIPPED, there is no command for it")
                        continue
                    same = done.returncode == 0 and done.stdout == expected[name]
                    failed |= not same
                    found = "the same bytes" if same else f"DIFFERENT, or failed: {done.stderr}"
                    print(f"{engine.name}, {name}, by itself: {found}; {time.monotonic() - began:.2f} s with the report", flush=True)
                if hasattr(engine, "trials"):
                    for what, is_sound in engine.trials(tables, expected):
                        failed |= not is_sound
                        print(f"{engine.name}, {what}: {'as it has to be' if is_sound else 'FAILED'}", flush=True)
            finally:
                engine.close()
    sys.exit(failed)


main(sys.argv[1:])
