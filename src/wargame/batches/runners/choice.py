"""Which `Runner` plays: processes, threads, or a cluster."""

from __future__ import annotations

from wargame.batches.runners.local_runner import LocalRunner
from wargame.batches.runners.runner import Runner
from wargame.batches.runners.thread_runner import ThreadRunner


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
