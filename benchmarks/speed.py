"""How fast the engine is, as ratios that are measured side by side in one run.

    python benchmarks/speed.py [--scenario NAME] [--json] [--quick]

Absolute speeds depend on the machine and on who else is using it; ratios hardly do. Work on one
core is timed by the processor time it used; only the two processes are timed by the clock.
What each line means and where the time goes: docs/speed.md.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import time
import unittest.mock
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import wargame  # first: it asks for one thread before NumPy is imported

import numpy as np  # isort: skip
from scalar_mesa import ScalarCrisis  # isort: skip

from wargame.backends.simulate import CHUNK, play_runs
from wargame.backends.turn import begin, play
from wargame.compiler import compile_scenario
from wargame.content.load import load
from wargame.engine.randomness import Luck, Words
from wargame.engine.scenario import Scenario

MIB = 2**20


@dataclass(frozen=True)
class Line:
    """One measurement; `wanted` is met when the value lies on the right side of `limit`."""

    what: str
    value: float
    unit: str
    wanted: str
    limit: float

    @property
    def met(self) -> bool:
        return self.value >= self.limit if self.wanted == "at least" else self.value <= self.limit


def cpu(work: Callable[[], Any]) -> float:
    """Processor seconds that `work` takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def against_scalar(name: str, scenario: Scenario, rounds: int, scalar_runs: int) -> Line:
    """The engine's runs per second over those of the scalar model, on one core each."""
    spec = load(name)
    ScalarCrisis(spec).run_model()  # compiles its rules, once for all models
    ratios = []
    for first in range(rounds):
        crises = [ScalarCrisis(spec, run=first * scalar_runs + i) for i in range(scalar_runs)]
        scalar = sum(cpu(crisis.run_model) for crisis in crises) / scalar_runs
        engine = cpu(lambda: play_runs(scenario, np.arange(CHUNK))) / CHUNK
        ratios.append(scalar / engine)
    return Line("engine over scalar Mesa", statistics.median(ratios), "x", "at least", 100)


Draw = tuple[Luck, int, int, int, int]


def draws_of(scenario: Scenario) -> list[Draw]:
    """Everything that is drawn while a chunk is played."""
    drawn: list[Draw] = []

    class Witness(Luck):
        def _stretch(self, first: int, length: int, turn: int, word: int) -> Words:
            drawn.append((self, first, length, turn, word))
            return super()._stretch(first, length, turn, word)

    with unittest.mock.patch("wargame.backends.simulate.Luck", Witness):
        play_runs(scenario, np.arange(CHUNK))
    return drawn


def against_luck(scenario: Scenario, rounds: int) -> tuple[Line, Line]:
    """The cost of a batch over the bare cost of drawing the very same random numbers."""
    drawn = draws_of(scenario)

    def draw() -> None:
        for luck, *address in drawn:
            Luck._stretch(luck, *address)

    def batch() -> None:
        play_runs(scenario, np.arange(CHUNK))

    ratios = [cpu(batch) / cpu(draw) for _ in range(rounds)]
    words = sum(length for _, _, length, _, _ in drawn) / CHUNK
    return (
        Line("engine over its random numbers", statistics.median(ratios), "x", "at most", 20),
        Line("random numbers a run", words, "words", "at most", float("inf")),
    )


def one_turn(scenario: Scenario, rounds: int) -> Line:
    """Milliseconds of one turn of one run: the slowest turn, each at its fastest of some rounds."""
    fastest: dict[int, float] = {}
    for _ in range(rounds):
        luck = Luck(scenario.header.seed, [0])
        world = begin(scenario, luck)
        while world.turn < scenario.horizon and world.running.any():
            start = time.process_time()
            world, _ = play(scenario, world, luck)
            took = time.process_time() - start
            fastest[world.turn] = min(took, fastest.get(world.turn, took))
    return Line("one turn of one run", max(fastest.values()) * 1000, "ms", "at most", 5)


_worker: dict[str, Scenario] = {}


def _prepare(name: str) -> None:
    _worker["scenario"] = compile_scenario(load(name))


def _tally(first: int) -> int:
    return int(play_runs(_worker["scenario"], np.arange(first, first + CHUNK)).turn.sum())


def two_processes(name: str, rounds: int, chunks: int) -> Line:
    """Runs per second of two processes over those of one, by the clock."""
    spawn = multiprocessing.get_context("spawn")

    def pool(workers: int) -> ProcessPoolExecutor:
        started = ProcessPoolExecutor(workers, spawn, _prepare, (name,))
        list(started.map(_tally, [0] * workers * 2))  # everybody is awake and has compiled
        return started

    def clock(workers: ProcessPoolExecutor) -> float:
        start = time.perf_counter()
        list(workers.map(_tally, range(0, chunks * CHUNK, CHUNK)))
        return time.perf_counter() - start

    with pool(1) as one, pool(2) as two:
        ratios = [clock(one) / clock(two) for _ in range(rounds)]
    return Line("two processes over one", statistics.median(ratios), "x", "at least", 1.8)


def peak_memory(name: str, runs: int) -> float:
    """MiB at the highest point of a process that plays and tallies so many runs."""
    code = f"import speed; speed._play_and_tell({name!r}, {runs})"
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
        check=True,
        capture_output=True,
        text=True,
    )
    return float(told.stdout)


def _play_and_tell(name: str, runs: int) -> None:
    _prepare(name)
    for first in range(0, runs, CHUNK):
        _tally(first)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(peak / (MIB if sys.platform == "darwin" else 1024))


def memory(name: str, runs: int) -> tuple[Line, Line]:
    """The peak for many runs, and how much more that is than for a fifth of them."""
    few, many = peak_memory(name, runs // 5), peak_memory(name, runs)
    return (
        Line(f"memory of {runs:,} runs", many, "MiB", "at most", 1024),
        Line(f"the same over {runs // 5:,} runs", many / few, "x", "at most", 1.1),
    )


def measure(name: str, quick: bool) -> list[Line]:
    """All measurements of one scenario."""
    scenario = compile_scenario(load(name))
    rounds = 1 if quick else 5
    return [
        against_scalar(name, scenario, rounds, scalar_runs=3 if quick else 10),
        *against_luck(scenario, rounds),
        one_turn(scenario, rounds=3 if quick else 20),
        two_processes(name, rounds=1 if quick else 3, chunks=2 if quick else 6),
        *memory(name, 20_000 if quick else 100_000),
    ]


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scenario", default="kherson-2022")
    parser.add_argument("--json", action="store_true", help="one JSON object and nothing else")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    options = parser.parse_args()
    lines = measure(options.scenario, options.quick)
    if options.json:
        told = [{**asdict(line), "met": line.met} for line in lines if line.limit != float("inf")]
        told += [asdict(line) | {"limit": None} for line in lines if line.limit == float("inf")]
        print(json.dumps({"scenario": options.scenario, "lines": told}))
        return
    print(f"{options.scenario}, wargame {wargame.__version__}, NumPy {np.__version__}")
    for line in lines:
        wanted = f"{line.wanted} {line.limit:g}" if line.limit != float("inf") else ""
        verdict = "" if line.limit == float("inf") else "met" if line.met else "MISSED"
        print(f"  {line.what:34}{line.value:10.2f} {line.unit:6}{wanted:14}{verdict}")


if __name__ == "__main__":
    main()
