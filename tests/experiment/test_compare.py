"""Comparing what was played: folders with folders, and two runs that went apart."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import quarrel

from wargame.analysis.compare_batches import across, pairs_between, pooled
from wargame.analysis.divergence import Divergence, discordant_run, divergence, pair_of_runs
from wargame.batches.batch import Batch, run_batch
from wargame.batches.store.plan import BASELINE
from wargame.cli.main import main
from wargame.cli.shared.tell_divergence import Parting
from wargame.errors import WargameError
from wargame.show.text.titles import Titles

HOTTER = quarrel.FILES["actors/red.yaml"].replace("threaten: +30", "threaten: +90")


@pytest.fixture(scope="module")
def top(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return quarrel.write(tmp_path_factory.mktemp("compare"))


@pytest.fixture(scope="module")
def folders(top: Path) -> dict[str, Batch]:
    """The quarrel under two seeds; under one seed with fewer runs; and with a hotter head."""
    asked = {"policies": ["no-talks", "whisper"]}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(top)
        found = {
            "seven": run_batch("quarrel", runs=1200, out="seven", **asked),  # type: ignore[arg-type]
            "eight": run_batch("quarrel", runs=800, seed=8, out="eight", **asked),  # type: ignore[arg-type]
            "short": run_batch("quarrel", runs=500, out="short"),
        }
        quarrel.write(top, {"actors/red.yaml": HOTTER})
        found["hotter"] = run_batch("quarrel", policies=["threats"], runs=1200, out="hotter")
        quarrel.write(top)
    return {name: Batch.open(top / name) for name in found}


@pytest.fixture
def place(top: Path, folders: dict[str, Batch], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(top)
    return top


# ------------------------------------------------------------------------------ folders


def test_one_seed_means_pairs(folders: dict[str, Batch]) -> None:
    found = pairs_between(folders["seven"], BASELINE, folders["short"], BASELINE)
    assert (found.n, found.unpaired) == (500, 700)
    off_diagonal = found.transitions - np.diag(np.diag(found.transitions))
    assert not off_diagonal.any(), "the same runs end the same way"


def test_a_changed_scenario_is_compared_run_by_run(folders: dict[str, Batch]) -> None:
    found = across([folders["seven"], folders["hotter"]])
    assert found.unpaired is None and found.paired is not None
    hotter, threats = found.paired
    assert hotter.base.endswith("seven#baseline") and hotter.variant.endswith("hotter#baseline")
    assert hotter["War"].verdict.kind == "up"
    # A policy that the first folder does not have is compared with its baseline.
    assert threats.base.endswith("seven#baseline") and threats.variant.endswith("hotter#threats")
    assert threats["War"].difference > hotter["War"].difference


def test_other_seeds_mean_independent_samples(folders: dict[str, Batch]) -> None:
    found = across([folders["seven"], folders["eight"]])
    assert found.paired is None and found.unpaired is not None
    assert [c.variant.rpartition("#")[2] for c in found.unpaired] == [
        "baseline",
        "no-talks",
        "whisper",
    ]
    for one in found.unpaired:
        assert (one.n, getattr(one, "base_n")) == (800, 1200)  # noqa: B009
        assert not any(row.verdict.resolved for row in one), "only the luck is another"


def test_pooling_adds_up_the_pairs(folders: dict[str, Batch]) -> None:
    alone = [folders[name].summary.study for name in ("seven", "eight")]
    both = pooled([folders["seven"], folders["eight"]])
    assert both["no-talks"].n == 2000
    gained = [study["no-talks"]["War"].gained for study in alone if study]
    assert both["no-talks"]["War"].gained == sum(filter(None, gained))


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("seven", "seven"), "hold the same runs"),
        (("short", "eight"), "no policy that the others have"),
    ],
)
def test_what_cannot_be_pooled(
    folders: dict[str, Batch], names: tuple[str, str], told: str
) -> None:
    with pytest.raises(WargameError, match=told):
        pooled([folders[name] for name in names])


# ------------------------------------------------------------------------------ two runs


def went_apart(batch: Batch, policy: str = "no-talks", run: int | None = None) -> Divergence:
    return divergence(
        *pair_of_runs(batch, policy, discordant_run(batch, policy) if run is None else run)
    )


def test_the_run_chosen_makes_the_most_frequent_exchange(folders: dict[str, Batch]) -> None:
    batch = folders["seven"]
    study = batch.summary.study
    assert study is not None
    busiest = max(study["no-talks"].transitions, key=lambda flow: flow.count)
    found = went_apart(batch)
    assert (found.base.ending, found.variant.ending) == (busiest.base, busiest.variant)


def test_the_first_departure_is_the_order_that_the_policy_forbids(
    folders: dict[str, Batch],
) -> None:
    found = went_apart(folders["seven"])
    (first,) = found.first
    assert first.actor == "red"
    assert (first.base.chosen, first.variant.chosen) == (("talk",), ())
    before, after = first.weighed("talk")
    assert before and after
    assert (before.barrier, after.barrier) == ("", "policy")
    # Until then the two runs are one: world by world, and so is their news.
    for turn in range(first.turn):
        assert found.base.worlds[turn].digest() == found.variant.worlds[turn].digest()
    assert all(departure.turn > first.turn for departure in found.later)


def test_news_goes_its_own_way_only_where_it_is_asked_to(folders: dict[str, Batch]) -> None:
    # The rumour has a name of its own: forbidding talks leaves it as it was.
    assert went_apart(folders["seven"]).news is None


def test_news_that_only_one_of_them_had_is_told(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_batch("quarrel", policies=["gossip"], runs=60, out="gossiping")
    assert main(["compare", "gossiping", "--why", "3"]) == 0
    assert "News only under gossip: A rumour spreads." in capsys.readouterr().out


def test_what_differs_before_the_first_turn(place: Path, folders: dict[str, Batch]) -> None:
    batch = run_batch("quarrel", policies=["hush-money"], runs=60, out="hushed")
    found = went_apart(batch, "hush-money", run=3)
    assert found.opening == {"trust": (300, 450)}


def test_a_run_that_did_not_go_apart(folders: dict[str, Batch]) -> None:
    with pytest.raises(WargameError, match="moved no run"):
        discordant_run(folders["seven"], "whisper")
    found = went_apart(folders["seven"], "whisper", run=5)
    assert not found.departures and found.news is None
    assert not found.milestones() and not found.peaks()


@pytest.mark.parametrize(("policy", "run"), [("no-tolks", 0), ("no-talks", 1200), ("baseline", 0)])
def test_no_such_pair(folders: dict[str, Batch], policy: str, run: int) -> None:
    with pytest.raises(WargameError):
        pair_of_runs(folders["seven"], policy, run)


# ------------------------------------------------------------------------------ the command


def test_why_is_told_in_plain_sentences(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "seven", "--policy", "no-talks", "--why"]) == 0
    told = capsys.readouterr().out
    for sentence in (
        "baseline: Red talks to Blue.",
        "no-talks: Red does nothing.",
        "Talk: weight 20 of ",
        "forbidden by the policy",
        "What followed",
    ):
        assert sentence in told
    assert main(["compare", "seven", "--policy", "no-talks", "--why", "--lang", "ja"]) == 0
    told = capsys.readouterr().out
    assert "赤が青と話す" in told and "政策が禁止" in told
    assert "基準：赤が青と話す" in told and "第12ターン" in told
    assert "baseline" not in told and ": " not in told


def test_rules_that_spoke_are_named(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "hotter", "--why", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)["why"]
    rules = {
        tuple(rule)
        for departure in data["departures"]
        for sides in departure["weighed"].values()
        for option in sides
        for rule in option["rules"]
    }
    assert ("hot-head", "add", 90) in rules


@pytest.mark.parametrize(("lang", "told"), [("en", "hot-head +90"), ("ja", "赤は怒っている +90")])
def test_a_rule_is_called_by_its_reason_in_japanese(
    folders: dict[str, Batch], lang: str, told: str
) -> None:
    titles = Titles.of_batch(folders["hotter"], lang)
    stories = (
        Parting(
            divergence(*pair_of_runs(folders["hotter"], "threats", run)), (BASELINE, ""), titles
        )
        for run in range(40)
    )
    assert any(told in line for story in stories for line in story.story())


def test_folders_are_compared_as_json(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "seven", "hotter", "eight", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["folders"] == ["seven", "hotter", "eight"]
    assert data["complete"] == [True, True, True]
    assert len(data["paired"]) == 2 and len(data["unpaired"]) == 3
    assert main(["compare", "seven", "eight", "--pool"]) == 0
    assert "2,000 pairs of runs under the same luck" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "nowhere is no folder of results"),
        (["short"], "has no policy to compare with the baseline"),
        (["seven", "--policy", "no-tolks"], "did you mean 'no-talks'?"),
        (["seven", "--policy", "xyz"], "there are: no-talks, whisper"),
        (["seven", "short", "--policy", "xyz"], "there are: no-talks, whisper"),
        (["seven", "--why"], "name one policy"),
        (["seven", "--policy", "whisper", "--why"], "moved no run"),
        (["seven", "--margin", "2"], "a margin is a share"),
        (["scenarios"], "scenarios is no folder of results"),
    ],
)
def test_mistakes_are_told(
    place: Path, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", *arguments]) == 2
    printed = capsys.readouterr()
    assert told in printed.err and len(printed.err.splitlines()) == 1
    assert printed.out == ""
