"""scikit-learn's linear models on the same data as `cargo run -p nlu --release --example evaluate`.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install numpy scipy scikit-learn
    /tmp/venv/bin/python benches/classifier_peers.py [directory of the shared data] [--svm-only]

Trains on the train parts, measures on the dev parts (never the other way round), single-threaded, and prints a
Markdown table: accuracy in scope, the share handled at 95 % and 98 % precision (an out-of-scope text handled is an
error; out of scope are 1,000 in 5,500 as in CLINC150's test), AUROC of in against out of scope, training and one
text's latency, both in processor time, which says more than the clock on a busy machine.
"""

import json
import os
import pathlib
import statistics
import sys
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

OUT = "(out of scope)"


def rows(path):
    with open(path, encoding="utf-8") as lines:
        parsed = [json.loads(line) for line in lines]
    return [row["text"] for row in parsed], [row["intent"] or OUT for row in parsed]


def few(texts, intents, shots):
    """The first `shots` examples of every intent; all with 0."""
    if not shots:
        return texts, intents
    seen, kept = {}, []
    for at, intent in enumerate(intents):
        seen[intent] = seen.get(intent, 0) + 1
        if seen[intent] <= shots:
            kept.append(at)
    return [texts[at] for at in kept], [intents[at] for at in kept]


def features():
    return make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
    )


def scores(model, texts):
    if hasattr(model[-1], "predict_proba"):
        return model.predict_proba(texts)
    margins = np.atleast_2d(model.decision_function(texts))
    powers = np.exp(3.0 * (margins - margins.max(axis=1, keepdims=True)))
    return powers / powers.sum(axis=1, keepdims=True)


def coverage(confidence, right, inside, weight, precision):
    order = np.argsort(-confidence, kind="stable")
    good, handled = np.cumsum((weight * right)[order]), np.cumsum(weight[order])
    enough = np.nonzero(good >= precision * handled)[0]
    return np.cumsum(inside[order])[enough[-1]] / inside.sum() if len(enough) else 0.0


def measure(name, last, training, dev):
    model = make_pipeline(features(), last)
    start = time.process_time()
    model.fit(*training)
    seconds = time.process_time() - start
    texts, intents = dev[0], np.array(dev[1])
    chances = scores(model, texts)
    classes = model[-1].classes_
    intents_only = [at for at, intent in enumerate(classes) if intent != OUT]
    best = chances[:, intents_only].argmax(axis=1)
    confidence = chances[:, intents_only].max(axis=1)
    guessed = classes[intents_only][best]
    inside = intents != OUT
    right = (guessed == intents) & inside
    weight = np.ones(len(texts))
    if not inside.all():
        weight[~inside] = inside.sum() * (1000 / 4500) / (~inside).sum()
    auroc = f"{100 * roc_auc_score(inside, confidence):.1f}" if not inside.all() else "–"
    times = []
    for text in texts[:200]:
        start = time.process_time()
        model.predict([text])
        times.append(time.process_time() - start)
    print(
        f"| {name} | {100 * right[inside].mean():.2f} | {100 * coverage(confidence, right, inside, weight, 0.95):.1f} "
        f"| {100 * coverage(confidence, right, inside, weight, 0.98):.1f} | {auroc} | {seconds:.1f} "
        f"| {1e6 * statistics.median(times):.0f} |",
        flush=True,
    )


def main():
    here = pathlib.Path(__file__).resolve().parent
    default = pathlib.Path(os.environ.get("DESKHAND_SHARED", here / "../../shared")) / "data"
    folders = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    shared = pathlib.Path(folders[0]) if folders else default
    print("| set, model | acc | c95 | c98 | AUROC | training CPU s | one text CPU µs, median |")
    print("|---|---|---|---|---|---|---|")
    for data in ("banking77", "clinc150", "bitext"):
        training, dev = rows(shared / data / "train.jsonl"), rows(shared / data / "dev.jsonl")
        for shots in (0, 10, 5):
            part = few(*training, shots)
            label = data if not shots else f"{data}, {shots} a class"
            measure(f"{label}: LinearSVC", LinearSVC(), part, dev)
            if "--svm-only" not in sys.argv:
                measure(f"{label}: logistic regression", LogisticRegression(C=30, max_iter=300), part, dev)


main()
