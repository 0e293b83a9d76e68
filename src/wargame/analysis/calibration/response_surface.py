"""A response surface: how likely an event is, as a smooth function of where the dials stand.

Logistic regression on all first- and second-order terms with a ridge, fitted to single runs: each
run is one observation at the values that it drew. So a few thousand runs, each at a place of its
own, say more than the same runs in a dozen heaps (Kleijnen 2015, Design and Analysis of Simulation
Experiments, chapters 2 and 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from wargame.statistics.lazy import special

Floats = npt.NDArray[np.float64]

RIDGE = 2.0
"""Pull of every slope towards 0, in observations: enough to tame ninety slopes on few events."""


@dataclass(frozen=True)
class Surface:
    """P(event) at places 0 to 1; `slopes` belong to `terms`, `shift` is added on the logit."""

    slopes: Floats
    shift: float = 0.0

    def __call__(self, places: Floats) -> Floats:
        """The probability at each of m places, shape (m,); places: m x dials."""
        return self.of(terms(places))

    def of(self, features: Floats) -> Floats:
        """The probability for features that `terms` has made, shape (m,)."""
        found: Floats = special().expit(features @ self.slopes + self.shift)
        return found


def terms(places: Floats) -> Floats:
    """1, every dial, every product of two: m x (1 + d + d (d + 1) / 2), dials on -1 to 1."""
    x = 2 * places - 1
    first, second = _pairs(x.shape[1])
    return np.concatenate([np.ones((len(x), 1)), x, x[:, first] * x[:, second]], axis=1)


@lru_cache(maxsize=8)
def _pairs(n: int) -> Any:
    """Both members of every pair of n things, each with itself included."""
    return np.triu_indices(n)


def fit_surface(places: Floats, happened: npt.NDArray[np.bool_], near: Any) -> Surface:
    """The surface through n runs at these places, n x dials.

    near: the runs that stand close to the answer, n flags. Slopes are fitted to all runs; the
    level is then set so that over the near ones the surface says what they did. The penalised
    likelihood is convex; scipy's L-BFGS-B finds its one summit.
    """
    from scipy.optimize import minimize

    features, y = terms(places), happened.astype(float)
    ridge = np.full(features.shape[1], RIDGE)
    ridge[0] = 0.01

    def loss(slopes: Floats) -> tuple[float, Floats]:
        logit = features @ slopes
        value = np.logaddexp(0, logit).sum() - y @ logit + ridge @ (slopes * slopes) / 2
        gradient = features.T @ (special().expit(logit) - y) + ridge * slopes
        return float(value) / len(y), gradient / len(y)

    start = np.zeros(features.shape[1])
    share = (y.sum() + 0.5) / (len(y) + 1)
    start[0] = np.log(share / (1 - share))
    slopes = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
    local = features[near] @ slopes if np.any(near) else features[:0] @ slopes
    return Surface(slopes, _shift(local, y[near]))


def _shift(logit: Floats, y: Floats) -> float:
    """What to add to the logits so that their mean probability is the mean of `y`.

    Half an event on either side keeps it finite.
    """
    from scipy.optimize import brentq

    if not len(y):
        return 0.0
    mean = (y.sum() + 0.5) / (len(y) + 1)

    def gap(shift: float) -> float:
        return float(special().expit(logit + shift).mean() - mean)

    low, high = -20.0, 20.0
    return float(brentq(gap, low, high)) if gap(low) < 0 < gap(high) else 0.0
