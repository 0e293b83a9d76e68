"""``python -m wargame`` is the same as ``wargame``."""

import sys

from wargame.cli.start import main

if __name__ == "__main__":
    sys.exit(main())
