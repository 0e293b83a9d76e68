"""What each actor would rather see happen: points for endings and milestones.

Whether a move was good depends on who asks. The points are ours, an assumption in every number,
read off the goals and red lines that the actors' files state with their sources. The scale: 1000
for the ending that an actor likes best and 0 for the one that it likes least, short of the end
of everything, which is four times that span further down for all. An author's own actor says what
it values in its file: `profile: {values: "Peace 1000, Stalemate 300, War 0"}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from wargame.engine.record import RunHeader
from wargame.engine.scenario import Scenario
from wargame.errors import Fault, SpecError

SOURCE = "assumption"

END_OF_EVERYTHING = -4000

_OUTSIDE = {"kaboom": -800, "Expansion": -300, "KABOOM": END_OF_EVERYTHING}
"""For those who would neither make nor suffer the first use."""

_PARTY = {"kaboom": -400, "Expansion": -200, "KABOOM": END_OF_EVERYTHING}
"""For Moscow, which would make it for a reason, and for allies who would have to answer."""

POINTS: Mapping[str, Mapping[str, int]] = {
    "russia": {
        "Kosovo": 1000,
        "Cuba": 1000,
        "Korea": 700,
        "Libya": 450,
        "unresolved": 450,
        "Finland": 450,
        "Vietnam": 0,
        **_PARTY,
    },
    "ukraine": {
        "Cuba": 1000,
        "Vietnam": 1000,
        "Finland": 700,
        "Korea": 400,
        "Libya": 300,
        "unresolved": 300,
        "Kosovo": 0,
        **_OUTSIDE,
    },
    "usa": {
        "Cuba": 1000,
        "Finland": 1000,
        "Vietnam": 850,
        "Korea": 600,
        "Libya": 350,
        "unresolved": 350,
        "Kosovo": 0,
        **_OUTSIDE,
    },
    "nato": {
        "Cuba": 1000,
        "Finland": 1000,
        "Vietnam": 800,
        "Korea": 600,
        "Libya": 300,
        "unresolved": 300,
        "Kosovo": 0,
        **_OUTSIDE,
    },
    "china": {
        "Cuba": 1000,
        "Finland": 1000,
        "Korea": 900,
        "Kosovo": 600,
        "Libya": 400,
        "unresolved": 400,
        "Vietnam": 0,
        **_OUTSIDE,
    },
    "india": {
        "Cuba": 1000,
        "Finland": 1000,
        "Korea": 800,
        "Kosovo": 400,
        "Libya": 200,
        "unresolved": 200,
        "Vietnam": 0,
        **_OUTSIDE,
    },
    "mediators": {
        "Cuba": 1000,
        "Finland": 1000,
        "Korea": 600,
        "Vietnam": 300,
        "Kosovo": 200,
        "Libya": 0,
        "unresolved": 0,
        **_OUTSIDE,
    },
    "spacex": {
        "Cuba": 1000,
        "Finland": 1000,
        "Korea": 700,
        "Kosovo": 400,
        "Libya": 200,
        "unresolved": 200,
        "Vietnam": 0,
        **_OUTSIDE,
    },
}

_ENTRY = re.compile(r"\s*([A-Za-z][A-Za-z0-9_-]*)\s+(-?[0-9]{1,6})\s*", re.ASCII)


def points_of(scenario: Scenario, actor: str) -> Mapping[str, int] | None:
    """What the actor values, or None if nobody has said. Raises SpecError for what is no list."""
    spec = next(item for item in scenario.spec.actors if item.id == actor)
    written = spec.profile.get("values")
    if written is None:
        return POINTS.get(actor)
    header, found = scenario.header, {}
    for entry in written.en.split(","):
        match = _ENTRY.fullmatch(entry)
        if match is None or match[1] not in (*header.endings, *header.milestones):
            what = f"{actor} values {entry.strip()!r}, which is no ending or milestone with points"
            raise SpecError([Fault(what, written.at, 'write "Peace 1000, War 0"')])
        found[match[1]] = int(match[2])
    return found


def value(
    points: Mapping[str, int],
    header: RunHeader,
    ending: npt.NDArray[np.int8],
    reached: npt.NDArray[np.int32],
) -> npt.NDArray[np.int64]:
    """What futures are worth: points of the ending, and of every milestone passed through.

    ending: any shape; reached: milestones x that shape. What no points are given for counts 0.
    """
    of_endings = np.array([points.get(name, 0) for name in header.endings], dtype=np.int64)
    total: npt.NDArray[np.int64] = of_endings[ending]
    for name, turns in zip(header.milestones, reached, strict=True):
        total = total + points.get(name, 0) * (turns > 0)
    return total
