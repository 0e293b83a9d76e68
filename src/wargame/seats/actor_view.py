"""The pieces that views are put together from: what one lens lets through, in one language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from wargame.backends.turn import Situation
from wargame.content.spec import MoveSpec, Text
from wargame.engine.decision import Sights, Weighing
from wargame.engine.scenario import Scenario
from wargame.replay.playthrough import Playthrough
from wargame.replay.replay import Played
from wargame.seats.board import Board
from wargame.show.text.language import read, sentence
from wargame.show.text.narrate import Narrator
from wargame.show.text.perspective import Lens
from wargame.show.text.units import unit
from wargame.statistics.shares import shares

Piece = dict[str, Any]
Cells = npt.NDArray[np.signedinteger[Any]]
Detail = tuple[Situation, Weighing]

KINDS = ("diplomatic", "informational", "economic", "military", "nuclear", "third-party")


def narrator(board: Board, lang: str, lens: Lens, further: Played | None = None) -> Narrator:
    """Tells the run so far, perhaps with a turn that was only tried."""
    events = board.position.events
    if further is not None:
        events = (*events, further.event)
    return Narrator(board.playthrough(further), lang, lens, events)


# ------------------------------------------------------------------------------ who one is


def brief(scenario: Scenario, actor: str, lang: str) -> Piece:
    """An actor's role: what it wants, what it will not bear, what it measures losses by."""
    spec = next(spec for spec in scenario.spec.actors if spec.id == actor)

    def told(texts: tuple[Text, ...]) -> list[str]:
        return [read(text, lang) for text in texts]

    return {
        "actor": actor,
        "title": read(spec.title, lang),
        "name": read(spec.short or spec.title, lang),
        "about": read(spec.about, lang),
        "goals": told(spec.goals),
        "red_lines": told(spec.red_lines),
        "reference_points": told(spec.reference_points),
        "profile": {key: read(text, lang) for key, text in spec.profile.items()},
    }


# ------------------------------------------------------------------------------ what one knows


def knowledge(board: Board, opened: Played | None, actor: str, lang: str) -> list[Piece]:
    """The gauges as an actor knows them when the turn opens, or after the last turn played."""
    if opened is not None:
        situation = opened.record.detail[actor][0]
        return board.once(
            ("know", actor, lang, situation.turn, opened.event.opened),
            lambda: known(board.scenario, situation, actor, lang),
        )
    records = board.position.records
    situation = records[-1].detail[actor][0] if records and records[-1].detail else None
    return known(board.scenario, situation, actor, lang, board.world.cells, board.turns)


def known(
    scenario: Scenario,
    situation: Situation | None,
    actor: str,
    lang: str,
    cells: Cells | None = None,
    turn: int = 0,
    column: int = 0,
) -> list[Piece]:
    """The gauges as an actor knows them: its own and public ones as they are, others' through
    its intelligence, as it saw them in `situation`. Never the true value of those.

    cells, turn: where its own and public gauges are read, if it is not where the situation was.
    source: own, public or intelligence. turn: when it was known. margin: the largest error that
    the actor reckons with, None where it varies.
    """
    exact = set(Lens(actor).gauges(scenario))
    believed = situation.sees() if situation is not None else {}
    margins = dict(_margins(situation)) if situation is not None else {}
    if cells is None:
        assert situation is not None
        cells, turn = situation.cells, situation.turn
    found = []
    for name, spec in scenario.spec.scenario.gauges.items():
        if name in exact:
            value, when = int(cells[scenario.rows[name], column]), turn
            source = "own" if name.split(".")[0] == actor else "public"
        elif name in believed and situation is not None:
            value, when = int(believed[name][column]), situation.turn
            source = "intelligence"
        else:
            continue
        found.append(
            {
                "gauge": name,
                "title": read(spec.title, lang, name),
                "about": read(spec.about, lang),
                "unit": unit(spec.unit, lang),
                "value": value,
                "min": spec.min,
                "max": spec.max,
                "source": source,
                "turn": when,
                "margin": margins[name] if source == "intelligence" else 0,
            }
        )
    return found


def _margins(situation: Situation) -> Iterator[tuple[str, int | None]]:
    for sights in (situation.mind.read, situation.mind.unread):
        yield from _margins_of(sights)


def _margins_of(sights: Sights) -> Iterator[tuple[str, int | None]]:
    live = {index for index, _ in sights.live}
    for index, name in enumerate(sights.names):
        yield name, None if index in live else int(sights.widths[index, 0])


def ladders(board: Board, lang: str) -> list[Piece]:
    """Where every dyad stands: public, as what it shows itself in is."""
    told = narrator(board, lang, Lens("public"))
    file = board.scenario.spec.scenario
    return [
        {
            "dyad": rung.dyad,
            "title": rung.title,
            "stage": rung.stage,
            "name": rung.name,
            "change": rung.change,
            "about": read(file.dyads[rung.dyad].about, lang),
            "past": [int(world[f"stage({rung.dyad})"][0]) for world in board.position.worlds],
        }
        for rung in told.rungs(board.turns)
    ]


def odds(data: Mapping[str, Any], told: Narrator) -> Piece:
    """How hundreds of futures ended, as people read it. A model's behaviour, not a forecast.

    told: the share with its interval; those of all endings hold together.
    """
    found = shares(data["endings"], n=data["futures"])
    return {
        "turn": data["turn"],
        "futures": data["futures"],
        "endings": [
            {
                "ending": row.name,
                "title": told.ending(row.name),
                "count": row.count,
                "share": row.share,
                "told": row.brief(told.lang),
            }
            for row in found
        ],
    }


def what_if(what: Mapping[str, Any], told: Narrator) -> Piece:
    """A what-if as it was played; where futures were counted, both sides' shares in words.

    All intervals of both sides hold together.
    """
    result = what["result"]
    family = 2 * len(result.get("instead", ()))
    sides = [
        shares(result[side], n=result["futures"], family=family)
        for side in ("as_played", "instead")
        if family
    ]
    return {
        **{key: value for key, value in what.items() if key != "meta"},
        "ordered": "; ".join(
            f"{told.actor(actor)}: {', '.join(map(told.move, moves))}"
            for actor, moves in what["orders"].items()
        ),
        "endings": [
            {"title": told.ending(was.name), "told": [was.brief(told.lang), now.brief(told.lang)]}
            for was, now in (zip(*sides, strict=True) if sides else ())
        ],
    }


# ------------------------------------------------------------------------------ what happened


def news(board: Board, opened: Played | None, lens: Lens, lang: str) -> list[Piece]:
    """The news with which the turn opens, as far as the lens hears of them."""
    if opened is None:
        return []
    told = narrator(board, lang, lens, opened).news(opened.record.turn)
    return [{"text": item.text, "why": item.why} for item in told]


def title_of(inject: Mapping[str, Any], lang: str) -> str:
    """The title of an inject that was thrown in: one text for all, or one for each language."""
    title = inject.get("title", "")
    return str(title.get(lang) or title.get("en", "")) if isinstance(title, Mapping) else str(title)


def history(board: Board, lens: Lens, lang: str) -> list[Piece]:
    """The turns played, told through a lens, without anybody's reasons."""
    telling = narrator(board, lang, lens)
    return [
        board.once(
            ("week", lens.who, lang, turn, world.digest()),
            partial(_week, telling, turn),
        )
        for turn, world in enumerate(board.position.worlds[1:], start=1)
    ]


def _week(told: Narrator, turn: int) -> Piece:
    week = told.week(turn)
    return {
        "turn": week.turn,
        "title": week.title,
        "news": [{"text": item.text, "why": item.why} for item in week.news],
        "acts": [
            {
                "actor": act.actor,
                "name": told.actor(act.actor),
                "move": act.move,
                "text": act.text,
                "visible": act.visible,
                "direction": act.direction,
                "aims": list(act.aims),
            }
            for act in week.acts
        ],
        "ladders": [
            {
                "dyad": rung.dyad,
                "title": rung.title,
                "stage": rung.stage,
                "change": rung.change,
            }
            for rung in week.rungs
        ],
        "milestones": [told.milestone(name) for name in week.milestones],
        "ending": told.ending(week.ending) if week.ending else "",
    }


# ------------------------------------------------------------------------------ what one may do


def moves(scenario: Scenario, detail: Detail, lang: str, column: int = 0) -> list[Piece]:
    """The moves of an actor, grouped by kind: what each means, and whether it may be made now.

    detail: the actor's situation, and what it weighed.
    """
    situation, weighing = detail
    actor = situation.mind.actor
    told = Narrator(Playthrough(scenario, 0, 0, (), ()), lang)
    groups: dict[str, list[Piece]] = {}
    for m, move in enumerate(situation.mind.moves):
        spec = scenario.spec.moves[move]
        why = None
        if not weighing.legal[m, column] or (actor, move) in scenario.spec.barred:
            why = why_not(scenario, situation, move, column)
        groups.setdefault(spec.kind, []).append(
            {**card(spec, move, lang), "allowed": why is None, "why_not": why}
            | {"aims": [told.actor(other) for other in told.aims(actor, move)]}
        )
    return [{"kind": kind, "moves": groups[kind]} for kind in KINDS if kind in groups]


def why_not(scenario: Scenario, situation: Situation, move: str, column: int = 0) -> Piece:
    """Why a move may not be made: a policy rules it out, it cools down, or its time is not now."""
    actor = situation.mind.actor
    if (actor, move) in scenario.spec.barred:
        return {"because": "policy"}
    pause = scenario.spec.moves[move].cooldown
    row = scenario.rows.get(f"last({actor}, {move})")
    last = 0 if row is None else int(situation.cells[row, column])
    if pause and last and situation.turn - last <= pause:
        return {"because": "cooldown", "again": last + pause + 1}
    return {"because": "conditions"}


def sheet(board: Board, opened: Played, actor: str, lang: str) -> list[Piece]:
    """The moves of an actor at a table, see `moves`."""
    detail = opened.record.detail[actor]
    return board.once(
        ("moves", actor, lang, opened.record.turn, opened.event.opened),
        lambda: moves(board.scenario, detail, lang),
    )


def card(spec: MoveSpec, move: str, lang: str) -> Piece:
    """A move as a card has it."""
    return {
        "move": move,
        "code": spec.code or "",
        "title": read(spec.title, lang, move),
        "about": sentence(read(spec.about, lang), lang),
        "kind": spec.kind,
        "direction": spec.direction,
        "visible": spec.visible,
        "target": spec.target or "",
        "stage": spec.register_,
        "intervention": spec.intervention or "",
        "cooldown": spec.cooldown,
    }
