# Thumbwright. `make` lists the targets. Each one installs what it needs (scripts/install-tools says so first).
# Cargo decides what is up to date, so no target is a file.

# How `make conformance` draws its cases.
COUNT ?= 1000
SEED ?= $(shell date +%s)
CASES := target/conformance
ONNX_CASES := target/onnx-conformance

# How long `make fuzz-smoke` feeds each target, and how many random modules it sends through the passes.
FUZZ_SECONDS ?= 20
FUZZ_MODULES ?= 10000

.PHONY: help build demo test conformance fuzz-smoke bless clean

help:
	@echo 'make demo         compile the built-in digits model for a Cortex-M4, run it under QEMU on 360 images'
	@echo 'make test         every test: format, lints, unit, file, firmware and browser tests'
	@echo 'make conformance  draw $(COUNT) new models of TFLite and of ONNX, compare with tflite-micro and onnxruntime (COUNT=, SEED=)'
	@echo 'make fuzz-smoke   feed random inputs to parsers, importer and compiler, $(FUZZ_SECONDS) s each (FUZZ_SECONDS=, SEED=); see docs/fuzzing.md'
	@echo 'make build        the thumbwright command, as target/release/thumbwright'
	@echo 'make bless        rewrite the expected outputs that are kept as files; read the difference before you commit it'
	@echo 'make clean        remove everything that was built'

build:
	cargo build --release --locked

demo:
	@scripts/install-tools demo
	@cargo run --release --locked -p thumbwright --example demo

test:
	@scripts/install-tools test
	@scripts/test

conformance:
	@scripts/install-tools conformance
	python3 tools/conformance.py --seed $(SEED) --count $(COUNT) --out $(CASES)
	python3 tools/onnx_conformance.py --seed $(SEED) --count $(COUNT) --out $(ONNX_CASES)
	THUMBWRIGHT_CONFORMANCE=$(abspath $(CASES)) THUMBWRIGHT_ONNX_CONFORMANCE=$(abspath $(ONNX_CASES)) THUMBWRIGHT_REQUIRE_TOOLS=1 cargo test --locked -p thumbwright --test conformance --test onnx

# The profile of tests checks overflow and asserts. The whole workspace is named, so that what `make test` built is built already.
fuzz-smoke:
	cargo run --locked --profile test --bin fuzz_smoke -- --seed $(SEED) --seconds $(FUZZ_SECONDS)
	THUMBWRIGHT_RANDOM_MODULES=$(FUZZ_MODULES) THUMBWRIGHT_SEED=$(SEED) cargo test --locked --test random_modules -- --nocapture

bless:
	BLESS=1 cargo test --locked

clean:
	cargo clean
