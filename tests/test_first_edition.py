"""What the first edition wrote is read, verified, replayed, compared and reported as it was."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from wargame.analysis.compare_batches import across
from wargame.batches.batch import Batch, run_batch
from wargame.batches.open_run import read_playthrough
from wargame.batches.store.folder import PARQUET, TALLY
from wargame.cli.main import main
from wargame.replay.fork import fork
from wargame.seminar.table import Table
from wargame.show.documents.report import report

FIXTURES = Path(__file__).parent / "fixtures" / "first-edition"
EXPECTED: dict[str, Any] = json.loads((FIXTURES / "expected.json").read_text(encoding="utf-8"))
FOLDERS = sorted(EXPECTED["digests"])
COUNTED = ("policy", "runs", "failed", "digest")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A copy of everything, which may be written to."""
    return shutil.copytree(FIXTURES, tmp_path / "old")


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_says_what_it_said(name: str) -> None:
    batch = Batch.open(FIXTURES / name)
    told = json.loads((FIXTURES / name / TALLY).read_text(encoding="utf-8"))
    assert batch.complete
    for tally, was in zip(batch.tallies(), told["results"], strict=True):
        now = tally.to_json()
        assert {key: now[key] for key in COUNTED} == {key: was[key] for key in COUNTED}
        for kind in ("endings", "milestones"):
            counts = {ending: row["count"] for ending, row in was[kind].items()}
            assert {ending: row["count"] for ending, row in now[kind].items()} == counts
    with batch.journal() as journal:
        assert journal.digest() == EXPECTED["digests"][name]


def test_a_table_of_runs_has_the_rows_of_the_journal() -> None:
    table = pytest.importorskip("pyarrow.parquet").read_table(FIXTURES / "tree" / PARQUET)
    endings = table["ending"].to_pylist()
    for number, tally in enumerate(Batch.open(FIXTURES / "tree").tallies()):
        part = endings[200 * number : 200 * (number + 1)]
        assert {name: part.count(name) for name in tally.endings} == tally.endings


@pytest.mark.parametrize("name", sorted(EXPECTED["runs"]))
def test_a_run_goes_as_it_went(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    replay = read_playthrough(FIXTURES / name)
    last = replay.playthrough.turns
    found = {
        "turns": last,
        "ending": replay.playthrough.ending,
        "after": replay.world(last).digest(),
    }
    assert found == EXPECTED["runs"][name]
    assert replay.verdict.identical
    assert main(["replay", str(FIXTURES / name), "--plain"]) == 0
    assert capsys.readouterr().out


def test_folders_compare_as_they_did() -> None:
    study = across([Batch.open(FIXTURES / "tree"), Batch.open(FIXTURES / "other")]).unpaired
    assert study is not None
    found = {
        one.variant.partition("#")[2]: {row.name: round(row.difference, 6) for row in one}
        for one in study
    }
    assert found == EXPECTED["differences"]


@pytest.mark.parametrize("name", ["tree", "seats"])
def test_a_folder_is_reported(name: str) -> None:
    text = report(Batch.open(FIXTURES / name))
    for tally in Batch.open(FIXTURES / name).tallies():
        assert tally.digest in text


def test_a_batch_goes_on_with_more_runs(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs, scenarios = old / "tree" / "inputs", old / "scenarios"
    (scenarios / "policies").mkdir(parents=True)
    shutil.copy(inputs / "scenario.yaml", scenarios / "tegmark-tree.yaml")
    overlay = inputs / "policies" / "spared" / "overlays" / "1-spared.yaml"
    shutil.copy(overlay, scenarios / "policies" / "spared.yaml")
    monkeypatch.chdir(old)
    assert main(["batch", "tegmark-tree", "--runs", "300", "--resume", "--out", "tree"]) == 0
    played = run_batch("tegmark-tree", policies=["spared"], runs=300, seed=7, out="anew")
    assert Batch.open("tree").tallies() == played.tallies()


def test_a_log_forks(old: Path) -> None:
    parent = read_playthrough(old / "seats#1")
    forked = fork(parent, 2, {"red": ["march"]})
    expected = EXPECTED["runs"]["fork.jsonl"]
    assert forked.replay.playthrough.ending == expected["ending"]
    assert forked.replay.world(expected["turns"]).digest() == expected["after"]


def test_a_seminar_goes_on_and_knows_its_codes(old: Path) -> None:
    table = Table.open(old / "seminar.jsonl")
    try:
        assert {table.role_for(code): code for code in EXPECTED["codes"].values()} == EXPECTED[
            "codes"
        ]
        assert table.state.turn == 3
    finally:
        table.close()


def test_that_an_old_folder_cannot_be_checked_as_a_whole_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["compare", str(FIXTURES / "tree")]) == 0
    assert "was written by version 0.1.0 or" in capsys.readouterr().out
    text = report(Batch.open(FIXTURES / "tree"))
    assert "but not that none was exchanged" in text and "全体として入れ替えがない" in text
