"""Who may do what, and when: every cell of role x command x phase."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from leading import RED, lead, order

from wargame.engine.scenario import Scenario
from wargame.seats.errors import Refused
from wargame.seats.requests import COMMANDS, Phase
from wargame.seminar.table import Table

# F: the facilitator, S: a seat. Then the phases: setup, briefing, orders, adjudication,
# resolution, debrief, ended. What has no letter here is refused to everybody and always.
MATRIX = """
start            F   s . . . . . .
open_orders      F   . b . . . . .
lock             F   . . o . . . .
commit           F   . . . a . . .
next             F   . . . . r . .
debrief          F   . b o a r . .
end              F   . . . . . d .
pause            F   . b o a r . .
resume           F   s b o a r d .
extend           F   . . o . . . .
late             F   s b o a r d .
holder           F   s b o . r . .
code             F   s b o a r d e
inject_prepare   F   s b o a r . .
inject_schedule  F   s b o a r . .
inject_send      F   s b o a r . .
inject_drop      F   s b o a r . .
rule             F   . . . a . . .
translate        F   . . . a . . .
undo             F   s b o a r d .
rewind           F   s b o a r d .
show             F   s b o a r d .
question         F   s b o a r d .
note             F   s b o a r d .
odds             F   . b o a r d .
what_if          F   . b o a r d .
turning_points   F   . . . . . d .
message          FS  s b o a r d .
join             S   s b o a r d .
draft            S   . b o . . . .
submit           S   . . o . . . .
withdraw         S   . . o . . . .
answer           S   . . . . . d .
"""

PHASES: tuple[str, ...] = Phase.__args__  # type: ignore[attr-defined]
ROLES = {"facilitator": "F", RED: "S", "projector": "-", "umpire": "-", "": "-"}
ALLOWED = {
    (name, role, phase)
    for name, who, *letters in map(str.split, MATRIX.strip().splitlines())
    for role, letter in ROLES.items()
    for phase, mark in zip(PHASES, letters, strict=True)
    if letter in who and mark != "."
}

INJECT = {"inject": {"title": "A rumour"}}
DATA: dict[str, dict[str, Any]] = {
    "extend": {"minutes": 1},
    "late": {"policy": "hold"},
    "holder": {"seat": "red", "holder": "rules"},
    "code": {"role": RED},
    "inject_prepare": INJECT,
    "inject_schedule": INJECT,
    "inject_send": INJECT,
    "inject_drop": {"id": "later"},
    "rule": {"seat": "red", "verdict": "skip", "reason": "no"},
    "translate": {"seat": "red", "place": 1, "move": "plot", "reason": "so"},
    "undo": {"event": 0, "reason": "no"},
    "rewind": {"event": 0, "reason": "no"},
    "show": {"what": "odds"},
    "question": {"text": "Why?"},
    "note": {"text": "So."},
    "odds": {"futures": 10},
    "turning_points": {"futures": 10},
    "what_if": {"turn": 1, "orders": {"red": ["hold"]}},
    "message": {"to": ["seat:blue"], "text": "Hello"},
    "draft": {"orders": [{"move": "plot"}]},
    "submit": {"orders": [{"move": "plot"}]},
    "answer": {"question": 0, "text": "Because"},
}


def brought_to(phase: str, scenario: Scenario, path: Path) -> Table:
    """A game in its second turn, in this phase, in which every command has something to act on."""
    table = Table.create(path, scenario, {"red": "human", "blue": "human"}, ticks=lambda: 0.0)
    if phase == "setup":
        later = {**INJECT, "id": "later", "turn": 3}
        lead(table, "inject_schedule", later)
        return table
    for name in ("start", "open_orders", "lock", "commit"):
        lead(table, name)
    lead(table, "inject_schedule", {**INJECT, "id": "later", "turn": 5})
    lead(table, "question", {"text": "Well?"})
    steps = ("next", "open_orders", "lock", "commit", "debrief", "end")
    for name in steps[: PHASES.index(phase)]:
        if name == "lock":
            lines = {"orders": [{"move": "hold"}, {"free": "Bribe them"}]}
            table.command(RED, "submit", lines, turn=2)
        lead(table, name)
    if phase == "orders":
        order(table, RED, "hold")
    return table


def data_for(name: str, table: Table) -> dict[str, Any]:
    data = dict(DATA.get(name, {}))
    questions = [event.seq for event in table.events if event.kind == "question"]
    injects = [event.seq for event in table.events if event.kind == "inject"]
    if "event" in data:
        data["event"] = (questions or injects)[0]
    if "question" in data and questions:
        data["question"] = questions[0]
    return data


def give(table: Table, role: str, name: str) -> str:
    """What comes of a command: "done", or why not."""
    revision = table.revision_of("facilitator")
    if name == "resume" and not table.state.paused and role == "facilitator":
        if ("pause", role, table.state.phase) in ALLOWED:
            revision = lead(table, "pause").revision
        elif table.state.phase != "ended":
            return "done"  # nothing to resume here
    try:
        table.command(role, name, data_for(name, table), turn=table.state.turn, revision=revision)
    except Refused as refused:
        return refused.key
    return "done"


@pytest.fixture(params=PHASES)
def phase(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def quick_codes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A game for every cell: the slowness of codes is not what is tested here."""
    monkeypatch.setattr("wargame.seminar.table._hashed", lambda code: "00:" + code)
    yield


@pytest.mark.usefixtures("quick_codes")
def test_every_allowed_cell_is_done(crisis: Scenario, tmp_path: Path, phase: str) -> None:
    for name, role in sorted({(n, r) for n, r, p in ALLOWED if p == phase}):
        table = brought_to(phase, crisis, tmp_path / f"{name}-{role[:4]}.jsonl")
        before = table.revision
        assert give(table, role, name) == "done", (name, role, phase)
        assert table.revision > before or name in ("draft", "resume")
        table.close()


@pytest.mark.usefixtures("quick_codes")
def test_every_other_cell_is_refused_and_changes_nothing(
    crisis: Scenario, tmp_path: Path, phase: str
) -> None:
    table = brought_to(phase, crisis, tmp_path / "game.jsonl")
    state, before = table.state, table.revision
    for name in COMMANDS:
        for role in ROLES:
            if (name, role, phase) not in ALLOWED:
                ever = any((name, role, other) in ALLOWED for other in PHASES)
                assert give(table, role, name) == ("phase" if ever else "role"), (name, role)
    assert (table.state, table.revision) == (state, before)
    table.close()


def test_the_matrix_names_every_command() -> None:
    assert {line.split()[0] for line in MATRIX.strip().splitlines()} == set(COMMANDS)


def test_what_is_no_command_or_no_seat_is_not_there(seat: Any) -> None:
    table = seat()
    for role in ROLES:
        with pytest.raises(Refused) as caught:
            table.command(role, "__init__")
        assert caught.value.status == 404
    with pytest.raises(Refused) as caught:
        table.command("seat:purple", "join")
    assert caught.value.status == 404


def test_a_seat_acts_for_itself_alone(seat: Any) -> None:
    """No command of a seat says whose seat it is: the role does."""
    table = seat()
    lead(table, "start")
    lead(table, "open_orders")
    with pytest.raises(Refused) as caught:
        said = {"orders": [{"move": "plot"}], "seat": "blue"}
        table.command(RED, "submit", said, turn=1)
    assert caught.value.status == 400
