"""A fork beside its original, in words: what was changed, what differs, what usually follows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from wargame.analysis.odds import Usual, usually
from wargame.replay.fork import Fork, fork
from wargame.replay.orders import Ruling
from wargame.replay.replay import Replay
from wargame.show.replay_page.fork_diff import Beside, following, unreached
from wargame.show.replay_page.page_data import fork_data, usual_data
from wargame.show.text.language import LANGUAGES
from wargame.show.text.narrate import Narrator
from wargame.show.text.plain_text import beside
from wargame.show.text.text_layout import WIDTH, columns


@pytest.fixture(scope="module")
def made(kherson: Replay) -> Fork:
    """Turn 4, in which Ukraine waits, somebody throws in news, and an umpire rules."""
    return fork(
        kherson,
        4,
        {"ukraine": ["hold", "hold"]},
        [{"title": {"en": "Aid stops", "ja": "支援停止"}, "effects": {"ukraine.supply": -200}}],
        {"russia": [Ruling(verdict="fail"), Ruling(verdict="accept")]},
    )


@pytest.fixture(scope="module")
def usual(made: Fork) -> Usual:
    return usually(made, 40)


def test_what_was_changed_is_said_in_full(made: Fork) -> None:
    both = Beside(made)
    told = both.changed()
    instead = [order.move for order in made.parent.event(4).orders["ukraine"]]
    assert instead != ["hold", "hold"]
    assert "Ukraine: Wait and see, instead of: " in told
    assert all(both.was.move(move) in told for move in instead if move)
    assert "Thrown in: Aid stops." in told
    assert "Russia's orders were ruled: fails, accepted." in told


def test_a_fork_says_where_it_comes_from(made: Fork, kherson: Replay) -> None:
    told = Narrator.of(made.replay)
    assert told.name == f"What if? {Narrator.of(kherson).name}"
    assert told.origin == "seed 2022, run 7; forked from kherson-2022 in turn 4"
    assert Narrator.of(kherson).origin == "seed 2022, run 7"


def test_an_order_that_was_given_anyway_is_called_so(kherson: Replay) -> None:
    moves = [order.move for order in kherson.event(2).orders["china"] if order.move]
    same = fork(kherson, 2, {"china": moves})
    assert Beside(same).changed().endswith(", as before.")
    assert Beside(same).turns == () and Beside(same).rows(2) == ()


def test_every_row_differs_and_says_what_both_runs_say(made: Fork) -> None:
    both = Beside(made)
    assert both.turns[0] == 4
    for apart in made.apart:
        rows = both.rows(apart.turn)
        assert all(row.was != row.now for row in rows)
        done = {row.what: (row.was, row.now) for row in rows if row.kind == "deed"}
        for actor in apart.orders:
            assert both.now.actor(actor) in done
        steps = {row.what: row.now[0] for row in rows if row.kind == "ladder"}
        assert steps == {both.now.dyad(dyad): str(pair[1]) for dyad, pair in apart.stages.items()}
    assert all(both.rows(turn) == () for turn in (1, 2, 3))


def test_a_run_that_is_not_over_is_not_called_ended(made: Fork) -> None:
    assert Beside(made).ends() == ("Told up to turn 6; it goes on.",) * 2


def test_only_what_some_future_came_to_is_listed(usual: Usual, made: Fork) -> None:
    rows = following(usual, Narrator.of(made.replay))
    assert len({row.title for row in rows}) == len(rows) > 0
    assert all(row.was or row.now for row in rows)
    for row in rows:
        assert row.change.difference == pytest.approx(row.now.share - row.was.share)
        assert row.change.low <= row.change.difference <= row.change.high


def test_what_no_future_came_to_is_named(usual: Usual, made: Fork) -> None:
    narrator = Narrator.of(made.replay)
    told = [row.title for row in following(usual, narrator)]
    never = unreached(usual, narrator)
    names = (*usual.header.milestones, *usual.header.endings)
    assert sorted([*told, *never]) == sorted(narrator.outcome(name) for name in names)


def shown(data: Any) -> Iterator[str]:
    """Every text of a fork's page data but its drawings."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for key, value in data.items():
            if key != "strip":
                yield from shown(value)
    elif isinstance(data, list):
        for item in data:
            yield from shown(item)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_word_of_the_engine_gets_through(made: Fork, usual: Usual, lang: str) -> None:
    texts = [*shown(fork_data(made, lang)), *shown(usual_data(usual, made, lang))]
    engine = re.compile(r"[a-z]+[._][a-z]+|[{}]|None|\brussia-")
    assert [text for text in texts if engine.search(text)] == []


def test_the_originals_ladder_is_framed_where_the_fork_stands_elsewhere(made: Fork) -> None:
    strip = fork_data(made, "en")["strip"]
    apart = {found.turn: len(found.stages) for found in made.apart}
    frames = [slice_.count('stroke="#111111"') for slice_ in strip]
    assert frames == [apart.get(turn, 0) for turn in range(len(strip))]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_side_by_side_fits_the_terminal(made: Fork, lang: str) -> None:
    both = Beside(made, lang)
    rows = [("", "a", "b"), *((row.what, row.was, row.now) for row in both.rows(4))]
    lines = beside(rows)
    # a full stop may hang over the edge where Japanese would begin a line with it
    assert max(columns(line) for line in lines) <= WIDTH + 2
    for row in both.rows(4):
        joined = "".join("".join(lines).split())
        assert "".join(row.what.split())[:4] in joined
