"""Targets: the guarded reader's faults, what the shares mean, and when a target is met."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from shipped import shipped

from wargame.analysis.calibration.targets import TargetsSpec, load_targets, measure, resolve
from wargame.analysis.evidence_files import data_files
from wargame.analysis.file_kinds import KINDS
from wargame.compiler import compile_scenario
from wargame.compiler.check_files import check_files
from wargame.content.load import load_texts
from wargame.content.validation import shape
from wargame.engine.record import Outcomes, RunHeader
from wargame.errors import SpecError

HEAD = "schema: 1\nid: mine\ntitle: Mine\nscenario: bridge-2022\n"
SHIPPED = ("tegmark", "samotsvety", "metaculus", "swift-centre", "officials-2022")
SHIPPED += ("restraint", "forecasters")

NAMES = """
schema: 1
id: two-ways
title: Two ways
turn: {length: 1 week, start: 2022-10-10, horizon: 10}
gauges: {g: {start: 0}}
milestones:
  storm: {when: g == 1}
endings:
  good: {when: g == 2}
  bad: {when: g == 3}
"""


def targets(rows: str) -> TargetsSpec:
    text = HEAD + "targets:\n" + rows
    found = shape(TargetsSpec, text, "targets.yaml")
    assert found.item is not None and not found.faults
    return found.item


def target(what: str) -> str:
    return f"  - {{id: t, forecaster: F, event: E, source: S, {what}}}\n"


def outcomes(ending: list[int], turn: list[int], reached: list[int]) -> Outcomes:
    n = len(ending)
    zero = np.zeros((0, n), dtype=np.int64)
    return Outcomes(
        run=np.arange(n),
        ending=np.array(ending),
        turn=np.array(turn),
        decided=np.array(turn),
        reached=np.array([reached]),
        peak=zero,
        unknown=zero,
        trail=np.zeros(n, dtype=np.uint64),
        played={},
    )


@pytest.fixture(scope="module")
def header() -> RunHeader:
    return compile_scenario(load_texts({"scenario.yaml": NAMES})).header


def fit(what: str, found: Outcomes) -> tuple[int, int]:
    scenario = compile_scenario(load_texts({"scenario.yaml": NAMES}))
    goals = resolve(targets(target(what)), scenario)
    row = measure(goals, {(): found}, scenario.header)[0]
    return row.count, row.n


# good, bad, good, unresolved; the storm came in turn 0 (never), 2, 5, 9
FOUR = outcomes([0, 1, 0, 2], [3, 4, 7, 10], [0, 2, 5, 9])


@pytest.mark.parametrize(
    ("what", "counted"),
    [
        ("share: good, is: 500", (2, 4)),
        ("share: [good, bad], is: 500", (3, 4)),
        ("share: good, turns: 3, is: 500", (1, 4)),
        ("share: storm, turns: 5, is: 500", (2, 4)),
        ("share: storm, by: 2022-11-13, is: 500", (2, 4)),  # the last day of turn 5
        ("share: storm, by: 2022-11-06, is: 500", (1, 4)),  # the last day of turn 4
        ("share: good, given: storm, is: 500", (1, 3)),
        ("share: good, without: storm, is: 500", (1, 4)),
    ],
)
def test_what_a_share_counts(what: str, counted: tuple[int, int]) -> None:
    assert fit(what, FOUR) == counted


@pytest.mark.parametrize(
    ("what", "low", "high"),
    [
        ("is: 53", 0.0525, 0.0535),
        ("is: 300, give: 5", 0.295, 0.305),
        ("is: 0", 0.0, 0.0005),
        ("between: [100, 160]", 0.1, 0.16),
        ("at_most: 16", 0.0, 0.016),
        ("at_least: 500", 0.5, 1.0),
    ],
)
def test_what_agrees_with_what_was_said(what: str, low: float, high: float) -> None:
    said = targets(target(f"share: KABOOM, {what}")).targets[0]
    assert said.range == pytest.approx((low, high))


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("share: KABOOM", "say one of"),
        ("share: KABOOM, is: 5, at_most: 7", "say one of"),
        ("is: 5", "either which share is meant"),
        ("share: KABOOM, mode: Libya, is: 5", "either which share is meant"),
        ("mode: Libya, is: 5", "for a mode none"),
        ("mode: Libya, turns: 4", "goes with no other condition"),
        ("share: KABOOM, is: 5, turns: 4, by: 2022-12-31", "not both"),
        ("share: KABOOM, between: [9, 5]", "the smaller number comes first"),
        ("share: KABOOM, at_most: 5, give: 5", "give goes with is"),
        ("share: KABOOM, is: 5.3", "expected a whole number"),
        ("share: KABOOM, is: 1600", "at most 1000"),
        ("share: KABOOM, is: 5, giv: 5", "unknown key"),
    ],
)
def test_a_fault_says_where_it_is(tmp_path: Path, what: str, message: str) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(HEAD + "targets:\n" + target(what))
    with pytest.raises(SpecError) as caught:
        load_targets(path)
    assert any(message in fault.message for fault in caught.value.faults)
    assert all(fault.at is not None and fault.at.line == 6 for fault in caught.value.faults)


def test_unknown_names_and_days_are_all_told_at_once() -> None:
    rows = target("share: Kabom, given: kaboom, is: 5")
    rows += target("share: kaboom, by: 2021-01-01, is: 5").replace("id: t", "id: u")
    with pytest.raises(SpecError) as caught:
        resolve(targets(rows), shipped("bridge-2022"))
    words = str(caught.value)
    assert "no ending or milestone 'Kabom'" in words and "did you mean" in words
    assert "2021-01-01 is outside bridge-2022" in words


def test_two_targets_of_one_name(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(HEAD + "targets:\n" + 2 * target("share: KABOOM, is: 5"))
    with pytest.raises(SpecError, match="stands here twice"):
        load_targets(path)


def test_a_name_that_names_nothing() -> None:
    with pytest.raises(SpecError, match="did you mean 'tegmark'"):
        load_targets("tegmrk")


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_can_be_read_and_resolved(name: str) -> None:
    said = load_targets(name)
    goals = resolve(said, shipped(str(said.scenario)))
    assert {goal.id for goal in goals} == {target.id for target in said.targets}
    assert said.title.ja and said.about and said.about.ja
    assert all(target.event.ja and target.source for target in said.targets)


def test_tegmark_says_one_in_six() -> None:
    said = {str(t.id): t.is_ for t in load_targets("tegmark").targets if t.is_}
    chain = (said["kaboom"], said["expansion-given-kaboom"], said["kaboom-war-given-expansion"])
    assert chain == (300, 800, 700) and said["one-in-six"] == 168


def test_a_target_is_met_when_the_interval_leaves_it_possible(header: RunHeader) -> None:
    scenario = compile_scenario(load_texts({"scenario.yaml": NAMES}))
    n = 1000
    found = outcomes([0] * 330 + [1] * 670, [1] * n, [0] * n)

    def met(what: str) -> bool:
        goals = resolve(targets(target(what)), scenario)
        return measure(goals, {(): found}, header)[0].met

    assert met("share: good, is: 330")
    assert met("share: good, is: 310")  # 33 +- 2.9 points
    assert not met("share: good, is: 290")
    assert met("share: good, at_most: 400") and not met("share: good, at_most: 250")
    assert met("mode: bad") and not met("mode: good")


def test_a_condition_that_never_came_is_not_met() -> None:
    scenario = compile_scenario(load_texts({"scenario.yaml": NAMES}))
    goals = resolve(targets(target("share: good, given: storm, at_least: 0")), scenario)
    calm = outcomes([0, 0], [1, 1], [0, 0])
    row = measure(goals, {(): calm}, scenario.header)[0]
    assert (row.n, row.met, row.inside) == (0, False, False)
    assert row.to_json()["share"] is None


@pytest.mark.parametrize("name", KINDS)
def test_check_reads_every_kind_of_data_and_finds_its_slips(name: str, tmp_path: Path) -> None:
    kind = KINDS[name]
    readers = {each.key: each.check for each in KINDS.values()}
    shipped = list(data_files(kind.folder).values())
    assert shipped
    assert not check_files(shipped, readers).faults
    slip = tmp_path / "slip.yaml"
    slip.write_text(shipped[0].read_text(encoding="utf-8") + "\nwords: many\n", encoding="utf-8")
    (fault,) = check_files([slip], readers).faults
    assert "unknown key 'words'" in fault.message
    assert fault.at is not None
    assert fault.at.line > 10
