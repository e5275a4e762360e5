#!/usr/bin/env bash
# S21: webhooks that the desk signs, verified by a library that is not ours (PyPI: standardwebhooks).
# Needs python3 with venv, and PyPI once. The tools stay in target/webhook-verifier.
set -euo pipefail
cd "$(dirname "$0")/.."
tools="${CARGO_TARGET_DIR:-target}/webhook-verifier"
mkdir -p "$tools"
if [ ! -x "$tools/venv/bin/python" ]; then
  python3 -m venv "$tools/venv"
  "$tools/venv/bin/pip" install --quiet --disable-pip-version-check "standardwebhooks==1.0.1"
fi
dump="$(mktemp -d)"
trap 'rm -rf "$dump"' EXIT
DESKHAND_WEBHOOK_DUMP="$dump" cargo test --quiet --locked -p connectors --test it notify::every_webhook_verifies >/dev/null
"$tools/venv/bin/python" - "$dump" <<'PYTHON'
import datetime, pathlib, sys
import standardwebhooks.webhooks as library
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

SECRETS = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk="]

# The test signs at a fixed time: the library's tolerance is measured from there.
class Then(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(1_700_000_000, tz)

library.datetime = Then
good = bad = 0
for file in sorted(pathlib.Path(sys.argv[1]).glob("*.http")):
    head, body = file.read_bytes().split(b"\r\n\r\n", 1)
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    for secret in SECRETS:
        Webhook(secret).verify(body, headers)
        good += 1
    try:
        Webhook(SECRETS[0]).verify(body + b" ", headers)
        sys.exit("a changed body verified: this verifier verifies nothing")
    except WebhookVerificationError:
        bad += 1
assert good == 200 and bad == 100, (good, bad)
print(f"{good} of {good} signatures verified by standardwebhooks 1.0.1, {bad} of {bad} changed bodies refused")
PYTHON
