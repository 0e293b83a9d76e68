"""What if? A fork differs only where it was made to, and the futures are pairs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_crisis import changed, small_crisis

from wargame.backends.turn import play
from wargame.engine.randomness import Luck
from wargame.errors import OrderError, ReplayError
from wargame.replay.fork import fan_out, fork
from wargame.replay.orders import Forbidden, Malformed, Ruling
from wargame.replay.replay import Look, Plan, Replay, header_for, open_replay, record


def recorded(run: int = 0, path: Path | None = None) -> Replay:
    return record(small_crisis(), header_for(small_crisis(), run=run), path=path)


def digests(replay: Replay) -> list[str]:
    return [world.digest() for world in replay.playthrough.worlds]


@pytest.mark.parametrize("run", range(3))
def test_ordering_what_was_played_anyway_changes_nothing(run: int) -> None:
    parent = recorded(run)
    for event in parent.turns:
        moves = [order.move for order in event.orders["red"]]
        same = fork(parent, event.turn, {"red": [move for move in moves if move]})
        assert digests(same.replay) == digests(parent)
        assert same.apart == ()


def test_an_order_that_does_nothing_changes_nothing_but_itself() -> None:
    """`parade` and `review` have no effects: the luck of all others is as it was."""
    parent = recorded(1)
    child = fork(parent, 2, {"red": ["parade", "review"]})
    hold = fork(parent, 2, {"red": ["hold", "hold"]})
    assert digests(child.replay) == digests(hold.replay)
    assert {apart.turn for apart in child.apart} >= {2}


@pytest.mark.parametrize("turn", [1, 3])
def test_before_the_fork_all_is_as_it_was_and_after_it_the_luck_is_the_same(turn: int) -> None:
    parent = recorded(2)
    child = fork(parent, turn, {"red": ["arm", "hold"], "blue": ["hold", "hold"]})
    assert digests(child.replay)[:turn] == digests(parent)[:turn]
    assert child.replay.event(turn).moves("red") == ("arm", "hold")
    luck = Luck(7, [2])
    world = child.replay.world(turn)
    for later in child.replay.playthrough.worlds[turn + 1 :]:
        world, _ = play(small_crisis(), world, luck)
        assert world.digest() == later.digest()


def test_orders_that_are_not_named_stay_as_they_were() -> None:
    parent = recorded()
    turn, other = next(
        (event.turn, event.orders["red"][1].move)
        for event in parent.turns
        if event.orders["red"][1].move not in ("arm", "hold")
    )
    event = fork(parent, turn, {"red": ["arm"]}).replay.event(turn)
    assert event.moves("red") == ("arm", other)
    assert [order.by for order in event.orders["red"]] == ["seat", "log"]
    assert event.moves("blue") == parent.event(turn).moves("blue")


def test_a_fork_is_a_log_that_names_its_parent(tmp_path: Path) -> None:
    parent = recorded(path=tmp_path / "parent.jsonl")
    before = (tmp_path / "parent.jsonl").read_bytes()
    child = fork(parent, 3, {"blue": ["warn", "hold"]}, path=tmp_path / "child.jsonl")
    again = open_replay(tmp_path / "child.jsonl")
    assert again.verdict.identical and digests(again) == digests(child.replay)
    assert again.header.parent is not None
    assert (again.header.parent.log, again.header.parent.turn) == ("parent.jsonl", 3)
    assert again.header.parent.digest == parent.world(2).digest()
    assert (tmp_path / "parent.jsonl").read_bytes() == before
    grandchild = fork(again, 4, rulings={"red": [Ruling(verdict="skip")] * 2})
    assert grandchild.replay.event(3).moves("blue") == ("warn", "hold")


def test_injects_and_rulings_fork_too() -> None:
    parent = recorded()
    thrown = fork(parent, 2, injects=[{"title": "Arms", "effects": {"red.arms": "=900"}}])
    assert thrown.apart[0].turn == 2 and "red.arms" in thrown.apart[0].gauges
    skipped = fork(parent, 2, rulings={"red": [Ruling(verdict="skip"), Ruling(verdict="skip")]})
    assert skipped.replay.event(2).moves("red") == (None, None)
    assert skipped.replay.event(2).orders == parent.event(2).orders


def test_what_people_laid_down_later_is_laid_down_again_or_told() -> None:
    """Red uses the weapon in turn 3; if it has not armed in both turns before, it cannot."""

    def script(turn: int, look: Look) -> Plan:
        moves = {1: ["arm"], 2: ["arm"], 3: ["use"]}.get(turn)
        return Plan({"red": look(()).do("red", moves)} if moves else {})

    scenario = changed(moves=('effects: {red.arms: "-(red.arms // 5)"}', "effects: {}"))
    parent = record(scenario, header_for(scenario), script)
    assert parent.event(3).moves("red") == ("use", "hold")
    same = fork(parent, 1, {"blue": ["hold", "hold"]})
    assert same.replay.event(3).moves("red") == ("use", "hold") and same.left_out == ()
    without = fork(parent, 2, {"red": ["hold", "hold"]})
    assert [(turn, left.order.move) for turn, left in without.left_out] == [(3, "use")]
    assert "red.arms >= 220" in without.left_out[0][1].why
    assert without.replay.event(3).moves("red") == ("hold", "hold")


def test_a_run_that_was_left_early_is_told_as_far_and_a_run_that_ended_is_played_to_its_end() -> (
    None
):
    header = header_for(small_crisis(), until=4)
    early = record(small_crisis(), header)
    assert not early.over
    assert fork(early, 2, {"red": ["arm", "hold"]}).replay.playthrough.turns == 4
    next_turn = fork(early, 5, {"red": ["arm", "hold"]})
    assert next_turn.replay.playthrough.turns == 5
    with pytest.raises(ReplayError, match="there is no turn 5"):
        next_turn.worlds()
    assert fork(recorded(), 2, {"red": ["arm", "hold"]}).replay.over


@pytest.mark.parametrize(
    ("kind", "turn", "orders", "why"),
    [
        (ReplayError, 0, {"red": ["arm"]}, r"turns 1 to \d+ can be forked, not 0"),
        (ReplayError, 99, {"red": ["arm"]}, r"turns 1 to \d+ can be forked, not 99"),
        (OrderError, 2, {}, "nothing differs"),
        (Malformed, 2, {"green": ["arm"]}, "no actor"),
        (Malformed, 2, {"red": ["arn"]}, "no move"),
        (Forbidden, 1, {"red": ["use"]}, "does not hold"),
        (Forbidden, 2, {"red": ["arm", "hold", "hold"]}, "where 2 are allowed"),
    ],
)
def test_a_fork_that_cannot_be_made_writes_nothing(
    tmp_path: Path, kind: type[Exception], turn: int, orders: dict[str, list[str]], why: str
) -> None:
    with pytest.raises(kind, match=why):
        fork(recorded(), turn, orders, path=tmp_path / "child.jsonl")
    assert not (tmp_path / "child.jsonl").exists()


def test_a_run_that_is_over_cannot_be_forked_behind_its_end() -> None:
    parent = recorded()
    last = parent.playthrough.turns
    with pytest.raises(ReplayError, match=f": turns 1 to {last} can be forked, not {last + 1}$"):
        fork(parent, last + 1, {"red": ["arm"]})


def test_a_future_is_a_run_with_luck_of_its_own_name() -> None:
    scenario, world = small_crisis(), recorded().world(3)
    many = fan_out(world, scenario, 20, "a stream")
    for k in (0, 7, 19):
        luck = Luck(7, [k], "a stream")
        alone = world.take([0], [k])
        while alone.turn < scenario.horizon and alone.running.all():
            alone, _ = play(scenario, alone, luck)
        assert many.ending[k] == alone.ending[0] and many.trail[k] == alone.trail[0]
    other = fan_out(world, scenario, 20, "another stream")
    assert not np.array_equal(many.trail, other.trail)
