"""The clock of a phase: how much time is left, by a clock that cannot be set.

Wall time jumps when a laptop sleeps or is put right, so deadlines are counted in milliseconds
left and measured with a monotonic clock, which is given from outside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Ticks = Callable[[], float]
"""Seconds of a clock that only goes forward, such as `time.monotonic`."""

MINUTE = 60_000  # milliseconds


@dataclass(frozen=True)
class Clock:
    """What the log knows of the clock: milliseconds left (None: no deadline), and if it runs."""

    left: int | None = None
    running: bool = False


class Timer:
    """Runs a `Clock` down. `set` it whenever the log says something new about the clock."""

    def __init__(self, ticks: Ticks) -> None:
        self._ticks = ticks
        self._clock = Clock()
        self._since = ticks()

    def set(self, clock: Clock) -> None:
        """From now on this clock runs."""
        self._clock = clock
        self._since = self._ticks()

    @property
    def left(self) -> int | None:
        """Milliseconds left, never below 0; None without a deadline."""
        if self._clock.left is None:
            return None
        gone = int((self._ticks() - self._since) * 1000) if self._clock.running else 0
        return max(0, self._clock.left - gone)

    @property
    def out(self) -> bool:
        """Whether the time is over."""
        return self._clock.running and self.left == 0
