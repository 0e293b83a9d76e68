"""Reads told runs as an editor does: for what contradicts the run, and for what no paper prints.

Each rule has a name, and gives the texts that break it. A rule looks at what was told beside what
the run holds; what is told well elsewhere is no excuse. `wargame check --told` asks it, and so
does the build.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from wargame.replay.explain import explain_option
from wargame.show.text.language import begins, quoted, read, sentence
from wargame.show.text.narrate import HOLD, MOST_TOLD, Act, Narrator
from wargame.show.text.plain_text import marks
from wargame.show.text.story import causes, last_cause, moments, story

Finding = tuple[int, str]  # a turn, or 0 for the summary, and the text at fault

FAILURE = {
    "en": r"fail|stall|\bno(t|body)?\b|neither|without|reject|nothing|surviv|loss|in vain",
    "ja": r"失敗|未遂|不調|ず|なかった|損害|反発|至らな",
}
MONTHS_OF = {
    "winter": (
        r"\b(frost|frozen ground|ground is frozen|snow|cold snap|cold months|heating|winter"
        r"|before spring)\b",
        "冬|寒波|凍り|凍って|積雪|暖房|冷え込み|春まで",
        {10, 11, 12, 1, 2, 3},
    ),
    "mud": (r"\b(mud|thaw)\b", "ぬかるみ|泥濘|雪解け", {3, 4, 5, 10, 11}),
    "summer": (r"\b(heat ?wave|summer|midsummer)\b", "猛暑|真夏|夏", {6, 7, 8, 9}),
}
DOUBLED = re.compile(r"[.。!?！？,、;:：；]\s*[.。,、;:：；]|[!！]{2}|「」|（）|\(\)|\"\"")
PLACEHOLDER = re.compile(r"[{}]|%[sd(]|\bNone\b|\bnan\b")
ENDED = re.compile(r"[.!?。！？][\"」』）)]*$|[」]$")
JOINTS = re.compile(r"(?:て|れば|たが|だが|ため|とき|おり)、")  # where clauses join
MOST_JOINTS = 2
BARE_NUMBER = re.compile(r"(?<![\w.,:/-])\d{1,3}(?:,\d{3})*(?=[.。、]|$)")


@dataclass(frozen=True)
class Slip:
    """A rule that a told run breaks: where, and the text. turn: 0 is the summary."""

    rule: str
    turn: int
    text: str


class Proof:
    """A told run, ready to be read: its turns, its summary, and every text that is a sentence."""

    def __init__(self, narrator: Narrator) -> None:
        self.narrator = narrator
        self.lang = narrator.lang
        self.weeks = [narrator.week(turn + 1) for turn in range(narrator.playthrough.turns)]
        self.summary = story(narrator)
        self.causes = [
            cause for moment in moments(narrator) for cause, _ in causes(narrator, moment.turn)
        ]
        self.last_cause = last_cause(narrator)
        self.sentences = [*self._sentences(), *((0, part) for part in self.summary)]

    def _sentences(self) -> Iterator[Finding]:
        for week in self.weeks:
            texts = [text for news in week.news for text in (news.text, news.why)]
            texts += [text for act in week.acts for text in (act.text, act.why)]
            yield from ((week.turn, text) for text in texts if text)


def proofread(narrator: Narrator) -> list[Slip]:
    """All that is wrong in a told run, in this narrator's language and through its lens."""
    proof = Proof(narrator)
    return [Slip(rule, turn, text) for rule, find in RULES.items() for turn, text in find(proof)]


# ------------------------------------------------------------------------------ deeds


def failed_as_done(proof: Proof) -> Iterator[Finding]:
    """A deed that failed, told as done or without a word of its failure."""
    for week in proof.weeks:
        done = {act.text for act in week.acts if act.succeeded}
        for act in week.acts:
            if act.succeeded:
                continue
            as_done = proof.narrator.told(act.actor, act.move)
            if act.text == as_done or not re.search(FAILURE[proof.lang], act.text):
                yield week.turn, act.text
            named = [cause.text for cause in proof.causes if cause.turn == week.turn]
            if as_done not in done and any(as_done in text for text in named):
                yield 0, as_done


def done_as_failed(proof: Proof) -> Iterator[Finding]:
    """A deed that was done, told in the words of its attempt."""
    for week in proof.weeks:
        for act in week.acts:
            as_failed = proof.narrator.told(act.actor, act.move, succeeded=False)
            if act.succeeded and act.text == as_failed:
                yield week.turn, act.text


def deed_of_nobody(proof: Proof) -> Iterator[Finding]:
    """A deed by, or aimed at, somebody who takes no part."""
    scenario = proof.narrator.scenario
    actors = set(scenario.header.actors)
    for week in proof.weeks:
        for act in week.acts:
            move = scenario.spec.moves[act.move]
            missing = move.target not in actors and "{target}" in read(move.headline, proof.lang)
            if act.actor not in actors or missing or act.move == HOLD:
                yield week.turn, act.text


# ------------------------------------------------------------------------------ reasons


def reason_beside_wrong_move(proof: Proof) -> Iterator[Finding]:
    """A rule's reason beside a move whose weight the rule did not raise."""
    for week in proof.weeks:
        for act in week.acts:
            if act.by == "rule" and act.why and act.why not in _arguments(proof, week.turn, act):
                yield week.turn, f"{act.text} {act.why}"


def _arguments(proof: Proof, turn: int, act: Act) -> set[str]:
    """What the rules that raised the weight of a move say for it."""
    narrator = proof.narrator
    if act.actor not in narrator.playthrough.records[turn - 1].detail:
        return set()
    m = narrator.scenario.header.moves[act.actor].index(act.move)
    raising = [
        narrator.rule(act.actor, voice.rule)
        for voice in explain_option(narrator.playthrough, turn, act.actor, m).voices
        if voice.op in ("add", "times") and voice.amount > (voice.op == "times")
    ]
    texts = [read(rule.reason(act.move), narrator.lang) for rule in raising if rule]
    return {quoted(sentence(text, narrator.lang), narrator.lang) for text in texts}


def reason_twice(proof: Proof) -> Iterator[Finding]:
    """A reason told twice in a turn, or too often in a run."""
    often: Counter[str] = Counter()
    for week in proof.weeks:
        now = Counter(act.why for act in week.acts if act.by == "rule" and act.why)
        now.update(news.why for news in week.news if news.why)
        often += now
        yield from (
            (week.turn, why)
            for why, times in now.items()
            if times > 1 or often[why] == MOST_TOLD + 1
        )


def out_of_season(proof: Proof) -> Iterator[Finding]:
    """A word of a season in a month to which it does not belong."""
    header = proof.narrator.scenario.header
    for turn, text in proof.sentences:
        day = begins(header.start, header.turn_length, turn) if turn else None
        for english, japanese, months in MONTHS_OF.values() if day else ():
            pattern = japanese if proof.lang == "ja" else english
            if day and day.month not in months and re.search(pattern, text, re.IGNORECASE):
                yield turn, text


# ------------------------------------------------------------------------------ the summary


def cause_not_in_run(proof: Proof) -> Iterator[Finding]:
    """A cause in the summary that its turn does not hold, or chance told as somebody's doing."""
    form = proof.narrator.say("By chance: {what}")
    for cause in filter(None, (*proof.causes, proof.last_cause)):
        week = proof.weeks[cause.turn - 1]
        rest = cause.text
        for act in week.acts:
            rest = rest.replace(act.text, "")
        for news in week.news:
            rest = rest.replace(form.format(what=news.text) if news.chance else news.text, "")
        if rest.strip():
            yield 0, cause.text


def ending_untold(proof: Proof) -> Iterator[Finding]:
    """The ending, or what brought it about, is missing from the summary."""
    name = proof.narrator.playthrough.ending
    if name is not None and proof.narrator.ending(name) not in proof.summary[-1]:
        yield 0, proof.narrator.ending(name)
    cause = proof.last_cause
    if cause and not any(cause.text in part for part in proof.summary):
        yield 0, cause.text


# ------------------------------------------------------------------------------ print


def dangling_placeholder(proof: Proof) -> Iterator[Finding]:
    """A name that was not filled in."""
    return ((turn, text) for turn, text in proof.sentences if PLACEHOLDER.search(text))


def double_punctuation(proof: Proof) -> Iterator[Finding]:
    """Two stops in a row, an empty quotation, a double space."""
    for turn, text in proof.sentences:
        if DOUBLED.search(text.replace("...", "")) or "  " in text:
            yield turn, text


def chain_of_clauses(proof: Proof) -> Iterator[Finding]:
    """A Japanese sentence of clause after clause."""
    for turn, text in proof.sentences if proof.lang == "ja" else ():
        yield from (
            (turn, part) for part in text.split("。") if len(JOINTS.findall(part)) > MOST_JOINTS
        )


def unfinished_sentence(proof: Proof) -> Iterator[Finding]:
    """A sentence that is empty, or has no end."""
    for turn, text in proof.sentences:
        if not re.search(r"\w", text) or not ENDED.search(text):
            yield turn, text


def number_without_unit(proof: Proof) -> Iterator[Finding]:
    """A number with nothing behind it that it counts, or a gauge without a unit."""
    for turn, text in proof.sentences:
        if turn and BARE_NUMBER.search(text):
            yield turn, text
    for week in proof.weeks:
        yield from ((week.turn, motion.title) for motion in week.motions if not motion.unit)


def privacy_twice(proof: Proof) -> Iterator[Finding]:
    """Privacy in the sentence and in the mark behind it."""
    words = "非公開|水面下|内密" if proof.lang == "ja" else r"in private|privately|quietly|secretly"
    for week in proof.weeks:
        for act in week.acts:
            if act.visible == "private" and re.search(words, act.text):
                yield week.turn, act.text + marks(proof.narrator, act)


RULES: dict[str, Callable[[Proof], Iterator[Finding]]] = {
    "a failed deed is told as done": failed_as_done,
    "a deed is told as failed": done_as_failed,
    "a deed names somebody who takes no part": deed_of_nobody,
    "a reason stands beside a move that its rule did not favour": reason_beside_wrong_move,
    "a reason is told too often": reason_twice,
    "a season is out of season": out_of_season,
    "a cause is not in the run": cause_not_in_run,
    "what ended the run is not told": ending_untold,
    "a placeholder was not filled in": dangling_placeholder,
    "punctuation is doubled": double_punctuation,
    "clauses make a chain": chain_of_clauses,
    "a sentence is not finished": unfinished_sentence,
    "a number counts nothing": number_without_unit,
    "privacy is said twice": privacy_twice,
}
