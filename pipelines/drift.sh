#!/usr/bin/env bash
# drift.sh STACK OUT: as an identity that only reads, says what somebody changed by hand.
# shellcheck source=pipelines/lib.sh
source "$(dirname "$0")/lib.sh"
module policy.deploy --stack "$1" --directory "$PROGRAM" --out "$2" drift
