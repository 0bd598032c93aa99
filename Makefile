# `make run` starts Mailsink, `make test` tests it; both set up what they need first.

PYTHON := .venv/bin/python
# Else each program, and each process of the tests, would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run check test long lint bench lock interop fuzz faults wheel subpath
.PHONY: setup setup-dev setup-scripts programs

run: setup
	@exec $(PYTHON) manage.py serve

# The quick half, for while you work: no browser, no server, no database.
check: lint
	@$(PYTHON) -m pytest -q -n auto tests/smtp tests/mime tests/unit
	@node --test tests/js/*.test.js

test: setup-dev programs
	@tools/test

# The tests that `make test` leaves out, as they are long by nature.
long: setup-dev programs
	@tools/test long

lint: setup-dev setup-scripts
	@tools/lint

bench: setup-dev
	@tools/programs bench
	@$(PYTHON) -m bench

# Apart from `make test`: real mail clients, and made-up input at length.
interop: setup-dev
	@tools/programs interop
	@$(PYTHON) -m pytest tests/interop

fuzz: setup-dev
	@$(PYTHON) -m pytest -m hypothesis --hypothesis-profile=fuzz

# Faults that take long.
faults: setup-dev
	@tools/programs faults
	@$(PYTHON) -m pytest tests/faults

# All tests with a browser, behind nginx at /a/b/: `make subpath HOW=keep` for one way alone.
HOW ?= keep strip
subpath: setup-dev programs
	@for how in $(HOW); do SERVER_BEHIND=$$how $(PYTHON) -m pytest tests/e2e || exit; done

# What `pip` and `pipx` install: dist/*.whl, the same octets whenever it is built.
wheel: setup-dev
	@$(PYTHON) -m hatchling build --target wheel

# The locks hold for Python 3.11 and later, on Linux and macOS.
lock: setup-dev
	@tools/lock

setup:
	@tools/setup requirements.txt

setup-dev:
	@tools/setup requirements-dev.txt

# What checks the scripts; nothing of it is served.
setup-scripts:
	@tools/npm .

programs:
	@tools/programs
