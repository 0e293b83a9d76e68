"""How many runs a question needs, before they are played and after some have been.

All return whole numbers of runs (or pairs), rounded up. "With this power" means: if the truth is
as stated, batches of so many runs come to the verdict in that share of cases. `family` is the
number of intervals or tests that shall hold together.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

from wargame.statistics.shares import critical, share_interval

PAIRS_FORMULA = "pairs = [(z_α/2·√ψ + z_β·√(ψ − δ²)) / δ]²"
RUNS_FORMULA = "runs: Φ[(|p − q| − z_α/2·s₀) / s₁] = power"
BOUND_FORMULA = "Φ[(x − |δ|) / SE − z] + Φ[(x + |δ|) / SE − z] − 1 = power"
GATE_FORMULA = "χ²(n·λ) beyond its quantile with this power"
RATIO_FORMULA = "pairs = n·[(z_α/2 + z_β)·SE / δ]²"

BEYOND = 10**12
"""Plans do not reach further: so many runs nobody plays."""


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

    return least(narrow)


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


def more_to_resolve_unpaired(
    base: float, variant: float, base_n: int, n: int, z: float, power: float
) -> int:
    """Further runs of each of two variants that resolve the difference of their shares.

    base_n, n: runs that there are. Where they are equally many, n of each after which
    [z_α/2 √(2 m (1-m)) + z_β √(p(1-p) + q(1-q))]² / (p - q)² is at most n, m the mean of p and q.

    Source: Fleiss, Levin and Paik 2003, Statistical Methods for Rates and Proportions, 4.14.
    """

    def enough(more: int) -> bool:
        a, b = base_n + more, n + more
        mean = (a * base + b * variant) / (a + b)
        under_none = math.sqrt(mean * (1 - mean) * (1 / a + 1 / b))
        spread = math.sqrt(base * (1 - base) / a + variant * (1 - variant) / b)
        reach = abs(base - variant) - z * under_none
        return reach >= spread * NormalDist().inv_cdf(power)

    return least(enough)


def runs_for_bound(bound: float, difference: float, variance: float, z: float, power: float) -> int:
    """Runs, or pairs, after which an interval of a difference lies within ± `bound`.

    variance: n times the squared standard error of the difference. With this power the interval
    d ± z·SE falls inside (`within`), and the width z²/(n + z²) fits that remains when no pair at
    all is discordant. Raises ValueError unless |difference| < bound < 1.

    Source: Chow, Shao and Wang 2008, Sample Size Calculations in Clinical Research, 3.2 (tests of
    equivalence), whose formula is this one where a bound is far from the difference.
    """
    if not abs(difference) < bound < 1:
        raise ValueError(f"a difference of {difference} cannot be shown to be below {bound}")
    by_width = least(lambda n: within(bound, difference, math.sqrt(variance / n), z) >= power)
    return max(by_width, _up(z * z * (1 - bound) / bound))


def within(bound: float, difference: float, error: float, z: float) -> float:
    """The chance that d ± z·error, d normal around `difference`, lies within ± `bound`."""
    if error == 0:
        return 1.0
    chance = NormalDist().cdf
    below = chance((bound - difference) / error - z)
    return max(0.0, below + chance((bound + difference) / error - z) - 1)


def least(enough: Callable[[int], bool]) -> int:
    """The smallest whole number that is enough, as all larger ones are; BEYOND or more if none."""
    high = 1
    while not enough(high) and high < BEYOND:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _up(number: float) -> int:
    """Rounded up, forgiving the last bits of a float that should be whole."""
    return math.ceil(number * (1 - 1e-12))
