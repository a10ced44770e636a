#!/usr/bin/env bash
# Puts Debian 11's C library (2.31) into /opt/sandfit-old-glibc: its dynamic linker still looks at NT_GNU_ABI_TAG, which is what
# abi-tag is about. Needs root and apt. Fails where Debian's mirrors no longer have that suite: the run of that fault must not go
# unnoticed.
set -euo pipefail

readonly FOLDER=/opt/sandfit-old-glibc
[ -d "$FOLDER" ] && exit 0

# shellcheck source=scripts/debian.sh
. "$(dirname "$0")/debian.sh"

work=$(mktemp -d)
if (set -e; download bullseye "$work" libc6/bullseye) && [ -e "$work/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" ]; then
  mkdir -p "$FOLDER"
  cp -a "$work"/lib/x86_64-linux-gnu/. "$FOLDER/"
else
  rm -rf "$work"
  echo "install-old-glibc: Debian 11's libc6 cannot be had, which the run of abi-tag's fault needs" >&2
  exit 1
fi
rm -rf "$work"
