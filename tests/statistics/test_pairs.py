"""Pairing by run number, and tables that add up."""

import numpy as np
import pytest

from wargame.statistics.pairs import Outcomes, Pairs, pair

BASE = Outcomes.of(
    "base",
    [1, 2, 3, 4, 5],
    ["Korea", "KABOOM", "Korea", None, "Libya"],
    {"kaboom": [0, 1, 1, 1, 0]},
)
VARIANT = Outcomes.of(
    "no-warnings",
    [6, 5, 4, 3, 2],
    ["Korea", "KABOOM", "Korea", "KABOOM", "KABOOM"],
    {"kaboom": [0, 1, 0, 1, 1]},
)


def test_runs_are_paired_by_number_not_by_place() -> None:
    pairs = pair(BASE, VARIANT)
    assert pairs.n == 4  # 2, 3, 4 and 5
    assert pairs.unpaired == 2  # 1 and 6
    assert pairs.endings == ("KABOOM", "Korea", "Libya")
    expected = np.zeros((4, 4), dtype=int)
    expected[0, 0] = 1  # run 2: KABOOM both times
    expected[1, 0] = 1  # run 3: Korea -> KABOOM
    expected[3, 1] = 1  # run 4: failed -> Korea
    expected[2, 0] = 1  # run 5: Libya -> KABOOM
    assert (pairs.transitions == expected).all()


def test_a_failed_run_has_no_milestone() -> None:
    table = pair(BASE, VARIANT).table("kaboom")
    # Rows and columns: no, yes, failed. Run 4 failed in the base, whatever its column says.
    assert table.tolist() == [[0, 1, 0], [0, 2, 0], [1, 0, 0]]


def test_an_endings_table_is_its_part_of_the_transitions() -> None:
    assert pair(BASE, VARIANT).table("KABOOM").tolist() == [[0, 2, 0], [0, 1, 0], [1, 0, 0]]


def test_an_outcome_given_a_condition_has_four_states() -> None:
    table = pair(BASE, VARIANT, ["KABOOM|kaboom"]).table("KABOOM|kaboom")
    # outside, given only, given with the outcome, failed
    expected = np.zeros((4, 4), dtype=int)
    expected[2, 2] = 1  # run 2
    expected[1, 2] = 1  # run 3: kaboom in both, KABOOM only in the variant
    expected[3, 0] = 1  # run 4
    expected[0, 2] = 1  # run 5
    assert (table == expected).all()


def test_chunks_add_up_to_the_whole() -> None:
    rng = np.random.default_rng(0)
    names = np.array(["Korea", "KABOOM", "Libya", "failed"])

    def outcomes(variant: str, runs: range) -> Outcomes:
        codes, used = endings[variant][runs.start : runs.stop], kaboom[variant]
        return Outcomes.of(
            variant,
            runs,
            names[codes].tolist(),
            {"kaboom": used[runs.start : runs.stop]},
            endings=names[:3].tolist(),
        )

    endings = {v: rng.integers(0, 4, 1000) for v in ("base", "policy")}
    kaboom = {v: rng.random(1000) < 0.3 for v in ("base", "policy")}

    def paired(runs: range) -> Pairs:
        return pair(outcomes("base", runs), outcomes("policy", runs), ["KABOOM|kaboom"])

    whole, parts = paired(range(1000)), paired(range(250)) + paired(range(250, 1000))
    assert (whole.transitions == parts.transitions).all()
    for name in whole.names:
        assert (whole.table(name) == parts.table(name)).all()


def test_different_things_do_not_add_up() -> None:
    pairs = pair(BASE, VARIANT)
    with pytest.raises(ValueError, match="same variants"):
        pairs + pairs.swapped()


def test_counts_keep_endings_nobody_reached() -> None:
    found = Outcomes.of("base", [1, 2], ["Korea", None], endings=["KABOOM", "Korea"])
    assert found.counts() == {"KABOOM": 0, "Korea": 1}
    assert found.failed.tolist() == [False, True]


def test_a_run_is_stored_once() -> None:
    with pytest.raises(ValueError, match="run 7 occurs twice"):
        Outcomes.of("base", [7, 3, 7], ["Korea"] * 3)


def test_columns_of_one_length() -> None:
    with pytest.raises(ValueError, match="unequal length"):
        Outcomes.of("base", [1, 2], ["Korea", "Korea"], {"kaboom": [1]})


def test_unknown_names() -> None:
    with pytest.raises(KeyError, match="Cuba"):
        BASE.happened("Cuba")
    with pytest.raises(KeyError, match="Cuba"):
        pair(BASE, VARIANT).table("Cuba")
    with pytest.raises(KeyError, match="Cuba"):
        pair(BASE, VARIANT, ["Cuba|kaboom"])
