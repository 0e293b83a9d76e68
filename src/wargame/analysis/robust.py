"""Which conclusions about policies hold whatever one believes about the world?

Every policy is played against the baseline under every worldview, all under the same luck. No
probabilities are put on worldviews: a conclusion holds under all of them, or under some, which
are named; and each policy has its regret.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import numpy as np

from wargame import __version__
from wargame.batches.request import PLAY, PREPARE
from wargame.batches.results import Summary, summarise
from wargame.batches.runners.choice import runner
from wargame.batches.runners.scheduler import Progress
from wargame.batches.store.plan import Plan, Variant, chunk_for
from wargame.batches.study import Jobs, Study, studying
from wargame.compiler.cached import run_header
from wargame.content.load import load
from wargame.content.spec import Spec
from wargame.engine.record import RunHeader
from wargame.errors import SpecError, WargameError, counted, no_such
from wargame.statistics.regret import Regret, regret, share_error
from wargame.statistics.result import Result, percent, say, whole
from wargame.statistics.verdict import Verdict

BASELINE = "baseline"
AS_WRITTEN = "as-written"
AVOIDED = ("KABOOM", "kaboom")

Standing = Literal["all", "some", "contrary", "none"]


@dataclass(frozen=True)
class Cell(Result):
    """One outcome of one policy under one worldview: its share, and the paired difference.

    verdict: None for the baseline and for a policy that cannot be laid over this worldview.
    """

    NAMES = ("policy", "worldview", "outcome")

    policy: str
    worldview: str
    outcome: str
    share: float
    low: float
    high: float
    n: int
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Conclusion(Result):
    """What can be said of one policy and one outcome over all worldviews.

    all: the same direction is resolved under each. some: it is resolved under `up` or `down`
    and nowhere contradicted. contrary: up under some, down under others. none: nowhere resolved.
    absent: worldviews over which the policy cannot be laid, so that nothing holds under all.
    expected: the direction that the policy's file expects, "" if it says nothing.
    """

    NAMES = ("policy", "outcome", "up", "down", "small", "unresolved", "absent")

    policy: str
    outcome: str
    standing: Standing
    up: tuple[str, ...]
    down: tuple[str, ...]
    small: tuple[str, ...]
    unresolved: tuple[str, ...]
    absent: tuple[str, ...] = ()
    expected: str = ""

    @property
    def direction(self) -> str:
        """up or down, "" where it is neither or both."""
        return "up" if self.up and not self.down else "down" if self.down and not self.up else ""

    def words(self, lang: str = "en") -> str:
        """One sentence."""
        comma = say(lang, en=", ", ja="、")
        who = f"{self.policy}{comma}{self.outcome}"
        many = len(self.up) + len(self.down) + len(self.small) + len(self.unresolved)
        en = {"up": "more", "down": "less", "": ""}[self.direction]
        ja = {"up": "増える", "down": "減る", "": ""}[self.direction]
        where = comma.join(self.up or self.down)
        match self.standing:
            case "all":
                text = say(
                    lang,
                    en=f"{who}: {en} under {_all_of(many)}",
                    ja=f"{who}：{many}つの世界観すべてで{ja}",
                )
            case "some":
                text = say(
                    lang, en=f"{who}: {en} only under {where}", ja=f"{who}：{where}でのみ{ja}"
                )
                if rest := comma.join((*self.small, *self.unresolved)):
                    text += say(lang, en=f"; not shown under {rest}", ja=f"。{rest}では示されない")
            case "contrary":
                ups, downs = comma.join(self.up), comma.join(self.down)
                text = say(
                    lang,
                    en=f"{who}: depends on what one believes: more under {ups}, less under {downs}",
                    ja=f"{who}：世界観しだい。{ups}では増え、{downs}では減る",
                )
            case "none":
                text = say(
                    lang,
                    en=f"{who}: no difference shown under any worldview",
                    ja=f"{who}：どの世界観でも差は示されない",
                )
        if self.absent:
            gone = comma.join(self.absent)
            text += say(
                lang,
                en=f"; cannot be played under {gone}",
                ja=f"。{gone}では実行できない",
            )
        if self.expected in ("up", "down") and self.direction not in ("", self.expected):
            other = {"up": "増える", "down": "減る"}[self.expected]
            text += say(lang, en=f" (expected: {self.expected})", ja=f"（予想：{other}）")
        return text


@dataclass(frozen=True)
class Robust(Result):
    """The policy x worldview table, the conclusions, and the regret of each policy.

    excluded: (policy, worldview, reason) of what could not be combined; its cells are missing.
    """

    NAMES = ("policies", "worldviews", "outcomes", "excluded")

    scenario: str
    seed: int
    runs: int
    policies: tuple[str, ...]
    worldviews: tuple[str, ...]
    outcomes: tuple[str, ...]
    cells: tuple[Cell, ...]
    conclusions: tuple[Conclusion, ...]
    regrets: tuple[Regret, ...]
    excluded: tuple[tuple[str, str, str], ...] = ()

    def cell(self, policy: str, worldview: str, outcome: str) -> Cell | None:
        """One cell; None if the two cannot be combined."""
        wanted = (policy, worldview, outcome)
        return next((c for c in self.cells if (c.policy, c.worldview, c.outcome) == wanted), None)

    def to_json(self) -> dict[str, Any]:
        """All of it, with a schema number."""
        return {"schema": 1, **super().to_json()}

    def words(self, lang: str = "en") -> str:
        """The conclusions, those that hold under all worldviews first, and the regrets."""
        many = len(self.worldviews)
        blocks = {
            "all": say(lang, en=f"Under {_all_of(many)}", ja=f"{many}つの世界観すべてで"),
            "some": say(lang, en="Only under some", ja="一部の世界観でのみ"),
            "contrary": say(lang, en="Depends on what one believes", ja="世界観しだい"),
            "none": say(lang, en="Not shown under any", ja="どの世界観でも示されない"),
        }
        lines: list[str] = []
        for standing, title in blocks.items():
            found = [c for c in self.conclusions if c.standing == standing]
            if found:
                lines += [title, *(f"  {c.words(lang)}" for c in found), ""]
        if self.regrets:
            lines.append(say(lang, en="Regret", ja="後悔"))
            lines += [f"  {line}" for r in self.regrets for line in r.words(lang).splitlines()]
        for policy, worldview, reason in self.excluded:
            lines.append(
                say(
                    lang,
                    en=f"{policy} cannot be laid over {worldview}: {reason}",
                    ja=f"{policy}は{worldview}に重ねられない：{reason}",
                )
            )
        return "\n".join(lines).rstrip()

    def table(self, outcome: str) -> list[tuple[str, ...]]:
        """Rows for one outcome: a policy and, under each worldview, its share and difference."""
        rows: list[tuple[str, ...]] = [(outcome, *self.worldviews)]
        for policy in (BASELINE, *self.policies):
            row = [policy]
            for worldview in self.worldviews:
                cell = self.cell(policy, worldview, outcome)
                if cell is None:
                    row.append("-")
                    continue
                text = percent(cell.share, 2)
                if cell.verdict is not None and cell.verdict.kind != "void":
                    mark = "*" if cell.verdict.resolved else " "
                    text += f" {100 * cell.verdict.difference:+.2f}{mark}"
                row.append(text)
            rows.append(tuple(row))
        return rows


def robust(
    scenario: str,
    policies: Sequence[str],
    worldviews: Sequence[str],
    *,
    outcomes: Sequence[str] = (),
    avoid: Sequence[str] = (),
    runs: int = 2000,
    seed: int | None = None,
    jobs: Jobs = 1,
    on_progress: Callable[[Progress], object] | None = None,
) -> Robust:
    """Play every policy (`a+b` composes two) and the baseline under every worldview.

    worldviews: names or paths; ``as-written`` is the scenario itself. outcomes: what to draw
    conclusions about, `A|B` included (default: all endings and milestones). avoid: outcomes of
    which less is better, for the regret (default: KABOOM and kaboom, where the scenario has
    them). jobs: processes, or a study.

    A policy that cannot be laid over a worldview, because both settle the same thing, is left
    out there and named. Raises SpecError for other faults, WargameError, StoreError.
    """
    if not worldviews or not policies:
        raise WargameError("robust needs at least one policy and one worldview")
    for names in (list(policies), list(map(label, worldviews))):
        if twice := {name for name in names if names.count(name) > 1}:
            raise WargameError(f"named twice: {', '.join(sorted(twice))}")
    specs, excluded = _specs(scenario, policies, worldviews)
    headers = {name: run_header(spec.inputs, spec) for name, spec in specs.items()}
    first = next(iter(headers.values()))
    luck = first.seed if seed is None else seed
    known = (*first.endings, *first.milestones)
    for name in (*outcomes, *avoid):
        if unknown := [part for part in name.split("|") if part not in known]:
            raise WargameError(no_such("ending or milestone", unknown[0], known))
    plan = Plan(
        scenario=first.digest,
        seed=luck,
        engine=__version__,
        variants=tuple(_variant(name, spec) for name, spec in specs.items()),
        runs=range(runs),
    )
    labels = [label(worldview) for worldview in worldviews]
    with studying(jobs) as study:
        summaries = _play(plan, headers, labels, outcomes, study, on_progress)
    wanted = tuple(outcomes) or tuple(n for n in known if n != "unresolved")
    cells = tuple(_cells(summaries, wanted))
    expected = {
        policy: {str(k): str(v) for o in specs[key].overlays for k, v in o.expect.items()}
        for policy in policies
        for key in [next((k for k in specs if k.endswith(f"/{policy}")), None)]
        if key is not None
    }
    conclusions = tuple(
        _conclusion(cells, policy, outcome, labels, expected.get(policy, {}).get(outcome, ""))
        for policy in policies
        for outcome in wanted
        if any(c.policy == policy for c in cells)
    )
    avoided = tuple(avoid) or tuple(name for name in AVOIDED if name in known)
    return Robust(
        scenario=first.scenario,
        seed=luck,
        runs=runs,
        policies=tuple(policies),
        worldviews=tuple(labels),
        outcomes=wanted,
        cells=cells,
        conclusions=conclusions,
        regrets=tuple(_regrets(summaries, avoided, policies)),
        excluded=tuple(excluded),
    )


def label(worldview: str) -> str:
    """What an overlay goes by in the table: its name, or that of its file."""
    return Path(worldview).stem if worldview.endswith((".yaml", ".yml")) else worldview


def _specs(
    scenario: str, policies: Sequence[str], worldviews: Sequence[str]
) -> tuple[dict[str, Spec], list[tuple[str, str, str]]]:
    """The spec of each ``worldview/policy``, and the pairs that contradict each other."""
    specs: dict[str, Spec] = {}
    excluded = []
    for worldview in worldviews:
        named = label(worldview)
        world = [] if worldview == AS_WRITTEN else [worldview]
        specs[f"{named}/{BASELINE}"] = load(scenario, world)
        for policy in policies:
            load(scenario, [policy])  # its own faults are faults
            try:
                specs[f"{named}/{policy}"] = load(scenario, [*world, policy])
            except SpecError as error:
                excluded.append((policy, named, error.faults[0].message))
    return specs, excluded


def _variant(name: str, spec: Spec) -> Variant:
    return Variant(
        name=name,
        digest=sha256(f"{spec.digest} {spec.overlay_digest}".encode()).hexdigest(),
        overlays=spec.overlay_names,
        settings={"inputs": spec.inputs},
    )


def _play(
    plan: Plan,
    headers: Mapping[str, RunHeader],
    labels: Iterable[str],
    outcomes: Sequence[str],
    study: Study,
    on_progress: Callable[[Progress], object] | None,
) -> dict[str, Summary]:
    """Play the plan and add it up, worldview by worldview."""
    given = [name for name in outcomes if "|" in name]
    plan = replace(plan, chunk=chunk_for(len(plan.runs), len(plan.variants), study.jobs))
    with (
        study.journal("runs", plan) as journal,
        runner(PLAY, PREPARE, jobs=study.jobs, cluster=study.cluster) as players,
    ):
        players.play(plan, journal, on_progress=on_progress)
        return {
            label: summarise(
                journal,
                {
                    name: replace(header, seed=plan.seed)
                    for name, header in headers.items()
                    if name.startswith(f"{label}/")
                },
                given,
            )
            for label in labels
        }


def _cells(summaries: Mapping[str, Summary], outcomes: Sequence[str]) -> Iterable[Cell]:
    for worldview, summary in summaries.items():
        for tally in summary.tallies:
            policy = tally.policy.partition("/")[2]
            shares = {s.name: s for s in (*tally.ending_shares(), *tally.milestone_shares())}
            study = summary.study
            compared = None if study is None or policy == BASELINE else study[tally.policy]
            for outcome in outcomes:
                row = None if compared is None else compared[outcome]
                if outcome in shares:
                    share = shares[outcome]
                    numbers = (share.share, share.low, share.high)
                elif row is not None:
                    numbers = (row.variant, float("nan"), float("nan"))
                else:
                    numbers = (_base(summary, outcome), float("nan"), float("nan"))
                verdict = None if row is None else row.verdict
                yield Cell(policy, worldview, outcome, *numbers, tally.runs, verdict)


def _base(summary: Summary, outcome: str) -> float:
    """The baseline's share given a condition, which the first comparison knows."""
    for compared in summary.study or ():
        return compared[outcome].base
    return float("nan")


def _conclusion(
    cells: Sequence[Cell], policy: str, outcome: str, worldviews: Sequence[str], expected: str
) -> Conclusion:
    sorted_by: dict[str, list[str]] = {"up": [], "down": [], "small": [], "unresolved": []}
    absent = list(worldviews)
    for cell in cells:
        if cell.policy == policy and cell.outcome == outcome and cell.verdict is not None:
            kind = cell.verdict.kind
            sorted_by[kind if kind in sorted_by else "unresolved"].append(cell.worldview)
            absent.remove(cell.worldview)
    up, down, small, open_ = (tuple(names) for names in sorted_by.values())
    standing: Standing = "none"
    if up and down:
        standing = "contrary"
    elif up or down:
        standing = "some" if small or open_ or absent else "all"
    return Conclusion(policy, outcome, standing, up, down, small, open_, tuple(absent), expected)


def _regrets(
    summaries: Mapping[str, Summary], avoided: Sequence[str], policies: Sequence[str]
) -> Iterable[Regret]:
    """The regret of each avoided outcome, for every policy where it can be played."""
    shares = {
        (label, tally.policy.partition("/")[2]): {
            s.name: s.share for s in (*tally.ending_shares(), *tally.milestone_shares())
        }
        for label, summary in summaries.items()
        for tally in summary.tallies
    }
    labels = list(summaries)
    rows = (BASELINE, *policies)
    n = next(iter(summaries.values())).tallies[0].runs
    for outcome in avoided:
        values = np.array(
            [
                [shares.get((label, row), {}).get(outcome, np.nan) for label in labels]
                for row in rows
            ]
        )
        yield regret(values, rows, labels, outcome=outcome, errors=share_error(values, n))


def told(result: Robust) -> list[list[tuple[str, ...]]]:
    """A table for each outcome that some policy moves under some worldview, or that is avoided."""
    moved = {c.outcome for c in result.conclusions if c.standing != "none"}
    moved |= {regret.outcome for regret in result.regrets}
    return [result.table(outcome) for outcome in result.outcomes if outcome in moved]


def _all_of(worldviews: int) -> str:
    return f"all {worldviews} worldviews" if worldviews > 1 else "the one worldview"


def heading(result: Robust, lang: str = "en") -> str:
    """The first line of the report."""
    return say(
        lang,
        en=f"{result.scenario}, seed {result.seed}, {counted(result.runs, 'run')} each,"
        " same luck; * resolved",
        ja=f"{result.scenario}、シード{result.seed}、各{whole(result.runs)}回、同じ運。*は確定",
    )
