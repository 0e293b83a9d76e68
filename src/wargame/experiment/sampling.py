"""Play some runs of a spec, here or in several processes, and keep only how they ended."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

import numpy as np

from wargame.compiler import compile_scenario
from wargame.course import play_runs
from wargame.experiment.plan import chunk_for
from wargame.record import Outcomes, join
from wargame.spec import Spec

__all__ = ["OnProgress", "sample"]

OnProgress = Callable[[int], object]
"""Told how many further runs have been played."""


def sample(
    spec: Spec, runs: range, seed: int, jobs: int = 1, on_progress: OnProgress | None = None
) -> Outcomes:
    """The outcomes of these runs, sorted by run number; the same whatever `jobs` is.

    With more than one job, a script that calls this must be importable.
    """
    tell = on_progress or (lambda n: None)
    size = chunk_for(len(runs), 1, jobs)
    parts = [runs[first : first + size] for first in range(0, len(runs), size)]
    found = []
    if min(jobs, len(parts)) <= 1:
        scenario = compile_scenario(spec)
        for part in parts:
            found.append(play_runs(scenario, np.asarray(part), seed))
            tell(len(part))
        return join(found)
    # A fork of a process that has threads may never wake up.
    context = multiprocessing.get_context("spawn")
    workers = min(jobs, len(parts))
    with ProcessPoolExecutor(workers, context, initializer=_prepare, initargs=(spec,)) as pool:
        for future in as_completed([pool.submit(_play, part, seed) for part in parts]):
            found.append(future.result())
            tell(found[-1].n)
    return join(found)


_HERE: dict[str, Any] = {}
"""What a worker process was told when it began."""


def _prepare(spec: Spec) -> None:
    _HERE["scenario"] = compile_scenario(spec)


def _play(part: range, seed: int) -> Outcomes:
    return play_runs(_HERE["scenario"], np.asarray(part), seed)
