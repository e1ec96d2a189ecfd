# `make help` says what there is. Needs Python >= 3.11 (PYTHON=… names one) and make; everything else is fetched
# into .venv. ARGS=… goes on to the command behind a target, for example `make test ARGS="-k points"`.

.DEFAULT_GOAL := help
.PHONY: help demo pages test prove bench check migration lock clean environment
MAKEFLAGS += --no-print-directory
RUN := .venv/bin/python

help: ## This list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r target text; do \
		printf '  make %-10s %s\n' "$$target" "$$text"; done

demo: environment ## Run everything on this machine and play a short story; Ctrl-C stops it
	@$(RUN) scripts/pages.py --if-possible
	@$(RUN) -m app.cli demo $(ARGS)

pages: environment ## Check and build the pages of web/ (ARGS=staff: only these)
	@$(RUN) scripts/pages.py $(ARGS)

test: environment ## Tests: seconds to a few minutes
	@$(RUN) -m pytest -n 2 $(ARGS)

prove: environment ## Tests that take long: crashes, races, endurance
	@$(RUN) -m pytest -m prove -n 0 $(ARGS)

bench: environment ## Benchmarks
	@$(RUN) -m benchmarks $(ARGS)

check: environment ## Style, types and the rules of who imports whom
	@$(RUN) scripts/check.py

migration: environment ## NAME=what_changes: write a migration for changed models
	@test -n "$(NAME)" || { echo 'usage: make migration NAME=what_changes' >&2; exit 2; }
	@$(RUN) -m app.cli migration "$(NAME)" $(ARGS)

lock: ## Write requirements.lock anew from pyproject.toml (ARGS=--upgrade: newest versions)
	@sh scripts/environment.sh lock $(ARGS)

clean: ## Remove the data, the environment and all caches; stops nothing
	@sh scripts/clean.sh

environment:
	@sh scripts/environment.sh
