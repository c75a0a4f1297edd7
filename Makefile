# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
#   make demo                 see it work, against a simulator
#   make test                 what has to pass; with CORE=2.16 or CORE=2.21 on another ansible-core
#   make fleet                what has to pass too: the playbooks of the server modules, and the inventory
#   make rollout              and: role fleet_job and the runbooks
#   make check                the quick part: linters and unit tests
#   make lint | unit | playbooks | sanity | types | bench | build | clean
#   make pins                 the newest pins for CORE that fit tests/requirements/*.txt
#
# PYTHON=/path/to/python names the Python to use, ARGS="..." goes to pytest (unit, playbooks) or ansible-test (sanity).

CORE ?= 2.19
JOBS ?= 2
ARGS ?=

# Absolute, and free of spaces, whatever the path of the clone is (see there).
SCRATCH := $(shell bash tests/tools/paths.sh scratch)
VENV := $(shell bash tests/tools/paths.sh venv '$(CORE)')
ifeq ($(and $(SCRATCH),$(VENV)),)
  $(error run make in the root of the clone: tests/tools/paths.sh failed)
endif

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c

export CORE
export PATH := $(VENV)/bin:$(PATH)
export VIRTUAL_ENV := $(VENV)
export ANSIBLE_CONFIG := $(SCRATCH)/ansible.cfg
export ANSIBLE_HOME := $(SCRATCH)/home
export ANSIBLE_COLLECTIONS_PATH := $(SCRATCH)/collections
export ANSIBLE_LOCAL_TEMP := $(SCRATCH)/tmp
export ANSIBLE_REMOTE_TEMP := $(SCRATCH)/tmp
export ANSIBLE_NOCOWS := 1
unexport PYTHONPATH PYTHONHOME
ifdef PYTHON
  export PYTHON
endif

.PHONY: demo test check lint lint-quick lint-collection unit playbooks fleet rollout sanity types bench build clean pins venv-demo venv-test

demo: venv-demo
	python tests/demo/demo.py

# Together, since each of them leaves a part of the machine idle: tests wait for jobs, sanity for pip. The longest come first.
test: venv-test
	$(MAKE) --no-print-directory --jobs=3 --output-sync=line playbooks sanity unit lint

check: lint-quick unit

lint: lint-quick lint-collection build

lint-quick: venv-test
	ruff check .
	yamllint --strict .
	ansible-lint

lint-collection: venv-test
	shellcheck $$(git ls-files --cached --others --exclude-standard '*.sh' .ci/run)
	antsibull-changelog lint
	antsibull-docs lint-collection-docs --plugin-docs .

unit: venv-test
	pytest -n $(JOBS) tests/unit $(ARGS)

playbooks: venv-test
	pytest -n $(JOBS) tests/playbooks --ignore tests/playbooks/fleet $(ARGS)

fleet: venv-test
	pytest -n $(JOBS) tests/playbooks/fleet tests/inventory $(ARGS)

rollout: venv-test
	pytest -n $(JOBS) tests/rollout $(ARGS)

sanity: venv-test
	bash tests/ansible-test.sh '$(CORE)' sanity $(ARGS)

types: venv-test
	mypy

bench: venv-test
	python tests/benchmark/benchmark.py $(ARGS)
	python tests/benchmark/inventory_benchmark.py $(ARGS)
	python tests/benchmark/rollout_benchmark.py

build: venv-demo
	ansible-galaxy collection build --force --output-path dist
	python tests/tools/tree.py artifact "dist/modelarts-liteserver-$$(sed -n 's/^version: *//p' galaxy.yml).tar.gz"

venv-demo:
	@bash tests/tools/venv.sh '$(CORE)' demo

# After venv-demo, and not beside it, under "make -j".
venv-test: venv-demo
	@bash tests/tools/venv.sh '$(CORE)' test

pins:
	bash tests/tools/pin.sh '$(CORE)'

clean:
	rm -rf '$(SCRATCH)' "$$(bash tests/tools/paths.sh venv 2.16)" "$$(bash tests/tools/paths.sh venv 2.19)" "$$(bash tests/tools/paths.sh venv 2.21)"
	rmdir "$$(dirname '$(SCRATCH)')" 2>/dev/null || true
	rm -rf .ansible .venv .venv-2.16 .venv-2.21 .hypothesis dist tests/output
	find plugins tests -name __pycache__ -prune -exec rm -rf {} +
