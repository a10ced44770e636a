#!/usr/bin/env bash
# Packs, checks and publishes the package: scripts/release.sh           tries everything and publishes nothing
#                                         scripts/release.sh --publish  publishes, with provenance
# Provenance (npm's signed link from the package to the run that built it) is made where the run's identity can be had:
# GitHub Actions with `id-token: write`, or GitLab with an id token for SIGSTORE. Elsewhere npm refuses --provenance.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(node -p 'require("./package.json").version')
[ -z "$(git status --porcelain)" ] || { echo "release: the work tree has changes" >&2; exit 1; }
grep -q "VERSION = \"$version\"" src/version.ts || { echo "release: src/version.ts is not $version" >&2; exit 1; }

npm ci --no-audit --no-fund
npm run lint
npm run typecheck
npm run hygiene
npm test

if [ "${1:-}" = --publish ]; then
  grep -q "^## $version" CHANGELOG.md || { echo "release: CHANGELOG.md has no section $version" >&2; exit 1; }
  [ "$(git tag --points-at HEAD)" = "v$version" ] || { echo "release: HEAD is not tagged v$version" >&2; exit 1; }
  npm publish --provenance --access public
  scripts/action/tag.sh
else
  npm publish --dry-run --access public
fi
