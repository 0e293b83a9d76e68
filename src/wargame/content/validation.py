"""From a text to a shape of `spec`, and from pydantic's errors to plain words.

An author should read what is wrong in the vocabulary of the file: the key as it is written, the
value as it is written, what was expected, and the place of exactly that value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Generic, TypeVar, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from wargame.content.reader import read_yaml, wide_hint
from wargame.content.source_marks import Bare, Flag, Located, Rows, Table, Word, describe, shown
from wargame.content.spec import Item
from wargame.errors import MOST_FAULTS, Fault, counted, nearest

__all__ = ["Shaped", "shape"]

Shape = TypeVar("Shape", bound=Item)
Step = int | str

_EXPECTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "tuple_type": "a list",
    "dict_type": "keys and values",
    "model_type": "keys and values",
    "date_type": "a day, as in 2022-10-10",
}
_BEYOND = {
    "greater_than_equal": ("at least", "ge"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}


_STAND_INS: dict[str, object] = {
    "schema": 1,
    "id": "unnamed",
    "title": "(untitled)",
    "turn": {"horizon": 1},
    "kind": "policy",
    "moves": {},
    "scenario": "unnamed",
}
"""What a file needs to have a shape at all, while further faults are looked for in it."""

_DEFINING = {"gauges", "unknowns", "derived", "dyads", "injects", "chance"}
_DEFINING |= {"milestones", "endings", "moves"}
"""The keys of a file below which names are given to things."""


@dataclass(frozen=True)
class Shaped(Generic[Shape]):
    """What came of a text: the item and every fault.

    With faults, `item` is what remains when the faulty parts are left out (None if nothing
    sensible remains): good enough to look for further faults in, not to work with.  `names` are
    then the names of everything that the text writes down, faulty or not.
    """

    item: Shape | None
    faults: tuple[Fault, ...] = ()
    names: frozenset[str] = frozenset()


def shape(kind: type[Shape], text: str, name: str) -> Shaped[Shape]:
    """Give the text its shape; `name` is what marks call the file.

    Raises SpecError if it is no acceptable YAML at all.
    """
    shaped: Shaped[Shape] = _shape(kind, text, name)
    return shaped


@lru_cache(maxsize=64)  # what it returns is frozen, and parsing is most of the time of a load
def _shape(kind: type[Shape], text: str, name: str) -> Shaped[Shape]:
    table = kind.reshape(read_yaml(text, name))
    try:
        return Shaped(kind.model_validate(table))
    except ValidationError as error:
        errors = error.errors(include_url=False)[:MOST_FAULTS]
    faults = tuple(dict.fromkeys(_fault(table, detail) for detail in errors))
    rest = _remainder(kind, kind.reshape(read_yaml(text, name)), errors)
    return Shaped(rest, faults, frozenset(_names(table)))


def _names(table: Table) -> Iterator[str]:
    """The keys and the ids that stand one level down: gauges, moves, endings, events."""
    yield "unnamed"
    for key, section in table.items():
        if key not in _DEFINING:
            continue
        if isinstance(section, Table):
            yield from section
        elif isinstance(section, Rows):
            ids = (item.get("id") for item in section if isinstance(item, Table))
            yield from (str(name) for name in ids if isinstance(name, Word))


def _remainder(kind: type[Shape], rest: Table, errors: list[ErrorDetails]) -> Shape | None:
    """The item without what is faulty in it.  Consumes `rest`."""
    for _ in range(5):
        missing = {detail["loc"][0] for detail in errors if len(detail["loc"]) == 1}
        paths = {_path(rest, detail["loc"]) for detail in errors}
        # From behind, so that what is left of a list keeps its positions.
        for path in sorted(paths, key=lambda path: [(type(s).__name__, s) for s in path])[::-1]:
            if path:
                _remove(rest, path)
        rest.update({key: value for key, value in _STAND_INS.items() if key in missing})
        try:
            return kind.model_validate(rest)
        except ValidationError as error:
            errors = error.errors(include_url=False)[:MOST_FAULTS]
    return None


def _inside(here: object, step: Step) -> object:
    """The value one step further in, None if there is none (a written nothing is a Flag)."""
    if isinstance(here, Table) and isinstance(step, str):
        return here.get(step)
    if isinstance(here, Rows) and isinstance(step, int) and step < len(here):
        return here[step]
    return None


def _path(table: Table, loc: tuple[Step, ...]) -> tuple[Step, ...]:
    """The part of pydantic's location that exists in what was written."""
    here: object = table
    path: list[Step] = []
    for step in loc:
        if str(step).startswith("<"):
            continue  # the tag of a choice between two shapes, no key
        further = _inside(here, step)
        if further is None:
            break
        here = further
        path.append(step)
    return tuple(path)


def _at(table: Table, path: tuple[Step, ...]) -> object:
    return reduce(_inside, path, cast(object, table))


def _remove(table: Table, path: tuple[Step, ...]) -> None:
    owner, last = _at(table, path[:-1]), path[-1]
    if isinstance(owner, Table) and isinstance(last, str):
        owner.pop(last, None)
    elif isinstance(owner, Rows) and isinstance(last, int):
        del owner[last]


def _fault(table: Table, detail: ErrorDetails) -> Fault:
    """One error of pydantic in plain words."""
    loc, kind, context = detail["loc"], detail["type"], detail.get("ctx", {})
    path = _path(table, loc)
    here, owner = _at(table, path), _at(table, path[:-1])
    place = here.at if isinstance(here, Located) else None
    key = next((step for step in reversed(path) if isinstance(step, str)), "")
    label = f"{key}: " if key else ""
    is_key = loc[-1:] == ("[key]",) or kind == "extra_forbidden"
    if is_key and isinstance(owner, Table):
        place = owner.keys_at[key]

    if kind == "extra_forbidden" and isinstance(owner, Table):
        known = owner.shape.keys() if owner.shape and issubclass(owner.shape, Item) else ()
        hint = wide_hint(key) or nearest(key, known) or f"known here: {', '.join(known)}"
        return Fault(f"unknown key {shown(key)}", place, hint)
    if kind == "missing" and isinstance(here, Table):
        of = f" of {key}" if key else ""
        return Fault(f"the key {shown(str(loc[-1]))}{of} is missing", here.item, "add it")
    if kind == "missing":
        return Fault(f"{label}expected a list of {counted(int(loc[-1]) + 1, 'value')}", place)
    if isinstance(here, Flag) and here.value is None:
        return Fault(f"{label}nothing is written here", place, "write a value or remove the key")
    if kind == "value_error":
        if isinstance(here, Table) and not is_key:
            place = here.item
        label = "" if is_key else label
        return Fault(f"{label}{context['error']}", place)
    if kind in _EXPECTED:
        expected = _EXPECTED[kind]
        message = f"{label}expected {expected}, found {describe(here)}"
        hint = _number_hint(here) if kind == "int_type" else ""
        return Fault(message, place, hint or wide_hint(here if isinstance(here, Word) else ""))
    if kind in _BEYOND:
        words, bound = _BEYOND[kind]
        message = f"{label}expected {words} {context[bound]}, found {describe(here)}"
        return Fault(message, place)
    if kind == "literal_error":
        expected = context["expected"].replace("True", "true")
        message = f"{label}expected {expected}, found {describe(here)}"
        hint = nearest(here, re.findall(r"'([^']*)'", expected)) if isinstance(here, Word) else ""
        return Fault(message, place, hint or _quotes_hint(here, expected))
    if kind == "too_short":
        return Fault(f"{label}at least {context['min_length']} needed, found none", place)
    if kind == "too_long":
        return Fault(f"{label}at most {context['max_length']} allowed", place)
    if kind == "string_too_short":
        return Fault(f"{label}the text is empty", place, "write something or remove the key")
    return Fault(f"{label}{detail['msg'][:1].lower()}{detail['msg'][1:]}", place)


def _number_hint(here: object) -> str:
    if isinstance(here, Bare):
        return "whole numbers only: count in thousandths, 0.7 is 700"
    if isinstance(here, Word):
        return "write digits only, without quotation marks"
    return ""


def _quotes_hint(here: object, expected: str) -> str:
    return "remove the quotation marks" if isinstance(here, Word) and here == expected else ""
