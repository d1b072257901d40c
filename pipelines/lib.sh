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
