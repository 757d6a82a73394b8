# The commands of the project. `make setup` builds .venv; `make demo`, `make test` and `make bench` call it themselves.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $$p && break; done)
VENV := .venv
STAMP := $(VENV)/.ready

.PHONY: setup demo test lint bench bench-reading clean

setup: $(STAMP)

$(STAMP): setup.cfg constraints.txt tests/setup.sh
	sh tests/setup.sh "$(PYTHON)" $(VENV)
	touch $@

demo: setup
	$(VENV)/bin/intake demo $(ARGS)

test: setup
	sh tests/packages.sh
	$(VENV)/bin/ruff check .
	$(VENV)/bin/lint-imports
	$(VENV)/bin/python -m pytest $(ARGS)

bench: setup
	sh tests/packages.sh
	PYTHONPATH=.:tests $(VENV)/bin/python bench/run.py $(ARGS)

bench-reading: setup
	sh tests/packages.sh reading
	PYTHONPATH=.:tests $(VENV)/bin/python bench/reading.py $(ARGS)

clean:
	rm -rf $(VENV) build *.egg-info
