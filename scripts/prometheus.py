"""Asks a Prometheus every query of a dashboard; ends with 1 if one of them stays without an answer.

usage: prometheus.py http://TIDEMARK http://PROMETHEUS DASHBOARD.json
"""

import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

PATIENCE_SECONDS = 120


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def queries(dashboard):
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def filled_in(expression):
    for variable in ("$model", "$instance", "$column"):
        expression = expression.replace(variable, ".+")
    return expression.replace("$__rate_interval", "1m")


def main(tidemark, prometheus, path):
    with open(path, encoding="utf-8") as file:
        dashboard = json.load(file)
    waiting = [(title, filled_in(expression)) for title, expression in queries(dashboard)]
    n_queries = len(waiting)
    end = time.monotonic() + PATIENCE_SECONDS
    while waiting and time.monotonic() < end:
        # A refused request and a page, so that there is more than success to count.
        for address in ("/example/nope", "/"):
            try:
                urllib.request.urlopen(tidemark + address, timeout=10).read()
            except urllib.error.HTTPError:
                pass
        waiting = [query for query in waiting if not has_answer(prometheus, query[1])]
        time.sleep(1)
    for title, expression in waiting:
        print(f"no answer: {title}: {expression}")
    print(f"{n_queries - len(waiting)} of {n_queries} queries of the dashboard have an answer")
    now = time.time()
    ask = {"query": "tidemark_prediction_duration_seconds_bucket", "start": now - 300, "end": now}
    exemplars = get(f"{prometheus}/api/v1/query_exemplars?{urllib.parse.urlencode(ask)}")["data"]
    print(f"{sum(len(series['exemplars']) for series in exemplars)} exemplars")
    return 0 if not waiting and exemplars else 1


def has_answer(prometheus, expression):
    try:
        answer = get(f"{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': expression})}")
    except (urllib.error.URLError, OSError):
        return False
    # An answer that is no number (0/0 before the second scrape) is none.
    return any(sample["value"][1] != "NaN" for sample in answer["data"]["result"])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
