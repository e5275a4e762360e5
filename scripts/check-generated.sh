#!/usr/bin/env bash
# Generated files must be those that the code generates.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo run --locked --quiet -- openapi > web/src/console/api/openapi.json
npm --prefix web run --silent api
if ! git diff --exit-code --stat -- web/src/console/api; then
  echo "The API has changed: commit web/src/console/api as generated just now." >&2
  exit 1
fi
