"""Play a plan in this process, by several threads.

For what lets go of the interpreter while it plays, as the native machine does: nothing has to be
started, and a variant is prepared once for all. A run that takes its process down takes the batch
with it; what was stored can be resumed.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from wargame.batches.runners.runner import Runner
from wargame.batches.runners.scheduler import Piece, Work

if TYPE_CHECKING:  # whoever chooses a runner does not want to wait for NumPy
    from wargame.batches.runners.worker import Player
    from wargame.batches.store.columns import Packed
    from wargame.batches.store.plan import Plan

_GLANCE = 0.25
"""Seconds after which a request to stop is noticed, though no thread has anything to say."""


class ThreadRunner(Runner):
    """Plays plans by so many threads; `play` and `prepare` are names, as workers find them."""

    def __init__(self, play: str, prepare: str | None = None, jobs: int = 2) -> None:
        self.jobs = jobs
        self._setup = (play, prepare)
        self._player: Player | None = None

    def reach(self) -> None:
        """Nothing to reach: this process is here."""

    def end(self) -> None:
        """Let go of what was prepared."""
        if self._player is not None:
            self._player.close()

    def _play(self, work: Work, plan: Plan, stop: Callable[[], bool]) -> None:
        from wargame.batches.runners.worker import Player

        player = self._player = self._player or Player(*self._setup)
        under_way: dict[Future[Packed], Piece] = {}
        with ThreadPoolExecutor(self.jobs) as pool:
            while True:
                while len(under_way) < self.jobs and not stop():
                    piece = work.take()
                    if piece is None:
                        break
                    under_way[pool.submit(player, work.task(piece))] = piece
                if not under_way:
                    return
                for done in wait(under_way, _GLANCE, FIRST_COMPLETED).done:
                    work.settle(under_way.pop(done), done.result)
