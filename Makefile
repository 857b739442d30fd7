# SPDX-License-Identifier: Apache-2.0
#
# The short way round CMake: every goal is a preset or a script of tools/. `make help` lists them.

# Reference models with recorded outputs, if there.
RAMET_ZOO ?= $(wildcard ../shared/zoo)
PREFIX ?= /usr/local
export RAMET_ZOO

.PHONY: all demo openvino test wheel python check bench format asan ubsan tsan fuzz install clean help
.DEFAULT_GOAL := all

all: ## build the command, libramet.so and libramet.a (in build/)
	@tools/setup build
	cmake --preset release
	cmake --build --preset release --target ramet ramet_shared ramet_static

demo: all ## fetch the PP-OCRv4 models and read the example images with two threads
	@tools/setup models
	@tools/fetch_models
	@tools/demo

openvino: ## the engine OpenVINO as a plug-in: fetch its libraries, build libramet_openvino.so (in build/)
	@tools/setup build openvino
	@tools/fetch_openvino
	cmake --preset release -DRAMET_OPENVINO=ON
	cmake --build --preset release --target ramet ramet_shared ramet_static ramet_openvino

test: ## set up, build, and run every test there is
	@tools/setup build models openvino test python
	@tools/run_tests

wheel: ## build the Python package, with its libraries inside, in build/dist/
	@tools/setup build python
	@tools/wheel

python: all ## build the Python package and test it as it is installed
	@tools/setup models python
	@tools/fetch_models
	@tools/test_python

check: all ## the checks of style and interface that a program can make
	@tools/setup test
	@tools/check

bench: ## build and run the benchmarks
	@tools/setup build models
	@tools/fetch_models
	cmake --preset release
	cmake --build --preset release
	@for program in build/bench/bench_*; do echo "== $$program"; $$program || exit 1; done

asan ubsan tsan: ## build and test under sanitizers
	@tools/setup build
	cmake --preset $@
	cmake --build --preset $@
	ctest --preset $@

fuzz: ## build the fuzz targets (in build-fuzz/fuzz/)
	@tools/setup build fuzz
	cmake --preset fuzz
	cmake --build --preset fuzz

format: ## lay out the C code
	@tools/setup test
	find include src plugins apps tests bench fuzz examples/multi_thread \( -name '*.[ch]' -o -name '*.cc' -o -name '*.hpp' \) 2>/dev/null | xargs clang-format-14 -i

install: all ## install below PREFIX (/usr/local)
	cmake --install build --prefix $(PREFIX)

clean: ## remove what was built, and the models that were fetched
	rm -rf build build-asan build-ubsan build-tsan build-fuzz

help:
	@sed -n 's/^\([a-z ]*\):.*## /\1: /p' $(MAKEFILE_LIST)
