"""What a page may know of a run, through one lens and in one language.

`page_data` is the only way out: the exported file, the server and the tests all get a run from
it, and what a lens hides is not in what it returns. A turn's data says nothing of later turns.
"""

from __future__ import annotations

from typing import Any

from wargame.analysis.odds import Usual
from wargame.analysis.turning_points import SIGNS, TurningPoint
from wargame.replay.explain import Explanation
from wargame.replay.fork import Fork
from wargame.replay.replay import Replay
from wargame.show.replay_page.charts import (
    COLUMN,
    ENDING_FILL,
    HEAD,
    NET_HEIGHT,
    NET_WIDTH,
    ODDS_HEAD,
    ODDS_HEIGHT,
    RISK_HEIGHT,
    RISK_LINES,
    ROW,
    Cell,
    Chart,
    Deed,
    Tie,
    Turning,
    network,
    odds_area,
    odds_axis,
    risk_axis,
    risk_lines,
    strip,
)
from wargame.show.replay_page.fork_diff import Beside, following
from wargame.show.replay_page.page_words import page_words
from wargame.show.text.language import paragraph, read, sentence
from wargame.show.text.narrate import HOLD, Narrator, Week
from wargame.show.text.odds_view import Outlook
from wargame.show.text.perspective import ALL, PUBLIC, Lens
from wargame.show.text.story import beginning, story
from wargame.show.text.units import unit
from wargame.statistics.result import signed

Data = dict[str, Any]


def page_data(replay: Replay, lens: Lens, lang: str, outlook: Outlook | None = None) -> Data:
    """``head``: what does not depend on the run; ``turns``: one entry a turn, the first is 0.

    outlook: the odds, if they were computed; only the all-seeing lens shows them.
    """
    narrator = Narrator.of(replay, lang, lens)
    outlook = outlook if lens.sees_all else None
    charts = {
        "strip": strip_chart(narrator),
        "network": network_chart(narrator),
        **(odds_charts(narrator, outlook) if outlook else {}),
    }
    turns = [_opening(narrator)]
    turns += [_turn(narrator, turn) for turn in range(1, replay.playthrough.turns + 1)]
    for turn, data in enumerate(turns):
        data["slices"] = {
            key: layer[turn]
            for name, chart in charts.items()
            for key, layer in ((name, chart.slices), (f"{name} marks", chart.marks))
            if turn < len(layer)
        }
        data["question"] = _question(narrator, turn + 1)
        if outlook and turn < len(outlook.endings):
            data["odds"] = [
                [narrator.outcome(name), found.words(lang)]
                for turns_ in (outlook.milestones, outlook.endings)
                if turns_
                for name, found in turns_[turn].items()
            ]
            data["turnings"] = [
                turning(narrator, item) for item in outlook.points if item.turn == turn
            ]
    # What a history is about says how it goes.
    about = [narrator.about] if narrator.about != narrator.setting else []
    turns[-1]["story"] = [*about, *story(narrator)]
    return {"head": _head(narrator, charts, outlook), "turns": turns}


# ------------------------------------------------------------------------------ the head


def _head(narrator: Narrator, charts: dict[str, Chart], outlook: Outlook | None) -> Data:
    scenario, header = narrator.scenario, narrator.scenario.header
    return {
        "lang": narrator.lang,
        "lens": narrator.lens.who,
        "title": narrator.name,
        "about": narrator.setting,
        "run": narrator.origin,
        "horizon": header.horizon,
        "actors": {actor: narrator.actor(actor) for actor in header.actors},
        "dyads": [narrator.dyad(dyad) for dyad in header.dyads],
        "lenses": lens_names(narrator),
        "moves": {move: narrator.move(move) for move in scenario.spec.moves},
        "rules": {
            actor.id: {
                rule.id: [
                    sentence(read(rule.because, narrator.lang), narrator.lang),
                    narrator.source(rule.source),
                ]
                for rule in actor.rules
            }
            for actor in scenario.spec.actors
            if narrator.lens.reasons(actor.id)
        },
        "endings": [
            {"title": title, "fill": ENDING_FILL[place % len(ENDING_FILL)]}
            for place, title in enumerate(ending_titles(narrator).values())
        ]
        if outlook
        else [],
        "risks": [
            {"title": narrator.outcome(name), "stroke": stroke, "dash": dash}
            for name, (stroke, dash) in zip(outlook.risks(), RISK_LINES, strict=False)
        ]
        if outlook
        else [],
        "axes": {"odds": odds_axis(), "risks": risk_axis()},
        # The page sets the names beside the ladder itself, where they stay when it is scrolled.
        "frames": {name: chart.frame for name, chart in charts.items() if name != "strip"},
        "sizes": {
            "column": COLUMN,
            "strip": HEAD + ROW * len(header.dyads),
            "odds": ODDS_HEAD + ODDS_HEIGHT,
            "risks": ODDS_HEAD + RISK_HEIGHT,
            "network": [NET_WIDTH, NET_HEIGHT],
        },
        "futures": outlook.futures if outlook else 0,
        "words": page_words(narrator.say),
    }


def lens_names(narrator: Narrator) -> dict[str, str]:
    """Every lens with its name."""
    say = narrator.say
    return {
        ALL: say("All-seeing"),
        PUBLIC: say("The public"),
        **{
            actor: say("As seen by {actor}").format(actor=narrator.named(actor))
            for actor in narrator.scenario.header.actors
        },
    }


# ------------------------------------------------------------------------------ turns


def _opening(narrator: Narrator) -> Data:
    data: Data = {
        "turn": 0,
        "title": narrator.say("Before the first turn"),
        "beginning": beginning(narrator),
        "rungs": [_rung(rung) for rung in narrator.rungs(0)],
        "unknowns": [],
    }
    if narrator.lens.sees_all:
        world = narrator.playthrough.worlds[0]
        data["unknowns"] = [
            {
                "title": narrator.gauge(name),
                "value": int(world[name][0]),
                "unit": unit(narrator.file.unknowns[name].unit, narrator.lang),
            }
            for name in narrator.scenario.header.unknowns
        ]
    return data


def _turn(narrator: Narrator, turn: int) -> Data:
    week = narrator.week(turn)
    explained = {
        actor: found
        for actor in narrator.scenario.header.actors
        if (found := narrator.explanation(turn, actor)) is not None
    }
    return {
        "turn": turn,
        "title": week.title,
        "news": [vars(item) | {"text": narrator.heard(item)} for item in week.news],
        "acts": _acts(narrator, week),
        "orders": _orders(narrator, turn),
        "chosen": {
            actor: [act.move for act in week.acts if act.actor == actor]
            for actor in narrator.scenario.header.actors
        },
        "rungs": [_rung(rung) for rung in week.rungs],
        "motions": [vars(item) | {"gauge": None} for item in week.motions],
        "milestones": [
            {"title": narrator.milestone(name), "about": narrator.meaning(name)}
            for name in week.milestones
        ],
        "ending": {"title": narrator.ending(week.ending), "about": narrator.meaning(week.ending)}
        if week.ending
        else None,
        "why": {actor: _why(narrator, found) for actor, found in explained.items()},
    }


def _acts(narrator: Narrator, week: Week) -> list[Data]:
    return [
        {
            "actor": act.actor,
            "text": act.text,
            "why": act.why,
            "source": act.source,
            "by": act.by,
            "visible": act.visible,
            "direction": act.direction,
            "aims": [narrator.actor(aim) for aim in act.aims],
        }
        for act in week.acts
    ]


def _orders(narrator: Narrator, turn: int) -> dict[str, list[str]]:
    """What every actor ordered, waiting included, where the lens sees everything."""
    record = narrator.playthrough.records[turn - 1]
    return {
        actor: [moves[m] if m >= 0 else HOLD for m in record.orders[actor][:, 0]]
        for actor, moves in narrator.scenario.header.moves.items()
        if narrator.lens.sees_all
    }


def _rung(rung: Any) -> Data:
    return {"title": rung.title, "stage": rung.stage, "name": rung.name, "change": rung.change}


def _why(narrator: Narrator, explanation: Explanation) -> Data:
    """One decision: its open options with their weights, what spoke, what was believed."""
    runner_up = explanation.runner_up()
    made = [o for o in explanation.options if o.weight or o.move in explanation.chosen]
    forbidden = [o for o in explanation.options if o.barrier == "forbidden"]
    return {
        "chosen": [
            {"move": move, "done": done}
            for move, done in zip(explanation.chosen, explanation.succeeded, strict=True)
        ],
        "options": [
            {
                "move": option.move,
                "weight": option.weight,
                "base": option.base,
                "voices": [[v.rule, _amount(v.op, v.amount)] for v in option.voices],
            }
            for option in made
        ],
        "forbidden": [
            {"move": o.move, "rules": [v.rule for v in o.voices if v.op == "forbid"]}
            for o in forbidden
        ],
        "closed": len(explanation.options) - len(made) - len(forbidden),
        "total": explanation.total,
        "runner_up": runner_up.move if runner_up else None,
        "sightings": [
            {
                "title": narrator.gauge(sight.gauge),
                "believed": sight.believed,
                **({"true": sight.true} if narrator.lens.sees_all else {}),
            }
            for sight in explanation.sightings
        ],
    }


def _amount(op: str, amount: int) -> str:
    return {"add": f"{amount:+d}", "times": f"×{amount}", "over": f"÷{amount}", "forbid": "0"}[op]


def _question(narrator: Narrator, turn: int) -> dict[str, list[str]]:
    """What each actor might do in the coming turn, in the catalogue's order.

    Where the lens hides an actor's reasons it also hides which of its moves are open.
    """
    if turn > narrator.playthrough.turns:
        return {}
    found = {}
    for actor, moves in narrator.scenario.header.moves.items():
        explanation = narrator.explanation(turn, actor)
        open_moves = set(moves)
        if explanation is not None:
            open_moves = {o.move for o in explanation.options if o.weight} | set(explanation.chosen)
        found[actor] = [move for move in moves if move in open_moves or move == HOLD]
    return found


# ------------------------------------------------------------------------------ charts


def strip_chart(narrator: Narrator, other: Narrator | None = None) -> Chart:
    """The ladders of every dyad, turn by turn; framed where the `other` run's stand elsewhere."""
    say = narrator.say
    columns = []
    for turn in range(narrator.playthrough.turns + 1):
        heading = narrator.heading(turn) if turn else say("Before the first turn")
        rungs = narrator.rungs(turn)
        known = other is not None and turn <= other.playthrough.turns
        beside = other.rungs(turn) if other and known else rungs
        columns.append(
            [
                Cell(
                    rung.stage,
                    rung.change,
                    say("{turn}. {pair}: stage {stage}, {name}").format(
                        turn=heading, pair=rung.title, stage=rung.stage, name=rung.name
                    ),
                    rung.stage != its.stage,
                )
                for rung, its in zip(rungs, beside, strict=True)
            ]
        )
    return strip(columns, [narrator.dyad(dyad) for dyad in narrator.scenario.header.dyads])


def network_chart(narrator: Narrator) -> Chart:
    """The influence network, and what was done along its ties."""
    names = {actor: narrator.actor(actor) for actor in narrator.scenario.header.actors}
    return network(
        names,
        [Tie(one, other, weight, told) for one, other, weight, told in ties(narrator)],
        [
            (),
            *(
                [
                    Deed(act.actor, act.aims, act.direction, act.text)
                    for act in narrator.week(turn).acts
                ]
                for turn in range(1, narrator.playthrough.turns + 1)
            ),
        ],
    )


def ties(narrator: Narrator) -> list[tuple[str, str, int, str]]:
    """Every standing tie: from, to, leverage (per mille), and what it rests on."""
    say = narrator.say
    return [
        (
            tie.from_,
            tie.to,
            tie.leverage,
            say("{one} to {other}, {weight} of 1000: {because}").format(
                one=narrator.actor(tie.from_),
                other=narrator.actor(tie.to),
                weight=tie.leverage,
                because=sentence(read(tie.because, narrator.lang), narrator.lang),
            ),
        )
        for tie in narrator.file.ties
    ]


def odds_charts(narrator: Narrator, outlook: Outlook) -> dict[str, Chart]:
    """How futures end, by turn, with the moves that changed it; and the curves to watch."""
    return {
        "odds": odds_area(
            [{name: found.share for name, found in turn.items()} for turn in outlook.endings],
            ending_titles(narrator),
            [
                Turning(point.turn, SIGNS[point.mark], turning(narrator, point))
                for point in outlook.points
            ],
            [
                {name: found.words(narrator.lang) for name, found in turn.items()}
                for turn in outlook.endings
            ],
        ),
        "risks": risk_lines(
            {
                narrator.outcome(name): [(point.share, point.low, point.high) for point in points]
                for name, points in outlook.risks().items()
            }
        ),
    }


def ending_titles(narrator: Narrator) -> dict[str, str]:
    """Endings in the scenario's order, with their titles."""
    return {name: narrator.ending(name) for name in narrator.scenario.header.endings}


def turning(narrator: Narrator, point: TurningPoint) -> str:
    """A turning point in words, with its interval and what it did to the endings."""
    say = narrator.say
    moved = [change for change in point.changes if change.resolved]
    moved.sort(key=lambda change: -abs(change.difference))
    against = (
        say(
            "Against what it usually does in such a week, that is {gain:+.0f} points of 1000 by "
            "its own aims ({low:+.0f} to {high:+.0f})."
        )
        if point.ground is point.usual
        else say(
            "Against the best other choice ({other}) that is {gain:+.0f} points of 1000 by its own "
            "aims ({low:+.0f} to {high:+.0f})."
        )
    )
    told = [
        f"{SIGNS[point.mark]} {narrator.came(point.turn, point.actor, point.order)[1]}",
        against.format(
            other=narrator.move(point.alternative),
            gain=point.ground.points,
            low=point.ground.low,
            high=point.ground.high,
        ),
        *(
            say("{ending}: {change} percentage points ({low} to {high}).").format(
                ending=narrator.outcome(change.name),
                change=signed(change.difference),
                low=signed(change.low),
                high=signed(change.high),
            )
            for change in moved[:2]
        ),
    ]
    return paragraph(told, narrator.lang)


# ------------------------------------------------------------------------------ forks


def fork_data(fork: Fork, lang: str) -> Data:
    """A fork beside its original: what was changed, what differs by turn, and both ends.

    strip: the original's ladders, with a frame around what differs.
    """
    both = Beside(fork, lang)
    was, now = both.ends()
    return {
        "turn": fork.turn,
        "original": both.was.name,
        "changed": both.changed(),
        "was": was,
        "now": now,
        "left_out": list(both.left_out()),
        "rows": {
            turn: [[row.what, row.was, row.now] for row in both.rows(turn)] for turn in both.turns
        },
        "strip": list(strip_chart(both.was, both.now).slices),
    }


def usual_data(usual: Usual, fork: Fork, lang: str) -> Data:
    """What usually follows a fork: shares of both, and how far they lie apart."""
    return {
        "futures": usual.n,
        "rows": [
            {
                "title": row.title,
                "was": row.was.share,
                "now": row.now.share,
                "told": [row.was.brief(lang), row.now.brief(lang)],
                "change": f"{signed(row.change.difference)} "
                f"({signed(row.change.low)} … {signed(row.change.high)})",
                "resolved": row.change.resolved,
            }
            for row in following(usual, Narrator.of(fork.replay, lang))
        ],
    }
