"""Why two runs under the same luck went apart, in plain sentences."""

from __future__ import annotations

from typing import Any

from wargame.analysis.divergence import Departure, Divergence
from wargame.engine.record import UNRESOLVED
from wargame.errors import agreeing, counted
from wargame.replay.explain import Explanation, Option, Voice
from wargame.show.text.language import paragraph, read
from wargame.show.text.narrate import Narrator
from wargame.show.text.text_layout import wrapped
from wargame.show.text.titles import Titles
from wargame.statistics.result import say

MOST_LATER = 6


class Parting:
    """Tells a divergence: `names` are the two variants, `titles` what they are called."""

    def __init__(self, found: Divergence, names: tuple[str, str], titles: Titles) -> None:
        self.found, self.names, self.titles, self.lang = found, names, titles, titles.lang
        self.called = (titles(names[0]), titles(names[1]))
        self.sides = (Narrator(found.base, self.lang), Narrator(found.variant, self.lang))
        self.colon = say(self.lang, en=": ", ja="：")

    def told(self) -> list[str]:
        """The whole story, as lines that fit."""
        return [
            part
            for line in self.story()
            for part in wrapped(line, " " * (len(line) - len(line.lstrip())))
        ]

    def story(self) -> list[str]:
        """The whole story, a line for each thing that is told."""
        lines = [self.heading(), *self.opening(), *self.news()]
        if not self.found.departures:
            return [
                *lines,
                say(
                    self.lang,
                    en="Every order was the same in both; what differs is what the orders did.",
                    ja="命令はすべて同じで、違うのはその結果だけ。",
                ),
                *self.marks(),
            ]
        turn = self.found.first[0].turn
        lines += [
            self.sides[0].heading(turn),
            "  "
            + say(
                self.lang,
                en="The first order that differs; until here all orders were the same."
                if turn > 1
                else "The first turn, and already an order differs.",
                ja="最初に違った命令。ここまでは全く同じだった。"
                if turn > 1
                else "最初のターンで既に命令が違った。",
            ),
        ]
        for departure in self.found.first:
            lines += self.departure(departure)
        lines.append(say(self.lang, en="What followed", ja="その後"))
        for departure in self.found.later[:MOST_LATER]:
            ours, theirs = (
                self.act(narrator, explanation) for narrator, explanation in self.both(departure)
            )
            when = say(self.lang, en=f"turn {departure.turn}", ja=f"第{departure.turn}ターン")
            lines.append(f"  {when}{self.colon}{ours} | {theirs}")
        rest = len(self.found.later) - MOST_LATER
        if rest > 0:
            more = say(
                self.lang,
                en=f"... and {counted(rest, 'more order')} "
                f"that {agreeing(rest, 'differs', 'differ')}",
                ja=f"……ほかに違った命令{rest}件",
            )
            lines.append(f"  {more}")
        return [*lines, *self.marks()]

    def heading(self) -> str:
        """Which run, and how it ended in both."""
        run, seed = self.found.base.run, self.found.base.seed
        ours, theirs = (
            say(
                self.lang,
                en=f"{ending} in turn {side.playthrough.turns} under {name}",
                ja=f"{name}では第{side.playthrough.turns}ターンに「{ending}」",
            )
            for side, name in zip(self.sides, self.called, strict=True)
            for ending in [self.titles(side.playthrough.ending or UNRESOLVED)]
        )
        return say(
            self.lang,
            en=f"Run {run}, seed {seed}: {ours}, {theirs}.",
            ja=f"実行{run}、シード{seed}：{ours}、{theirs}。",
        )

    def opening(self) -> list[str]:
        """What differs before the first turn."""
        if not self.found.opening:
            return []
        told = (
            self.sides[0]
            .say("; ")
            .join(
                f"{self.sides[0].gauge(name)} {ours} | {theirs}"
                for name, (ours, theirs) in self.found.opening.items()
            )
        )
        return [say(self.lang, en="From the start: ", ja="開始時から：") + told]

    def news(self) -> list[str]:
        """The first news that only one of the runs had, if that was no later than the orders."""
        turn = self.found.news
        if turn is None or (self.found.departures and turn > self.found.first[0].turn):
            return []
        told = [{news.text: None for news in side.news(turn)} for side in self.sides]
        lines = [self.sides[0].heading(turn)]
        for name, own, other in zip(self.called, told, reversed(told), strict=True):
            only = paragraph([text for text in own if text not in other], self.lang)
            if only:
                lines.append(
                    say(self.lang, en=f"  News only under {name}: ", ja=f"  {name}だけの出来事：")
                    + only
                )
        return lines if len(lines) > 1 else []

    def both(self, departure: Departure) -> list[tuple[Narrator, Explanation]]:
        """The narrators with the two sides of a departure."""
        sides = (departure.base, departure.variant)
        return list(zip(self.sides, sides, strict=True))

    def departure(self, departure: Departure) -> list[str]:
        """One actor's differing orders: what it did, why, and how both weighed it."""
        lines = [f"  {self.sides[0].actor(departure.actor)}"]
        for name, (narrator, explanation) in zip(self.called, self.both(departure), strict=True):
            act = self.act(narrator, explanation)
            why = self.why(narrator, explanation)
            lines.append(f"    {name}{self.colon}{act}{why}")
        for move in departure.moves:
            weights = [
                self.weight(narrator, option, explanation)
                for (narrator, explanation), option in zip(
                    self.both(departure), departure.weighed(move), strict=True
                )
            ]
            lines.append(f"      {self.sides[0].move(move)}{self.colon}{' | '.join(weights)}")
        return lines

    def act(self, narrator: Narrator, explanation: Explanation) -> str:
        """What an actor did, in a sentence."""
        actor = narrator.actor(explanation.actor)
        if not explanation.chosen:
            return say(self.lang, en=f"{actor} does nothing.", ja=f"{actor}は何もしない。")
        return paragraph(
            [
                narrator.told(explanation.actor, move, succeeded)
                for move, succeeded in zip(explanation.chosen, explanation.succeeded, strict=True)
            ],
            self.lang,
        )

    def why(self, narrator: Narrator, explanation: Explanation) -> str:
        """The reasons of the rules that gave what was done most of its weight."""
        rules = [
            (narrator.decisive(explanation.actor, explanation.option(move)), move)
            for move in explanation.chosen
        ]
        told = [read(rule.reason(move), self.lang) for rule, move in rules if rule]
        reasons = narrator.say("; ").join(filter(None, dict.fromkeys(told)))
        if not reasons:
            return ""
        return say(self.lang, en=f" ({reasons})", ja=f"（{reasons}）")

    def rule(self, narrator: Narrator, actor: str, name: str) -> str:
        """A rule by its name in the file; in Japanese, as everywhere else, by its reason."""
        rule = narrator.rule(actor, name) if self.lang == "ja" else None
        return read(rule.because, self.lang, name) if rule else name

    def weight(self, narrator: Narrator, option: Option | None, explanation: Explanation) -> str:
        """How a move was weighed: its slips of all slips, the rules that spoke, what barred it."""
        if option is None:
            return say(self.lang, en="not among its moves", ja="選択肢にない")
        total, comma = explanation.total, narrator.say(", ")
        voices = "".join(
            f"{comma}{self.rule(narrator, explanation.actor, voice.rule)} {_effect(voice)}"
            for voice in option.voices
        )
        bars = {
            "": "",
            "policy": say(self.lang, en=", forbidden by the policy", ja="、政策が禁止"),
            "when": say(self.lang, en=", its condition does not hold", ja="、条件を満たさない"),
            "cooldown": say(self.lang, en=", too soon after the last", ja="、前回から間がない"),
            "forbidden": say(self.lang, en=", ruled out", ja="、規則が禁止"),
        }
        slips = say(
            self.lang,
            en=f"weight {option.weight} of {total} (base {option.base}{voices})",
            ja=f"重み{total}中{option.weight}（基礎{option.base}{voices}）",
        )
        return slips + bars[option.barrier]

    def marks(self) -> list[str]:
        """Milestones and ladders that went apart."""
        lines = []
        never = say(self.lang, en="never", ja="なし")
        for name, turns in self.found.milestones().items():
            ours, theirs = (
                say(self.lang, en=f"turn {turn}", ja=f"第{turn}ターン") if turn else never
                for turn in turns
            )
            lines.append(f"  {self.sides[0].milestone(name)}{self.colon}{ours} | {theirs}")
        for dyad, (one, other) in self.found.peaks().items():
            title = self.sides[0].dyad(dyad)
            lines.append(
                "  "
                + say(
                    self.lang,
                    en=f"{title}: up to stage {one} | {other}",
                    ja=f"{title}：最高で第{one}段階 | 第{other}段階",
                )
            )
        return lines

    def to_json(self) -> dict[str, Any]:
        """The same as plain JSON values, by the names of the files."""
        return {
            "run": self.found.base.run,
            "seed": self.found.base.seed,
            "names": list(self.names),
            "endings": [side.playthrough.ending for side in self.sides],
            "turns": [side.playthrough.turns for side in self.sides],
            "opening": {name: list(pair) for name, pair in self.found.opening.items()},
            "departures": [self._departure(departure) for departure in self.found.departures],
            "milestones": {name: list(pair) for name, pair in self.found.milestones().items()},
            "peaks": {name: list(pair) for name, pair in self.found.peaks().items()},
            "news": self.found.news,
        }

    def _departure(self, departure: Departure) -> dict[str, Any]:
        return {
            "turn": departure.turn,
            "actor": departure.actor,
            "moves": [list(departure.base.chosen), list(departure.variant.chosen)],
            "weighed": {
                move: [
                    None
                    if option is None
                    else {
                        "weight": option.weight,
                        "base": option.base,
                        "rules": [[v.rule, v.op, v.amount] for v in option.voices],
                        "barrier": option.barrier,
                    }
                    for option in departure.weighed(move)
                ]
                for move in departure.moves
            },
        }


def _effect(voice: Voice) -> str:
    """What a rule did to a weight, as an author writes it."""
    signs = {"add": f"{voice.amount:+d}", "times": f"x{voice.amount}", "over": f"/{voice.amount}"}
    return signs.get(voice.op, voice.op)
