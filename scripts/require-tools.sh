#!/usr/bin/env bash
# Says in a sentence what is missing to build Deskhand.
set -euo pipefail
missing=0
need() { command -v "$1" >/dev/null || { echo "$1 is missing: $2" >&2; missing=1; }; }
need cargo "install Rust from https://rustup.rs"
need cc "install a C compiler (Debian: apt-get install build-essential)"
need npm "install Node.js 20.19 or later"
if command -v node >/dev/null; then
  node -e 'const [a,b]=process.versions.node.split(".").map(Number); process.exit(a>20||(a===20&&b>=19)?0:1)' ||
    { echo "Node.js $(node --version) is too old: 20.19 or later is needed" >&2; missing=1; }
fi
exit $missing
