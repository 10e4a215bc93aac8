# `make check` is what CI runs, in the active environment (`pip install -e ".[dev]"`), and after it
# `make check-readers`, where a compiled reader can be built.
PYTHON ?= python
FOLDER ?= examples
READERS ?= compiled pure
READING = tests/rules/test_composer.py tests/rules/test_composition.py tests/rules/test_reader.py \
  tests/rules/policy tests/linter tests/test_acceptance.py tests/test_cases.py
OF_RULES := tests/rules $(wildcard tests/test_*.py)
PARALLEL ?= --numprocesses=auto --dist=loadfile
CONTROL_PLANE ?= .control-plane
KUBERNETES ?= v1.37.2

.PHONY: check format lint types contracts generate generated goldens docs test reader check-readers load soak bench control-plane

check: lint types contracts generated test

format:
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

lint:
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .

types:
	$(PYTHON) -m mypy

contracts:
	lint-imports

generate:
	$(PYTHON) -m linter.generate
	$(PYTHON) -m webhook.commands.generate

generated:
	$(PYTHON) -m linter.generate --check
	$(PYTHON) -m webhook.commands.generate --check

# What `mlgate lint` makes of the bad cases, beside them: read the difference before it is committed.
goldens:
	$(PYTHON) -m tests.goldens

# The site of the documentation, below site/; a link that leads nowhere fails it.
docs:
	$(PYTHON) -m mkdocs build --strict

# On all processors, a file on one of them, where what it has read once is kept, and the control plane
# of its process. Coverage, which takes half as long again, is measured of the rules, and by the tests
# that are about them.
test:
	$(PYTHON) -m pytest $(PARALLEL) --cov --cov-report= $(OF_RULES)
	$(PYTHON) -m coverage report
	$(PYTHON) -m pytest $(PARALLEL) --ignore=tests/e2e $(addprefix --ignore=,$(OF_RULES)) tests
	$(PYTHON) -m pytest $(PARALLEL) tests/e2e

# The compiled reader, in place. Cython is in the dev extra; the header of libyaml is the system's
# (libyaml-dev, libyaml-devel, yaml-dev).
reader:
	$(PYTHON) -m pip install --quiet --no-deps --no-build-isolation --editable .
	MLGATE_READER=compiled $(PYTHON) -m linter --version --verbose

# What reads, with each reader. `make test` tests everything, with the compiled one if it is there.
check-readers: reader
	for one in $(READERS); do \
	  MLGATE_READER=$$one $(PYTHON) -m pytest --quiet $(PARALLEL) $(READING) || exit 1; \
	done

# Faults under load, damaged bodies and texts, and how the time of a review grows: about twenty minutes.
load:
	$(PYTHON) -m pytest -m load -rA tests/load

soak:
	$(PYTHON) -m pytest -m soak -s tests/load

# On the manifests of FOLDER; any will do. kube-linter is measured beside where it is on PATH.
bench:
	for one in reading linting memory judging; do \
	  echo "== $$one"; $(PYTHON) -m bench.$$one $(FOLDER) || exit 1; \
	done
	for one in reviewing admission "scanning 1000 10000" "cluster_scanning 1000" dashboard; do \
	  echo "== $$one"; $(PYTHON) -m bench.$$one || exit 1; \
	done

# kube-apiserver, kube-controller-manager, kubectl and etcd for tests/e2e; about five minutes once.
control-plane:
	tests/e2e/control_plane/build.sh $(CONTROL_PLANE) $(KUBERNETES)
