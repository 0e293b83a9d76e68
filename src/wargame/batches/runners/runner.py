"""Who plays: this process, others on this machine, or a cluster. All keep what comes in a journal.

Whoever plays many runs asks for a `Runner` and hands it plans; which of them it is changes no
result. A failing run is found and isolated, and what the journal holds is not played again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from wargame.batches.runners.scheduler import Progress, Work

if TYPE_CHECKING:  # whoever starts workers early does not want to wait for NumPy
    from wargame.batches.store.journal import Journal
    from wargame.batches.store.plan import Plan


class Runner(ABC):
    """Plays what journals lack of their plans; a context manager, at whose end nobody plays."""

    jobs: int
    """So many play at a time; chunks are cut accordingly."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *why: object) -> None:
        self.end()

    @abstractmethod
    def reach(self) -> None:
        """Raises WargameError if nobody is there who could play."""

    @abstractmethod
    def end(self) -> None:
        """Let go of whoever plays; the next plan may call them again."""

    def play(
        self,
        plan: Plan,
        journal: Journal,
        *,
        on_progress: Callable[[Progress], object] | None = None,
        should_stop: Callable[[], bool] | None = None,
        most_failed: int = 1000,
    ) -> Progress:
        """Play what the journal still lacks of a plan, and say how far that went.

        ``on_progress`` is called at the start and after each change.  Once ``should_stop``
        returns true, chunks under way are finished and no more are begun.  At KeyboardInterrupt
        the workers are ended at once; threads, and what they play, are waited for.  However this
        ends, the journal is whole and can be resumed.

        Raises WargameError if the plan is not the journal's, nothing can be played, there is no
        cluster or it goes away, or more than ``most_failed`` runs fail; StoreError if the journal
        cannot be written.
        """
        journal.accept(plan)
        work = Work(journal, on_progress=on_progress, most_failed=most_failed)
        self._play(work, plan, should_stop or (lambda: False))
        return work.progress

    @abstractmethod
    def _play(self, work: Work, plan: Plan, stop: Callable[[], bool]) -> None:
        """Take pieces of work, and give them back, until there are none."""
