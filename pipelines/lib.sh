# shellcheck shell=bash
# What the scripts share. The program is in PROGRAM, by default in this repository itself.
set -euo pipefail
umask 077
repository="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
export PROGRAM="${PROGRAM:-$repository}"

# Runs a module of this repository, whatever the directory.
module() {
  PYTHONPATH="$repository" PYTHONSAFEPATH=1 "$repository/.venv/bin/python" -m "$@"
}

# deployment STACK OUT COMMAND …: policy.deploy with the policy pack, whose rules go into the verdict. How strict they are
# for a stack may stand in policy/pack/STACK.json.
deployment() {
  local stack="$1" out="$2" pack="$repository/policy/pack" configured=()
  shift 2
  [ ! -f "$pack/$stack.json" ] || configured=(--policy-pack-config "$pack/$stack.json")
  module policy.deploy --stack "$stack" --directory "$PROGRAM" --out "$out" \
    --policy-pack "$pack" "${configured[@]}" "$@"
}
