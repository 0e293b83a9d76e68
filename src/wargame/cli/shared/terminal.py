"""What commands share in talking to a terminal: a progress line, and tables."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from wargame.boundary.foreign import dumps
from wargame.cli.shared.console import shows
from wargame.show.text.text_layout import columns

if TYPE_CHECKING:
    from wargame.replay.replay import Replay

BETWEEN = 0.1  # seconds between two looks at the progress on a terminal
QUIET = 30.0  # and between two lines elsewhere


def caution(replay: Replay, lang: str) -> None:
    """Tell what a reader should know of a log: that it differs, is torn, or stops too early."""
    if not replay.verdict.whole or replay.verdict.torn:
        print(f"wargame: {replay.name}: {replay.verdict.words(lang)}", file=sys.stderr)


class Meter:
    """A progress line on a terminal; in a log or a notebook a line now and then.

    A command that is done before the first of these lines is due says nothing there.
    """

    def __init__(self, what: str, stream: TextIO | None = None) -> None:
        self.what = what
        self.stream = sys.stderr if stream is None else stream
        self.live = self.stream.isatty() and os.environ.get("TERM") != "dumb"
        self.last = 0.0 if self.live else time.monotonic()
        self.done = 0

    def show(self, done: int, total: int, rate: float = 0.0, left: float | None = None) -> None:
        """Say how far it is: `rate` in units per second, `left` in seconds."""
        now = time.monotonic()
        pause = now - self.last
        if self.live:
            due = done >= total or pause >= BETWEEN
        else:
            due = self.done < done < total and pause >= QUIET
        if not due:
            return
        self.last, self.done = now, done
        words = f"{done:,} of {total:,}"
        if rate:
            words += f", {rate:,.0f} a second"
        if left is not None and done < total:
            words += f", {duration(left)} left"
        if self.live:
            share = done / total if total else 1.0
            bar = ("━" * round(24 * share)).ljust(24, "·")
            self.stream.write(f"\r\x1b[K{self.what} {bar} {words}")
        else:
            self.stream.write(f"wargame: {self.what}: {words}\n")
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
    """Print what ``--json`` asks for: one object, on one line, the same data in any encoding."""
    text = dumps(data, ensure_ascii=False)
    print(text if shows(text, sys.stdout) else dumps(data))


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
