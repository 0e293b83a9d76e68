"""A simulator of the autumn-2022 nuclear crisis over Ukraine: actors on Glasl's ladder.

For scripts and notebooks: `import wargame as wg`, then `wg.batch`, `wg.open_results`, `wg.run`,
`wg.load` and what else `dir(wg)` names (docs/script.md). They are imported when first used.
"""

import os
import warnings
from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# The engine's matrices are small: threads inside one product only get in each other's way, and on
# a busy machine they make a turn three times as slow. NumPy's libraries read this when they are
# first imported; whoever sets it beforehand is obeyed.
for _threads in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_threads, "1")

_HOMES = {
    "api": (
        *("batch", "calibrate", "check", "fork", "odds", "open_results", "open_run", "run"),
        *("sensitivity", "Results", "Run"),
    ),
    "compiler": ("compile_scenario",),
    "content.load": ("load",),
    "engine.scenario": ("Scenario",),
    "errors": ("OrderError", "ReplayError", "SpecError", "StoreError", "WargameError"),
    "replay.mesa_model": ("Actor", "Crisis"),
}
_FACE = {name: f"wargame.{home}" for home, names in _HOMES.items() for name in names}

__all__ = sorted(_FACE)


def __getattr__(name: str) -> Any:
    if name in _FACE:
        return getattr(import_module(_FACE[name]), name)
    if name == "open":
        warnings.warn("wg.open is now wg.open_results", DeprecationWarning, stacklevel=2)
        return __getattr__("open_results")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
