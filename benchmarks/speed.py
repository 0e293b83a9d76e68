"""How fast the engine is, as ratios that are measured side by side in one run.

    python benchmarks/speed.py [--scenario NAME] [--json] [--quick]

Absolute speeds depend on the machine and on who else is using it; ratios hardly do. Work on one
core is timed by the processor time it used; only the two threads are timed by the clock.
What each line means and where the time goes: docs/speed.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
import unittest.mock
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import wargame  # first: it asks for one thread before NumPy is imported

import numpy as np  # isort: skip
from scalar_mesa import ScalarCrisis  # isort: skip

from wargame.backends.levels import Machine, machine
from wargame.backends.simulate import CHUNK, play_runs
from wargame.backends.turn import begin, play
from wargame.compiler import compile_scenario
from wargame.content.load import load, load_texts
from wargame.engine.randomness import Luck, Words
from wargame.engine.scenario import Scenario

BUFFER = 10_000
"""Words that are drawn at a time: a larger buffer is timed for its pages, not for its words."""

MIB = 2**20


@dataclass(frozen=True)
class Line:
    """One measurement; `wanted`, if anything is, is met on the right side of `limit`."""

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


@contextmanager
def numpy_player() -> Iterator[None]:
    """NumPy plays within, whatever else could."""
    with (
        unittest.mock.patch("wargame.backends.simulate.machine", lambda: Machine()),
        unittest.mock.patch("wargame.backends.turn.machine", lambda: Machine()),
    ):
        yield


def against_scalar(name: str, scenario: Scenario, rounds: int, scalar_runs: int) -> Line:
    """The engine's runs per second over those of the scalar model, on one core each."""
    spec = load(name)
    ScalarCrisis(spec).run_model()  # compiles its rules, once for all models
    ratios = []
    for first in range(rounds):
        crises = [ScalarCrisis(spec, run=first * scalar_runs + i) for i in range(scalar_runs)]
        scalar = sum(cpu(crisis.run_model) for crisis in crises) / scalar_runs
        ratios.append(scalar / a_run(scenario))
    wanted = 1200 if machine().loaded else 100
    return Line("engine over scalar Mesa", statistics.median(ratios), "x", "at least", wanted)


def a_run(scenario: Scenario, runs: int = CHUNK) -> float:
    """Processor seconds of one run of so many."""
    return cpu(lambda: play_runs(scenario, np.arange(runs))) / runs


def words_a_run(scenario: Scenario, runs: int = CHUNK) -> float:
    """How many random words NumPy draws while runs are played; the native machine skips some."""
    drawn = 0

    class Witness(Luck):
        def _stretch(self, first: int, length: int, turn: int, word: int) -> Words:
            nonlocal drawn
            drawn += length
            return super()._stretch(first, length, turn, word)

    with numpy_player(), unittest.mock.patch("wargame.backends.simulate.Luck", Witness):
        play_runs(scenario, np.arange(runs))
    return drawn / runs


def against_luck(scenario: Scenario, rounds: int) -> Iterator[Line]:
    """The cost of a run, by each player, over the bare cost of drawing its random words."""
    words, bits = words_a_run(scenario), np.random.Philox(key=1)

    def draw() -> None:
        for _ in range(200):
            bits.random_raw(BUFFER)

    def bare() -> float:
        return cpu(draw) / 200 / BUFFER * words

    def ratio(runs: int) -> float:
        return statistics.median(a_run(scenario, runs) / bare() for _ in range(rounds))

    yield Line("random words a run", words, "words", "", 0)
    yield Line("runs a second on one core", 1 / a_run(scenario), "", "", 0)
    if machine().loaded:
        yield Line("native player over bare words", ratio(CHUNK), "x", "at most", 2.2)
    with numpy_player():
        yield Line("NumPy player over bare words", ratio(CHUNK), "x", "at most", 30)


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
    wanted = 0.2 if machine().loaded else 5
    return Line("one turn of one run", max(fastest.values()) * 1000, "ms", "at most", wanted)


def two_threads(scenario: Scenario, rounds: int, chunks: int) -> Line:
    """Runs per second of two threads over those of one, by the clock."""

    def clock(threads: ThreadPoolExecutor) -> float:
        start = time.perf_counter()
        firsts = range(0, chunks * CHUNK, CHUNK)
        list(threads.map(lambda k: play_runs(scenario, np.arange(k, k + CHUNK)), firsts))
        return time.perf_counter() - start

    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(2) as two:
        ratios = [clock(one) / clock(two) for _ in range(rounds)]
    return Line("two threads over one", statistics.median(ratios), "x", "at least", 1.9)


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
    scenario = compile_scenario(load(name))
    for first in range(0, runs, CHUNK):
        play_runs(scenario, np.arange(first, first + CHUNK))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(peak / (MIB if sys.platform == "darwin" else 1024))


def memory(name: str, runs: int) -> tuple[Line, Line]:
    """The peak for many runs, and how much more that is than for a fifth of them."""
    few, many = peak_memory(name, runs // 5), peak_memory(name, runs)
    return (
        Line(f"memory of {runs:,} runs", many, "MiB", "at most", 1024),
        Line(f"the same over {runs // 5:,} runs", many / few, "x", "at most", 1.1),
    )


def crisis(actors: int, rules: int, turns: int) -> Scenario:
    """A scenario of so many actors, each with six moves and so many rules, for so many turns."""
    names = [f"a{k}" for k in range(actors)]
    gauges = "".join(f"  {name}.arms: {{start: 100, noise: {{'*': 50}}}}\n" for name in names)
    moves = "".join(
        f"  m{k}: {{title: M, by: [{', '.join(names)}], base: {10 + k}, success: {500 + 50 * k},"
        f" effects: {{self.arms: {k - 2}}}, cooldown: {k % 3}}}\n"
        for k in range(5)
    )
    return compile_scenario(
        load_texts(
            {
                "scenario.yaml": "schema: 1\nid: grown\ntitle: Grown\nmoves: [all]\n"
                f"turn: {{length: 1 week, horizon: {turns}, orders: 2}}\n"
                f"actors: [{', '.join(names)}]\ngauges:\n{gauges}"
                "endings: {Never: {when: a0.arms < 0}}\n",
                "moves/all.yaml": "schema: 1\nmoves:\n"
                f"  hold: {{title: Hold, by: [{', '.join(names)}], base: 40}}\n{moves}",
                **{
                    f"actors/{name}.yaml": f"id: {name}\ntitle: A\nrules:\n"
                    + "".join(
                        f"  - {{id: r{k}, when: seen.{names[k % 8]}.arms > {80 + k},"
                        f" favour: {{m{k % 5}: +{k % 9}}}}}\n"
                        for k in range(rules)
                    )
                    for name in names
                },
            }
        )
    )


def growth(scenario: Scenario) -> Iterator[Line]:
    """What a run costs as one thing grows, over what it costs before."""
    base = a_run(crisis(8, 16, 26))
    for what, grown in (
        ("16 actors over 8", crisis(16, 16, 26)),
        ("32 rules an actor over 16", crisis(8, 32, 26)),
        ("52 turns over 26", crisis(8, 16, 52)),
    ):
        yield Line(what, a_run(grown) / base, "x", "", 0)
    many = a_run(scenario)
    for runs in (10, 100, 1000):
        rounds = max(1, 300 // runs)
        took = sum(a_run(scenario, runs) for _ in range(rounds)) / rounds
        yield Line(f"a run of {runs:,} over one of {CHUNK:,}", took / many, "x", "", 0)


def measure(name: str, quick: bool) -> list[Line]:
    """All measurements of one scenario."""
    scenario = compile_scenario(load(name))
    play_runs(scenario, np.arange(8))  # everything is loaded
    rounds = 1 if quick else 5
    return [
        *against_luck(scenario, rounds),
        against_scalar(name, scenario, rounds, scalar_runs=3 if quick else 10),
        one_turn(scenario, rounds=3 if quick else 20),
        two_threads(scenario, rounds=1 if quick else 3, chunks=4),
        *memory(name, 20_000 if quick else 100_000),
        *growth(scenario),
    ]


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scenario", default="kherson-2022")
    parser.add_argument("--json", action="store_true", help="one JSON object and nothing else")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    options = parser.parse_args()
    lines = measure(options.scenario, options.quick)
    here = {
        "scenario": options.scenario,
        "wargame": wargame.__version__,
        "player": str(machine()),
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
    if options.json:
        told = [asdict(line) | ({"met": line.met} if line.wanted else {}) for line in lines]
        print(json.dumps({**here, "lines": told}))
        return
    print(", ".join(f"{what} {which}" for what, which in here.items()))
    for line in lines:
        wanted = f"{line.wanted} {line.limit:g}" if line.wanted else ""
        verdict = "" if not line.wanted else "met" if line.met else "MISSED"
        print(f"  {line.what:34}{line.value:10.2f} {line.unit:6}{wanted:14}{verdict}")


if __name__ == "__main__":
    main()
