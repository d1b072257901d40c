#!/usr/bin/env bash
# preview.sh STACK OUT [--destroy]: previews as an identity that only reads, and records what of.
# shellcheck source=pipelines/lib.sh
source "$(dirname "$0")/lib.sh"
deployment "$1" "$2" preview "${@:3}"
