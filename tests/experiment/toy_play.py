"""Things to play that need no engine: sums that anybody can check, and every way to go wrong.

Workers import this module by name, as they would the real thing.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wargame.batches.runners.local_runner import LocalRunner
from wargame.batches.runners.scheduler import Progress
from wargame.batches.store.journal import Journal
from wargame.batches.store.plan import Plan, Variant

Columns = dict[str, NDArray[Any]]


def toy_plan(runs: int = 1000, chunk: int = 100, **settings: Any) -> Plan:
    """Three variants of a toy, each with the same settings."""
    return Plan(
        scenario="sha-of-toy",
        seed=7,
        engine="0.1",
        variants=tuple(
            Variant(name, f"sha-of-{name}", overlays, settings)
            for name, overlays in (("baseline", ()), ("a", ("a",)), ("a+b", ("a", "b")))
        ),
        runs=range(runs),
        chunk=chunk,
    )


def execute(
    plan: Plan, play: Any, journal: Journal, *, prepare: Any = None, jobs: int = 1, **options: Any
) -> Progress:
    """Play what the journal lacks, by workers that are there for nothing else."""
    with LocalRunner(play, prepare, jobs) as runner:
        return runner.play(plan, journal, **options)


def runs_of(task: Mapping[str, Any]) -> NDArray[np.int64]:
    return np.arange(task["start"], task["stop"], dtype=np.int64)


def tally(task: Mapping[str, Any]) -> Columns:
    """A value per run that depends on nothing but variant, seed and run."""
    runs = runs_of(task)
    luck = (runs + task["seed"]) * 2654435761 + len(task["variant"])
    return {
        "ending": (luck >> 7).astype(np.uint32).astype(np.int8) % 7,
        "turn": (luck >> 11) % 52,
        "nuclear": luck % 5 == 0,
    }


def touchy(task: Mapping[str, Any]) -> Columns:
    """Tally, but the runs that the settings name go wrong in the way they name."""
    runs = runs_of(task)
    if hit(runs, task.get("killers")):
        os.kill(os.getpid(), 9)
    if hit(runs, task.get("leavers")):
        os._exit(3)
    if hit(runs, task.get("quitters")):
        sys.exit("I quit")
    if hit(runs, task.get("raisers")):
        raise ZeroDivisionError("no gauge\nmay divide by zero")
    if hit(runs, task.get("gluttons")):
        raise MemoryError
    if hit(runs, task.get("once")) and first_time(Path(task["folder"]) / "been-here"):
        os.kill(os.getpid(), 9)
    if hit(runs, task.get("stopped")) and first_time(Path(task["folder"]) / "stopped"):
        os.kill(os.getpid(), signal.SIGSTOP)
    if hit(runs, task.get("slow")):
        os.close(os.open(task["pipe"], os.O_RDONLY))  # as long as nobody opens the other end
    return tally(task)


def hit(runs: NDArray[np.int64], chosen: object) -> bool:
    return bool(np.isin(runs, np.asarray(chosen if chosen else [], dtype=np.int64)).any())


def first_time(mark: Path) -> bool:
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def doom(task: Mapping[str, Any]) -> Columns:
    """Nothing can be played at all."""
    raise RuntimeError("the engine is broken")


def text(task: Mapping[str, Any]) -> Columns:
    return {"ending": np.array(["Korea"] * (task["stop"] - task["start"]))}


def short(task: Mapping[str, Any]) -> Columns:
    return {"ending": np.zeros(1, dtype=np.int8)}


def for_ever(task: Mapping[str, Any]) -> Columns:
    """Open the named pipe of the settings, say so, and play on until the process is ended."""
    pipe = os.open(task["pipe"], os.O_WRONLY)
    os.write(pipe, b"playing\n")
    while True:
        np.arange(1000).sum()


def prepare(task: Mapping[str, Any]) -> str:
    """Leave a mark for each time that this is called."""
    folder = Path(task["folder"])
    number = len(list(folder.iterdir()))
    (folder / f"{task['variant']}-{os.getpid()}-{number}").touch()
    return f"prepared {task['variant']}"


def prepared(task: Mapping[str, Any]) -> Columns:
    assert task["prepared"] == f"prepared {task['variant']}"
    return tally(task)


def unprepared(task: Mapping[str, Any]) -> str:
    raise ValueError("no such overlay")


def luggage(task: Mapping[str, Any]) -> Columns:
    """Whether the process that plays has loaded what it has no use for, and how it is set up."""
    rows = np.ones(task["stop"] - task["start"], dtype=np.int64)
    heavy = ("mesa", "matplotlib", "pandas", "scipy", "networkx", "textual", "starlette")
    return {
        "heavy": rows * sum(name in sys.modules for name in heavy),
        "threads": rows * int(os.environ["OPENBLAS_NUM_THREADS"]),
        "parent": rows * os.getppid(),
        "process": rows * os.getpid(),
        "session": rows * os.getsid(0),
    }
