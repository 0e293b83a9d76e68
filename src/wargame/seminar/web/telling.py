"""One line for one event of the log, as the facilitator reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def told_event(
    event: Mapping[str, Any],
    names: Mapping[str, str],
    titles: Mapping[str, str],
    say: Callable[..., str],
) -> str:
    """What an event of the log was.

    event: as the facilitator's view has it. names: of the seats. titles: of the moves.
    """
    what = event["what"]
    seat = names.get(what.get("seat", ""), "")
    sender = names.get(event["by"].rpartition(":")[2], "")
    move = titles.get(what.get("move") or "", "")
    match event["kind"]:
        case "phase":
            phases = {
                "briefing": say("Turn {turn}: briefing", **what),
                "orders": say("Turn {turn}: orders open", **what),
                "adjudication": say("Turn {turn}: orders locked", **what),
                "debrief": say("Debrief"),
                "ended": say("Closed"),
            }
            return phases[str(what["to"])]
        case "turn":
            return say("Turn {turn} played", **what)
        case "submit":
            return say("{seat}: orders handed in", seat=seat)
        case "withdraw":
            return say("{seat}: orders taken back", seat=seat)
        case "ruling":
            return say("Ruling on {seat}", seat=seat) + (f": {move}" if move else "")
        case "translate":
            return say("Translation for {seat}", seat=seat) + (f": {move}" if move else "")
        case "inject":
            stages = {
                "prepared": say("Inject “{title}” prepared", **what),
                "scheduled": say("Inject “{title}” scheduled for turn {turn}", **what),
                "sent": say("Inject “{title}” sent, turn {turn}", **what),
                "dropped": say("Inject “{title}” withdrawn", **what),
            }
            return stages[str(what["stage"])]
        case "message":
            return say("Message from {who}", who=sender or say("Facilitator"))
        case "holder":
            return say("{seat}: other hands", seat=seat)
        case "join":
            return say("{seat}: joined", seat=seat)
        case "clock":
            deeds = {"pause": say("Paused"), "resume": say("Went on"), "extend": say("Clock set")}
            return deeds[str(what["do"])]
        case kind:
            return {
                "note": say("Note"),
                "question": say("Question"),
                "answer": say("Answer"),
                "show": say("Shown or hidden"),
                "odds": say("Futures counted"),
                "whatif": say("What-if played"),
                "turning": say("Turning points found"),
                "recovered": say("Restarted"),
                "late": say("Rule for late seats"),
                "code": say("New code"),
            }.get(kind, str(kind))
