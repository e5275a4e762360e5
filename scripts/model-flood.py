#!/usr/bin/env python3
"""L4: what one customer who writes a thousand messages a minute costs the others, with the real binary.

    scripts/model-flood.py [BINARY] [FAKE]     default target/release/deskhand, target/release/fake-model

Others write four messages a second between them, each one that the classifier is unsure of, for a minute; the model
takes 200 ms. Then the same again while one more writes 1,000 messages in that minute. The figures are differences of
times in the desk's own log: from a message's commit to the first word of the answer.
"""
import concurrent.futures as futures
import http.client
import os
import sqlite3
import sys
import tempfile
import time

from load_common import post, quantile, running

BINARY = sys.argv[1] if len(sys.argv) > 1 else "target/release/deskhand"
FAKE = sys.argv[2] if len(sys.argv) > 2 else "target/release/fake-model"
DESK, MODEL = 18190, 18191
SECONDS, OTHERS = 60, 240
UNSURE = "the numbers in the pdf {} for my client are strange"
LOUD = "How do I export project {} to CSV?"


def other(number, at):
    time.sleep(max(0.0, at - time.monotonic()))
    connection = http.client.HTTPConnection("127.0.0.1", DESK, timeout=30)
    token = post(connection, "/chat/v1/sessions", {})["token"]
    post(connection, "/chat/v1/messages", {"id": f"m{number}", "text": UNSURE.format(number)}, token)


def loud(begun, messages):
    connection = http.client.HTTPConnection("127.0.0.1", DESK, timeout=30)
    token = post(connection, "/chat/v1/sessions", {})["token"]
    for number in range(messages):
        time.sleep(max(0.0, begun + number * SECONDS / messages - time.monotonic()))
        post(connection, "/chat/v1/messages", {"id": f"m{number}", "text": LOUD.format(number)}, token)


def run(messages):
    with tempfile.TemporaryDirectory() as folder:
        with running(BINARY, FAKE, DESK, MODEL, folder, f"http://127.0.0.1:{MODEL}/v1", ["--latency", "200"]):
            begun = time.monotonic() + 0.5
            with futures.ThreadPoolExecutor(32) as pool:
                jobs = [pool.submit(other, n, begun + n * SECONDS / OTHERS) for n in range(OTHERS)]
                if messages:
                    jobs.append(pool.submit(loud, begun, messages))
                for job in jobs:
                    job.result()
            time.sleep(8)
        database = sqlite3.connect(os.path.join(folder, "deskhand.db"))
        return read(database), calls(database)


def read(database):
    """Of everybody who wrote once: the seconds until an answer."""
    talks = {}
    for conversation, at, kind in database.execute("SELECT conversation, at, kind FROM event ORDER BY conversation, seq"):
        talk = talks.setdefault(conversation, {"received": []})
        if kind == "received":
            talk["received"].append(at / 1e6)
        elif kind == "said" and len(talk["received"]) == 1 and "told" not in talk:
            talk["told"] = at / 1e6 - talk["received"][0]
    return [talk.get("told", float("inf")) for talk in talks.values() if len(talk["received"]) == 1]


def calls(database):
    """By the customer with the most: calls that the model answered."""
    rows = database.execute("SELECT conversation, count(*) FROM event WHERE kind = 'model_answered' GROUP BY 1 ORDER BY 2 DESC LIMIT 1")
    return next((count for _, count in rows), 0)


def main():
    for name, messages in [("alone", 0), ("beside 1,000 messages", 1000)]:
        told, most = run(messages)
        print(f"{name}: {len(told)} others, answer median {quantile(told, 0.5) * 1000:.1f} ms, p99 {quantile(told, 0.99) * 1000:.1f} ms, worst {max(told) * 1000:.1f} ms; most calls for one customer {most}", flush=True)


main()
