"""scipy, loaded when a statistic first needs it.

Importing a statistic must stay fast: a command that only prints help, or a replay, should
not wait for half a second of scipy. This is the one place that names its modules.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def special() -> Any:
    """The module scipy.special."""
    return import_module("scipy.special")


def stats() -> Any:
    """The module scipy.stats, which takes about half a second to load."""
    return import_module("scipy.stats")
