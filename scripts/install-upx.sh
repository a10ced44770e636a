#!/usr/bin/env bash
# UPX, whose packed programs must be called healthy: Debian 12 has it in its backports only. Needs root and apt.
set -euo pipefail
command -v upx-ucl >/dev/null && exit 0

# shellcheck source=scripts/debian.sh
. "$(dirname "$0")/debian.sh"

work=$(mktemp -d)
download bookworm-backports "$work" upx-ucl
install -m 755 "$work/usr/bin/upx-ucl" /usr/local/bin/upx-ucl
rm -rf "$work"
