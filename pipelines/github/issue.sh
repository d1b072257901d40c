#!/usr/bin/env bash
# issue.sh STACK [FILE]: the one open issue about a stack's drift: made or brought up to date with FILE, closed without.
# GH_TOKEN (issues: write) and GITHUB_REPOSITORY say as whom and where.
set -euo pipefail
stack="$1" file="${2:-}"
title="Drift: stack $stack is not as it was deployed"
export title
open="$(gh api --paginate "repos/$GITHUB_REPOSITORY/issues?state=open&creator=github-actions%5Bbot%5D" \
  --jq '.[] | select(.pull_request == null and .title == env.title) | .number' | head -n 1)"
if [ -n "$file" ] && [ -n "$open" ]; then
  gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/$open" --field "body=@$file" --silent
elif [ -n "$file" ]; then
  gh api --method POST "repos/$GITHUB_REPOSITORY/issues" --field "title=$title" --field "body=@$file" --silent
elif [ -n "$open" ]; then
  gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/$open" --field state=closed --silent
fi
