"""Number in English sentences: nouns and verbs that agree with a count. Japanese needs none."""

from __future__ import annotations

__all__ = ["agreeing", "counted"]


def agreeing(number: float, one: str, many: str = "") -> str:
    """The form of a word that goes with a number: ``policies`` for 2, ``policy`` for 1.

    many: for all numbers but 1; by default `one` with an s.
    """
    return one if number == 1 else many or one + "s"


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: ``1 run``, ``20,000 runs``, ``0 policies``."""
    return f"{number:,} {agreeing(number, one, many)}"
