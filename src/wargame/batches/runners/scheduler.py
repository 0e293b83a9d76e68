"""The work of a batch: what to play next, and what to do about what did not come back.

A chunk that fails, whether it raised or took its worker down with it, is cut in two and tried
again, until the run that is to blame is alone.  A run that keeps failing alone is noted as failed;
every other run of its chunk is stored.  This module knows neither processes nor networks: who
plays asks :meth:`Work.take` and answers with :meth:`Work.keep` or :meth:`Work.lose`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from wargame.errors import WargameError, agreeing, counted

if TYPE_CHECKING:
    from wargame.batches.store.columns import Packed
    from wargame.batches.store.journal import Journal
    from wargame.batches.store.plan import Chunk


ALIVE = "alive"
"""What a worker says again and again while it has nothing else to say."""

_TRIES_ALONE = 3
"""A run may fall victim to a stranger, as when memory runs out; not so often when it is alone."""

_LONGEST_REASON = 300


class Unplayable(WargameError):
    """No run of a variant can be played: the fault is not in a run but in what plays it."""


def reason_of(error: BaseException) -> str:
    """An exception in one line."""
    line = " ".join(f"{type(error).__name__}: {error}".split())
    return line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]} ..."


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch has come."""

    total: int
    """Runs that the plan asks for, over all variants."""
    played: int
    failed: int
    losses: int
    """Chunks that did not come back, each of which was tried again."""
    fresh: int
    """Runs played or failed since this process took the batch up."""
    seconds: float
    """Time since then."""

    @property
    def complete(self) -> bool:
        return self.played + self.failed >= self.total

    @property
    def rate(self) -> float:
        """Runs per second; 0 before the first chunk is back."""
        return self.fresh / self.seconds if self.seconds > 0 else 0.0

    @property
    def remaining(self) -> float | None:
        """Seconds that the rest will take at this rate; None as long as there is no rate."""
        left = self.total - self.played - self.failed
        return left / self.rate if self.rate else None


@dataclass(frozen=True, slots=True)
class Piece:
    """A chunk on its way to be played, and how often it has been tried in vain."""

    chunk: Chunk
    tried: int = 0


class Work:
    """The pieces of a batch, handed out and taken back; everything that comes back is stored.

    ``most_failed`` runs may fail; after one more, a WargameError ends what must be a fault of
    the engine or of the machine rather than of a run.  The rest is on disk and can be resumed.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        on_progress: Callable[[Progress], object] | None = None,
        most_failed: int = 1000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        counts = journal.counts().values()
        self._journal = journal
        self._pending = journal.pending()
        self._suspects: list[Piece] = []
        self._on_progress = on_progress
        self._most_failed = most_failed
        self._clock = clock
        self._began = clock()
        self.progress = Progress(
            total=len(journal.plan),
            played=sum(count.played for count in counts),
            failed=sum(count.failed for count in counts),
            losses=0,
            fresh=0,
            seconds=0.0,
        )
        self._report()

    def take(self) -> Piece | None:
        """The next piece to play; None if there is none now, though a loss may still bring some."""
        if self._suspects:
            # The latest first: a run to blame is soon alone, and never many pieces lie about.
            return self._suspects.pop()
        chunk = next(self._pending, None)
        return Piece(chunk) if chunk else None

    def task(self, piece: Piece) -> dict[str, Any]:
        """What the one who plays a piece is told."""
        return self._journal.plan.task(piece.chunk)

    def keep(self, piece: Piece, packed: Packed) -> None:
        """Store the results of a piece."""
        if self._journal.store(piece.chunk, packed, piece.tried + 1):
            self._count(played=len(piece.chunk))

    def settle(self, piece: Piece, played: Callable[[], Packed]) -> None:
        """Keep what a piece comes to, or lose it where it raises. Raises Unplayable alone."""
        try:
            packed = played()
        except Unplayable:
            raise
        except (Exception, SystemExit) as error:
            self.lose(piece, reason_of(error))
        else:
            self.keep(piece, packed)

    def lose(self, piece: Piece, reason: str) -> None:
        """Decide what becomes of a piece that did not come back, and why it did not."""
        self._count(losses=1)
        chunk = piece.chunk
        if len(chunk) > 1:
            self._suspects += map(Piece, reversed(chunk.halves()))
        elif piece.tried + 1 < _TRIES_ALONE:
            self._suspects.append(replace(piece, tried=piece.tried + 1))
        elif self._journal.fail(chunk.variant, chunk.start, reason):
            self._count(failed=1)
            failed = self.progress.failed
            if failed > self._most_failed:
                raise WargameError(
                    f"{counted(failed, 'run')} {agreeing(failed, 'has', 'have')} failed, so "
                    f"playing was stopped; the last was run {chunk.start} of {chunk.variant}: "
                    f"{reason}"
                )

    def _count(self, *, played: int = 0, failed: int = 0, losses: int = 0) -> None:
        before = self.progress
        self.progress = Progress(
            total=before.total,
            played=before.played + played,
            failed=before.failed + failed,
            losses=before.losses + losses,
            fresh=before.fresh + played + failed,
            seconds=self._clock() - self._began,
        )
        self._report()

    def _report(self) -> None:
        if self._on_progress:
            self._on_progress(self.progress)
