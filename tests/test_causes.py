"""What brought something about in a turn: that without which it does not come, by the same luck."""

from __future__ import annotations

import numpy as np
import pytest
from shipped import shipped

from wargame.replay.causes import Happening, Order, Retrial, decided
from wargame.replay.playthrough import Playthrough, play_through


@pytest.fixture(scope="module")
def autumn() -> dict[int, Playthrough]:
    """Two runs: in 264 a false alarm ends the world, in 3248 Russia uses a nuclear weapon."""
    scenario = shipped("kherson-2022")
    return {run: play_through(scenario, run=run) for run in (264, 3248)}


def moves(playthrough: Playthrough, turn: int, things: tuple[Order | Happening, ...]) -> list[str]:
    """Things as ``actor move`` and as the names of happenings."""
    header, record = playthrough.scenario.header, playthrough.records[turn - 1]
    return [
        header.happenings[it.slot]
        if isinstance(it, Happening)
        else f"{it.actor} {header.moves[it.actor][int(record.orders[it.actor][it.place, 0])]}"
        for it in things
    ]


def test_a_strike_and_no_sanctions_of_the_same_week_carry_nato_into_the_war(
    autumn: dict[int, Playthrough],
) -> None:
    run = autumn[3248]
    retrial = Retrial(run, 9)
    assert moves(run, 9, retrial.of_milestone("Expansion")) == ["usa conventional_strike"]
    assert moves(run, 9, retrial.of_step("russia-usa")) == ["usa conventional_strike"]
    assert moves(run, 8, Retrial(run, 8).of_milestone("kaboom")) == ["russia tactical_use"]


def test_a_false_alarm_ends_a_run_by_chance(autumn: dict[int, Playthrough]) -> None:
    run = autumn[264]
    assert decided(run) == run.turns == 31
    assert moves(run, 31, Retrial(run, 31).of_ending("KABOOM")) == ["chance false-alarm 1"]


def test_what_did_not_change_has_no_cause(autumn: dict[int, Playthrough]) -> None:
    run = autumn[264]
    before, after = (world["stage(china-usa)"] for world in run.worlds[30:32])
    assert np.array_equal(before, after)
    assert Retrial(run, 31).of_step("china-usa") == ()


def test_nothing_taken_out_leaves_a_turn_as_it_was(autumn: dict[int, Playthrough]) -> None:
    for run in autumn.values():
        for turn in (1, 9, run.turns):
            assert Retrial(run, turn).world.digest(0) == run.worlds[turn].digest()
