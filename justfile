# Lint, types and tests.
default: lint test

lint:
    uv run ruff check .
    uv run ruff format --check .
    uv run mypy

test *ARGS:
    uv run pytest {{ARGS}}

slow:
    uv run pytest -m slow

reference:
    uv run python docs/reference.py

bench NAME:
    uv run python benchmarks/{{NAME}}.py

demo:
    uv run tess demo
