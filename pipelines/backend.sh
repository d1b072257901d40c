#!/usr/bin/env bash
# backend.sh STACK: refuses a state, or a key to its secrets, that would be lost with the pool it describes.
# shellcheck source=pipelines/lib.sh
source "$(dirname "$0")/lib.sh"
module policy.backend --stack "$1" --directory "$PROGRAM" ${ARM_SUBSCRIPTION_ID:+--subscription "$ARM_SUBSCRIPTION_ID"}
