"""The vocabulary of faults: what went wrong, where, and what to do about it.

Every mistake of an author or a player is told as one line; nobody who writes YAML should ever
meet a traceback.  A reader collects all the faults it can find and raises them together.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "MOST_FAULTS",
    "Fault",
    "Mark",
    "OrderError",
    "ReplayError",
    "SpecError",
    "StoreError",
    "WargameError",
    "agreeing",
    "counted",
    "hint",
    "nearest",
    "no_such",
]

MOST_FAULTS = 100
"""A reader stops looking after so many faults: nobody reads more, and a hostile file has no end."""

_MOST_NAMED = 32
"""So many names are all told where none is near; a line with more of them is not read."""

_LONGEST_GUESS = 60
"""Longer words get no suggestion: comparing them costs time and helps nobody."""


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a text; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def __reduce__(self) -> tuple[type[Mark], tuple[str, int, int]]:
        # There are thousands in a scenario, and what a frozen dataclass does by itself is slow.
        return Mark, (self.file, self.line, self.column)


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake: what it is, where it stands (if anywhere), and a hint towards the cure."""

    message: str
    at: Mark | None = None
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.at}: " if self.at else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.message}{hint}"


class WargameError(Exception):
    """Something that a person can put right; the command line prints it and leaves."""

    exit_code = 2


class SpecError(WargameError):
    """A scenario, an actor, a catalogue or an overlay is not well written."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(self.faults)

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


class OrderError(WargameError):
    """An order that may not be given: wrong move, wrong actor, wrong time."""


class ReplayError(WargameError):
    """A log that cannot be read, or whose re-simulation differs from what it recorded."""


class StoreError(WargameError):
    """A store of results that cannot be opened, written or continued."""


def nearest(word: str, candidates: Iterable[str], cutoff: float = 0.6) -> str:
    """A hint such as ``did you mean 'russia'?``, or ``""`` when nothing is near.

    `cutoff` is the least likeness that counts as near, between 0 and 1.
    """
    if len(word) > _LONGEST_GUESS:
        return ""
    known = [str(candidate) for candidate in candidates]
    close = difflib.get_close_matches(word.lower(), {k.lower() for k in known}, 1, cutoff)
    if not close:
        return ""
    # An ending and a milestone may differ in capitals only: then those count, too.
    alike = [candidate for candidate in known if candidate.lower() == close[0]]
    likest = difflib.get_close_matches(word, alike, 1, 0.0)
    return f"did you mean {likest[0]!r}?"


def hint(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """What to write instead of a name that names nothing: the nearest, or else all there are."""
    names = [str(name) for name in known]
    if near := nearest(word, names, cutoff):
        return near
    return f"there are: {', '.join(names)}" if 0 < len(names) <= _MOST_NAMED else ""


def no_such(what: str, name: str, known: Iterable[str]) -> str:
    """That there is none of this name, and what there is: ``there is no actor 'us' (did ...)``."""
    instead = hint(name, known)
    return f"there is no {what} {name!r}" + (f" ({instead})" if instead else "")


# ------------------------------------------------------------------ numbers with their nouns


def agreeing(number: float, one: str, many: str = "") -> str:
    """The form of a word that goes with a number: ``policies`` for 2, ``policy`` for 1.

    many: for all numbers but 1; by default `one` with an s.
    """
    return one if number == 1 else many or one + "s"


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: ``1 run``, ``20,000 runs``, ``0 policies``."""
    return f"{number:,} {agreeing(number, one, many)}"
