# Two commands matter: `make run` and `make test`.
.DEFAULT_GOAL := help
SHELL := /bin/bash
CARGO ?= cargo

.PHONY: help run demo build test lint bench web tools test-tools

help:
	@echo "make run    build everything and start a sample desk (SQLite, no keys); says where to look"
	@echo "make test   set up what the tests need, then run them all"
	@echo "make lint   formatting, Clippy, dependency policy"
	@echo "make build  the release binary: target/release/deskhand"
	@echo "make bench  the measurements of docs/benchmarks.md"

# The development profile: it builds in a fraction of the time, and what must be fast in it is optimised anyway.
run: tools web
	@echo "== Compiling Deskhand. The first time takes a few minutes, later seconds."
	$(CARGO) build --locked
	./target/debug/deskhand serve --demo

demo: run

build: tools web
	$(CARGO) build --release --locked
	@echo "== target/release/deskhand"

tools:
	@scripts/require-tools.sh

web: web/dist/.built

web/dist/.built: web/node_modules/.installed $(shell find web/src web/*.mjs web/*.js web/*.json web/*.ts -type f 2>/dev/null)
	@echo "== Building the widget and the console."
	npm --prefix web run --silent build
	@touch $@

web/node_modules/.installed: web/package-lock.json
	@echo "== Fetching the front ends' packages."
	npm --prefix web ci --no-audit --no-fund --loglevel=error
	@touch $@

test-tools: tools
	@scripts/setup-tests.sh

test: test-tools web
	@echo "== Front ends: types and logic."
	npm --prefix web run --silent check
	npm --prefix web run --silent test
	@echo "== Formatting and lints."
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	@echo "== The desk: unit tests, stories, both databases, chaos."
	$(CARGO) test --locked --workspace
	@echo "== The generated client is the one of this API."
	scripts/check-generated.sh
	@echo "== The browser: a customer and an agent at once."
	scripts/with-desk.sh npm --prefix web run --silent test:browser
	MODEL=fake scripts/with-desk.sh node --test --test-concurrency=1 tests/browser/drafting.test.mjs tests/browser/model.test.mjs
	DESK=shop scripts/with-desk.sh node --test --test-concurrency=1 tests/browser/approvals.test.mjs tests/browser/roles.test.mjs tests/browser/automation.test.mjs tests/browser/tickets.test.mjs

lint: tools
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	@if command -v cargo-deny >/dev/null; then cargo deny check licenses bans sources; else echo "cargo-deny is not installed: the dependency policy of deny.toml was not checked"; fi

bench: build
	scripts/bench.sh
