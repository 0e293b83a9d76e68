"""One way in to every run: a turn log, a row of a batch, or a history."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wargame.boundary.files import home
from wargame.engine.scenario import Scenario
from wargame.errors import ReplayError, SpecError, no_such
from wargame.replay.check import Difference
from wargame.replay.log_file import read_log
from wargame.replay.replay import Replay, header_for, open_replay, record, replay_log

if TYPE_CHECKING:
    from wargame.batches.batch import Batch

# Who opens a log need not wait for all that a batch or a history takes.


def read_playthrough(where: str | os.PathLike[str]) -> Replay:
    """The run that `where` names, ready to be stepped through.

    A path is a turn log; ``runs/DIR#4711`` is run 4711 of a batch, ``runs/DIR#POLICY/4711`` that
    of one of its policies; any other word is the name of a history, as ``autumn-2022``.
    Raises ReplayError, StoreError or SpecError, which name what is wrong.
    """
    name = os.fspath(where)
    if name.startswith("~"):
        name = str(home(name))
    if Path(name).is_file():
        return _history(name) if name.endswith((".yaml", ".yml")) else open_replay(name)
    folder, marked, row = name.rpartition("#")
    if marked:
        variant, _, number = row.rpartition("/")
        if not (number.isascii() and number.isdecimal() and len(number) <= 18):
            raise ReplayError(f"{name}: after # comes the number of a run, as in runs/DIR#4711")
        from wargame.batches.batch import Batch
        from wargame.batches.store.plan import BASELINE

        return batch_run(Batch.open(folder), int(number), variant or BASELINE)
    if "/" in name or Path(name).suffix or Path(name).exists():
        return open_replay(name)
    try:
        return _history(name)
    except SpecError as error:
        if any(fault.at is not None for fault in error.faults):
            raise
        raise ReplayError(
            f"{name} is no turn log, no row of a batch (runs/DIR#4711), and {error}"
        ) from None


def _history(name: str) -> Replay:
    from wargame.replay.history import play_history

    return play_history(name).replay


def batch_run(
    batch: Batch, run: int, variant: str = "baseline", scenario: Scenario | None = None
) -> Replay:
    """One run of a batch, simulated again, and whether it went as it did in the batch.

    scenario: the variant's, compiled, if it is at hand. Raises ReplayError if the batch has not
    played it, StoreError if the folder is no batch.
    """
    from wargame.batches.store.folder import run_log
    from wargame.batches.store.plan import BASELINE
    from wargame.compiler.cached import compiled

    if variant not in batch.headers:
        raise ReplayError(f"{batch.folder}: {no_such('policy', variant, batch.headers)}")
    trail = _trail(batch, run, variant)
    scenario = scenario or compiled(batch.inputs(variant))
    header = header_for(scenario, batch.headers[variant].seed, run)
    row = f"{run}" if variant == BASELINE else f"{variant}/{run}"
    name = f"{batch.folder}#{row}"
    if batch.seats:  # what programs ordered stands in the run's own log
        replay = replay_log(read_log(run_log(batch.folder, variant, run)), name, scenario)
    else:
        replay = record(scenario, header, name=name)
    found = int(replay.playthrough.worlds[-1].trail[0])
    if found == trail:
        return replay
    last = replay.playthrough.turns
    apart = Difference(last, "record", "the trail of the run", f"{trail:016x}", f"{found:016x}")
    verdict = replace(replay.verdict, difference=apart, logged_by=batch.headers[variant].engine)
    return replace(replay, verdict=verdict)


def _trail(batch: Batch, run: int, variant: str) -> int:
    """The rolling hash that the batch has of a run."""
    last = -1
    for numbers, columns in batch.columns(variant, ["trail"]):
        if run in numbers:
            return int(np.asarray(columns["trail"])[run - numbers.start])
        last = max(last, numbers.stop - 1)
    raise ReplayError(
        f"{batch.folder} has no run {run} of {variant}"
        + (f"; it has runs 0 to {last}" if last >= 0 else ": none was played")
    )
