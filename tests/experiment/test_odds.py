"""The odds of a run: shares of futures that can be played alone; noise earns no marks."""

from __future__ import annotations

import numpy as np
import pytest
from shipped import shipped
from small_crisis import RED, SCENARIO, TEXTS, changed, small_crisis

from wargame.analysis import rollouts
from wargame.analysis.odds import STREAM, Odds, odds_of, usually
from wargame.analysis.rollouts import play_futures
from wargame.analysis.turning_points import Gain, TurningPoint, turning_points
from wargame.analysis.utilities import POINTS, points_of, value
from wargame.compiler import compile_scenario
from wargame.content.load import load_texts
from wargame.engine.scenario import Scenario
from wargame.errors import ReplayError, SpecError
from wargame.replay.fork import fan_out, fork
from wargame.replay.orders import Order
from wargame.replay.replay import Look, Plan, Replay, header_for, record


def recorded(scenario: Scenario | None = None, run: int = 0) -> Replay:
    scenario = scenario or small_crisis()
    return record(scenario, header_for(scenario, run=run))


@pytest.fixture(scope="module")
def odds() -> Odds:
    return odds_of(recorded(), 60)


def test_the_odds_of_a_turn_are_the_futures_of_that_very_world(odds: Odds) -> None:
    replay = recorded()
    for turn, world in enumerate(replay.playthrough.worlds):
        alone = fan_out(world, replay.scenario, 60, STREAM)
        assert np.array_equal(odds.futures.ending[turn], alone.ending)
        assert np.array_equal(odds.futures.reached[:, turn], alone.reached)


def test_worlds_of_any_turns_in_any_order_are_played_alike() -> None:
    replay = recorded()
    worlds = replay.playthrough.worlds
    mixed = [worlds[i] for i in (5, 0, 5, 3)]
    found = play_futures(replay.scenario, mixed, 17, "x")
    for place, world in enumerate(mixed):
        alone = play_futures(replay.scenario, [world], 17, "x")
        assert np.array_equal(found.ending[place], alone.ending[0])
    assert np.array_equal(found.ending[0], found.ending[2])


def test_processes_change_nothing_but_the_time(odds: Odds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollouts, "WORTH_PROCESSES", 0)
    again = odds_of(recorded(), 60, jobs=2)
    assert np.array_equal(again.futures.ending, odds.futures.ending)
    assert np.array_equal(again.futures.reached, odds.futures.reached)


def test_progress_is_told_up_to_the_last_future() -> None:
    told: list[tuple[int, int]] = []
    replay = recorded()
    odds_of(replay, 5, on_progress=lambda done, total: told.append((done, total)))
    all_of_them = 5 * len(replay.playthrough.worlds)
    assert told[-1] == (all_of_them, all_of_them)
    assert [done for done, _ in told] == sorted({done for done, _ in told})


def test_a_run_that_is_over_has_no_doubt_left(odds: Odds) -> None:
    ending = recorded().playthrough.ending
    assert ending is not None
    last = odds.curve(ending)[-1]
    assert last.share == 1 and odds.curve(ending)[0].share < 1


def test_a_milestone_that_was_passed_stays_passed() -> None:
    """Once the alarm has rung, it has rung in every future."""
    tense = changed(scenario=("tension: {start: 300", "tension: {start: 640"))
    replay = recorded(tense)
    curve = odds_of(replay, 30).curve("alarm")
    first = next(t for t, w in enumerate(replay.playthrough.worlds) if w["reached(alarm)"][0])
    assert all(share.share == 1 for share in curve[first:])
    with pytest.raises(KeyError):
        odds_of(replay, 3).curve("nothing")


def test_the_tree_of_tegmark_has_its_odds() -> None:
    """Known answers: 30 per cent to first use, then 56 to the end, before any turn is played."""
    scenario = shipped("tegmark-tree")
    odds = odds_of(recorded(scenario), 4000)
    for name, known in (("kaboom", 0.3), ("KABOOM", 0.3 * 0.8 * 0.7)):
        share = odds.curve(name)[0]
        assert share.low <= known <= share.high


def test_the_odds_move_by_what_a_turn_changed(odds: Odds) -> None:
    for turn in range(1, odds.turns + 1):
        for name in ("KABOOM", "Peace"):
            moved = odds.moved(turn, name)
            was, now = odds.curve(name)[turn - 1 : turn + 1]
            assert moved.difference == pytest.approx(now.share - was.share)
            assert moved.low <= moved.difference <= moved.high
        assert 0 <= odds.stir(turn) <= 1


def test_the_odds_as_json_hold_every_turn(odds: Odds) -> None:
    data = odds.to_json()
    assert [row["turn"] for row in data["turns"]] == list(range(odds.turns + 1))
    assert sum(row["count"] for row in data["turns"][0]["endings"].values()) == 60


def test_what_usually_follows_a_fork_is_paired() -> None:
    parent = recorded()
    same = usually(fork(parent, 2, {"red": ["parade", "review"]}), 40)
    idle = usually(fork(parent, 2, {"red": ["review", "parade"]}), 40)
    assert np.array_equal(same.futures.ending[1], idle.futures.ending[1])
    for change in same.changes():
        assert change.low <= change.difference <= change.high
    armed = usually(fork(parent, 2, injects=[{"title": "Bomb", "effects": {"bomb.used": 1}}]), 40)
    kaboom = next(change for change in armed.changes() if change.name == "KABOOM")
    assert armed.endings(1)["KABOOM"].share == 1 and kaboom.resolved


# ------------------------------------------------------------------------------ valuations


def test_every_actor_of_the_war_values_every_ending() -> None:
    scenario = shipped("kherson-2022")
    for actor in scenario.header.actors:
        points = points_of(scenario, actor)
        assert points is not None
        assert {*scenario.header.endings, *scenario.header.milestones} <= points.keys()
        inner = [points[e] for e in scenario.header.endings if e != "KABOOM"]
        assert (min(inner), max(inner)) == (0, 1000)
        assert points["KABOOM"] < min(inner)
    assert set(POINTS) == set(scenario.header.actors)


def test_an_author_says_what_an_actor_values() -> None:
    points = points_of(small_crisis(), "blue")
    assert points == {"Peace": 1000, "unresolved": 500, "KABOOM": -4000}
    nobody = changed(red=('profile: {values: "Peace 600, unresolved 1000, KABOOM -4000"}', ""))
    assert points_of(nobody, "red") is None


@pytest.mark.parametrize("written", ["Peace", "Peas 1000", "Peace 1000; KABOOM 0", ""])
def test_what_is_no_list_of_values_is_refused(written: str) -> None:
    red = RED.replace("Peace 600, unresolved 1000, KABOOM -4000", written or " ")
    with pytest.raises(SpecError, match="no ending or milestone with points"):
        points_of(compile_scenario(load_texts({**TEXTS, "actors/red.yaml": red})), "red")


def test_a_future_is_worth_its_ending_and_what_it_passed_through() -> None:
    header = small_crisis().header
    ending = np.array([[0, 1, 2]], dtype=np.int8)  # KABOOM, Peace, unresolved
    reached = np.array([[[0, 4, 0]]], dtype=np.int32)
    points = {"Peace": 1000, "alarm": -300, "unresolved": 400}
    assert value(points, header, ending, reached).tolist() == [[0, 700, 400]]


# ------------------------------------------------------------------------------ turning points


def judged(replay: Replay, n: int = 300) -> dict[tuple[int, str, str], TurningPoint]:
    found = turning_points(replay, odds_of(replay, n), turns=8, futures=n, first_look=16, each=4)
    return {(point.turn, point.actor, point.played): point for point in found}


def scripted(scenario: Scenario, turn: int, *moves: str) -> Replay:
    def script(number: int, look: Look) -> Plan:
        orders = tuple(Order(move=move, by="script") for move in moves)
        return Plan({"red": orders} if number == turn else {})

    return record(scenario, header_for(scenario), script)


def test_throwing_the_game_away_is_a_blunder() -> None:
    scenario = changed(moves=("when: red.arms >= 220\n", "when: turn == 3\n"))
    replay = scripted(scenario, 3, "use", "hold")
    assert replay.playthrough.ending == "KABOOM"
    point = judged(replay)[3, "red", "use"]
    assert point.mark == "blunder" and point.best.high < 0 and point.usual.high < 0
    assert next(c for c in point.changes if c.name == "KABOOM").low > 0


def test_the_only_move_that_saves_the_game_is_brilliant() -> None:
    """In turn 3 the bomb goes off unless red talks, and red talks."""
    saving = SCENARIO.replace(
        "tension: tension + (250 - tension) // 8",
        "tension: tension + (250 - tension) // 8\n"
        "  bomb.used: 1 if turn == 3 and turns_since(red, talk) > 0 else bomb.used",
    )
    scenario = compile_scenario(load_texts({**TEXTS, "scenario.yaml": saving}))

    def script(number: int, look: Look) -> Plan:
        moves = {2: ("hold", "hold"), 3: ("talk", "hold")}.get(number)
        orders = tuple(Order(move=move, by="script") for move in moves or ())
        return Plan({"red": orders} if moves else {})

    replay = record(scenario, header_for(scenario), script)
    point = judged(replay)[3, "red", "talk"]
    assert point.mark == "brilliant" and point.usual.low > 0


@pytest.mark.parametrize("run", range(3))
def test_between_moves_that_do_the_same_no_mark_is_given(run: int) -> None:
    """All of red's and blue's moves do nothing: whatever moves the odds, no move did."""
    idle = {
        "effects: {red.talks: 40, tension: -15}": "",
        "failure: {tension: 10}": "",
        "heat: {red-blue: -40}": "",
        "effects: {red.arms: 60, tension: 20}": "",
        "heat: {red-blue: 40}": "",
        "effects: {bomb.used: 1}": "",
        "heat: {red-blue: 300}": "",
        'effects: {red.arms: "-(red.arms // 5)"}': "",
        "heat: {red-blue: 10}": "",
    }
    moves = TEXTS["moves/small.yaml"]
    for old, new in idle.items():
        moves = moves.replace(old, new)
    ends = SCENARIO.replace("red.talks >= 250", "tension >= 330")
    scenario = compile_scenario(
        load_texts({**TEXTS, "moves/small.yaml": moves, "scenario.yaml": ends})
    )
    points = judged(recorded(scenario, run), 100)
    assert points and all(
        point.mark == "" and point.gain == 0 == point.usual.points for point in points.values()
    )


def test_a_mark_needs_the_whole_interval_beyond_its_threshold() -> None:
    def mark(best: tuple[float, float], usual: tuple[float, float]) -> str:
        gains = (Gain((low + high) / 2, low, high) for low, high in (best, usual))
        return TurningPoint(1, "red", 0, "arm", "hold", 100, *gains, ()).mark

    nothing = (-5, 5)
    for best, found in {
        nothing: "",
        (-900, 1): "",
        (-300, -100): "blunder",
        (-300, -99): "mistake",
        (-80, -49): "dubious",
        (-80, -19): "",
        (100, 500): "",
    }.items():
        assert mark(best, nothing) == found
    for usual, found in {(1, 900): "", (30, 90): "good", (100, 500): "brilliant"}.items():
        assert mark(nothing, usual) == found
        # Clearly better than usual, and yet clearly worse than what there was.
        assert mark((-300, -100), usual) == "blunder"


def test_without_values_nobody_is_judged_and_without_a_run_nothing_is() -> None:
    nobody = changed(red=('profile: {values: "Peace 600, unresolved 1000, KABOOM -4000"}', ""))
    assert {actor for _, actor, _ in judged(recorded(nobody), 20)} <= {"blue"}
    none = record(small_crisis(), header_for(small_crisis(), until=0))
    assert turning_points(none, odds_of(none, 5)) == ()


def test_a_log_that_differs_is_not_judged() -> None:
    from dataclasses import replace

    from wargame.replay.check import Difference

    replay = recorded()
    verdict = replace(replay.verdict, difference=Difference(1, "drift", "tension", "1", "2"))
    with pytest.raises(ReplayError, match="no other turn can be tried"):
        turning_points(replace(replay, verdict=verdict), odds_of(replay, 5))
