"""Glasl's ladder of conflict escalation, as a state machine that stands on each dyad.

Nine stages in three phases (Glasl 1982; Jordan 2000): 1-3 win-win, 4-6 win-lose, 7-9
lose-lose. Heat is the pressure inside a stage. A stage rises when heat passes its upper
resistance and falls when it passes the lower one, at most one stage a turn; what is left of
the heat decays. The two great thresholds, 3 to 4 (a cooperative solution is given up) and
6 to 7 (ethical scruple is given up), resist more on the way up, and the lose-lose stages
resist more on the way down. The resistances are assumptions, in units of heat: an ordinary
weekly move is worth 10 to 40, a grave one 60 to 150.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.integer]

LOWEST, HIGHEST = 1, 9
HEAT_LIMIT = 1000
DECAY = 200  # per mille of the heat that a turn forgets (assumption)
RELAPSE = 15  # heat a turn in a dyad that was calmed by force alone (assumption; Fisher 1991)

# resistance by stage, index 0 unused; a stage that cannot be left has one that heat never meets
UP = np.array([0, 100, 100, 180, 120, 120, 240, 220, 400, HEAT_LIMIT + 1])
DOWN = np.array([0, HEAT_LIMIT + 1, 100, 100, 120, 130, 150, 220, 260, 400])


@dataclass(frozen=True)
class Stage:
    """One of the nine stages, with its name in English, German and Japanese."""

    number: int
    en: str
    de: str
    ja: str

    @property
    def phase(self) -> str:
        """``win-win``, ``win-lose`` or ``lose-lose``."""
        return ("win-win", "win-lose", "lose-lose")[(self.number - 1) // 3]


STAGES = (
    Stage(1, "Hardening", "Verhärtung", "硬化"),
    Stage(2, "Debate", "Debatte", "論争"),
    Stage(3, "Actions, not words", "Taten statt Worte", "行動"),
    Stage(4, "Images and coalitions", "Koalitionen", "連合"),
    Stage(5, "Loss of face", "Gesichtsverlust", "面子喪失"),
    Stage(6, "Strategies of threat", "Drohstrategien", "脅迫"),
    Stage(7, "Limited destructive blows", "Begrenzte Vernichtungsschläge", "限定破壊"),
    Stage(8, "Fragmentation of the enemy", "Zersplitterung", "分断破壊"),
    Stage(9, "Together into the abyss", "Gemeinsam in den Abgrund", "共倒れ"),
)

# Glasl's windows: the stages in which each form of intervention can work
WINDOWS: dict[str, tuple[int, int]] = {
    "moderation": (1, 3),
    "process-guidance": (3, 5),
    "socio-therapeutic": (4, 6),
    "mediation": (5, 7),
    "arbitration": (6, 8),
    "power": (7, 9),
}
FORCED = "power"


def toward_zero(value: Ints, per_mille: int) -> Ints:
    """`value` with `per_mille` of its size taken away, rounded toward zero."""
    kept = np.abs(value) * (1000 - per_mille) // 1000
    return np.where(value < 0, -kept, kept)


def climb(stage: Ints, heat: Ints, forced: Ints) -> tuple[Ints, Ints]:
    """One turn of the ladder: the new stage and the heat that remains.

    `stage` (1..9), `heat` (-1000..1000) and `forced` (0/1) are arrays of one shape. A dyad
    that was calmed by force alone gains `RELAPSE` heat until a softer form follows.
    """
    pressure = np.clip(heat + forced * RELAPSE, -HEAT_LIMIT, HEAT_LIMIT)
    rises = pressure >= UP[stage]
    falls = pressure <= -DOWN[stage]
    left = np.where(rises | falls, 0, toward_zero(pressure, DECAY))
    return (stage + rises - falls).astype(stage.dtype), left.astype(heat.dtype)
