#!/usr/bin/env bash
# comment.sh PULL_REQUEST FILE: one comment for each stack, found again by its first line, and brought up to date.
# GH_TOKEN (pull-requests: write) and GITHUB_REPOSITORY say as whom and where.
set -euo pipefail
pull_request="$1" file="$2"
MARKER="$(head -n 1 "$file")"
export MARKER
comments="repos/$GITHUB_REPOSITORY/issues/$pull_request/comments"
# Only the pipeline's own: anybody can write the same first line.
mine="$(gh api --paginate "$comments" \
  --jq '.[] | select(.user.login == "github-actions[bot]" and (.body | startswith(env.MARKER))) | .id' | head -n 1)"
if [ -n "$mine" ]; then
  gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$mine" --field "body=@$file" --silent
else
  gh api --method POST "$comments" --field "body=@$file" --silent
fi
