"""The samples in runs/ open, are what today's program writes, and belong to no machine."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

import wargame as wg

TOP = Path(__file__).resolve().parent.parent
RUNS = TOP / "runs"
BATCH, LOG = RUNS / "sample-batch", RUNS / "sample-run.jsonl"
ANEW = "the samples in runs/ are not what today's program writes: `make samples`, and commit them"


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same batch, and a fork of the same run, as they are written today."""
    folder = tmp_path_factory.mktemp("today")
    wg.batch("tegmark-tree", runs=500, jobs=1, out=folder / BATCH.name)
    wg.fork(LOG, 17, injects=[{"title": "Nothing"}], out=folder / LOG.name)
    return folder


def shape(value: Any) -> Any:
    """The keys of JSON data, without what they hold."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else None


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def records(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_sample_batch_opens() -> None:
    results = wg.open_results(BATCH)
    assert results.batch.complete, ANEW
    assert results.endings["count"].sum() == len(results.runs) == 500
    assert results.endings.loc[("baseline", "KABOOM"), "low"] < 0.168


def test_a_row_of_the_sample_batch_is_played_again_as_it_was() -> None:
    run = wg.open_run(f"{BATCH}#4")
    assert run.replay.verdict.identical, f"{run.replay.verdict.words()}; {ANEW}"
    assert run.ending == wg.open_results(BATCH).runs.loc[("baseline", 4), "ending"]


def test_the_sample_log_is_played_again_as_it_was() -> None:
    run = wg.open_run(LOG)
    assert run.replay.verdict.identical, f"{run.replay.verdict.words()}; {ANEW}"
    assert (run.ending, run.turns) == ("KABOOM", 17)
    assert {"russia", "ukraine", "usa"} <= set(run.orders.actor)


def test_the_samples_have_the_files_and_keys_that_are_written_today(today: Path) -> None:
    def files(folder: Path) -> list[str]:
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))

    assert files(BATCH) == files(today / BATCH.name), ANEW
    for name in ("manifest.json", "tally.json"):
        assert shape(read(BATCH / name)) == shape(read(today / BATCH.name / name)), ANEW


def test_the_log_has_the_records_that_are_written_today(today: Path) -> None:
    (head, *turns), (head_now, *turns_now) = records(LOG), records(today / LOG.name)
    assert set(head_now) - {"parent", "until"} <= set(head), ANEW
    assert [set(turn) for turn in turns[:3]] == [set(turn) for turn in turns_now[:3]], ANEW


def test_only_what_the_readme_names_is_committed() -> None:
    named = set(re.findall(r"^\| `(sample-[\w.-]+)", (RUNS / "README.md").read_text(), re.M))
    git = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "runs"]
    listed = subprocess.run(git, cwd=TOP, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        there = {line.split("/")[1] for line in listed.stdout.splitlines()}
        assert there == named | {"README.md"}
    assert named == {BATCH.name, LOG.name}


def test_the_samples_are_small_and_name_no_machine() -> None:
    assert sum(path.stat().st_size for path in BATCH.rglob("*")) < 300_000
    assert LOG.stat().st_size < 400_000
    assert read(BATCH / "manifest.json")["platform"] in ("Linux", "Darwin")
    for path in (LOG, *BATCH.rglob("*")):
        if path.is_file():
            assert str(TOP).encode() not in path.read_bytes(), path
