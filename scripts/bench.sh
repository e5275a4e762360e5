#!/usr/bin/env bash
# The measurements of docs/benchmarks.md. Figures are of this machine: compare, don't quote.
set -euo pipefail
cd "$(dirname "$0")/.."
SERVER_BIN=target/release/deskhand cargo bench --locked --profile dev --bench trip
cargo run --locked --release --example store_load
cargo bench --locked --bench policies
cargo bench --locked -p nlu
if [ -d ../shared/data ]; then cargo run --locked --release -p nlu --example evaluate; else echo "SKIPPED: ../shared/data is not here"; fi
