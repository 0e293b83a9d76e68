"""The truth suite, on the user's own machine: does this installation compute what it should?

Exact cases are solved on paper or by linear algebra and compared with thousands of runs; runs are
played again alone, in other chunks and in other processes; logs are replayed; digests are compared
with those of the machine that the program was written on; and our own intervals are tried on data
whose truth is known. A statistical check fails by bad luck less than once in ten thousand times,
and as luck has a name here, it then fails always or never.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt

from wargame.analysis.calibration.sampling import sample
from wargame.backends.levels import machine
from wargame.backends.simulate import play_runs
from wargame.compiler import compile_scenario
from wargame.content.load import load, load_texts
from wargame.engine.record import Outcomes, RunHeader
from wargame.errors import WargameError
from wargame.replay.replay import header_for, record, verify
from wargame.statistics.paired import difference_interval
from wargame.statistics.result import Result, say
from wargame.statistics.shares import critical, share_interval

Floats = npt.NDArray[np.float64]

SEED = 2022
RUNS = 20_000
SURPRISING = 1e-4

TREE = {
    "KABOOM": 0.30 * 0.80 * 0.70,
    "Kosovo": 0.09 + 0.30 * 0.20 * 0.60,
    "Vietnam": 0.09 + 0.30 * 0.80 * 0.30 * 0.60,
    "Libya": 0.26 + 0.30 * 0.20 * 0.20 + 0.30 * 0.80 * 0.30 * 0.20,
    "Korea": 0.16 + 0.30 * 0.20 * 0.20 + 0.30 * 0.80 * 0.30 * 0.20,
    "Finland": 0.10,
}
"""Tegmark's tree by hand; how he left the side branches open is split as in tegmark-tree.yaml."""

# The same ladder of seven rungs, climbed in three ways; rung 0 and rung 6 (5 to 7) end it.
_LADDER = """
schema: 1
id: selftest-ladder
title: A ladder
turn: {length: 1 week, horizon: 400, orders: 1}
seed: 2022
"""
_RUNGS = """
gauges:
  rung: {start: 3, max: 8}
endings:
  down: {when: rung <= 1}
  up: {when: rung >= 7}
"""
NATURE = (
    _LADDER
    + _RUNGS
    + """
chance:
  - id: step
    chance: 900
    outcomes:
      - {weight: 4, effects: {rung: 1}}
      - {weight: 5, effects: {rung: -1}}
"""
)
CLIMBERS = {
    "one": _LADDER + "actors: [ann]\nmoves: [steps]\n" + _RUNGS,
    "two": _LADDER + "actors: [ann, bob]\nmoves: [steps]\n" + _RUNGS,
}
STEPS = """
schema: 1
moves:
  hold: {title: Stay, by: [ann, bob], base: 10}
  climb: {title: Climb, by: [ann, bob], base: 5, effects: {rung: 1}}
  fall: {title: Fall, by: [ann, bob], base: 20, effects: {rung: -1}, success: 900}
"""
ACTOR = """
schema: 1
id: {id}
title: {id}
rules:
  - {{id: eager, when: rung <= 4, favour: {{climb: "+25"}}}}
  - {{id: giddy, when: rung >= 5, favour: {{climb: "+10", fall: x2}}}}
"""

GOLDEN = {
    "nature": "1fbc7e40dbb91da61884cb862e959e6cbd2f8ce3aac32763b704b98252047253",
    "one": "5e67f2b3b9b4e54fde89e6bf803024a16e9e95d432fd703fe9e8bc3b66bbeb73",
    "two": "a792b38c190a8149083b4e1e9474970377ae29f24ca81142039559b1c73b5f3e",
    "tegmark-tree": "0dbc338aabefb44457bc3e61268ee3ec87d8c427d0f2e5838326d95f6e983790",
}
"""Digests of 500 runs each, from the machine that the program was written on."""


@dataclass(frozen=True)
class Check(Result):
    """One thing that was looked at: whether it is as it should be, and what was found."""

    name: str
    passed: bool
    found: str
    seconds: float

    def words(self, lang: str = "en") -> str:
        """One line."""
        verdict = (
            say(lang, en="ok", ja="合格") if self.passed else say(lang, en="FAILED", ja="不合格")
        )
        return f"{verdict:7}{self.name}: {self.found} ({self.seconds:.1f} s)"


def checks(jobs: int = 2) -> Mapping[str, Callable[[], tuple[bool, str]]]:
    """Every check by name; each tells whether it passed and what it found."""
    return {
        "Tegmark's tree": _tree,
        "a chain that nature moves": lambda: _chain("nature"),
        "a chain that one actor moves": lambda: _chain("one"),
        "a chain that two actors move": lambda: _chain("two"),
        "a run alone and in a batch": _alone,
        "a batch in several processes": lambda: _processes(jobs),
        "a log replayed": _replayed,
        "digests as on other machines": _golden,
        "coverage of the shares' intervals": _coverage_of_shares,
        "coverage of a rare share's interval": _coverage_of_rare,
        "coverage of paired differences": _coverage_of_pairs,
    }


def selftest(jobs: int = 2, on_check: Callable[[Check], object] | None = None) -> list[Check]:
    """Do all checks; `on_check` is told each result. A check that cannot be done has failed."""
    found = []
    for name, look in checks(jobs).items():
        begun = time.monotonic()
        try:
            passed, words = look()
        except (WargameError, ArithmeticError, ValueError, OSError) as error:
            passed, words = False, f"{type(error).__name__}: {error}"
        found.append(Check(name, passed, words, time.monotonic() - begun))
        if on_check is not None:
            on_check(found[-1])
    return found


# ------------------------------------------------------------------------------- exact cases


def _tree() -> tuple[bool, str]:
    scenario = compile_scenario(load("tegmark-tree"))
    outcomes = play_runs(scenario, range(RUNS), SEED)
    p = _fits(outcomes, scenario.header, TREE)
    share = float((outcomes.ending == 0).mean())
    return p > SURPRISING, f"KABOOM {100 * share:.2f} %, exactly 16.8 %; all endings p = {p:.2g}"


def _chain(which: str) -> tuple[bool, str]:
    """Absorption and mean length against the fundamental matrix N = (I - Q)^-1."""
    scenario = compile_scenario(load_texts(texts(which)))
    outcomes = play_runs(scenario, range(RUNS), SEED)
    up, turns, spread = absorbed(step_chances(which))
    p = _fits(outcomes, scenario.header, {"down": 1 - up, "up": up})
    z = abs(float(outcomes.turn.mean()) - turns) / (spread / RUNS**0.5)
    share = float((outcomes.ending == 1).mean())
    passed = p > SURPRISING and z < critical(SURPRISING)
    return passed, (
        f"up {100 * share:.2f} %, exactly {100 * up:.2f} %; "
        f"{outcomes.turn.mean():.2f} turns, exactly {turns:.2f}"
    )


def texts(which: str) -> dict[str, str]:
    """The inputs of one of the chains."""
    if which == "nature":
        return {"scenario.yaml": NATURE}
    actors = {"one": ("ann",), "two": ("ann", "bob")}[which]
    return {
        "scenario.yaml": CLIMBERS[which],
        "moves/steps.yaml": STEPS,
        **{f"actors/{name}.yaml": ACTOR.format(id=name) for name in actors},
    }


def step_chances(which: str) -> Floats:
    """P(step) from each rung 2 to 6, five rows; columns are steps of -2, -1, 0, 1, 2."""
    table = np.zeros((5, 5))
    for row, rung in enumerate(range(2, 7)):
        if which == "nature":
            table[row, 1:4] = 0.9 * 5 / 9, 0.1, 0.9 * 4 / 9
            continue
        climb = 5 + (25 if rung <= 4 else 10)
        fall = 20 * (2 if rung >= 5 else 1)
        weights = np.array([fall * 0.9, 10 + fall * 0.1, climb])
        own = weights / weights.sum()
        table[row] = np.convolve(own, own) if which == "two" else np.concatenate([[0], own, [0]])
    return table


def absorbed(steps: Floats) -> tuple[float, float, float]:
    """From rung 3: P(end above), mean and standard deviation of the number of turns.

    Source: Kemeny and Snell 1960, Finite Markov Chains, chapter III.
    """
    n = len(steps)
    inside, above = np.zeros((n, n)), np.zeros(n)
    for row in range(n):
        for column, chance in enumerate(steps[row]):
            to = row + column - 2
            if 0 <= to < n:
                inside[row, to] += chance
            elif to >= n:
                above[row] += chance
    fundamental = np.linalg.inv(np.eye(n) - inside)
    length = fundamental @ np.ones(n)
    variance = (2 * fundamental - np.eye(n)) @ length - length**2
    return float((fundamental @ above)[1]), float(length[1]), float(np.sqrt(variance[1]))


def _fits(outcomes: Outcomes, header: RunHeader, exact: Mapping[str, float]) -> float:
    """The p-value of the counts of endings; 0 if any run ended otherwise."""
    from scipy.stats import chisquare

    counts = np.bincount(outcomes.ending, minlength=len(header.endings))
    seen = {name: int(n) for name, n in zip(header.endings, counts, strict=True)}
    if any(n for name, n in seen.items() if name not in exact):
        return 0.0
    expected = np.array(list(exact.values())) * outcomes.n
    return float(chisquare([seen[name] for name in exact], expected).pvalue)


# ------------------------------------------------------------------------------- the same again


def _alone() -> tuple[bool, str]:
    scenario = compile_scenario(load("kherson-2022"))
    together = play_runs(scenario, range(200), SEED)
    cut = play_runs(scenario, range(200), SEED, chunk=37)
    if outcome_digest(together) != outcome_digest(cut):
        return False, "200 runs of kherson-2022 differ when they are played in chunks of 37"
    picked = (0, 3, 77, 199)
    for run in picked:
        alone = play_runs(scenario, [run], SEED)
        if outcome_digest(alone) != outcome_digest(_row(together, run)):
            return False, f"run {run} of kherson-2022 differs when it is played alone"
    return (
        True,
        f"200 runs of kherson-2022 in one table, in chunks, and {len(picked)} of them alone",
    )


def _processes(jobs: int) -> tuple[bool, str]:
    spec = load("kherson-2022")
    here, there = sample(spec, range(200), SEED), sample(spec, range(200), SEED, jobs=max(2, jobs))
    same = outcome_digest(here) == outcome_digest(there)
    return same, f"200 runs of kherson-2022 {'are the same' if same else 'DIFFER'}"


def _replayed() -> tuple[bool, str]:
    scenario = compile_scenario(load("kherson-2022"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.jsonl"
        record(scenario, header_for(scenario, SEED, 7), path=path)
        verdict = verify(path)
    return verdict.identical, f"run 7 of kherson-2022 {verdict.words()}"


def _golden() -> tuple[bool, str]:
    wrong = [name for name, digest in golden() if digest != GOLDEN[name]]
    if wrong:
        return False, f"other results than on the machine it was written on: {', '.join(wrong)}"
    return True, f"{len(GOLDEN)} sets of 500 runs, bit for bit; player: {machine()}"


def golden() -> Iterator[tuple[str, str]]:
    """The digests as this machine computes them."""
    for name in GOLDEN:
        spec = load(name) if name == "tegmark-tree" else load_texts(texts(name))
        yield name, outcome_digest(play_runs(compile_scenario(spec), range(500), SEED))


def outcome_digest(outcomes: Outcomes) -> str:
    """SHA-256 over each run's number, ending, turn and trail."""
    table = np.empty((outcomes.n, 4), dtype="<u8")
    for column, name in enumerate(("run", "ending", "turn", "trail")):
        table[:, column] = getattr(outcomes, name)
    return sha256(table.tobytes()).hexdigest()


def _row(outcomes: Outcomes, run: int) -> Outcomes:
    """One of the runs, without the counts of moves."""
    names = ("run", "ending", "turn", "decided", "reached", "peak", "unknown", "trail")
    return Outcomes(**{n: getattr(outcomes, n)[..., run : run + 1] for n in names}, played={})


# ------------------------------------------------------------------------------- our own intervals


def _coverage_of_shares() -> tuple[bool, str]:
    """All intervals of one batch together, Tegmark's shares, 400 runs a batch."""
    batches, n = 4000, 400
    truth = np.array(list(TREE.values()))
    counts = np.random.Generator(np.random.Philox(SEED)).multinomial(n, truth, size=batches)
    low, high = share_interval(counts, n, critical(0.05, len(truth)))
    covered = float(((low <= truth) & (truth <= high)).all(axis=1).mean())
    return _enough(covered, 0.95, batches)


def _coverage_of_rare() -> tuple[bool, str]:
    """An ending in one of five hundred runs, batches of 400."""
    batches, n, truth = 20_000, 400, 0.002
    counts = np.random.Generator(np.random.Philox(SEED + 1)).binomial(n, truth, size=batches)
    low, high = share_interval(counts, n, critical(0.05))
    return _enough(float(((low <= truth) & (truth <= high)).mean()), 0.95, batches)


def _coverage_of_pairs() -> tuple[bool, str]:
    """A difference of two points between twins, of which one in ten differs."""
    batches, n, gained, lost = 4000, 1000, 0.06, 0.04
    luck = np.random.Generator(np.random.Philox(SEED + 2))
    counts = luck.multinomial(n, [gained, lost, 1 - gained - lost], size=batches)
    low, high = difference_interval(counts[:, 0], counts[:, 1], n, critical(0.05))
    truth = gained - lost
    return _enough(float(((low <= truth) & (truth <= high)).mean()), 0.95, batches)


def _enough(covered: float, promised: float, batches: int) -> tuple[bool, str]:
    """Whether a coverage is what was promised, as far as so many batches can tell.

    Score intervals oscillate around their level with n and p (Brown, Cai and DasGupta 2001), so
    one point is allowed below it.
    """
    error = (promised * (1 - promised) / batches) ** 0.5
    passed = covered >= promised - 0.01 - 4 * error
    return passed, f"{100 * covered:.1f} % of {batches:,} batches, promised {100 * promised:.0f} %"
