#!/usr/bin/env bash
# deploy.sh STACK OUT [APPROVALS [POOL]]: as the deployer, carries out what OUT/record.json recorded, unless it moved.
# shellcheck source=pipelines/lib.sh
source "$(dirname "$0")/lib.sh"
stack="$1" out="$2" approvals="${3:-}" pool="${4:-}"
deployment "$stack" "$out/again" run --record "$out/record.json" \
  ${approvals:+--approvals "$approvals"} ${pool:+--destroying "$pool"}
