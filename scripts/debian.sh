#!/usr/bin/env bash
# Unpacks Debian or Ubuntu packages into .tools/NAME without root, without installing, without starting a service:
#   scripts/debian.sh NAME [NAME ...]
# apt keeps its lists in .tools/apt, so a machine that never ran 'apt-get update', or a user who may not, works too.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v apt-get >/dev/null && command -v dpkg >/dev/null ||
  { echo "no apt-get here: install $* with your system's own packages" >&2; exit 1; }
root=$PWD/.tools
apt=$root/apt
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
options=(-q -q -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User= -o APT::Update::Error-Mode=any)

for name in "$@"; do
  [ -e "$root/$name/.unpacked" ] && continue
  if [ -z "${updated:-}" ]; then
    apt-get "${options[@]}" -o APT::Update::Error-Mode=persistent update >"$apt/update.log" 2>&1 ||
      echo "apt-get update said: $(tail -n 1 "$apt/update.log")" >&2
    updated=yes
  fi
  folder=$(mktemp -d "$apt/XXXXXX")
  (cd "$folder" && apt-get "${options[@]}" download "$name" >"$apt/download.log" 2>&1) ||
    { echo "can't download $name: $(tail -n 1 "$apt/download.log")" >&2; rm -rf "$folder"; exit 1; }
  rm -rf "${root:?}/$name"
  dpkg -x "$folder"/*.deb "$root/$name"
  rm -rf "$folder"
  touch "$root/$name/.unpacked"
done
