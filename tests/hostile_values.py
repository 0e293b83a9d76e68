"""Values that a stranger may put anywhere in a file of JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

DEEP: list[Any] = []
for _ in range(400):
    DEEP = [DEEP]

HOSTILE: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    2**70,
    1e300,
    "",
    "\x1b[2J$(reboot)",
    "../../etc/passwd",
    "\ud800",
    [],
    {},
    [[]],
    {"a": {"b": []}},
    DEEP,
)

Path = tuple[Any, ...]


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place in a JSON value."""
    yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(inner, (*path, key))


def with_value(whole: Any, path: Path, value: Any) -> Any:
    """A copy of a JSON value in which one place has another value."""
    if not path:
        return value
    key, *rest = path
    changed = with_value(whole[key], tuple(rest), value)
    if isinstance(whole, dict):
        return {**whole, key: changed}
    return [changed if at == key else inner for at, inner in enumerate(whole)]


def without(whole: Any, path: Path) -> Any:
    """A copy in which a place is missing."""
    key, *rest = path
    if rest:
        return with_value(whole, (key,), without(whole[key], tuple(rest)))
    if isinstance(whole, dict):
        return {name: inner for name, inner in whole.items() if name != key}
    return [inner for at, inner in enumerate(whole) if at != key]


def mutants(whole: Any, step: int) -> Iterator[tuple[Path, Any]]:
    """Every place with every hostile value and without anything; every `step`-th of them."""
    number = 0
    for path in paths(whole):
        for value in HOSTILE:
            number += 1
            if number % step == 0:
                yield path, with_value(whole, path, value)
        if path:
            number += 1
            if number % step == 0:
                yield path, without(whole, path)
