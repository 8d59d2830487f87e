#!/usr/bin/env bash
# Fetches the peers that tests talk to into .tools. At home a peer that can't be had skips its tests; in CI it fails.
set -euo pipefail
cd "$(dirname "$0")/.."
for name in prometheus prometheus-alertmanager prometheus-node-exporter redis-tools liblzf1 libjemalloc2 prometheus-process-exporter; do
  scripts/debian.sh "$name" || [ -z "${CI:-}" ] || exit 1
done
# What benchmarks/faults loads a machine with, and the libraries that few machines have. No test needs it.
for name in stress-ng libegl1 libgbm1 libgles2 libglvnd0 libipsec-mb1 libjudydebian1 libsctp1; do
  scripts/debian.sh "$name" || { echo "no $name here: benchmarks.faults leaves some faults out" >&2; break; }
done
scripts/postgresql.sh || [ -z "${CI:-}" ] || exit 1
# A browser is no single package to unpack: root installs it with what it needs, others install it themselves.
if ! command -v chromium >/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    { apt-get -q -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -q install --no-install-recommends chromium fonts-noto-cjk; } \
      >/dev/null || [ -z "${CI:-}" ] || exit 1
  else
    echo "no chromium here: the web page's tests are skipped (apt-get install chromium)" >&2
    [ -z "${CI:-}" ] || exit 1
  fi
fi
schema=.tools/grafana-schema
if [ ! -e "$schema/node_modules/@grafana/schema" ]; then
  npm install --prefix "$schema" --ignore-scripts --no-audit --no-fund --loglevel=error @grafana/schema@11.6.0 typescript@5.7.3 \
    >/dev/null || [ -z "${CI:-}" ] || exit 1
fi
mcp=.tools/mcp-grafana
if [ ! -e "$mcp/bin/mcp-grafana" ]; then
  .venv/bin/python -m venv --without-pip "$mcp" &&
    .venv/bin/python -m pip --python "$mcp/bin/python" install -qq --disable-pip-version-check mcp-grafana==2.1.1 ||
    [ -z "${CI:-}" ] || exit 1
fi
