# Every target sets up what it needs in .venv; nothing has to be installed by hand but Python 3.11 and make.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check gpu-check oracle bench generate clean

demo: .venv/demo        ## start a worker, train a small CNN on it, save, load, stop it
	$(BIN)/python examples/demo.py

test: .venv/dev         ## all tests
	$(BIN)/python -m pytest -n 2

check: .venv/dev .venv-protos   ## lint, types, generated code
	$(BIN)/ruff check .
	$(BIN)/mypy client/teletensor core/teletensor_core protos/teletensor_protos server/teletensor_server
	$(BIN)/python tools/generate.py --check
	$(BIN)/python tools/ops_table.py --check
	$(BIN)/python tools/compatibility.py --check
	$(BIN)/python tools/generate_protos.py --check

gpu-check: .venv/dev   ## the CuPy path without a GPU: CuPy's wheel executed on the CPU, its kernels through NVRTC
	$(BIN)/python -m tests.devices.emulator.prepare -m pytest -n auto tests/devices/emulated

oracle: .venv/torch     ## record PyTorch's answers anew
	$(BIN)/python -m tests.oracle.record
	$(BIN)/python -m tests.replay.record

bench: .venv/dev        ## measure beside PyTorch and other remote systems, write docs/benchmarks.md
	$(BIN)/python -m benchmarks --write

generate: .venv/dev .venv-protos    ## write generated client code and protocol stubs anew
	$(BIN)/python tools/generate_protos.py
	$(BIN)/python tools/generate.py
	$(BIN)/python tools/ops_table.py
	$(BIN)/python tools/compatibility.py

clean:
	rm -rf .venv .venv-protos .cache dist build .pytest_cache .mypy_cache .ruff_cache

.venv/bin/python:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q --upgrade pip

.venv-protos: pyproject.toml
	$(PYTHON) -m venv .venv-protos
	.venv-protos/bin/pip install -q --upgrade pip
	.venv-protos/bin/pip install -q --group protos
	touch $@

.venv/demo: .venv/bin/python pyproject.toml
	$(BIN)/pip install -q -e '.[server,demo]'
	touch $@

.venv/dev: .venv/bin/python pyproject.toml
	$(BIN)/pip install -q -e '.[dev]'
	touch $@

# The tests' oracle, which the product never imports.
.venv/torch: .venv/dev
	$(BIN)/pip install -q torch==2.13.0
	touch $@
