"""Does the model do what theory says of each policy? Directions, tested as paired differences.

A policy says `expect: {kaboom: up, KABOOM|kaboom: up, Kosovo: flat}`. Every direction is judged by
the verdict that `wargame batch` gives on the same pairs, with the same care for many tests:

holds        up or down is resolved that way; flat: no difference beyond the margin is left
fails        the opposite is resolved; up or down: no difference beyond the margin is left
unresolved   neither; more runs may tell
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from wargame.batches.batch import Batch
from wargame.content.data_files import find, listed
from wargame.content.load import load
from wargame.content.reader import read_text, read_yaml
from wargame.errors import SpecError, WargameError
from wargame.statistics.compare import Difference, study
from wargame.statistics.result import Result
from wargame.statistics.verdict import Answer, Direction

RUNS = 20_000
MARGIN = 0.01
"""One percentage point: smaller differences do not matter, and flat means none that is larger."""


@dataclass(frozen=True)
class Prediction(Result):
    """One direction that a policy states, and what became of it."""

    name: str
    expected: Direction
    answer: Answer
    found: Difference


@dataclass(frozen=True)
class PolicyExpectation(Result):
    """All directions of one policy."""

    policy: str
    answer: Answer
    predictions: tuple[Prediction, ...]

    @property
    def holding(self) -> int:
        """How many of the directions hold."""
        return sum(prediction.answer == "holds" for prediction in self.predictions)


@dataclass(frozen=True)
class Expectations(Result):
    """Every policy that states directions, judged together.

    n: pairs of runs. margin: the smallest difference that matters, as a share.
    """

    n: int
    margin: float
    policies: tuple[PolicyExpectation, ...]

    def __iter__(self) -> Iterator[PolicyExpectation]:
        return iter(self.policies)

    def policies_that(self, answer: Answer) -> int:
        """How many policies got this answer."""
        return sum(policy.answer == answer for policy in self.policies)

    def directions_that(self, answer: Answer) -> int:
        """How many single directions got this answer."""
        return sum(found.answer == answer for policy in self for found in policy.predictions)


def predicting(scenario: str) -> tuple[str, ...]:
    """The policies that can be laid over a scenario and state directions, by name.

    Raises SpecError if the scenario is faulty, or a policy that says it is made for it; and
    WargameError if there is no such policy.
    """
    own = load(scenario).scenario.id
    found = []
    for name, path in listed("policy", find("scenario", scenario)).items():
        try:
            overlays = load(scenario, [name]).overlays
        except SpecError:
            if own in _meant_for(path):
                raise
            continue
        if overlays[-1].expect:
            found.append(name)
    if not found:
        raise WargameError(f"no policy says what to expect of {scenario}")
    return tuple(found)


def stating(scenario: str, policies: Sequence[str]) -> tuple[str, ...]:
    """The same policies, each of which states directions.

    Raises WargameError for one that does not, SpecError for a faulty one.
    """
    for policy in policies:
        overlays = load(scenario, [policy]).overlays
        if len(overlays) != 1 or not overlays[0].expect:
            raise WargameError(f"{policy} does not say what to expect")
    return tuple(policies)


def _meant_for(path: Path) -> tuple[str, ...]:
    """The scenarios that a policy says it is made for."""
    try:
        named = read_yaml(read_text(path, str(path)), str(path)).get("for")
    except SpecError:
        return ()
    return tuple(map(str, named)) if isinstance(named, list | tuple) else ()


def judge(batch: Batch, margin: float = MARGIN) -> Expectations:
    """What became of every direction that the batch's policies state.

    Raises WargameError if none states any, or the margin makes no sense.
    """
    if not 0 < margin < 0.5:
        raise WargameError(f"a margin is a share between 0 and 0.5, not {margin}")
    if not batch.expect:
        raise WargameError(f"no policy of {batch.folder} says what to expect")
    comparisons = {
        found.variant: found
        for found in study([pairs for pairs in batch.summary.pairs if pairs.n], tolerance=margin)
    }
    policies = []
    for policy, directions in batch.expect.items():
        rows = comparisons[policy]
        predictions = tuple(
            Prediction(
                name=name,
                expected=cast(Direction, expected),
                answer=rows[name].verdict.meets(cast(Direction, expected)),
                found=rows[name],
            )
            for name, expected in directions.items()
        )
        policies.append(PolicyExpectation(policy, _together(predictions), predictions))
    return Expectations(
        n=min(found.n for found in comparisons.values()),
        margin=margin,
        policies=tuple(policies),
    )


def _together(predictions: tuple[Prediction, ...]) -> Answer:
    """A policy holds if all its directions do, and fails if any of them does."""
    answers = {prediction.answer for prediction in predictions}
    if answers == {"holds"}:
        return "holds"
    return "fails" if "fails" in answers else "unresolved"
