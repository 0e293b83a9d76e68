"""A bare page that plays: everything that the machine does in a page, each once.

One file, as every page of ours: it plays offline, in a worker. It is there to be tried and to be
copied from; ``wargame program SCENARIO -o FILE`` writes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from string import Template
from typing import Any

from wargame.backends.browser import packed, packed_machine, script
from wargame.backends.lowering import lower_offers, program_of
from wargame.boundary.foreign import dumps
from wargame.engine.scenario import Scenario
from wargame.replay.playthrough import play_through
from wargame.show.replay_page.page import policy_for, static
from wargame.show.text.language import LANGUAGES
from wargame.show.text.narrate import HOLD, Narrator
from wargame.statistics.result import say

__all__ = ["machine_page"]


def machine_page(scenario: Scenario, lang: str = "en") -> str:
    """The page as one HTML file, in both languages; lang: the one that it opens in."""
    minds = scenario.minds
    data: dict[str, Any] = {
        "lang": lang,
        "seed": str(scenario.header.seed),  # a seed may be larger than JavaScript's numbers
        "orders": scenario.orders,
        "horizon": scenario.horizon,
        "endings": scenario.header.endings,
        "actors": [
            {"quiet": [m for m, move in enumerate(mind.moves) if move == HOLD]} for mind in minds
        ],
        "dyads": [scenario.dyad_rows["stage"] + k for k in range(scenario.dyad_count)],
        "labels": {tongue: _labels(scenario, tongue) for tongue in LANGUAGES},
        "script": script("machine.js"),
        "wasm": packed_machine(),
        "program": packed(program_of(scenario)),
        "offers": packed(lower_offers(scenario)),
    }
    style = static("machine.css")
    code = script("remote.js") + static("machine.js")
    return Template(static("machine.html")).substitute(
        lang=lang,
        policy=policy_for(style, code, plays=True),
        title=escape(data["labels"][lang]["title"]),
        style=style,
        # A data block ends at the first "</": JSON may write the "<" as an escape.
        data=dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
        script=code,
    )


def _labels(scenario: Scenario, lang: str) -> dict[str, Any]:
    """What the page calls things, in the order of their numbers."""
    header, names = scenario.header, Narrator(play_through(scenario), lang)
    return {
        "title": names.name,
        "actors": [names.actor(mind.actor) for mind in scenario.minds],
        "moves": [[names.move(move) for move in mind.moves] for mind in scenario.minds],
        "endings": [names.ending(name) for name in header.endings],
        "dyads": [names.dyad(dyad) for dyad in header.dyads],
        "turns": [names.heading(turn) for turn in range(scenario.horizon + 1)],
        "happenings": list(_happenings(scenario, names)),
        "words": _words(lang),
    }


def _happenings(scenario: Scenario, names: Narrator) -> Iterator[str]:
    """What news can bring, in the order of the header's happenings."""
    file = scenario.spec.scenario
    for inject in file.injects:
        yield names.title(inject.title or inject.about, "")
    for event in file.chance:
        for outcome in event.outcomes or (None,):
            title = names.title(event.title, "")
            yield title + (f" ({names.title(outcome.title, '')})" if outcome else "")


def _words(lang: str) -> dict[str, str]:
    """The words of the page itself."""
    words = {
        "language": ("Language", "言語"),
        "about": (
            "This page plays the model by itself, in this browser: without a server and without "
            "a network. It counts model runs; these are not probabilities of war.",
            "このページは、サーバーもネットワークも使わず、ブラウザーの中でモデルを動かします。"
            "数字はモデル実行の回数で、戦争の確率ではありません。",
        ),
        "one_run": ("One run", "1回の実行"),
        "seed": ("Seed", "シード"),
        "run": ("Run", "実行番号"),
        "play": ("Play", "実行する"),
        "turn": ("Turn", "ターン"),
        "news": ("News", "知らせ"),
        "orders": ("Orders", "命令"),
        "turn_by_turn": ("Turn by turn", "ターンごとの経過"),
        "ended": ("It ends in turn {turn}: {ending}", "第{turn}ターンで終わります：{ending}"),
        "another_order": ("The same run with another order", "命令を一つ変えた同じ実行"),
        "parts": (
            "It parts from the run above in turn {turn}.",
            "第{turn}ターンから上の実行と分かれます。",
        ),
        "nothing_differs": (
            "It is the run above: the rules gave this order, too.",
            "上の実行と同じです。規則も同じ命令を出していました。",
        ),
        "actor": ("Actor", "主体"),
        "move": ("Move", "行動"),
        "futures": ("Many futures", "多くの未来"),
        "after": ("After", "どのターンの後から"),
        "before_first": ("Before the first turn", "第1ターンの前"),
        "how_many": ("How many", "回数"),
        "stop": ("Stop", "止める"),
        "stopped": ("It was stopped.", "止めました。"),
        "progress": ("Futures played", "実行した未来"),
        "took": (
            "{n} futures of at most {turns} turns each, in {seconds} seconds",
            "最長{turns}ターンの未来を{n}回、{seconds}秒で実行しました",
        ),
        "ending": ("Ending", "結末"),
        "as_it_was": ("As it was", "元の経過"),
        "otherwise": ("With the other order", "命令を変えた場合"),
        "seat": ("A seat against the rules", "規則で動く主体を相手に"),
        "take_seat": ("Take this seat", "この席に着く"),
        "end_turn": ("End the turn", "ターンを終える"),
        "order": ("Order {n}", "命令{n}"),
        "twice": (
            "The same move cannot be ordered twice in one turn.",
            "同じ行動を1ターンに2度命じることはできません。",
        ),
        "news_are": ("News: {news}", "知らせ：{news}"),
        "nothing": ("none", "なし"),
        "ladder_is": ("Stages of conflict: {ladder}", "対立の段階：{ladder}"),
        "rung": ("{dyad} {stage}", "{dyad} {stage}"),
        "deed": ("{actor}: {move}", "{actor}：{move}"),
        "failed": ("{deed} (in vain)", "{deed}（不成功）"),
        "comma": ("; ", "、"),
    }
    return {key: say(lang, en=en, ja=ja) for key, (en, ja) in words.items()}
