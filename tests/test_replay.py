"""From a run to its log and back: the same worlds, or the first place where they differ."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_crisis import changed, small_crisis

from wargame.backends.turn import begin, play
from wargame.content.spec import Text
from wargame.engine.randomness import Luck
from wargame.errors import OrderError, ReplayError
from wargame.replay.fork import fork
from wargame.replay.log_file import Event, Log, LogWriter, read_log
from wargame.replay.orders import Order, Ruling
from wargame.replay.playthrough import play_through
from wargame.replay.replay import (
    Look,
    Plan,
    Replay,
    header_for,
    open_replay,
    play_turn,
    record,
    record_run,
    replay_log,
    verify,
)

Data = dict[str, Any]


def recorded(path: Path | None = None, run: int = 0) -> Replay:
    return record(small_crisis(), header_for(small_crisis(), run=run), path=path)


def ordered(*moves: str, by: str = "seat") -> tuple[Order, ...]:
    return tuple(Order.model_validate({"move": move, "by": by}) for move in moves)


def digests(replay: Replay) -> list[str]:
    return [world.digest() for world in replay.playthrough.worlds]


def rewritten(log: Log, change: Callable[[Data, list[Data]], object]) -> Log:
    """The log as somebody would write it who had all its checksums right."""
    header, events = copy.deepcopy(log.header), [copy.deepcopy(e.data) for e in log.events]
    change(header, events)
    return Log(header, tuple(Event(i, "turn", data) for i, data in enumerate(events, start=1)))


# ------------------------------------------------------------------------------ there and back


@pytest.mark.parametrize("run", range(4))
def test_a_log_replays_to_the_same_worlds(tmp_path: Path, run: int) -> None:
    first = record_run(small_crisis(), tmp_path / "a.jsonl", run=run)
    again = open_replay(tmp_path / "a.jsonl")
    assert again.verdict.identical
    assert digests(again) == [world.digest() for world in first.worlds]
    assert again.playthrough.ending == first.ending


def test_recording_changes_nothing_of_a_run_and_a_run_alone_is_its_row_of_a_batch() -> None:
    scenario = small_crisis()
    alone = play_through(scenario, run=2)
    assert digests(recorded(run=2)) == [world.digest() for world in alone.worlds]
    luck = Luck(7, [0, 1, 2])
    world = begin(scenario, luck)
    for turn in range(1, alone.turns + 1):
        world, _ = play(scenario, world, luck)
        assert world.digest(2) == alone.worlds[turn].digest()


def test_a_log_holds_all_that_it_needs(tmp_path: Path) -> None:
    recorded(tmp_path / "a.jsonl")
    header = read_log(tmp_path / "a.jsonl").header
    assert header["inputs"] == small_crisis().spec.inputs
    assert {"seed", "run", "digest", "engine", "opening"} <= header.keys()


def test_a_log_is_never_written_over(tmp_path: Path) -> None:
    recorded(tmp_path / "a.jsonl")
    before = (tmp_path / "a.jsonl").read_bytes()
    with pytest.raises(Exception, match="exists already"):
        recorded(tmp_path / "a.jsonl")
    assert (tmp_path / "a.jsonl").read_bytes() == before


def test_nothing_is_written_of_a_run_that_cannot_be_played(tmp_path: Path) -> None:
    def script(turn: int, look: Look) -> Plan:
        return Plan({"red": ordered("fly", "hold")} if turn == 3 else {})

    with pytest.raises(OrderError, match="no move of red 'fly'"):
        record_run(small_crisis(), tmp_path / "a.jsonl", script=script)
    assert not (tmp_path / "a.jsonl").exists()


def test_who_ordered_what_and_why_is_kept(tmp_path: Path) -> None:
    intent = Text(en="To be heard.", ja="聞いてもらうため。")

    def script(turn: int, look: Look) -> Plan:
        if turn > 1:
            return Plan()
        return Plan({"blue": look(()).do("blue", ["warn"], "seat", intent)})

    record_run(small_crisis(), tmp_path / "a.jsonl", script=script)
    event = open_replay(tmp_path / "a.jsonl").event(1)
    assert [(order.move, order.by) for order in event.orders["blue"]] == [
        ("warn", "seat"),
        ("hold", "seat"),
    ]
    assert event.orders["blue"][0].intent == intent
    assert {order.by for order in event.orders["red"]} == {"rule"}


@pytest.mark.parametrize(
    ("ruling", "made", "success"),
    [
        (Ruling(verdict="accept"), "talk", None),
        (Ruling(verdict="succeed", reason=Text(en="Well argued.")), "talk", True),
        (Ruling(verdict="fail"), "talk", False),
        (Ruling(verdict="skip"), None, False),
        (Ruling(verdict="modify", move="warn"), "warn", True),
    ],
)
@pytest.mark.parametrize("run", range(3))
def test_what_the_umpire_rules_is_done_and_kept(
    tmp_path: Path, ruling: Ruling, made: str | None, success: bool | None, run: int
) -> None:
    def script(turn: int, look: Look) -> Plan:
        plan = Plan({"blue": ordered("talk", "hold")}, {"blue": [ruling]})
        return plan if turn == 1 else Plan()

    record_run(small_crisis(), tmp_path / "a.jsonl", run=run, script=script)
    replay = open_replay(tmp_path / "a.jsonl")
    assert replay.verdict.identical
    event = replay.event(1)
    assert event.orders["blue"][0].move == "talk"
    assert event.rulings["blue"][0] == ruling
    assert event.moves("blue")[0] == made
    if success is not None:
        assert event.success["blue"][0] is success


# ------------------------------------------------------------------------------ verify


def _order(header: Data, events: list[Data]) -> None:
    orders = events[2]["orders"]["red"]
    orders[0]["move"] = "review" if orders[0]["move"] != "review" else "parade"


def _unlawful(header: Data, events: list[Data]) -> None:
    events[0]["orders"]["red"] = [{"move": "use", "by": "seat"}, {"move": "hold", "by": "seat"}]


TAMPERED: dict[str, tuple[Callable[[Data, list[Data]], object], int, str, str]] = {
    "a start": (lambda h, e: h["opening"].update(tension=299), 0, "opening", "tension"),
    "the texts": (lambda h, e: h.update(digest="0" * 64), 0, "scenario", "digest"),
    "the seed": (lambda h, e: h.update(seed=8), 0, "opening", "red.nerve"),
    "a happening": (lambda h, e: e[0].update(news=["inject summit"]), 1, "news", "inject summit"),
    "the world after the news": (lambda h, e: e[3].update(opened="0" * 64), 4, "news", "the world"),
    "an order by rule": (_order, 3, "decide", "red"),
    "an order that was not allowed": (_unlawful, 1, "decide", "red"),
    "a success": (lambda h, e: e[1]["success"].update(red=[False] * 2), 2, "resolve", "red"),
    "a gauge that moves change": (lambda h, e: e[4]["changed"].update({"red.arms": 1}), 5,
                                  "resolve", "red.arms"),
    "a ladder": (lambda h, e: e[4]["changed"].update({"heat(red-blue)": 99}), 5, "escalate",
                 "heat(red-blue)"),
    "a gauge that drifts": (lambda h, e: e[4]["changed"].update(tension=1), 5, "drift", "tension"),
    "a milestone": (lambda h, e: e[4]["changed"].update({"reached(alarm)": 5}), 5, "judge",
                    "reached(alarm)"),
    "an ending": (lambda h, e: e[4].update(ending="Peace"), 5, "judge", "the ending"),
    "a digest": (lambda h, e: e[4].update(after="0" * 64), 5, "record", "the digest"),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERED)
def test_verify_names_the_first_turn_phase_and_gauge_that_differ(what: str) -> None:
    change, turn, phase, place = TAMPERED[what]
    log = recorded().log
    assert len(log.events) >= 5
    found = replay_log(rewritten(log, change), "x").verdict.difference
    assert found is not None
    assert (found.turn, found.phase) == (turn, phase)
    assert found.what.startswith(place)
    for lang in ("en", "ja"):
        assert found.what in found.words(lang)


@pytest.mark.parametrize("what", TAMPERED)
def test_a_log_that_differs_can_be_looked_at_but_not_forked(what: str) -> None:
    log = rewritten(recorded().log, TAMPERED[what][0])
    replay = replay_log(log, "x")
    assert replay.playthrough.turns == len(log.events)
    for event, world in zip(replay.turns, replay.playthrough.worlds[1:], strict=True):
        for cell, value in event.changed.items():
            if event.turn >= replay.verdict.difference.turn:  # type: ignore[union-attr]
                assert int(world[cell][0]) == value
    with pytest.raises(ReplayError, match="can be looked at but not forked"):
        fork(replay, 2, {"blue": ["warn"]})


def test_a_log_of_another_engine_is_shown_as_it_was_recorded() -> None:
    """The engine of today would draw other moves: the log's own are shown, to the last gauge."""
    original = recorded()
    other = changed(red=("x3", "x9"))

    def older(header: Data, events: list[Data]) -> None:
        header.update(engine="0.0.1", inputs=other.spec.inputs, digest=other.spec.digest)

    replay = replay_log(rewritten(original.log, older), "old.jsonl")
    difference = replay.verdict.difference
    assert difference is not None and difference.turn >= 6
    assert "0.0.1" in replay.verdict.words() and "view only" in replay.verdict.words()
    assert digests(replay) == digests(original)
    for one, two in zip(original.playthrough.records, replay.playthrough.records, strict=True):
        assert all(np.array_equal(one.orders[a], two.orders[a]) for a in one.orders)
        assert np.array_equal(one.stage, two.stage) and np.array_equal(one.ending, two.ending)


def test_the_engine_that_a_log_names_excuses_no_difference() -> None:
    """Whoever writes a log anew may name any engine: only playing it again says what is true."""
    original = recorded()
    for engine in ("0.0.1", "99.0", original.header.engine):
        forged = rewritten(
            original.log, lambda header, _, e=engine: header.update(engine=e, digest="0" * 16)
        )
        difference = replay_log(forged, "forged.jsonl").verdict.difference
        assert difference is not None and (difference.turn, difference.phase) == (0, "scenario")


@pytest.mark.parametrize("engine", ["", "rm -rf /; 0.1", "0.1\x1b[2J", "newest", "1" * 41])
def test_an_engine_is_a_version_or_the_log_is_refused(engine: str) -> None:
    forged = rewritten(recorded().log, lambda header, _: header.update(engine=engine))
    with pytest.raises(ReplayError, match="line 1: is no header of a turn log: engine"):
        replay_log(forged, "forged.jsonl")


def test_a_log_that_was_cut_at_a_line_end_is_no_verified_run(whole: Path) -> None:
    lines = whole.read_bytes().splitlines(keepends=True)
    assert verify(whole).whole
    for kept in range(1, len(lines)):
        path = whole.with_name("cut.jsonl")
        path.write_bytes(b"".join(lines[:kept]))
        verdict = verify(path)
        assert verdict.identical and not verdict.whole
        most = small_crisis().horizon
        told = f"the run has not ended: its log stops after turn {kept - 1} of at most {most}"
        assert told in verdict.words()
        assert f"実行は終わっていない：ログは第{kept - 1}ターンまで" in verdict.words("ja")


def test_a_fork_as_long_as_its_unfinished_parent_lacks_nothing(whole: Path) -> None:
    path = whole.with_name("parent.jsonl")
    path.write_bytes(b"".join(whole.read_bytes().splitlines(keepends=True)[:4]))
    forked = fork(
        open_replay(path), 2, {"red": ["arm", "hold"]}, path=whole.with_name("fork.jsonl")
    )
    assert not forked.replay.over
    assert verify(forked.replay.name).whole


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("logs") / "whole.jsonl"
    recorded(path)
    return path


@given(st.data())
def test_any_flipped_bit_is_found(whole: Path, data: st.DataObject) -> None:
    damaged = bytearray(whole.read_bytes())
    place = data.draw(st.integers(0, len(damaged) * 8 - 1))
    damaged[place // 8] ^= 1 << place % 8
    path = whole.with_name("flipped.jsonl")
    path.write_bytes(damaged)
    with pytest.raises(ReplayError, match=r"flipped\.jsonl"):
        verify(path)


# ------------------------------------------------------------------------------ the fold


def test_a_log_of_a_header_alone_is_a_run_before_its_first_turn(tmp_path: Path) -> None:
    header = header_for(small_crisis())
    LogWriter.create(tmp_path / "a.jsonl", header.to_data()).close()
    replay = open_replay(tmp_path / "a.jsonl")
    assert replay.verdict.identical and replay.playthrough.turns == 0 and not replay.over
    assert replay.world(0).digest() == header.opening_digest


def test_a_turn_that_was_undone_and_played_anew_meets_the_same_luck(tmp_path: Path) -> None:
    """The state is the fold of the log: nothing of the undone turn is left but its line."""
    scenario = small_crisis()
    header = header_for(scenario, run=3)
    luck = Luck(7, [3])
    first = play_turn(scenario, begin(scenario, luck), luck)
    rash = Plan({"red": ordered("arm", "parade")})
    with LogWriter.create(tmp_path / "a.jsonl", header.to_data()) as log:
        log.append("turn", first.event.to_data())
        undone = log.append("turn", play_turn(scenario, first.world, luck, rash).event.to_data())
        log.append("note", {"text": "That was not what we meant."})
        log.append("undo", {"undoes": undone, "reason": "a slip"})
        second = play_turn(scenario, first.world, luck)
        log.append("turn", second.event.to_data())
    replay = open_replay(tmp_path / "a.jsonl")
    assert replay.verdict.identical
    assert digests(replay) == digests(recorded(run=3))[:3]
    assert [event.kind for event in replay.rest] == ["note"]
    assert len(replay.log.events) == 5


def test_records_of_other_kinds_are_kept_and_change_nothing(tmp_path: Path) -> None:
    plain = recorded()
    with LogWriter.create(tmp_path / "a.jsonl", {**plain.log.header, "seminar": {"k": 1}}) as log:
        for event in plain.log.events:
            log.append("message", {"to": "red", "turn": -5})
            log.append(event.kind, event.data)
    replay = open_replay(tmp_path / "a.jsonl")
    assert digests(replay) == digests(plain)
    assert replay.log.header["seminar"] == {"k": 1}
    assert {event.kind for event in replay.rest} == {"message"}


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ([("undo", {"undoes": 7})], "line 2: takes back event 7"),
        ([("undo", {"undoes": 1})], "line 2: takes back event 1"),
        ([("undo", {})], "line 2: takes back event None"),
        ([("undo", {"undoes": True})], "line 2: takes back event True"),
        ([("note", {}), ("undo", {"undoes": 1}), ("undo", {"undoes": 1})], "line 4: takes back"),
        ([("turn", {"turn": 2, "after": "0" * 64})], "line 2: turn 2 stands where turn 1 is due"),
        ([("turn", {"turn": "1", "after": "0" * 64})], "line 2: is no turn of a turn log: turn"),
        ([("turn", {"turn": 1})], "line 2: is no turn of a turn log: after"),
        (
            [("turn", {"turn": 1, "after": "0" * 64, "orders": {"red": [{"move": 5, "by": "x"}]}})],
            "line 2: is no turn of a turn log: orders.red.0.move",
        ),
    ],
)
def test_events_without_sense_stop_the_reading_and_are_named(
    tmp_path: Path, events: list[tuple[str, Data]], why: str
) -> None:
    header = header_for(small_crisis()).to_data()
    with LogWriter.create(tmp_path / "a.jsonl", header) as log:
        for kind, data in events:
            log.append(kind, data)
    with pytest.raises(ReplayError) as caught:
        open_replay(tmp_path / "a.jsonl")
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"seed": -1}, "seed"),
        ({"run": 2**62}, "run"),
        ({"inputs": {}}, "cannot be read by this engine"),
        ({"inputs": {"scenario.yaml": "]["}}, "cannot be read by this engine"),
        ({"opening_digest": "x"}, "opening_digest"),
        ({"nature": "kind"}, "nature"),
    ],
)
def test_a_header_without_sense_is_named(tmp_path: Path, change: Data, why: str) -> None:
    header = {**header_for(small_crisis()).to_data(), **change}
    LogWriter.create(tmp_path / "a.jsonl", header).close()
    with pytest.raises(ReplayError) as caught:
        open_replay(tmp_path / "a.jsonl")
    assert why in str(caught.value) and "a.jsonl" in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"orders": {"green": [{"move": "hold", "by": "seat"}] * 2}},
        {"orders": {"red": [{"move": "hold", "by": "seat"}]}},
        {"orders": {"red": [{"move": "fly", "by": "seat"}] * 2}},
        {"rulings": {"red": [{"verdict": "modify", "move": "fly"}]}},
        {"injects": [{"title": "x", "effects": {"tension": "tensoin"}}]},
        {"injects": [{"effects": 5}]},
        {"changed": {"nonsense": 5}, "after": "1" * 64},
    ],
)
def test_a_turn_that_the_scenario_does_not_know_is_a_difference_and_no_crash(change: Data) -> None:
    log = rewritten(recorded().log, lambda header, events: events[1].update(change))
    replay = replay_log(log, "x")
    assert replay.verdict.difference is not None and replay.verdict.difference.turn == 2
    assert replay.playthrough.turns == len(log.events)


@pytest.mark.parametrize("value", [10**18, -1])
def test_a_recorded_value_that_no_gauge_can_have_is_refused(value: int) -> None:
    log = rewritten(recorded().log, lambda h, events: events[1]["changed"].update(tension=value))
    with pytest.raises(ReplayError, match=r"x, turn 2: tension cannot be"):
        replay_log(log, "x")


def test_a_turn_that_was_never_played_is_named() -> None:
    replay = recorded()
    with pytest.raises(ReplayError, match="there is no turn 99"):
        replay.world(99)
    with pytest.raises(ReplayError, match="nothing is ordered before turn 1"):
        replay.event(0)
