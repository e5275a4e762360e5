#!/bin/sh
# python-telegram-bot and aiogram against fakes/src/bin/fake-telegram.rs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../../.."
cargo build --quiet --package fakes --bin fake-telegram
FAKE_TELEGRAM=$(pwd)/${CARGO_TARGET_DIR:-target}/debug/fake-telegram
[ -z "${CARGO_TARGET_DIR:-}" ] || FAKE_TELEGRAM=$CARGO_TARGET_DIR/debug/fake-telegram
export FAKE_TELEGRAM
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT INT TERM
python3 -m venv "$temporary/venv"
"$temporary/venv/bin/pip" --quiet --disable-pip-version-check install --requirement "$here/requirements.txt"
for client in ptb aiogram_polling aiogram_webhook; do
    "$temporary/venv/bin/python" "$here/$client.py"
done
