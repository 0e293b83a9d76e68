"""What of a spec can change a run, in one canonical form, and its digest.

Left out are places, comments, the way a number or an expression is spaced, and everything that
only people read (titles, reasons, sources): a corrected translation leaves a digest as it was.
The order of gauges, moves, rules and endings counts: of two sets the later wins, of two endings
the earlier.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable

from wargame.boundary.foreign import dumps
from wargame.content.spec import Effect, Expr, Favour, Item, Text

__all__ = ["digest", "meaning"]


def meaning(value: object) -> object:
    """The part of a value that counts, as what JSON can hold; texts for people are None."""
    if value is None or isinstance(value, Text):
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, Expr):
        return " ".join(value.text.split())
    if isinstance(value, (Effect, Favour)):
        return [value.op, meaning(value.value)]
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Item):
        return _of_item(value)
    if isinstance(value, dict):
        return [
            [str(key), meaning(inner)]
            for key, inner in value.items()
            if not isinstance(inner, Text)
        ]
    if isinstance(value, tuple):
        return [meaning(inner) for inner in value if not isinstance(inner, Text)]
    raise TypeError(f"a {type(value).__name__} has no canonical form")


def _of_item(item: Item) -> dict[str, object]:
    """What differs from the defaults, so that a key added to the language changes no digest."""
    found: dict[str, object] = {}
    for name, field in type(item).model_fields.items():
        if name == "at":
            continue
        counts = meaning(getattr(item, name))
        if field.is_required() or counts != meaning(field.default):
            found[name] = counts
    return found


def digest(parts: Iterable[object]) -> str:
    """SHA-256, in hexadecimal, of what counts in these parts."""
    canonical = dumps(
        [meaning(part) for part in parts],
        ensure_ascii=False,
        separators=(",", ":"),
        sort_keys=True,
        allow_nan=False,
    )
    return hashlib.sha256(canonical.encode()).hexdigest()
