"""Makes machine.wasm anew from machine.c: ``make wasm``, after any change of machine.c.

The compiler is Zig's, in the one version that requirements/zig.txt names: what it makes is the
same to the byte wherever it runs, so the file is kept with the sources, and nobody who installs
the package needs the compiler.
"""

from __future__ import annotations

import sys
from pathlib import Path

from wargame.backends.browser import WASM, wasm_digest
from wargame.backends.levels import SOURCE
from wargame.boundary.programs import compiled

__all__ = ["build"]

_CALLS = [f"{name}_{width}" for name in ("begin", "news", "close", "play") for width in (32, 64)]
_EXPORTED = ("source", "aligned_alloc", "keep", "drop", *_CALLS)
_FLAGS = (
    *("-O3", "-std=gnu11", "-fwrapv", "-w"),
    *("-target", "wasm32-freestanding", "-mcpu=generic+simd128+bulk_memory+bulk_memory_opt"),
    *("-Wl,--no-entry", "-Wl,--strip-all", "-Wl,-z,stack-size=1048576"),
    *(f"-Wl,--export={name}" for name in _EXPORTED),
)


def build(to: Path = WASM) -> str:
    """Make it anew; why it cannot be made, or ""."""
    source = [f'-DSOURCE="{wasm_digest()}"', str(SOURCE)]
    return compiled(f"{sys.executable} -m ziglang cc", [*_FLAGS, *source], to)


if __name__ == "__main__":
    sys.exit(build() or None)
