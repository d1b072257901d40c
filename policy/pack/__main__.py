"""What Pulumi's engine runs for ``--policy-pack policy/pack``."""

import sys
from pathlib import Path

# The engine runs this file by its path, in this directory; what it imports is named from the repository's root.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pulumi_policy import PolicyPack

from policy.pack.engine import policies
from policy.pack.rules import RULES

PolicyPack(name="managed-hsm", policies=policies(RULES))
