"""``python -m workload.managed_identity_v2``, or ``python -m managed_identity_v2`` where it is installed by itself."""

import sys

from .command_line import main

sys.exit(main())
