"""What was read and compiled, kept from one command to the next.

Reading and compiling a year of crisis takes a second or two, which is long for somebody who only
wants to look at a log.  What was made once on this machine is therefore kept in a folder of the
user's own, as Python keeps its compiled modules, and trusted for the same reason: nobody else
could have put it there.  A folder or a file that others could write to, or that is a link, is
never read.  Nothing depends on the cache: it may be deleted at any time, and where there can be
none, everything is made anew.

The folder is ``$WARGAME_CACHE``, or ``wargame`` in ``$XDG_CACHE_HOME`` or ``~/.cache``.
"""

from __future__ import annotations

import os
import pickle
import stat
import sys
import zlib
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from wargame.boundary.files import PRIVATE, replaced
from wargame.errors import StoreError

__all__ = ["keep", "kept", "place"]

MOST = 256
"""So many things are kept, a few hundred kilobytes each; the oldest make room."""

Thing = TypeVar("Thing")

_SEAL = sha256().digest_size
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_SUFFIX = ".kept"
_LIBRARIES = ("networkx", "numpy", "pydantic")
"""What is kept holds objects of theirs."""


def kept(kind: type[Thing], key: Iterable[str]) -> Thing | None:
    """What was kept under this key by the same version of everything; None if there is nothing.

    key: all that the thing was made from, in an order of its own.
    """
    folder = place()
    found = _taken(folder / _name(kind, key)) if folder else None
    return found if isinstance(found, kind) else None


def keep(thing: object, key: Iterable[str]) -> None:
    """Put a thing into the cache; one that cannot be written is no fault."""
    if folder := place():
        _put(folder, _name(type(thing), key), thing)


def place() -> Path | None:
    """The cache, if there is one that only this user can write to."""
    try:
        named = os.environ.get("WARGAME_CACHE")
        beside = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(named) if named else Path(beside) / "wargame"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        seen = folder.lstat()
    except (OSError, RuntimeError, ValueError):
        return None
    return folder if stat.S_ISDIR(seen.st_mode) and _private(seen) else None


def _private(seen: os.stat_result) -> bool:
    return seen.st_uid == os.geteuid() and not seen.st_mode & _OTHERS_WRITE


def _name(kind: type, key: Iterable[str]) -> str:
    """A name that no other key has, nor the same under another version of any of this."""
    digest = sha256(_program().encode())
    for part in (kind.__qualname__, *key):
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "little") + encoded)
    return digest.hexdigest() + _SUFFIX


_MEANING = ("backends", "compiler", "content", "engine", "expression")
"""The folders whose modules say what a kept thing means."""


@cache
def _program() -> str:
    """What a kept thing depends on besides its key: modules and libraries, by size and time."""
    here = Path(__file__).parents[1]
    folders = (here, *(here / name for name in _MEANING))
    modules = [path for folder in folders for path in sorted(folder.glob("*.py"))]
    # What a library's version is would have to be imported; that it was installed anew shows.
    libraries = [Path(str(spec.origin)) for name in _LIBRARIES if (spec := find_spec(name))]
    seen = [(str(path), *_stamp(path)) for path in (*modules, *libraries)]
    return repr((sys.version, seen))


def _stamp(path: Path) -> tuple[int, int]:
    seen = path.stat()
    return seen.st_size, seen.st_mtime_ns


def _taken(path: Path) -> object:
    """What stands at a place; None if there is nothing, or nothing that can be trusted."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with open(fd, "rb") as file:
        seen = os.fstat(fd)
        if not (stat.S_ISREG(seen.st_mode) and _private(seen)):
            return None
        try:
            seal, content = file.read(_SEAL), file.read()
        except OSError:
            return None
    if sha256(content).digest() != seal:
        return None
    try:
        return pickle.loads(zlib.decompress(content))
    except Exception:  # written by another version of something that has no version
        return None


def _put(folder: Path, name: str, thing: object) -> None:
    """Keep a thing, whole or not at all."""
    content = zlib.compress(pickle.dumps(thing, protocol=5), level=1)
    sealed = sha256(content).digest() + content
    try:
        # What is lost can be made anew.
        replaced(folder / name, lambda file: file.write(sealed), mode=PRIVATE, durable=False)
        # Parts that a kill has left are among them.
        there = sorted(folder.glob(f"*{_SUFFIX}*"), key=lambda path: path.stat().st_mtime_ns)
        for old in there[:-MOST]:
            old.unlink()
    except (OSError, StoreError):
        return
