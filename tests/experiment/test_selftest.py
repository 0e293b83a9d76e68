"""The self-test tells right from wrong, and its exact answers are exact."""

from __future__ import annotations

import json

import numpy as np
import pytest

from wargame.analysis.validation import selftest
from wargame.analysis.validation.selftest import (
    Check,
    absorbed,
    checks,
    outcome_digest,
    step_chances,
    texts,
)
from wargame.backends.simulate import play_runs
from wargame.cli.main import main
from wargame.compiler import compile_scenario
from wargame.content.load import load_texts

SLOW = ("a run alone and in a batch", "a batch in several processes", "a log replayed")


def test_the_tree_is_a_distribution() -> None:
    assert sum(selftest.TREE.values()) == pytest.approx(1)
    assert selftest.TREE["KABOOM"] == pytest.approx(0.168)


@pytest.mark.parametrize("which", ["nature", "one", "two"])
def test_the_steps_of_a_chain_are_distributions(which: str) -> None:
    assert step_chances(which).sum(axis=1) == pytest.approx(np.ones(5))


def test_the_fundamental_matrix_agrees_with_the_gamblers_ruin() -> None:
    # Six steps apart, up with 4/9 and down with 5/9 of the moves: the closed form of the ruin.
    ratio = 5 / 4
    up, turns, _ = absorbed(step_chances("nature"))
    assert up == pytest.approx((1 - ratio**2) / (1 - ratio**6))
    drift = 0.9 * (4 / 9 - 5 / 9)
    assert turns == pytest.approx((6 * up - 2) / drift)  # Wald's identity


@pytest.mark.parametrize("name", [name for name in checks() if name not in SLOW])
def test_a_check_passes(name: str) -> None:
    passed, found = checks()[name]()
    assert passed, found


@pytest.mark.long
@pytest.mark.parametrize("name", SLOW)
def test_a_slow_check_passes(name: str) -> None:
    passed, found = checks()[name]()
    assert passed, found


def test_a_wrong_digest_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(selftest.GOLDEN, "one", "0" * 64)
    passed, found = checks()["digests as on other machines"]()
    assert not passed and found.endswith("written on: one")


def test_a_wrong_tree_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(selftest.TREE, "KABOOM", 0.148)
    monkeypatch.setitem(selftest.TREE, "Libya", selftest.TREE["Libya"] + 0.02)
    passed, _ = checks()["Tegmark's tree"]()
    assert not passed


def test_a_wrong_chain_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest, "NATURE", selftest.NATURE.replace("weight: 5", "weight: 4"))
    passed, _ = checks()["a chain that nature moves"]()
    assert not passed


def test_a_check_that_breaks_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> tuple[bool, str]:
        raise ValueError("no such thing")

    monkeypatch.setattr(selftest, "checks", lambda jobs: {"broken": broken})
    seen: list[Check] = []
    found = selftest.selftest(on_check=seen.append)
    assert found == seen and not found[0].passed
    assert found[0].words().startswith("FAILED") and "no such thing" in found[0].words("ja")


@pytest.mark.parametrize("passed", [True, False])
def test_the_exit_code_tells(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], passed: bool
) -> None:
    monkeypatch.setattr(selftest, "checks", lambda jobs: {"it": lambda: (passed, "so it is")})
    assert main(["selftest"]) == (0 if passed else 1)
    assert f"{int(passed)} of 1 checks passed" in capsys.readouterr().out
    assert main(["selftest", "--json"]) == (0 if passed else 1)
    assert json.loads(capsys.readouterr().out)["passed"] is passed


def test_a_digest_tells_two_sets_of_runs_apart() -> None:
    scenario = compile_scenario(load_texts(texts("nature")))
    one, other = play_runs(scenario, range(50), 1), play_runs(scenario, range(50), 2)
    assert outcome_digest(one) == outcome_digest(play_runs(scenario, range(50), 1, chunk=7))
    assert outcome_digest(one) != outcome_digest(other)
