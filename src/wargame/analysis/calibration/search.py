"""The search behind calibration: the setting nearest to the prior whose shares are as wished.

1. A design: runs that draw every dial flat over its whole reach, so that each run is a point of
   its own in the space of settings; and runs of the scenario as written.
2. A response surface through them for every event that a target speaks of.
3. The setting nearest to the prior whose predicted shares agree with the targets. Distances add
   up dial by dial (a group lasso), so that few dials move and the rest stays as written.
4. A round: that setting is really played, with run numbers of its own; its runs join the surface,
   whose level is set by the last rounds. Then 3 again.

The surface is averaged over one fixed set of quantiles, so that settings are compared under
common random numbers; the noise of the runs is in the fit, which pools all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from wargame.analysis.calibration.beliefs import Panel
from wargame.analysis.calibration.response_surface import Surface, fit_surface, terms
from wargame.analysis.calibration.targets import Goal, happened
from wargame.engine.record import Outcomes, RunHeader

Floats = npt.NDArray[np.float64]
Under = tuple[str, ...]

DESIGN, AS_WRITTEN = 0, 1  # what is played before the first round
POINTS = 256  # quantiles over which the surfaces are averaged
NEAR = 3  # so many of the last rounds set the level of a surface
STILL = 0.03  # a dial that would move less than this stays where it is
ROUND_OFF = 0.02  # rounds the corner of the distance at 0, so that it has a gradient there
REACH = 0.5  # how far from the prior, on each number, other starting points lie
SURE = 1.5  # standard errors of the final batch that a share keeps from the edge of its range


@dataclass(frozen=True)
class Played:
    """Runs of one set of policies: what they drew (places, n x dials) and how they ended."""

    places: Floats
    outcomes: Outcomes


@dataclass(frozen=True)
class _Predictor:
    """One goal's surfaces: of its condition, of its event given that, of a mode's rivals."""

    goal: Goal
    given: Surface | None
    event: Surface
    rivals: tuple[Surface, ...]
    width: float
    """How many of the final batch's runs count for it."""

    def value(self, features: Floats) -> float:
        chance = self.event.of(features)
        if self.rivals:
            return float(chance.mean() - max(rival.of(features).mean() for rival in self.rivals))
        if self.given is None:
            return float(chance.mean())
        inside = self.given.of(features)
        return float((inside * chance).mean() / inside.mean())

    def error(self, share: float) -> float:
        """The standard error that this share will have in the final batch."""
        share = min(max(share, 0.001), 0.999)
        return float(np.sqrt(share * (1 - share) / max(self.width, 1.0)))

    def miss(self, share: float) -> float:
        """How far a share lies outside what was said, in standard errors."""
        low, high = self.goal.spec.range if not self.rivals else (0.0, 1.0)
        error = self.error(share)
        if low > 0 or self.rivals:
            low += SURE * error
        if high < 1:
            high -= SURE * error
        if low > high:
            low = high = sum(self.goal.spec.range) / 2
        return max(low - share, share - high, 0.0) / error


@dataclass
class Search:
    """What has been played so far, and the surfaces through it."""

    panel: Panel
    goals: tuple[Goal, ...]
    header: RunHeader
    final: int
    """Runs of the batch that will judge."""
    rounds: dict[Under, list[Played]] = field(default_factory=dict)
    predictors: tuple[_Predictor, ...] = ()

    def __post_init__(self) -> None:
        from scipy.stats import qmc

        # A balanced set that needs no luck: unscrambled, in the middle of its cells.
        sobol = qmc.Sobol(len(self.panel.dials), scramble=False)
        self.points = sobol.random(POINTS) + 0.5 / POINTS

    def add(self, played: Mapping[Under, Played]) -> None:
        """Take in the design, then the scenario as written, then rounds; fit the surfaces anew."""
        for under, part in played.items():
            self.rounds.setdefault(under, []).append(part)
        self.predictors = tuple(self._predictor(goal) for goal in self.goals)

    def _predictor(self, goal: Goal) -> _Predictor:
        parts = self.rounds[goal.spec.under]
        places = np.concatenate([part.places for part in parts])
        newest = range(max(DESIGN + 1, len(parts) - NEAR), len(parts))
        near = np.concatenate([np.full(p.outcomes.n, i in newest) for i, p in enumerate(parts)])

        def flags(of: Callable[[Outcomes], npt.NDArray[np.bool_]]) -> npt.NDArray[np.bool_]:
            return np.concatenate([of(part.outcomes) for part in parts])

        event = flags(lambda outcomes: goal.event(outcomes, self.header))
        inside = flags(lambda outcomes: goal.condition(outcomes, self.header))
        share = float(inside[near].mean()) if near.any() else float(inside.mean())
        return _Predictor(
            goal=goal,
            given=None if goal.spec.given is None else fit_surface(places, inside, near),
            event=fit_surface(places[inside], event[inside], near[inside]),
            rivals=tuple(
                fit_surface(
                    places,
                    flags(lambda o, name=name: happened(o, self.header, (name,), None)),  # type: ignore[misc]
                    near,
                )
                for name in goal.rivals
            ),
            width=self.final * share,
        )

    def predicted(self, setting: Floats) -> list[float]:
        """What the surfaces say of each goal."""
        features = terms(self.panel.draws(setting, self.points))
        return [predictor.value(features) for predictor in self.predictors]

    def misses(self, setting: Floats) -> list[float]:
        """How far each prediction lies outside what was said, in standard errors."""
        values = self.predicted(setting)
        return [p.miss(value) for p, value in zip(self.predictors, values, strict=True)]

    def solve(
        self, origin: Floats, only: Sequence[str] = (), starts: Sequence[Floats] = ()
    ) -> Floats:
        """The setting nearest to `origin` that the surfaces let meet the goals (or `only` some).

        Where they cannot all be met, it is a compromise: misses count squared. The valley has
        side valleys, so the descent begins at the origin and at further `starts`.
        """
        free = np.ones(origin.shape, dtype=np.bool_)
        tried = [self._descend(start, origin, free, only) for start in (origin, *starts)]
        found = min(tried, key=lambda pair: pair[1])[0]
        steps = self.panel.steps(found, origin)
        keep = np.repeat(steps >= STILL, [dial.size for dial in self.panel.dials])
        if keep.all() or not keep.any():
            return found
        start = np.where(keep, found, origin)
        return self._descend(start, origin, keep, only)[0]

    def spread(self, n: int) -> list[Floats]:
        """Settings around the prior, inside the dials' reach: evenly spread, without luck."""
        from scipy.stats import qmc

        prior = self.panel.prior
        sobol = qmc.Sobol(len(prior), scramble=False)
        sobol.fast_forward(8)  # the first points are the middle and the middles of the halves
        low, high = np.array(self.panel.bounds).T
        return [np.clip(prior + REACH * (2 * p - 1), low, high) for p in sobol.random(n)]

    def _descend(
        self, start: Floats, origin: Floats, free: npt.NDArray[np.bool_], only: Sequence[str]
    ) -> tuple[Floats, float]:
        """A setting and its cost, downhill from `start`; numbers that are not free stay put."""
        from scipy.optimize import minimize

        wanted = [p for p in self.predictors if not only or p.goal.id in only]

        def cost(numbers: Floats) -> float:
            setting = origin.copy()
            setting[free] = numbers
            features = terms(self.panel.draws(setting, self.points))
            steps = self.panel.steps(setting, origin)
            distance = float((np.sqrt(steps * steps + ROUND_OFF**2) - ROUND_OFF).sum())
            return distance + sum(p.miss(p.value(features)) ** 2 for p in wanted)

        bounds = [pair for pair, moves in zip(self.panel.bounds, free, strict=True) if moves]
        result = minimize(
            cost,
            start[free],
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": 200, "maxfun": 200_000},
        )
        setting = origin.copy()
        setting[free] = result.x
        return setting, float(result.fun)
