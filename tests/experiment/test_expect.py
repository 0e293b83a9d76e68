"""What policies say of their own effect, and what becomes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import quarrel

from wargame.analysis.expect import judge, predicting
from wargame.batches.batch import Batch, run_batch
from wargame.cli.main import main
from wargame.errors import SpecError, WargameError

PREDICTING = ("hush-money", "no-talks", "whisper")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    """Two thousand pairs for each policy of the quarrel that states directions."""
    top = quarrel.write(tmp_path_factory.mktemp("expect"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(top)
        return run_batch("quarrel", policies=PREDICTING, runs=2000, out=top / "out")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(quarrel.write(tmp_path))
    return tmp_path


def test_only_policies_that_state_directions_for_this_scenario(place: Path) -> None:
    assert predicting("quarrel") == PREDICTING
    assert predicting(str(place / "scenarios" / "quarrel.yaml")) == PREDICTING


def test_a_faulty_policy_is_told_if_it_is_meant_for_this_scenario(place: Path) -> None:
    faulty = quarrel.FILES["scenarios/policies/no-talks.yaml"].replace("[talk]", "[tolk]")
    quarrel.write(place, {"scenarios/policies/no-talks.yaml": faulty})
    with pytest.raises(SpecError, match="did you mean 'talk'"):
        predicting("quarrel")
    elsewhere = faulty.replace("[quarrel]", "[bridge-2022]")
    quarrel.write(place, {"scenarios/policies/no-talks.yaml": elsewhere})
    assert predicting("quarrel") == ("hush-money", "whisper")


def test_directions_hold_fail_and_add_up(played: Batch) -> None:
    found = judge(played)
    answers = {
        (policy.policy, prediction.name): (prediction.expected, prediction.answer)
        for policy in found
        for prediction in policy.predictions
    }
    assert answers == {
        ("hush-money", "War"): ("up", "fails"),  # it buys peace, so there is less of it
        ("hush-money", "Peace"): ("up", "holds"),
        ("no-talks", "War"): ("up", "holds"),
        ("no-talks", "Peace"): ("down", "holds"),
        ("no-talks", "War|crisis"): ("up", "holds"),
        ("whisper", "War"): ("flat", "holds"),
        ("whisper", "crisis"): ("flat", "holds"),
    }
    assert {policy.policy: policy.answer for policy in found} == {
        "hush-money": "fails",
        "no-talks": "holds",
        "whisper": "holds",
    }
    assert [found.policies_that(answer) for answer in ("holds", "fails", "unresolved")] == [2, 1, 0]
    assert [found.directions_that(a) for a in ("holds", "fails", "unresolved")] == [6, 1, 0]


def test_the_verdicts_are_those_of_the_batch(played: Batch) -> None:
    study = played.summary.study
    assert study is not None
    for policy in judge(played):
        for prediction in policy.predictions:
            assert prediction.found == study[policy.policy][prediction.name]


def test_a_wider_margin_makes_flat_easier_and_up_harder(played: Batch) -> None:
    by_margin = {
        margin: {
            (policy.policy, prediction.name): prediction.answer
            for policy in judge(played, margin)
            for prediction in policy.predictions
        }
        for margin in (0.001, 0.01)
    }
    assert by_margin[0.001]["whisper", "War"] == "unresolved"  # ±0.33 points are left
    assert by_margin[0.01]["whisper", "War"] == "holds"
    with pytest.raises(WargameError, match="margin"):
        judge(played, 0.0)


def test_the_command_prints_what_was_found(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["expect", "quarrel", "--runs", "1200", "--jobs", "1", "--out", "out"]
    assert main([*asked, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert [policy["policy"] for policy in data["policies"]] == list(PREDICTING)
    assert data["summary"]["policies"] == {"holds": 2, "fails": 1, "unresolved": 0}
    assert data["policies"][1]["predictions"][2]["name"] == "War|crisis"
    assert (data["n"], data["margin"], data["out"]) == (1200, 0.01, "out")

    # Once played, the folder answers at once, and under another margin too.
    assert main(["expect", "quarrel", "--out", "out", "--resume", "--margin", "0.001"]) == 0
    printed = capsys.readouterr().out
    assert "Of 3 policies 1 holds, 1 fails, 1 is unresolved." in printed
    assert "Of 7 directions 4 hold, 1 fails, 2 are unresolved." in printed


def test_no_policy_to_judge(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["expect", "quarrel", "--policies", "no-talks", "threats"]) == 2
    assert "threats does not say what to expect" in capsys.readouterr().err
    for policy in PREDICTING:
        (place / "scenarios" / "policies" / f"{policy}.yaml").unlink()
    assert main(["expect", "quarrel", "--runs", "10"]) == 2
    assert "no policy says what to expect of quarrel" in capsys.readouterr().err
    assert not Path("runs").exists()


def test_a_margin_that_makes_no_sense_is_refused_before_the_first_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["expect", "no-such-scenario", "--margin", "3"]) == 2
    assert capsys.readouterr().err == "wargame: a margin is a share between 0 and 0.5, not 3\n"
