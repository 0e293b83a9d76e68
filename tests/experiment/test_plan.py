"""Plans: every run exactly once, balanced at any moment, and no larger for being long."""

from __future__ import annotations

import itertools
import math
import tracemalloc
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_play import toy_plan

from wargame.batches.store.plan import CHUNK, Chunk, chunk_for
from wargame.errors import WargameError


@given(
    runs=st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, 50), st.just(n))),
    size=st.integers(1, 70),
)
def test_every_run_of_every_variant_is_played_once_and_in_balance(
    runs: tuple[int, int], size: int
) -> None:
    start, count = runs
    plan = replace(toy_plan(), runs=range(start, start + count), chunk=size)
    played: Counter[tuple[str, int]] = Counter()
    for chunk in plan.chunks():
        assert 1 <= len(chunk) <= size
        played.update((chunk.variant, run) for run in range(chunk.start, chunk.stop))
        per_variant = [sum(name == v.name for name, _ in played) for v in plan.variants]
        assert max(per_variant) - min(per_variant) <= size
    assert set(played.values()) == {1}
    assert len(played) == len(plan) == 3 * count


def test_variants_take_turns() -> None:
    order = [chunk.variant for chunk in toy_plan(runs=250, chunk=100).chunks()]
    assert order == ["baseline", "a", "a+b"] * 3


def test_a_billion_runs_are_no_more_to_carry_than_ten() -> None:
    plan = replace(toy_plan(), runs=range(10**9), chunk=CHUNK)
    assert len(plan) == 3 * 10**9
    tracemalloc.start()
    try:
        last = None
        for chunk in itertools.islice(plan.chunks(), 100_000):
            last = chunk
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert last == Chunk("baseline", 33_333 * CHUNK, 33_334 * CHUNK)
    assert peak < 50_000


def test_a_task_says_all_that_is_needed_to_play_it() -> None:
    plan = toy_plan(killers=[3])
    assert plan.task(Chunk("a+b", 100, 200)) == {
        "variant": "a+b",
        "digest": "sha-of-a+b",
        "overlays": ("a", "b"),
        "seed": 7,
        "start": 100,
        "stop": 200,
        "killers": [3],
    }


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"runs": range(0)}, "at least one run"),
        ({"runs": range(0, 10, 2)}, "follow on each other"),
        ({"runs": range(-1, 5)}, "numbered from 0"),
        ({"runs": range(2**64)}, "numbered from 0"),
        ({"chunk": 0}, "a chunk needs at least one run"),
        ({"variants": ()}, "at least one variant"),
        ({"variants": toy_plan().variants * 2}, r"one name: a, a\+b, baseline"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(change: dict[str, object], reason: str) -> None:
    with pytest.raises(WargameError, match=reason):
        replace(toy_plan(), **change)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("runs", "variants", "jobs", "size"),
    [
        (40_000, 1, 1, CHUNK),
        (40_000, 1, 2, CHUNK),
        (50_000, 1, 2, 8334),
        (1000, 1, 2, 500),
        (10, 1, 8, 10),
        (20_000, 1, 4, 5000),
        (100_000, 20, 2, CHUNK // 2),
        (10**9, 1, 64, CHUNK),
    ],
)
def test_chunks_are_as_large_as_they_may_be(runs: int, variants: int, jobs: int, size: int) -> None:
    assert chunk_for(runs, variants, jobs) == size


@given(st.integers(1, 10**6), st.integers(1, 30), st.integers(1, 16))
def test_nobody_waits_long_for_the_others(runs: int, variants: int, jobs: int) -> None:
    """Chunks in equal shares, or so many that one more or less is little, or hardly any runs."""
    size = chunk_for(runs, variants, jobs)
    assert 1 <= size <= CHUNK
    chunks = math.ceil(runs / size) * variants
    assert chunks % jobs == 0 or chunks >= 8 * jobs or size < 200 or runs <= size * jobs
