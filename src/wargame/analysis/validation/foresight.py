"""What would one have said each week, knowing only the weeks before?

A history is played in many runs at once. All make the moves that were really made; each has its
own unknowns and sees through its own noise. Before a turn's orders are given, each actor's urn is
read in every run, and the mean over the runs is what the model states for that turn.

The runs do not count alike: a run counts by how likely its actors thought all that was done so
far. That is Bayes' rule for what nobody knew (a particle filter without resampling), and it makes
a week's statement one about *the true history so far*. Nothing of the week itself or of a later
one enters, except its outside news, which actors and model know before they decide.

Beside the model stand three guesses that know no theory, only the rules of the game and the past:
all that may be done is equally likely; an actor does what it has done so far, as often; it does
what it did last time. Every statement, the model's too, is mixed with a little of "anything that
this actor can ever do", so that nothing is impossible.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wargame.analysis.calibration.sampling import about
from wargame.backends.turn import Decider, Situation, begin, play
from wargame.batches.store.columns import Columns
from wargame.batches.study import Jobs, studying
from wargame.boundary.foreign import dumps, value
from wargame.content.digest import digest
from wargame.content.spec import HistorySpec
from wargame.engine.decision import Mind, Weighing
from wargame.engine.randomness import Luck
from wargame.engine.scenario import Scenario
from wargame.errors import Fault, SpecError
from wargame.replay.history import play_history, turn_of
from wargame.replay.orders import HOLD, indices
from wargame.replay.replay import VERDICTS, books, on_stage
from wargame.statistics.urns import chance_of, inclusion

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

RULES, UNLEARNED = "rules", "unlearned"
UNIFORM, BASE_RATE, LAST = "uniform", "base rate", "last week"
MODELS = (RULES, UNLEARNED)
GUESSES = (UNIFORM, BASE_RATE, LAST)

SMOOTHING = 0.1  # the share of "anything at all" in every statement


@dataclass(frozen=True)
class Forecast:
    """What one forecaster said of one actor's week.

    chance: of just what was done. options: of each move, to be among what is done, M.
    """

    chance: float
    options: Floats


@dataclass(frozen=True)
class ActorWeek:
    """One actor in one turn: what it can do, what it did, and who had said what.

    options: its moves, M. made: what was really done, `hold` for each order not used. forecasts:
    by forecaster. allowed: whether the model could have done the same.
    """

    turn: int
    actor: str
    options: tuple[str, ...]
    made: tuple[str, ...]
    allowed: bool
    forecasts: Mapping[str, Forecast]

    def happened(self) -> Floats:
        """1 for each option that was among what was done, M."""
        return np.array([float(option in self.made) for option in self.options])


@dataclass(frozen=True)
class Foresight:
    """All weeks, in order, and for each turn how many runs still count (effective sample size)."""

    weeks: tuple[ActorWeek, ...]
    effective: Mapping[int, float]

    def to_row(self) -> npt.NDArray[np.uint8]:
        """It all as the one row of a stage: JSON, which keeps every bit of a number."""
        weeks = [
            {
                **vars(week),
                "forecasts": {
                    name: [said.chance, said.options.tolist()]
                    for name, said in week.forecasts.items()
                },
            }
            for week in self.weeks
        ]
        text = dumps([weeks, list(self.effective.items())])
        return np.frombuffer(text.encode(), dtype=np.uint8)[None]

    @classmethod
    def of_row(cls, row: npt.NDArray[np.uint8]) -> Foresight:
        """What `to_row` made a row of."""
        weeks, effective = value(row.tobytes())
        return cls(
            tuple(
                ActorWeek(
                    turn=week["turn"],
                    actor=week["actor"],
                    options=tuple(week["options"]),
                    made=tuple(week["made"]),
                    allowed=week["allowed"],
                    forecasts={
                        name: Forecast(chance, np.array(options))
                        for name, (chance, options) in week["forecasts"].items()
                    },
                )
                for week in weeks
            ),
            dict(effective),
        )


def foreseen(
    history: HistorySpec, scenario: Scenario, runs: int, seed: int, smoothing: float, jobs: Jobs
) -> Foresight:
    """As `foresee`, which is one piece: its runs are weighed against each other every week."""
    with studying(jobs) as study:
        found = study.map(
            "foresight",
            f"{__name__}:play_history_once",
            range(1),
            about=[about(scenario.spec), digest([history]), runs, seed, smoothing],
            settings={
                "history": history,
                "scenario": scenario,
                "runs": runs,
                "luck": seed,
                "smoothing": smoothing,
            },
            small=True,
        )
    return Foresight.of_row(found["told"])


def play_history_once(task: dict[str, Any]) -> Columns:
    """The one row of the stage."""
    found = foresee(
        task["history"], task["scenario"], task["runs"], task["luck"], task["smoothing"]
    )
    return {"told": found.to_row()}


def foresee(
    history: HistorySpec,
    scenario: Scenario,
    runs: int,
    seed: int,
    smoothing: float = SMOOTHING,
) -> Foresight:
    """State each actor's odds for each week of a history, week after week.

    Actors without the move `hold` are left out: what they did in a silent week is not known.
    Raises SpecError where the history does not fit the scenario, or the model cannot follow it.
    """
    played = play_history(history, scenario).replay
    if len(played.turns) < (played.header.until or 0):
        raise _over(history, len(played.turns) + 1)
    stage = on_stage(scenario, "still")
    luck = Luck(seed, np.arange(runs))
    world = begin(stage, luck)
    done = _done(history, scenario)
    minds = [mind for mind in scenario.minds if HOLD in mind.moves]
    past: dict[str, list[Ints]] = {mind.actor: [] for mind in minds}
    log_weights = np.zeros(runs)
    weeks, effective = [], {}
    for event in played.turns:
        log_weights[~world.running] = -np.inf
        if not world.running.any():
            raise _over(history, event.turn)
        weights = np.exp(log_weights - log_weights.max())
        weights /= weights.sum()
        effective[event.turn] = float(1 / (weights**2).sum())
        weighed: dict[str, Weighing] = {}
        orders = {
            actor: indices(scenario, actor, [order.move for order in given])
            for actor, given in event.orders.items()
        }
        verdicts = {
            actor: np.array([[VERDICTS[ruling.verdict]] for ruling in rulings], dtype=np.int64)
            for actor, rulings in event.rulings.items()
        }
        deciders = {actor: _as_it_was(given, weighed) for actor, given in orders.items()}
        world, _ = play(stage, world, luck, deciders, verdicts, books(stage, event.injects))
        for mind in minds:
            made = done.get((event.turn, mind.actor), ())[: scenario.orders]
            made += (HOLD,) * (scenario.orders - len(made))
            week, likelihood = _look(
                mind, weighed[mind.actor], weights, past[mind.actor], event.turn, made, smoothing
            )
            weeks.append(week)
            log_weights += np.log(likelihood)
            past[mind.actor].append(_places(mind, made))
    return Foresight(tuple(weeks), effective)


def _over(history: HistorySpec, turn: int) -> SpecError:
    what = f"{history.id}: in the model it is over before turn {turn}"
    return SpecError([Fault(what, None, "it cannot say what would come next")])


def _done(history: HistorySpec, scenario: Scenario) -> dict[tuple[int, str], tuple[str, ...]]:
    """What each actor really did in each turn, each move once, in the order told."""
    found: dict[tuple[int, str], dict[str, None]] = {}
    for deed in history.events:
        key = (turn_of(deed.date, scenario), deed.actor)
        found.setdefault(key, {})[deed.move] = None
    return {key: tuple(moves) for key, moves in found.items()}


def _as_it_was(given: Ints, weighed: dict[str, Weighing]) -> Decider:
    """Orders what was ordered, in every run, and notes what the rules would have weighed."""

    def decide(situation: Situation) -> Ints:
        weighed[situation.mind.actor] = situation.weigh()
        return np.repeat(given[:, None], situation.cells.shape[1], axis=1)

    return decide


def _places(mind: Mind, moves: Sequence[str]) -> Ints:
    return np.array([mind.moves.index(move) for move in moves], dtype=np.int64)


def _look(
    mind: Mind,
    weighed: Weighing,
    weights: Floats,
    past: Sequence[Ints],
    turn: int,
    made: tuple[str, ...],
    smoothing: float,
) -> tuple[ActorWeek, Floats]:
    """What all said of one actor's week, and how likely each run thought what was done, n."""
    places, draws = _places(mind, made), len(made)
    legal = np.logical_or.reduce(weighed.legal, axis=1)
    rules = smoothed(weighed.weights.astype(float), smoothing)
    likelihood = chance_of(rules, places.tolist(), mind.hold)
    options = inclusion(rules, draws, mind.hold)
    flat = np.full(weights.size, 1 / weights.size)
    said = {
        model: Forecast(float(likelihood @ mix), options @ mix)
        for model, mix in ((RULES, weights), (UNLEARNED, flat))
    }
    for guess, urn in guesses(legal, past).items():
        one = smoothed(urn[:, None], smoothing)
        chance = chance_of(one, places.tolist(), mind.hold)
        said[guess] = Forecast(float(chance[0]), inclusion(one, draws, mind.hold)[:, 0])
    allowed = bool(legal[places].all())
    return ActorWeek(turn, mind.actor, mind.moves, made, allowed, said), likelihood


def guesses(legal: npt.NDArray[np.bool_], past: Sequence[Ints]) -> dict[str, Floats]:
    """The urns of the three naive guesses, M each, for an actor who may make the `legal` moves.

    past: what it did in each turn so far, as indices. Who has no past, or whose past is not legal
    now, guesses like the first.
    """
    uniform = legal.astype(float)
    found = {UNIFORM: uniform}
    for name, turns in ((BASE_RATE, past), (LAST, past[-1:])):
        counts = np.zeros(legal.size)
        for places in turns:
            np.add.at(counts, places, 1.0)
        counts *= legal
        found[name] = counts if counts.any() else uniform
    return found


def smoothed(urns: npt.NDArray[Any], smoothing: float) -> Floats:
    """Urns M x n as shares, mixed with the share `smoothing` of "any option at all"."""
    total = urns.sum(axis=0)
    options = len(urns)
    shares = np.divide(urns, total, out=np.full(urns.shape, 1 / options), where=total > 0)
    found: Floats = (1 - smoothing) * shares + smoothing / options
    return found
