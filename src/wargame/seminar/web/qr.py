"""A link as a square that phones can read."""

from __future__ import annotations

from functools import lru_cache
from io import StringIO

import segno
from markupsafe import Markup


@lru_cache(maxsize=64)
def square(link: str) -> Markup:
    """The QR code of a link as inline SVG, without any style: the strict policy would block it."""
    code = segno.make(link, error="m", micro=False)
    svg: str = code.svg_inline(scale=1, border=4, omitsize=True, dark="#000", light="#fff")
    return Markup(svg)


def lines(link: str) -> str:
    """The same for a terminal, as dark and light half blocks."""
    out = StringIO()
    segno.make(link, error="l", micro=False).terminal(out, compact=True, border=2)
    return out.getvalue()
