# Builds, runs, measures and tests Tidemark. Needs Rust (with a C compiler), Node.js and Python; `make` says what is missing.
# Whatever is built here is a file with its real dependencies, so a second run does only what changed.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# Arguments for the program: make run ARGS="--listen 0.0.0.0:8000"
ARGS ?=

rust = Cargo.toml Cargo.lock $(shell find $(1) -type f)
library := $(call rust,src)
site_inputs := scripts/site.mjs $(shell find scripts/site public style -type f)

# ---- for people -----------------------------------------------------------------------------------------------------

.PHONY: help run test test-scale bench coverage lint clean
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

run: build ## Build Tidemark and start it on a model that drifts before your eyes
	@exec target/release/tidemark demo $(ARGS)

test: build ## Run every test: Rust, the same digits in wasm, the pages in a real Chromium
	@scripts/test

test-scale: build ## Hold reports counted by PostgreSQL, DuckDB, ClickHouse and Spark, or read from an object store, to the library's, kill replicas for a minute; installs what is missing
	@scripts/engines $(ENGINES)
	@scripts/object-store
	@scripts/replicas 1 || [ $$? -eq 77 ]

# Which of them: make test-scale ENGINES="duckdb postgres"
ENGINES ?=

# What to measure on, and beside which peers: make bench PEERS=1 installs them; see scripts/bench.
PEERS ?=
DATA ?=

bench: build ## Measure the bars of speed and memory; PEERS=1 measures the peers beside them
	@PEERS="$(PEERS)" DATA="$(DATA)" scripts/bench

coverage: ## Show which lines of the library its tests do not reach (needs LLVM's tools; says which)
	@scripts/coverage

lint: prerequisites node_modules/.package-lock.json ## Check format, lints (native and wasm) and which crate may know which
	@scripts/lint

clean: ## Delete everything that was built or downloaded into this folder; your data stay
	rm -rf target node_modules end2end/test-results end2end/playwright-report

# ---- what they are made of ------------------------------------------------------------------------------------------

.PHONY: prerequisites build site
prerequisites:
	@scripts/prerequisites

# cargo knows best what is up to date.
build: site
	cargo build --release -p server

site: prerequisites target/site.stamp

# npm's own record of what it installed, which it writes last.
node_modules/.package-lock.json: package.json package-lock.json
	@echo "Installing from npm what the pages are built with (charts, font, minifiers)."
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

target/release/bindgen: scripts/bindgen/Cargo.toml scripts/bindgen/src/main.rs
	cargo build --release -p bindgen
	@touch $@

# What the script found or made; it touches the file even when it finds the same again.
target/wasm-toolchain/env: scripts/wasm-toolchain
	scripts/wasm-toolchain

wasm_tools := scripts/wasm target/wasm-toolchain/env target/release/bindgen node_modules/.package-lock.json

target/wasm/pages/tidemark_bg.wasm: $(wasm_tools) $(library) $(call rust,app/Cargo.toml app/src)
	scripts/wasm pages

target/wasm/worker/tidemark_worker_bg.wasm: $(wasm_tools) $(library) $(call rust,app/worker)
	scripts/wasm worker

target/wasm/parquet/tidemark_worker_bg.wasm: $(wasm_tools) $(library) $(call rust,app/worker)
	scripts/wasm parquet

# Needs the answers that the native tests write.
.PHONY: parity
parity: target/wasm/parity/tidemark_worker_bg.wasm
	@node scripts/parity.mjs

target/wasm/parity/tidemark_worker_bg.wasm: $(wasm_tools) $(library) $(call rust,app/worker)
	scripts/wasm parity

# A stamp, because files whose content stays the same must keep their time: the server embeds them.
target/site.stamp: $(site_inputs) target/wasm/pages/tidemark_bg.wasm target/wasm/worker/tidemark_worker_bg.wasm target/wasm/parquet/tidemark_worker_bg.wasm
	node scripts/site.mjs
	@touch $@
