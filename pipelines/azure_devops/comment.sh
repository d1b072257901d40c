#!/usr/bin/env bash
# comment.sh PULL_REQUEST FILE: one comment for each stack, found again by its first line, and brought up to date.
# Needs curl and jq, BUILD_REPOSITORY_ID and what lib.sh says. Source: "Pull Request Threads" (REST API 7.1).
# shellcheck source=pipelines/azure_devops/lib.sh
source "$(dirname "$0")/lib.sh"
threads="git/repositories/$BUILD_REPOSITORY_ID/pullRequests/$1/threads"
marker="$(head -n 1 "$2")"
mine="$(api GET "$threads?api-version=7.1" | jq --raw-output --arg marker "$marker" \
  '[.value[] | select(.isDeleted | not) | select((.comments[0].content // "") | startswith($marker)) | .id][0] // empty')"
if [ -n "$mine" ]; then
  api PATCH "$threads/$mine/comments/1?api-version=7.1" "$(jq --null-input --rawfile text "$2" '{content: $text}')" >/dev/null
else
  api POST "$threads?api-version=7.1" "$(jq --null-input --rawfile text "$2" \
    '{status: "active", comments: [{parentCommentId: 0, commentType: "text", content: $text}]}')" >/dev/null
fi
