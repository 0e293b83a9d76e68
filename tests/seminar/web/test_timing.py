"""Whether a seat can tell from the time of its own page when others hand in: an experiment."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from live_server import Room
from raw import Raw

TRIALS = 200
WINDOW = 0.35  # seconds for which the page is asked for after a deed that may have been done
PAUSE = 0.01  # seconds between two requests: as often as one address is allowed to ask
SEATS = ("russia", "ukraine")


def area(low: list[float], high: list[float]) -> float:
    """The area under the ROC curve: how often one of `high` exceeds one of `low`."""
    wins = sum((more > less) + (more == less) / 2 for more in high for less in low)
    return wins / (len(low) * len(high))


def told_apart(room: Room, trials: int, seed: int = 1) -> dict[str, float]:
    """How well Russia's page betrays what Ukraine does, by what is made of its response times.

    In half of the trials, at random, Ukraine hands in (or takes back) at the start of a window.
    Russia asks for its own page again and again. The facilitator's page and both seats' are open.
    """
    codes = room.codes
    roles = ("facilitator", *(f"seat:{actor}" for actor in SEATS))
    lines = {role: Raw(room.link) for role in roles}
    passes = {role: lines[role].join(codes[role]) for role in roles}
    for role in roles:
        nudged = Raw(room.link)
        assert nudged.upgrade() == 101
        nudged.say(f'{{"pass": "{passes[role]}"}}')
        lines[f"nudge {role}"] = nudged
    for name in ("start", "open_orders"):
        page = lines["facilitator"].ask("GET", "/part/facilitator", passes["facilitator"])[1]
        helm = int(page.partition(b'data-revision="')[2].partition(b'"')[0])
        assert lines["facilitator"].do(name, passes["facilitator"], revision=helm) == 200
    spy, victim = lines["seat:russia"], lines["seat:ukraine"]
    for role in roles:
        assert lines[role].ask("GET", f"/part/{role}", passes[role])[0] == 200
    chance = random.Random(seed)
    seen: dict[bool, list[list[float]]] = {False: [], True: []}
    handed_in = False
    order = {"data": {"orders": [{"move": "hold"}]}, "turn": 1}
    for _ in range(trials):
        acts = chance.random() < 0.5
        if acts:
            name, body = ("withdraw", {"turn": 1}) if handed_in else ("submit", order)
            victim.send("POST", f"/do/{name}", passes["seat:ukraine"], body)
            handed_in = not handed_in
        start = time.perf_counter()
        times = []
        while (begun := time.perf_counter()) < start + WINDOW:
            assert spy.ask("GET", "/part/seat:russia", passes["seat:russia"])[0] == 200
            times.append(time.perf_counter() - begun)
            time.sleep(PAUSE)
        if acts:
            assert victim.answer()[0] == 200
        seen[acts].append(times)
    for line in lines.values():
        line.close()
    makes = {
        "slowest": max,
        "second slowest": lambda times: sorted(times)[-2],
        "mean": lambda times: sum(times) / len(times),
        "first": lambda times: times[0],
    }
    return {
        name: area(list(map(make, seen[False])), list(map(make, seen[True])))
        for name, make in makes.items()
    }


@pytest.mark.long
def test_the_time_of_a_seats_page_does_not_tell_when_others_hand_in(tmp_path: Path) -> None:
    room = Room(tmp_path, "kherson-2022", ",".join(SEATS))
    try:
        found = told_apart(room, TRIALS)
    finally:
        room.kill()
    print(found)
    assert max(found.values()) < 0.65, found
