"""The backtest on a crisis whose odds can be worked out with paper and pencil."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from wargame.analysis.validation.backtest import Backtest, backtest
from wargame.analysis.validation.foresight import (
    BASE_RATE,
    LAST,
    RULES,
    UNIFORM,
    UNLEARNED,
    ActorWeek,
    Foresight,
    foresee,
    guesses,
    smoothed,
)
from wargame.backends.turn import begin, play
from wargame.cli.main import main
from wargame.cli.studies.backtest import told as report
from wargame.compiler import compile_scenario
from wargame.content.load import load_texts
from wargame.content.spec import HistorySpec
from wargame.engine.randomness import Luck
from wargame.engine.scenario import Scenario
from wargame.errors import OrderError, SpecError

# Red weighs 60, 30 and 10; if it is bold (nobody knows), arming weighs 90 instead of 30.
TEXTS = {
    "scenario.yaml": """
schema: 1
id: paper
title: {en: Paper, ja: 紙}
turn: {length: 1 week, start: 2022-09-05, horizon: 8, orders: ORDERS}
seed: 7
actors: [red, blue]
moves: [small]
gauges: {arms: {start: 0, source: assumption}}
unknowns: {bold: {between: [0, 1], source: assumption}}
endings: {War: {when: arms >= 500, source: assumption}}
""",
    "actors/red.yaml": """
id: red
title: {en: Red, ja: 赤}
rules:
  - {id: bold, when: bold == 1, favour: {arm: x3}, source: assumption}
""",
    "actors/blue.yaml": "{id: blue, title: {en: Blue, ja: 青}}",
    "moves/small.yaml": """
schema: 1
moves:
  hold: {title: {en: Wait, ja: 待つ}, by: [red, blue], base: 60, source: assumption}
  arm: {title: Arm, by: red, base: 30, effects: {arms: 100}, source: assumption}
  parade: {title: Parade, by: red, base: 10, cooldown: 1, source: assumption}
  talk: {title: Talk, by: blue, base: 60, source: assumption}
""",
}
MONDAYS = [datetime.date(2022, 9, 5) + datetime.timedelta(weeks=w) for w in range(8)]
EPSILON = 1e-9


@cache
def paper(orders: int = 1) -> Scenario:
    texts = dict(TEXTS)
    texts["scenario.yaml"] = texts["scenario.yaml"].replace("ORDERS", str(orders))
    return compile_scenario(load_texts(texts))


def told(*weeks: str) -> HistorySpec:
    """A history: in each week what red does, separated by spaces."""
    events = [
        {"date": day, "actor": "red", "move": move}
        for day, moves in zip(MONDAYS, weeks, strict=False)
        for move in moves.split()
    ]
    events.append({"date": MONDAYS[len(weeks) - 1], "actor": "blue", "move": "talk"})
    return HistorySpec.model_validate(
        {"schema": 1, "id": "told", "title": "Told", "scenario": "paper", "events": events},
        strict=False,
    )


def seen(*weeks: str, smoothing: float = EPSILON, runs: int = 400, orders: int = 1) -> Foresight:
    return foresee(told(*weeks), paper(orders), runs, 7, smoothing)


def test_what_was_said_is_kept_to_the_last_bit() -> None:
    said = seen("arm", "parade")
    kept = Foresight.of_row(said.to_row())
    assert kept.effective == said.effective
    for one, other in zip(said.weeks, kept.weeks, strict=True):
        assert replace(one, forecasts={}) == replace(other, forecasts={})
        for name, forecast in one.forecasts.items():
            assert other.forecasts[name].chance == forecast.chance
            assert np.array_equal(other.forecasts[name].options, forecast.options)


def reds(foresight: Foresight) -> list[ActorWeek]:
    return [week for week in foresight.weeks if week.actor == "red"]


def bold(runs: int = 400) -> float:
    """The share of runs in which red is bold."""
    return float(begin(paper(), Luck(7, np.arange(runs)))["bold"].mean())


def test_the_first_week_is_the_mean_over_what_nobody_knows() -> None:
    (week,) = reds(seen("arm"))
    share = bold()
    assert 0.4 < share < 0.6
    assert week.forecasts[RULES].chance == pytest.approx(share * 90 / 160 + (1 - share) * 0.3)
    assert week.options == ("hold", "arm", "parade") and week.made == ("arm",)
    assert week.forecasts[RULES].options.sum() == pytest.approx(1)


def test_later_weeks_have_learned_what_the_earlier_ones_show_by_bayes_rule() -> None:
    foresight = seen("arm", "arm", "parade")
    share = bold()
    for count, week in enumerate(reds(foresight)):
        odds = share / (1 - share) * ((90 / 160) / 0.3) ** count
        believed = odds / (1 + odds)
        arm = believed * 90 / 160 + (1 - believed) * 0.3
        assert week.forecasts[RULES].options[1] == pytest.approx(arm)
        unlearned = share * 90 / 160 + (1 - share) * 0.3
        assert week.forecasts[UNLEARNED].options[1] == pytest.approx(unlearned)
    effective = list(foresight.effective.values())
    assert effective[0] == pytest.approx(400) and effective == sorted(effective, reverse=True)


def test_a_later_week_changes_no_earlier_forecast() -> None:
    one, other = seen("arm", "", "arm", "parade"), seen("arm", "", "parade", "arm", "arm")
    for mine, its in zip(one.weeks[:4], other.weeks[:4], strict=True):
        assert mine.made == its.made
        for name, forecast in mine.forecasts.items():
            assert forecast.chance == its.forecasts[name].chance
            assert (forecast.options == its.forecasts[name].options).all()
    third = [week.forecasts[RULES].options.tolist() for week in (reds(one)[2], reds(other)[2])]
    assert third[0] == third[1], "what is done in a week does not change what was said of it"


def test_the_guesses_by_hand() -> None:
    weeks = reds(seen("arm", "arm", "", "parade", "arm"))
    uniform = [week.forecasts[UNIFORM].options.tolist() for week in weeks]
    assert uniform[0] == pytest.approx([1 / 3] * 3)
    assert uniform[4] == pytest.approx([1 / 2, 1 / 2, 0], abs=1e-8)  # the parade cools down
    base = [week.forecasts[BASE_RATE].options.tolist() for week in weeks]
    assert base[0] == uniform[0]
    assert base[3] == pytest.approx([1 / 3, 2 / 3, 0], abs=1e-8)
    assert base[4] == pytest.approx([1 / 3, 2 / 3, 0], abs=1e-8)  # of what may be done now
    last = [week.forecasts[LAST].options.tolist() for week in weeks]
    assert last[1] == pytest.approx([0, 1, 0], abs=1e-8)
    assert last[3] == pytest.approx([1, 0, 0], abs=1e-8)
    assert last[4] == uniform[4]  # what it did may not be done again


def test_everybody_is_smoothed_alike() -> None:
    rough, smooth = (seen("arm", "arm", "parade", smoothing=s) for s in (EPSILON, 0.3))
    for before, after in zip(reds(rough), reds(smooth), strict=True):
        for name in (UNLEARNED, UNIFORM, BASE_RATE, LAST):
            expected = 0.7 * before.forecasts[name].options + 0.1
            assert after.forecasts[name].options == pytest.approx(expected)


def test_what_the_rules_forbid_but_really_happened_is_scored_as_it_happened() -> None:
    first, second = reds(seen("parade", "parade", smoothing=0.3))
    assert first.allowed and not second.allowed
    assert second.made == ("parade",)
    assert [f.chance for f in second.forecasts.values()] == pytest.approx([0.1] * 5)


@pytest.mark.parametrize(("made", "drawn"), [("arm parade", (1, 2)), ("arm", (0, 1)), ("", (0, 0))])
def test_two_orders_are_scored_as_a_set_as_the_engine_draws_them(
    made: str, drawn: tuple[int, int]
) -> None:
    runs = 20_000
    (week,) = reds(seen(made, orders=2, runs=runs))
    luck = Luck(11, np.arange(runs))
    orders = np.sort(play(paper(2), begin(paper(2), luck), luck)[1].orders["red"], axis=0)
    share = float((orders == np.array(drawn)[:, None]).all(axis=0).mean())
    assert week.forecasts[RULES].chance == pytest.approx(share, abs=4 * (0.25 / runs) ** 0.5)


def test_guesses_without_a_past_know_only_the_rules_of_the_game() -> None:
    legal = np.array([True, True, False])
    assert [urn.tolist() for urn in guesses(legal, []).values()] == [[1, 1, 0]] * 3
    only_forbidden = guesses(legal, [np.array([2, 2])])
    assert only_forbidden[BASE_RATE].tolist() == [1, 1, 0]


def test_smoothing_leaves_nothing_impossible_and_adds_up() -> None:
    urns = np.array([[5.0, 0.0], [0.0, 0.0], [5.0, 0.0]])
    found = smoothed(urns, 0.3)
    assert found[:, 0] == pytest.approx([0.45, 0.1, 0.45])
    assert found[:, 1] == pytest.approx([1 / 3] * 3)  # an empty urn says nothing


@pytest.fixture(scope="module")
def tested() -> Backtest:
    return backtest(
        told("arm", "arm", "", "arm", "parade", "arm"),
        scenario=paper(),
        runs=400,
        until=datetime.date(2022, 10, 2),
    )


def test_the_weeks_after_the_day_are_held_out(tested: Backtest) -> None:
    assert [(part.name, part.first, part.last) for part in tested.parts] == [
        ("adjusted", 1, 4),
        ("held out", 5, 6),
    ]
    for day, first in ((datetime.date(2022, 10, 3), 5), (datetime.date(2022, 10, 9), 6)):
        again = backtest(told(*["arm"] * 4, "", ""), scenario=paper(), runs=8, until=day)
        assert again["held out"].first == first  # a week belongs to where its last day belongs


def test_rows_are_means_of_the_weeks(tested: Backtest) -> None:
    for part in tested.parts:
        own = [week for week in tested.weeks if week.part == part.name]
        for row in part.rows:
            weeks = [week for week in own if row.who in (week.actor, "all")]
            for name, value in row.bits.items():
                surprises = [-np.log2(week.chances[name]) for week in weeks]
                assert value == pytest.approx(np.mean(surprises))
            best = row.bits[row.best]
            assert best == min(row.bits[name] for name in (UNIFORM, BASE_RATE, LAST))
            assert row.beats == (row.bits[RULES] < best)
            assert row.gains[row.best].gain == pytest.approx(best - row.bits[RULES])
    assert tested["adjusted"]["red"].made == 0.75
    assert tested["adjusted"].beaten == tuple(
        row.who for row in tested["adjusted"].rows if row.beats and row.who != "all"
    )


def test_what_surprised_most_comes_first_and_is_told_in_both_languages(tested: Backtest) -> None:
    held = [s for s in tested.surprises if s.part == "held out"]
    assert [s.chances[RULES] for s in held] == sorted(s.chances[RULES] for s in held)
    (parade,) = [s for s in tested.surprises if s.made == ("parade",)]
    assert parade.date == "2022-10-03" and set(parade.rather) == {"hold", "arm"}
    assert "Week of 2022-10-03, Red: Parade. The model gave it" in tested.told(parade)
    assert "2022-10-03の週、赤：Parade" in tested.told(parade, "ja")


def test_who_is_scored_can_be_chosen_and_changes_no_forecast(tested: Backtest) -> None:
    alone = backtest(
        told("arm", "arm", "", "arm", "parade", "arm"),
        scenario=paper(),
        runs=400,
        until=datetime.date(2022, 10, 2),
        actors=["red"],
    )
    assert alone.actors == ("red",)
    assert alone["held out"]["red"] == tested["held out"]["red"]


def test_it_is_the_same_every_time(tested: Backtest) -> None:
    again = backtest(
        told("arm", "arm", "", "arm", "parade", "arm"),
        scenario=paper(),
        runs=400,
        until=datetime.date(2022, 10, 2),
    )
    assert again == tested
    assert json.loads(json.dumps(tested.to_json()))["parts"][0]["name"] == "adjusted"


def ending(when: str) -> Scenario:
    """The crisis with another end."""
    texts = dict(TEXTS)
    plain = texts["scenario.yaml"].replace("ORDERS", "1")
    texts["scenario.yaml"] = plain.replace("arms >= 500", when)
    return compile_scenario(load_texts(texts))


def test_runs_that_have_ended_say_nothing_any_more() -> None:
    """What really goes on shows that red is not bold, if it would be over otherwise."""
    other = 1 - int(begin(paper(), Luck(7, [0]))["bold"][0])  # than in the run that is told
    scenario = ending(f"arms >= 100 and bold == {other}")
    third = foresee(told("arm", "", ""), scenario, 400, 7, EPSILON).weeks[-2]
    arm = 0.3 if other else 90 / 160
    assert third.turn == 3 and third.forecasts[RULES].options[1] == pytest.approx(arm)
    elsewhere = next(s for s in range(99) if begin(scenario, Luck(s, [0]))["bold"][0] == other)
    with pytest.raises(SpecError, match="over before turn 2"):
        foresee(told("arm", "", ""), scenario, 1, elsewhere, EPSILON)


def test_a_history_that_goes_on_after_the_models_end_is_refused() -> None:
    with pytest.raises(SpecError, match="over before turn 6"):
        seen(*["arm"] * 6)


def test_numbers_and_names_that_make_no_sense_are_refused() -> None:
    for keys in ({"smoothing": 0.0}, {"smoothing": 1.0}, {"runs": 0}):
        with pytest.raises(OrderError, match=r"makes no sense|too few"):
            backtest(told("arm"), scenario=paper(), **keys)
    with pytest.raises(SpecError, match="did you mean 'red'"):
        backtest(told("arm"), scenario=paper(), actors=["rad"])


def test_the_command_on_the_real_autumn(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backtest", "--runs", "60", "--actors", "russia,china", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == 1 and found["actors"] == ["russia", "china"]
    assert [part["name"] for part in found["parts"]] == ["adjusted", "held out"]
    assert [(part["first"], part["last"]) for part in found["parts"]] == [(1, 8), (9, 16)]
    assert len(found["weeks"]) == 2 * 16


def test_it_reads_in_both_languages(tested: Backtest) -> None:
    english, japanese = ("\n".join(report(tested, lang)) for lang in ("en", "ja"))
    assert "Turns 5 to 6, held out (after 2022-10-02)" in english and "Held out: " in english
    assert "第5～6ターン、調整に使わなかった期間" in japanese and "赤" in japanese
    assert "None" not in english + japanese and "held" not in japanese


def test_a_name_that_is_none_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backtest", "autumn-2021"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.long
def test_the_page_says_what_comes_out() -> None:
    """If not, the content has changed: run `tools/backtest_page.py`, and read the prose again."""
    page = (Path(__file__).parents[2] / "docs" / "backtest.md").read_text(encoding="utf-8")
    shown = page.partition("<!-- results -->\n```text\n")[2].partition("\n```\n")[0]
    actors = ["russia", "ukraine", "usa", "nato", "china", "india"]
    found = "\n".join(report(backtest(worldview="forecasters", actors=actors)))
    assert shown == found
