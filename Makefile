# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
#   make demo                 see it work, against a simulator
#   make test                 what has to pass; with CORE=2.16 ... CORE=2.21 on another ansible-core
#   make suites               the suites that are not part of it: fleet rollout node runner docs-test awx eda units integration
#   make check                the quick part: linters and unit tests, without the thorough ones
#   make soak                 the fault lab of make test (make faults), ten times longer
#   make audit                bandit and pip-audit; AUDIT=bandit where no advisory service can be reached
#   make docs                 the documentation site, into dist/docs
#   make browser              that site, and pages of runs, in headless Chromium: layout, links, search, accessibility, screenshots
#   make lint | unit | playbooks | sanity | faults | security | types | bench | build | clean
#   make coverage             how much of plugins/ the suites run whose processes can be seen; at least 95 % (an hour)
#   make artifact-test        the artifact in a clean environment, on CORE;  make importer: as Galaxy checks it
#   make release-check        whether this commit may be tagged, see docs/releasing.md
#   make pins                 the newest pins for CORE that fit tests/requirements/*.txt
#
# PYTHON=/path/to/python names the Python to use, ARGS="..." goes to pytest (unit, playbooks) or ansible-test (sanity, units,
# integration). Those three are ansible-test's own commands, on a copy of this clone; nox has sessions that call make.

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

.PHONY: demo test suites check lint lint-ansible lint-docs lint-terms lint-code lint-licences lint-workflows unit unit-quick coverage playbooks security faults soak fleet rollout node runner awx eda sanity units integration types audit bench build artifact-test importer release-check clean docs browser pictures docs-test api-coverage pins venv-demo venv-test venv-node

demo: venv-demo
	python tests/demo/demo.py

# Together, since each of them leaves a part of the machine idle: tests wait for jobs, sanity for pip. The longest come first.
test: venv-test
	$(MAKE) --no-print-directory --jobs=3 --keep-going --output-sync=line playbooks sanity faults security unit lint

suites: fleet rollout node runner docs-test awx eda units integration

check: venv-test
	$(MAKE) --no-print-directory --jobs=3 --keep-going --output-sync=target unit-quick lint-ansible lint-code

lint: lint-ansible lint-docs lint-terms lint-code lint-licences lint-workflows build

lint-ansible: venv-test
	ansible-lint

lint-docs: venv-test
	antsibull-docs lint-collection-docs --plugin-docs .

# Spelling, and one word for one thing: tests/tools/terms.txt.
lint-terms: venv-test
	python tests/tools/terms.py

lint-code: venv-test types
	ruff check .
	yamllint --strict .
	shellcheck $$(git ls-files --cached --others --exclude-standard '*.sh' .ci/run)
	antsibull-changelog lint

lint-licences:
	@bash tests/tools/venv.sh reuse tools
	bash tests/tools/licences.sh

# shellcheck, for the steps of the workflows, is one of the test tools.
lint-workflows: venv-test
	@bash tests/tools/venv.sh workflows tools
	"$$(bash tests/tools/paths.sh venv workflows)/bin/actionlint"

unit: venv-test
	pytest -n $(JOBS) tests/unit $(ARGS)

unit-quick: venv-test
	pytest -n $(JOBS) -m 'not thorough' tests/unit $(ARGS)

# Whole suites, so that the tests of what is new are among them. Of security and eda, what no other suite runs.
COVERED = tests/unit tests/inventory tests/node tests/rollout tests/playbooks/fleet tests/playbooks/test_job_info.py \
  tests/security/test_doctor.py tests/security/test_hostile_inventory.py tests/eda/test_source.py

coverage: export COVERAGE_RCFILE := $(CURDIR)/tests/coverage.ini
coverage: export COVERAGE_FILE := $(SCRATCH)/coverage/data
coverage: export COVERAGE_ROOT := $(CURDIR)
coverage: venv-node
	rm -rf '$(SCRATCH)/coverage'
	mkdir -p '$(SCRATCH)/coverage'
	@# So that files which nothing runs count too.
	coverage run --source=plugins -m this >/dev/null
	$(WITH_KUBERNETES) coverage run -m pytest -n $(JOBS) -m 'not thorough' $(COVERED) $(ARGS)
	@# Processes that a test kills leave files without data, which are no failure.
	coverage combine --quiet || test -s '$(SCRATCH)/coverage/data'
	coverage report

# One more at a time, since for a third of the time these tests wait for the simulator's jobs.
playbooks: venv-test
	pytest -n $$(($(JOBS) + 1)) tests/playbooks --ignore tests/playbooks/fleet $(ARGS)

security: venv-test
	pytest -n $(JOBS) tests/security $(ARGS)

fleet: venv-test
	pytest -n $(JOBS) tests/playbooks/fleet tests/inventory $(ARGS)

rollout: venv-test
	pytest -n $(JOBS) tests/rollout $(ARGS)

WITH_KUBERNETES = KUBERNETES_VENV="$$(bash tests/tools/paths.sh venv kubernetes)"
node: venv-node
	$(WITH_KUBERNETES) pytest -n $(JOBS) tests/node $(ARGS)

faults: venv-test
	pytest -n $(JOBS) tests/faults $(ARGS)

# Other histories each time; the seed is printed, and FAULTS_SEED=... make faults, or soak, replays it.
soak: venv-test
	export FAULTS_SCALE=10 FAULTS_SEED="$${FAULTS_SEED:-$$(date +%s)}"; echo "FAULTS_SEED=$$FAULTS_SEED"; \
	pytest -n $(JOBS) tests/faults $(ARGS)

runner: venv-test
	pytest -n $(JOBS) tests/runner $(ARGS)

awx: venv-test
	@bash tests/tools/venv.sh awx tools
	@venv=$$(bash tests/tools/paths.sh venv awx) && "$$venv/bin/python" tests/tools/packaged_collection.py awx.awx "$$venv/collections"
	AWX_VENV=$$(bash tests/tools/paths.sh venv awx) pytest -n $(JOBS) tests/awx $(ARGS)

eda: venv-test
	@bash tests/tools/venv.sh eda tools
	EDA_VENV=$$(bash tests/tools/paths.sh venv eda) pytest -n $(JOBS) tests/eda $(ARGS)

sanity units integration: venv-test
	bash tests/ansible-test.sh '$(CORE)' $@ $(ARGS)

types: venv-test
	mypy

# pip-audit asks an advisory service on the network; where there is none, AUDIT=bandit leaves it out.
AUDIT ?= bandit pip-audit
audit:
	@bash tests/tools/venv.sh audit tools
	bash tests/tools/audit.sh $(AUDIT)

bench: venv-test
	python tests/benchmark/benchmark.py $(ARGS)

docs: venv-demo
	@bash tests/tools/venv.sh docs tools
	"$$(bash tests/tools/paths.sh venv docs)/bin/python" docs/site/build.py

# Needs Chromium, which CHROMIUM may name, and npm.
browser: docs
	@bash tests/tools/venv.sh browser tools
	python tests/browser/report_pages.py dist/report
	npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund --silent
	"$$(bash tests/tools/paths.sh venv browser)/bin/pytest" -n $(JOBS) --dist worksteal --confcutdir tests/browser tests/browser $(ARGS)

# docs/images/plan.svg and run.svg, from real runs of the demo.
pictures: venv-test
	python tests/demo/pictures.py

docs-test: venv-test
	pytest -n $(JOBS) --dist worksteal tests/documentation $(ARGS)

api-coverage: venv-test
	PYTHONPATH=tests:'$(SCRATCH)/collections' python -m documentation.api_coverage

build: venv-demo
	ansible-galaxy collection build --force --output-path dist
	python tests/tools/tree.py artifact "$(ARTIFACT)"

ARTIFACT = dist/modelarts-liteserver-$$(sed -n 's/^version: *//p' galaxy.yml).tar.gz

artifact-test: build
	python tests/artifact/artifact_test.py "$(ARTIFACT)" '$(CORE)' "$$(bash tests/tools/find-python.sh '$(CORE)')"

release-check: venv-test
	python tests/tools/release_check.py .

importer: venv-demo
	@bash tests/tools/venv.sh importer tools
	bash tests/tools/importer.sh

venv-demo:
	@bash tests/tools/venv.sh '$(CORE)' demo

# After venv-demo, and not beside it, under "make -j".
venv-test: venv-demo
	@bash tests/tools/venv.sh '$(CORE)' test

venv-node: venv-test
	@bash tests/tools/venv.sh kubernetes tools
	@venv=$$(bash tests/tools/paths.sh venv kubernetes) && "$$venv/bin/python" tests/tools/packaged_collection.py kubernetes.core "$$venv/collections"

pins:
	bash tests/tools/pin.sh '$(CORE)'

clean:
	for pins in tests/requirements/constraints-*.txt; do \
	  name=$${pins#*constraints-}; rm -rf "$$(bash tests/tools/paths.sh venv "$${name%.txt}")" .venv-"$${name%.txt}"; \
	done
	rm -rf '$(SCRATCH)'
	rmdir "$$(dirname '$(SCRATCH)')" 2>/dev/null || true
	rm -rf .ansible .venv .hypothesis .nox dist tests/output tests/browser/node_modules
	find plugins tests -name __pycache__ -prune -exec rm -rf {} +
