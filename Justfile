# What there is to run; `just` alone lists it. Recipes take what follows them as arguments: `just test tests/measure`.

_default:
    @just --list --unsorted

# style, types, import contracts
lint:
    ruff check .
    ruff format --check .
    mypy
    lint-imports

# tests and doctests, of all or of some files
test *arguments:
    pytest -q -n auto {{arguments}}

# everything that a fresh machine does: install, all tests, site, notebooks, lint
ci:
    .ci/run

# the site, into build/site; a warning is an error
docs:
    sphinx-build -W --keep-going -b html docs build/site

# write what the commands of pages print into them
pages +pages="README.md docs/tutorial.md":
    python scripts/run_pages.py {{pages}}

# execute notebooks from their sources: all, or those whose numbers are given
notebooks *numbers:
    python notebooks/execute.py {{numbers}}

# benchmarks, of all or of some files
bench *arguments="benchmarks":
    pytest {{arguments}}

# search the catalogue of points again and write it; hours
catalogue:
    python scripts/make_catalogue.py
