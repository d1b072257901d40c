# shellcheck shell=bash
# Calls Azure DevOps' REST API as the build itself: SYSTEM_ACCESSTOKEN, SYSTEM_COLLECTIONURI, SYSTEM_TEAMPROJECTID.
set -euo pipefail

# api METHOD PATH [BODY [CONTENT_TYPE]]: PATH below the project. The token reaches curl by its standard input.
api() {
  curl --fail --silent --show-error --config - --request "$1" --url "$SYSTEM_COLLECTIONURI$SYSTEM_TEAMPROJECTID/_apis/$2" \
    --header "Content-Type: ${4:-application/json}" ${3:+--data-binary "$3"} \
    <<<"header = \"Authorization: Bearer $SYSTEM_ACCESSTOKEN\""
}
