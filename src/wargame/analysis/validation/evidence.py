"""All that speaks for and against the model, gathered in one go.

Patterns and base rates are stated for some scenarios only; policies state directions for some.
What does not exist for a scenario is None, and the page says so: an empty chapter is an answer.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter

from wargame import __version__
from wargame.analysis.expect import MARGIN, Expectations, judge, predicting
from wargame.analysis.validation.backtest import Backtest, backtest
from wargame.analysis.validation.base_rates import BaseRates, base_rates, base_rates_for
from wargame.analysis.validation.ledger import Ledger, ledger
from wargame.analysis.validation.patterns import Patterns, patterns, patterns_for
from wargame.batches.batch import run_batch
from wargame.batches.study import Jobs, Study, studying
from wargame.boundary.foreign import Malformed, read_shaped
from wargame.compiler import compile_scenario
from wargame.content.data_files import find, listed
from wargame.content.load import load, load_history
from wargame.content.spec import Spec
from wargame.errors import Fault, SpecError, WargameError, no_such
from wargame.statistics.result import Result

Progress = Callable[[str, int, int], object]

DEFAULT = "forecasters"
"""The worldview that a page is written under where none is named and it fits the scenario."""

LEAST = 100
"""Fewer runs answer no question."""

PARTS = ("ledger", "expectations", "patterns", "backtest", "base-rates")
CLOSELY = 1000  # runs behind each row of the ledger that is measured closely
PRINCIPALS = 6  # actors, the first of the scenario, whom the backtest scores
SCREEN = 96  # runs of the screening, for each of those


@dataclass(frozen=True)
class Evidence(Result):
    """What was found, part by part; None for a part that does not exist or was left out.

    asked: the parts that were not left out. worldview: "" for the scenario as it is written.
    fits: for every worldview that is meant for the scenario, its calibration's report. policies:
    what those that state directions are called.
    """

    spec: Spec
    scenario: str
    digest: str
    asked: tuple[str, ...]
    worldview: str
    seed: int
    runs: int
    engine: str
    ledger: Ledger | None
    expectations: Expectations | None
    patterns: Patterns | None
    backtest: Backtest | None
    base_rates: BaseRates | None
    fits: Mapping[str, Mapping[str, Any]]
    policies: Mapping[str, Mapping[str, str]]

    def to_json(self) -> dict[str, Any]:
        """All but the scenario itself."""
        fields = {key: value for key, value in vars(self).items() if key != "spec"}
        found = {
            key: value.to_json() if isinstance(value, Result) else value
            for key, value in fields.items()
        }
        return {"schema": 1, **found}


def gather(
    name: str,
    worldview: str | None = None,
    runs: int = 2000,
    seed: int | None = None,
    closely: int = CLOSELY,
    parts: tuple[str, ...] = PARTS,
    jobs: Jobs = 1,
    on_progress: Progress | None = None,
) -> Evidence:
    """Play what is needed for every part.

    worldview: a name or path, "" for none; left out, `DEFAULT` where it fits the scenario. runs:
    of each question. closely: runs behind each row of the ledger, 0 measures none.
    jobs: processes, or a study. on_progress: told (part, done, all). Raises SpecError for faulty
    files, WargameError for numbers that make no sense.
    """
    if unknown := [part for part in parts if part not in PARTS]:
        raise WargameError(no_such("part", unknown[0], PARTS))
    if runs < LEAST:
        raise WargameError(f"--runs: the questions need at least {LEAST} runs, not {runs}")
    if closely and closely < LEAST:
        raise WargameError(
            f"--closely: the ledger needs at least {LEAST} runs for each row, or 0, not {closely}"
        )
    views = _views(name)
    if worldview is None:
        worldview = DEFAULT if DEFAULT in views else ""
    overlays = [worldview] if worldview else []
    spec = load(name, overlays)
    seed = spec.scenario.seed if seed is None else seed

    def tell(part: str) -> Callable[[int, int], object]:
        return lambda done, total: on_progress(part, done, total) if on_progress else None

    beside = find("scenario", name)
    fits = _fits(views, beside)
    stated = patterns_for(spec.scenario.id, beside) if "patterns" in parts else None
    rates = base_rates_for(spec.scenario.id, beside) if "base-rates" in parts else None
    with studying(jobs) as study:
        return Evidence(
            spec=spec,
            scenario=spec.scenario.id,
            digest=spec.digest,
            asked=parts,
            worldview=worldview,
            seed=seed,
            runs=runs,
            engine=__version__,
            patterns=patterns(stated, spec, runs, seed, study, tell("patterns"), beside)
            if stated
            else None,
            backtest=_backtest(spec, beside, seed, study, tell("backtest"))
            if "backtest" in parts
            else None,
            base_rates=base_rates(rates, spec, runs, seed, study, tell("base rates"))
            if rates
            else None,
            expectations=_expectations(name, worldview, runs, seed, study, tell("expectations"))
            if "expectations" in parts
            else None,
            ledger=ledger(name, overlays, closely, SCREEN * closely, seed, study, tell("ledger"))
            if "ledger" in parts
            else None,
            fits=fits,
            policies=_titles(name) if "expectations" in parts else {},
        )


def _expectations(
    name: str,
    worldview: str,
    runs: int,
    seed: int,
    study: Study,
    on_progress: Callable[[int, int], object],
) -> Expectations | None:
    """The verdicts on what policies say of themselves; None where none says anything."""
    try:
        policies = predicting(name)
    except SpecError:
        raise
    except WargameError:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        folder = (study.folder or Path(scratch)) / "expectations"
        batch = run_batch(
            name,
            policies=policies,
            worldview=worldview or None,
            runs=runs,
            seed=seed,
            jobs=study.jobs,
            out=folder,
            resume=folder.exists(),
            on_progress=lambda p: on_progress(p.played + p.failed, p.total),
        )
        return judge(batch, MARGIN)


def _backtest(
    spec: Spec, beside: Path, seed: int, study: Study, on_progress: Callable[[int, int], object]
) -> Backtest | None:
    """Against the history that is told in the scenario; None where there is none."""
    for path in listed("history", beside).values():
        told = load_history(path)
        if told.scenario == spec.scenario.id:
            on_progress(0, 1)
            actors = [actor.id for actor in spec.actors[:PRINCIPALS]]
            found = backtest(
                told, scenario=compile_scenario(spec), actors=actors, seed=seed, jobs=study
            )
            on_progress(1, 1)
            return found
    return None


def _titles(name: str) -> dict[str, dict[str, str]]:
    """What the policies are called that can be laid over a scenario."""
    found = {}
    for policy in listed("policy", find("scenario", name)):
        try:
            title = load(name, [policy]).overlays[-1].title
        except SpecError:
            continue
        found[policy] = {lang: title.get(lang) for lang in ("en", "ja")}
    return found


def _views(name: str) -> dict[str, Path]:
    """The worldviews that are meant for a scenario and can be laid over it."""
    found = {}
    for view, path in listed("worldview", find("scenario", name)).items():
        try:
            load(name, [view])
        except SpecError:
            continue
        found[view] = path
    return found


class _Fit(BaseModel):
    label: str
    rival: str
    goal_low: float
    goal_high: float
    share: float | None
    low: float
    high: float
    n: int
    met: bool


class _Range(BaseModel):
    between: Annotated[list[int], Field(min_length=2, max_length=2)]
    likely: int | None = None


class _Factor(BaseModel):
    factor: int


class _Moved(BaseModel):
    name: str
    was: _Range | _Factor
    now: _Range | _Factor


class _Report(BaseModel):
    """What the page shows of a calibration's report."""

    scenario: str
    digest: str
    runs: int
    met: bool
    fits: list[_Fit]
    moved: list[_Moved]


_REPORT = TypeAdapter(_Report)


def _fits(views: Mapping[str, Path], beside: Path) -> dict[str, Mapping[str, Any]]:
    """The reports that calibration left beside the worldviews; `stale` says whether the scenario
    that one was made for has changed since.

    Raises SpecError for one that cannot be read.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for view, path in views.items():
        fits = path.with_suffix(".fits.json")
        if not fits.is_file():
            continue
        try:
            report = read_shaped(fits, _REPORT)
            made_for = find("scenario", report["scenario"], beside)
            stale = load(str(made_for)).digest != report["digest"]
            found[view] = {**report, "stale": stale}
        except (OSError, Malformed) as error:
            raise SpecError([Fault(f"cannot read {fits.name}: {error}")]) from None
    return found
