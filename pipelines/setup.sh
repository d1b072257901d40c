#!/usr/bin/env bash
# Makes the program's Python environment where Pulumi.yaml expects it. The engine is on PATH already.
set -euo pipefail
cd "$(dirname "$0")/.."
python3 -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
