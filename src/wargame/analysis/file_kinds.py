"""The kinds of data file that question a model, for whoever checks or describes all files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from wargame.analysis.calibration import beliefs, targets
from wargame.analysis.validation import base_rates, patterns
from wargame.analysis.validation.events import EventSpec, checked, watched
from wargame.analysis.validation.questions import QuestionSpec, deadline
from wargame.compiler import compile_scenario
from wargame.compiler.cached import opened
from wargame.content.data_files import find
from wargame.content.diagnostics import Findings
from wargame.content.load import load
from wargame.content.spec import Spec


class DataKind(NamedTuple):
    """One kind: the key that only its files have, their folder, their shape, what checks one.

    check: raises SpecError for every fault of a file, names that its scenarios do not know too.
    """

    key: str
    folder: str
    check: Callable[[str], object]
    shape: Any


def _targets(name: str) -> None:
    found = targets.load_targets(name)
    scenario = opened(_around(name, found.scenario))
    targets.resolve(found, scenario)
    beliefs.panel(scenario.spec, found.dials)


def _patterns(name: str) -> None:
    found = patterns.load_patterns(name)
    for scenario in found.for_:
        _asked(load(_around(name, scenario)), found.events, found.patterns)


def _base_rates(name: str) -> None:
    found = base_rates.load_base_rates(name)
    for scenario in found.for_:
        spec = load(_around(name, scenario))
        base_rates.check_forbidden(found, spec)
        _asked(spec, found.events, found.rates)


def _asked(spec: Spec, events: Mapping[str, EventSpec], questions: Iterable[QuestionSpec]) -> None:
    findings = Findings()
    checked(events, spec, findings)
    findings.stop()
    scenario = compile_scenario(watched(spec, events))
    for question in questions:
        deadline(question, scenario)


def _around(file: str, scenario: str) -> Path:
    """A scenario that a file of data is for: beside it, or else one that can be found by name."""
    return find("scenario", scenario, beside=Path(file))


KINDS = {
    "targets": DataKind("targets", targets.FOLDER, _targets, targets.TargetsSpec),
    "patterns": DataKind("patterns", patterns.FOLDER, _patterns, patterns.PatternsSpec),
    "base-rates": DataKind("rates", base_rates.FOLDER, _base_rates, base_rates.BaseRatesSpec),
}
