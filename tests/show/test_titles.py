"""What tables in the terminal call things, in both languages."""

from __future__ import annotations

import pytest

from wargame.batches.results import Tally, Turns
from wargame.cli.shared.batch_tables import glance, shares_of
from wargame.cli.shared.comparison_tables import flows
from wargame.show.text.text_layout import WIDTH, columns, packed
from wargame.show.text.titles import Titles
from wargame.statistics.anytime import Look
from wargame.statistics.compare import Transition
from wargame.statistics.regret import regret
from wargame.statistics.shares import share


@pytest.fixture(scope="module")
def japanese() -> Titles:
    names = ["off-ramp", "off-ramp+aid-freeze", "as-written", "restraint"]
    return Titles.of_scenario("kherson-2022", names, "ja")


def test_english_tables_keep_the_names_that_are_typed() -> None:
    titles = Titles.of_scenario("kherson-2022", ["off-ramp"], "en")
    for name in ("KABOOM", "KABOOM|kaboom", "off-ramp", "baseline", "unresolved"):
        assert titles(name) == titles.head(name) == titles.typed(name) == name


def test_japanese_tables_show_titles(japanese: Titles) -> None:
    assert japanese("KABOOM") == "KABOOM：全面核戦争"
    assert japanese.head("Finland") == "フィンランド型"
    assert japanese("KABOOM|kaboom") == "ウクライナでの核使用のときのKABOOM"
    assert japanese("unresolved") == "決着なし"
    assert japanese.typed("off-ramp") == "面子を保てる出口（off-ramp）"
    assert japanese("off-ramp+aid-freeze") == "面子を保てる出口 + 支援の凍結"
    assert japanese("restraint") == "強い核のタブー"
    assert japanese.typed("baseline") == "基準"
    assert japanese.typed("as-written") == "シナリオのまま"
    assert japanese.typed("runs/one#off-ramp") == "runs/one#off-ramp"


def test_two_titles_with_one_head_are_told_apart() -> None:
    known = {"nuclear": "戦争：核", "ground": "戦争：地上", "peace": "平和：無期限"}
    titles = Titles("ja", known)
    assert [titles.head(name) for name in known] == ["戦争：核", "戦争：地上", "平和"]
    assert titles("nuclear|peace") == titles.head("nuclear|peace") == "平和のときの戦争：核"


def test_the_head_of_policies_laid_over_each_other_names_them_all() -> None:
    titles = Titles("ja", {"a": "賭け：6分の1", "a+b": "賭け：6分の1 + 支援：凍結"})
    assert titles.head("a+b") == "賭け + 支援"
    assert titles.head("runs/16:05#a") == "runs/16:05#a"


def test_an_answer_is_told_by_titles_and_stays_the_same_answer() -> None:
    names = {"War": "戦争", "calm": "凪", "talk": "対話", "wait": "静観"}

    def title(name: str) -> str:
        return names.get(name, name)

    counted = share("War", 3, 10)
    called = counted.called(title)
    assert called.name == "戦争"
    assert called.to_json() == {**counted.to_json(), "name": "戦争"}

    found = regret([[0.1], [0.3]], ["talk", "wait"], ["calm"], outcome="War")
    told = found.called(title)
    assert told.minimax == ("対話",) and told.worldviews == ("凪",)
    assert told["静観"].regret == found["wait"].regret
    assert "talk" not in told.words("ja")


def test_a_japanese_table_is_straight(japanese: Titles) -> None:
    counts = {"KABOOM": 1, "Finland": 4, "unresolved": 0}
    tally = Tally(
        policy="off-ramp",
        runs=5,
        failed=0,
        digest="",
        endings=counts,
        milestones={"kaboom": 2},
        turns={"KABOOM": Turns(1, 2, 3), "Finland": Turns(1, 2, 3), "kaboom": Turns(1, 2, 3)},
    )
    first, head, *rows, unseen = shares_of(tally, japanese)
    assert first == "面子を保てる出口（off-ramp）：実行5回"
    shown = [row for row in rows if "%" in row]
    ends = {columns(row[: row.index("%")]) for row in shown}
    assert len(shown) == 4 and len(ends) == 1
    assert columns(head[: head.index("モデル実行の割合")]) < ends.pop()
    assert unseen.startswith("  一度も起きず：決着なし（")
    assert "unresolved" not in "".join([first, head, *rows, unseen])


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_exchanges_of_endings_are_wrapped_between_two_of_them(lang: str) -> None:
    busy = [Transition("an ending", "another ending", 100 * n, n) for n in range(9)]
    lines = flows(busy, lang)
    assert len(lines) > 1 and all(columns(line) <= WIDTH for line in lines)
    told = [flow.words(lang) for flow in busy[:6]]
    assert all(sum(text in line for line in lines) == 1 for text in told)


def test_a_part_wider_than_the_line_has_a_line_of_its_own() -> None:
    assert packed("of: ", ["a" * 9, "b", "c"], ", ", 8) == ["of: " + "a" * 9 + ",", "    b, c"]


def test_a_glance_says_how_far_each_variant_is(japanese: Titles) -> None:
    looks = (
        Look("baseline", "baseline", 3000, 0.05, ()),
        Look("baseline", "off-ramp", 400, 0.05, ()),
    )
    first, second = glance(looks, Titles("en"))
    assert first.startswith("baseline after 3,000 runs")
    assert second == "  off-ramp after 400 pairs: nothing resolved yet"
    assert "400組" in glance(looks, japanese)[1]
