"""Regions planted in noise are found again; noise alone has none."""

import json

import numpy as np
import pytest

from wargame.statistics.failure_regions import failure_regions
from wargame.statistics.prim import Box, induce, paste, peel, quality

TITLES = {"resolve": {"en": "NATO's resolve", "ja": "NATOの決意"}}


def draw(n: int, unknowns: int, seed: int) -> tuple[dict[str, np.ndarray], np.random.Generator]:
    """Whole numbers 0..1000, as unknowns are drawn."""
    rng = np.random.default_rng(seed)
    names = ["resolve", "loss_gap", *(f"other{i}" for i in range(unknowns - 2))]
    return {name: rng.integers(0, 1001, n) for name in names}, rng


def test_a_planted_region_is_found_with_its_limits() -> None:
    x, rng = draw(8000, 6, seed=1)
    inside = (x["resolve"] <= 420) & (x["loss_gap"] >= 600)
    y = rng.random(8000) < np.where(inside, 0.6, 0.05)
    found = failure_regions(x, y, name="KABOOM", titles=TITLES)
    (region,) = found
    limits = {(limit.unknown, limit.bound): limit for limit in region.limits}
    assert set(limits) == {("resolve", "at most"), ("loss_gap", "at least")}
    assert limits["resolve", "at most"].value == pytest.approx(420, abs=15)
    assert limits["loss_gap", "at least"].value == pytest.approx(600, abs=15)
    assert all(limit.kept == 1.0 for limit in region.limits)
    assert region.low < 0.6 < region.high
    assert region.mass == pytest.approx(inside.mean(), abs=0.02)
    assert region.coverage == pytest.approx(y[inside].sum() / y.sum(), abs=0.04)
    assert region.again == 1.0
    assert region.agreement > 0.85


def test_noise_has_no_region() -> None:
    """Twenty searches of six unknowns that mean nothing; at alpha 5 % about one may err."""
    found = 0
    for seed in range(20):
        x, rng = draw(2000, 6, seed)
        found += bool(failure_regions(x, rng.random(2000) < 0.1, name="x", resamples=0).regions)
    assert found <= 3


def test_a_region_that_luck_alone_made_is_not_found_again() -> None:
    """With a lax alpha noise does yield boxes, and large ones: being large is no agreement."""
    found = []
    for seed in range(30):
        x, rng = draw(1000, 6, seed)
        y = rng.random(1000) < 0.2
        found += failure_regions(x, y, name="x", alpha=0.4, most=1, resamples=10, seed=seed)
    assert len(found) >= 3
    assert any(region.mass > 0.5 for region in found)
    assert all(region.again <= 0.3 and region.agreement < 0.3 for region in found)


def test_a_region_that_lost_sides_to_pruning_is_compared_with_pruned_ones() -> None:
    """One side matters; the search always adds some that do not, in every resample anew."""
    again = []
    for seed in range(3):
        x, rng = draw(3000, 6, seed)
        y = rng.random(3000) < np.where(x["resolve"] >= 450, 0.2, 0.05)
        (region,) = failure_regions(x, y, name="KABOOM", resamples=10, seed=seed)
        assert {limit.unknown for limit in region.limits} == {"resolve"}
        again.append(region.again)
    assert min(again) >= 0.9


def test_two_regions_come_one_after_the_other() -> None:
    x, rng = draw(8000, 4, seed=2)
    first, second = x["resolve"] < 150, x["loss_gap"] > 900
    y = rng.random(8000) < np.select([first, second], [0.7, 0.5], 0.05)
    found = failure_regions(x, y, name="KABOOM", resamples=5)
    assert [region.where() for region in found] == [
        f"resolve at most {found.regions[0].limits[0].value:g}",
        f"loss_gap at least {found.regions[1].limits[0].value:g}",
    ]
    assert found.coverage == pytest.approx(y[first | second].sum() / y.sum(), abs=0.04)
    # The second counts only what the first left over.
    assert found.regions[1].mass == pytest.approx((second & ~first).mean(), abs=0.02)


def test_every_region_is_worse_than_the_runs_as_a_whole() -> None:
    x, rng = draw(6000, 3, seed=3)
    slope = (x["resolve"] + x["loss_gap"]) / 2000
    found = failure_regions(x, rng.random(6000) < 0.6 * slope**2, name="KABOOM", resamples=3)
    assert found.regions
    assert all(region.low > found.overall for region in found)


def test_shares_of_replicates_work_like_single_runs() -> None:
    x, rng = draw(4000, 3, seed=4)
    y = rng.binomial(20, np.where(x["resolve"] <= 300, 0.3, 0.1)) / 20
    (region,) = failure_regions(x, y, name="KABOOM", resamples=5)
    assert region.where() == f"resolve at most {region.limits[0].value:g}"
    assert region.limits[0].value == pytest.approx(300, abs=20)
    assert region.low < 0.3 < region.high


def test_an_unknown_of_few_values_is_cut_between_them() -> None:
    rng = np.random.default_rng(5)
    switch, other = rng.integers(0, 2, 4000), rng.integers(0, 3, 4000)
    y = rng.random(4000) < 0.05 + 0.15 * switch
    (region,) = failure_regions({"switch": switch, "other": other}, y, name="KABOOM")
    assert region.where() == "switch at least 1"
    assert region.mass == pytest.approx(0.5, abs=0.03)


def test_what_always_or_never_happens_has_no_region() -> None:
    x, _ = draw(500, 3, seed=6)
    for y in (np.zeros(500), np.ones(500)):
        assert not failure_regions(x, y, name="KABOOM").regions


def test_the_order_of_the_runs_in_time_does_not_matter_to_the_limits_found() -> None:
    """Another split, the same region within its own spread."""
    x, rng = draw(8000, 4, seed=7)
    y = rng.random(8000) < np.where(x["resolve"] <= 250, 0.5, 0.05)
    values = [
        failure_regions(x, y, name="KABOOM", resamples=0, seed=seed).regions[0].limits[0].value
        for seed in range(4)
    ]
    assert values == [pytest.approx(250, abs=15)] * 4


def test_peeling_goes_from_all_runs_to_few_and_never_splits_equal_values() -> None:
    rng = np.random.default_rng(8)
    x = rng.integers(0, 5, (400, 3)).astype(float)
    path = peel(x, (x[:, 0] >= 3).astype(float), 0.05, 20)
    sizes = [int(box.contains(x).sum()) for box in path]
    assert sizes[0] == 400
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == len(sizes)
    assert sizes[-1] >= 20
    assert path[1].sides() == [(0, False)]
    assert path[1].limit(0, upper=False) == 1.0


def test_pasting_takes_back_what_was_peeled_too_far() -> None:
    rng = np.random.default_rng(10)
    x = rng.integers(0, 1001, (4000, 2)).astype(float)
    y = (x[:, 0] <= 420).astype(float)
    narrow = Box.free(2).moved(0, True, 200.0).moved(1, False, 300.0)
    wide = paste(x, y, narrow, 0.05, float(y.mean()))
    assert wide.sides() == [(0, True)]
    assert wide.limit(0, upper=True) == pytest.approx(420, abs=15)


def test_the_box_found_is_at_least_as_good_as_any_on_the_path_and_often_better() -> None:
    gains = []
    for seed in range(8):
        x, rng = draw(1000, 6, seed)
        columns = np.column_stack(list(x.values())).astype(float)
        inside = (x["resolve"] <= 420) & (x["loss_gap"] >= 600)
        y = (rng.random(1000) < np.where(inside, 0.3, 0.05)).astype(float)
        box, path, chosen = induce(columns, y, 0.05, 50)
        qualities = [quality(y[step.contains(columns)], float(y.mean())) for step in path]
        assert qualities[chosen] == max(qualities)
        gains.append(quality(y[box.contains(columns)], float(y.mean())) - max(qualities))
    assert min(gains) >= 0
    assert sum(gain > 0 for gain in gains) >= 4


def test_a_box_knows_what_lies_beyond_one_side() -> None:
    box = Box.free(2).moved(0, False, 3.0).moved(1, True, 5.0)
    x = np.array([[3.0, 5.0], [2.0, 5.0], [3.0, 6.0], [2.0, 6.0]])
    assert box.contains(x).tolist() == [True, False, False, False]
    assert box.beyond(x, 0, False).tolist() == [False, True, False, False]
    assert box.freed(0, False).sides() == [(1, True)]


def test_words_and_json() -> None:
    x, rng = draw(4000, 3, seed=9)
    y = rng.random(4000) < np.where(x["resolve"] <= 300, 0.5, 0.05)
    found = failure_regions(x, y, name="KABOOM", titles=TITLES, resamples=10)
    (region,) = found
    value = f"{region.limits[0].value:g}"
    assert found.words().startswith(f"NATO's resolve at most {value}: KABOOM in ")
    assert found.words().endswith("found again in 10 of 10 random halves")
    assert found.words("ja").startswith(f"NATOの決意が{value}以下：そこではモデル実行の")
    none = failure_regions(x, np.zeros(4000), name="KABOOM")
    assert none.words() == "KABOOM: no region of the unknowns stands out in 4,000 model runs"
    again = json.loads(json.dumps(found.to_json(), allow_nan=False))
    first, last = again["regions"][0]["trajectory"][0], again["regions"][0]["trajectory"][-1]
    assert (first["mass"], first["coverage"]) == (1.0, 1.0)
    assert last["mass"] >= 0.05


@pytest.mark.parametrize(
    ("unknowns", "outcome", "message"),
    [
        ({}, np.zeros(100), "one value for each run"),
        ({"a": np.zeros(99)}, np.zeros(100), "one value for each run"),
        ({"a": np.zeros(10)}, np.zeros(10), "too few"),
        ({"a": np.zeros(100)}, np.full(100, 2.0), "between 0 and 1"),
    ],
)
def test_what_cannot_be_searched(
    unknowns: dict[str, np.ndarray], outcome: np.ndarray, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        failure_regions(unknowns, outcome, name="KABOOM")
