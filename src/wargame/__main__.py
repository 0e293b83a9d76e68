"""``python -m wargame`` is the same as ``wargame``."""

import sys

from wargame.cli import main

sys.exit(main())
