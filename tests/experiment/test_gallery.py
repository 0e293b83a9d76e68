"""The telling runs of a batch, and the one way in to every run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_crisis import BLUE, MOVES, RED, SCENARIO, small_crisis

from wargame.analysis.notable_runs import Pick, _unnamed, pick_runs
from wargame.batches import open_run
from wargame.batches.batch import Batch, run_batch
from wargame.batches.open_run import batch_run, read_playthrough
from wargame.errors import ReplayError, StoreError
from wargame.replay.playthrough import play_through
from wargame.replay.replay import record_run

RUNS = 120


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    folder = tmp_path_factory.mktemp("content")
    (folder / "actors").mkdir()
    (folder / "scenarios").mkdir()
    (folder / "scenarios" / "small-crisis.yaml").write_text(SCENARIO, encoding="utf-8")
    for name, text in (("red", RED), ("blue", BLUE), ("small", MOVES)):
        (folder / "actors" / f"{name}.yaml").write_text(text, encoding="utf-8")
    scenario = str(folder / "scenarios" / "small-crisis.yaml")
    return run_batch(scenario, runs=RUNS, out=folder / "out")


@pytest.fixture(scope="module")
def picks(batch: Batch) -> tuple[Pick, ...]:
    return pick_runs(batch, futures=20)


def test_each_ending_that_came_has_its_typical_run(batch: Batch, picks: tuple[Pick, ...]) -> None:
    typical = {pick.ending: pick for pick in picks if pick.kind == "typical"}
    runs = {run: play_through(small_crisis(), run=run) for run in range(RUNS)}
    assert set(typical) == {run.ending for run in runs.values()}
    assert sum(pick.numbers["share"] for pick in typical.values()) == pytest.approx(1)
    for ending, pick in typical.items():
        assert runs[pick.run].ending == ending
        of_this = [run.turns for run in runs.values() if run.ending == ending]
        assert min(of_this) <= runs[pick.run].turns <= max(of_this)


def test_every_pick_can_be_opened_and_says_why(picks: tuple[Pick, ...]) -> None:
    assert {pick.kind for pick in picks} == {"typical", "escape", "turning", "spiral"}
    for pick in picks:
        replay = read_playthrough(pick.where)
        assert replay.verdict.identical and replay.playthrough.ending == pick.ending
        assert 0 <= pick.turn <= replay.playthrough.turns
        assert pick.words("en") != pick.words("ja")
        assert pick.to_json()["why"] == pick.words("en")


def test_the_narrowest_escape_did_not_end_in_the_worst(picks: tuple[Pick, ...]) -> None:
    escape = next(pick for pick in picks if pick.kind == "escape")
    assert escape.ending != "KABOOM" and 0 < escape.numbers["share"] <= 1


def test_the_longest_spiral_is_the_longest_climb_without_a_step_down(
    picks: tuple[Pick, ...],
) -> None:
    def climb(run: int) -> int:
        stages = [
            int(w["stage(red-blue)"][0]) for w in play_through(small_crisis(), run=run).worlds
        ]
        best = first = 0
        for turn in range(1, len(stages)):
            step = stages[turn] - stages[turn - 1]
            if step < 0:
                first = 0
            elif step > 0:
                first = first or turn
                best = max(best, turn - first + 1)
        return best

    spiral = next(pick for pick in picks if pick.kind == "spiral")
    named = {pick.run for pick in picks if pick.kind != "spiral"}
    free = [run for run in range(RUNS) if run not in named]
    assert spiral.numbers["turns"] == max(map(climb, free)) == climb(spiral.run)


def test_a_row_of_a_batch_opens_as_the_run_that_it_was(batch: Batch) -> None:
    for run in (0, 57, RUNS - 1):
        replay = read_playthrough(f"{batch.folder}#{run}")
        alone = play_through(small_crisis(), run=run)
        assert replay.verdict.identical
        assert replay.playthrough.worlds[-1].digest() == alone.worlds[-1].digest()


def test_a_row_that_went_otherwise_is_told(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_run, "_trail", lambda *_: 1)
    verdict = batch_run(batch, 3).verdict
    assert not verdict.identical and "the trail of the run" in verdict.words()


@pytest.mark.parametrize(
    ("where", "error", "why"),
    [
        ("{batch}#120", ReplayError, "has no run 120 of baseline; it has runs 0 to 119"),
        ("{batch}#x", ReplayError, "the number of a run"),
        ("{batch}#-1", ReplayError, "the number of a run"),
        ("{batch}#off-ramp/3", ReplayError, "there is no policy 'off-ramp'"),
        ("{batch}/nothing#3", StoreError, ""),
        ("{batch}/nothing.jsonl", ReplayError, "nothing.jsonl"),
        ("{batch}", ReplayError, "not a regular file"),
        ("autumn-2202", ReplayError, "did you mean 'autumn-2022'?"),
    ],
)
def test_what_cannot_be_opened_is_named(
    batch: Batch, where: str, error: type[Exception], why: str
) -> None:
    with pytest.raises(error) as caught:
        read_playthrough(where.format(batch=batch.folder))
    assert why in str(caught.value)


def test_a_log_opens_by_its_path_and_a_history_by_its_name(tmp_path: Path) -> None:
    run = record_run(small_crisis(), tmp_path / "a log#1.jsonl", run=4)
    assert np.array_equal(
        read_playthrough(tmp_path / "a log#1.jsonl").playthrough.worlds[-1].cells,
        run.worlds[-1].cells,
    )
    assert read_playthrough("autumn-2022").header.history == "autumn-2022"


def test_a_batch_without_runs_has_no_gallery(batch: Batch) -> None:
    with pytest.raises(StoreError, match="no policy"):
        pick_runs(batch, "off-ramp")
    with pytest.raises((StoreError, ReplayError)):
        pick_runs(replace(batch, folder=batch.folder / "nothing"))


def test_no_run_stands_under_two_headings(picks: tuple[Pick, ...]) -> None:
    assert len({pick.where for pick in picks}) == len(picks)
    for pick in picks:
        assert pick.further == ("of the other runs" in pick.words("en"))
        assert pick.further == ("ほかの実行のうち" in pick.words("ja"))
        assert pick.to_json()["further"] is pick.further


def test_what_stands_under_no_heading_yet_goes_first() -> None:
    assert _unnamed([4, 2, 9], set()) == 4
    assert _unnamed([4, 2, 9], {4, 7}) == 2
    assert _unnamed([4, 2], {2, 4}) == 4, "better twice than not at all"
