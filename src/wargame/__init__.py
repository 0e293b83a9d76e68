"""A simulator of the autumn-2022 nuclear crisis over Ukraine: actors on Glasl's ladder.

For scripts and notebooks: `import wargame as wg`, then `wg.batch`, `wg.open`, `wg.run`, `wg.load`
(see `wargame.api`). They are imported when first used.
"""

import os
from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# The engine's matrices are small: threads inside one product only get in each other's way, and on
# a busy machine they make a turn three times as slow. NumPy's libraries read this when they are
# first imported; whoever sets it beforehand is obeyed.
for _threads in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_threads, "1")

_SCRIPT = ("batch", "load", "open", "run")


def __getattr__(name: str) -> Any:
    if name in _SCRIPT:
        return getattr(import_module("wargame.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_SCRIPT})
