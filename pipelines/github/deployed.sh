#!/usr/bin/env bash
# deployed.sh WORKFLOW: the commit that a workflow deployed last. GH_TOKEN (actions: read), GITHUB_REPOSITORY.
set -euo pipefail
found="$(gh api "repos/$GITHUB_REPOSITORY/actions/workflows/$1/runs?status=success&branch=main&per_page=1" \
  --jq '.workflow_runs[0].head_sha // empty')"
[ -n "$found" ] || { echo "deployed.sh: $1 has never deployed" >&2; exit 1; }
echo "$found"
