"""A seat held by a program: one line of JSON in, one line out. See ../seats.md.

    wargame seminar kherson-2022 --seats russia,usa --seat "china=python3 docs/examples/agent.py"

This one calms where it stands high on the ladder and waits otherwise.
"""

import json
import sys


def decide(seen):
    """An order for this turn, from the seat's own view."""
    allowed = [
        move for group in seen["moves"] for move in group["moves"] if move["allowed"]
    ]
    calming = [move["move"] for move in allowed if move["direction"] == "de-escalate"]
    highest = max(ladder["stage"] for ladder in seen["ladders"])
    if highest >= 6 and calming:
        return [{"move": calming[0], "intent": f"The highest ladder stands at {highest}"}]
    return [{"move": "hold", "intent": "Nothing burns"}]


for line in sys.stdin:
    seen = json.loads(line)
    answer = {"run": seen["run"], "turn": seen["turn"], "orders": decide(seen)}
    print(json.dumps(answer), flush=True)
