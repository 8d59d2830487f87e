#!/usr/bin/env bash
# Unpacks the PostgreSQL that this system's packages offer, with the libraries it may lack, into .tools.
set -euo pipefail
cd "$(dirname "$0")/.."
compgen -G '.tools/postgresql-*/usr/lib/postgresql/*/bin/postgres' >/dev/null && exit 0
scripts/debian.sh postgresql # says by its name nothing but which version there is
depends() {
  apt-cache -o "Dir::State::lists=$PWD/.tools/apt/lists" -o "Dir::Cache=$PWD/.tools/apt/cache" depends "$1" |
    sed -n "s/^ *|\?Depends: \($2\)$/\1/p"
}
server=$(depends postgresql 'postgresql-[0-9]*' | head -n 1)
[ -n "$server" ] || { echo "no PostgreSQL among this system's packages" >&2; exit 1; }
libraries=$(depends "$server" 'lib\(pq\|icu\|ldap\|xml2\|xslt\).*')
# shellcheck disable=SC2086 # several names
scripts/debian.sh "$server" $libraries
