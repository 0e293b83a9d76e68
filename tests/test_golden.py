"""Golden playthroughs: one run of each scenario, and the real autumn, as a text that people read;
and one digest over the first 500 runs of each scenario.

A change of the engine or of the content that alters a run alters its text, and the difference can
be read like a diary. If the change was meant, write the texts anew and read what changed::

    python tests/test_golden.py
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import pytest
from shipped import shipped

from wargame.analysis.validation.selftest import outcome_digest
from wargame.backends.simulate import play_runs
from wargame.content.load import list_available
from wargame.engine.world import World
from wargame.replay.history import play_history
from wargame.replay.replay import Replay, header_for, record

GOLDEN = Path(__file__).parent / "golden"
HISTORIES = ("autumn-2022",)
RUNS = {"bridge-2022": 1, "cuba-2021": 2, "kaboom-2022": 1, "kherson-2022": 7, "tegmark-tree": 3}
"""The run of each scenario that is kept. A new scenario needs one."""

DIGESTS = GOLDEN / "digests.txt"
SHOWN = 6  # so many gauges a turn, those that moved most


def told(replay: Replay) -> Iterator[str]:
    """A run as lines of text: the news, who did what, the ladders, what moved, and a digest."""
    header, scenario = replay.header, replay.scenario
    yield f"{replay.name}: scenario {header.scenario}, seed {header.seed}, run {header.run}"
    yield from _world(replay, replay.world(0), None)
    for event in replay.turns:
        yield ""
        yield f"turn {event.turn}"
        yield from (f"  news     {name}" for name in event.news)
        yield from (f"  news     {inject['title']}" for inject in event.injects)
        for actor in scenario.header.actors:
            done = [
                move + ("" if success else " (fails)")
                for move, success in zip(event.moves(actor), event.success[actor], strict=True)
                if move not in ("hold", None)
            ]
            if done:
                yield f"  {actor:8} {', '.join(done)}"
        for left in event.left_out:
            yield f"  left out {left.actor} {left.order.move}: {left.why}"
        yield from _world(replay, replay.world(event.turn), replay.world(event.turn - 1))
    yield ""
    yield f"ending: {replay.playthrough.ending or 'none yet'}"


def _world(replay: Replay, world: World, before: World | None) -> Iterator[str]:
    scenario = replay.scenario
    ladder = [
        f"{dyad} {int(world[f'stage({dyad})'][0])} {int(world[f'heat({dyad})'][0]):+d}"
        for dyad in scenario.header.dyads
    ]
    if ladder:
        yield f"  ladder   {', '.join(ladder)}"
    if before is not None:
        names = scenario.gauge_names()
        moved = {name: int(world[name][0]) - int(before[name][0]) for name in names}
        most = sorted((name for name in names if moved[name]), key=lambda n: (-abs(moved[n]), n))
        gauges = [f"{name} {int(world[name][0])} ({moved[name]:+d})" for name in most[:SHOWN]]
        if gauges:
            yield f"  moved    {', '.join(gauges)}"
    yield f"  digest   {world.digest()[:16]}"


def played(name: str) -> Replay:
    """The run whose text is kept under this name."""
    if name in HISTORIES:
        return play_history(name).replay
    scenario = shipped(name)
    return record(scenario, header_for(scenario, run=RUNS[name]), name=name)


@pytest.mark.parametrize("name", [*RUNS, *HISTORIES])
def test_a_golden_playthrough_comes_out_line_by_line(name: str) -> None:
    golden = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    for number, (line, now) in enumerate(zip_longest(golden, told(played(name))), start=1):
        assert now == line, f"{name}.txt, line {number}; python tests/test_golden.py writes it anew"


def test_every_scenario_and_every_history_has_a_golden_playthrough() -> None:
    shipped = {name for name, _, _ in list_available("scenario")}
    assert shipped == set(RUNS)
    assert {name for name, _, _ in list_available("history")} == set(HISTORIES)
    assert {path.stem for path in GOLDEN.glob("*.txt")} == {*RUNS, *HISTORIES, DIGESTS.stem}


def digests() -> Iterator[str]:
    """Each scenario's name with the digest of its first 500 runs under its own seed."""
    for name in RUNS:
        scenario = shipped(name)
        yield f"{name:14} {outcome_digest(play_runs(scenario, range(500)))}"


def test_the_first_runs_of_each_scenario_are_the_same_to_the_last_bit() -> None:
    golden = DIGESTS.read_text(encoding="utf-8").splitlines()
    assert list(digests()) == golden, "python tests/test_golden.py writes them anew"


def write_golden() -> None:
    """Write all texts and digests anew."""
    DIGESTS.write_text("\n".join(digests()) + "\n", encoding="utf-8")
    GOLDEN.mkdir(exist_ok=True)
    for name in (*RUNS, *HISTORIES):
        text = "\n".join(told(played(name))) + "\n"
        (GOLDEN / f"{name}.txt").write_text(text, encoding="utf-8")
        print(f"{name}: {len(text.splitlines())} lines", file=sys.stderr)


if __name__ == "__main__":
    write_golden()
