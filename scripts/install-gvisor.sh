#!/usr/bin/env bash
# Puts three releases of gVisor's runsc on this machine:
#   /opt/gvisor/20221219/runsc   from Debian 12 (default platform ptrace, no systrap)
#   /opt/gvisor/20240729/runsc   from Debian 13 (default platform systrap)
#   /opt/gvisor/20260905/runsc   built by `go install` at a pinned version, through the Go module proxy
# Needs root and apt (Debian, or Ubuntu with debian-archive-keyring). Does nothing for a release that is there already.
# Without the newest it only says so; with REQUIRE_NEWEST=1 it then fails.
set -euo pipefail

readonly ROOT=/opt/gvisor
readonly NEWEST_DATE=20260905
readonly NEWEST=gvisor.dev/gvisor/runsc@v0.0.0-20260905035102-160fafc42237

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

# build_newest: the pinned version, in folders of its own, so that nothing is left behind
build_newest() {
  local work go
  [ -x "$ROOT/$NEWEST_DATE/runsc" ] && return 0
  work=$(mktemp -d)
  if go=$(find_go "$work/go") &&
    CGO_ENABLED=0 GOTOOLCHAIN=auto GOFLAGS=-modcacherw GOBIN="$work/bin" GOPATH="$work/path" GOCACHE="$work/cache" "$go" install "$NEWEST"; then
    install -D -m 755 "$work/bin/runsc" "$ROOT/$NEWEST_DATE/runsc"
    rm -rf "$work"
    return 0
  fi
  rm -rf "$work"
  return 1
}

from_debian bookworm 20221219
from_debian trixie 20240729
if ! build_newest; then
  echo "install-gvisor: the newest release ($NEWEST) could not be built; what is installed goes without it" >&2
  [ "${REQUIRE_NEWEST:-0}" = 1 ] && exit 1
fi
for runsc in "$ROOT"/*/runsc; do
  # A build by `go install` calls its version VERSION_MISSING; what it was made from is the pinned version.
  echo "$runsc: $("$runsc" --version | head -n 1 | sed "s|VERSION_MISSING|${NEWEST#*@}, by go install|")"
done
