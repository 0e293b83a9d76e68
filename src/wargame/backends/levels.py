"""Which native machine plays in this process, if one was compiled for it.

Asking costs a few milliseconds, for NumPy is not needed to answer.
"""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

__all__ = ["LEVELS", "PLAYER", "SOURCE", "Machine", "file_of", "machine", "source_digest"]

SOURCE = Path(__file__).with_name("machine.c")

LEVELS: dict[str, frozenset[str]] = {
    "avx512": frozenset(
        ("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx2", "bmi1", "bmi2", "fma")
    ),
    "avx2": frozenset(["avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"]),
    "baseline": frozenset(),
}
"""What a library may ask of a processor, the fastest first."""

PLAYER = "WARGAME_PLAYER"
"""The variable by which somebody names a player: ``numpy``, or a level of `LEVELS`."""


def source_digest() -> str:
    """What a library must have been made from to be loaded: SHA-256 of machine.c."""
    return sha256(SOURCE.read_bytes()).hexdigest()


def file_of(level: str) -> Path:
    """Where the library for a level lies."""
    return SOURCE.with_name(f"machine-{level}.so")


@dataclass(frozen=True)
class Machine:
    """What plays here: a level of `LEVELS` and its library, or why there is none."""

    level: str = ""
    loaded: Any = None
    why: str = ""

    def __str__(self) -> str:
        return f"native ({self.level})" if self.loaded else f"NumPy ({self.why})"


@cache
def machine() -> Machine:
    """The native machine of this process, found when it is first asked for."""
    asked = os.environ.get(PLAYER, "")
    if asked == "numpy":
        return Machine(why=f"{PLAYER} asks for it")
    why = "the native machine was not compiled at installation"
    for level, needs in LEVELS.items():
        if (asked and asked != level) or not file_of(level).is_file() or not needs <= _features():
            continue
        try:
            found = ctypes.CDLL(str(file_of(level)))
            found.source.restype = ctypes.c_char_p
            if found.source().decode() == source_digest():
                return Machine(level, found)
            why = "the native machine was compiled from another machine.c"
        except (OSError, AttributeError) as error:
            why = f"the native machine cannot be loaded: {error}"
    return Machine(why=why)


def _features() -> set[str]:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return set()
    line = next((line for line in text.splitlines() if line.startswith("flags")), "")
    return set(line.split())
