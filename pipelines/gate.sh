#!/usr/bin/env bash
# gate.sh STACK OUT COMMIT [APPROVALS [POOL]]: judges the preview in OUT. Needs no credentials, and no network.
# shellcheck source=pipelines/lib.sh
source "$(dirname "$0")/lib.sh"
stack="$1" out="$2" commit="$3" approvals="${4:-}" pool="${5:-}"
# Whatever the gate comes to: nothing that a preview brought along under these names is taken for its word.
rm -rf "$out/comment.md" "$out/gate.sarif" "$out/gate.json"
module policy.gate "$out/preview.json" --events "$out/events.jsonl" --stack "$stack" --commit "$commit" \
  --markdown "$out/comment.md" --sarif "$out/gate.sarif" --json "$out/gate.json" \
  ${approvals:+--approvals "$approvals"} ${pool:+--destroying "$pool"}
