"""Where scenarios, actors, catalogues, policies, worldviews and histories are found.

A name is looked for in these places, in this order: beside the scenario that asks for it; in the
current folder; among the files that were installed with the program; in the source tree that the
program runs from.  A path (it contains a `/`, or ends in `.yaml`) is taken as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

from wargame.boundary.files import home
from wargame.content.source_marks import shown
from wargame.errors import Fault, Mark, SpecError, nearest

__all__ = ["Kind", "find", "is_path", "listed", "shipped", "shown_path"]

Kind = Literal["scenario", "actor", "moves", "policy", "worldview", "history"]

FOLDERS: dict[Kind, tuple[str, ...]] = {
    "scenario": ("scenarios",),
    "actor": ("actors",),
    "moves": ("actors", "moves"),  # the latter in the inputs that a folder of results keeps
    "policy": ("scenarios/policies",),
    "worldview": ("scenarios/worldviews",),
    "history": ("scenarios/history",),
}

_NAME = re.compile(r"[a-z0-9_-]{1,40}", re.ASCII)
_HERE = Path(__file__).resolve().parents[1]
_OURS = (_HERE / "data", _HERE.parents[1])


def is_path(name: str) -> bool:
    """Is this a path rather than a name?"""
    return "/" in name or name.endswith((".yaml", ".yml"))


def find(
    kind: Kind, name: str | Path, beside: Path | None = None, asked_at: Mark | None = None
) -> Path:
    """The file that a name or a path stands for.

    `beside` is the file of the scenario that asks, `asked_at` the place where it does.
    Raises SpecError, with the nearest name, when there is none.
    """
    if kind not in get_args(Kind):
        raise ValueError(f"unknown kind of file: {kind}")
    if isinstance(name, Path) or is_path(name):
        # What a file says of another is not typed by anybody: there ~ is a letter.
        path = home(name) if asked_at is None else Path(name)
        if "\0" in str(path) or not _exists(path):
            raise SpecError([Fault(f"there is no file {shown(str(path), 200)}", asked_at)])
        return path
    if not _NAME.fullmatch(name):
        hint = "names have at most 40 small letters, digits, hyphens and underscores"
        raise SpecError([Fault(f"{shown(name)} is not the name of a {kind}", asked_at, hint)])
    for folder in _folders(kind, beside):
        path = folder / f"{name}.yaml"
        if _exists(path):
            return path
    known = listed(kind, beside)
    hint = nearest(name, known) or "a path to a file will do as well"
    what = "catalogue" if kind == "moves" else kind
    raise SpecError([Fault(f"there is no {what} {shown(name)}", asked_at, hint)])


def listed(kind: Kind, beside: Path | None = None) -> dict[str, Path]:
    """The files of this kind's folders by name; of two with one name, the one found first."""
    found: dict[str, Path] = {}
    for folder in _folders(kind, beside):
        for path in sorted(folder.glob("*.yaml")):
            found.setdefault(path.stem, path)
    return dict(sorted(found.items()))


def shipped(kind: Kind, name: str) -> Path | None:
    """The file of a name that came with the program, whatever the current folder holds."""
    if not _NAME.fullmatch(name):
        return None
    paths = (root / folder / f"{name}.yaml" for root in _OURS for folder in FOLDERS[kind])
    return next(filter(_exists, paths), None)


def shown_path(path: Path) -> str:
    """The path as people read it: relative to the current folder if it lies in it."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name too long, a circle of links
        return False


def _roots(beside: Path | None) -> Iterator[Path]:
    """The folders that may hold `actors/` and `scenarios/`."""
    if beside is not None:
        folder = beside.absolute().parent
        yield folder
        yield folder.parent
    yield Path()
    yield from _OURS


def _folders(kind: Kind, beside: Path | None) -> Iterator[Path]:
    return (root / folder for root in _roots(beside) for folder in FOLDERS[kind])
