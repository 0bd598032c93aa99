# `make run` starts Mailsink, `make test` tests it; both set up what they need first.

PYTHON := .venv/bin/python

.PHONY: run test lint bench lock interop fuzz
.PHONY: setup setup-dev programs

run: setup
	@exec $(PYTHON) manage.py serve

test: setup-dev programs
	@tools/test

lint: setup-dev
	@tools/lint

bench: setup-dev
	@$(PYTHON) -m bench

# Rules with real mail clients, and inputs made up at length: apart from `make test`.
interop: setup-dev programs
	@$(PYTHON) -m pytest tests/interop

fuzz: setup-dev
	@$(PYTHON) -m pytest tests/fuzz

# The locks hold for Python 3.11 and later, on Linux and macOS.
lock: setup-dev
	@tools/lock

setup:
	@tools/setup requirements.txt

setup-dev:
	@tools/setup requirements-dev.txt

programs:
	@tools/programs
