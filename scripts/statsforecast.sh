#!/usr/bin/env bash
# Makes .tools/statsforecast, an environment for the forecasts that ours are measured beside; says so where it can't.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -x .tools/statsforecast/bin/python ] && .tools/statsforecast/bin/python -c 'import statsforecast' 2>/dev/null && exit 0
rm -rf .tools/statsforecast
.venv/bin/python -m venv --without-pip .tools/statsforecast
.venv/bin/python -m pip --python .tools/statsforecast/bin/python install -qq --disable-pip-version-check \
  --require-hashes -r requirements/bench.txt || {
  rm -rf .tools/statsforecast
  echo "statsforecast can't be installed here: AutoETS and AutoTheta are not compared" >&2
}
