# Everything starts here. A fresh machine needs only make and Python 3.11 or newer.

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --no-input
PYTEST := $(PY) -m pytest -rsR
# One process per core, each with servers of its own; servers that were given are shared, so then there is one.
# In the order of their folders, so that the slow ones of real processes come first and the cores end together.
AT_ONCE := $(if $(TEST_REDIS_URL)$(TEST_DATABASE_URL),,--numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder)
NODE := node_modules/.installed
STATIC_SOURCES := $(shell find static config/staticfiles.py 2>/dev/null)
FINDS_PYTHON := for p in "$(PYTHON)" python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; p=; done
# Settings as on a public server: `check --deploy` looks at them and connects to nothing.
AS_DEPLOYED := DEBUG=off HTTPS=on ALLOWED_HOSTS=example.com REDIS_URL=redis://localhost:6379/0 \
	DATABASE_URL=postgres://app@localhost/app TRUSTED_PROXIES=1 \
	SECRET_KEY=only-for-this-check-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGH
# Texts of ours, without line numbers and dates: a change of code is then no change of a translation.
NO_TEXTS := $(foreach name,$(VENV) .venv-bench node_modules staticfiles tests var,--ignore $(name))
PO_FORM := --add-location file --no-wrap --no-obsolete

.DEFAULT_GOAL := help
.PHONY: help install run test test-postgres faults scale bench check messages audit format pins screenshots lighthouse
.DELETE_ON_ERROR:

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile
	@echo "  Options: PORT=8000 HOST=127.0.0.1 for run, ARGS=\"-k words\" for the tests, PYTHON=python3.12"

install: $(VENV)/.runtime staticfiles/staticfiles.json ## Only install: .venv and the static files

run: install ## Start everything at http://127.0.0.1:8000 (Ctrl-C stops it)
	@exec $(PY) manage.py serve

test: $(VENV)/.dev staticfiles/staticfiles.json ## Run every test but the slow ones
	@$(PYTEST) -m "not slow" $(AT_ONCE) $(ARGS)

test-postgres: $(VENV)/.dev ## Run the unit tests that use a database on PostgreSQL
	@TEST_DATABASE=postgres $(PYTEST) tests/unit $(AT_ONCE) $(ARGS)

faults: $(VENV)/.dev staticfiles/staticfiles.json ## Run every fault test: kills, hangs and outages of real processes
	@FAULTS_TABLE=$(if $(ARGS),,docs/reliability.md) $(PYTEST) -m faults $(ARGS)

scale: $(VENV)/.dev staticfiles/staticfiles.json ## Run the slow tests: several hosts, rolling restart, backup, as in Docker
	@$(PYTEST) tests/scale $(ARGS)

bench: $(VENV)/.dev .venv-bench/.installed staticfiles/staticfiles.json ## Measure speed and write docs/performance.md
	@$(PY) -m tests.bench $(ARGS)
	@$(PY) -m tests.bench.operator_pages

check: $(VENV)/.dev $(NODE) ## Lint, types, templates, migrations, deployment settings
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	@SECRET_KEY=only-for-types $(PY) -m mypy
	$(VENV)/bin/djade --check --target-version 5.2 $$(find templates images -name '*.html')
	$(AS_DEPLOYED) DATABASE_URL=sqlite:///:memory: $(PY) -W ignore manage.py makemigrations --check --dry-run
	$(AS_DEPLOYED) $(PY) manage.py check --deploy --fail-level WARNING
	$(PY) -m bandit --quiet --recursive --severity-level medium --skip B308,B703 config images workers  # ruff's S308 is the same
	@if [ -f $(NODE) ]; then npm run --silent check; fi

screenshots: $(VENV)/.dev staticfiles/staticfiles.json ## Take the README's screenshot of the running app
	@$(PY) -m tests.screenshots

lighthouse: $(VENV)/.dev staticfiles/staticfiles.json ## Measure three pages with Lighthouse (needs npm, Chromium and the internet)
	@$(PY) -m tests.lighthouse

messages: $(VENV)/.runtime ## Collect the texts for translation and compile them (needs GNU gettext)
	$(PY) manage.py makemessages --all --domain django $(NO_TEXTS) $(PO_FORM)
	$(PY) manage.py makemessages --all --domain djangojs $(NO_TEXTS) $(PO_FORM)
	@for file in locale/*/LC_MESSAGES/*.po; do grep -v '^"POT-Creation-Date' $$file > $$file.tmp; mv $$file.tmp $$file; done
	$(PY) manage.py compilemessages $(NO_TEXTS)

audit: $(VENV)/.dev ## Look for known security holes in the pinned packages (needs the internet)
	$(PY) -m pip_audit --disable-pip --no-deps --requirement requirements.txt

format: $(VENV)/.dev ## Put Python and templates into the common form
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	$(VENV)/bin/djade --target-version 5.2 $$(find templates images -name '*.html')

pins: $(VENV)/.runtime ## Pin the newest versions in the requirements files
	$(PIP) uv
	@for name in requirements requirements-dev requirements-bench; do \
		$(PY) -m uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-emit-package pip \
			--no-emit-index-url --no-emit-find-links --custom-compile-command "make pins" $$name.in -o $$name.txt || exit; done

$(VENV)/.python:
	@$(FINDS_PYTHON); \
	if [ -z "$$p" ]; then echo "Python 3.11 or newer is needed: install it, or name one: make run PYTHON=/path/to/python3" >&2; exit 1; fi; \
	if ! "$$p" -c 'import venv, ensurepip' 2>/dev/null; then \
		echo "This Python has no venv module: install it (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; fi; \
	if ! $(PY) -m pip --version >/dev/null 2>&1; then echo "Making a virtual environment in $(VENV) ..."; "$$p" -m venv --clear $(VENV); fi
	@touch $@

$(VENV)/.runtime: requirements.txt $(VENV)/.python
	@echo "Installing what the app needs (once, about a minute) ..."
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	@echo "Installing what the tests and checks need (once, about a minute) ..."
	@$(PIP) -r requirements-dev.txt
	@touch $@

.venv-bench/.installed: requirements-bench.txt $(VENV)/.runtime
	@echo "Installing the other ways to measure against (once, about a minute) ..."
	@$(PY) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --no-input -r requirements-bench.txt
	@touch $@

$(NODE): package-lock.json
	@if ! command -v npm >/dev/null; then echo "JavaScript is not checked: npm was not found."; \
	elif timeout 120 npm ci --silent --no-audit --no-fund --fetch-retries=1; then touch $@; \
	else echo "JavaScript is not checked: npm could not install the tools for it (npm ci says why)."; fi

staticfiles/staticfiles.json: $(STATIC_SOURCES) $(VENV)/.runtime
	@$(PY) manage.py collectstatic --noinput --verbosity 0
	@touch $@
