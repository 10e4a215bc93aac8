# `make check` is exactly what CI runs, in the active environment (`pip install -e '.[dev]'`).
PYTHON ?= python
CONTROL_PLANE ?= .control-plane
KUBERNETES ?= v1.37.2

.PHONY: check format lint types contracts generate generated goldens test bench control-plane

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

test:
	$(PYTHON) -m coverage erase
	$(PYTHON) -m coverage run -m pytest
	$(PYTHON) -m coverage report

# Not among them: bench.soaking, which takes 20 minutes.
bench:
	for one in reading linting fixes reviewing admission faults fuzzing growing; do \
	  echo "== $$one"; $(PYTHON) -m bench.$$one || exit 1; \
	done

# kube-apiserver, kube-controller-manager, kubectl and etcd for tests/e2e; about five minutes once.
control-plane:
	tests/e2e/control_plane/build.sh $(CONTROL_PLANE) $(KUBERNETES)
