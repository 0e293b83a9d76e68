"""What a console can show: letters its encoding lacks are spelt out, colours only where wanted."""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import Final, TextIO

from wargame.boundary.files import nowhere

SPELT: Final = {
    **dict.fromkeys("‐‑‒–−", "-"),
    **dict.fromkeys("‘’", "'"),
    **dict.fromkeys("“”„", '"'),
    **dict.fromkeys("━─█▪", "#"),
    **{"—": "--", "·": ".", "•": "*", "…": "...", "\u00a0": " ", "\u202f": " ", "\u2009": " "},
    **{"→": "->", "←": "<-", "↔": "<->", "↑": "^", "↓": "v", "▶": ">", "◀": "<"},
    **{"±": "+/-", "×": "x", "÷": "/", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "½": "1/2"},
}
"""Marks that everybody knows another spelling of."""

HANDLER: Final = "wargame"
UTF8: Final = "utf-8"


class _Escaped:
    """Whether some letter had to be written as its number."""

    once = False


def _spell(error: UnicodeError) -> tuple[str, int]:
    """A codec's error handler: another spelling, or else the number of the letter, as ``\\u3042``.

    Nothing is dropped, and nothing raises.
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    spelt = []
    for letter in error.object[error.start : error.end]:
        known = SPELT.get(letter)
        _Escaped.once |= known is None
        spelt.append(known or letter.encode("ascii", "backslashreplace").decode())
    return "".join(spelt), error.end


def prepare() -> None:
    """Make stdout and stderr take every text, whatever their encoding; closed ones lead nowhere."""
    codecs.register_error(HANDLER, _spell)
    _Escaped.once = False
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started us
            setattr(sys, name, nowhere())
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=HANDLER)


def tell_escapes() -> None:
    """Say once what letters that are written as numbers mean, and how to see them."""
    if _Escaped.once:
        _Escaped.once = False
        print(
            f"wargame: this console's encoding ({sys.stdout.encoding}) lacks some letters; they "
            "are written as \\u and a number. PYTHONIOENCODING=utf-8 writes them all",
            file=sys.stderr,
        )


def shows(text: str, stream: TextIO) -> bool:
    """Whether the stream's encoding has every letter of `text`."""
    try:
        text.encode(stream.encoding or UTF8)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def coloured(stream: TextIO) -> bool:
    """Whether to use colours: on a terminal that has them, unless ``NO_COLOR`` is set."""
    return stream.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")
