"""Three pairs of tables, counted by every engine that is there: each report has to be the one of `tidemark report --counted`.

Tables are made here, seeded, and written as Parquet; PostgreSQL gets the same values by COPY. See scripts/engines.
"""

import csv
import datetime
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

TIDEMARK = Path("target/release/tidemark").resolve()
ODD = 'a"; DROP TABLE x; -- `\\'
UTC = datetime.timezone.utc
FLOAT, INT, TEXT, BOOL = pa.float64(), pa.int64(), pa.string(), pa.bool_()
TIME = pa.timestamp("us", tz="UTC")
# What a column's type is called by each engine.
POSTGRES = {FLOAT: "double precision", INT: "bigint", TEXT: "text", BOOL: "boolean", TIME: "timestamptz"}


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


SETS = {"mixed": (mixed, 3_000), "skewed": (skewed, 20_000), "distinct": (distinct, int(os.environ.get("DISTINCT", 200_000)))}


def run(*words, stdin=None):
    done = subprocess.run([str(word) for word in words], input=stdin, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{words[0]} failed: {done.stderr}")
    return done.stdout


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

    def close(self):
        run(*self.user, self.bin / "pg_ctl", "-D", self.data, "-m", "immediate", "stop")


class Spark:
    name, dialect = "Spark", "spark"

    def __init__(self, folder):
        import pyspark
        from pyspark.sql import SparkSession

        self.version = pyspark.__version__
        builder = SparkSession.builder.master("local-cluster[2,1,1024]").config("spark.ui.enabled", "false")
        builder = builder.config("spark.sql.session.timeZone", "Asia/Kolkata").config("spark.sql.shuffle.partitions", "4")
        self.spark = builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1").getOrCreate()
        self.spark.sparkContext.setLogLevel("ERROR")

    def load(self, name, path, columns):
        self.spark.read.parquet(str(path)).createOrReplaceTempView(name)

    def describe(self, name):
        rows = self.spark.sql(f"DESCRIBE TABLE {name}").collect()
        return as_csv([["name", "type"]] + [[row[0], row[1]] for row in rows])

    def count(self, sql):
        return as_csv([list(row) for row in self.spark.sql(sql.strip().rstrip(";")).collect()])

    def close(self):
        self.spark.stop()


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
                    print(f"{engine.name} {engine.version}, {name}: {'the same bytes' if same else 'DIFFERENT'}; counted in {seconds:.2f} s")
                    if not same:
                        for old, new in zip(expected[name].splitlines(), report.splitlines()):
                            if old != new:
                                print(f"  expected {old.strip()}\n  found    {new.strip()}")
                                break
            finally:
                engine.close()
    sys.exit(failed)


main(sys.argv[1:])
