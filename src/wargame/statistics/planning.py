"""How many runs a question needs, before they are played and after some have been.

All return whole numbers of runs (or pairs), rounded up. `family` is the number of intervals or
tests that shall hold together.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

from wargame.statistics.shares import critical, share_interval

PAIRS_FORMULA = "pairs = [(z_α/2·√ψ + z_β·√(ψ − δ²)) / δ]²"
BOUND_FORMULA = "pairs = max[z²·(ψ − d²) / (x − |d|)², z²·(1 − x) / x]"
GATE_FORMULA = "pairs = n·χ²(needed) / χ²(seen)"
RATIO_FORMULA = "pairs = n·[(z_α/2 + z_β)·SE / δ]²"
RATIO_BOUND_FORMULA = "pairs = n·[z·SE / (x − |d|)]²"


def runs_for_half_width(
    half_width: float, share: float = 0.5, *, alpha: float = 0.05, family: int = 1
) -> int:
    """Runs until the interval of a share has this half-width.

    The smallest n at which `share_interval` around share·n is that narrow, by bisection; for
    common shares about z² p(1-p) / h² + 1/h.
    Raises ValueError unless 0 < half_width < 1/2 and 0 <= share <= 1.
    """
    if not (0 < half_width < 0.5 and 0 <= share <= 1):
        raise ValueError(f"no number of runs gives ±{half_width} around {share}")
    z = critical(alpha, family)

    def narrow(n: int) -> bool:
        low, high = share_interval(share * n, n, z)
        return float(high - low) <= 2 * half_width

    return _least(narrow)


def runs_to_see(share: float, alpha: float = 0.05) -> int:
    """Runs after which an ending of this share has been seen with probability 1 - alpha.

    log(alpha) / log(1 - share), about 3 / share. Raises ValueError unless 0 < share < 1.
    """
    if not 0 < share < 1:
        raise ValueError(f"a share that can be waited for lies between 0 and 1, not {share}")
    return _up(math.log(alpha) / math.log1p(-share))


def pairs_for_difference(
    difference: float,
    discordant: float,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    family: int = 1,
) -> int:
    """Pairs that resolve a difference of shares with this power: `PAIRS_FORMULA`.

    discordant: ψ, the share of pairs that differ, at least |difference|.
    Raises ValueError for a difference of 0 or one that ψ cannot hold.

    Source: Miettinen 1968, Biometrics 24:339; Connor 1987, Biometrics 43:207.
    """
    delta = abs(difference)
    if not 0 < delta <= discordant <= 1:
        raise ValueError(f"{discordant} discordant pairs cannot make a difference of {difference}")
    z, zb = critical(alpha, family), NormalDist().inv_cdf(power)
    root = z * math.sqrt(discordant) + zb * math.sqrt(discordant - delta**2)
    return _up((root / delta) ** 2)


def runs_per_arm_unpaired(
    base: float, variant: float, *, alpha: float = 0.05, power: float = 0.8, family: int = 1
) -> int:
    """Runs of *each* variant that resolve the difference of two shares without pairing.

    (z_α/2 + z_β)² (p(1-p) + q(1-q)) / (p - q)²: what the pairing saves is measured against it.
    Raises ValueError for equal shares.
    """
    if base == variant:
        raise ValueError("equal shares cannot be told apart")
    z = critical(alpha, family) + NormalDist().inv_cdf(power)
    return _up(z * z * (base * (1 - base) + variant * (1 - variant)) / (base - variant) ** 2)


def pairs_for_bound(bound: float, difference: float, discordant: float, z: float) -> int:
    """Pairs until the interval of a difference lies within ± `bound`: `BOUND_FORMULA`.

    The first term is the half-width z·SE; the second is the width that remains when no pair at
    all is discordant. Raises ValueError unless |difference| < bound < 1.
    """
    d = abs(difference)
    if not d < bound < 1:
        raise ValueError(f"a difference of {difference} cannot be shown to be below {bound}")
    by_width = z * z * max(0.0, discordant - d * d) / (bound - d) ** 2
    return _up(max(by_width, z * z * (1 - bound) / bound))


def _least(enough: Callable[[int], bool]) -> int:
    """The smallest whole number from 1 on that is enough, as all larger ones are."""
    high = 1
    while not enough(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _up(number: float) -> int:
    """Rounded up, forgiving the last bits of a float that should be whole."""
    return math.ceil(number * (1 - 1e-12))
