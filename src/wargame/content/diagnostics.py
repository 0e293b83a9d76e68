"""A collector of faults, so that one reading can report those of all files at once."""

from __future__ import annotations

from collections.abc import Iterable

from wargame.content.source_marks import NOWHERE, Located, shown
from wargame.errors import Fault, Mark, SpecError, hint

__all__ = ["Findings", "place"]


def place(value: object) -> Mark | None:
    """Where a name or an item was written, if it was read from a file."""
    at = value.at if isinstance(value, Located) else getattr(value, "at", NOWHERE)
    return at if isinstance(at, Mark) and at != NOWHERE else None


class Findings:
    """The faults found so far, each once.

    `broken` holds names whose own text is at fault: that others refer to them is no fault.
    """

    def __init__(self) -> None:
        self._faults: dict[Fault, None] = {}
        self._oddities: dict[Fault, None] = {}
        self.broken: set[str] = set()

    def add(self, message: str, where: object = None, hint: str = "") -> None:
        """Note a fault; `where` is a mark, or a name or an item that knows its place."""
        self.extend([Fault(message, where if isinstance(where, Mark) else place(where), hint)])

    def odd(self, message: str, where: object) -> None:
        """Note what is allowed and can hardly be meant."""
        self._oddities[Fault(message, place(where))] = None

    @property
    def oddities(self) -> tuple[Fault, ...]:
        return tuple(self._oddities)

    def extend(self, faults: Iterable[Fault]) -> None:
        self._faults |= dict.fromkeys(faults)

    def unknown(self, what: str, name: str, known: Iterable[str], where: object = None) -> None:
        """Note that a name names nothing, and what does."""
        if name in self.broken:
            return
        self.add(f"there is no {what} {shown(name)}", where or name, hint(name, known))

    def unique(self, what: str, names: Iterable[str]) -> None:
        """Note every name that stands here more than once."""
        seen: set[str] = set()
        for name in names:
            if name in seen:
                self.add(f"the {what} {shown(name)} stands here twice", name, "rename one of them")
            seen.add(name)

    def stop(self) -> None:
        """Raise SpecError if anything was found, ordered by file and place."""
        if self._faults:
            raise SpecError(
                sorted(self._faults, key=lambda f: (f.at is None, f.at or Mark("", 0, 0)))
            )
