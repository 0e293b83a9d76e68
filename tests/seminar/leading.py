"""Short words for tests that lead a game."""

from __future__ import annotations

from typing import Any

from wargame.seminar.table import Ack, Table

RED, BLUE, GREEN = "seat:red", "seat:blue", "seat:green"


def lead(table: Table, name: str, data: dict[str, Any] | None = None, **more: Any) -> Ack:
    """A facilitator's command, decided on the game as it is now."""
    more.setdefault("revision", table.revision_of("facilitator"))
    return table.command("facilitator", name, data, **more)


def order(table: Table, role: str, *moves: str, **words: str) -> Ack:
    """A seat's orders for the current turn."""
    lines = [{"move": move, **words} for move in moves]
    return table.command(role, "submit", {"orders": lines}, turn=table.state.turn)


def open_orders(table: Table) -> None:
    """From setup, or from the end of a turn, to orders."""
    lead(table, "start" if table.state.phase == "setup" else "next")
    lead(table, "open_orders")


def play_turn(table: Table, red: str = "hold", blue: str = "hold") -> None:
    """One whole turn with these orders."""
    open_orders(table)
    order(table, RED, red)
    order(table, BLUE, blue)
    lead(table, "lock")
    lead(table, "commit")
