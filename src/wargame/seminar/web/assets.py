"""The files that browsers get: read once, served from memory, so no path ever meets a disk."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Asset:
    """One file as it goes over the wire."""

    body: bytes
    type: str
    tag: str


@cache
def assets() -> dict[str, Asset]:
    """Every file of ``static/`` by its path there."""
    return dict(_under(files(__package__) / "static", ""))


def address(name: str) -> str:
    """Where a page finds an asset; a new content is a new address, so browsers may keep it."""
    return f"/static/{name}?{assets()[name].tag[:12]}"


def _under(folder: Traversable, prefix: str) -> list[tuple[str, Asset]]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _under(entry, f"{prefix}{entry.name}/")
        elif entry.name.rpartition(".")[2] in _TYPES:
            body = entry.read_bytes()
            tag = hashlib.sha384(body).hexdigest()
            found.append(
                (prefix + entry.name, Asset(body, _TYPES[entry.name.rpartition(".")[2]], tag))
            )
    return found
