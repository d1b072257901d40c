#!/usr/bin/env bash
# sarif.sh FILE COMMIT REF: hands the findings to code scanning. GH_TOKEN (security-events: write), GITHUB_REPOSITORY.
set -euo pipefail
packed="$(mktemp)"
trap 'rm -f "$packed"' EXIT
gzip --stdout "$1" | base64 --wrap=0 >"$packed"
gh api --method POST "repos/$GITHUB_REPOSITORY/code-scanning/sarifs" --silent \
  --field "commit_sha=$2" --field "ref=$3" --field "sarif=@$packed"
