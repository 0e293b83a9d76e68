"""Text in the columns of a terminal, where East Asian wide letters take two."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence

WIDTH = 96
NOT_FIRST = "、。，．・：；？！）」』】〕ー々っゃゅょッャュョ%％"  # may not begin a line
NOT_LAST = "（「『【〔"  # may not end one


def columns(text: str) -> int:
    """How many columns a terminal needs for `text`; East Asian wide letters take two."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def wrapped(text: str, lead: str = "", width: int = WIDTH) -> list[str]:
    """Lines of a paragraph behind `lead`; Japanese breaks between letters, not before a 。"""
    text = " ".join(text.split())
    if not text:
        return []
    room = width - len(lead)
    parts = textwrap.wrap(text, room) if columns(text) == len(text) else _broken(text, room)
    return [(lead if i == 0 else " " * len(lead)) + part for i, part in enumerate(parts)]


def packed(lead: str, parts: Sequence[str], joint: str, width: int = WIDTH) -> list[str]:
    """A list in a sentence as lines that fit, each part of it whole; further lines are indented."""
    lines = [lead]
    for place, part in enumerate(parts):
        text = part + (joint if place < len(parts) - 1 else "")
        if columns(lines[-1] + text.rstrip()) > width and place:
            lines.append("    ")
        lines[-1] += text
    return [line.rstrip() for line in lines]


def _broken(text: str, room: int) -> list[str]:
    parts, line, used = [], "", 0
    for letter in text:
        size = columns(letter)
        if used + size > room and letter not in NOT_FIRST:
            # A word or a number in Latin letters moves to the next line whole.
            kept = line.rstrip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.→-")
            if not letter.isascii() or not kept or len(line) - len(kept) > room // 3:
                kept = line
            kept = kept.rstrip(NOT_LAST) or kept
            parts.append(kept.rstrip())
            line = line[len(kept) :]
            used = columns(line)
        line, used = line + letter, used + size
    return [part for part in [*parts, line.strip()] if part]
