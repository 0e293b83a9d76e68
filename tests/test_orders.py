"""What may be ordered: what is offered is accepted, and every refusal says why."""

from __future__ import annotations

import pytest
from small_crisis import changed, small_crisis

from wargame.backends.turn import begin, play
from wargame.engine.randomness import Luck
from wargame.engine.world import World
from wargame.errors import OrderError, SpecError
from wargame.replay.injects import compile_inject, parse_inject, read_inject
from wargame.replay.orders import Desk, Forbidden, Malformed, Order, open_desk, read_orders
from wargame.replay.replay import Plan, header_for, play_turn, record


def opened(turn: int = 1, run: int = 0) -> tuple[Desk, World, Luck]:
    """The desk of a turn of a run in which everybody follows the rules."""
    scenario, luck = small_crisis(), Luck(7, [run])
    world = begin(scenario, luck)
    for _ in range(turn - 1):
        world, _ = play(scenario, world, luck)
    return open_desk(scenario, world, luck), world, luck


def ordered(*moves: str) -> tuple[Order, ...]:
    return tuple(Order(move=move, by="seat") for move in moves)


@pytest.mark.parametrize("run", range(5))
def test_what_is_offered_is_accepted_and_rules_never_play_anything_else(run: int) -> None:
    replay = record(small_crisis(), header_for(small_crisis(), run=run))
    luck = Luck(7, [run])
    for event, world in zip(replay.turns, replay.playthrough.worlds, strict=False):
        desk = open_desk(small_crisis(), world, luck)
        for actor, orders in event.orders.items():
            offered = {offer.move for offer in desk.offers(actor) if offer.allowed}
            assert offered == {m for m in desk.scenario.header.moves[actor] if desk.can(actor, [m])}
            assert {order.move for order in orders} <= offered


def test_offers_carry_the_weights_of_the_rules() -> None:
    desk, _, _ = opened()
    assert {offer.move: offer.weight for offer in desk.offers("blue")} == {
        "hold": 60,
        "talk": 20,
        "warn": 20,
    }


def test_fewer_orders_than_allowed_are_filled_up_with_waiting() -> None:
    desk, _, _ = opened()
    assert [order.move for order in desk.do("blue", ["warn"])] == ["warn", "hold"]
    assert [order.move for order in desk.do("blue", [])] == ["hold", "hold"]
    assert {order.by for order in desk.do("blue", ["warn"], by="umpire")} == {"umpire"}


@pytest.mark.parametrize(
    ("kind", "actor", "moves", "why"),
    [
        (Malformed, "green", ["hold"], "no actor 'green'"),
        (Malformed, "red", ["arn"], "did you mean 'arm'?"),
        (Forbidden, "blue", ["arm"], "it is a move of red"),
        (Forbidden, "red", ["use"], "needs red.arms >= 220, which does not hold now"),
        (Forbidden, "red", ["arm", "hold", "hold"], "3 orders where 2 are allowed"),
        (Forbidden, "red", ["arm", "arm"], "orders arm twice"),
    ],
)
def test_malformed_differs_from_forbidden_and_both_say_why(
    kind: type[OrderError], actor: str, moves: list[str], why: str
) -> None:
    desk, _, _ = opened()
    with pytest.raises(kind, match=why.replace("?", r"\?").replace(".", r"\.")):
        desk.verify(actor, moves)
    if kind is Forbidden:
        assert not desk.can(actor, moves)


def test_a_move_that_cools_down_says_from_when_on_it_may_be_made_again() -> None:
    desk, world, luck = opened()
    after = play_turn(desk.scenario, world, luck, Plan({"blue": ordered("warn", "hold")})).world
    why = open_desk(desk.scenario, after, luck).why_not("blue", "warn")
    assert why == "blue made warn in turn 1 and may make it again from turn 4 on"


def test_waiting_twice_is_no_order_given_twice() -> None:
    assert opened()[0].can("red", ["hold", "hold"])


def test_a_policy_that_forbids_a_move_is_named() -> None:
    from small_crisis import TEXTS

    from wargame.compiler import compile_scenario
    from wargame.content.load import load_texts

    policy = "{schema: 1, id: no-arms, kind: policy, title: No arms, forbid: [red.arm]}"
    scenario = compile_scenario(load_texts({**TEXTS, "overlays/1-no-arms.yaml": policy}))
    luck = Luck(7, [0])
    desk = open_desk(scenario, begin(scenario, luck), luck)
    assert desk.why_not("red", "arm") == "no-arms forbids it"


def test_nobody_moves_in_a_run_that_is_over() -> None:
    scenario, luck = small_crisis(), Luck(7, [0])
    over = record(scenario, header_for(scenario)).playthrough.worlds[-1]
    with pytest.raises(Forbidden, match="ended in turn"):
        open_desk(scenario, over, luck)


def test_the_desk_shows_the_world_after_the_news_and_what_is_thrown_in() -> None:
    scenario, luck = small_crisis(), Luck(7, [0])
    world = begin(scenario, luck)
    inject = compile_inject(scenario, read_inject({"title": "Arms", "effects": {"red.arms": 300}}))
    assert not open_desk(scenario, world, luck).can("red", ["use"])
    assert open_desk(scenario, world, luck, [inject]).can("red", ["use"])


def test_orders_are_read_from_words() -> None:
    assert read_orders(["usa=private_warning, hold", "india=hold"]) == {
        "usa": ("private_warning", "hold"),
        "india": ("hold",),
    }


@pytest.mark.parametrize("entry", ["usa", "usa=", "=hold", "usa=hold,,hold", ""])
def test_words_that_are_no_orders(entry: str) -> None:
    with pytest.raises(Malformed, match="is no order"):
        read_orders([entry])


def test_an_actor_is_given_orders_once() -> None:
    with pytest.raises(Malformed, match="twice"):
        read_orders(["usa=hold", "usa=hold"])


# ------------------------------------------------------------------------------ injects


@pytest.mark.parametrize(
    "effects",
    [
        "effects: {tension: 200}",
        "effects: {tension: '=red.arms + turn * 7', red.arms: -30}, heat: {blue-red: 30}",
        "effects: {red.talks: '50 if stage(red, blue) >= 4 else 0'}",
    ],
)
def test_an_inject_thrown_in_does_what_a_dated_one_does(effects: str) -> None:
    was = "effects: {tension: -20}"
    dated = changed(scenario=(f"turn: 3, id: summit, title: A summit, {was}", "turn: 9, title: x"))
    with_it = changed(scenario=(was, effects))
    inject = parse_inject(f"{{title: A summit, {effects}}}")
    for run in range(3):
        luck = Luck(7, [run])
        one, other = begin(with_it, luck), begin(dated, luck)
        for turn in range(1, 5):
            one, _ = play(with_it, one, luck)
            plan = Plan(injects=[inject] if turn == 3 else [])
            other = play_turn(dated, other, luck, plan).world
            assert one.digest() == other.digest()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"effects": {"tension": 1}}, "needs a title"),
        ({"title": "x", "effects": {"tensoin": 1}}, "did you mean 'tension'?"),
        ({"title": "x", "effects": {"fear": 1}}, "computed from other gauges"),
        ({"title": "x", "heat": {"red-green": 5}}, "no dyad 'red-green'"),
        ({"title": "x", "effects": {"tension": 1.5}}, "whole number"),
        ({"title": "x", "effects": {"tension": "foo + 1"}}, "foo"),
        ({"title": "x", "effects": {"tension": "played(red, parade)"}}, "does not remember"),
        ({"title": "x", "effects": {"tension": "10 ** 9"}}, ""),
        ({"title": "x", "turn": 3}, "has no turn"),
        ({"title": "x", "speed": 3}, "speed"),
    ],
)
def test_a_faulty_inject_is_refused_with_its_reason(data: dict[str, object], why: str) -> None:
    with pytest.raises(SpecError) as caught:
        compile_inject(small_crisis(), read_inject(data))
    assert why in str(caught.value)
    assert "nowhere" not in str(caught.value)


@pytest.mark.parametrize("text", ["{title: x, effects: {tension: true}}", "{title:x}", "{title: }"])
def test_what_yaml_reads_as_true_or_nothing_is_a_fault_of_the_inject(text: str) -> None:
    with pytest.raises(SpecError):
        parse_inject(text)
