"""Robust conclusions in a world whose answers are known: a boat, three beliefs, four policies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wargame.analysis.robust import AS_WRITTEN, BASELINE, Conclusion, Robust, robust
from wargame.batches.study import kept
from wargame.cli.main import main
from wargame.errors import StoreError, WargameError

BOAT = """
schema: 1
id: boat
title: A boat
turn: {length: 1 week, horizon: 2}
seed: 5
gauges:
  bailing: {start: 0}
  storm: {start: 0, max: 1}
  sunk: {start: 0, max: 1}
unknowns:
  sea: {between: [300, 500]}
chance:
  - {id: clouds, when: turn == 1, chance: sea, effects: {storm: 1}}
  - {id: leak, when: turn == 2 and storm == 1, chance: 600 - bailing, effects: {sunk: 1}}
milestones:
  storm: {when: storm == 1}
endings:
  sunk: {when: sunk == 1}
  home: {when: sunk == 0, at: horizon}
"""
OVERLAYS = {
    "worldviews/calm": "unknowns: {sea: {between: [0, 0]}}",
    "worldviews/rough": "unknowns: {sea: {between: [700, 900]}}",
    "policies/bail": "start: {bailing: 300}\nexpect: {sunk: down}",
    "policies/paint": "start: {bailing: 0}",
    # Sailing round the cape meets a sea of its own: nothing is left to believe about it.
    "policies/cape": "unknowns: {sea: {between: [500, 500]}}",
    # A drogue helps in a rough sea and is a risk in a moderate one.
    "policies/drogue": "start: {bailing: sea}",
}


@pytest.fixture(scope="module")
def boat(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("boat") / "scenarios"
    for name, text in OVERLAYS.items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = "worldview" if name.startswith("world") else "policy"
        head = f"schema: 1\nid: {path.stem}\nkind: {kind}\ntitle: {path.stem}\n"
        path.write_text(head + text + "\n")
    drogue = folder / "policies" / "drogue.yaml"
    drogue.write_text(
        drogue.read_text().replace("start: {bailing: sea}", "")
        + "chance:\n  - id: leak\n    when: turn == 2 and storm == 1\n"
        + "    chance: 900 if sea < 600 else 300\n    effects: {sunk: 1}\n"
    )
    (folder / "boat.yaml").write_text(BOAT)
    return str(folder / "boat.yaml")


@pytest.fixture(scope="module")
def result(boat: str) -> Robust:
    return robust(
        boat,
        ["bail", "paint", "cape", "drogue"],
        [AS_WRITTEN, "calm", "rough"],
        outcomes=["sunk", "home", "storm", "sunk|storm"],
        avoid=["sunk"],
        runs=2000,
    )


def conclusion(result: Robust, policy: str, outcome: str) -> Conclusion:
    return next(c for c in result.conclusions if (c.policy, c.outcome) == (policy, outcome))


def test_the_table_holds_the_shares_that_are_known(result: Robust) -> None:
    for worldview, storm in ((AS_WRITTEN, 0.4), ("calm", 0.0), ("rough", 0.8)):
        for policy, leak in ((BASELINE, 0.6), ("bail", 0.3)):
            cell = result.cell(policy, worldview, "sunk")
            assert cell is not None
            assert cell.share == pytest.approx(storm * leak, abs=0.04)
            assert cell.low <= cell.share <= cell.high and cell.n == 2000


def test_what_changes_nothing_differs_in_no_run(result: Robust) -> None:
    for worldview in result.worldviews:
        cell = result.cell("paint", worldview, "sunk")
        assert cell is not None and cell.verdict is not None
        assert cell.verdict.difference == 0
    assert conclusion(result, "paint", "sunk").standing == "none"


def test_a_conclusion_that_holds_only_where_there_is_a_storm(result: Robust) -> None:
    found = conclusion(result, "bail", "sunk")
    assert (found.standing, found.down, found.up) == ("some", (AS_WRITTEN, "rough"), ())
    assert found.small == ("calm",) and found.direction == "down" and found.expected == "down"
    assert found.words() == ("bail, sunk: less only under as-written, rough; not shown under calm")
    assert "でのみ減る" in found.words("ja")


def test_a_conclusion_that_depends_on_what_one_believes(result: Robust) -> None:
    found = conclusion(result, "drogue", "sunk")
    assert (found.standing, found.up, found.down) == ("contrary", (AS_WRITTEN,), ("rough",))
    assert found.direction == ""
    assert "depends on what one believes" in found.words()


def test_a_conclusion_that_holds_under_all(boat: str) -> None:
    found = robust(boat, ["bail"], [AS_WRITTEN, "rough"], runs=1000, avoid=["sunk"])
    assert conclusion(found, "bail", "sunk").standing == "all"
    assert conclusion(found, "bail", "sunk").words() == "bail, sunk: less under all 2 worldviews"
    assert conclusion(found, "bail", "home").direction == "up"
    assert conclusion(found, "bail", "storm").standing == "none"


def test_a_condition_that_never_came_leaves_a_gap(result: Robust) -> None:
    cell = result.cell("bail", "calm", "sunk|storm")
    assert cell is not None and cell.verdict is not None and cell.verdict.kind == "void"
    assert conclusion(result, "bail", "sunk|storm").standing == "some"


def test_regret_names_the_policy_that_is_never_far_behind(result: Robust) -> None:
    regret = result.regrets[0]
    assert regret.outcome == "sunk"
    assert regret["bail"].maximum < regret[BASELINE].maximum


def test_what_cannot_be_combined_is_left_out_and_named(result: Robust) -> None:
    assert {(policy, worldview) for policy, worldview, _ in result.excluded} <= {
        ("cape", "calm"),
        ("cape", "rough"),
    }
    for policy, worldview, reason in result.excluded:
        assert result.cell(policy, worldview, "sunk") is None and "sea" in reason
    assert result.cell("cape", AS_WRITTEN, "sunk") is not None


def test_what_cannot_be_combined_somewhere_holds_nowhere_under_all_and_keeps_its_regret(
    result: Robust,
) -> None:
    cape = result.regrets[0]["cape"]
    assert cape.missing == ("calm", "rough") and cape.worst == AS_WRITTEN
    assert "cape" not in (*result.regrets[0].minimax, *result.regrets[0].alike)
    assert "of the 4 policies that were played everywhere" in result.regrets[0].words()
    assert all(conclusion(result, "cape", name).standing != "all" for name in result.outcomes)
    assert conclusion(result, "cape", "sunk").absent == ("calm", "rough")
    assert "cannot be played under calm, rough" in conclusion(result, "cape", "sunk").words()


def test_json_and_words(result: Robust) -> None:
    data = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert data["schema"] == 1 and data["worldviews"] == [AS_WRITTEN, "calm", "rough"]
    for lang in ("en", "ja"):
        assert "bail" in result.words(lang)
    rows = result.table("sunk")
    assert rows[0] == ("sunk", AS_WRITTEN, "calm", "rough") and rows[1][0] == BASELINE


def test_a_folder_is_gone_on_with(boat: str, tmp_path: Path) -> None:
    out = tmp_path / "r"
    with kept("robust", {}, out=out) as study:
        first = robust(boat, ["bail"], ["rough"], runs=400, jobs=study, avoid=["sunk"])
    with pytest.raises(StoreError, match="not empty"), kept("robust", {}, out=out):
        pass
    heard: list[int] = []
    with kept("robust", {}, out=out, resume=True) as study:
        again = robust(
            boat,
            ["bail"],
            ["rough"],
            runs=400,
            jobs=study,
            avoid=["sunk"],
            on_progress=lambda p: heard.append(p.fresh),
        )
    assert again == first
    assert heard == [0]


def test_nonsense_is_refused(boat: str) -> None:
    with pytest.raises(WargameError, match="named twice"):
        robust(boat, ["bail", "bail"], ["rough"])
    with pytest.raises(WargameError, match="named twice: rough"):
        robust(boat, ["bail"], ["rough", "elsewhere/rough.yaml"])
    with pytest.raises(WargameError, match="at least one"):
        robust(boat, [], ["rough"])
    with pytest.raises(WargameError, match="did you mean 'sunk'"):
        robust(boat, ["bail"], ["rough"], outcomes=["snuk"])
    with pytest.raises(WargameError, match="did you mean 'bail'"):
        robust(boat, ["bale"], ["rough"])


@pytest.mark.parametrize(
    ("lang", "told"), [("en", ["baseline", "bail, sunk"]), ("ja", ["基準", "bail、sunk"])]
)
def test_the_command_prints_tables_and_conclusions(
    boat: str, capsys: pytest.CaptureFixture[str], lang: str, told: list[str]
) -> None:
    words = ["robust", boat, "--policies", "bail", "--worldviews", "rough", "--lang", lang]
    assert main([*words, "--avoid", "sunk", "--runs", "400", "--jobs", "1"]) == 0
    out = capsys.readouterr().out
    assert all(words in out for words in [*told, "rough"])
