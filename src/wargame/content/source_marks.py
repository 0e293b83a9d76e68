"""Values that know where they were written: what `reader` hands to the shapes in `spec`.

Each behaves as the plain Python value it is, and carries four things besides: where it begins,
where its first character stands, where the item begins that it is the value of, and the
characters it was written with.
"""

from __future__ import annotations

from wargame.errors import Mark

__all__ = [
    "NOWHERE",
    "Bare",
    "Flag",
    "Located",
    "Number",
    "Rows",
    "Table",
    "Word",
    "describe",
    "shown",
]

NOWHERE = Mark("(nowhere)", 1, 1)
"""The place of what was not read from a file."""


class Located:
    """A value read from a file.

    `at` is where the value begins (a quoted one at its quotation mark), `inside` where its first
    character stands, `item` its key (or, in a list, where it begins), and `raw` the characters
    of a scalar.
    """

    at: Mark = NOWHERE
    inside: Mark = NOWHERE
    item: Mark = NOWHERE
    raw: str = ""


class Table(dict[str, object], Located):
    """A mapping, with the place of every key, and the class that gave it its shape."""

    def __init__(self) -> None:
        super().__init__()
        self.keys_at: dict[str, Mark] = {}
        self.shape: type | None = None


class Rows(list[object], Located):
    """A list."""


class Word(str, Located):
    """A text; `quoted` tells whether it was written in quotation marks or as a block."""

    quoted: bool = False


class Number(int, Located):
    """A whole number."""


class Bare(float, Located):
    """A decimal number.  The model has none: it is kept so that a fault can show it."""


class Flag(Located):
    """`true`, `false`, or nothing at all (None); Python allows no kinds of these."""

    def __init__(self, value: bool | None) -> None:
        self.value = value


def shown(text: str, most: int = 40) -> str:
    """The text in quotation marks, shortened, and harmless to a terminal."""
    return repr(str(text) if len(text) <= most else text[:most] + "...")


def describe(value: object) -> str:
    """What an author would call this value."""
    if isinstance(value, Flag):
        value = value.value
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return getattr(value, "raw", "") or str(value)
    if isinstance(value, str):
        return f"the text {shown(value)}"
    if isinstance(value, dict):
        return "keys and values"
    return "a list"
