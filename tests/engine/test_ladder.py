"""Glasl's ladder as a state machine: one stage a turn, thresholds, windows, relapse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shipped import shipped
from worlds import STAY_OPEN, after, world_of

from wargame.backends.turn import begin, play
from wargame.engine import ladder
from wargame.engine.randomness import Luck

stages = st.integers(ladder.LOWEST, ladder.HIGHEST)
heats = st.integers(-ladder.HEAT_LIMIT, ladder.HEAT_LIMIT)


def climb(stage: int, heat: int, forced: int = 0) -> tuple[int, int]:
    new, left = ladder.climb(*(np.array([[v]], dtype=np.int32) for v in (stage, heat, forced)))
    return int(new[0, 0]), int(left[0, 0])


@given(stages, heats, st.integers(0, 1))
def test_a_turn_moves_at_most_one_stage_and_stays_on_the_ladder(
    stage: int, heat: int, forced: int
) -> None:
    new, left = climb(stage, heat, forced)
    assert abs(new - stage) <= 1
    assert ladder.LOWEST <= new <= ladder.HIGHEST
    assert abs(left) <= abs(heat) + forced * ladder.RELAPSE
    if new != stage:
        assert left == 0


@given(stages, heats, heats)
def test_more_heat_never_leads_lower(stage: int, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert climb(stage, low)[0] <= climb(stage, high)[0]


def test_the_two_great_thresholds_resist_more_than_their_neighbours_on_the_way_up() -> None:
    up = ladder.UP
    assert up[3] > max(up[2], up[4]), "from 3 to 4 a cooperative solution is given up"
    assert up[6] > max(up[5], up[7]), "from 6 to 7 ethical scruple is given up"


def test_the_lose_lose_stages_resist_most_on_the_way_down() -> None:
    assert min(ladder.DOWN[7:10]) > max(ladder.DOWN[2:7])


def test_nothing_leads_above_9_or_below_1() -> None:
    assert climb(9, 1000)[0] == 9
    assert climb(1, -1000)[0] == 1


@given(st.integers(-99, 99))
def test_heat_that_moves_nothing_decays_toward_0(heat: int) -> None:
    stage, left = climb(2, heat)
    assert stage == 2
    assert abs(left) == abs(heat) * 8 // 10


def intervened(form: str, stage: int, lever: int = 1000, consent: int = 1000) -> tuple[int, int]:
    """(heat before the ladder's turn, trust) when a third party intervenes at a stage."""
    scenario = world_of(
        f"""
gauges: {{trust: {{start: 500}}}}
dyads: {{red-blue: {{stage: {stage}}}}}
ties: [{{from: third, to: red, leverage: {lever}}}]
"""
        + STAY_OPEN,
        actors={"red": "", "blue": "", "third": ""},
        moves=f"""
  act: {{title: Act, by: [third], base: 10, intervention: {form}, consent: {consent},
        heat: {{red-blue: -80}}, effects: {{trust: 40}}}}
""",
    )
    world = after(scenario, 1, runs=3)
    left = int(world["heat(red-blue)"][0])
    return left, int(world["trust"][0])


@pytest.mark.parametrize("form", ladder.WINDOWS)
def test_an_intervention_works_in_its_window_only(form: str) -> None:
    """It calms there; above, it is too soft to do anything; below, it hardens the parties."""
    low, high = ladder.WINDOWS[form]
    told = [intervened(form, stage) for stage in range(1, 10)]
    due = [1 if stage < low else -1 if stage <= high else 0 for stage in range(1, 10)]
    assert [int(np.sign(heat)) for heat, _ in told] == due
    assert [trust for _, trust in told] == [540 if sign < 0 else 500 for sign in due]


def test_leverage_and_consent_scale_what_an_intervention_does() -> None:
    full = intervened("mediation", 6)[0]
    assert intervened("mediation", 6, lever=500)[0] == full // 2
    assert intervened("mediation", 6, consent=500)[0] == full // 2
    assert intervened("mediation", 6, lever=0)[0] == 0


def test_a_calm_that_was_forced_relapses_until_a_softer_form_follows() -> None:
    body = (
        "gauges: {soft: {start: 0}}\ndyads: {red-blue: {stage: 7}}\n"
        "ties: [{from: third, to: red, leverage: 1000}]\n"
        "injects: [{turn: 4, effects: {soft: '=1'}}]\n" + STAY_OPEN
    )
    scenario = world_of(
        body,
        actors={"red": "", "blue": "", "third": ""},
        moves="""
  force: {title: Force, by: [third], base: 10, intervention: power, when: turn == 1,
          heat: {red-blue: -80}}
  mend: {title: Mend, by: [third], base: 10, intervention: mediation, when: soft == 1,
         heat: {red-blue: -1}}
""",
    )
    forced = [int(after(scenario, t)["forced(red-blue)"][0]) for t in range(1, 6)]
    heat = [int(after(scenario, t)["heat(red-blue)"][0]) for t in range(1, 4)]
    assert forced == [1, 1, 1, 0, 0]
    assert heat[0] < heat[1] < heat[2], "pressure comes back"


def test_on_the_real_ladder_no_dyad_ever_jumps() -> None:
    scenario = shipped("kherson-2022")
    luck = Luck(1, np.arange(100))
    world = begin(scenario, luck)
    before = np.array([world[f"stage({d})"] for d in scenario.header.dyads])
    for _ in range(30):
        world, record = play(scenario, world, luck)
        assert np.abs(record.stage - before).max() <= 1
        assert record.stage.min() >= 1
        assert record.stage.max() <= 9
        before = record.stage
