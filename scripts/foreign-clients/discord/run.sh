#!/usr/bin/env bash
# Runs discord.py and discord.js, pinned, against the fake of Discord: they are the proof that it behaves like Discord.
# Needs python3 with venv, node with npm, and their registries. Installs into a temporary folder and removes it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cargo build --quiet --manifest-path "$root/Cargo.toml" -p fakes --bin fake-discord
target=${CARGO_TARGET_DIR:-$root/target}
export FAKE_DISCORD="$target/debug/fake-discord"

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'discord.py==2.7.1'
"$work/venv/bin/python" "$here/client.py"

npm install --silent --no-audit --no-fund --prefix "$work/js" discord.js@14.28.1
cp "$here/client.mjs" "$work/js/client.mjs"
node "$work/js/client.mjs"
