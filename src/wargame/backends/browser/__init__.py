"""The machine in a page: machine.c as WebAssembly, and what a page needs to play a program.

machine.js loads and calls it, in a worker or in Node; remote.js starts the worker from a page.
Everything can stand in the page itself, so that nothing need be asked for: docs/machine.md.
"""

from __future__ import annotations

import zlib
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from wargame.backends.levels import SOURCE
from wargame.engine.program import Program
from wargame.engine.program_check import check_program

__all__ = ["WASM", "bytes_of", "packed", "packed_machine", "script", "wasm_digest"]

_FOLDER = Path(__file__).parent
WASM = _FOLDER / "machine.wasm"
MEMORY = _FOLDER / "memory.h"


def wasm_digest() -> str:
    """What machine.wasm must have been made from: SHA-256 of machine.c and memory.h."""
    return sha256(SOURCE.read_bytes() + MEMORY.read_bytes()).hexdigest()


def bytes_of(program: Program) -> bytes:
    """A program as machine.js reads it: its words, then its labels, little-endian."""
    words = program.words.astype(program.words.dtype.newbyteorder("<"))
    return words.tobytes() + program.labels.astype("<u8").tobytes()


def packed(program: Program) -> str:
    """A program to stand in a page: base64 of zlib. Raises ProgramError for a faulty one."""
    return _packed(bytes_of(check_program(program)))


@cache
def packed_machine() -> str:
    """machine.wasm to stand in a page: base64 of zlib."""
    return _packed(WASM.read_bytes())


@cache
def script(name: str) -> str:
    """The text of machine.js or remote.js."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def _packed(content: bytes) -> str:
    return b64encode(zlib.compress(content, 9)).decode("ascii")
