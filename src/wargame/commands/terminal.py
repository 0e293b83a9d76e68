"""What commands share in talking to a terminal: a progress line, and tables."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from wargame.boundary.foreign import dumps
from wargame.show.lines import columns

if TYPE_CHECKING:
    from wargame.replay import Replay

BETWEEN = 0.1  # seconds between two looks at the progress


def caution(replay: Replay, lang: str) -> None:
    """Tell what a reader should know of a log: that it differs, is torn, or stops too early."""
    if not replay.verdict.whole or replay.verdict.torn:
        print(f"wargame: {replay.name}: {replay.verdict.words(lang)}", file=sys.stderr)


class Meter:
    """A progress line on a terminal; silent where stderr is none."""

    def __init__(self, what: str, stream: TextIO | None = None) -> None:
        self.what = what
        self.stream = sys.stderr if stream is None else stream
        self.live = self.stream.isatty()
        self.last = 0.0

    def show(self, done: int, total: int, rate: float = 0.0, left: float | None = None) -> None:
        """Say how far it is: `rate` in units per second, `left` in seconds."""
        now = time.monotonic()
        if not self.live or (done < total and now - self.last < BETWEEN):
            return
        self.last = now
        share = done / total if total else 1.0
        bar = ("━" * round(24 * share)).ljust(24, "·")
        words = f"{self.what} {bar} {done:,} of {total:,}"
        if rate:
            words += f", {rate:,.0f} a second"
        if left is not None and done < total:
            words += f", {duration(left)} left"
        self.stream.write(f"\r\x1b[K{words}")
        self.stream.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self.live:
            self.stream.write("\r\x1b[K")
            self.stream.flush()


def duration(seconds: float) -> str:
    """Seconds as a person says them: ``45 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def print_json(data: object) -> None:
    """Print what ``--json`` asks for: one object, on one line, as UTF-8."""
    print(dumps(data, ensure_ascii=False))


def pad(text: str, width: int, right: bool = False) -> str:
    """`text` filled with spaces to so many columns."""
    space = " " * max(0, width - columns(text))
    return space + text if right else text + space


def table(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Rows of cells as lines with straight columns; `right` are the columns set to the right."""
    widths = [max(columns(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            pad(cell, w, i in right) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
