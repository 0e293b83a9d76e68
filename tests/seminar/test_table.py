"""A game at the table: its life cycle, its clock, its undo, and its log."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from leading import BLUE, RED, lead, open_orders, order, play_turn

from wargame.engine.scenario import Scenario
from wargame.errors import OrderError, ReplayError, StoreError
from wargame.replay.fork import fork
from wargame.replay.log_file import read_log
from wargame.replay.replay import Replay, header_for, open_replay, record, record_run, verify
from wargame.seats.board import Board
from wargame.seats.errors import REASONS, Refused
from wargame.seminar.state import fold
from wargame.seminar.table import Table
from wargame.seminar.view import view


def refusal(call: Any, *args: Any, **more: Any) -> str:
    with pytest.raises(Refused) as caught:
        call(*args, **more)
    return caught.value.key


def rows(table: Table) -> list[str]:
    return [event.kind for event in table.events]


def test_a_turn_goes_through_its_phases(seat: Any) -> None:
    table = seat()
    seen = [table.state.phase]
    for name in ("start", "open_orders", "lock", "commit", "next"):
        lead(table, name)
        seen.append(table.state.phase)
    assert seen == ["setup", "briefing", "orders", "adjudication", "resolution", "briefing"]
    assert table.state.turn == 2


def test_the_games_log_replays_identically(seat: Any) -> None:
    table = seat()
    play_turn(table, "march", "talk")
    play_turn(table, "plot", "march")
    table.close()
    verdict = verify(table.path)
    assert verdict.identical
    assert verdict.turns == 2


def test_what_people_ordered_is_what_was_played(seat: Any) -> None:
    table = seat()
    open_orders(table)
    order(table, RED, "march", intent="Show strength")
    lead(table, "lock")
    lead(table, "commit")
    table.close()
    event = open_replay(table.path).turns[0]
    assert event.moves("red") == ("march", "hold")
    assert event.orders["red"][0].by == "seat"
    assert str(event.orders["red"][0].intent) == "Show strength"
    assert {o.by for o in event.orders["green"]} == {"rule"}


def test_an_event_is_on_disk_before_it_is_acknowledged(seat: Any) -> None:
    table = seat()
    open_orders(table)
    ack = order(table, RED, "march")
    assert ack.data == {"submitted": 1, "turn": 1}
    assert read_log(table.path).events[-1].kind == "submit"


# ------------------------------------------------------------------------------ once, and in time


def test_the_same_key_gives_the_same_answer_and_one_event(seat: Any) -> None:
    table = seat()
    open_orders(table)
    body = {"orders": [{"move": "march"}]}
    first = table.command(RED, "submit", body, turn=1, key="k")
    before = table.revision
    assert table.command(RED, "submit", body, turn=1, key="k") == first
    assert table.revision == before


def test_a_key_is_known_again_after_a_restart(seat: Any, ticks: Any) -> None:
    table = seat()
    open_orders(table)
    body = {"orders": [{"move": "march"}]}
    first = table.command(RED, "submit", body, turn=1, key="k")
    table.close()
    again = Table.open(table.path, ticks=ticks)
    before = again.revision
    assert again.command(RED, "submit", body, turn=1, key="k") == first
    assert again.revision == before
    again.close()


def test_the_same_key_with_another_body_is_refused(seat: Any) -> None:
    table = seat()
    open_orders(table)
    table.command(RED, "submit", {"orders": [{"move": "march"}]}, turn=1, key="k")
    again = {"orders": [{"move": "plot"}]}
    assert refusal(table.command, RED, "submit", again, turn=1, key="k") == "other-body"


def test_a_key_belongs_to_its_role(seat: Any) -> None:
    table = seat()
    open_orders(table)
    for role in (RED, BLUE):
        table.command(role, "submit", {"orders": [{"move": "march"}]}, turn=1, key="k")
    assert set(table.state.sheets) == {"red", "blue"}


def test_an_order_for_a_turn_that_is_over_is_refused_and_kept(seat: Any) -> None:
    table = seat()
    play_turn(table)
    open_orders(table)
    late = {"orders": [{"move": "march", "intent": "Too late"}]}
    assert refusal(table.command, RED, "submit", late, turn=1) == "stale"
    assert view(table, RED)["draft"]["orders"][0]["intent"] == "Too late"
    assert "red" not in table.state.sheets


def test_an_old_tab_does_not_push_out_what_was_typed_since(seat: Any) -> None:
    table = seat()
    play_turn(table)
    open_orders(table)
    table.command(RED, "draft", {"orders": [{"move": "plot"}]}, turn=2)
    refusal(table.command, RED, "submit", {"orders": [{"move": "march"}]}, turn=1)
    draft = view(table, RED)["draft"]
    assert {"turn": draft["turn"], "orders": draft["orders"]} == {
        "turn": 2,
        "orders": [{"move": "plot", "free": "", "target": "", "intent": "", "expect": ""}],
    }


def test_of_two_facilitators_the_second_is_refused(seat: Any) -> None:
    table = seat()
    seen = table.revision_of("facilitator")
    lead(table, "start", revision=seen)
    assert refusal(lead, table, "debrief", revision=seen) == "behind"
    assert table.state.phase == "briefing"


def test_a_seats_order_does_not_put_the_facilitator_behind(seat: Any) -> None:
    table = seat()
    open_orders(table)
    seen = table.revision_of("facilitator")
    order(table, RED, "march")
    lead(table, "lock", revision=seen)
    assert table.state.phase == "adjudication"


def test_an_undone_step_still_puts_the_other_facilitator_behind(seat: Any) -> None:
    table = seat()
    seen = table.revision_of("facilitator")
    lead(table, "start")
    lead(table, "undo", {"event": table.revision, "reason": "too early"})
    assert refusal(lead, table, "start", revision=seen) == "behind"


@pytest.mark.parametrize("data", [None, {}, {"orders": []}])
def test_withdrawing_nothing_is_refused(seat: Any, data: Any) -> None:
    table = seat()
    open_orders(table)
    with pytest.raises(Refused):
        table.command(RED, "withdraw", data, turn=1)


# ------------------------------------------------------------------------------ orders


@pytest.mark.parametrize(
    ("lines", "key"),
    [
        ([{"move": "parley"}], "illegal"),
        ([{"move": "marsh"}], "malformed"),
        ([{"move": "march"}, {"move": "march"}], "illegal"),
        ([{"move": "hold"}] * 3, "illegal"),
        ([{"move": float("nan")}], "malformed"),
        ([{"move": "march", "luck": 1}], "malformed"),
        ([{"move": "march", "intent": "x" * 5000}], "malformed"),
        ([{"free": "\ud800"}], "malformed"),
        ("march", "malformed"),
    ],
)
def test_a_bad_order_is_refused_and_changes_nothing(seat: Any, lines: Any, key: str) -> None:
    table = seat()
    open_orders(table)
    before = table.revision
    assert refusal(table.command, RED, "submit", {"orders": lines}, turn=1) == key
    assert table.revision == before


def test_refusals_have_a_status_and_words_in_both_languages() -> None:
    for key, (status, en, ja) in REASONS.items():
        assert status in (400, 403, 404, 409), key
        assert en and ja and en != ja


def test_free_text_is_translated_by_the_umpire(seat: Any) -> None:
    table = seat()
    open_orders(table)
    lines = [{"free": "Bribe a general", "intent": "Weaken them"}]
    table.command(RED, "submit", {"orders": lines}, turn=1)
    lead(table, "lock")
    told = {"seat": "red", "place": 0, "move": "plot", "reason": "the nearest there is"}
    lead(table, "translate", told)
    lead(table, "commit")
    first = table.board.position.events[0].orders["red"][0]
    assert (first.move, first.by, str(first.intent)) == ("plot", "umpire", "Bribe a general")


def test_free_text_may_become_news_of_the_next_turn(seat: Any) -> None:
    table = seat()
    open_orders(table)
    table.command(RED, "submit", {"orders": [{"free": "Burn the bridge"}]}, turn=1)
    lead(table, "lock")
    inject = {"title": "The bridge burns", "effects": {"tension": 100}}
    lead(table, "translate", {"seat": "red", "place": 0, "inject": inject, "reason": "no move"})
    lead(table, "commit")
    assert table.board.position.events[0].orders["red"][0].move == "hold"
    lead(table, "next")
    assert [n["text"] for n in view(table, "projector")["news"]][-1] == "The bridge burns."


def test_an_order_that_news_have_made_impossible_is_left_out(seat: Any) -> None:
    table = seat(seats={"green": "human"})
    lead(table, "start")
    lead(table, "inject_send", {"inject": {"title": "Alarm", "effects": {"tension": 300}}})
    lead(table, "open_orders")
    order(table, "seat:green", "parley")
    sent = next(e.seq for e in table.events if e.kind == "inject")
    lead(table, "undo", {"event": sent, "reason": "it was a hoax"})
    lead(table, "lock")
    lead(table, "commit")
    event = table.board.position.events[0]
    assert [left.order.move for left in event.left_out] == ["parley"]
    assert event.moves("green") == ("hold", "hold")
    table.close()
    assert verify(table.path).identical


@pytest.mark.parametrize(
    ("verdict", "made", "success"),
    [("skip", None, False), ("fail", "march", False), ("succeed", "march", True)],
)
def test_the_umpire_rules_with_a_reason(seat: Any, verdict: str, made: Any, success: bool) -> None:
    table = seat()
    open_orders(table)
    order(table, RED, "march")
    lead(table, "lock")
    ruling = {"seat": "red", "place": 0, "verdict": verdict}
    assert refusal(lead, table, "rule", ruling) == "reason"
    lead(table, "rule", {**ruling, "reason": "because"})
    lead(table, "commit")
    event = table.board.position.events[0]
    assert (event.moves("red")[0], event.success["red"][0]) == (made, success)
    assert str(event.rulings["red"][0].reason) == "because"
    table.close()
    assert verify(table.path).identical


# ------------------------------------------------------------------------------ the clock


def test_when_the_time_is_over_orders_are_locked(seat: Any, ticks: Any) -> None:
    table = seat(minutes=2)
    open_orders(table)
    ticks.now += 119
    table.tick()
    assert (table.state.phase, table.left) == ("orders", 1000)
    ticks.now += 1
    assert refusal(order, table, RED, "march") == "phase"
    assert table.state.phase == "adjudication"


def test_a_pause_stops_the_clock_and_orders_wait(seat: Any, ticks: Any) -> None:
    table = seat(minutes=2)
    open_orders(table)
    ticks.now += 60
    lead(table, "pause")
    ticks.now += 86_400
    assert table.left == 60_000
    assert refusal(order, table, RED, "march") == "paused"
    lead(table, "resume")
    ticks.now += 30
    assert table.left == 30_000
    lead(table, "extend", {"minutes": 5})
    assert table.left == 330_000


@pytest.mark.parametrize(
    ("late", "how", "move"),
    [("draft", "draft", "march"), ("hold", "hold", "hold"), ("rules", "rules", None)],
)
def test_what_becomes_of_a_late_seat(seat: Any, late: str, how: str, move: Any) -> None:
    table = seat(late=late)
    open_orders(table)
    table.command(RED, "draft", {"orders": [{"move": "march"}]}, turn=1)
    lead(table, "lock")
    assert table.state.sheets["red"].how == how
    lead(table, "commit")
    first = table.board.position.events[0].orders["red"][0]
    assert first.by == ("rule" if how == "rules" else "seat")
    assert move is None or first.move == move


@pytest.mark.parametrize("late", ["draft", "hold", "rules"])
def test_a_seat_that_nobody_has_taken_is_played_by_its_rules(seat: Any, late: str) -> None:
    """Whatever becomes of late teams: a seat becomes a team's when somebody joins."""
    table = seat(late=late)
    table.command(BLUE, "join")
    open_orders(table)
    lead(table, "lock")
    assert (table.state.sheets["red"].how, table.state.sheets["red"].why) == (
        "rules",
        "nobody has joined",
    )
    assert table.state.sheets["blue"].how == ("rules" if late == "rules" else "hold")
    lead(table, "commit")
    assert {order.by for order in table.board.position.events[0].orders["red"]} == {"rule"}


def test_after_a_crash_the_game_is_paused_with_the_time_it_had(seat: Any, ticks: Any) -> None:
    table = seat(minutes=10)
    open_orders(table)
    ticks.now += 240
    order(table, RED, "march")
    table.close()
    ticks.now += 86_400
    again = Table.open(table.path, ticks=ticks)
    assert again.state.recovered and again.state.paused
    assert again.left == 360_000
    assert again.state.sheets["red"].lines[0].move == "march"
    lead(again, "resume")
    assert not again.state.recovered
    ticks.now += 60
    assert again.left == 300_000
    again.close()


def test_a_draft_survives_a_restart(seat: Any, ticks: Any) -> None:
    table = seat()
    open_orders(table)
    table.command(RED, "draft", {"orders": [{"free": "half a thou"}]}, turn=1)
    table.close()
    again = Table.open(table.path, ticks=ticks)
    assert view(again, RED)["draft"]["orders"][0]["free"] == "half a thou"
    again.close()


# ------------------------------------------------------------------------------ undo


def test_a_turn_undone_and_played_anew_meets_the_same_luck(seat: Any) -> None:
    table = seat()
    play_turn(table, "march", "march")
    first = table.board.world.digest()
    turn = next(event.seq for event in table.events if event.kind == "turn")
    lead(table, "undo", {"event": turn, "reason": "look again"})
    assert (table.state.phase, table.board.turns) == ("adjudication", 0)
    assert view(table, RED)["reopened"]
    lead(table, "commit")
    assert table.board.world.digest() == first
    table.close()
    assert verify(table.path).identical


def test_a_step_that_others_build_on_cannot_be_undone_alone(seat: Any) -> None:
    table = seat()
    play_turn(table, "march")
    play_turn(table)
    submitted = next(event.seq for event in table.events if event.kind == "submit")
    said = {"event": submitted, "reason": "a wrong click"}
    assert refusal(lead, table, "undo", said) == "built-upon"
    lead(table, "rewind", said)
    assert (table.state.phase, table.state.turn, table.board.turns) == ("orders", 1, 0)
    assert set(table.state.sheets) == set()
    order(table, RED, "plot")
    lead(table, "lock")
    lead(table, "commit")
    assert table.board.position.events[0].moves("red")[0] == "plot"
    table.close()
    assert verify(table.path).identical


def test_words_outside_the_game_stay_when_it_goes_back(seat: Any) -> None:
    table = seat()
    open_orders(table)
    opened = table.revision
    table.command(RED, "message", {"to": ["facilitator"], "text": "Are we at war?"})
    lead(table, "rewind", {"event": opened, "reason": "not yet"})
    assert table.state.phase == "briefing"
    assert [m.text for m in table.state.messages] == ["Are we at war?"]


def test_the_fold_of_the_file_is_the_state_in_memory(seat: Any, ticks: Any) -> None:
    table = seat()
    play_turn(table, "march", "plot")
    lead(table, "note", {"text": "The room fell silent", "tags": ["mood"]})
    lead(
        table,
        "rewind",
        {"event": next(e.seq for e in table.events if e.kind == "turn"), "reason": "again"},
    )
    lead(table, "commit")
    state = table.state
    table.close()
    again = Table.open(table.path, ticks=ticks)
    for name in (
        "phase",
        "turn",
        "seats",
        "sheets",
        "umpired",
        "past",
        "injects",
        "messages",
        "notes",
        "turns",
        "helm",
        "reopened",
    ):
        assert getattr(again.state, name) == getattr(state, name), name
    assert again.board.world.digest() == table.board.world.digest()
    again.close()


@pytest.mark.parametrize("kind", ["seminar", "code", "join"])
def test_what_is_no_step_of_the_game_cannot_be_undone(seat: Any, kind: str) -> None:
    table = seat()
    table.command(RED, "join")
    lead(table, "code", {"role": RED})
    number = next(event.seq for event in table.events if event.kind == kind)
    assert refusal(lead, table, "undo", {"event": number, "reason": "x"}) == "not-undoable"


# ------------------------------------------------------------------------------ seats and codes


def test_codes_open_their_roles_and_are_nowhere_in_the_log(seat: Any) -> None:
    table = seat()
    assert {table.role_for(code) for code in table.codes.values()} == set(table.codes)
    text = table.path.read_text(encoding="utf-8")
    for code in table.codes.values():
        assert code not in text and code.replace("-", "") not in text
    assert table.role_for("00000-00000") is None


def test_a_code_may_be_read_aloud(seat: Any) -> None:
    table = seat()
    code = table.codes[RED]
    assert table.role_for(code.lower().replace("-", " ").replace("0", "o")) == RED


def test_a_new_code_ends_the_old_one(seat: Any) -> None:
    table = seat()
    old = table.codes[RED]
    fresh = lead(table, "code", {"role": RED}).data["code"]
    assert (table.role_for(old), table.role_for(fresh)) == (None, RED)
    assert table.generation(RED) == 1


def test_a_seat_is_handed_to_rules_and_back(seat: Any) -> None:
    table = seat()
    open_orders(table)
    lead(table, "holder", {"seat": "red", "holder": "rules"})
    assert refusal(order, table, RED, "march") == "holder"
    lead(table, "holder", {"seat": "red", "holder": "human"})
    order(table, RED, "march")


# ------------------------------------------------------------------------------ beginnings


@pytest.mark.parametrize("turn", [0, 1, 3])
def test_a_game_begins_after_any_turn_of_any_log(
    crisis: Scenario, tmp_path: Path, turn: int, seat: Any
) -> None:
    record_run(crisis, tmp_path / "run.jsonl", run=5)
    replay = open_replay(tmp_path / "run.jsonl")
    table = seat("taken-over.jsonl", start_from=(replay, turn))
    assert table.state.turn == turn + 1
    assert table.board.world.digest() == replay.world(turn).digest()
    play_turn(table, "march")
    table.close()
    assert verify(table.path).identical


def test_a_game_begins_inside_another_game(seat: Any) -> None:
    first = seat("first.jsonl")
    play_turn(first, "march", "plot")
    play_turn(first)
    first.close()
    second = seat("second.jsonl", start_from=(open_replay(first.path), 1))
    play_turn(second, "talk", "talk")
    second.close()
    replay = open_replay(second.path)
    assert replay.verdict.identical
    assert replay.turns[0] == open_replay(first.path).turns[0]


def test_nature_stands_still_for_a_history_and_plays_from_there(
    crisis: Scenario, tmp_path: Path, seat: Any
) -> None:
    """Until the game begins, the log says what nature did; then the luck of the run is drawn."""
    told = record(crisis, header_for(crisis, run=2, nature="still", until=2))
    plain = record(crisis, header_for(crisis, run=2))
    table = seat("taken-over.jsonl", seats={}, start_from=(told, 2))
    lead(table, "start")
    for turn in (3, 4, 5, 6):
        for name in ("open_orders", "lock", "commit", "next")[: 3 if turn == 6 else 4]:
            lead(table, name)
    table.close()
    replay = open_replay(table.path)
    assert replay.verdict.identical

    def storms(run: Replay) -> list[bool]:
        return [any("storm" in name for name in event.news) for event in run.turns]

    assert storms(told) == [False, False]
    assert any(storms(plain)[2:]) and any(storms(plain)[:2])
    assert storms(replay) == [False, False, *storms(plain)[2:]]
    other = fork(replay, 4, {"red": ["march"]})
    assert other.replay.header.still_until == 2


def test_beginnings_that_cannot_be(crisis: Scenario, tmp_path: Path, seat: Any) -> None:
    record_run(crisis, tmp_path / "run.jsonl")
    replay = open_replay(tmp_path / "run.jsonl")
    with pytest.raises(ReplayError):
        seat("a.jsonl", start_from=(replay, 99))
    with pytest.raises(ReplayError, match="ended"):
        seat("b.jsonl", start_from=(replay, replay.playthrough.turns))
    with pytest.raises(OrderError):
        seat("c.jsonl", seats={"purple": "human"})
    with pytest.raises(OrderError):
        seat("d.jsonl", seats={"red": "robot"})
    with pytest.raises(ReplayError, match="log of a run"):
        Table.open(tmp_path / "run.jsonl")


def test_a_second_server_on_the_same_game_is_refused(seat: Any) -> None:
    table = seat()
    with pytest.raises(StoreError, match="somebody else"):
        Table.open(table.path)


def test_when_the_run_has_ended_only_the_debrief_is_left(seat: Any) -> None:
    table = seat()
    for _ in range(6):
        play_turn(table)
    assert table.board.ending is not None
    assert refusal(lead, table, "next") == "over"
    assert view(table, "facilitator")["next"]["command"] == "debrief"
    lead(table, "debrief")
    lead(table, "end")
    assert view(table, RED)["report"]["turns"][5]["turn"] == 6


# ------------------------------------------------------------------------------ what if


def test_a_what_if_leaves_the_game_as_it_is(seat: Any) -> None:
    table = seat()
    play_turn(table, "march")
    before = table.board.world.digest()
    said = {"turn": 1, "orders": {"red": ["hold"]}, "futures": 10, "reason": "no march"}
    result = lead(table, "what_if", said).data["result"]
    assert result["turns"][0]["orders"]["red"] == [["march", "hold"], ["hold", "hold"]]
    assert sum(result["instead"].values()) == 10
    assert table.board.world.digest() == before
    assert table.state.phase == "resolution"


def test_odds_are_the_same_when_asked_again(seat: Any) -> None:
    table = seat()
    play_turn(table, "march")
    first = lead(table, "odds", {"futures": 50}).data
    assert lead(table, "odds", {"futures": 50}).data == first
    assert sum(first["endings"].values()) == 50
    assert "odds" not in view(table, "projector")
    lead(table, "show", {"what": "odds"})
    assert view(table, "projector")["odds"]["futures"] == 50


def test_orders_do_not_wait_for_what_is_counted(seat: Any, monkeypatch: Any) -> None:
    """While futures are counted, seats hand in and the facilitator goes on."""
    table = seat()
    play_turn(table, "march")
    lead(table, "next")
    count = Board.odds

    def meanwhile(board: Board, futures: int) -> dict[str, int]:
        with ThreadPoolExecutor(1) as other:
            other.submit(lead, table, "open_orders").result()
            other.submit(order, table, RED, "hold").result()
        return count(board, futures)

    monkeypatch.setattr(Board, "odds", meanwhile)
    found = lead(table, "odds", {"futures": 10}).data
    assert (found["turn"], sum(found["endings"].values())) == (1, 10)
    assert table.state.sheets["red"].lines[0].move == "hold"


def test_what_was_counted_from_a_turn_that_is_taken_back_is_not_kept(
    seat: Any, monkeypatch: Any
) -> None:
    table = seat()
    play_turn(table, "march")
    played = next(event.seq for event in table.events if event.kind == "turn")
    count = Board.odds

    def meanwhile(board: Board, futures: int) -> dict[str, int]:
        with ThreadPoolExecutor(1) as other:
            other.submit(lead, table, "undo", {"event": played, "reason": "no"}).result()
        return count(board, futures)

    monkeypatch.setattr(Board, "odds", meanwhile)
    assert refusal(lead, table, "odds", {"futures": 10}) == "behind"
    assert table.state.odds == {}


def test_seats_keep_their_order_after_a_restart(seat: Any) -> None:
    table = seat()
    before = [s["actor"] for s in view(table, "facilitator")["table"]]
    table.close()
    again = Table.open(table.path)
    seen = view(again, "facilitator")
    assert [s["actor"] for s in seen["table"]] == before == ["red", "blue", "green"]
    assert [s["actor"] for s in seen["seats"]] == before
    assert view(again, RED)["recipients"] == ["facilitator", "seat:blue", "seat:green"]
    again.close()


@pytest.mark.parametrize(
    ("orders", "why"),
    [
        ([{"move": "marsh"}], "「marsh」という行動はありません"),
        ([{"move": "parley"}], "「会談」はこの席の行動ではありません"),
        ([{"move": "plot"}, {"move": "plot"}], "二度は命令できません"),
        ([{"move": "plot"}, {"move": "hold"}, {"move": "talk"}], "2件までです"),
        ([{"move": "march"}], "「進軍」は第3ターンまで命令できません"),
        ([{"move": "plot", "intent": "x" * 5000}], "orders.0.intent: 長すぎます"),
        ([{"movement": "plot"}], "この項目は使えません"),
        ("all", "入力内容が正しくありません"),
    ],
)
def test_a_refused_order_says_why_in_japanese(seat: Any, orders: Any, why: str) -> None:
    table = seat()
    play_turn(table, "march")
    open_orders(table)
    with pytest.raises(Refused) as caught:
        table.command(RED, "submit", {"orders": orders}, turn=2)
    assert why in caught.value.words("ja")
    assert not re.search("[ぁ-ん]", caught.value.words("en"))


def test_odds_of_an_undone_turn_go_with_it(seat: Any) -> None:
    """They stayed on the projector and in the report, though their world was taken back."""
    table = seat()
    play_turn(table)
    lead(table, "odds", {"futures": 10})
    lead(table, "show", {"what": "odds"})
    play_turn(table)
    for name, data in (
        ("odds", {"futures": 10}),
        ("what_if", {"turn": 1, "orders": {"red": ["march"]}, "futures": 10}),
    ):
        lead(table, name, data)
    assert (sorted(table.state.odds), len(table.state.whatifs)) == ([1, 2], 1)
    played = [event.seq for event in table.events if event.kind == "turn"]
    lead(table, "undo", {"event": played[1], "reason": "a slip"})
    assert (sorted(table.state.odds), table.state.whatifs) == ([1], ())
    assert view(table, "projector")["odds"]["turn"] == 1
    lead(table, "commit")
    assert sorted(table.state.odds) == [1]  # the turn is another one, even if it went the same way
    lead(table, "odds", {"futures": 10})
    assert sorted(table.state.odds) == [1, 2]
    assert fold(table.events) == table.state


# ------------------------------------------------------------------------------ small and whole


def test_a_cleared_field_means_no_deadline_and_none_given_the_games_own(seat: Any) -> None:
    for said, left in (({}, 8 * 60_000), ({"minutes": None}, None), ({"minutes": 3}, 180_000)):
        table = seat(f"{left}.jsonl", minutes=8)
        lead(table, "start")
        lead(table, "open_orders", said)
        assert table.left == left


def draft(table: Table, words: str, writer: str, base: int | None = None) -> None:
    lines = {"orders": [{"move": "march", "intent": words}], "writer": writer, "base": base}
    table.command(RED, "draft", lines, turn=1)


def words_of(table: Table) -> list[str]:
    """What red's page shows of its drafts, the newest first."""
    shown = view(table, RED)["draft"]
    return [lines[0]["intent"] for lines in (shown["orders"], *shown["aside"])]


def test_two_devices_on_one_seat_lose_no_words(seat: Any) -> None:
    table = seat()
    open_orders(table)
    draft(table, "phone", "a", 0)
    draft(table, "phone, more", "a", 0)
    assert words_of(table) == ["phone, more"]  # one page alone replaces what it wrote
    draft(table, "laptop", "b", 0)  # opened before the phone had written
    assert words_of(table) == ["laptop", "phone, more"]
    draft(table, "phone, and more", "a", 0)
    assert words_of(table) == ["phone, and more", "laptop"]
    grown = view(table, RED)["draft"]["number"]
    draft(table, "phone, and more, on the laptop", "c", grown)  # it was reloaded, and goes on
    assert words_of(table) == ["phone, and more, on the laptop", "laptop"]
    order(table, RED, "march", intent="handed in by a program")
    assert words_of(table)[1:] == ["phone, and more, on the laptop", "laptop"]
    table.close()
    again = Table.open(table.path)
    assert words_of(again)[1:] == ["phone, and more, on the laptop", "laptop"]
    again.close()


def test_a_withdrawn_inject_is_named(seat: Any) -> None:
    table = seat()
    lead(table, "start")
    title = {"en": "A rumour", "ja": "うわさ"}
    name = lead(table, "inject_schedule", {"inject": {"title": title}, "turn": 2}).data["id"]
    assert lead(table, "inject_drop", {"id": name}).data["inject"]["title"] == title
    for lang in ("en", "ja"):
        what = view(table, "facilitator", lang)["log"][0]["what"]
        assert (what["stage"], what["title"]) == ("dropped", title[lang])


def test_an_edit_that_a_bound_stops_says_so(seat: Any) -> None:
    table = seat()
    lead(table, "start")
    for effect, stops in (
        ("+100", []),
        ("+5000", [{"gauge": "tension", "would": 5300, "at": 1000}]),
        ("-400", [{"gauge": "tension", "would": -100, "at": 0}]),
        ("= 2000", [{"gauge": "tension", "would": 2000, "at": 1000}]),
        ("tension // 2", []),
    ):
        inject = {"title": "So it is", "effects": {"tension": effect}}
        assert lead(table, "inject_prepare", {"inject": inject}).data["stops"] == stops
    lead(table, "open_orders", {"minutes": 1})
    assert lead(table, "extend", {"minutes": -5}).data == {"left": 0}
