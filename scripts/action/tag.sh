#!/usr/bin/env bash
# Makes the tag that workflows use, action-vVERSION: HEAD and the built command, so that a job installs nothing.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=$(node -p 'require("./package.json").version')
[ -f dist/cli.cjs ] || { echo "tag: dist is not built" >&2; exit 1; }
git add --force dist/cli.cjs dist/command
tree=$(git write-tree)
git reset --quiet
git tag "action-v$version" "$(git commit-tree "$tree" -p HEAD -m "The action of $version, with the built command")"
echo "action-v$version"
