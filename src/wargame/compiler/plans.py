"""How an actor's moves are resolved: whether they succeed, and what they do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from wargame.compiler.changes import changes, intervene, slot
from wargame.compiler.context import Results, Workshop
from wargame.engine.effects import Places, Slot
from wargame.engine.layout import last_cell, times_cell
from wargame.engine.scenario import Ledger, MovePlan

CERTAIN = 1000
NOWHERE = -1
NO_PLACES: Places = np.empty(0, dtype=np.intp)


def compile_plans(shop: Workshop) -> tuple[tuple[MovePlan, ...], list[Slot]]:
    """The plan of every actor, and the slots of all their moves' effects."""
    slots: list[Slot] = []
    drafts = [_Draft(shop, index, slots) for index in range(len(shop.actors))]
    return tuple(draft.plan(nothing=len(slots)) for draft in drafts), slots


class _Draft:
    """The plan of one actor, while it is not yet known how many slots there are in all."""

    def __init__(self, shop: Workshop, index: int, slots: list[Slot]) -> None:
        self.shop = shop
        self.actor = actor = shop.actors[index]
        self.success: list[int] = []
        self.live: list[tuple[int, int]] = []
        self.won: list[int] = []
        self.lost: list[int | None] = []
        self.results = Results()
        for m, name in enumerate(shop.moves[actor]):
            move = shop.spec.moves[name]
            ends = (actor, move.target or "")
            odds = shop.read(shop.parse(move.success, *ends))
            constant, k = self.results.add_unless_constant(odds)
            if constant is None:
                self.live.append((m, k))
            self.success.append(constant or 0)
            won = (
                intervene(shop, move, actor)
                if move.intervention
                else changes(shop, move.effects, move.heat, *ends)
            )
            self.won.append(len(slots))
            slots.append(slot(shop, f"{actor} {name}", won))
            lost = changes(shop, move.failure, {}, *ends)
            self.lost.append(len(slots) if lost else None)
            if lost:
                slots.append(slot(shop, f"{actor} {name} fails", lost))

    def plan(self, nothing: int) -> MovePlan:
        """nothing: the row of `happening` that no slot owns."""
        shop, actor, moves = self.shop, self.actor, self.shop.moves[self.actor]
        luck, rows = shop.luck(actor), shop.layout.rows
        lost = (nothing if slot is None else slot for slot in self.lost)
        return MovePlan(
            success=np.array([*self.success, CERTAIN], dtype=np.int64),
            live_success=tuple(self.live),
            success_block=shop.block(f"{actor} success", self.results.pairs),
            labels=tuple(f"{luck} success {k + 1}" for k in range(shop.file.turn.orders)),
            won=_table(self.won, nothing),
            lost=_table(lost, nothing),
            last=_table((rows.get(last_cell(actor, m), NOWHERE) for m in moves), NOWHERE),
            times=_table((rows.get(times_cell(actor, m), NOWHERE) for m in moves), NOWHERE),
        )


def compile_ledger(shop: Workshop, plans: Sequence[MovePlan]) -> Ledger:
    """The tables of all plans behind each other."""
    orders = shop.file.turn.orders
    sizes = [plan.success.size for plan in plans]
    first = np.repeat(np.cumsum([0, *sizes[:-1]])[: len(sizes)], orders)

    def joined(name: str) -> Any:
        return np.concatenate([getattr(plan, name) for plan in plans] or [NO_PLACES])

    return Ledger(
        first=first[:, None].astype(np.intp),
        success=joined("success"),
        won=joined("won"),
        lost=joined("lost"),
        last=joined("last"),
        times=joined("times"),
    )


def _table(entries: Iterable[int], none: int) -> Places:
    """One entry for each move, and one for no move."""
    return np.array([*entries, none], dtype=np.intp)
