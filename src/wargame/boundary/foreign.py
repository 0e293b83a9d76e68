"""Reads JSON that may come from a stranger; whatever it holds, it is told.

Nothing here acts on what it reads. A fault is one line, never a traceback.
"""

from __future__ import annotations

import json
import math
import stat
from json import dumps as dumps  # what we write ourselves needs no guard
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from wargame.errors import WargameError

__all__ = ["MOST_BYTES", "Malformed", "dumps", "read_json", "read_shaped", "shaped", "value"]

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")

MOST_BYTES = 256 * 2**20
"""A file of JSON that is longer is not read."""


class Malformed(WargameError):
    """Data that is not what it should be: no JSON, not UTF-8, too deep, of the wrong shape."""


def value(text: str | bytes, what: str = "it") -> Any:
    """What a text of JSON says; NaN, infinities and halves of characters are none.

    what: what the text is, for the fault. Raises Malformed.
    """
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        found = json.loads(decoded, parse_constant=_no_number, parse_float=_finite)
        if "\\ud" in decoded or "\\uD" in decoded:
            dumps(found, ensure_ascii=False).encode()
        return found
    except UnicodeDecodeError:
        raise Malformed(f"{what} is not UTF-8 text") from None
    except RecursionError:
        raise Malformed(f"{what} is nested too deeply") from None
    except ValueError as error:
        raise Malformed(f"{what} is not JSON: {error}") from None


def shaped(text: str | bytes, shape: TypeAdapter[T], what: str = "it") -> T:
    """What a text of JSON says, if it has a shape to the last place, with nothing converted.

    Raises Malformed, which names the first place that is otherwise.
    """
    from pydantic import ValidationError

    try:
        return shape.validate_json(text, strict=True)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
        # The place may be a stranger's own word.
        place = ascii(".".join(str(part) for part in fault["loc"])) + ": "
        raise Malformed(f"{what}: {place if fault['loc'] else ''}{fault['msg']}") from None


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        _no_number(text)
    return number


def read_json(path: Path) -> Any:
    """What a file of JSON says. Raises Malformed, and OSError if it cannot be read."""
    seen = path.stat()
    if not stat.S_ISREG(seen.st_mode):
        raise Malformed(f"{path} is no file")
    if seen.st_size > MOST_BYTES:
        raise Malformed(f"{path} is longer than {MOST_BYTES:,} bytes")
    return value(path.read_bytes(), str(path))


def read_shaped(path: Path, shape: TypeAdapter[Any]) -> Any:
    """What a file of JSON says, if it has a shape; what the shape does not name is left as it is.

    Raises Malformed, and OSError if it cannot be read.
    """
    found = read_json(path)
    shaped(dumps(found), shape, str(path))
    return found
