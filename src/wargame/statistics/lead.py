"""Who leads, as far as the numbers carry: those that cannot be told apart from the largest."""

from __future__ import annotations

import math
from collections.abc import Sequence

from wargame.statistics.result import listed, say, whole

NAMED = 4
"""So many are named; of a larger group the rest is counted."""


def leaders(values: Sequence[float], errors: Sequence[float]) -> list[int]:
    """The places of those that may be the largest, the largest seen first.

    errors: half-widths of 95 % intervals. One is told apart from the largest seen where the
    difference exceeds the root of both errors' squares, as if they were independent: what shares
    its luck is told apart later than it could be, never sooner.

    Source: comparisons with the best, Hsu 1981, Ann. Statist. 9:1026, without his correction for
    many: a group that is too small by chance is named too small.
    """
    if not values:
        return []
    order = sorted(range(len(values)), key=lambda i: -values[i])
    top = order[0]
    return [i for i in order if values[top] - values[i] <= math.hypot(errors[top], errors[i])]


def bracketed(name: str, number: str, lang: str) -> str:
    """A name and its number: ``will (3.1 ± 0.9 %)``."""
    return say(lang, en=f"{name} ({number})", ja=f"{name}（{number}）")


def named(names: Sequence[str], lang: str) -> str:
    """The names of a group in a sentence, the rest counted: ``a, b, c, d and 3 others``."""
    shown, rest = list(names[:NAMED]), len(names) - NAMED
    if rest <= 0:
        return listed(shown, lang)
    others = say(lang, en="other" if rest == 1 else "others", ja="")
    return say(
        lang,
        en=f"{', '.join(shown)} and {whole(rest)} {others}",
        ja=f"{'、'.join(shown)}ほか{whole(rest)}件",
    )
