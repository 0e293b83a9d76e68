"""From pairs to a verdict: signs, nulls, failures, many variants at once."""

import itertools
import json
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from scipy.stats import false_discovery_control, poisson

from wargame.statistics.compare import Comparison, adjust, compare, study
from wargame.statistics.paired import difference_interval, ratio_interval
from wargame.statistics.pairs import Outcomes, Pairs, pair
from wargame.statistics.shares import critical
from wargame.statistics.verdict import Direction

ENDINGS = ("Libya", "Korea", "KABOOM")


def paired(cells: dict[tuple[str, str], int], *, variant: str = "policy") -> Pairs:
    """Pairs by (ending under the base, ending under the variant)."""
    names = (*ENDINGS, "failed")
    table = np.zeros((4, 4), dtype=np.int64)
    for (base, there), count in cells.items():
        table[names.index(base), names.index(there)] = count
    return Pairs("base", variant, ENDINGS, table, {})


def agreeing(n: int) -> dict[tuple[str, str], int]:
    """Twins that end alike: half Libya, four in ten Korea, one in ten KABOOM."""
    return {
        ("Libya", "Libya"): n // 2,
        ("Korea", "Korea"): 4 * n // 10,
        ("KABOOM", "KABOOM"): n // 10,
    }


SHIFT = paired({**agreeing(10_000), ("Korea", "KABOOM"): 300, ("KABOOM", "Korea"): 90})


def test_a_null_variant_has_no_discordant_pair() -> None:
    found = compare(paired(agreeing(20_000)))
    assert found.transitions == ()
    assert found.mix.p == 1.0
    for row in found:
        assert (row.difference, row.gained, row.lost, row.p) == (0.0, 0, 0, 1.0)
        assert row.verdict.kind == "small"
        assert row.verdict.bound < 0.0005


def test_swapping_the_variants_flips_every_sign() -> None:
    there, back = compare(SHIFT), compare(SHIFT.swapped())
    opposite = {"up": "down", "down": "up"}
    for row, mirrored in zip(there, back, strict=True):
        assert row.difference == -mirrored.difference
        assert (row.low, row.high) == (-mirrored.high, -mirrored.low)
        assert (row.joint_low, row.joint_high) == (-mirrored.joint_high, -mirrored.joint_low)
        assert (row.gained, row.lost) == (mirrored.lost, mirrored.gained)
        assert (row.p, row.se) == (mirrored.p, mirrored.se)
        assert opposite.get(row.verdict.kind, row.verdict.kind) == mirrored.verdict.kind
    assert there.mix.statistic == pytest.approx(back.mix.statistic)


def test_the_difference_by_hand() -> None:
    row = compare(SHIFT)["KABOOM"]
    n = 10_390
    assert (row.n, row.gained, row.lost) == (n, 300, 90)
    assert row.difference == pytest.approx((300 - 90) / n)
    assert row.se == pytest.approx(math.sqrt(300 + 90 - (300 - 90) ** 2 / n) / n)
    p, q = 1090 / n, 1300 / n
    assert row.unpaired_se == pytest.approx(math.sqrt((p * (1 - p) + q * (1 - q)) / n))
    assert row.pairing == pytest.approx((row.unpaired_se / row.se) ** 2)


def test_transitions_name_the_larger_flow_first() -> None:
    table = paired({("Korea", "KABOOM"): 41, ("KABOOM", "Korea"): 12, ("Korea", "Libya"): 3})
    found = compare(table).transitions
    assert [flow.words() for flow in found] == [
        "Korea → KABOOM 41, back 12",
        "Korea → Libya 3, back 0",
    ]
    assert found[0].words("ja") == "Korea → KABOOM 41（逆12）"


def test_verdicts() -> None:
    found = compare(SHIFT)
    assert found.mix_moved
    assert found["KABOOM"].verdict.kind == "up"
    assert found["Korea"].verdict.kind == "down"
    assert found["Libya"].verdict.kind == "small"
    assert found["KABOOM"].verdict.words() == (
        "KABOOM: resolved up by 2.02 points (+1.58 to +2.49), ×1.19 (1.15 to 1.24)"
    )
    assert found["Korea"].words("ja") == (
        "Korea：低下と確定、-2.02ポイント（-2.49～-1.58）、0.95倍（0.94～0.96）"
    )
    assert found["Libya"].words() == (
        "Libya: no difference larger than 0.056 points (-0.055 to +0.055); "
        "leaves open any change from 48.123 % to 48.068 to 48.178 %, ×1.00 (1.00 to 1.00)"
    )


@pytest.mark.parametrize(("gained", "lost"), [(25, 12), (25, 24)])
def test_so_many_more_runs_settle_it(gained: int, lost: int) -> None:
    """If the difference seen is the true one, the runs asked for bring a verdict."""
    table = paired({**agreeing(500), ("Korea", "KABOOM"): gained, ("KABOOM", "Korea"): lost})
    verdict = compare(table)["KABOOM"].verdict
    assert verdict.kind == "open"
    assert verdict.more is not None
    assert "δ" in verdict.formula or "λ" in verdict.formula
    assert "80 % power" in verdict.words()
    assert "検出力80 %" in verdict.words("ja")
    told = {"direction": "would resolve a difference of this size", "bound": "within 1 point"}
    assert told[verdict.aim] in verdict.words()
    # What is promised: batches of so many runs, drawn from what was seen, come to that verdict.
    n, shares = verdict.n + verdict.more, table.transitions / verdict.n
    luck = np.random.default_rng(gained)
    final = {"direction": ("up", "down"), "bound": ("small",)}[verdict.aim]

    def share_of_final(runs: int) -> float:
        drawn = luck.multinomial(runs, shares.ravel(), 150).reshape(150, *shares.shape)
        batches = (compare(Pairs("base", "policy", ENDINGS, one, {})) for one in drawn)
        return float(np.mean([one["KABOOM"].verdict.kind in final for one in batches]))

    assert 0.72 < share_of_final(n) < 0.9
    assert share_of_final(n // 3) < 0.5


def test_the_others_that_are_resolved_make_it_easier() -> None:
    """Benjamini and Yekutieli ask less of a row the more rows beside it are resolved."""
    table = paired({**agreeing(1000), ("Korea", "KABOOM"): 30, ("KABOOM", "Korea"): 17})
    nulls = [paired(agreeing(1000), variant=f"null-{i}") for i in range(9)]
    moved = [
        paired({**agreeing(1000), ("Korea", "KABOOM"): 90, ("KABOOM", "Korea"): 9}, variant=f"v{i}")
        for i in range(9)
    ]
    among_nulls, among_moved = (
        study([table, *others])["policy"]["KABOOM"].verdict for others in (nulls, moved)
    )
    assert among_nulls.aim == among_moved.aim == "direction"
    assert among_nulls.more is not None and among_moved.more is not None
    assert among_moved.more < 0.8 * among_nulls.more


def test_of_a_small_share_it_is_told_what_no_difference_leaves_open() -> None:
    """1.3 % with a quarter point either way is far from "no change"."""
    table = paired({
        ("Libya", "Libya"): 8000, ("KABOOM", "KABOOM"): 80,
        ("Libya", "KABOOM"): 28, ("KABOOM", "Libya"): 27,
    })  # fmt: skip
    verdict = compare(table)["KABOOM"].verdict
    assert verdict.kind == "small"
    assert verdict.words() == (
        "KABOOM: no difference larger than 0.25 points (-0.22 to +0.24); "
        "leaves open any change from 1.32 % to 1.10 to 1.56 %, ×1.01 (0.85 to 1.20)"
    )
    assert "1.32 %が1.10～1.56 %のどこかに変わる可能性は残る" in verdict.words("ja")


def test_the_ratio_of_pairs_covers_as_promised() -> None:
    """Cases few enough to be Poisson's; summed over all counts, not drawn."""
    both, gained, lost = np.meshgrid(*[np.arange(32)] * 3, indexing="ij")
    low, high = ratio_interval(both, gained, lost, critical(0.05))
    for expected in itertools.product((0.3, 1, 3, 10), repeat=3):
        weights = np.prod(
            [poisson.pmf(k, e) for k, e in zip((both, gained, lost), expected, strict=True)], axis=0
        )
        ratio = (expected[0] + expected[1]) / (expected[0] + expected[2])
        assert (weights * ((ratio < low) | (ratio > high))).sum() <= 0.05


@pytest.mark.parametrize(
    ("gained", "lost", "told"), [(40, 0, "at least ×7.9"), (0, 40, "×0.00 (0.00 to 0.13)")]
)
def test_a_multiple_of_nothing(gained: int, lost: int, told: str) -> None:
    cells = {("Libya", "Libya"): 1000, ("Libya", "KABOOM"): gained, ("KABOOM", "Libya"): lost}
    verdict = compare(paired(cells))["KABOOM"].verdict
    assert told in verdict.words()
    json.dumps(verdict.to_json(), allow_nan=False)


def test_a_multiple_of_which_nothing_is_known_is_left_out() -> None:
    pairs = paired({("Libya", "Libya"): 1000, ("Libya", "KABOOM"): 1})
    verdict = compare(pairs, alpha=0.001)["KABOOM"].verdict
    assert 0 < verdict.ratio_low < 0.005 and verdict.times() == ""


def test_a_difference_of_nothing_is_never_promised_a_direction() -> None:
    table = paired({**agreeing(500), ("Korea", "KABOOM"): 25, ("KABOOM", "Korea"): 25})
    verdict = compare(table)["KABOOM"].verdict
    assert (verdict.kind, verdict.difference, verdict.aim) == ("open", 0.0, "bound")
    assert verdict.words().endswith("would show it to be within 1 point (80 % power)")
    strict = compare(table, tolerance=1e-9)["KABOOM"].verdict
    assert strict.more is None and strict.aim == ""


def test_failed_runs_cannot_make_a_verdict() -> None:
    cells = {**agreeing(10_000), ("Korea", "KABOOM"): 300, ("KABOOM", "Korea"): 90}
    row = compare(paired({**cells, ("KABOOM", "failed"): 400}))["KABOOM"]
    # Counted as "not KABOOM" the failures alone would resolve it downwards.
    assert row.joint_high < 0
    assert row.verdict.kind == "masked"
    assert "failed runs could undo it" in row.words()
    # A few cannot undo it.
    assert compare(paired({**cells, ("KABOOM", "failed"): 10}))["KABOOM"].verdict.kind == "up"


def test_the_worst_case_by_hand() -> None:
    """Base: the failed all had KABOOM, variant: none of them. And the reverse."""
    cells = {("Libya", "Libya"): 900, ("Libya", "KABOOM"): 50, ("KABOOM", "Libya"): 20}
    lost = {("failed", "KABOOM"): 3, ("failed", "Libya"): 5, ("failed", "failed"): 7}
    gone = {("KABOOM", "failed"): 4, ("Libya", "failed"): 11}
    row = compare(paired({**cells, **lost, **gone}))["KABOOM"]
    z = critical(0.05, len(ENDINGS))
    down = difference_interval(50, 20 + 5 + 7 + 4, 1000, z)[0]
    up = difference_interval(50 + 3 + 7 + 11, 20, 1000, z)[1]
    assert (row.worst_low, row.worst_high) == (float(down), float(up))


def test_worst_cases_bound_whatever_the_failed_runs_would_have_done() -> None:
    rng = np.random.default_rng(6)
    true = {side: [ENDINGS[i] for i in rng.integers(0, 3, 600)] for side in ("base", "policy")}
    lost = {side: rng.random(600) < 0.05 for side in true}
    seen = {
        side: [None if gone else name for name, gone in zip(true[side], lost[side], strict=True)]
        for side in true
    }

    def found(endings: Mapping[str, Sequence[str | None]]) -> Comparison:
        sides = [
            Outcomes.of(
                side, range(600), endings[side], {"kaboom": [e != "Libya" for e in endings[side]]}
            )
            for side in ("base", "policy")
        ]
        return compare(pair(*sides, ["KABOOM|kaboom"]))

    for known, whole in zip(found(seen), found(true), strict=True):
        assert known.worst_low <= whole.joint_low
        assert known.worst_high >= whole.joint_high
        assert known.ratio_low <= whole.ratio_low
        assert known.ratio_high >= whole.ratio_high


def test_common_luck_is_worth_runs_and_a_control_arm_is_not() -> None:
    rng = np.random.default_rng(3)
    luck, other = rng.random(20_000), rng.random(20_000)

    def outcomes(variant: str, draw: np.ndarray, share: float) -> Outcomes:
        ending = np.where(draw < share, "KABOOM", "Korea").tolist()
        return Outcomes.of(variant, range(20_000), ending)

    base = outcomes("base", luck, 0.10)
    shared = compare(pair(base, outcomes("policy", luck, 0.11)))["KABOOM"]
    control = compare(pair(base, outcomes("policy", other, 0.11)))["KABOOM"]
    assert shared.pairing > 15
    assert control.pairing == pytest.approx(1.0, abs=0.05)


def test_a_conditional_outcome_gets_a_verdict_too() -> None:
    rng = np.random.default_rng(9)
    n = 20_000
    use, spread = rng.random(n), rng.random(n)

    def outcomes(variant: str, escalates: float) -> Outcomes:
        kaboom = use < 0.2
        nuclear = kaboom & (spread < escalates)
        ending = np.where(nuclear, "KABOOM", "Korea").tolist()
        return Outcomes.of(variant, range(n), ending, {"kaboom": kaboom})

    pairs = pair(outcomes("base", 0.3), outcomes("policy", 0.4), ["KABOOM|kaboom"])
    found = compare(pairs, names=["KABOOM|kaboom", "kaboom"])
    assert found["KABOOM|kaboom"].verdict.kind == "up"
    assert found["KABOOM|kaboom"].difference == pytest.approx(0.1, abs=0.02)
    assert found["KABOOM|kaboom"].pairing > 1
    assert found["kaboom"].verdict.kind == "small"


def test_a_condition_that_never_occurred_gets_none() -> None:
    ending = ["Korea"] * 50
    sides = [Outcomes.of(v, range(50), ending, {"kaboom": [0] * 50}, ["KABOOM"]) for v in "ab"]
    row = compare(pair(*sides, ["KABOOM|kaboom"]))["KABOOM|kaboom"]
    assert row.verdict.kind == "void"
    assert row.adjusted_p == 1.0
    assert "never occurred" in row.words()
    json.dumps(row.to_json(), allow_nan=False)


@pytest.mark.parametrize(
    ("gained", "lost", "n", "answers"),
    [
        (400, 100, 10_000, {"up": "holds", "down": "fails", "flat": "fails"}),
        (100, 400, 10_000, {"up": "fails", "down": "holds", "flat": "fails"}),
        (50, 50, 40_000, {"up": "fails", "down": "fails", "flat": "holds"}),
        (90, 20, 40_000, {"up": "holds", "down": "fails", "flat": "holds"}),
        (20, 16, 500, {"up": "unresolved", "down": "unresolved", "flat": "unresolved"}),
    ],
)
def test_expectations(gained: int, lost: int, n: int, answers: dict[Direction, str]) -> None:
    table = paired({**agreeing(n), ("Korea", "KABOOM"): gained, ("KABOOM", "Korea"): lost})
    verdict = compare(table)["KABOOM"].verdict
    assert {direction: verdict.meets(direction) for direction in answers} == answers


def test_adjustment_is_scipys() -> None:
    p = np.random.default_rng(0).random((20, 8)) ** 3
    expected = false_discovery_control(p.ravel(), method="by").reshape(20, 8)
    assert adjust(p) == pytest.approx(expected)
    assert adjust([]).size == 0


def test_a_variant_among_many_needs_stronger_evidence() -> None:
    weak = {**agreeing(5000), ("Korea", "KABOOM"): 38, ("KABOOM", "Korea"): 16}
    alone = compare(paired(weak))
    nulls = [paired(agreeing(5000), variant=f"null-{i}") for i in range(19)]
    among = study([paired(weak), *nulls])
    assert among.tests == 20 * len(ENDINGS)
    assert alone["KABOOM"].verdict.kind == "up"
    assert among["policy"]["KABOOM"].verdict.kind != "up"
    assert among["policy"]["KABOOM"].adjusted_p > alone["KABOOM"].adjusted_p
    assert among["policy"]["KABOOM"].p == alone["KABOOM"].p


def test_false_discoveries_stay_rare_over_twenty_null_variants() -> None:
    """Twenty policies that change nothing but luck: verdicts in a direction are hardly ever."""
    rng = np.random.default_rng(12)
    shares = np.array([[0.46, 0.02, 0.01], [0.02, 0.38, 0.01], [0.01, 0.01, 0.08]])
    found = 0
    for _ in range(20):
        tables = []
        for i in range(20):
            table = np.zeros((4, 4), dtype=np.int64)
            table[:3, :3] = rng.multinomial(2000, shares.ravel()).reshape(3, 3)
            tables.append(Pairs("base", f"null-{i}", ENDINGS, table, {}))
        found += any(row.verdict.resolved for variant in study(tables) for row in variant)
    assert found <= 2


def test_an_ending_is_no_more_certain_than_the_mix() -> None:
    found = compare(SHIFT)
    assert all(row.adjusted_p >= found.mix.p for row in found)


def test_a_comparison_needs_pairs() -> None:
    with pytest.raises(ValueError, match="share no run"):
        compare(paired({}))


def test_unknown_outcomes_are_named() -> None:
    with pytest.raises(KeyError, match="Cuba"):
        compare(SHIFT, names=["Cuba"])


def test_a_study_in_words_and_json() -> None:
    found = study([SHIFT, paired(agreeing(10_390), variant="null")])
    english, japanese = found.words(), found.words("ja")
    assert english.startswith(
        "policy against base, 10,390 pairs of model runs: the mix of endings moved (p = "
    )
    assert (
        "null against base, 10,390 pairs of model runs: the mix of endings is not shown" in english
    )
    assert japanese.startswith("baseに対するpolicy、モデル実行10,390組：結末の構成は変化した")
    assert len(english.splitlines()) == len(japanese.splitlines()) == 9
    again = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert again["comparisons"][0]["differences"][2]["verdict"]["kind"] == "up"
