"""What can be known on paper: a probability tree, and absorbing Markov chains."""

from __future__ import annotations

import math

import numpy as np
import pytest
from shipped import shipped
from worlds import played, world_of

from wargame.backends.simulate import play_runs

Z = 3.2905  # the normal quantile of a two-sided interval of 99.9 %


def near(count: int, n: int, share: float) -> bool:
    """Whether `share` lies within the 99.9 % interval around count / n."""
    return abs(count / n - share) <= Z * math.sqrt(share * (1 - share) / n) + 1 / n


def test_tegmarks_tree_is_0_30_times_0_80_times_0_70() -> None:
    n = 200_000
    scenario = shipped("tegmark-tree")
    outcomes = play_runs(scenario, range(n))
    reached = dict(zip(scenario.milestones, (outcomes.reached > 0).sum(axis=1), strict=True))
    kaboom_index = scenario.header.endings.index("KABOOM")
    assert near(reached["kaboom"], n, 0.30)
    assert near(reached["Expansion"], n, 0.24)
    assert near(int((outcomes.ending == kaboom_index).sum()), n, 0.168)


def chain(matrix: list[list[int]]) -> str:
    """A Markov chain as a scenario: one event per state; each row of weights sums to 1000.

    States 0.. are transient, the last two absorbing.
    """
    states = len(matrix) + 2
    lines = [f"gauges: {{state: {{start: 0, max: {states - 1}}}}}", "chance:"]
    for state, row in enumerate(matrix):
        lines += [
            f"  - id: leave-{state}",
            f"    when: state == {state}",
            "    chance: 1000",
            "    outcomes:",
        ]
        for goal, weight in enumerate(row):
            lines.append(f'      - {{weight: {weight}, effects: {{state: "={goal}"}}}}')
    lines += [
        "endings:",
        f"  Left: {{when: state == {states - 2}}}",
        f"  Right: {{when: state == {states - 1}}}",
    ]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("seed", range(4))
def test_absorbing_chains_agree_with_their_fundamental_matrix(seed: int) -> None:
    draw = np.random.default_rng(seed)
    transient = int(draw.integers(2, 6))
    weights = draw.integers(1, 100, size=(transient, transient + 2))
    weights[:, -2:] *= 3
    matrix = weights * 1000 // weights.sum(axis=1, keepdims=True)
    matrix[:, 0] += 1000 - matrix.sum(axis=1)

    p = matrix / 1000
    fundamental = np.linalg.inv(np.eye(transient) - p[:, :transient])
    absorbed = (fundamental @ p[:, transient:])[0]
    steps = (fundamental @ np.ones(transient))[0]
    variance = ((2 * fundamental - np.eye(transient)) @ (fundamental @ np.ones(transient)))[0]
    variance -= steps**2

    n = 20_000
    scenario = world_of(chain(matrix.tolist()), horizon=2000)
    outcomes = play_runs(scenario, range(n), seed)
    counts = np.bincount(outcomes.ending, minlength=3)
    assert counts[2] == 0, "the horizon is far enough for every run"
    assert near(int(counts[0]), n, absorbed[0])
    assert near(int(counts[1]), n, absorbed[1])
    assert abs(outcomes.turn.mean() - steps) <= Z * math.sqrt(variance / n)


def test_a_chance_of_0_never_comes_and_one_of_1000_always() -> None:
    scenario = world_of(
        """
gauges: {never: {start: 0}, always: {start: 0}}
chance:
  - {id: never, chance: 0, effects: {never: 1}}
  - {id: always, chance: 1000, effects: {always: 1}}
endings:
  Wrong: {when: never > 0 or always < turn}
  Right: {when: always == 10, at: horizon}
"""
    )
    assert played(scenario, 500) == {"Wrong": 0, "Right": 500, "unresolved": 0}


def test_unknowns_follow_their_triangle() -> None:
    scenario = world_of(
        "gauges: {x: {start: 0}}\n"
        "unknowns: {u: {between: [0, 100], likely: 20}, v: {between: [3, 7]}}\n"
        "endings: {Now: {when: turn >= 1}}\n"
    )
    n = 40_000
    u, v = play_runs(scenario, range(n)).unknown
    values = np.arange(101)
    weights = np.where(values <= 20, (values + 1) * 81, (101 - values) * 21).astype(float)
    share = weights / weights.sum()
    seen = np.bincount(u, minlength=101)
    chi2 = ((seen - n * share) ** 2 / (n * share)).sum()
    assert chi2 < 161, "the 99.99 % point of chi-square with 100 degrees of freedom"
    assert abs(np.bincount(v, minlength=8)[3:8] / n - 0.2).max() < 0.01
