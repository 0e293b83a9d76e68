"""All parts of a compiled scenario, put together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from wargame import __version__
from wargame.compiler.changes import book
from wargame.compiler.context import Reading, TooNarrow, Workshop
from wargame.compiler.decision_models import compile_mind, labels_of
from wargame.compiler.lint import lint, unread
from wargame.compiler.news import compile_news
from wargame.compiler.plans import compile_ledger, compile_plans
from wargame.compiler.rows import Rows, derivation, goals, lay_out, unknowns
from wargame.content.spec import Spec
from wargame.engine.effects import EffectBook, Places, Slot
from wargame.engine.randomness import word_of
from wargame.engine.record import UNRESOLVED, RunHeader
from wargame.engine.scenario import DERIVING, DYAD_CELLS, EndingRule, Layers, Scenario
from wargame.engine.world import coefficients
from wargame.errors import Fault, SpecError


def compile_scenario(spec: Spec, dtype: type[np.signedinteger[Any]] = np.int32) -> Scenario:
    """Compile `spec`, in 32-bit whole numbers where they provably suffice, else in 64.

    dtype: np.int32 or, to use 64 bits in any case, np.int64. Raises SpecError with every fault
    of the expressions, each with its place. The scenario's `warnings` name rules that can never
    fire, moves that can never be made, and events and endings that can never happen.
    """
    shop = Workshop(spec, dtype)
    rows = lay_out(shop)
    try:
        compiled = _assemble(shop, rows)
    except TooNarrow:
        shop.dtype = np.int64
        compiled = _assemble(shop, rows)
    if shop.faults:
        raise SpecError(sorted(shop.faults, key=lambda fault: (fault.at is None, fault.at)))
    return compiled


def _assemble(shop: Workshop, rows: Rows) -> Scenario:
    file, layout = shop.file, shop.layout
    shop.warnings.clear()
    news = compile_news(shop)
    minds = tuple(compile_mind(shop, index) for index in range(len(shop.actors)))
    plans, slots = compile_plans(shop)
    drifts = _drifts(shop)
    drift_rows = np.array([row for row, _ in drifts], dtype=np.intp)
    urns = unknowns(shop)
    _distinct(
        shop,
        [
            *labels_of(minds),
            *(label for plan in plans for label in plan.labels),
            *(event.label for event in news.events),
            *(unknown.label for unknown in urns),
        ],
    )
    low, high, start = (
        np.array(side, dtype=np.int64) for side in (layout.low, layout.high, layout.start)
    )
    news_book, move_book = book(shop, news.slots), book(shop, slots)
    return Scenario(
        spec=shop.spec,
        header=_header(shop, news.slots),
        orders=file.turn.orders,
        dtype=shop.dtype,
        rows=layout.rows,
        low=low,
        high=high,
        start=start.astype(shop.dtype),
        state_rows=rows.state,
        hashed_rows=rows.hashed,
        multipliers=coefficients(rows.hashed + len(shop.actors) * file.turn.orders),
        unknowns=urns,
        derived=_derivations(shop, rows, news_book, move_book, drift_rows),
        news=news_book,
        injects=news.injects,
        events=news.events,
        event_block=news.block,
        minds=minds,
        moves=move_book,
        plans=plans,
        ledger=compile_ledger(shop, plans),
        dyad_count=len(file.dyads),
        dyad_rows={kind: _first_row(shop, kind, file.dyads) for kind in DYAD_CELLS},
        drift_rows=drift_rows,
        drift_bounds=(
            low[drift_rows, None].astype(shop.dtype),
            high[drift_rows, None].astype(shop.dtype),
        ),
        drift_block=shop.block("drift", [(value, "int") for _, value in drifts]),
        judge_block=shop.block(
            "judge", [(shop.read(shop.parse(goal)), "bool") for goal in goals(shop)]
        ),
        reached_row=_first_row(shop, "reached", file.milestones),
        milestones=tuple(file.milestones),
        endings=_endings(shop),
        warnings=tuple(dict.fromkeys((*shop.spec.oddities, *shop.warnings, *lint(shop)))),
        unread=tuple(unread(shop)),
    )


def _derivations(
    shop: Workshop, rows: Rows, news: EffectBook, moves: EffectBook, drift: Places
) -> dict[str, Layers]:
    """What to compute anew after each phase, by what the phase can change."""
    cells = shop.layout.rows
    past = {row for name, row in cells.items() if name.startswith(("last(", "times("))}
    ladder = {cells[f"{kind}({dyad})"] for kind in DYAD_CELLS for dyad in shop.file.dyads}
    changed = {
        "all": set(cells.values()),
        "news": set(news.rows.tolist()),
        "moves": set(moves.rows.tolist()) | past,
        "ladder": ladder,
        "drift": set(drift.tolist()),
    }
    return {
        phase: derivation(shop, rows, phase, changed[phase], timed=phase in ("all", "news"))
        for phase in DERIVING
    }


def _first_row(shop: Workshop, kind: str, names: Iterable[str]) -> int:
    """The row of the first of some cells that lie below each other; 0 if there are none."""
    first = next(iter(names), None)
    return 0 if first is None else shop.layout.rows[f"{kind}({first})"]


def _drifts(shop: Workshop) -> list[tuple[int, Reading]]:
    """(row, new value) of every gauge that moves by itself."""
    return [
        (shop.layout.rows[name], shop.read(shop.parse(drift.value)))
        for name, drift in shop.file.drift.items()
        if name in shop.file.gauges
    ]


def _endings(shop: Workshop) -> tuple[EndingRule, ...]:
    for name, ending in shop.file.endings.items():
        shop.condition(ending.when, f"the ending {name} can never be reached")
    return tuple(
        EndingRule(name, ending.for_, ending.at_horizon, shop.layout.rows.get(f"held({name})"))
        for name, ending in shop.file.endings.items()
    )


def _distinct(shop: Workshop, labels: Iterable[str]) -> None:
    """No two names of luck may stand for the same word: they would draw alike."""
    owners: dict[int, str] = {}
    for label in labels:
        other = owners.setdefault(word_of(label), label)
        if other != label:
            message = f"the luck of {label!r} and of {other!r} coincide"
            shop.fault(Fault(message, None, "rename one"))


def _header(shop: Workshop, happenings: Iterable[Slot]) -> RunHeader:
    file, spec = shop.file, shop.spec
    return RunHeader(
        scenario=file.id,
        digest=spec.digest,
        overlays=spec.overlay_names,
        overlay_digest=spec.overlay_digest,
        seed=file.seed,
        engine=__version__,
        start=str(file.turn.start or ""),
        turn_length=str(file.turn.length),
        horizon=file.turn.horizon,
        actors=shop.actors,
        moves=shop.moves,
        dyads=tuple(file.dyads),
        happenings=tuple(slot.name for slot in happenings),
        milestones=tuple(file.milestones),
        endings=(*file.endings, UNRESOLVED),
        unknowns=tuple(file.unknowns),
    )
