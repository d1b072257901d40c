#!/usr/bin/env bash
# work_item.sh STACK [FILE]: the one open work item about a stack's drift: made or brought up to date with FILE, closed
# without. Needs curl and jq, and what lib.sh says. Source: "Work Items" and "Wiql" (REST API 7.1).
# shellcheck source=pipelines/azure_devops/lib.sh
source "$(dirname "$0")/lib.sh"
title="Drift: stack $1 is not as it was deployed"
query="SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project AND [System.Title] = '${title//\'/\'\'}'
  AND [System.State] <> 'Closed' AND [System.State] <> 'Done'"
open="$(api POST "wit/wiql?api-version=7.1" "$(jq --null-input --arg query "$query" '{query: $query}')" \
  | jq --raw-output '.workItems[0].id // empty')"
patch="application/json-patch+json"
if [ -n "${2:-}" ]; then
  body="$(jq --null-input --arg title "$title" --rawfile text "$2" \
    '[{op: "add", path: "/fields/System.Title", value: $title},
      {op: "add", path: "/fields/System.Description", value: "<pre>\($text | @html)</pre>"}]')"
  if [ -n "$open" ]; then
    api PATCH "wit/workitems/$open?api-version=7.1" "$body" "$patch" >/dev/null
  else
    api POST "wit/workitems/\$Issue?api-version=7.1" "$body" "$patch" >/dev/null
  fi
elif [ -n "$open" ]; then
  api PATCH "wit/workitems/$open?api-version=7.1" '[{"op": "add", "path": "/fields/System.State", "value": "Done"}]' \
    "$patch" >/dev/null
fi
