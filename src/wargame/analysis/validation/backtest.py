"""The backtest: the model's odds for what was really done, week by week, against naive guesses.

The weeks up to a day are those that rules may be adjusted on; the later ones are held out. Both
parts are reported, and what the model did not foresee is told in words.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from wargame.analysis.validation.foresight import (
    GUESSES,
    MODELS,
    RULES,
    SMOOTHING,
    UNLEARNED,
    ActorWeek,
    foreseen,
)
from wargame.batches.study import Jobs
from wargame.compiler.cached import opened
from wargame.content.load import load_history
from wargame.content.spec import HistorySpec, Spec
from wargame.engine.scenario import Scenario
from wargame.errors import Fault, OrderError, SpecError, hint
from wargame.replay.history import turn_of
from wargame.replay.orders import HOLD
from wargame.statistics.result import Result, percent, say, whole
from wargame.statistics.scores import Bin, Skill, bits, brier, reliability, skill

PartName = Literal["adjusted", "held out"]

RUNS = 10_000
ADJUSTED_UNTIL = datetime.date(2022, 11, 1)  # no rule was changed for the sake of a later week
ALL = "all"
SURPRISES = 5  # told of each part
RATHER = 4  # moves that are named as what was expected instead
SEED = 1  # of the bootstrap


@dataclass(frozen=True)
class Row(Result):
    """One actor, or all of them, over the weeks of one part.

    bits, brier: mean loss of each forecaster in an actor's week. gains, brier_gains: what the
    model spared against each guess. expected, made: moves a week other than waiting.
    """

    who: str
    bits: Mapping[str, float]
    brier: Mapping[str, float]
    gains: Mapping[str, Skill]
    brier_gains: Mapping[str, Skill]
    expected: float
    made: float

    @property
    def best(self) -> str:
        """The guess that is hardest to beat."""
        return min(GUESSES, key=lambda guess: self.bits[guess])

    @property
    def beats(self) -> bool:
        """Whether the model's log score is better than that of every guess."""
        return self.bits[RULES] < self.bits[self.best]

    @property
    def resolved(self) -> bool:
        """Whether it is so with every interval."""
        return all(gain.standing == "ahead" for gain in self.gains.values())


@dataclass(frozen=True)
class Part(Result):
    """The weeks of one part, first to last, with a row for each actor and one for all."""

    name: PartName
    first: int
    last: int
    rows: tuple[Row, ...]
    reliability: tuple[Bin, ...]

    def __getitem__(self, who: str) -> Row:
        """The row of an actor, or of "all". Raises KeyError."""
        return {row.who: row for row in self.rows}[who]

    def title(self, until: str, lang: str = "en") -> str:
        """What it is called: ``Turns 1 to 8, on which rules were adjusted (up to 2022-11-01)``."""
        if self.name == "adjusted":
            return say(
                lang,
                en=f"Turns {self.first} to {self.last}, adjusted on (up to {until})",
                ja=f"第{self.first}～{self.last}ターン、規則の調整に使った期間（{until}まで）",
            )
        return say(
            lang,
            en=f"Turns {self.first} to {self.last}, held out (after {until})",
            ja=f"第{self.first}～{self.last}ターン、調整に使わなかった期間（{until}より後）",
        )

    @property
    def beaten(self) -> tuple[str, ...]:
        """The actors for whom the model beats every guess."""
        return tuple(row.who for row in self.rows if row.who != ALL and row.beats)


@dataclass(frozen=True)
class Surprise(Result):
    """An actor's week that the model gave little chance.

    date: the first day of the week. chances: by forecaster, of just what was done. rather: the
    moves it held likeliest, with the chance to be among what is done.
    """

    part: PartName
    turn: int
    date: str
    actor: str
    made: tuple[str, ...]
    allowed: bool
    chances: Mapping[str, float]
    rather: Mapping[str, float]


@dataclass(frozen=True)
class Backtest(Result):
    """What the backtest found. `weeks` holds all chances; `effective` the runs that still count."""

    history: str
    scenario: str
    digest: str
    worldview: str
    runs: int
    seed: int
    smoothing: float
    until: str
    actors: tuple[str, ...]
    parts: tuple[Part, ...]
    surprises: tuple[Surprise, ...]
    weeks: tuple[Surprise, ...]
    effective: Mapping[int, float]
    names: Mapping[str, Mapping[str, str]]

    def __getitem__(self, name: PartName) -> Part:
        """One of the parts. Raises KeyError if the history has no such weeks."""
        return {part.name: part for part in self.parts}[name]

    def words(self, lang: str = "en") -> str:
        """What it comes to, in a few sentences."""
        return "\n".join(_verdict(part, self.names[lang], lang) for part in self.parts)

    def told(self, surprise: Surprise, lang: str = "en") -> str:
        """A surprise as a sentence."""
        names = self.names[lang]
        made = _listed([names[move] for move in surprise.made if move != HOLD], lang) or names[HOLD]
        rather = [f"{names[move]} {percent(chance, 0)}" for move, chance in surprise.rather.items()]
        chance = percent(surprise.chances[RULES], 1 if surprise.chances[RULES] >= 0.001 else 2)
        actor, day = names[surprise.actor], surprise.date
        no = say(
            lang,
            en=" Its rules do not even allow it then.",
            ja="モデルの規則では、この時点では許されてさえいない。",
        )
        return say(
            lang,
            en=f"Week of {day}, {actor}: {made}. The model gave it {chance}; it rather expected "
            f"{_listed(rather, lang)}.",
            ja=f"{day}の週、{actor}：{made}。モデルの確率は{chance}。"
            f"より有力と見ていたのは{_listed(rather, lang)}。",
        ) + ("" if surprise.allowed else no)

    def table(self, part: Part, lang: str = "en") -> list[tuple[str, ...]]:
        """The part as rows of text: a head, each actor, all."""
        head = (
            ("", ""),
            ("model", "モデル"),
            ("uniform", "一様"),
            ("base rate", "これまでの頻度"),
            ("last week", "前週と同じ"),
            ("spared against the best guess", "最良の推測に対する改善"),
            ("moves stated, made", "行動数：予測、実際"),
            ("", ""),
        )
        rows = [tuple(say(lang, en=en, ja=ja) for en, ja in head)]
        for row in part.rows:
            everybody = say(lang, en="all", ja="全体")
            rows.append(
                (
                    everybody if row.who == ALL else self.names[lang][row.who],
                    *(f"{row.bits[name]:.2f}" for name in (RULES, *GUESSES)),
                    row.gains[row.best].words(lang),
                    f"{row.expected:.1f}, {row.made:.1f}",
                    _standing(row, lang),
                )
            )
        return rows

    def calibration(self, part: Part, lang: str = "en") -> list[tuple[str, ...]]:
        """Stated chances beside what came of them, as rows of text."""
        head = (("stated", "述べた確率"), ("came", "起きた割合"), ("95 %", "95 %"), ("", ""))
        rows = [tuple(say(lang, en=en, ja=ja) for en, ja in head)]
        joint = say(lang, en=" to ", ja="～")
        rows += [
            (
                percent(bin_.stated, 1),
                percent(bin_.share, 1),
                f"{100 * bin_.share_low:.0f}{joint}{100 * bin_.share_high:.0f} %",
                say(
                    lang,
                    en=f"{bin_.came} of {whole(bin_.count)}",
                    ja=f"{whole(bin_.count)}件中{bin_.came}件",
                )
                + ("" if bin_.agrees else say(lang, en=", off", ja="、不一致")),
            )
            for bin_ in part.reliability
        ]
        return rows


def backtest(
    history: str | HistorySpec = "autumn-2022",
    *,
    scenario: Scenario | None = None,
    worldview: str | None = None,
    actors: Sequence[str] = (),
    runs: int = RUNS,
    seed: int | None = None,
    until: datetime.date = ADJUSTED_UNTIL,
    smoothing: float = SMOOTHING,
    jobs: Jobs = 1,
) -> Backtest:
    """Score the model and three guesses on what was really done.

    history: its name, its path, or as it was loaded. scenario: the one that it is told in,
    compiled, if it is at hand; else it is loaded with `worldview`. actors: who is scored; all by
    default. jobs: a study, if it shall keep what the model said. Raises SpecError for files and
    names, OrderError for numbers that make no sense.
    """
    if not 0 < smoothing < 1:
        raise OrderError(f"a smoothing of {smoothing} makes no sense: it lies between 0 and 1")
    if runs < 1:
        raise OrderError(f"{runs} runs are too few: play at least 1")
    told = load_history(history) if isinstance(history, str) else history
    if scenario is None:
        scenario = opened(told.scenario, [worldview] if worldview else [])
    for actor in actors:
        if actor not in scenario.header.actors:
            known = hint(actor, scenario.header.actors)
            raise SpecError([Fault(f"{actor} takes no part in {told.scenario}", None, known)])
    seed = scenario.header.seed if seed is None else seed
    seen = foreseen(told, scenario, runs, seed, smoothing, jobs)
    weeks = [week for week in seen.weeks if week.actor in actors or not actors]
    # A week belongs to the part that its last day belongs to.
    edge = turn_of(until + datetime.timedelta(days=1), scenario) - 1
    split: dict[PartName, list[ActorWeek]] = {
        "adjusted": [week for week in weeks if week.turn <= edge],
        "held out": [week for week in weeks if week.turn > edge],
    }
    every = [_surprise(week, name, scenario) for name, own in split.items() for week in own]
    return Backtest(
        history=told.id,
        scenario=told.scenario,
        digest=scenario.spec.digest,
        worldview="+".join(scenario.spec.overlay_names),
        runs=runs,
        seed=seed,
        smoothing=smoothing,
        until=until.isoformat(),
        actors=tuple(dict.fromkeys(week.actor for week in weeks)),
        parts=tuple(_part(name, own) for name, own in split.items() if own),
        surprises=tuple(
            surprise
            for name in split
            for surprise in sorted(
                (week for week in every if week.part == name), key=lambda w: w.chances[RULES]
            )[:SURPRISES]
        ),
        weeks=tuple(every),
        effective=seen.effective,
        names={lang: _names(scenario.spec, lang) for lang in ("en", "ja")},
    )


def _part(name: PartName, weeks: Sequence[ActorWeek]) -> Part:
    actors = tuple(dict.fromkeys(week.actor for week in weeks))
    rows = [_row(actor, [week for week in weeks if week.actor == actor]) for actor in actors]
    turns = sorted({week.turn for week in weeks})
    return Part(
        name=name,
        first=turns[0],
        last=turns[-1],
        rows=(*rows, _row(ALL, weeks)),
        reliability=reliability(
            np.concatenate([week.forecasts[RULES].options for week in weeks]),
            np.concatenate([week.happened() for week in weeks]),
        ),
    )


def _row(who: str, weeks: Sequence[ActorWeek]) -> Row:
    """The scores over some actor-weeks; whole weeks are what the intervals draw again."""
    turns = sorted({week.turn for week in weeks})
    losses = {
        name: np.array(
            [[bits(w.forecasts[name].chance) for w in weeks if w.turn == t] for t in turns]
        )
        for name in (*MODELS, *GUESSES)
    }
    squares = {
        name: np.array(
            [
                [brier(w.forecasts[name].options, w.happened()) for w in weeks if w.turn == t]
                for t in turns
            ]
        )
        for name in (*MODELS, *GUESSES)
    }
    return Row(
        who=who,
        bits={name: float(table.mean()) for name, table in losses.items()},
        brier={name: float(table.mean()) for name, table in squares.items()},
        gains={guess: skill(losses[RULES], losses[guess], seed=SEED) for guess in GUESSES},
        brier_gains={guess: skill(squares[RULES], squares[guess], seed=SEED) for guess in GUESSES},
        expected=float(np.mean([_acts(w.options, w.forecasts[RULES].options) for w in weeks])),
        made=float(np.mean([_acts(w.options, w.happened()) for w in weeks])),
    )


def _acts(options: Sequence[str], chances: Iterable[float]) -> float:
    """The expected number of moves other than waiting."""
    return sum(c for option, c in zip(options, chances, strict=True) if option != HOLD)


def _surprise(week: ActorWeek, part: PartName, scenario: Scenario) -> Surprise:
    count, unit = scenario.header.turn_length.split()
    step = int(count) * {"day": 1, "week": 7}[unit.removesuffix("s")]
    start = datetime.date.fromisoformat(scenario.header.start)
    options = week.forecasts[RULES].options
    likeliest = sorted(range(len(options)), key=lambda m: -options[m])
    return Surprise(
        part=part,
        turn=week.turn,
        date=(start + datetime.timedelta(days=step * (week.turn - 1))).isoformat(),
        actor=week.actor,
        made=week.made,
        allowed=week.allowed,
        chances={name: week.forecasts[name].chance for name in (*MODELS, *GUESSES)},
        rather={
            week.options[m]: float(options[m])
            for m in [m for m in likeliest if week.options[m] not in week.made][:RATHER]
        },
    )


def _names(spec: Spec, lang: str) -> dict[str, str]:
    """What actors and moves are called."""
    return {actor.id: (actor.short or actor.title).get(lang) for actor in spec.actors} | {
        move: item.title.get(lang) for move, item in spec.moves.items()
    }


def _listed(items: Sequence[str], lang: str) -> str:
    return say(lang, en=", ", ja="、").join(items)


def _standing(row: Row, lang: str) -> str:
    if not row.beats:
        return say(lang, en="behind: ", ja="及ばず：") + _guess(row.best, lang)
    if row.resolved:
        return say(lang, en="beats all three", ja="三つすべてに勝る")
    return say(lang, en="beats all three, unresolved", ja="三つすべてに勝るが未確定")


def _guess(name: str, lang: str) -> str:
    words = {"uniform": "一様", "base rate": "これまでの頻度", "last week": "前週と同じ"}
    return words[name] if lang == "ja" else name


def _verdict(part: Part, names: Mapping[str, str], lang: str) -> str:
    row = part[ALL]
    gain, guess = row.gains[row.best], _guess(row.best, lang)
    mine, other = f"{row.bits[RULES]:.2f}", f"{row.bits[row.best]:.2f}"
    squares = f"{row.brier[RULES]:.2f}", f"{min(row.brier[name] for name in GUESSES):.2f}"
    learned = f"{row.bits[UNLEARNED] - row.bits[RULES]:+.2f}"
    beaten = _listed([names[who] for who in part.beaten], lang) or say(lang, en="none", ja="なし")
    actors = len(part.rows) - 1
    return say(
        lang,
        en=f"{'Held out' if part.name == 'held out' else 'Adjusted on'}: {mine} bits against"
        f" {other} of the best guess ({guess}), skill {gain.words(lang)}. Better than all three"
        f" for {len(part.beaten)} of {actors} actors: {beaten}. Brier's score: {squares[0]} against"
        f" {squares[1]}."
        f" Learning about the unknowns was worth {learned} bits.",
        ja=f"{'調整に使わなかった期間' if part.name == 'held out' else '調整に使った期間'}："
        f"{mine}ビット（最良の推測「{guess}」は{other}）、改善率{gain.words(lang)}。"
        f"三つすべてに勝ったのは{actors}者中{len(part.beaten)}者：{beaten}。"
        f"ブライアスコアは{squares[0]}（最良の推測は{squares[1]}）。"
        f"未知数についての学習の効果は{learned}ビット。",
    )
