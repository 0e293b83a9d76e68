"""Who plays: this process, others on this machine, or a cluster. All keep what comes in a journal.

Whoever plays many runs asks for a `Runner` and hands it plans; which of them it is changes no
result. A failing run is found and isolated, and what the journal holds is not played again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, Self

from wargame.batches.runners.local_runner import LocalRunner
from wargame.batches.runners.thread_runner import ThreadRunner

if TYPE_CHECKING:  # whoever starts workers early does not want to wait for NumPy
    from wargame.batches.runners.scheduler import Progress
    from wargame.batches.store.journal import Journal
    from wargame.batches.store.plan import Plan


class Runner(Protocol):
    """Plays what journals lack of their plans; a context manager, at whose end nobody plays."""

    jobs: int
    """So many play at a time; chunks are cut accordingly."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *why: object) -> None: ...

    def reach(self) -> None:
        """Raises WargameError if nobody is there who could play."""

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
        """Play what the journal still lacks: see `LocalRunner`."""


def runner(
    play: str,
    prepare: str | None = None,
    *,
    jobs: int = 1,
    cluster: str | None = None,
    threads: bool = False,
) -> Runner:
    """So many jobs on this machine, or the cluster at an address, for what `worker` describes.

    threads: jobs are threads, for what lets go of the interpreter while it plays.
    """
    if cluster is None:
        return ThreadRunner(play, prepare, jobs) if threads else LocalRunner(play, prepare, jobs)
    from wargame.batches.runners.dask_runner import DaskRunner

    return DaskRunner(cluster, play, prepare)
