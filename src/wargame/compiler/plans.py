"""How an actor's moves are resolved: whether they succeed, and what they do."""

from __future__ import annotations

import numpy as np

from wargame.compiler.changes import changes, intervene, slot
from wargame.compiler.workshop import Results, Workshop
from wargame.effects import Slot
from wargame.scenario import MovePlan

CERTAIN = 1000


def compile_plan(shop: Workshop, index: int, slots: list[Slot]) -> MovePlan:
    """The plan of the actor at `index`; the effects of its moves are appended to `slots`."""
    actor = shop.actors[index]
    success: list[int] = []
    live: list[tuple[int, int]] = []
    places: list[tuple[int, int | None]] = []
    results = Results()
    for m, name in enumerate(shop.moves[actor]):
        move = shop.spec.moves[name]
        ends = (actor, move.target or "")
        constant, k = results.add_unless_constant(shop.read(shop.parse(move.success, *ends)))
        if constant is None:
            live.append((m, k))
        success.append(constant or 0)
        won = (
            intervene(shop, move, actor)
            if move.intervention
            else changes(shop, move.effects, move.heat, *ends)
        )
        lost = changes(shop, move.failure, {}, *ends)
        places.append((len(slots), len(slots) + 1 if lost else None))
        slots.append(slot(shop, f"{actor} {name}", won))
        if lost:
            slots.append(slot(shop, f"{actor} {name} fails", lost))
    luck = shop.luck(actor)
    return MovePlan(
        success=np.array([*success, CERTAIN], dtype=np.int64),
        live_success=tuple(live),
        success_block=shop.block(f"{actor} success", results.pairs),
        labels=tuple(f"{luck} success {k + 1}" for k in range(shop.file.turn.orders)),
        slots=tuple(places),
    )
