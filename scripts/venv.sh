#!/usr/bin/env bash
# Makes .venv and installs one pinned, hashed list of packages into it: scripts/venv.sh LIST
# Works without python3-venv: Debian splits pip's bootstrap off, so pip then comes from its wheel package.
set -euo pipefail
cd "$(dirname "$0")/.."
list=$1
stamp=.venv/.installed-$(basename "$list" .txt)
[ -e "$stamp" ] && [ "$stamp" -nt "$list" ] && [ "$stamp" -nt pyproject.toml ] && exit 0

find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
    [ -n "$candidate" ] && command -v "$candidate" >/dev/null &&
      "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v "$candidate"; return; }
  done
  echo "OpenManager needs Python 3.11 or newer; install it, or name one: make PYTHON=/path/to/python3" >&2
  return 1
}

pip_without_ensurepip() {
  scripts/debian.sh python3-pip-whl >/dev/null ||
    { echo "this Python has no ensurepip: install python3-venv (apt-get install python3-venv) and run make again" >&2; return 1; }
  local wheel
  wheel=$(ls .tools/python3-pip-whl/usr/share/python-wheels/pip-*.whl | head -n 1)
  .venv/bin/python "$wheel/pip" install --quiet --no-index "$wheel"
}

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
  python=$(find_python)
  echo "making .venv with $("$python" --version)"
  rm -rf .venv
  "$python" -m venv .venv >/dev/null 2>&1 || { rm -rf .venv; "$python" -m venv --without-pip .venv; pip_without_ensurepip; }
fi
echo "installing $(grep -c '==' "$list") pinned packages"
.venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r "$list"
.venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
touch "$stamp"
