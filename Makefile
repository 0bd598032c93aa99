# `make run` starts Mailsink, `make test` tests it; both first install the packages they need.

PYTHON := .venv/bin/python
# Otherwise each program, and each process of the tests, would compile all its imports.
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

# The tests that `make test` leaves out, since they need much time by nature.
long: setup-dev programs
	@tools/test long

lint: setup-dev setup-scripts
	@tools/lint

bench: setup-dev
	@tools/programs bench
	@$(PYTHON) -m bench

# Not part of `make test`: real mail clients, and much generated input.
interop: setup-dev
	@tools/programs interop
	@$(PYTHON) -m pytest tests/interop

fuzz: setup-dev
	@$(PYTHON) -m pytest -m hypothesis --hypothesis-profile=fuzz

# Faults with long tests.
faults: setup-dev
	@tools/programs faults
	@$(PYTHON) -m pytest tests/faults

# All tests with a browser, behind nginx at /a/b/: `make subpath HOW=keep` for only one way.
HOW ?= keep strip
subpath: setup-dev programs
	@for how in $(HOW); do SERVER_BEHIND=$$how $(PYTHON) -m pytest tests/e2e || exit; done

# The file that `pip` and `pipx` install: dist/*.whl, with the same octets in every build.
wheel: setup-dev
	@$(PYTHON) -m hatchling build --target wheel

# The locks are valid for Python 3.11 and later, on Linux and macOS.
lock: setup-dev
	@tools/lock

setup:
	@tools/setup requirements.txt

setup-dev:
	@tools/setup requirements-dev.txt

# The tools that check the scripts; none of them is served.
setup-scripts:
	@tools/npm .

programs:
	@tools/programs
