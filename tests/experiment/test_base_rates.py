"""Base rates: the runs' shares, the gaps to what is reported, and the same runs without a move."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_crisis import TEXTS

from wargame.analysis.validation.base_rates import (
    BaseRatesSpec,
    base_rates,
    base_rates_for,
    load_base_rates,
)
from wargame.analysis.validation.events import checked
from wargame.backends.simulate import play_runs
from wargame.compiler import compile_scenario
from wargame.content.diagnostics import Findings
from wargame.content.load import load, load_texts
from wargame.content.validation import shape
from wargame.errors import SpecError
from wargame.statistics.shares import critical
from wargame.statistics.unpaired import newcombe

# The milestone `alarm` of the small crisis, where it is neither rare nor sure.
ALARMED = {
    **TEXTS,
    "scenario.yaml": TEXTS["scenario.yaml"].replace("tension >= 600", "tension >= 320"),
}
HEAD = """
schema: 1
id: small
title: {en: Small rates, ja: 小さな率}
for: [small-crisis]
events:
  arm: {moves: [red.arm]}
  talk: {moves: [red.talk, blue.talk]}
  alarm: tension >= 320
rates:
"""


def stated(rows: str) -> BaseRatesSpec:
    found = shape(BaseRatesSpec, HEAD + rows, "rates.yaml")
    assert found.item is not None
    assert not found.faults, found.faults
    return found.item


def row(what: str, found: str = "", name: str = "r") -> str:
    return f"  - {{id: {name}, title: T, because: B, {what}, found: [{found}]}}\n"


def test_a_gap_is_the_difference_of_two_independent_shares() -> None:
    runs = 300
    reported = "{source: S, count: 30, n: 100}, {source: S, share: 300, n: 100}"
    (rate,) = base_rates(stated(row("came: alarm", reported)), load_texts(ALARMED), runs)
    outcomes = play_runs(compile_scenario(load_texts(ALARMED)), range(runs))
    count = int((outcomes.reached[0] > 0).sum())
    assert 30 < count < 270
    assert (rate.answer.count, rate.answer.n) == (count, runs)
    low, high = newcombe(count, runs, 30, 100, critical(0.05))
    for gap in rate.gaps:
        assert gap.gap == pytest.approx(count / runs - 0.3)
        assert gap.low == pytest.approx(float(low))
        assert gap.high == pytest.approx(float(high))
        assert gap.resolved is bool(low > 0 or high < 0)
    assert rate.gaps[0].reported == rate.gaps[1].reported


def test_a_figure_without_cases_has_no_interval() -> None:
    (rate,) = base_rates(
        stated(row("came: alarm", "{source: S, share: 300}")), load_texts(TEXTS), 100
    )
    (gap,) = rate.gaps
    assert gap.low is gap.high is gap.resolved is None
    assert gap.reported.words() == "30.0 %"
    assert rate.words("ja").startswith("実行100回の")


def test_forbidden_moves_are_made_by_nobody_in_the_same_runs() -> None:
    rows = row("came: talk", name="all") + row("came: talk, forbid: [talk]", name="none")
    found = base_rates(stated(rows), load_texts(TEXTS), 200)
    everybody, nobody = found
    assert everybody.answer.count > 0
    assert (nobody.answer.count, nobody.answer.n) == (0, 200)
    assert nobody.forbidden == ("talk",)


def test_a_rate_of_weeks_is_told_as_weeks() -> None:
    found = base_rates(
        stated(row("rate: talk, following: arm, within: 2", "{source: S, count: 1, n: 2}")),
        load_texts(TEXTS),
        200,
    )
    (rate,) = found
    assert rate.weeks and not rate.answer.ratio
    assert rate.answer.value == pytest.approx(rate.answer.count / rate.answer.n)
    assert rate.answer.low < rate.answer.value < rate.answer.high
    assert "weeks" in rate.words()
    assert "S: 50.0 % of 2 cases" in found.words()


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        ("{source: S}", "say either count"),
        ("{source: S, count: 3, share: 3, n: 9}", "say either count"),
        ("{source: S, count: 3}", "count goes with n"),
        ("{source: S, count: 3, n: 2}", "count goes with n"),
    ],
)
def test_a_figure_is_a_count_or_a_share(figure: str, words: str) -> None:
    found = shape(BaseRatesSpec, HEAD + row("came: arm", figure), "rates.yaml")
    assert any(words in str(fault) and "rates.yaml:11" in str(fault) for fault in found.faults)


def test_names_are_checked(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="there is no move 'tolk'"):
        base_rates(stated(row("came: arm, forbid: [tolk]")), load_texts(TEXTS), 100)
    path = tmp_path / "mine.yaml"
    path.write_text(HEAD + row("came: arn"), "utf-8")
    with pytest.raises(SpecError, match="no event 'arn'"):
        load_base_rates(path)
    with pytest.raises(SpecError, match="there are no base rates 'nothing'"):
        load_base_rates("nothing")


def test_the_shipped_rates_cite_their_cases_and_say_what_explains_the_gap() -> None:
    found = base_rates_for("kherson-2022")
    assert found is not None
    sources = " ".join(str(one.source) for rate in found.rates for one in rate.found)
    assert all(name in sources for name in ("ICB v14", "MID 5.0", "GML 2.2.1"))
    assert all(rate.title.ja and rate.because.ja for rate in found.rates)
    for scenario in found.for_:
        findings = Findings()
        checked(found.events, load(scenario), findings)
        findings.stop()
