#!/usr/bin/env bash
# approvals.sh PULL_REQUEST AUTHOR BRANCH: the approving labels that somebody else has put there than who opened the pull
# request or pushed to its branch, a token a line. Commits do not say who pushed them; GitHub's "List repository
# activities" does. GH_TOKEN (pull-requests: read, contents: read) and GITHUB_REPOSITORY say as whom and where.
# shellcheck source=pipelines/lib.sh
source "$(dirname "$0")/../lib.sh"
pushed="$(gh api --method GET --paginate "repos/$GITHUB_REPOSITORY/activity" --raw-field "ref=refs/heads/$3" \
  --raw-field per_page=100 --jq '.[].actor.login // empty')" || pushed=""
if [ -z "$pushed" ]; then
  echo "approvals.sh: nobody knows who pushed to $3, so that no label counts" >&2
  exit 0
fi
authors=(--author "$2")
while read -r each; do authors+=(--author "$each"); done <<<"$pushed"
gh api --paginate --slurp "repos/$GITHUB_REPOSITORY/issues/$1/events" | module policy.gate.labels "${authors[@]}"
