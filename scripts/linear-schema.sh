#!/usr/bin/env bash
# Fetches Linear's GraphQL schema (crate linear-schema, MIT) with cargo, for the test that holds our requests to it.
# It goes to target/linear.graphql and is never committed.
set -euo pipefail
cd "$(dirname "$0")/.."
target="${CARGO_TARGET_DIR:-$PWD/target}"
mkdir -p "$target"
if [ -s "$target/linear.graphql" ]; then exit 0; fi
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
mkdir "$work/src"
touch "$work/src/lib.rs"
cat >"$work/Cargo.toml" <<'TOML'
[package]
name = "fetch"
version = "0.0.0"
edition = "2021"
[dependencies]
linear-schema = "=0.1.4"
TOML
cargo fetch --quiet --manifest-path "$work/Cargo.toml"
cp "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/linear-schema-0.1.4/linear.graphql "$target/linear.graphql"
echo "target/linear.graphql is there: $(wc -l <"$target/linear.graphql") lines"
