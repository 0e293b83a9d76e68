"""How much of an outcome's variance one unknown settles, from runs that were played anyway.

A batch draws every unknown afresh for each run. So its runs, sorted into bins by the value of one
unknown, already say what knowing that unknown is worth: no design, no further runs. Interactions
are not seen this way; Sobol's total index is for them.

Source: correlation ratio from given data, Plischke, Borgonovo and Smith 2013, European J. of
Operational Research 226:536; corrected for chance as Hays's omega squared (Hays 1963).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from wargame.statistics.lead import bracketed, leaders, named
from wargame.statistics.result import BoolArray, FloatArray, IntArray, Result, decimals, say
from wargame.statistics.shares import critical

BINS = 20
PARTS = 20


@dataclass(frozen=True)
class Settles(Result):
    """The share of the variance of single runs that knowing one unknown alone settles.

    error: half the width of its 95 % interval.
    """

    share: float
    error: float

    @property
    def shown(self) -> bool:
        """Whether it is shown to settle anything."""
        return self.share > self.error

    def told(self) -> str:
        """The share with its error: `3.1 ± 0.9 %`."""
        places = max(1, decimals(100 * self.error) - 1)
        return f"{100 * self.share:.{places}f} ± {100 * self.error:.{places}f} %"


def settles(unknown: ArrayLike, outcome: ArrayLike, *, seed: int = 0) -> Settles:
    """From the value drawn and whether the outcome came, one of each for every run, shape (runs,).

    Runs are put into bins of about equally many, equal values together; the variance between
    bins is corrected for what chance alone puts there. The error is a jackknife's, over parts of
    the runs drawn by lot with `seed`. Raises ValueError for fewer than 400 runs.
    """
    x, y = np.asarray(unknown, dtype=float), np.asarray(outcome, dtype=float)
    if x.shape != y.shape or len(y) < BINS * PARTS:
        raise ValueError(f"needs {BINS * PARTS} runs or more, each with a value and an outcome")
    edges = np.unique(np.quantile(x, np.arange(1, BINS) / BINS))
    bins = np.searchsorted(edges, x, side="right")
    part = np.random.default_rng(seed).permutation(np.arange(len(y)) % PARTS)
    left_out = np.array([_corrected(bins[kept], y[kept]) for kept in _without_each(part)])
    spread = (PARTS - 1) * float(((left_out - left_out.mean()) ** 2).mean())
    return Settles(_corrected(bins, y), critical(0.05) * spread**0.5)


def _without_each(part: IntArray) -> list[BoolArray]:
    return [part != one for one in range(PARTS)]


def _corrected(bins: IntArray, y: FloatArray) -> float:
    """(SSB - (bins - 1) MSW) / (SST + MSW); 0 where nothing varies."""
    counts = np.bincount(bins)
    means = np.bincount(bins, weights=y)[counts > 0] / counts[counts > 0]
    total = float(((y - y.mean()) ** 2).sum())
    between = float((counts[counts > 0] * (means - y.mean()) ** 2).sum())
    within = (total - between) / (len(y) - len(means))
    return (between - (len(means) - 1) * within) / (total + within) if total else 0.0


def strongest(outcome: str, found: Mapping[str, Settles], lang: str = "en") -> str:
    """Which unknowns, by title, settle most by themselves, as far as the runs can tell."""
    shown = {title: one for title, one in found.items() if one.shown}
    first = leaders([one.share for one in shown.values()], [one.error for one in shown.values()])
    titles = list(shown)
    if not first:
        text = say(
            lang,
            en="no single unknown is shown to settle any of the variance of single runs",
            ja="単独で個々の実行の分散を説明すると示された未知数はない",
        )
    else:
        told = [bracketed(titles[i], shown[titles[i]].told(), lang) for i in first]
        who = named(told, lang)
        text = (
            say(
                lang,
                en=f"the unknowns that settle most by themselves cannot be told apart: {who}",
                ja=f"単独で最も多く説明する未知数は次のいずれかで、区別できない：{who}",
            )
            if len(first) > 1
            else say(
                lang,
                en=f"by itself, {who} settles more of the variance of single runs than any other "
                "unknown",
                ja=f"個々の実行の分散を単独で最も多く説明する未知数は{who}",
            )
        )
    return outcome + say(lang, en=": ", ja="：") + text
