# Two commands do everything on a fresh machine: make demo, make test.
SHELL := /bin/sh
PYTHON ?= python3
PYTEST_ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test test-pythons check bench bench-fleet bench-compress bench-detect bench-labels bench-doctor bench-sparsity bench-carray bench-convert bench-convert-cost lab-arm64 lab-device lab-link lab-systemd tflite-venv torch-venv sparkplug-venv keras-env flashers fuzz fuzz-images fuzz-link size-link random-networks docs wheel clean bench-quantize soak chaos bench-rejects

help:           ## say what can be made
	@sed -n 's/^\([a-z0-9-]*\):[^\#]*\#\# \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

$(READY): pyproject.toml tools/make_venv.sh
	@PYTHON=$(PYTHON) sh tools/make_venv.sh $(VENV)
	@touch $@

demo: $(READY)  ## drawn parts on a conveyor: learn, convert, inspect, receive
	@$(BIN)/lepton demo

test: $(READY)  ## every test that this machine can run
	@sh tools/run_tests.sh $(BIN)/python $(PYTEST_ARGS)

test-pythons: $(READY) ## the quick unit tests on the newest Python, those of the board on the oldest
	@sh tools/test_pythons.sh

tflite-venv: .venv-tflite/.ready ## a second environment with tflite-runtime, numpy 1 and OpenCV 4 (Python 3.10, 3.11)

# tflite-runtime has no wheel above Python 3.11.
TFLITE_PYTHON ?= $(shell for python in $(PYTHON) python3.11 python3.10; do \
    $$python -c 'import sys; sys.exit(sys.version_info[:2] > (3, 11))' 2>/dev/null && echo $$python && break; done)

.venv-tflite/.ready: pyproject.toml $(READY)
	@test -n "$(TFLITE_PYTHON)" || { echo "wanted Python 3.10 or 3.11 for tflite-runtime, found none" >&2; exit 2; }
	@$(TFLITE_PYTHON) -m venv .venv-tflite
	@.venv-tflite/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	@.venv-tflite/bin/python -m pip install --quiet '.[tflite,camera]' hypothesis pytest pytest-timeout
	@touch $@

torch-venv: .venv-torch/.ready ## a second environment with PyTorch (Python 3.11 by default; about 1.3 GB)

TORCH_PYTHON ?= $(shell for python in python3.11 $(PYTHON); do $$python -c '' 2>/dev/null && echo $$python && break; done)

.venv-torch/.ready: pyproject.toml $(READY)
	@$(TORCH_PYTHON) -m venv .venv-torch
	@.venv-torch/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	@.venv-torch/bin/python -m pip install --quiet '.[search,torch]' torch==2.13.0 hypothesis pytest pytest-timeout
	@touch $@

sparkplug-venv: .venv-sparkplug/.ready ## a second environment with another project's Sparkplug reader (paho 1)

.venv-sparkplug/.ready: $(READY)
	@$(BIN)/python -m venv .venv-sparkplug
	@.venv-sparkplug/bin/python -m pip install --quiet pysparkplug==0.6.1
	@touch $@

keras-env: $(READY) ## the tool environment with TensorFlow that reads Keras models (about 2.2 GB)
	@LEPTON_TOOLS=.venv-tools $(BIN)/python -c \
	    'from converters.load.tool_environment import *; print(tool_python(tensorflow_environment()))'

check: $(READY) ## format, lint, types, import directions
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(READY) ## what the board's install and daemon cost, beside their floors (needs LEPTON_DATA)
	@$(BIN)/python tests/bench/board.py
	@$(BIN)/python -m tests.bench.daemon.bench
	@$(BIN)/python -m tests.bench.daemon.cameras
	@$(BIN)/python -m tests.bench.daemon.stages
	@$(BIN)/python -m tests.bench.picture_health
	@$(BIN)/python -m tests.bench.motion
	@$(BIN)/python -m tests.bench.sinks
	@$(BIN)/python -m tests.bench.spool_window
	@$(BIN)/python -m tests.bench.inbox

bench-fleet: $(READY) ## how many alerts the manager stores in a second, beside its database's floor; how its store grows; what people and pages cost it
	@$(BIN)/python -m tests.bench.ingest
	@$(BIN)/python -m tests.bench.store_growth
	@$(BIN)/python -m tests.bench.people
	@$(BIN)/python -m tests.bench.pages

bench-detect: $(READY) ## detectors of good parts on real photographs and sounds (needs LEPTON_DATA; half an hour)
	@$(BIN)/python -m tests.bench.detectors.bench $(BENCH_ARGS)

bench-labels: $(READY) ## what labelled defects bring, on real photographs (minutes; needs LEPTON_DATA)
	@$(BIN)/python tests/bench/labels.py

bench-compress: .venv-torch/.ready ## a network made eight times smaller, beside one of the same bytes from scratch (minutes)
	@.venv-torch/bin/python tests/bench/compress.py

bench-rejects: $(READY) ## how exactly a microcontroller rejects at 20 parts a second, how soon when the daemon stalls (gcc; two minutes)
	@$(BIN)/python -m tests.bench.rejects $(BENCH_ARGS)

bench-learn: $(READY) ## seconds and memory of learning 50 good pictures of 640×480
	@$(BIN)/python -m tests.bench.learn_cost $(BENCH_ARGS)

bench-threshold: $(READY) ## what becomes of 5 % overkill at 90 % confidence over 200 splits of drawn parts
	@$(BIN)/python -m tests.bench.threshold $(BENCH_ARGS)

bench-convert: $(READY) ## the converter against TFLiteConverter, ai-edge-quantizer, ONNX Runtime (needs LEPTON_DATA)
	@$(BIN)/python tests/bench/convert/bench.py $(BENCH_ARGS)

lab-arm64: $(READY) ## bundles on emulated Cortex-A53, A72, A76 (needs LEPTON_DATA, network, root; minutes)
	@$(BIN)/python -m tests.lab.arm64.run

faults: $(READY) ## the table of faults that are done to a running daemon (FAULTS='a word of their names'; minutes)
	@$(BIN)/python -m tests.system.faults $(FAULTS)

lab-systemd: $(READY) ## the unit under a real systemd: readiness, watchdog, restarts, sandbox (network, root; minutes)
	@$(BIN)/python -m tests.lab.systemd.run

lab-link: $(READY) ## COUNT=1000000 frames to the C codec and back over a line that loses, damages and reorders (gcc; minutes)
	@$(BIN)/python -m tests.lab.link.run --count $(or $(COUNT),1000000)

size-link: $(READY) ## what the C header of the station protocol takes on a Cortex-M (gcc-arm-none-eabi)
	@$(BIN)/python -m tests.lab.link.size

lab-device: $(READY) ## camera, microphone, serial on a virtual device (needs network, root; two minutes)
	@$(BIN)/python -m tests.lab.device.run

bench-quantize: $(READY) ## the MLPerf Tiny models beside the benchmark's own int8 files (needs LEPTON_DATA)
	@$(BIN)/python -m tests.bench.quantize

bench-convert-cost: $(READY) ## seconds, memory and disk of converting a MobileNetV2 with 100 pictures
	@$(BIN)/python -m tests.bench.convert_cost

bench-doctor: $(READY) ## what float operators give back to a network that int8 hurts (needs LEPTON_DATA)
	@$(BIN)/python -m tests.bench.doctor

bench-carray: $(READY) ## the memory that is reserved for models on microcontrollers, beside the least that runs (needs LEPTON_DATA)
	@$(BIN)/python -m tests.bench.carray

bench-sparsity: $(READY) ## what zeros in the weights do for int8 (needs LEPTON_DATA)
	@$(BIN)/python tests/bench/sparsity.py

fuzz: $(READY)  ## COUNT=100000 damaged and hostile model files, each refused in words
	@$(BIN)/python -m tests.fuzz --count $(or $(COUNT),100000)

flashers: $(READY) ## the contract of every flasher, with the line cut at each tenth of the transfer (a minute)
	@LEPTON_EVERY_TENTH=1 $(BIN)/python -m pytest -q tests/firmware_tools/flash

fuzz-images: $(READY) ## COUNT=1000000 damaged firmware images, each read or refused in words
	@$(BIN)/python -m tests.fuzz.firmware_images --count $(or $(COUNT),1000000)

fuzz-link: $(READY) ## MINUTES=10 of hostile bytes for both decoders of the station protocol and a firmware (gcc; clang where it is)
	@$(BIN)/python -m tests.lab.link.fuzz --minutes $(or $(MINUTES),10)

chaos: $(READY) ## 100,000 alerts while everything is killed, cut off, filled up and put back (root; half an hour)
	@$(BIN)/python -m tests.chaos $(CHAOS_ARGS)

soak: $(READY)  ## MINUTES=30 of camera and broker failing at random: does the daemon grow or slow down?
	@$(BIN)/python -m tests.soak --minutes $(or $(MINUTES),30)

random-networks: $(READY) .venv-tflite/.ready ## COUNT=1000 random networks converted and run in every runtime
	@$(BIN)/python -m tests.random_networks --count $(or $(COUNT),1000)

docs: $(READY)  ## write the reference pages that are made from the code
	@$(BIN)/python tools/write_reference.py

wheel: $(READY) ## one wheel with all packages
	@$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:          ## remove what make made
	@rm -rf $(VENV) .venv-tflite .venv-torch .venv-tools dist build out
