#!/usr/bin/env bash
# Puts the releases of gVisor's runsc that Sandfit was run in on this machine, each as /opt/gvisor/DATE/runsc. Which there are, and where
# each comes from, is read from src/gvisor/releases: "debian SUITE", or "go MODULE@VERSION", built by `go install` through the Go module
# proxy. With --list it only prints them.
# Needs root and apt (Debian, or Ubuntu with debian-archive-keyring). Does nothing for a release that is there already.
# Without one that has to be built it only says so; with REQUIRE_NEWEST=1 it then fails.
set -euo pipefail

readonly ROOT=/opt/gvisor
# list: "DATE debian SUITE" or "DATE go MODULE@VERSION" for each release that was run, oldest first. Their files have a field a line.
list() {
  sed -n -e 's/^  "version": "\(.*\)",$/\1/p' -e 's/^  "from": "\(.*\)",$/\1/p' "$(dirname "$0")"/../src/gvisor/releases/*.json | paste -d ' ' - -
}

if [ "${1:-}" = --list ]; then
  list
  exit 0
fi

# shellcheck source=scripts/debian.sh
. "$(dirname "$0")/debian.sh"

# from_debian SUITE DATE: the runsc of a suite
from_debian() {
  local work
  [ -x "$ROOT/$2/runsc" ] && return 0
  work=$(mktemp -d)
  download "$1" "$work" runsc
  install -D -m 755 "$work/usr/bin/runsc" "$ROOT/$2/runsc"
  rm -rf "$work"
}

# find_go FOLDER: prints a go that can fetch the toolchain it needs by itself (1.21 or newer); Debian 13's, unpacked, where there is none
find_go() {
  local go
  for go in "$(command -v go || true)" /usr/local/go/bin/go /usr/lib/go-1.*/bin/go; do
    [ -x "$go" ] && "$go" version | grep -qE 'go1\.(2[1-9]|[3-9][0-9])' && echo "$go" && return 0
  done
  download trixie "$1" golang-1.24-go golang-1.24-src >&2 && echo "$1/usr/lib/go-1.24/bin/go"
}

# from_go MODULE@VERSION DATE: built in folders of its own, so that nothing is left behind
from_go() {
  local work go
  [ -x "$ROOT/$2/runsc" ] && return 0
  work=$(mktemp -d)
  if go=$(find_go "$work/go") &&
    CGO_ENABLED=0 GOTOOLCHAIN=auto GOFLAGS=-modcacherw GOBIN="$work/bin" GOPATH="$work/path" GOCACHE="$work/cache" "$go" install "$1"; then
    install -D -m 755 "$work/bin/runsc" "$ROOT/$2/runsc"
    rm -rf "$work"
    return 0
  fi
  rm -rf "$work"
  return 1
}

while read -r date kind source; do
  if [ "$kind" = debian ]; then
    from_debian "$source" "$date" </dev/null
  elif ! from_go "$source" "$date" </dev/null; then
    echo "install-gvisor: $source could not be built; what is installed goes without it" >&2
    [ "${REQUIRE_NEWEST:-0}" = 1 ] && exit 1
  fi
  # A build by `go install` calls its version VERSION_MISSING; what it was made from is the pinned version.
  runsc="$ROOT/$date/runsc"
  [ ! -x "$runsc" ] || echo "$runsc: $("$runsc" --version | head -n 1 | sed "s|VERSION_MISSING|${source#*@}, by go install|")"
done < <(list)
