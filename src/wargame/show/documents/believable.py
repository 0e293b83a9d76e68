"""Is it believable? The page that puts all evidence for and against the model side by side.

Failures stand where successes stand, in the same size. The page is a `sheet`: one file, both
languages, no scripts. Lines with a dot are drawn with boxes and their widths, so that they shrink
to a telephone and grow to a wall.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import groupby
from math import isfinite
from pathlib import Path
from typing import Any

from wargame.analysis.expect import Prediction
from wargame.analysis.validation.backtest import ALL
from wargame.analysis.validation.base_rates import Compared
from wargame.analysis.validation.evidence import Evidence
from wargame.analysis.validation.ledger import KINDS, Dependence, Row
from wargame.analysis.validation.patterns import LEVELS, Found
from wargame.boundary.files import write_text
from wargame.errors import agreeing, counted
from wargame.show.documents.sheet import Sheet, page
from wargame.show.text.language import LANGUAGES, joined
from wargame.show.text.units import translated
from wargame.statistics.result import decimals, percent, signed, signed_interval, whole

STYLE = "believable.css"
MOST = 15  # rows of the ledger in the open table
WORST = 10  # and in that of the worst outcomes
FEW = 30  # runs below which nothing is said of a model without rules
GOOD, BAD, OPEN = "good", "bad", "open"
NONE = "none"
MARKS = {GOOD: "✓", BAD: "✗", OPEN: "?", NONE: "–"}

CHAPTERS = {  # their key on the page, and what they are called in a line
    "ledger": ("ledger", "ledger", "台帳"),
    "expectations": ("expect", "expectations", "予想"),
    "patterns": ("patterns", "patterns", "パターン"),
    "backtest": ("backtest", "backtest", "過去への適用"),
    "base-rates": ("rates", "base rates", "基準率"),
    "calibration": ("calibration", "calibration", "較正"),
}
LACKS = {  # why a part has nothing to say though it was asked for
    "expectations": (
        "No policy states what it would do to this scenario.",
        "このシナリオへの効果を述べる政策がない。",
    ),
    "patterns": (
        "No patterns file is written for this scenario (scenarios/patterns).",
        "このシナリオのパターンのファイルがない（scenarios/patterns）。",
    ),
    "backtest": (
        "No history file is written for this scenario (scenarios/history).",
        "このシナリオの実際の経過のファイルがない（scenarios/history）。",
    ),
    "base-rates": (
        "No base-rates file is written for this scenario (scenarios/base-rates).",
        "このシナリオの基準率のファイルがない（scenarios/base-rates）。",
    ),
    "calibration": (
        "No worldview for this scenario carries the report of a calibration (.fits.json).",
        "このシナリオ向けの世界観に、較正の報告（.fits.json）の付いたものがない。",
    ),
}

NAMED_PARTS = {  # of a row of the ledger
    "start": "初期値",
    "noise": "雑音",
    "drawn from": "範囲",
    "likely": "最頻値",
    "value": "値",
    "end of the turn": "ターン末の値",
    "stage": "段階",
    "heat": "熱",
    "leverage": "影響力",
    "turns on end": "続くターン数",
    "turn": "ターン",
    "when": "条件",
    "chance in 1000": "千分率の確率",
    "weight": "重み",
    "base": "基本の重み",
    "success": "成功",
    "consent": "同意",
    "cooldown": "間隔",
    "failed": "失敗時",
}


def believable(evidence: Evidence, lang: str = "en") -> str:
    """The page as HTML. lang: the language that it opens in."""
    bodies = {tongue: _Page(evidence, tongue).text() for tongue in LANGUAGES}
    title = joined(evidence.spec.scenario.title.get(lang))
    asked = {"en": "Is it believable?", "ja": "信じられるか"}[lang if lang == "ja" else "en"]
    # A number stays with its sign.
    bodies = {tongue: body.replace(" %", "\u00a0%") for tongue, body in bodies.items()}
    return page(bodies, f"{asked} {title}", lang, [STYLE])


def in_short(evidence: Evidence, lang: str = "en") -> list[str]:
    """A line for each chapter, as the page's first one has them."""
    scores = _Page(evidence, lang).scores()
    return [f"{MARKS[kind]} {label}: {words}" for _, kind, label, words in scores]


def write_believable(evidence: Evidence, out: Path, lang: str = "en") -> Path:
    """Write the page, complete or not at all."""
    write_text(out, believable(evidence, lang))
    return out


class _Page(Sheet):
    """The page in one language. Cells of its own tables are HTML."""

    PROSE = "believable.yaml"

    def __init__(self, evidence: Evidence, lang: str) -> None:
        super().__init__(lang)
        self.evidence = evidence
        file = evidence.spec.scenario
        titles = {
            **{name: item.title for name, item in file.endings.items()},
            **{name: item.title for name, item in file.milestones.items()},
        }
        self.outcomes = {
            name: self.plain(title).replace("：", ":").partition(":")[0] or name
            for name, title in titles.items()
        }

    def text(self) -> str:
        return self.head() + self.chapters(
            [
                ("short", self.say("In short", "要点"), self.short()),
                ("ledger", self.say("Assumption ledger", "仮定の台帳"), self.ledger()),
                ("expect", self.say("Expectations", "政策への予想"), self.expectations()),
                ("patterns", self.say("Patterns", "パターン"), self.patterns()),
                ("backtest", self.say("Backtest", "過去への適用"), self.backtest()),
                ("rates", self.say("Base rates", "基準率"), self.rates()),
                ("calibration", self.say("Calibration", "較正"), self.calibration()),
                (
                    "limits",
                    self.say("What the model cannot say", "モデルに言えないこと"),
                    self.limits(),
                ),
                (
                    "again",
                    self.say("How to make this page again", "このページの作り直し方"),
                    self.again(),
                ),
            ]
        )

    # ------------------------------------------------------------------------- the parts

    def head(self) -> str:
        evidence, file = self.evidence, self.evidence.spec.scenario
        view = evidence.worldview or self.say("none: as written", "なし（原案のまま）")
        facts = self.say(
            f"Worldview: {view}. {counted(evidence.runs, 'model run')} of each question, seed "
            f"{evidence.seed}, engine {evidence.engine}, scenario digest {evidence.digest[:16]}. "
            "Shares of model runs are not probabilities of war.",
            f"世界観：{view}。問いごとに{whole(evidence.runs)}回のモデル実行、シード{evidence.seed}、"
            f"エンジン{evidence.engine}、シナリオのダイジェスト{evidence.digest[:16]}。"
            "モデル実行に占める割合は、戦争の確率ではない。",
        )
        lead = self.prose("lead")
        asked = self.say("Is it believable?", "信じられるか")
        note = ""
        if evidence.fits.get(evidence.worldview, {}).get("stale"):
            words = self.say(
                "The scenario has changed since this worldview was calibrated; what follows is "
                "played on the scenario as it is now.",
                "この世界観が較正された後にシナリオが変わった。以下は現在のシナリオで実行した結果である。",
            )
            note = f'<p class="note">{escape(words)}</p>'
        return (
            f'<h1>{escape(asked)} <span class="of">{self.read(file.title)}</span></h1>'
            f'<p class="lead">{escape(lead)}</p><p class="facts">{escape(facts)}</p>' + note
        )

    def short(self) -> str:
        return (
            '<ul class="scores">'
            + "".join(
                f'<li><a href="#{self.lang}-{key}">{self.verdict(kind, label)}</a>'
                f"<span>{escape(words)}</span></li>"
                for key, kind, label, words in self.scores()
            )
            + "</ul>"
        )

    def scores(self) -> Iterable[tuple[str, str, str, str]]:
        """For each chapter its key, a verdict, its name, and what it found in a sentence.

        Last, what is missing for those that were asked for and have nothing to say.
        """
        evidence = self.evidence
        if evidence.ledger:
            yield self.score("ledger", OPEN, evidence.ledger.words(self.lang))
        if evidence.expectations:
            found = evidence.expectations
            holds, fails, unsure = (
                found.directions_that(answer) for answer in ("holds", "fails", "unresolved")
            )
            words = self.say(
                f"Of {counted(holds + fails + unsure, 'direction')} that policies state of "
                f"themselves, {holds} {agreeing(holds, 'holds', 'hold')}, "
                f"{fails} {agreeing(fails, 'fails', 'fail')}, and "
                f"{unsure} {agreeing(unsure, 'is', 'are')} not resolved at "
                f"{counted(found.n, 'pair')} of runs.",
                f"政策が自ら述べる{holds + fails + unsure}個の向きのうち、"
                f"成立{holds}、不成立{fails}、{whole(found.n)}組では未確定{unsure}。",
            )
            kind = BAD if fails else OPEN if unsure else GOOD
            yield self.score("expectations", kind, words)
        if evidence.patterns:
            found_p = evidence.patterns
            failed = [one for one in found_p if not one.passed]
            words = found_p.words(self.lang).splitlines()[-1] + self.say(".", "。")
            if failed:
                named = ", ".join(one.title[self.lang] for one in failed)
                words += self.say(f" Failing: {named}.", f"不合格：{named}。")
            kind = BAD if failed else GOOD
            yield self.score("patterns", kind, words)
        if evidence.backtest:
            part = evidence.backtest.parts[-1]
            row = part[ALL]
            kind = (GOOD if row.resolved else OPEN) if row.beats else BAD
            words = evidence.backtest.words(self.lang).splitlines()[-1]
            yield self.score("backtest", kind, words)
        if evidence.base_rates:
            gaps = [gap for rate in evidence.base_rates for gap in rate.gaps]
            apart = sum(gap.resolved is True for gap in gaps)
            words = self.say(
                f"Of {counted(len(gaps), 'comparison')} with ICB, MID, GML and others, {apart} "
                f"{agreeing(apart, 'shows', 'show')} a gap beyond chance. Each says what explains "
                "it.",
                f"ICB、MID、GMLなどとの{len(gaps)}件の比較のうち、{apart}件に偶然を超える差がある。"
                "それぞれに説明を付した。",
            )
            yield self.score("base-rates", OPEN if apart else GOOD, words)
        if evidence.fits:
            met = sum(bool(fit["met"]) for fit in evidence.fits.values())
            missed = [name for name, fit in evidence.fits.items() if not fit["met"]]
            words = self.say(
                f"Of {counted(len(evidence.fits), 'worldview')} {met} "
                f"{agreeing(met, 'meets all its', 'meet all their')} targets"
                + (f"; not all: {', '.join(missed)}." if missed else "."),
                f"{len(evidence.fits)}個の世界観のうち{met}個が、すべての目標を満たす"
                + (f"。満たさないもの：{'、'.join(missed)}。" if missed else "。"),
            )
            stale = sum(bool(fit["stale"]) for fit in evidence.fits.values())
            if stale:
                words += self.say(
                    f" {stale} of them were made before the scenario last changed.",
                    f"うち{stale}個は、シナリオの最後の変更より前に作られた。",
                )
            kind = BAD if missed else OPEN if stale else GOOD
            yield self.score("calibration", kind, words)
        parts = {
            "expectations": evidence.expectations,
            "patterns": evidence.patterns,
            "backtest": evidence.backtest,
            "base-rates": evidence.base_rates,
            "calibration": evidence.fits,
        }
        for name, answer in parts.items():
            if not answer and name in (*evidence.asked, "calibration"):
                yield self.score(name, NONE, self.say(*LACKS[name]))

    def score(self, part: str, kind: str, words: str) -> tuple[str, str, str, str]:
        key, en, ja = CHAPTERS[part]
        return key, kind, self.say(en, ja), words

    def lack(self, part: str) -> str:
        """What stands in a chapter that has nothing to say."""
        asked = part in (*self.evidence.asked, "calibration")
        words = LACKS[part] if asked else ("This part was left out.", "この部分は省かれた。")
        return f'<p class="note">{escape(self.say(*words))}</p>'

    # ------------------------------------------------------------------------- the ledger

    def ledger(self) -> str:
        found = self.evidence.ledger
        if found is None:
            return self.lack("ledger")
        text = f"<p>{escape(found.words(self.lang))}</p>"
        if found.pairs:
            words = self.prose("ledger", pairs=whole(found.pairs))
            text += f"<p>{escape(words)}</p>"
            measured = found.that("measured")
            text += f"<h3>{self.say('What moves the endings', '結末を動かすもの')}</h3>"
            text += self._turned([(row, row.dependence) for row in measured[:MOST]])
            file = self.evidence.spec.scenario
            for name in (next(iter(file.endings), ""), *file.milestones):
                moved = [(row, one) for row in measured if (one := row.on(name)) and one.reach]
                moved.sort(key=lambda pair: (not pair[1].resolved, -pair[1].reach))
                top = moved[:WORST]
                if top:
                    called = self.called(name)
                    title = self.say(f"What moves {called}", f"{called}を動かすもの")
                    text += self.folded(title, self._turned(top))
        complete = ""
        for kind, names in KINDS.items():
            rows = [row for row in found if row.kind == kind]
            if rows:
                count = sum(row.count for row in rows)
                title = names[self.lang == "ja"]
                label = self.say(
                    f"{title[0].upper()}{title[1:]}: {whole(count)} numbers",
                    f"{title}：{whole(count)}個",
                )
                complete += self.folded(label, self._numbers(rows))
        head = self.say("Every number, by kind", "全数値（種類別）")
        note = self.say("Not printed: open the file.", "印刷されない。ファイルを開くこと。")
        text += (
            f'<h3>{head}</h3><div class="complete">{complete}</div><p class="on-paper">{note}</p>'
        )
        return text

    def _turned(self, rows: Sequence[tuple[Row, Dependence | None]]) -> str:
        told = [(row, one) for row, one in rows if one is not None]
        widest = max((abs(side) for _, one in told for side in one.sides), default=0) or 1
        cells = []
        for row, one in told:
            kind = KINDS[row.kind][self.lang == "ja"]
            resolved = (
                self.say("shown", "確定") if one.resolved else self.say("not shown", "未確定")
            )
            cells.append(
                (
                    escape(joined(row.title[self.lang]))
                    + f"<small>{escape(kind)}: {escape(row.name)}</small>",
                    escape(self.called(one.outcome)),
                    self.swing(one, widest) + f"<small>{escape(one.words(self.lang))}</small>",
                    self.verdict(GOOD if one.resolved else OPEN, resolved),
                    f"<code>{escape(row.file)}:{row.line}</code>"
                    f"<small>{self.source(row.source)}</small>",
                )
            )
        head = (
            self.say("what is turned", "動かすもの"),
            self.say("outcome", "結果"),
            self.say("points, turned down and up", "下げた場合と上げた場合（ポイント）"),
            self.say("beyond chance?", "偶然を超えるか"),
            self.say("where, source", "場所と出典"),
        )
        return self.cards(head, cells, (26, 10, 26, 12, 26))

    def _numbers(self, rows: Sequence[Row]) -> str:
        status = {
            "measured": self.say("measured", "測定"),
            "screened": self.say("screened", "選別"),
            "unmeasured": self.say("not measured", "未測定"),
        }
        cells = [
            (
                f"{escape(row.title[self.lang])}<small>{escape(row.name)}</small>",
                "<br>".join(
                    f"{escape(self.part(number.part))}: <code>{escape(number.text)}</code>"
                    for number in row.numbers
                ),
                escape(translated(row.unit[self.lang], self.lang)),
                f"<code>{escape(row.file)}:{row.line}</code>"
                f"<small>{self.source(row.source) or self.say('no source', '出典なし')}</small>",
                escape(status[row.status]),
            )
            for row in sorted(rows, key=lambda row: (row.file, row.line))
        ]
        head = (
            self.say("name", "名前"),
            self.say("numbers", "数値"),
            self.say("unit", "単位"),
            self.say("where, source", "場所と出典"),
            self.say("dependence", "依存"),
        )
        return self.cards(head, cells, (20, 41, 10, 20, 9))

    def swing(self, one: Dependence, widest: float) -> str:
        """Bars from the middle: what turning down does, and turning up, where that can be done."""
        bars = "".join(
            f'<i class="{side}" style="left:{min(50.0, 50 + 50 * d[0] / widest):.1f}%;'
            f'width:{abs(50 * d[0] / widest):.1f}%"></i>'
            for side, d in (("less", one.less), ("more", one.more))
            if d is not None
        )
        return f'<div class="track middle swing" aria-hidden="true">{bars}</div>'

    # ------------------------------------------------------------------------- expectations

    def expectations(self) -> str:
        found = self.evidence.expectations
        if found is None:
            return self.lack("expectations")
        words = self.prose("expectations", pairs=whole(found.n), margin=f"{100 * found.margin:g}")
        widest = (
            max(
                (
                    abs(p.found.difference)
                    for one in found
                    for p in one.predictions
                    if isfinite(p.found.difference)
                ),
                default=0.0,
            )
            or 1.0
        )
        order = {"fails": 0, "unresolved": 1, "holds": 2}
        text = f"<p>{escape(words)}</p>"
        told = sorted(
            ((one.policy, p) for one in found for p in one.predictions),
            key=lambda pair: order[pair[1].answer],
        )
        titles = {
            "fails": self.say("Directions that fail", "不成立の向き"),
            "unresolved": self.say("Not resolved at this number of runs", "この実行回数では未確定"),
            "holds": self.say("Directions that hold", "成立した向き"),
        }
        for answer, group in groupby(told, key=lambda pair: pair[1].answer):
            rows = [self._direction(policy, p, widest) for policy, p in group]
            head = (
                self.say("policy", "政策"),
                self.say("outcome", "結果"),
                self.say("expected", "予想"),
                self.say("found, points", "結果（ポイント）"),
                self.say("verdict", "判定"),
            )
            label = f"{titles[answer]}: {len(rows)}"
            text += self.folded(
                label, self.cards(head, rows, (32, 18, 10, 28, 12)), opened=answer == "fails"
            )
        return text

    def _direction(self, policy: str, p: Prediction, widest: float) -> tuple[str, ...]:
        directions = {
            "up": self.say("up", "上昇"),
            "down": self.say("down", "低下"),
            "flat": self.say("flat", "横ばい"),
        }
        answers = {
            "holds": (GOOD, self.say("holds", "成立")),
            "fails": (BAD, self.say("fails", "不成立")),
            "unresolved": (OPEN, self.say("open", "未確定")),
        }
        verdict = p.found.verdict
        told = self.say("its condition never came", "条件が一度も成立せず")
        drawn = ""
        if verdict.kind != "void":
            places = decimals(50 * (verdict.high - verdict.low))
            told = (
                f"{signed(verdict.difference, places)} ("
                + signed_interval(verdict.low, verdict.high, self.lang, places)
                + ")"
            )
            value, low, high = (
                0.5 + one / widest / 2 for one in (verdict.difference, verdict.low, verdict.high)
            )
            drawn = self.track(value, low, high, middle=True)
        title = self.evidence.policies.get(policy, {}).get(self.lang, policy)
        return (
            f"{escape(joined(title))}<small>{escape(policy)}</small>",
            escape(self.called(p.name)),
            escape(directions[p.expected]),
            f"{drawn}<small>{escape(told)}</small>",
            self.verdict(*answers[p.answer]),
        )

    # ------------------------------------------------------------------------- patterns

    def patterns(self) -> str:
        found = self.evidence.patterns
        if found is None:
            return self.lack("patterns")
        words = self.prose("patterns")
        text = (
            f"<p>{escape(words)}</p>"
            f"<p><strong>{escape(found.words(self.lang).splitlines()[-1])}</strong></p>"
        )
        for level, group in groupby(found, key=lambda one: one.level):
            head = (
                self.say("pattern", "パターン"),
                self.say("found", "結果"),
                self.say("verdict", "判定"),
                self.say("real autumn", "実際の秋"),
                self.say("without rules", "規則なし"),
            )
            rows = [self._pattern(one) for one in group]
            title = LEVELS[level][self.lang == "ja"]
            text += f"<h3>{escape(title[0].upper() + title[1:])}</h3>" + self.cards(
                head, rows, (28, 31, 10, 12, 19)
            )
        return text

    def _pattern(self, one: Found) -> tuple[str, ...]:
        top = max(2.0, one.low * 1.2) if one.answer.ratio else 1.0
        drawn = ""
        if isfinite(one.answer.value):
            ends = (one.answer.value / top, one.answer.low / top, one.answer.high / top)
            drawn = self.track(*ends, band=(one.low / top, min(1.0, one.high / top)))
        kind, label = (
            (GOOD, self.say("passes", "合格")) if one.passed else (BAD, self.say("fails", "不合格"))
        )
        close = "" if one.sure else f"<small>{self.say('close', '僅差')}</small>"
        shows = {
            True: (GOOD, self.say("shows it", "示す")),
            False: (BAD, self.say("does not", "示さない")),
        }
        real = "–" if one.history is None else self.verdict(*shows[one.history])
        if one.ruleless.n < FEW:
            rest = self.say("too rare to tell", "まれで判断できず")
        elif one.low <= one.ruleless.value <= one.high:
            rest = self.say("passes too", "やはり合格")
        else:
            rest = self.say("does not pass", "合格しない")
        return (
            f"{escape(joined(one.title[self.lang]))}<small>{self.source(one.source)}</small>",
            f"{drawn}<small>{escape(one.value(self.lang))}"
            f"{self.say('; asked: ', '。基準：')}{escape(one.asked(self.lang))}</small>",
            self.verdict(kind, label) + close,
            real,
            f"{escape(rest)}<small>{escape(one.value(self.lang, one.ruleless))}</small>",
        )

    # ------------------------------------------------------------------------- the backtest

    def backtest(self) -> str:
        found = self.evidence.backtest
        if found is None:
            return self.lack("backtest")
        text = f"<p>{escape(self.prose('backtest', until=found.until))}</p>"
        text += self.bullets(found.words(self.lang).splitlines())
        for part in found.parts:
            title = escape(part.title(found.until, self.lang))
            (_, *head), *rows = found.table(part, self.lang)
            marked = [
                (
                    *map(escape, cells[:-1]),
                    self.verdict((GOOD if row.resolved else OPEN) if row.beats else BAD, cells[-1]),
                )
                for row, cells in zip(part.rows, rows, strict=True)
            ]
            head = [self.say("actor", "主体"), *head[:-1], self.say("verdict", "判定")]
            text += f"<h3>{title}</h3>" + self.cards(head, marked, (14, 9, 9, 9, 9, 18, 15, 17))
            (*columns, _), *bins = found.calibration(part, self.lang)
            label = self.say("Do its chances come true?", "述べた確率は当たるか")
            text += self.folded(label, self.table([*columns, self.say("cases", "件数")], bins))
            own = [one for one in found.surprises if one.part == part.name]
            surprises = [found.told(one, self.lang) for one in own]
            label = self.say("What surprised the model most", "モデルが最も意外とした週")
            text += self.folded(label, self.bullets(surprises), opened=True)
        return text

    # ------------------------------------------------------------------------- base rates

    def rates(self) -> str:
        found = self.evidence.base_rates
        if found is None:
            return self.lack("base-rates")
        words = self.prose("rates")
        return f"<p>{escape(words)}</p>" + "".join(self._rate(rate) for rate in found)

    def _rate(self, rate: Compared) -> str:
        got = rate.answer
        model = self.say("model", "モデル")
        if rate.forbidden:
            model += self.say(", forbidden: ", "、禁止：") + ", ".join(rate.forbidden)
        drawn = self.track(got.value, got.low, got.high) if got.n else ""
        lines = [f"<dt>{escape(model)}</dt><dd>{drawn}{escape(rate.words(self.lang))}</dd>"]
        for gap in rate.gaps:
            one = gap.reported
            low = one.share if one.low is None else one.low
            high = one.share if one.high is None else one.high
            far = {
                True: self.verdict(OPEN, self.say("a gap", "差あり")),
                False: self.verdict(GOOD, self.say("no gap beyond chance", "偶然を超える差なし")),
                None: "",
            }[gap.resolved]
            words = self.say(
                "model less this, in points: ", "モデルとの差（ポイント）："
            ) + gap.words(self.lang)
            drawn = self.track(one.share, low, high, hollow=True)
            lines.append(
                f"<dt>{self.source(one.source[self.lang])}</dt><dd>{drawn}"
                f"{escape(one.words(self.lang))}<small>{escape(words)} {far}</small></dd>"
            )
        return (
            f'<article class="rate"><h3>{escape(joined(rate.title[self.lang]))}</h3>'
            f"<dl>{''.join(lines)}</dl><p>{escape(joined(rate.because[self.lang]))}</p></article>"
        )

    # ------------------------------------------------------------------------- calibration

    def calibration(self) -> str:
        fits = self.evidence.fits
        if not fits:
            return self.lack("calibration")
        words = self.prose("calibration")
        return f"<p>{escape(words)}</p>" + "".join(
            self._fit(name, fit) for name, fit in fits.items()
        )

    def _fit(self, name: str, report: Mapping[str, Any]) -> str:
        rows = []
        for fit in report["fits"]:
            lead = bool(fit["rival"])
            said = (
                self.say(f"more than {fit['rival']}", f"{fit['rival']}を上回る")
                if lead
                else f"{100 * fit['goal_low']:.3g}–{100 * fit['goal_high']:.3g} %"
            )
            kind, label = (
                (GOOD, self.say("met", "一致"))
                if fit["met"]
                else (BAD, self.say("not met", "不一致"))
            )
            share = fit["share"]
            drawn = (
                ""
                if lead or share is None
                else self.track(
                    share, fit["low"], fit["high"], band=(fit["goal_low"], fit["goal_high"])
                )
            )
            found = (
                "–"
                if share is None
                else (
                    f"{percent(share, 2)} ({100 * fit['low']:.2f}–{100 * fit['high']:.2f} %), "
                    f"n = {whole(fit['n'])}"
                )
            )
            rows.append(
                (
                    escape(fit["label"]),
                    said,
                    f"{drawn}<small>{escape(found)}</small>",
                    self.verdict(kind, label),
                )
            )
        head = (
            self.say("target", "目標"),
            self.say("said", "予測"),
            self.say("found", "結果"),
            self.say("verdict", "判定"),
        )
        text = self.cards(head, rows, (30, 14, 42, 14))
        moved = "; ".join(
            f"{one['name']}: {_setting(one['was'])} → {_setting(one['now'])}"
            for one in report["moved"]
        )
        text += (
            f"<p><small>{self.say('Moved: ', '動かしたもの：')}{escape(moved or '–')}</small></p>"
        )
        where = self.say(
            f"{whole(report['runs'])} runs of {report['scenario']}",
            f"{report['scenario']}の実行{whole(report['runs'])}回",
        )
        if report["stale"]:
            note = self.say(
                "The scenario has changed since; make the worldview again with the command at the "
                "head of its file.",
                "その後シナリオが変わった。ファイル冒頭のコマンドで世界観を作り直すこと。",
            )
            text = f'<p class="note">{escape(note)}</p>' + text
        label = f"{name} ({where})"
        if report["stale"]:
            label += self.say(": out of date", "：更新が必要")
        return self.folded(label, text, opened=not report["met"])

    # ------------------------------------------------------------------------- the rest

    def limits(self) -> str:
        return self.bullets(joined(limit[self.lang]) for limit in self.texts["limits"])

    def again(self) -> str:
        evidence = self.evidence
        view = f" --worldview {evidence.worldview}" if evidence.worldview else ""
        closely = evidence.ledger.pairs if evidence.ledger else 0
        name = evidence.scenario
        shell = (
            f"wargame believable {name}{view} --runs {evidence.runs} --seed {evidence.seed} "
            f"--closely {closely}\n"
            f"wargame expect {name}{view}\n"
            f"wargame sensitivity {name}"
            + (f" --overlay {evidence.worldview}" if evidence.worldview else "")
            + (f"\nwargame backtest{view}" if evidence.backtest else "")
            + f"\nwargame odd {name}"
        )
        words = self.prose("again")
        return f"<pre><code>{escape(shell)}</code></pre><p>{escape(words)}</p>"

    # ------------------------------------------------------------------------- small things

    def part(self, name: str) -> str:
        """What a number is of, in the page's language; names of the model stay as they are."""
        if self.lang != "ja":
            return name
        for en, ja in NAMED_PARTS.items():
            if name == en or name.startswith((f"{en} ", f"{en}: ")):
                return ja + name[len(en) :].replace(": ", "：")
        return name

    def called(self, name: str) -> str:
        """An outcome as people read it."""
        if "|" in name:
            outcome, given = (self.outcomes.get(part, part) for part in name.split("|"))
            return self.say(f"{outcome}, given {given}", f"{given}のときの{outcome}")
        return self.outcomes.get(name, name)

    def verdict(self, kind: str, words: str) -> str:
        """A verdict with its sign: colour never stands alone."""
        return f'<span class="verdict {kind}">{MARKS[kind]} {escape(words)}</span>'

    def track(
        self,
        value: float,
        low: float,
        high: float,
        band: tuple[float, float] | None = None,
        hollow: bool = False,
        middle: bool = False,
    ) -> str:
        """A line from 0 to 1 with a dot, its interval, and the band that passes."""
        ends = [100 * min(1.0, max(0.0, end)) for end in (value, low, high)]
        shade = ""
        if band is not None:
            first, last = (100 * min(1.0, max(0.0, end)) for end in band)
            shade = f'<i class="band" style="left:{first:.1f}%;width:{last - first:.1f}%"></i>'
        kind = ("track middle" if middle else "track") + (" hollow" if hollow else "")
        return (
            f'<div class="{kind}" aria-hidden="true">{shade}'
            f'<i class="range" style="left:{ends[1]:.1f}%;width:{ends[2] - ends[1]:.1f}%"></i>'
            f'<i class="dot" style="left:{ends[0]:.1f}%"></i></div>'
        )

    def cards(
        self, head: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int] = ()
    ) -> str:
        """A table that becomes a card for each row where the screen is narrow. Cells are HTML.

        widths: of the columns, in per cent, so that several tables stand in line.
        """
        columns = "".join(f'<col style="width:{width}%">' for width in widths)
        top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
        body = "".join(
            f'<tr><th scope="row">{first}</th>'
            + "".join(
                f'<td data-label="{escape(label)}"><div>{cell}</div></td>'
                for label, cell in zip(head[1:], rest, strict=True)
            )
            + "</tr>"
            for first, *rest in rows
        )
        kind = "cards even" if widths else "cards"
        return (
            f'<table class="{kind}"><colgroup>{columns}</colgroup>'
            f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
        )


def _setting(value: Mapping[str, Any]) -> str:
    """A dial's setting: a range with what is likely in it, or a factor."""
    if "between" in value:
        low, high = value["between"]
        likely = value.get("likely")
        return f"{low}–{high}" + (f" ({likely})" if likely is not None else "")
    return f"× {value['factor'] / 1000:g}"
