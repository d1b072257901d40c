#!/usr/bin/env bash
# approvals.sh PULL_REQUEST AUTHOR: the approving labels that somebody else than the author has put there, a token a line.
# GH_TOKEN (pull-requests: read) and GITHUB_REPOSITORY say as whom and where.
# shellcheck source=pipelines/lib.sh
source "$(dirname "$0")/../lib.sh"
gh api --paginate --slurp "repos/$GITHUB_REPOSITORY/issues/$1/events" | module policy.gate.labels --author "$2"
