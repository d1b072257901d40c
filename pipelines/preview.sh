#!/usr/bin/env bash
# preview.sh STACK OUT [--destroy]: previews as an identity that only reads, and records what of.
# shellcheck source=pipelines/lib.sh
source "$(dirname "$0")/lib.sh"
stack="$1" out="$2"
shift 2
module policy.deploy --stack "$stack" --directory "$PROGRAM" --out "$out" preview "$@"
