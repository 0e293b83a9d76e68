"""The ledger: every number with its place, and what was measured of what depends on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import quarrel
from shipped import shipped_spec
from small_crisis import TEXTS

from wargame.analysis.validation.ledger import KINDS, Dependence, Ledger, Row, ledger, rows_of
from wargame.content.load import load, load_texts
from wargame.engine import ladder

SOURCE = Path(ladder.__file__).resolve().parents[2]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(quarrel.write(tmp_path))
    return tmp_path


def told(rows: Iterator[Row]) -> dict[tuple[str, str], dict[str, str]]:
    return {(row.kind, row.name): {n.part: n.text for n in row.numbers} for row in rows}


def test_every_number_of_a_small_crisis() -> None:
    found = told(rows_of(load_texts(TEXTS)))
    assert found.pop(("ladder", "DECAY")) == {"heat": "200"}
    assert {kind for kind, _ in found} == set(KINDS) - {"tie"}
    own = {key: parts for key, parts in found.items() if key[0] != "ladder"}
    assert own == {
        ("start", "tension"): {"start": "300"},
        ("noise", "tension"): {"noise *": "100"},
        ("start", "red.arms"): {"start": "100"},
        ("noise", "red.arms"): {"noise *": "80"},
        ("start", "red.talks"): {"start": "0"},
        ("start", "bomb.used"): {"start": "0"},
        ("unknown", "red.nerve"): {"drawn from": "200 to 800", "likely": "500"},
        ("derived", "fear"): {"value": "max(0, tension + red.arms - 300)"},
        ("drift", "tension"): {"end of the turn": "tension + (250 - tension) // 8"},
        ("dyad", "red-blue"): {"stage": "4"},
        ("inject", "summit"): {"turn": "3", "tension": "-20"},
        ("chance", "incident"): {"chance in 1000": "150 + tension // 10"},
        ("outcomes", "incident"): {
            "when": "tension >= 200",
            "weight": "200",
            "tension": "-60",
            "heat red-blue": "15",
        },
        ("goal", "alarm"): {"when": "tension >= 600"},
        ("goal", "KABOOM"): {"when": "bomb.used >= 1"},
        ("goal", "Peace"): {"when": "red.talks >= 250"},
        ("rule", "red.nervous"): {"arm": "30", "use": "red.nerve // 20", "when": "fear >= 200"},
        ("rule", "red.weary"): {"talk": "× 3", "when": "turn >= 6"},
        ("rule", "blue.alarmed"): {
            "warn": "60",
            "talk": "20",
            "when": "seen.red.arms >= 250",
        },
        ("weight", "hold"): {"base": "60"},
        ("weight", "talk"): {"base": "20"},
        ("effects", "talk"): {
            "red.talks": "40",
            "tension": "-15",
            "failed: tension": "10",
            "heat red-blue": "-40",
        },
        ("odds", "talk"): {"success": "700", "cooldown": "1"},
        ("weight", "arm"): {"base": "30"},
        ("effects", "arm"): {"red.arms": "60", "tension": "20", "heat red-blue": "40"},
        ("weight", "parade"): {"base": "20"},
        ("weight", "review"): {"base": "20"},
        ("effects", "use"): {"bomb.used": "1", "heat red-blue": "300"},
        ("odds", "use"): {"when": "red.arms >= 220", "success": "900"},
        ("weight", "warn"): {"base": "20"},
        ("effects", "warn"): {"red.arms": "-(red.arms // 5)", "heat red-blue": "10"},
        ("odds", "warn"): {"cooldown": "2"},
    }


def test_every_number_stands_where_the_ledger_says(place: Path) -> None:
    for row in rows_of(load("quarrel", ["proud"])):
        path = SOURCE.parent / row.file if row.kind == "ladder" else place / row.file
        lines = path.read_text(encoding="utf-8").splitlines()
        for number in row.numbers:
            digits = re.findall(r"\d+", number.text)
            assert any(digit in lines[number.line - 1] for digit in digits), (row.name, number)


def test_a_worldview_owns_the_unknowns_that_it_moves(place: Path) -> None:
    rows = {row.name: row for row in rows_of(load("quarrel", ["proud"])) if row.kind == "unknown"}
    assert rows["red.pride"].file == "scenarios/worldviews/proud.yaml"
    assert [number.text for number in rows["red.pride"].numbers] == ["800"]


def test_the_count_of_the_shipped_model_leaves_no_rule_out() -> None:
    spec = shipped_spec("kherson-2022")
    rows = list(rows_of(spec))
    assert {kind for row in rows for kind in [row.kind]} == set(KINDS)
    named = {row.name for row in rows if row.kind == "rule"}
    assert named >= {
        f"{actor.id}.{rule.id}"
        for actor in spec.actors
        for rule in actor.rules
        if any(one.op != "forbid" for one in rule.favour.values())
    }
    assert {row.name for row in rows if row.kind == "start"} == set(spec.scenario.gauges)
    assert all(row.file.split("/")[0] in ("actors", "scenarios", "src") for row in rows)
    assert all(row.title["ja"] for row in rows)


def test_what_moves_the_endings_stands_first(place: Path) -> None:
    found = ledger("quarrel", pairs=400, screen=1000)
    assert isinstance(found, Ledger)
    order = [row.status for row in found]
    assert order == sorted(order, key=["measured", "screened", "unmeasured"].index)
    reach = [row.dependence.reach for row in found.that("measured") if row.dependence]
    assert reach == sorted(reach, reverse=True)
    top = found.rows[0]
    assert top.dependence is not None and top.dependence.resolved
    # Trust brings peace: talking and listening build it, threats undo it, and little else counts.
    assert top.name in {"talk", "listen", "threaten", "trust"} and top.kind in {"effects", "start"}
    pride = next(row for row in found if row.kind == "unknown")
    war = pride.on("War")
    assert pride.status == "measured" and war is not None
    assert war.less is not None and war.more is not None
    assert war.less[0] <= war.more[0]  # a prouder Red goes to war no less often
    assert pride.on("nothing") is None
    odds = [row for row in found if row.kind in ("odds", "noise", "goal")]
    assert {row.status for row in odds} == {"unmeasured"}
    steps = {row.name: row for row in found if row.kind in ("dyad", "ladder")}
    assert {steps[name].status for name in ("red-blue", "UP", "DOWN")} <= {"measured", "screened"}
    assert steps["WINDOWS"].status == "unmeasured"  # Glasl's own, no assumption
    assert found.words().startswith(f"{found.numbers:,} numbers")
    assert "個の数値" in found.words("ja")


def test_a_row_of_many_numbers_says_which_one_was_turned() -> None:
    one = Dependence("War", (-0.01, -0.02, 0.0), None, resolved=False, part="red.arms > 220")
    assert one.reach == 0.01
    assert one.words().startswith("red.arms > 220: -1") and "cannot be turned up" in one.words()
    assert "上げられない" in one.words("ja")
    steps = Dependence("War", None, (0.01, 0.0, 0.02), resolved=False, part="stage")
    assert steps.words("ja").startswith("段階：下げられない")


def test_nothing_is_measured_unasked(place: Path) -> None:
    found = ledger("quarrel", pairs=0)
    assert {row.status for row in found} == {"unmeasured"}
    assert found.screened == 0
    assert found.to_json()["numbers"] == found.numbers


def test_a_scenario_without_unknowns_or_actors_has_a_ledger_too() -> None:
    found = ledger("tegmark-tree", pairs=100, screen=1000)
    assert not [row for row in found if row.kind in ("unknown", "rule")]
    assert found.rows[0].kind == "chance" or not found.that("measured")
