"""``python -m local_azure``."""

import sys

from local_azure.cli import main

sys.exit(main())
