# Needs python3 and make; everything else is fetched into .tools/ and .venv/.
#   make run    the app with its pretend provider, on http://127.0.0.1:8000
#   make test   the tests, in minutes   make slow   journeys, killed processes, hundreds of seeds
#   make postgresql  those that touch the database, on PostgreSQL
#   make endurance  proofs that take minutes each
#   make manners  a report: every way in which providers differ from their documents
#   make bench  measurements      make check  lint, types, deploy check      make fix  formatting

SHELL := /bin/bash
# Compiled once, not by each of the many processes that the tests start.
export PYTHONDONTWRITEBYTECODE :=
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo .tools/bin/uv)
PYTHON := .venv/bin/python
MANAGE := $(PYTHON) manage.py
INSTALLED := .venv/.installed
TEMPLATES = $(shell find templates -name '*.html')

.PHONY: run test postgresql slow bench endurance manners check fix

run: $(INSTALLED)
	@SANDBOX=on exec $(MANAGE) up --demo

test: $(INSTALLED)
	@$(PYTHON) -m pytest -rs $(ARGS)

# TEST_POSTGRES_URL names the server, e.g. postgres://rushes@127.0.0.1/rushes.
postgresql: $(INSTALLED)
	@DATABASE_URL="$${TEST_POSTGRES_URL:?names the server}" $(PYTHON) -m pytest -rs -m "not bench and not endurance and not manners" $(ARGS)

slow: $(INSTALLED)
	@$(PYTHON) -m pytest -rs -n 3 -m "slow and not bench and not endurance and not manners" $(ARGS)

bench: $(INSTALLED)
	@$(PYTHON) -m pytest -n0 -s -m bench tests/bench tests/processes $(ARGS)

endurance: $(INSTALLED)
	@$(PYTHON) -m pytest -n0 -s -m endurance $(ARGS)

manners: $(INSTALLED)
	@$(PYTHON) -m pytest -n0 -s -m manners tests/processes $(ARGS)

check: $(INSTALLED)
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	@.venv/bin/djade --check --target-version 6.1 $(TEMPLATES)
	$(MANAGE) makemigrations --check --dry-run
	PUBLIC_URL=https://rushes.example EMAIL_HOST=mail.rushes.example $(MANAGE) check --deploy --fail-level WARNING
	@set -e; for po in $$(find generations/locale -name '*.po'); do \
	  msgfmt --check --output-file=- "$$po" | cmp - "$${po%.po}.mo" \
	  || { echo "$$po: compile it (manage.py compilemessages) and commit the .mo"; exit 1; }; done

fix: $(INSTALLED)
	.venv/bin/ruff check --fix
	.venv/bin/ruff format
	.venv/bin/djade --target-version 6.1 $(TEMPLATES)

# uv takes the Python of .python-version, else any that is new enough, else fetches one.
$(INSTALLED): pyproject.toml uv.lock .python-version | $(filter .tools/%,$(UV))
	@python=$$($(UV) python find --no-project --no-python-downloads "$$(cat .python-version)" 2>/dev/null \
	  || $(UV) python find --no-project --no-python-downloads '>=3.12' 2>/dev/null \
	  || cat .python-version); \
	$(UV) sync --quiet --frozen --all-extras --python "$$python"
	@touch $@

.tools/bin/uv:
	@python3 -m pip install --quiet --disable-pip-version-check --target .tools 'uv>=0.9,<1' 2>/dev/null \
	|| { python3 -m venv .tools && .tools/bin/pip install --quiet 'uv>=0.9,<1'; } \
	|| { rm -rf .tools; echo "python3 has neither pip nor venv; on Debian: apt-get install python3-venv"; exit 1; }
