#!/usr/bin/env python3
"""L1: what a model server that is down, slow or broken costs customers, with the real binary and the fake server.

    scripts/model-outage.py [MESSAGES] [BINARY] [FAKE]     default 2000, target/release/deskhand, target/release/fake-model

For each way of being down: so many visitors write one message each, one that the classifier is unsure of. The figures
are differences of times in the desk's own log: from the message's commit to its local triage (the model's question, or
the decision) and to what the customer was told. The last part is a healthy model that takes three seconds: what that
does to conversations that ask nothing of it.
"""
import concurrent.futures as futures
import http.client
import json
import os
import sqlite3
import sys
import tempfile
import time

from load_common import post, quantile, running

MESSAGES = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
BINARY = sys.argv[2] if len(sys.argv) > 2 else "target/release/deskhand"
FAKE = sys.argv[3] if len(sys.argv) > 3 else "target/release/fake-model"
RATE = 60  # messages a second
DESK, MODEL = 18180, 18181
UNSURE = "the numbers in the pdf for my client are strange"
CLEAR = "I can't log in to my account"


def visit(number, text, at):
    time.sleep(max(0.0, at - time.monotonic()))
    connection = http.client.HTTPConnection("127.0.0.1", DESK, timeout=30)
    token = post(connection, "/chat/v1/sessions", {})["token"]
    post(connection, "/chat/v1/messages", {"id": f"m{number}", "text": text}, token)
    connection.close()


def run(name, url, fake_args, texts):
    with tempfile.TemporaryDirectory() as folder:
        with running(BINARY, FAKE, DESK, MODEL, folder, url, fake_args):
            begun = time.monotonic() + 0.5
            with futures.ThreadPoolExecutor(48) as pool:
                jobs = [pool.submit(visit, n, text, begun + n / RATE) for n, text in enumerate(texts)]
                for job in jobs:
                    job.result()
            time.sleep(6)
        return name, read(os.path.join(folder, "deskhand.db"))


def read(file):
    """By conversation: what was written, and the seconds to triage and to an outcome."""
    rows = sqlite3.connect(file).execute("SELECT conversation, at, kind, body FROM event ORDER BY conversation, seq")
    talks = {}
    for conversation, at, kind, body in rows:
        talk = talks.setdefault(conversation, {})
        at /= 1e6
        if kind == "received":
            talk["text"], talk["at"] = json.loads(body)["text"], at
        elif kind in ("model_asked", "decided") and "triage" not in talk:
            talk["triage"] = at - talk["at"]
        if kind in ("said", "handed_off"):
            talk[kind] = at - talk["at"]
        if kind == "model_asked":
            talk["asked"] = True
    return list(talks.values())


def figures(name, talks):
    triage = [talk.get("triage", float("inf")) for talk in talks]
    told = [talk.get("said", float("inf")) for talk in talks]
    queued = [talk["handed_off"] for talk in talks if "handed_off" in talk]
    asked = sum("asked" in talk for talk in talks)
    most = max(queued) if queued else float("nan")
    print(f"| {name} | {len(talks)} | {quantile(triage, 0.99):.3f} s | {max(triage):.3f} s | {quantile(told, 0.99):.3f} s | {max(told):.3f} s | {len(queued)}, {most:.3f} s | {asked} |", flush=True)


WAYS = sys.argv[4].split(",") if len(sys.argv) > 4 else None


def main():
    url = f"http://127.0.0.1:{MODEL}/v1"
    print("| model server | messages | triage p99 | worst | told p99 | worst | queued, worst | asked |\n|---|---|---|---|---|---|---|---|")
    ways = [
        ("refused", "http://127.0.0.1:9/v1", None),
        ("DNS fails", "http://no-such-host.invalid/v1", None),
        ("500", url, ["--kind", "Error500"]),
        ("429", url, ["--kind", "Plain429"]),
        ("hangs", url, ["--kind", "Hang"]),
        ("slow drip", url, ["--kind", "SlowDrip"]),
    ]
    for name, base, fake in [way for way in ways if WAYS is None or way[0] in WAYS]:
        name, talks = run(name, base, fake, [UNSURE] * MESSAGES)
        figures(name, talks)
    medians = {}
    for name, base, fake in [] if WAYS else [("no model", None, None), ("3 s", url, ["--latency", "3000"])]:
        texts = [UNSURE if n % 10 == 0 else CLEAR for n in range(MESSAGES)]
        name, talks = run(name, base, fake, texts)
        others = [talk["said"] for talk in talks if "asked" not in talk and talk.get("text") == CLEAR]
        medians[name] = quantile(others, 0.5)
        print(f"{name}: {len(others)} conversations that ask nothing of the model: median {medians[name] * 1000:.2f} ms, p99 {quantile(others, 0.99) * 1000:.1f} ms", flush=True)


main()
