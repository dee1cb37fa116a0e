"""Two replicas of Tidemark on one PostgreSQL (fsync on) and one folder, asked by several clients, while every few seconds one of the two is
killed with SIGKILL and started again. At the end it is counted:

- every prediction that was acknowledged is in the log once;
- every window of the monitor has one run, and every run that made a report has one snapshot;
- every alert that began or ended is in a message that the receiver got, and a message that came twice came under one key;
- no replica wrote the database's password anywhere.

Usage: scripts/replicas [MINUTES]
"""
import collections
import csv
import http.client
import http.server
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

MINUTES = float(sys.argv[1])
BINARY = os.environ.get("TIDEMARK", "target/release/tidemark")
SEED = int(os.environ.get("SEED", "7"))
CLIENTS = 4
# A window ends every so many seconds, and traffic changes between two kinds every so many.
EVERY, PHASE = 5, 20
SECRET = "a-password-that-nobody-may-see"
NOBODY = 65534


def skip(reason):
    os.makedirs("target", exist_ok=True)
    Path("target/skipped").write_text(reason)
    print(f"skipped: {reason}")
    sys.exit(77)


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{words}: {done.stderr}")
    return done.stdout


class Postgres:
    def __init__(self, folder):
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        initdb = shutil.which("initdb") or (found and found[-1] / "initdb")
        if not initdb or not shutil.which("psql"):
            skip("no PostgreSQL server here (initdb, pg_ctl, psql)")
        self.bin, self.folder = Path(initdb).parent, folder / "postgres"
        self.folder.mkdir()
        # The server refuses to run as root.
        self.user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.getuid() == 0 else []
        if self.user:
            folder.chmod(0o755)
            os.chown(self.folder, NOBODY, NOBODY)
        run(*self.user, self.bin / "initdb", "-D", self.folder, "-U", "tide", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=on"
        run(*self.user, self.bin / "pg_ctl", "-D", self.folder, "-w", "-l", self.folder / "log", "-o", options, "start")
        self.ask("create database tidemark", "postgres")

    def ask(self, sql, database="tidemark"):
        said = run("psql", "-X", "-q", "-t", "-A", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", "tide", "-d", database, "-c", sql)
        return [line.split("\t") for line in said.splitlines() if line]

    def close(self):
        run(*self.user, self.bin / "pg_ctl", "-D", self.folder, "-m", "immediate", "stop")


class Receiver(http.server.ThreadingHTTPServer):
    """Takes webhooks, and refuses every tenth, which has to be sent again."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.got, self.refused, self.lock = collections.defaultdict(list), 0, threading.Lock()
        self.n = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        with self.server.lock:
            self.server.n += 1
            is_refused = self.server.n % 10 == 0
            if is_refused:
                self.server.refused += 1
            else:
                self.server.got[self.headers["webhook-id"]].append(body)
        self.send_response(503 if is_refused else 204)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Replica:
    def __init__(self, name, port, work, more=()):
        self.name, self.port, self.log = name, port, open(work / f"{name}.log", "a")
        self.command = [
            BINARY, "serve", "--replica-of-file", work / "address", "--replica", name, "--data-dir", work / "shared", "--config", work / "set-up.toml",
            "--listen", f"127.0.0.1:{port}", "--interval", "5", *more,
        ]
        self.process = None
        self.kills = 0

    def start(self):
        self.process = subprocess.Popen([str(word) for word in self.command], stdout=self.log, stderr=self.log)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.kills += 1

    def is_ready(self):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False

    def wait(self, seconds=60):
        until = time.monotonic() + seconds
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"the replica {self.name} does not get ready; see {self.log.name}\n" + Path(self.log.name).read_text()[-2000:])
            time.sleep(0.05)


class Client(threading.Thread):
    """Asks one replica as long as it answers, then the other one."""

    def __init__(self, nth, ports, bodies, is_over):
        super().__init__(daemon=True)
        self.nth, self.ports, self.bodies, self.is_over = nth, ports, bodies, is_over
        self.acknowledged, self.refused, self.broken, self.slowest = [], collections.Counter(), 0, 0.0

    def run(self):
        rng, at, connection = random.Random(SEED * 100 + self.nth), self.nth, None
        began = time.monotonic()
        while not self.is_over.is_set():
            kind = int((time.monotonic() - began) / PHASE) % 2
            asked = time.monotonic()
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", self.ports[at % len(self.ports)], timeout=30)
                connection.request("POST", "/predict", rng.choice(self.bodies[kind]), {"content-type": "application/json"})
                answer = connection.getresponse()
                body = answer.read()
                if answer.status == 200:
                    self.acknowledged.append(json.loads(body)["id"])
                    self.slowest = max(self.slowest, time.monotonic() - asked)
                else:
                    self.refused[answer.status] += 1
            except (OSError, http.client.HTTPException):
                # Whether it was logged is not known, and so it need not have been.
                self.broken += 1
                connection, at = None, at + 1
                time.sleep(0.02)
            time.sleep(0.005)


def bodies_of(path, share):
    """The rows of a table as bodies of requests, of its end alone if `share` is less than 1."""
    with open(path) as file:
        rows = list(csv.DictReader(file))
    rows = rows[-int(len(rows) * share) :]
    return [json.dumps({name: float(value) for name, value in row.items() if name != "Class"}) for row in rows]


def free_port():
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def main(work):
    postgres = Postgres(work)
    try:
        receiver = Receiver()
        (work / "address").write_text(f"host={postgres.folder} user=tide dbname=tidemark password={SECRET}\n")
        run(BINARY, "example", "--rows", 6000, "--seed", 5, "--out", work / "data")
        run(BINARY, "train", work / "data/reference.csv", "--target", "Class", "--trees", 20, "--name", "fraud", "--out", work / "fraud.tidemark")
        (work / "set-up.toml").write_text(f"""
[[channel]]
name = "ops"
webhook = {{ url = "http://127.0.0.1:{receiver.server_port}/" }}
allow_private = true

[[monitor]]
name = "fraud"
model = "fraud"
window = {{ span = "{EVERY}s" }}
schedule = {{ every = "{EVERY}s" }}
missed = "all"
min_rows = 50
alert = [{{ name = "drift", when = "drifted", channels = ["ops"] }}]
""")
        replicas = [Replica(name, free_port(), work) for name in "ab"]
        first = Replica("a", replicas[0].port, work, ["--model", work / "fraud.tidemark"])
        first.start()
        first.wait()
        replicas[0].process = first.process
        replicas[1].start()
        replicas[1].wait()
        # The later rows of the continuation drifted.
        bodies = [bodies_of(work / "data/reference.csv", 1), bodies_of(work / "data/current.csv", 0.25)]
        is_over = threading.Event()
        clients = [Client(nth, [replica.port for replica in replicas], bodies, is_over) for nth in range(CLIENTS)]
        for client in clients:
            client.start()
        took_over = chaos(postgres, replicas)
        is_over.set()
        for client in clients:
            client.join()
        return judge(work, postgres, receiver, replicas, clients, took_over)
    finally:
        for replica in [name for name in locals().get("replicas", []) if name.process]:
            replica.process.kill()
        postgres.close()


def leader(postgres):
    found = postgres.ask("select owner, until > extract(epoch from clock_timestamp()) * 1000 from leases where name = 'monitors'")
    return found[0][0] if found and found[0][1] == "t" else None


def chaos(postgres, replicas):
    """Kills one after the other until the time is over: how long it took until another led, where the leader was killed."""
    rng, until, took_over = random.Random(SEED), time.monotonic() + MINUTES * 60, []
    while time.monotonic() < until:
        time.sleep(rng.uniform(2, 5))
        one, other = rng.sample(replicas, 2)
        other.wait()
        led = leader(postgres)
        one.kill()
        killed = time.monotonic()
        time.sleep(rng.uniform(0.1, 1.5))
        one.start()
        if led and led.startswith(f"{one.name} "):
            while (now := leader(postgres)) in (None, led):
                if time.monotonic() - killed > 30:
                    raise SystemExit("nobody leads 30 s after the leader was killed")
                time.sleep(0.1)
            took_over.append((time.monotonic() - killed, now.startswith(f"{one.name} ")))
        one.wait()
    return took_over


def judge(work, postgres, receiver, replicas, clients, took_over):
    problems = []

    def expect(holds, problem):
        if not holds:
            problems.append(problem)

    # What is open is brought to its end: every window that ended has its run, and messages that a killed leader was sending are sent.
    patience = time.monotonic() + 90
    while time.monotonic() < patience:
        waiting = postgres.ask("select (select count(*) from outbox where state = 'waiting'), (select count(*) from runs where state in ('due', 'running'))")
        if waiting == [["0", "0"]]:
            break
        time.sleep(0.5)
    expect(waiting == [["0", "0"]], f"messages and runs that are not over: {waiting}")
    for replica in replicas:
        replica.process.terminate()
    for replica in replicas:
        replica.process.wait(30)

    exported = run(BINARY, "log", "export", "--replica-of-file", work / "address", "--data-dir", work / "shared", "--model", "fraud")
    logged = collections.Counter(json.loads(line)["id"] for line in exported.splitlines())
    acknowledged = [name for client in clients for name in client.acknowledged]
    lost = [name for name in acknowledged if name not in logged]
    twice = [name for name, n in logged.items() if n > 1]
    expect(not lost, f"{len(lost)} acknowledged predictions are lost, such as {lost[:3]}")
    expect(not twice, f"{len(twice)} predictions are in the log more than once, such as {twice[:3]}")
    verified = run(BINARY, "log", "verify", "--replica-of-file", work / "address", "--data-dir", work / "shared").strip()

    runs = [(int(a), int(b), int(n), state, attempt, shot) for a, b, n, state, attempt, shot in postgres.ask(
        "select first, last, n, state, attempt, snapshot from runs where monitor = 'fraud' order by last, id")]
    for before, after in zip(runs, runs[1:]):
        expect(after[0] == before[1] + EVERY * 1000, f"windows do not follow each other: {before}, {after}")
    for line in runs:
        expect((line[1] - line[0]) == (line[2] - 1) * EVERY * 1000, f"a line stands for other windows than it says: {line}")
        expect(line[3] in ("done", "skipped"), f"a window was not made: {line}")
    done = [line for line in runs if line[3] == "done"]
    skipped = sum(line[2] for line in runs if line[3] == "skipped")
    again = sum(int(line[4]) > 1 for line in runs)
    shots = postgres.ask("select id from snapshots where monitor = 'fraud' order by id")
    expect(sorted(int(line[5]) for line in done) == [int(shot[0]) for shot in shots], "runs and snapshots do not go with each other")

    told = collections.Counter()
    for copies in receiver.got.values():
        messages = [json.loads(body)["data"] for body in copies]
        expect(all(message == messages[0] for message in messages), f"one key, two messages: {messages}")
        for alert in messages[0]["alerts"]:
            told[(str(alert["alert"]), bool(alert["is_over"]))] += 1
    outbox = postgres.ask("select id, state from outbox")
    expect(all(state == "sent" for _, state in outbox), f"messages that nobody took: {[line for line in outbox if line[1] != 'sent'][:3]}")
    expect({line[0] for line in outbox} == set(receiver.got), "messages in the outbox are not those that came")
    alerts = postgres.ask("select id, ended from alerts where monitor = 'fraud'")
    for name, ended in alerts:
        for is_over in [False] + ([True] if ended else []):
            n = told[(name, is_over)]
            expect(n == 1, f"alert {name} ({'end' if is_over else 'beginning'}) is in {n} messages")
    expect(len(alerts) >= MINUTES * 60 / PHASE / 2 - 2, f"only {len(alerts)} alerts: the traffic did not change")

    for name in "ab":
        expect(SECRET not in (work / f"{name}.log").read_text(), f"the password is in {name}.log")
    expect(SECRET not in (postgres.folder / "log").read_text(), "the password is in PostgreSQL's log")

    refused = sum((client.refused for client in clients), collections.Counter())
    repeated = sum(len(copies) > 1 for copies in receiver.got.values())
    print(f"{MINUTES:g} minutes, {CLIENTS} clients, {sum(replica.kills for replica in replicas)} kills (seed {SEED})")
    print(
        f"predictions: {len(acknowledged)} acknowledged, {len(lost)} of them lost, {len(twice)} in the log twice, {len(logged) - len(set(acknowledged))} logged "
        f"without an answer; {sum(client.broken for client in clients)} connections broke, refused: {dict(refused)}; "
        f"slowest answer {max(client.slowest for client in clients):.2f} s"
    )
    print(f"log verify: {verified}")
    print(f"windows: {sum(line[2] for line in runs)}, of which {len(done)} with a report, {skipped} without rows; {again} begun again after a kill")
    print(
        f"alerts: {len(alerts)}, in {len(outbox)} messages, each of which came; {repeated} came more than once, under one key; "
        f"{receiver.refused} were refused and sent again"
    )
    if took_over:
        by_other = [seconds for seconds, is_same in took_over if not is_same]
        print(
            f"the leader was killed {len(took_over)} times; another replica led after {max(by_other, default=0):.1f} s at most "
            f"(mean {sum(by_other) / max(len(by_other), 1):.1f} s, {len(by_other)} times), else the same one, started again"
        )
    for problem in problems[:20]:
        print(f"PROBLEM: {problem}")
    if problems:
        kept = Path(tempfile.gettempdir()) / "tidemark-replicas-failed"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(work, kept, ignore=shutil.ignore_patterns("postgres"))
        print(f"the replicas' logs are in {kept}")
    return 1 if problems else 0


if __name__ == "__main__":
    if not Path(BINARY).exists():
        raise SystemExit(f"{BINARY} is not built")
    place = Path(tempfile.mkdtemp(prefix="tidemark-replicas-"))
    try:
        status = main(place)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    sys.exit(status)
