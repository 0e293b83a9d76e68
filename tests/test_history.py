"""The real autumn of 2022 on the model's ladder: nothing dropped, nothing added."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from small_crisis import changed, small_crisis

from wargame.content.load import load_history
from wargame.content.spec import HistorySpec
from wargame.errors import SpecError
from wargame.replay.fork import fork
from wargame.replay.history import History, play_history, turn_of
from wargame.replay.replay import open_replay

AUTUMN = "autumn-2022"


@pytest.fixture(scope="module")
def autumn() -> History:
    return play_history(AUTUMN)


def small(**keys: object) -> HistorySpec:
    return HistorySpec.model_validate(
        {"schema": 1, "id": "small", "title": "Small", "scenario": "small-crisis", **keys}
    )


def test_every_deed_is_an_order_of_its_week_or_left_out_with_a_reason(autumn: History) -> None:
    scenario = autumn.replay.scenario
    told = [(turn_of(d.date, scenario), d.actor, d.move) for d in autumn.spec.events]
    ordered = [
        (event.turn, actor, order.move)
        for event in autumn.replay.turns
        for actor, orders in event.orders.items()
        for order in orders
        if order.date is not None
    ]
    left_out = [(turn, left.actor, left.order.move) for turn, left in autumn.left_out]
    assert sorted(told) == sorted(ordered + left_out)
    assert all(left.why for _, left in autumn.left_out)
    assert len(left_out) <= 6


def test_all_others_wait_and_what_happened_succeeded(autumn: History) -> None:
    for event in autumn.replay.turns:
        for actor, orders in event.orders.items():
            assert {order.by for order in orders} == {"script"}
            for order, success in zip(orders, event.success[actor], strict=True):
                assert order.date or order.move == "hold"
                assert success


def test_nature_does_only_what_the_history_says(autumn: History) -> None:
    assert not [n for event in autumn.replay.turns for n in event.news if n.startswith("chance")]
    thrown = sum(len(event.injects) for event in autumn.replay.turns)
    assert thrown == len(autumn.spec.nature)


def test_each_deed_has_a_source_and_words_in_both_languages(autumn: History) -> None:
    for item in (*autumn.spec.events, *autumn.spec.nature):
        assert item.source is not None
        assert item.title is not None and item.title.en and item.title.ja


def test_the_model_tells_the_autumn_as_it_was(autumn: History) -> None:
    """Blows become attacks on the core after the bridge; belief is highest in October; Kherson is
    given up; no weapon is used, and no dyad with NATO or Washington reaches violence."""
    worlds = autumn.replay.playthrough.worlds
    ladder = [int(world["stage(russia-ukraine)"][0]) for world in worlds]
    assert ladder[4] == 7 and ladder[6] == 8
    assert max(int(world["stage(russia-usa)"][0]) for world in worlds) <= 6
    belief = [int(world["usa.belief"][0]) for world in worlds]
    september_15, october_10, november_14 = 2, 6, 11
    assert october_10 <= belief.index(max(belief[october_10:])) < november_14
    assert belief[-1] < belief[september_15]
    assert int(worlds[-1]["russia.troops_at_risk"][0]) < int(worlds[0]["russia.troops_at_risk"][0])
    assert all(int(world["nuclear.used"][0]) == 0 for world in worlds)
    assert worlds[-1].turn == 16 and not autumn.replay.over


def test_a_history_is_a_turn_log_like_any_other(autumn: History, tmp_path: Path) -> None:
    play_history(AUTUMN, autumn.replay.scenario, tmp_path / "autumn.jsonl")
    again = open_replay(tmp_path / "autumn.jsonl")
    assert again.verdict.identical
    assert again.header.history == AUTUMN
    assert [world.digest() for world in again.playthrough.worlds] == [
        world.digest() for world in autumn.replay.playthrough.worlds
    ]


def test_what_if_the_bridge_had_not_been_struck(autumn: History) -> None:
    """The rest of the autumn goes on as it was, as far as it still can."""
    without = fork(autumn.replay, 5, {"ukraine": ["refuse_talks", "hold"]})
    assert without.replay.playthrough.turns == 16
    assert without.apart[0].turn == 5 and list(without.apart[0].orders) == ["ukraine"]
    for event, was in zip(without.replay.turns[5:], autumn.replay.turns[5:], strict=True):
        left_out = {left.actor for turn, left in without.left_out if turn == event.turn}
        for actor in event.orders.keys() - left_out:
            assert event.moves(actor) == was.moves(actor)


@pytest.mark.parametrize(
    ("day", "turn"), [("2022-09-04", 0), ("2022-09-05", 1), ("2022-09-11", 1), ("2022-09-12", 2)]
)
def test_a_week_begins_on_the_day_of_the_week_on_which_the_scenario_does(
    day: str, turn: int
) -> None:
    assert turn_of(datetime.date.fromisoformat(day), small_crisis()) == turn


def test_what_does_not_fit_into_the_model_is_told_and_the_rest_is_played() -> None:
    week = [("2022-09-05", move) for move in ("arm", "arm", "parade", "review", "use")]
    events = [{"date": day, "actor": "red", "move": move} for day, move in week]
    history = play_history(small(events=events), small_crisis())
    assert history.replay.event(1).moves("red") == ("arm", "parade")
    assert [(left.order.move, left.why) for _, left in history.left_out] == [
        ("arm", "red made it already this turn"),
        ("review", "red gives only 2 orders a turn"),
        ("use", "use needs red.arms >= 220, which does not hold now"),
    ]


def test_a_chance_that_came_has_the_effects_of_its_outcome() -> None:
    nature = [{"date": "2022-09-06", "chance": "incident", "outcome": 2}]
    replay = play_history(small(nature=nature), small_crisis()).replay
    # 300 - 60 by the incident; then the drift: 240 + (250 - 240) // 8
    assert int(replay.world(1)["tension"][0]) == 241
    assert [inject["title"] for inject in replay.event(1).injects] == ["incident"]


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"events": [{"date": "2022-09-05", "actor": "green", "move": "arm"}]}, "no actor 'green'"),
        ({"events": [{"date": "2022-09-05", "actor": "red", "move": "arn"}]}, "mean 'arm'?"),
        ({"events": [{"date": "2022-09-05", "actor": "blue", "move": "arm"}]}, "blue has no move"),
        ({"events": [{"date": "2021-09-05", "actor": "red", "move": "arm"}]}, "is outside"),
        ({"nature": [{"date": "2022-09-05", "chance": "incidant"}]}, "mean 'incident'?"),
        ({"nature": [{"date": "2022-09-05", "chance": "incident", "outcome": 3}]}, "no outcome 3"),
    ],
)
def test_a_history_that_the_scenario_does_not_know_is_refused(
    keys: dict[str, object], why: str
) -> None:
    with pytest.raises(SpecError) as caught:
        play_history(small(**keys), small_crisis())
    assert why in str(caught.value)


def test_a_scenario_without_a_calendar_has_no_history() -> None:
    timeless = changed(scenario=("start: 2022-09-05, ", ""))
    events = [{"date": "2022-09-05", "actor": "red", "move": "arm"}]
    with pytest.raises(SpecError, match="calendar"):
        play_history(small(events=events), timeless)


def test_the_shipped_history_names_its_scenario() -> None:
    assert load_history(AUTUMN).scenario == "kherson-2022"
