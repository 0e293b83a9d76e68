"""The report of a batch: one HTML file that needs nothing else, for reading, print and archive.

It has no scripts and asks for nothing; figures are SVG whose text stays text. Both languages
stand in it, and a pair of radio buttons shows one of them. What it says comes from the batch's
own folder, so a report can be written again, years later, from the folder alone.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from html import escape
from itertools import count
from math import nan
from pathlib import Path
from typing import Any

from wargame.analysis.profile import Profile, profile
from wargame.analysis.sensitivity.answer import STORED
from wargame.batches.batch import Batch
from wargame.batches.recipe import AGAIN, Recipe, path_word
from wargame.batches.store.folder import MANIFEST, read_json
from wargame.batches.store.plan import BASELINE
from wargame.boundary.files import check_output, write_text
from wargame.boundary.foreign import read_shaped
from wargame.content.spec import Spec
from wargame.errors import agreeing, counted
from wargame.show.documents import figures
from wargame.show.documents.sheet import Sheet, page
from wargame.show.text.language import LANGUAGES, cited, read
from wargame.show.text.titles import Titles, titles
from wargame.statistics.compare import Comparison, Difference, Study
from wargame.statistics.failure_regions import failure_regions
from wargame.statistics.given_data import settles, strongest
from wargame.statistics.regret import regret, share_error
from wargame.statistics.result import decimals, interval, percent, whole
from wargame.statistics.shares import Share
from wargame.statistics.verdict import Verdict

SENSITIVITY = "sensitivity.json"
NUMBER = "<!--number-->"  # where a figure's number goes; what authors write is escaped
OPEN = 6  # comparisons that are not resolved, those nearest to it
FLOWS = 5  # of the pairs that changed their ending, the largest exchanges
STRONGEST = 12  # assumptions in a tornado


def report(batch: Batch, others: Sequence[Batch] = (), lang: str = "en") -> str:
    """The report as HTML. others: the same policies under other worldviews. lang: shown first.

    Raises StoreError if a folder cannot be read.
    """
    facts = _Facts(batch, tuple(others), _answer(batch))
    return page(
        {tongue: _Report(facts, tongue).text() for tongue in LANGUAGES},
        f"{facts.file.title.get(lang)}: wargame report",
        lang,
    )


def _answer(batch: Batch) -> Mapping[str, Any] | None:
    """The sensitivity analysis that was kept in a batch's folder, if there is one."""
    path = batch.folder / SENSITIVITY
    return read_shaped(path, STORED) if path.is_file() else None


@dataclass(frozen=True)
class _Facts:
    """What both languages are written from, read once."""

    batch: Batch
    others: tuple[Batch, ...]
    sensitivity: Mapping[str, Any] | None = None

    @cached_property
    def specs(self) -> dict[str, Spec]:
        return {name: self.batch.spec(name) for name in self.batch.headers}

    @property
    def spec(self) -> Spec:
        return self.specs[BASELINE]

    @property
    def file(self) -> Any:
        return self.spec.scenario

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = read_json(self.batch.folder / MANIFEST)
        return found

    @cached_property
    def baseline(self) -> Profile:
        return profile(self.batch)

    @cached_property
    def outcomes(self) -> tuple[str, ...]:
        """Endings and milestones, as they stand in the scenario."""
        header = self.batch.header
        return (*header.endings, *header.milestones)


class _Report(Sheet):
    """The report in one language."""

    def __init__(self, facts: _Facts, lang: str) -> None:
        super().__init__(lang)
        self.facts = facts
        self.batch = facts.batch
        self.figures = 0
        self.titles = titles(facts.specs, lang)
        self.called = Titles(lang, self.titles)

    def text(self) -> str:
        sections: list[tuple[str, str, str]] = [
            ("short", self.say("In short", "要点"), self.short()),
            ("results", self.say("How the runs end", "実行の結末"), self.results()),
            ("changes", self.say("What the policies change", "政策が変えるもの"), self.changes()),
            ("worldviews", self.say("Under other worldviews", "ほかの世界観では"), self.views()),
            ("course", self.say("When, and how high", "いつ、どこまで"), self.course()),
            ("drivers", self.say("What drives it", "何が左右するか"), self.drivers()),
            ("sure", self.say("How sure are we?", "どこまで確かか"), self.sure()),
            ("methods", self.say("Methods", "方法"), self.methods()),
            ("names", self.say("What the names mean", "名前の意味"), self.names()),
            ("inputs", self.say("Inputs", "入力"), self.inputs()),
            ("again", self.say("How to run it again", "再実行の方法"), self.again()),
        ]
        return self.numbered(self.head() + self.chapters(sections))

    def numbered(self, text: str) -> str:
        """`text` with its figures numbered as they follow each other on the page, which need not
        be the order in which they were drawn."""
        numbers = count(1)
        return re.sub(
            re.escape(NUMBER),
            lambda _: self.say("Figure {}. ", "図{}　").format(next(numbers)),
            text,
        )

    # ------------------------------------------------------------------------- the parts

    def head(self) -> str:
        file, header = self.facts.file, self.batch.header
        about = f"<p>{self.read(file.about)}</p>" if file.about else ""
        runs = max(tally.runs for tally in self.batch.tallies())
        policies = len(self.batch.headers) - 1
        facts = self.say(
            f"{counted(runs, 'model run')} of each of {counted(policies + 1, 'variant')}, "
            f"seed {header.seed}, engine {header.engine}. "
            "Shares of model runs are not probabilities of war.",
            f"変種{policies + 1}種、各{whole(runs)}回のモデル実行、シード{header.seed}、"
            f"エンジン{header.engine}。モデル実行に占める割合は、戦争の確率ではない。",
        )
        note = ""
        if not self.batch.complete:
            words = self.say(
                "This batch is not complete: what follows is what has been played so far.",
                "このバッチは未完了であり、以下はこれまでに実行された分である。",
            )
            note = f'<p class="note">{words}</p>'
        title = self.read(file.title)
        return f'<h1>{title}</h1>{about}<p class="facts">{escape(facts)}</p>{note}'

    def short(self) -> str:
        tally = self.batch.tally(BASELINE)
        lines = [
            row.called(self.called).words(self.lang)
            for row in (*tally.ending_shares(), *tally.milestone_shares())
        ]
        text = self.bullets(lines)
        study = self.batch.summary.study
        if study is None:
            return text
        moved = [
            self.called(one.variant) + self.say(": ", "：") + self.told(row.verdict)
            for name in self.worst
            for one in study
            for row in one
            if row.name == name and row.verdict.resolved
        ]
        heading = self.say(
            "Policies that move the worst ending, or what leads to it",
            "最悪の結末とそこへの途中経過を動かす政策",
        )
        none = self.say(
            "No policy is shown to move them at this number of runs.",
            "この実行回数では、動かすと示された政策はない。",
        )
        body = self.bullets(moved) if moved else f"<p>{none}</p>"
        return text + f"<h3>{heading}</h3>" + body

    def results(self) -> str:
        tallies = self.batch.tallies()
        drawn = self.figure(
            figures.ending_shares,
            {tally.policy: tally.ending_shares() for tally in tallies},
            {tally.policy: tally.milestone_shares() for tally in tallies}
            if self.batch.header.milestones
            else None,
            label=self.say("Shares of endings by variant", "変種ごとの結末の割合"),
        )
        tables = []
        for tally in tallies:
            rows = []
            for share in (*tally.ending_shares(), *tally.milestone_shares()):
                places = decimals(100 * share.half_width)
                rows.append(
                    (
                        self.called(share.name),
                        whole(share.count),
                        percent(share.share, places),
                        interval(share.low, share.high, self.lang, places),
                    )
                )
            if tally.failed:
                rows.append((self.say("failed", "失敗"), whole(tally.failed), "", ""))
            head = (
                "",
                self.say("runs", "回数"),
                self.say("share", "割合"),
                self.say("95 % interval", "95％区間"),
            )
            tables.append(
                self.folded(
                    self.called(tally.policy),
                    self.table(head, rows),
                    opened=tally.policy == BASELINE,
                )
            )
        return drawn + "".join(tables)

    def changes(self) -> str:
        study = self.batch.summary.study
        if study is None:
            return ""
        parts = [
            "<p>"
            + self.say(
                "Each policy was played under the same luck as the baseline, run by run, so that "
                "what differs comes from the policy.",
                "どの政策も、基準と同じ運のもとで実行ごとに対にして比べた。違いは政策から生じている。",
            )
            + "</p>"
        ]
        drawn = {
            name: self.forest(study, name)
            for name in dict.fromkeys((*self.worst, *self.facts.outcomes))
            if all(any(row.name == name for row in one) for one in study)
        }
        parts += [drawn[name] for name in self.worst if name in drawn]
        rest = "".join(text for name, text in drawn.items() if name not in self.worst)
        parts.append(self.folded(self.say("The other endings", "ほかの結末"), rest))
        parts += [self.comparison(one) for one in study]
        return "".join(parts)

    @property
    def worst(self) -> tuple[str, ...]:
        """The ending that stands first, by convention the worst, and what is passed on the way."""
        return (self.batch.header.endings[0], *self.batch.header.milestones)

    def forest(self, study: Study, name: str) -> str:
        called = self.called(name)
        return self.figure(
            figures.differences,
            study,
            name,
            label=self.say(f"Differences from the baseline: {called}", f"基準との差：{called}"),
        )

    def comparison(self, one: Comparison) -> str:
        expect = self.batch.expect.get(one.variant, {})
        rows = [self.difference(row, expect) for row in one]
        head = (
            "",
            self.say("baseline", "基準"),
            self.say("policy", "政策"),
            self.say("verdict", "判定"),
            self.say("pairing saved", "対にした効果"),
            self.say("expected", "予想"),
        )
        flows = [
            f"{self.called(flow.base)} → {self.called(flow.variant)}: {whole(flow.count)}, "
            + self.say(f"back {whole(flow.back)}", f"逆 {whole(flow.back)}")
            for flow in one.transitions[:FLOWS]
        ]
        about = self.overlay_about(one.variant)
        moved = one.words(self.lang).splitlines()[0].partition(self.say(": ", "："))[2]
        text = (f"<p>{about}</p>" if about else "") + f"<p>{escape(moved)}</p>"
        text += self.table(head, rows)
        if flows:
            heading = self.say("Runs that ended otherwise", "結末が変わった実行")
            text += f"<h3>{heading}</h3>" + self.bullets(flows)
        return self.folded(self.called(one.variant), text)

    def difference(self, row: Difference, expect: Mapping[str, str]) -> tuple[str, ...]:
        places = decimals(50 * (row.high - row.low))
        told = self.told(row.verdict).removeprefix(self.called(row.name)).lstrip(":： ")
        pairing = "" if row.gained is None else f"× {row.pairing:.1f}"
        if row.pairing == float("inf"):
            pairing = self.say("no pair differs", "差のある対なし")
        return (
            self.called(row.name),
            percent(row.base, places),
            percent(row.variant, places),
            told,
            pairing,
            self.expected(row.verdict, expect.get(row.name)),
        )

    def expected(self, verdict: Verdict, direction: Any) -> str:
        if direction is None:
            return ""
        answer = verdict.meets(direction)
        words = {
            "up": ("up", "上昇"),
            "down": ("down", "低下"),
            "flat": ("flat", "横ばい"),
            "holds": ("holds", "成立"),
            "fails": ("fails", "不成立"),
            "unresolved": ("not resolved", "未確定"),
        }
        return self.say(": ", "：").join(self.say(*words[key]) for key in (direction, answer))

    def views(self) -> str:
        if not self.facts.others:
            return ""
        batches = (self.batch, *self.facts.others)
        views = [one.worldview or self.say("as written", "原案") for one in batches]
        # Two folders under one worldview are told apart by the folder.
        views = [
            view if views.count(view) == 1 else f"{view} ({one.folder.name})"
            for view, one in zip(views, batches, strict=True)
        ]
        policies = list(dict.fromkeys(name for one in batches for name in one.headers))
        fewest = min(tally.runs for one in batches for tally in one.tallies())
        parts = []
        for outcome in self.worst:
            shares = [[_share(one, policy, outcome) for one in batches] for policy in policies]
            # Where a folder lacks a policy there is nothing to compare; it is drawn as a gap.
            values = [[share.share if share else nan for share in row] for row in shares]
            errors = [
                [float(share_error(share.share, share.n)) if share else nan for share in row]
                for row in shares
            ]
            parts.append(
                self.figure(
                    figures.policy_by_worldview,
                    values,
                    policies,
                    views,
                    outcome,
                    n=fewest,
                    label=self.say(
                        f"{self.called(outcome)} by policy and worldview",
                        f"政策と世界観ごとの{self.called(outcome)}",
                    ),
                )
            )
            found = regret(
                values,
                [self.called(policy) for policy in policies],
                views,
                outcome=self.called(outcome),
                errors=errors,
            )
            comma = self.say(", ", "、")
            rows = [
                (
                    row.policy,
                    row.points(self.lang) if row.worst else "",
                    row.worst if row.maximum else "",
                    percent(row.percentile90, 2) if row.worst else "",
                    comma.join(row.missing),
                )
                for row in found.policies
            ]
            head = (
                "",
                self.say("worst regret", "最大後悔"),
                self.say("under", "その世界観"),
                self.say("regret in nine of ten", "9割の世界観での後悔"),
                self.say("not played under", "実行のない世界観"),
            )
            parts.append(self.bullets(found.words(self.lang).splitlines()) + self.table(head, rows))
        return "".join(parts)

    def course(self) -> str:
        base, header = self.facts.baseline, self.batch.header
        if not base.runs:
            return ""
        text = self.figure(
            figures.time_to_ending,
            base.ended,
            base.runs,
            turn_length=header.turn_length,
            label=self.say("When the endings come, baseline", "結末の時期（基準）"),
        )
        if base.peaks:
            text += self.figure(
                figures.highest_stages,
                base.peaks,
                label=self.say("Highest stage of each pair, baseline", "組ごとの最高段階（基準）"),
            )
        return text

    def drivers(self) -> str:
        base, file = self.facts.baseline, self.facts.file
        text = ""
        named = {
            name: {lang: read(spec.title, lang, name) for lang in LANGUAGES}
            for name, spec in file.unknowns.items()
        }
        varied = base.varied
        lines, alone = [], []
        for name in self.worst:
            cases = base.happened[name]
            if name in base.telling:
                settled = {named[key][self.lang]: settles(x, cases) for key, x in varied.items()}
                alone.append(strongest(self.called(name), settled, self.lang))
                found = failure_regions(varied, cases, name=self.called(name), titles=named)
                lines += found.words(self.lang).splitlines()
        if lines:
            heading = self.say(
                "Where in the unknowns it goes wrong", "未知数のどの領域で悪い方へ向かうか"
            )
            note = self.say(
                f"Found by PRIM in half of {whole(len(cases))} baseline runs, judged in the other.",
                f"基準の実行{whole(len(cases))}回の半分でPRIMにより探し、残り半分で評価した。",
            )
            text += f"<h3>{heading}</h3><p>{escape(note)}</p>" + self.bullets(lines)
            heading = self.say("What one unknown alone would settle", "未知数1つでどこまで決まるか")
            note = self.say(
                "From the same runs: the share of the variance of single runs, ± 95 %, that goes "
                "with one unknown, less chance. The rest is luck, other unknowns, interactions.",
                "同じ実行から求めた、個々の実行の分散のうち未知数1つに伴う割合（±は95％、偶然分を補正）。"
                "残りは運、ほかの未知数、相互作用による。",
            )
            text += f"<h3>{heading}</h3><p>{escape(note)}</p>" + self.bullets(alone)
        found_sensitivity = self.facts.sensitivity
        if found_sensitivity is not None:
            text += self.tornados(found_sensitivity)
        elif text:
            words = self.say("Which assumptions move the endings: ", "結末を動かす仮定：")
            place = path_word(self.place)
            command = shlex.join(["wargame", "sensitivity", self.recipe.scenario, "--out", place])
            text += f"<p>{words}<code>{escape(command)}</code></p>"
        return text

    def tornados(self, found: Mapping[str, Any]) -> str:
        heading = self.say("What the unsourced assumptions move", "出典のない仮定が動かすもの")
        text = f"<h3>{heading}</h3>" + self.bullets(found["words"][self.lang])
        for outcome, rows in found["tornado"].items():
            bars = [{**row, "title": row["title"][self.lang]} for row in rows[:STRONGEST]]
            if bars:
                text += self.figure(
                    figures.tornado,
                    bars,
                    outcome,
                    n=found["pairs"],
                    label=self.say(f"Tornado of {outcome}", f"{outcome}のトルネード図"),
                )
        return text

    def sure(self) -> str:
        tallies = self.batch.tallies()
        failed = sum(tally.failed for tally in tallies)
        widest = max(share.half_width for tally in tallies for share in tally.ending_shares())
        lines = [
            self.say(
                f"Sampling: no ending's share is off by more than about {percent(widest)} points "
                "for want of runs (half the widest interval). This is the only error that more "
                "runs make smaller.",
                f"標本誤差：実行回数の不足による割合のずれは、どの結末でもおよそ{percent(widest)}"
                "ポイント以内（最も広い区間の半幅）。実行を増やして小さくなるのはこの誤差だけである。",
            )
            .replace(" % points", " points")
            .replace(" %ポイント", "ポイント"),
            self.say(
                "Model: the rules are a reading of sources and of judgement. Their error is not in "
                "the intervals. Other worldviews and the assumptions listed above show part of it.",
                "モデル：規則は資料と判断の読み取りであり、その誤りは区間に含まれない。"
                "ほかの世界観と上に挙げた仮定が、その一部を示す。",
            ),
            self.say(
                "Rules are compared with rules: differences between policies under the same luck "
                "are firmer than the shares themselves.",
                "比べているのは規則どうしである。同じ運のもとでの政策間の差は、割合そのものより確かである。",
            ),
            self.say(
                "No run failed."
                if not failed
                else f"{counted(failed, 'run')} failed: counted in the denominator, and the "
                "verdicts hold whatever would have come of it.",
                "失敗した実行はない。"
                if not failed
                else f"{whole(failed)}回の実行が失敗した。分母に残し、"
                "どう転んでいても判定は変わらない。",
            ),
        ]
        study = self.batch.summary.study
        if study is not None:
            lines += self.open_questions(study)
        never = [
            self.called(tally.policy)
            + self.say(": ", "：")
            + share.called(self.called).words(self.lang)
            for tally in tallies
            for share in (*tally.ending_shares(), *tally.milestone_shares())
            if share.at_most is not None
        ]
        return self.bullets(lines) + (self.bullets(never) if never else "")

    def open_questions(self, study: Study) -> list[str]:
        """What is not resolved, and how many more runs would tell: the nearest first."""
        unresolved = [
            (one.variant, row.verdict)
            for one in study
            for row in one
            if row.verdict.kind in ("open", "masked")
        ]
        if not unresolved:
            return []
        planned = [(who, verdict) for who, verdict in unresolved if verdict.more]
        planned.sort(key=lambda pair: pair[1].more or 0)
        comma, colon = self.say(", ", "、"), self.say(": ", "：")
        are = agreeing(len(unresolved), "is", "are")
        lines = [
            self.say(
                f"{counted(len(unresolved), 'comparison')} {are} not resolved. How many more "
                "runs would tell, if the truth is as these runs show it, is said of "
                + ("each." if len(planned) <= OPEN else f"the {OPEN} that need fewest."),
                f"{whole(len(unresolved))}件の比較は未確定。真の差が今回見えたとおりなら何回の追加で"
                "わかるかを、"
                + (
                    "それぞれ示す。"
                    if len(planned) <= OPEN
                    else f"少なくて済む{OPEN}件について示す。"
                ),
            )
            if planned
            else self.say(
                f"{counted(len(unresolved), 'comparison')} {are} not resolved.",
                f"{whole(len(unresolved))}件の比較は未確定。",
            )
        ]
        for who, verdict in planned[:OPEN]:
            what = f"{self.called(who)}{comma}{self.called(verdict.name)}"
            lines.append(f"{what}{colon}{verdict.needs(self.lang)}")
        return lines

    def methods(self) -> str:
        pairs = [
            (
                self.say("Aim", "目的"),
                self.say(
                    "how often a rule-based model of the crisis ends in each named way, and what "
                    "each policy changes",
                    "規則にもとづく危機モデルが名前つきの各結末に至る頻度と、各政策がもたらす変化",
                ),
            ),
            (
                self.say("Model", "モデル"),
                self.say(
                    "whole numbers only; every draw is a function of seed, name, turn and run; "
                    "the unknowns are drawn afresh for each run; all variants share their luck",
                    "整数のみ。引きはすべてシード・名前・ターン・実行番号の関数。"
                    "未知数は実行ごとに引き直し、運は全変種で共通",
                ),
            ),
            (
                self.say("Shares", "割合"),
                self.say(
                    "exact intervals (Clopper and Pearson 1934), simultaneous at 95 % over all "
                    "endings of a variant (Bonferroni); for what was never seen, its upper bound",
                    "正確な区間（Clopper-Pearson 1934）。変種の全結末で同時に95％が成り立つ水準"
                    "（ボンフェローニ）。一度も現れないものには正確な上界",
                ),
            ),
            (
                self.say("Differences", "差"),
                self.say(
                    "paired by run number; exact McNemar test; Stuart-Maxwell test of the whole "
                    "mix as a gate; Benjamini-Yekutieli over all policies and outcomes; resolved "
                    "only if the joint interval, too, is on one side of 0",
                    "実行番号で対にし、正確なマクネマー検定。全体構成はスチュアート＝マックスウェル検定で"
                    "関門とし、全政策・全結果をベンジャミニ＝イェクティエリ法で調整。"
                    "同時区間も0の片側にあるときだけ「確定」",
                ),
            ),
            (
                self.say("Failures", "失敗"),
                self.say(
                    "counted as runs, never dropped; verdicts at their worst case",
                    "実行として数え、決して除かない。判定は最悪の場合で行う",
                ),
            ),
        ]
        return (
            "<dl>"
            + "".join(f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in pairs)
            + "</dl>"
        )

    def names(self) -> str:
        file = self.facts.file
        head = (self.say("name", "名前"), self.say("meaning", "意味"), self.say("source", "出典"))
        rows = [
            (self.called(name), self.plain(spec.about), cited(self.plain(spec.source), self.lang))
            for name, spec in (*file.endings.items(), *file.milestones.items())
        ]
        return self.table(head, rows)

    def inputs(self) -> str:
        file = self.facts.file
        head = (
            self.say("unknown", "未知数"),
            self.say("drawn from", "範囲"),
            self.say("likeliest", "最頻"),
            self.say("source", "出典"),
        )
        rows = []
        for name, spec in file.unknowns.items():
            drawn = f"{spec.is_}" if spec.between is None else "{} – {}".format(*spec.between)
            likely = "" if spec.likely is None else str(spec.likely)
            rows.append(
                (
                    read(spec.title, self.lang, name),
                    drawn,
                    likely,
                    cited(self.plain(spec.source), self.lang),
                )
            )
        text = self.table(head, rows) if rows else ""
        listed = []
        for variant in self.batch.headers:
            for name, source in self.batch.inputs(variant).items():
                entry = (name, sha256(source.encode()).hexdigest()[:16], f"{len(source):,}")
                if entry not in listed:
                    listed.append(entry)
        columns = (self.say("file", "ファイル"), "SHA-256", self.say("characters", "文字数"))
        return text + self.table(columns, listed)

    def stood_in(self) -> str:
        """How often rules stood in for the programs, seat by seat."""
        head = (
            self.say("variant", "変種"),
            self.say("seat", "席"),
            self.say("turns", "ターン数"),
            self.say("rules stood in", "規則が代行"),
            self.say("runs with such turns", "代行のあった実行"),
        )
        rows = [
            (
                self.called(found.policy),
                found.actor,
                whole(found.turns),
                f"{whole(found.by_rules)} ({percent(found.by_rules / found.turns)})",
                f"{whole(found.affected)} / {whole(found.runs)}",
            )
            for found in self.batch.stood_in
        ]
        return self.table(head, rows) if rows else ""

    def again(self) -> str:
        manifest, header = self.facts.manifest, self.batch.header
        runs = max(tally.runs for tally in self.batch.tallies())
        place, held = shlex.quote(path_word(self.place)), self.batch.seats
        shell = [
            self.recipe.batch(runs, header.seed, held),
            f"wargame compare {place} {AGAIN}",
            f"wargame report {place}",
            f"wargame replay {place}#0",
        ]
        text = "<pre><code>" + escape("\n".join(shell)) + "</code></pre>"
        text += (
            "<p>"
            + escape(
                self.say(
                    "Run beside the folder, the first command plays the batch again; the second "
                    "finds no difference in any run. The same inputs, seed and engine give the "
                    "same digests, on any machine and with any number of processes. The last "
                    "command opens run 0 turn by turn.",
                    "このフォルダの隣で実行すると、最初のコマンドは同じバッチを再び実行し、2番目のコマンドは"
                    "どの実行にも差がないことを確かめる。"
                    "同じ入力・シード・エンジンなら、どの機械でもプロセス数によらず同じダイジェストになる。"
                    "最後のコマンドは実行0をターンごとに開く。",
                )
            )
            + "</p>"
        )
        if unchecked := self.batch.unchecked(self.lang):
            text += f"<p>{escape(unchecked)}</p>"
        if held:
            text += f"<p>{escape(self.batch.held_by_programs(self.lang))}</p>"
            text += self.stood_in()
        head = (
            self.say("variant", "変種"),
            self.say("runs", "回数"),
            self.say("digest of all runs", "全実行のダイジェスト"),
        )
        text += self.table(
            head,
            [(self.called(t.policy), whole(t.runs), t.digest) for t in self.batch.tallies()],
        )
        facts = [
            (self.say("scenario", "シナリオ"), f"{header.scenario} {header.digest}"),
            (self.say("seed", "シード"), str(header.seed)),
            (self.say("engine", "エンジン"), str(manifest["engine"])),
            ("Python", str(manifest["python"])),
            ("NumPy", str(manifest["numpy"])),
            (self.say("platform", "環境"), str(manifest["platform"])),
        ]
        text += self.table((self.say("what", "項目"), self.say("value", "値")), facts)
        if failures := self.batch.summary.failures:
            heading = self.say("Runs that failed", "失敗した実行")
            text += f"<h3>{heading}</h3>" + self.bullets(
                [
                    f"{one.variant} {one.run}: {one.reason}: "
                    + self.recipe.run(one.variant, one.run, header.seed, held)
                    for one in failures
                ]
            )
        return text

    # ------------------------------------------------------------------------- small things

    @cached_property
    def recipe(self) -> Recipe:
        """How to play it again, from its own files."""
        return Recipe.of_folder(self.batch.folder, self.batch.headers, self.place)

    @property
    def place(self) -> Path:
        """The folder as a reader elsewhere may know it: no path of this machine."""
        folder = self.batch.folder
        return Path(folder.name) if folder.is_absolute() else folder

    def told(self, verdict: Verdict) -> str:
        return verdict.called(self.called).words(self.lang)

    def overlay_about(self, variant: str) -> str:
        own = self.facts.specs[variant].overlays[len(self.facts.spec.overlays) :]
        return " ".join(self.read(one.about) for one in own if one.about)

    def figure(self, draw: Callable[..., object], *args: Any, label: str, **named: Any) -> str:
        self.figures += 1
        drawn = figures.svg(
            draw,
            f"{self.lang}-f{self.figures}",
            *args,
            label=label,
            titles=self.titles,
            lang=self.lang,
            **named,
        )
        caption = f"<figcaption>{NUMBER}{escape(label)}</figcaption>"
        return f'<figure><div class="scroll" tabindex="0">{drawn}</div>{caption}</figure>'


def _share(batch: Batch, policy: str, outcome: str) -> Share | None:
    """The share of an outcome; None if the batch has no such policy."""
    if policy not in batch.headers:
        return None
    tally = batch.tally(policy)
    rows = (*tally.ending_shares(), *tally.milestone_shares())
    return next(row for row in rows if row.name == outcome)


def write_report(
    folder: str | Path,
    others: Sequence[str | Path] = (),
    lang: str = "en",
    out: Path | None = None,
) -> Path:
    """Write the report of a batch's folder, as ``report.html`` in it where nothing is said."""
    batch = Batch.open(folder)
    path = batch.folder / "report.html" if out is None else out
    check_output(path, kinds=(".html",))
    write_text(path, report(batch, [Batch.open(other) for other in others], lang))
    return path
