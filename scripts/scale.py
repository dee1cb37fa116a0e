"""What scripts/scale calls: makes the files, lets each take its turn, and prints the table.

The others count and no more: how often each value of every column occurs, which is what Tidemark would have to be given.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import duckdb

TIDEMARK = Path(os.environ.get("TIDEMARK", "target/release/tidemark")).resolve()
FOLDER = Path(os.environ.get("SCALE_FOLDER", "target/scale")).resolve()
SPARK_ROWS = int(os.environ.get("SPARK_ROWS", 10_000_000))
# Most rows that are drawn one by one; more are these again and again, their fractions moved by a random little.
DRAWN = 10_000_000
MEMORY = "8GB"


def columns(shift):
    """Thirty columns: fractions that all differ, amounts, whole numbers with few and many values, names, gaps, truth values."""
    for k in range(14):
        yield f"sqrt(-2 * ln(1 - random())) * cos(6.283185307179586 * random()) + {shift * (k < 4) * (k + 1) / 10} as v{k + 1}"
    for k in range(4):
        yield f"round(exp(3 + random() * {2 + k + shift}), 2) as amount{k + 1}"
    for name, most in (("account", 1e6), ("hour", 24), ("weekday", 7), ("age", 100), ("serial", 1e9)):
        yield f"(random() * {most})::bigint as {name}"
    yield "(random() * random() * 5000)::int as n_items"
    for name, most in (("kind", 8), ("country", 200), ("shop", 20_000)):
        yield f"'{name} ' || (random() * random() * {most})::int as {name}"
    yield "case when random() < 0.1 then null else 'device ' || (random() * 4)::int end as device"
    yield "case when random() < 0.05 then null else random() end as score"
    yield f"random() < {0.02 + 0.01 * shift} as fraud"


def moved(column):
    if re.fullmatch(r"v\d+|score", column):
        return f"{column} + random() * 1e-4 as {column}"
    return f"{column} + i as {column}" if column == "serial" else column


def file_of(name, rows):
    """The path of a file with so many rows, which is made if it is not there."""
    path = FOLDER / f"{name}-{rows}.parquet"
    if path.exists():
        return path
    FOLDER.mkdir(parents=True, exist_ok=True)
    if rows <= DRAWN // 2:
        query = f"select {', '.join(columns(name == 'current'))} from range({rows})"
    else:
        drawn = file_of(name, DRAWN // 2)
        names = [row[0] for row in duckdb.execute(f"describe select * from '{drawn}'").fetchall()]
        query = f"select {', '.join(map(moved, names))} from '{drawn}', range({rows // (DRAWN // 2)}) repeated(i)"
    duckdb.execute(f"set memory_limit = '{MEMORY}'; set enable_progress_bar = false; set preserve_insertion_order = false; select setseed({0.25 if name == 'reference' else 0.75})")
    new = path.with_suffix(".new")
    duckdb.execute(f"copy ({query}) to '{new}' (format parquet, row_group_size 1000000, compression snappy)")
    return new.rename(path)


def run(command, **options):
    """Seconds, and the most memory of the command's process in MB."""
    start = time.monotonic()
    process = subprocess.Popen(command, **options)
    most = 0
    # What the kernel tells of a process that has ended counts the memory of the one that started it.
    while process.poll() is None:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())
        most = max(most, int(found.group(1)) if found else 0)
        time.sleep(0.02)
    if process.returncode:
        sys.exit(f"{command[0]} failed")
    return time.monotonic() - start, most / 1024


DUCKDB = """
import duckdb, sys
con = duckdb.connect()
con.execute(f"set memory_limit = '{sys.argv[1]}'; set enable_progress_bar = false")
for path in sys.argv[2:]:
    for name, *_ in con.execute(f"describe select * from '{path}'").fetchall():
        con.execute(f"select count(*), max(n) from (select count(*) as n from '{path}' group by {name})").fetchall()
"""
SPARK = """
import sys
from pyspark.sql import SparkSession
spark = (SparkSession.builder.master("local[*]").config("spark.driver.memory", sys.argv[1]).config("spark.ui.enabled", "false")
         .config("spark.sql.shuffle.partitions", 4)
         .config("spark.log.level", "ERROR").config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1").getOrCreate())
for path in sys.argv[2:]:
    spark.read.parquet(path).createOrReplaceTempView("side")
    for name in spark.table("side").columns:
        spark.sql(f"select count(*), max(n) from (select count(*) as n from side group by {name})").collect()
"""


def measure(rows):
    paths = [file_of(name, rows // 2) for name in ("reference", "current")]
    yield "Tidemark, the whole report", run([TIDEMARK, "report", *paths, "--out", FOLDER / "report.json", "--format", "json"], stderr=subprocess.DEVNULL)
    yield "DuckDB, counting", run([sys.executable, "-c", DUCKDB, MEMORY, *paths])
    if rows <= SPARK_ROWS:
        words = [sys.executable, "-c", SPARK, MEMORY.replace("GB", "g"), *paths]
        yield "Spark, counting", run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


print("| rows of both files | what | seconds | ns a value | MB |")
print("|---|---|---|---|---|")
for rows in map(int, sys.argv[1:] or ["1000000", "10000000"]):
    for what, (seconds, megabytes) in measure(rows):
        # Spark's memory is that of a virtual machine beside the process.
        memory = "" if what.startswith("Spark") else f"{megabytes:,.0f}"
        print(f"| {rows:,} | {what} | {seconds:.1f} | {seconds / rows / 30 * 1e9:.0f} | {memory} |", flush=True)
