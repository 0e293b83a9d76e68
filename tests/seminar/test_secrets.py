"""Nobody learns what is not theirs to know: not from a page, not from how a page changes.

The property is non-interference. Whatever the others do in secret, and however the umpire deals
with it, changes no byte that I receive: not my view in any language, not its version, not the
answer to my own commands, not the words of a refusal.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leading import BLUE, GREEN, RED, lead

from wargame.engine.scenario import Scenario
from wargame.replay.log_file import canonical
from wargame.seats import seating
from wargame.seats.errors import Refused
from wargame.seminar import table
from wargame.seminar.table import Table
from wargame.seminar.view import view

CANARY = "CANARY"
SEATS = (RED, BLUE, GREEN)
OBSERVERS = (*SEATS, "projector")
TURNS = 2

# One secret deed: what is done (an index into DEEDS), by whom or to whom, and a number.
Deed = tuple[int, int, int]
deeds = st.lists(st.tuples(st.integers(0, 10), st.integers(0, 7), st.integers(0, 7)), max_size=4)
scripts = st.lists(deeds, min_size=4 * TURNS, max_size=4 * TURNS)
# The second order of each seat in each turn: waiting, plotting, or talking to green.
hidden = st.lists(st.integers(0, 2), min_size=3 * TURNS, max_size=3 * TURNS)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of games: neither the disk nor the slowness of codes is what is tested here."""
    monkeypatch.setattr(os, "fsync", lambda fd: None)
    monkeypatch.setattr(table, "_hashed", lambda code: seating.hashed.__name__ + code[::-1])


class Game:
    """A game that one observer watches while the others do what it must not see."""

    def __init__(self, scenario: Scenario, path: Path, me: str, secret_moves: list[int]) -> None:
        self.me = me
        self.table = Table.create(
            path,
            scenario,
            dict.fromkeys(("red", "blue", "green"), "human"),
            wall=lambda: "2026-01-01T00:00:00+00:00",
            ticks=lambda: 0.0,
            late="hold",
        )
        self.others = [role for role in SEATS if role != me]
        self.secret_moves = secret_moves
        self.count = 0
        self.received: list[str] = []

    def look(self) -> str:
        """Every byte that the observer gets now."""
        return "".join(canonical(view(self.table, self.me, lang)) for lang in ("en", "ja"))

    def text(self) -> str:
        self.count += 1
        return f"{CANARY} {self.count} {'x' * (self.count % 7)}"

    def secretly(self, deed: Deed) -> None:
        """Do one thing that the observer must not notice; what is not possible now is not done."""
        what, who, number = deed
        with contextlib.suppress(Refused):
            DEEDS[what % len(DEEDS)](self, self.others[who % len(self.others)], number)

    def public(self, name: str, data: dict[str, Any], turn: int | None = None) -> None:
        """Do something as the observer, and note what comes back and is seen."""
        try:
            ack = self.table.command(self.me, name, data, turn=turn)
            answered = canonical([ack.revision, dict(ack.data)])
        except Refused as refused:
            answered = refused.words("en") + refused.words("ja")
        self.received.append(answered + self.look())

    def play(self, script: list[list[Deed]]) -> None:
        slots = iter(script)
        lead(self.table, "start")
        for turn in range(1, TURNS + 1):
            self.slot(next(slots))
            lead(self.table, "open_orders")
            self.slot(next(slots))
            if self.me in SEATS:
                mine = [{"move": "march" if self.me != GREEN else "plot"}]
                for orders in ([{"move": "marsh"}], mine, mine):
                    self.public("submit", {"orders": orders}, turn)
                self.public("submit", {"orders": []}, turn - 1)
                self.public("message", {"to": ["facilitator"], "text": "?"})
            self.hand_in(turn)
            lead(self.table, "lock")
            self.slot(next(slots))
            lead(self.table, "commit")
            self.slot(next(slots))
            lead(self.table, "next")

    def slot(self, script: list[Deed]) -> None:
        before = self.look()
        for deed in script:
            self.secretly(deed)
            assert self.look() == before, DEEDS[deed[0] % len(DEEDS)].__name__
        assert CANARY not in before
        self.received.append(before)

    def hand_in(self, turn: int) -> None:
        """The others' final orders: the first is public and given, the second is secret."""
        for place, role in enumerate(SEATS):
            if role == self.me:
                continue
            secret = self.secret_moves[3 * (turn - 1) + place]
            moves = ["hold", ("hold", "plot", self.talk(role))[secret]]
            lines = [{"move": m, "intent": self.text(), "expect": self.text()} for m in moves]
            before = self.look()
            self.table.command(role, "submit", {"orders": lines}, turn=turn)
            assert self.look() == before

    def talk(self, role: str) -> str:
        return "talk" if role != GREEN and self.me != GREEN else "plot"


def draft(game: Game, role: str, number: int) -> None:
    lines = [{"free": game.text()}] * (number % 3)
    game.table.command(role, "draft", {"orders": lines}, turn=game.table.state.turn)


def submit(game: Game, role: str, number: int) -> None:
    lines = [{"move": "plot", "intent": game.text(), "target": game.text()}, {"free": game.text()}]
    orders = lines[: 1 + number % 2]
    game.table.command(role, "submit", {"orders": orders}, turn=game.table.state.turn)


def withdraw(game: Game, role: str, number: int) -> None:
    game.table.command(role, "withdraw", {}, turn=game.table.state.turn)


def write(game: Game, role: str, number: int) -> None:
    to = [other for other in ("facilitator", *game.others) if other != role]
    data = {"to": [to[number % len(to)]], "text": game.text()}
    game.table.command(role, "message", data)


def answer(game: Game, role: str, number: int) -> None:
    lead(game.table, "message", {"to": [role], "text": game.text()})


def note(game: Game, role: str, number: int) -> None:
    lead(game.table, "note", {"text": game.text(), "tags": [game.text()]})


def prepare(game: Game, role: str, number: int) -> None:
    lead(game.table, "inject_prepare", {"inject": {"title": game.text()}})


def whisper(game: Game, role: str, number: int) -> None:
    """News that only one other seat hears of, now or later."""
    actor = role.removeprefix("seat:")
    inject = {"title": game.text(), "to": [actor]}
    if number % 2:
        lead(game.table, "inject_send", {"inject": inject})
    else:
        turn = game.table.state.coming + number
        lead(game.table, "inject_schedule", {"inject": inject, "turn": turn})


def rule(game: Game, role: str, number: int) -> None:
    """The umpire on a secret order, which may take place or not."""
    verdict = ("accept", "skip", "fail", "succeed")[number % 4]
    said = {"seat": role.removeprefix("seat:"), "place": 1, "verdict": verdict}
    lead(game.table, "rule", {**said, "reason": game.text()})


def undo(game: Game, role: str, number: int) -> None:
    """Take back what was last said in secret."""
    secret = {"message", "note", "submit", "inject", "ruling", "withdraw"}
    mine = f"seat:{game.me.removeprefix('seat:')}"
    for event in reversed(game.table.events):
        by = event.data.get("meta", {}).get("by")
        if event.kind in secret and by != mine and event.data.get("turn") == game.table.state.turn:
            lead(game.table, "undo", {"event": event.seq, "reason": game.text()})
            return


def forecast(game: Game, role: str, number: int) -> None:
    if game.table.board.turns:
        said = {"turn": 1, "injects": [{"title": game.text()}], "reason": game.text()}
        lead(game.table, "what_if", said)
    lead(game.table, "odds", {"futures": 10})


DEEDS = (draft, submit, withdraw, write, answer, note, prepare, whisper, rule, undo, forecast)


def check_pair(
    crisis: Scenario,
    folder: Path,
    me: str,
    one: tuple[list[list[Deed]], list[int]],
    other: tuple[list[list[Deed]], list[int]],
) -> None:
    games = []
    for number, (script, moves) in enumerate((one, other)):
        path = folder / f"{number}.jsonl"
        for stale in folder.glob(f"{number}.jsonl*"):
            stale.unlink()
        game = Game(crisis, path, me, moves)
        try:
            game.play(script)
        finally:
            game.table.close()
        games.append(game)
    assert games[0].received == games[1].received
    assert CANARY not in "".join(games[0].received)


SCRIPT = st.tuples(scripts, hidden)


@pytest.mark.parametrize("me", OBSERVERS)
def test_others_secrets_change_no_byte_of_mine(
    crisis: Scenario, tmp_path_factory: pytest.TempPathFactory, me: str
) -> None:
    folder = tmp_path_factory.mktemp("pairs")

    @settings(max_examples=12)
    @given(one=SCRIPT, other=SCRIPT)
    def pairs(one: Any, other: Any) -> None:
        check_pair(crisis, folder, me, one, other)

    pairs()


@pytest.mark.long
@pytest.mark.parametrize("me", OBSERVERS)
def test_others_secrets_change_no_byte_of_mine_in_many_pairs(
    crisis: Scenario, tmp_path_factory: pytest.TempPathFactory, me: str
) -> None:
    folder = tmp_path_factory.mktemp("pairs")

    @settings(max_examples=300)
    @given(one=SCRIPT, other=SCRIPT)
    def pairs(one: Any, other: Any) -> None:
        check_pair(crisis, folder, me, one, other)

    pairs()


def test_every_kind_of_secret_is_really_kept(crisis: Scenario, tmp_path: Path) -> None:
    """The deeds above do happen: the facilitator sees a canary of each."""
    game = Game(crisis, tmp_path / "game.jsonl", "projector", [1] * 6)
    game.play([[(deed, 0, 1) for deed in range(len(DEEDS))]] * (4 * TURNS))
    kinds = {event.kind for event in game.table.events}
    secret = {"submit", "withdraw", "message", "note", "inject", "ruling", "undo", "odds", "whatif"}
    assert kinds >= secret
    assert CANARY in canonical(view(game.table, "facilitator"))
    game.table.close()


def test_the_true_value_of_a_noisy_gauge_is_in_no_view_of_others(seat: Any) -> None:
    table = seat(seats={"red": "human", "blue": "human", "green": "human"})
    lead(table, "start")
    lead(table, "open_orders")
    for actor, role in (("red", RED), ("blue", BLUE), ("green", GREEN)):
        for known in view(table, role)["know"]:
            owner = known["gauge"].split(".")[0]
            expected = (
                "own" if owner == actor else "public" if owner == "tension" else "intelligence"
            )
            assert known["source"] == expected
            if expected == "intelligence":
                true = int(table.board.world[known["gauge"]][0])
                assert abs(known["value"] - true) <= known["margin"]


def test_the_same_intelligence_is_given_however_often_one_looks(seat: Any) -> None:
    table = seat()
    lead(table, "start")
    first = view(table, RED)["know"]
    lead(table, "open_orders")
    assert view(table, RED)["know"] == first
    lead(table, "undo", {"event": table.revision, "reason": "again"})
    assert view(table, RED)["know"] == first


def test_a_rule_held_seat_shows_no_reasons_before_the_debrief(seat: Any) -> None:
    table = seat()
    lead(table, "start")
    for name in ("open_orders", "lock", "commit", "next", "open_orders"):
        lead(table, name)
        for role in OBSERVERS:
            assert "secret reason" not in canonical(view(table, role))
    lead(table, "lock")
    assert "The secret reason of Green" in canonical(view(table, "facilitator"))
    lead(table, "commit")
    lead(table, "debrief")
    assert view(table, RED)["report"]["turns"][0]["orders"]


def test_private_deeds_reach_their_target_and_nobody_else(seat: Any) -> None:
    table = seat(seats={"red": "human", "blue": "human", "green": "human"}, late="hold")
    for role in SEATS:
        table.command(role, "join")
    lead(table, "start")
    lead(table, "open_orders")
    orders = {"orders": [{"move": "talk"}, {"move": "plot"}]}
    table.command(RED, "submit", orders, turn=1)
    lead(table, "lock")
    lead(table, "commit")

    def acts(role: str) -> set[str]:
        return {act["move"] for act in view(table, role)["history"][0]["acts"]}

    assert acts(RED) == {"talk", "plot"}
    assert acts(GREEN) == {"talk"}
    assert acts(BLUE) == acts("projector") == set()


def test_a_view_is_the_same_whoever_asks_for_it(seat: Any) -> None:
    """ "View as" is the same call: there is no second projection that could differ."""
    table = seat()
    lead(table, "start")
    assert view(table, RED) == view(table, RED)
    with pytest.raises(KeyError):
        view(table, "seat:purple")
    with pytest.raises(KeyError):
        view(table, "umpire")
