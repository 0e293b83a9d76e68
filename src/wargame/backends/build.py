"""Compiles the native machine, where there is a C compiler.

Called when the package is installed, and by ``python -m wargame.backends.build`` after a change
of machine.c. A library is made for each level of the processor that may be there; which one is
loaded is found out when the program runs, so that an environment may travel between machines.
"""

from __future__ import annotations

import os
import platform
import sys

from wargame.backends.levels import LEVELS, SOURCE, file_of, source_digest
from wargame.boundary.programs import compiled

__all__ = ["build"]

_FLAGS = ("-O3", "-std=gnu11", "-fwrapv", "-fPIC", "-shared", "-w")
_MARCH = {"avx512": ("-march=x86-64-v4",), "avx2": ("-march=x86-64-v3",), "baseline": ()}


def build(command: str | None = None) -> str:
    """Make the libraries anew; why there are none, or "" where there are.

    command: the compiler; ``$CC`` or ``cc`` where nothing is said. Whatever goes wrong is told
    and never raised: without them NumPy plays, with the same results.
    """
    wanted = command or os.environ.get("CC") or "cc"
    intel = platform.machine().lower() in ("x86_64", "amd64")
    why = ""
    for level in LEVELS:
        file_of(level).unlink(missing_ok=True)
        if intel or level == "baseline":
            source = [f'-DSOURCE="{source_digest()}"', str(SOURCE)]
            why = compiled(wanted, [*_FLAGS, *_MARCH[level], *source], file_of(level))
    return why  # of the last one, which asks nothing of the processor


if __name__ == "__main__":
    sys.exit(build() or None)
