"""Compiled scenarios, kept from one command to the next.

Reading and compiling a year of crisis takes a second or two, which is long for somebody who only
wants to look at a log.  What was compiled once on this machine is therefore kept in a folder of
the user's own, as Python keeps its compiled modules, and trusted for the same reason: nobody else
could have put it there.  A folder or a file that others could write to, or that is a link, is
never read.  Nothing depends on the shelf: it may be deleted at any time, and where there can be
none, everything is compiled anew.

The folder is ``$WARGAME_CACHE``, or ``wargame`` in ``$XDG_CACHE_HOME`` or ``~/.cache``.
"""

from __future__ import annotations

import os
import pickle
import stat
import sys
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import networkx
import numpy
import pydantic

from wargame.scenario import Scenario

if TYPE_CHECKING:
    from wargame.spec import Spec

__all__ = ["compiled"]

MOST = 64
"""So many scenarios are kept; the oldest make room."""

_SEAL = sha256().digest_size
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def compiled(inputs: Mapping[str, str], spec: Spec | None = None) -> Scenario:
    """The scenario of these texts, as `load_texts` takes them. Raises SpecError.

    spec: what was read from them, if they have been read.
    """
    folder = _folder()
    name = _name(inputs)
    found = _taken(folder / name) if folder else None
    if found is None:
        # Whoever finds it on the shelf needs neither the reader nor the compiler.
        from wargame.compiler import compile_scenario
        from wargame.load import load_texts

        found = compile_scenario(spec or load_texts(inputs))
        if folder:
            _put(folder, name, found)
    return found


def _folder() -> Path | None:
    """The shelf, if there is one that only this user can write to."""
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


def _name(inputs: Mapping[str, str]) -> str:
    """A name that no other texts have, nor the same under another version of any of this."""
    digest = sha256(_program().encode())
    for name, text in sorted(inputs.items()):
        for part in (name, text):
            encoded = part.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(8, "little") + encoded)
    return f"{digest.hexdigest()}.scenario"


@cache
def _program() -> str:
    """What a compiled scenario depends on besides its texts; changed modules by size and time."""
    here = Path(__file__).parent
    modules = [
        (path.name, seen.st_size, seen.st_mtime_ns)
        for folder in (here, here / "compiler", here / "expression")
        for path in sorted(folder.glob("*.py"))
        if (seen := path.stat())
    ]
    versions = (sys.version, numpy.__version__, networkx.__version__, pydantic.VERSION)
    return repr((versions, str(here), modules))


def _taken(path: Path) -> Scenario | None:
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
        found = pickle.loads(content)
    except Exception:  # written by another version of something that has no version
        return None
    return found if isinstance(found, Scenario) else None


def _put(folder: Path, name: str, scenario: Scenario) -> None:
    """Keep a scenario, whole or not at all; a shelf that cannot be written is no fault."""
    content = pickle.dumps(scenario, protocol=5)
    part = folder / f"{name}.{os.getpid()}"
    try:
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(fd, "wb") as file:
                file.write(sha256(content).digest() + content)
            os.replace(part, folder / name)
        except OSError:
            part.unlink()
            raise
        kept = sorted(folder.glob("*.scenario"), key=lambda path: path.stat().st_mtime_ns)
        for old in kept[:-MOST]:
            old.unlink()
    except OSError:
        return
