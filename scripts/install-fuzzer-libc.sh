#!/usr/bin/env bash
# Puts Debian 13's C library into /opt/sandfit-fuzz, for jazzer.js, whose library asks for glibc 2.38 or newer. Nothing else
# uses it. Needs root and apt. Does nothing where it is there already, or where the system's own is new enough.
set -euo pipefail

readonly FOLDER=/opt/sandfit-fuzz

# shellcheck source=scripts/debian.sh
. "$(dirname "$0")/debian.sh"

version=$(getconf GNU_LIBC_VERSION | cut -d' ' -f2)
if [ "$(printf '2.38\n%s\n' "$version" | sort -V | head -n 1)" = 2.38 ] || [ -d "$FOLDER" ]; then exit 0; fi
work=$(mktemp -d)
download trixie "$work" libc6 libstdc++6 libgcc-s1
mkdir -p "$FOLDER"
cp -a "$work/usr" "$FOLDER/"
rm -rf "$work"
