"""Make a worldview: move beliefs as little as possible until the model agrees with a forecaster.

Nothing is reweighted and nothing typed in: the worldview is an ordinary overlay, and what is
reported about it comes from a batch of it with a fresh seed. What could not be met is said, with
the reason; what the targets leave open is kept as a sample of other settings that fit as well.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wargame import __version__
from wargame.analysis.calibration.beliefs import Panel, Turned, overlay_text, panel
from wargame.analysis.calibration.sampling import sample
from wargame.analysis.calibration.search import AS_WRITTEN, Played, Search
from wargame.analysis.calibration.targets import (
    DialSpec,
    Fit,
    Goal,
    TargetsSpec,
    load_targets,
    measure,
    resolve,
    settings_of,
)
from wargame.batches.store.folder import write_json
from wargame.batches.study import Jobs, Study, studying
from wargame.boundary.files import make_folder, write_text
from wargame.compiler import compile_scenario
from wargame.content.load import load, load_texts
from wargame.content.reader import read_yaml
from wargame.content.spec import Spec
from wargame.engine.record import Outcomes, RunHeader
from wargame.errors import WargameError, agreeing, counted
from wargame.statistics.result import Result, plain, say

Floats = npt.NDArray[np.float64]
Under = tuple[str, ...]

SHARE = 16
DESIGN, UNTOUCHED, ROUNDS = 2, 2, (1, 1, 2, 4, 4)
"""How the budget is spent, in sixteenths: the design, the scenario as written, the rounds. The
last rounds are the longest, since they say how high the surfaces stand at the answer."""
MADE = "Made by calibration"
"""So the head of a worldview begins that was made here."""

FRESH = 1
"""Added to the seed of the search: the luck of the batch that judges has not been seen before."""
STARTS = 4
"""Points beside the prior from which the first descent begins."""
CHECK = 1000
"""Runs with which each of the other settings is checked."""


@dataclass(frozen=True)
class Unmet(Result):
    """A target that is not met, and why.

    alone: what the surfaces expect of it if it were the only target. against: targets that would
    then be missed. stops: dials that stand at the end of their reach.
    """

    id: str
    alone: float
    reachable: bool
    against: tuple[str, ...]
    stops: tuple[str, ...]

    def words(self, lang: str = "en") -> str:
        """Why, in a sentence."""
        value = f"{100 * self.alone:.1f} %"
        if not self.reachable:
            return say(
                lang,
                en=f"{self.id}: out of reach of these dials, about {value} at best"
                + (f"; at the end of their reach: {', '.join(self.stops)}" if self.stops else ""),
                ja=f"{self.id}：これらの調整項目では届かない（最良でも約{value}）"
                + (f"。限界に達した項目：{', '.join(self.stops)}" if self.stops else ""),
            )
        if self.against:
            others = ", ".join(self.against)
            return say(
                lang,
                en=f"{self.id}: alone it could be met, but then {others} would not be",
                ja=f"{self.id}：単独なら満たせるが、そうすると{others}を満たせない",
            )
        return say(
            lang,
            en=f"{self.id}: within reach by the response surface, but the search fell short of it",
            ja=f"{self.id}：応答曲面の上では届くが、探索が及ばなかった",
        )


@dataclass(frozen=True)
class Calibration:
    """What came of a calibration.

    fits: the batch of the worldview, fresh luck, all runs. before: the same goals in the runs of
    the search that played the scenario as written. turned: every dial.
    open: for each dial, the smallest and largest of its main number among `settings`, other
    settings that a check of `CHECK` runs each did not tell from the targets, of `tried`.
    """

    scenario: str
    digest: str
    targets: TargetsSpec
    seed: int
    runs: int
    played: int
    before: tuple[Fit, ...]
    fits: tuple[Fit, ...]
    turned: tuple[Turned, ...]
    unmet: tuple[Unmet, ...]
    settings: tuple[tuple[Turned, ...], ...]
    tried: int
    text: str

    @property
    def met(self) -> bool:
        return all(fit.met for fit in self.fits)

    @property
    def distance(self) -> float:
        """How far the dials moved in all, in ranges of the prior and doublings."""
        return sum(dial.distance for dial in self.turned if dial.moved)

    def open(self) -> dict[str, tuple[int, int]]:
        """What stays unidentified: the spread of each dial's main number over all that fits."""
        found: dict[str, tuple[int, int]] = {}
        for rows in zip(*(self.turned, *self.settings), strict=True):
            numbers = [main_number(dial) for dial in rows]
            found[rows[0].name] = (min(numbers), max(numbers))
        return found

    def to_json(self) -> dict[str, Any]:
        """All of it but the text, as plain JSON values."""

        def dials(setting: Sequence[Turned]) -> dict[str, Any]:
            return {dial.name: dict(dial.now) for dial in setting}

        return {
            "schema": 1,
            "scenario": self.scenario,
            "digest": self.digest,
            "targets": str(self.targets.id),
            "engine": __version__,
            "seed": self.seed,
            "runs": self.runs,
            "search_runs": self.played,
            "met": self.met,
            "distance": round(self.distance, 3),
            "fits": [fit.to_json() for fit in self.fits],
            "before": [fit.to_json() for fit in self.before],
            "moved": [
                {**plain(vars(dial)), "distance": round(dial.distance, 3)}
                for dial in self.turned
                if dial.moved
            ],
            "unmet": [unmet.to_json() for unmet in self.unmet],
            "open": plain(self.open()),
            "settings_tried": self.tried,
            "settings": [dials(setting) for setting in self.settings],
        }

    def words(self, lang: str = "en") -> str:
        """The report, a few lines."""
        lines = [say(lang, en="Targets", ja="目標")]
        lines += [f"  {fit.words(lang)}" for fit in self.fits]
        lines += [f"  {unmet.words(lang)}" for unmet in self.unmet]
        lines.append(
            say(
                lang,
                en=f"Moved, {self.distance:.2f} in all (ranges of the prior, doublings)",
                ja=f"動かした項目、合計{self.distance:.2f}（事前の幅、倍率の2進対数）",
            )
        )
        for dial in self.turned:
            if dial.moved:
                lines.append(
                    f"  {dial.name}: {in_words(dial.was)} -> {in_words(dial.now)}"
                    f"  ({dial.distance:.2f})"
                )
        still = [dial.name for dial in self.turned if not dial.moved]
        if still:
            lines.append(say(lang, en="As written: ", ja="元のまま：") + ", ".join(still))
        lines.append(
            say(
                lang,
                en=f"Not identified: of {counted(self.tried, 'other setting')} "
                f"{len(self.settings)} {agreeing(len(self.settings), 'fits', 'fit')}, too",
                ja=f"決まらないこと：ほかに{self.tried}通りを試し、{len(self.settings)}通りも一致した",
            )
        )
        lines += [f"  {name}: {low} - {high}" for name, (low, high) in self.open().items()]
        return "\n".join(lines)


def main_number(dial: Turned) -> int:
    """What stands for a dial in a table: its factor, or where its distribution is likeliest."""
    now = dial.now
    if "factor" in now:
        return int(now["factor"])
    return int(now["likely"] if "likely" in now else sum(now["between"]) // 2)


def in_words(numbers: Any) -> str:
    """A dial's numbers: ``100..900, likely 450`` or ``x 1.25``."""
    if "factor" in numbers:
        return f"x {numbers['factor'] / 1000:.3f}"
    low, high = numbers["between"]
    return f"{low}..{high}" + (f", likely {numbers['likely']}" if "likely" in numbers else "")


# ------------------------------------------------------------------------------------ doing it


def calibrate(
    scenario: str,
    targets: str | Path | TargetsSpec,
    *,
    name: str = "",
    dials: Sequence[str] = (),
    runs: int = 50_000,
    seed: int = 2022,
    budget: int = 40_000,
    settings: int = 10,
    jobs: Jobs = 1,
    command: str = "",
    on_progress: Callable[[str, int, int], object] | None = None,
) -> Calibration:
    """Search for the worldview, then judge it with a batch of `runs` runs under fresh luck.

    targets: their name, path, or what `load_targets` gave. name: the worldview's id (default:
    that of the targets). dials: turn these and not those that the targets name. budget: runs of
    the search, for each set of policies that the targets lay over. settings: so many other
    settings are looked for. jobs: processes, or a study. command: what is written into the
    worldview's head. on_progress(what, done, total) is told how far it is.

    Raises SpecError for faults in any file, WargameError for numbers that make no sense.
    """
    if not (runs >= 100 and budget >= 1000 and settings >= 0 and 0 <= seed < 2**62):
        raise WargameError("calibrate needs at least 100 runs and a budget of 1000")
    said = targets if isinstance(targets, TargetsSpec) else load_targets(targets)
    with studying(jobs) as study:
        work = _Work(scenario, said, dials, runs, seed, study, on_progress)
        search, found = work.search(budget)
        turned = work.panel.turned(found)
        about = {"id": name or str(said.id), "kind": "worldview"}
        outcomes = work.play(work.text(turned, about), range(runs), seed + FRESH, "judging")
        fits = measure(work.goals, outcomes, work.header)
        written = load(scenario)
        as_written = {under: parts[AS_WRITTEN].outcomes for under, parts in search.rounds.items()}
        others, tried = work.others(search, found, settings) if settings else ((), 0)
    result = Calibration(
        scenario=str(written.scenario.id),
        digest=written.digest,
        targets=said,
        seed=seed,
        runs=runs,
        played=search_size(search),
        before=measure(work.goals, as_written, work.header),
        fits=fits,
        turned=turned,
        unmet=tuple(_why(search, fit, found) for fit in fits if not fit.met),
        settings=others,
        tried=tried,
        text="",
    )
    keys = {**about, **_leading(result)}
    return replace(result, text=work.text(turned, keys, _head(result, command)))


def search_size(search: Search) -> int:
    """How many runs the search has played."""
    return sum(part.outcomes.n for parts in search.rounds.values() for part in parts)


class _Work:
    """What every step needs: the specs, the goals, the dials, and how to play."""

    def __init__(
        self,
        scenario: str,
        said: TargetsSpec,
        dials: Sequence[str],
        final: int,
        seed: int,
        study: Study,
        on_progress: Callable[[str, int, int], object] | None,
    ) -> None:
        plain_spec = load(scenario)
        compiled = compile_scenario(plain_spec)
        self.said, self.final, self.seed, self.study = said, final, seed, study
        self.header: RunHeader = compiled.header
        self.goals: tuple[Goal, ...] = resolve(said, compiled)
        wanted = {dial: DialSpec() for dial in dials} if dials else said.dials
        self.panel: Panel = panel(plain_spec, wanted)
        self.specs: dict[Under, Spec] = {
            under: load(scenario, list(under)) for under in settings_of(self.goals)
        }
        self.tell = on_progress or (lambda what, done, total: None)
        self.next_run = 0

    def text(self, turned: Sequence[Turned], about: dict[str, Any], head: str = "") -> str:
        """The worldview of a setting as YAML; with only an id and a kind, a trial."""
        title = self.said.title
        keys = {"id": about["id"], "kind": about["kind"]}
        keys["title"] = about.get("title", str(title))
        rest = {key: value for key, value in about.items() if key not in keys}
        source = f"calibrated to the targets {self.said.id}"
        return overlay_text(self.panel, turned, {**keys, **rest}, source, head)

    def play(self, text: str, runs: range, seed: int, what: str) -> dict[Under, Outcomes]:
        """Play a worldview (no text: the scenario as written) under each set of policies."""
        found, total = {}, len(runs) * len(self.specs)
        for before, (under, spec) in enumerate(self.specs.items()):
            if text:
                spec = load_texts(_under(spec.inputs, text))

            def tell(done: int, _: int, before: int = before * len(runs)) -> None:
                self.tell(what, before + done, total)

            found[under] = sample(spec, runs, seed, self.study, tell, what)
        return found

    def search(self, budget: int) -> tuple[Search, Floats]:
        """Play the design, the scenario as written, and the rounds; what was found."""
        search = Search(self.panel, self.goals, self.header, self.final)
        design = {}
        for under, spec in self.specs.items():
            loose = self.panel.loosened(spec)
            runs = self._next(budget * DESIGN // SHARE)
            outcomes = sample(loose, runs, self.seed, self.study, what="design")
            self.tell("design", outcomes.n, outcomes.n)
            names = tuple(loose.scenario.unknowns)
            design[under] = Played(self._places(outcomes, names, ()), outcomes)
        search.add(design)
        search.add(self._round((), budget * UNTOUCHED // SHARE, "as written"))
        starts = search.spread(STARTS)
        for number, share in enumerate(ROUNDS, 1):
            found = search.solve(self.panel.prior, starts=starts)
            starts = [found]  # the next round refines this one
            turned = self.panel.turned(found)
            search.add(self._round(turned, budget * share // SHARE, f"round {number}"))
        return search, search.solve(self.panel.prior, starts=starts)

    def _next(self, n: int) -> range:
        """Run numbers that have not been used yet."""
        self.next_run += n
        return range(self.next_run - n, self.next_run)

    def _round(self, turned: Sequence[Turned], n: int, what: str) -> dict[Under, Played]:
        text = self.text(turned, {"id": "trial", "kind": "worldview"}) if turned else ""
        outcomes = self.play(text, self._next(n), self.seed, what)
        names = self.header.unknowns
        return {u: Played(self._places(o, names, turned), o) for u, o in outcomes.items()}

    def _places(self, outcomes: Outcomes, names: Sequence[str], turned: Sequence[Turned]) -> Floats:
        return self.panel.places(dict(zip(names, outcomes.unknown, strict=True)), turned)

    def others(
        self, search: Search, found: Floats, wanted: int
    ) -> tuple[tuple[tuple[Turned, ...], ...], int]:
        """Other settings that fit: each the nearest to a starting point of its own, then played."""
        fitting: list[tuple[Turned, ...]] = []
        for origin in search.spread(wanted):
            setting = search.solve(origin)
            if max(search.misses(setting)) > 1:
                continue
            turned = self.panel.turned(setting)
            text = self.text(turned, {"id": "trial", "kind": "worldview"})
            what = f"other setting {len(fitting) + 1}"
            outcomes = self.play(text, self._next(CHECK), self.seed, what)
            fits = measure(self.goals, outcomes, self.header, alpha=0.05 / wanted)
            if all(fit.met for fit in fits):
                fitting.append(turned)
        return tuple(fitting), wanted


def _under(inputs: Mapping[str, str], text: str) -> dict[str, str]:
    """The texts of a scenario with a worldview below the policies that are laid over it."""
    found = {name: inner for name, inner in inputs.items() if not name.startswith("overlays/")}
    worldview = str(read_yaml(text, "worldview", until="id")["id"])
    overlays = [(worldview, text)]
    for name in sorted(inputs.keys() - found.keys(), key=lambda n: int(n[9:].split("-")[0])):
        overlays.append((name.split("-", 1)[1].removesuffix(".yaml"), inputs[name]))
    for number, (overlay, inner) in enumerate(overlays, 1):
        found[f"overlays/{number}-{overlay}.yaml"] = inner
    return found


def _why(search: Search, fit: Fit, found: Floats) -> Unmet:
    """Why a target is missed: out of reach, or at odds with others."""
    prior = search.panel.prior
    place = [goal.id for goal in search.goals].index(fit.id)
    expected = search.misses(found)[place] <= 1  # the surfaces believed that it was met
    alone = found if expected else search.solve(prior, only=[fit.id], starts=[found])
    misses = search.misses(alone)
    dials = search.panel.dials
    ends = [
        dial.name
        for dial, part in zip(dials, search.panel.parts(alone), strict=True)
        if any(
            min(abs(x - low), abs(x - high)) < 0.01
            for x, (low, high) in zip(part, dial.bounds, strict=True)
        )
        and not np.allclose(part, dial.prior)
    ]
    return Unmet(
        id=fit.id,
        alone=search.predicted(alone)[place],
        reachable=misses[place] <= 1,
        against=()
        if expected
        else tuple(g.id for i, g in enumerate(search.goals) if i != place and misses[i] > 2),
        stops=tuple(ends),
    )


# ------------------------------------------------------------------------------------- the files


def _leading(result: Calibration) -> dict[str, Any]:
    """The keys that a worldview begins with: title, about, source, for."""
    said = result.targets
    about = {}
    n, runs = len(result.fits), f"{result.runs:,}"
    for lang in ("en", "ja"):
        missed = [fit.words(lang) for fit in result.fits if not fit.met]
        verdict = say(
            lang,
            en=f"Targets met in {runs} runs of {result.scenario}: {n} of {n}.",
            ja=f"{result.scenario}の{runs}回の実行で満たした目標：{n}個中{n}個。",
        )
        if missed:
            verdict = say(
                lang,
                en=f"Not met: {'; '.join(missed)}.",
                ja=f"満たさない目標：{'、'.join(missed)}。",
            )
        words = " ".join(said.about.get(lang).split()) if said.about else ""
        about[lang] = f"{words} {verdict}" if lang == "en" else f"{words}{verdict}"
    scenarios = list(dict.fromkeys([result.scenario, *map(str, said.for_)]))
    title = {"en": said.title.get("en"), "ja": said.title.get("ja")}
    source = f"{said.source}; " if said.source else ""
    return {
        "title": {key: str(text) for key, text in title.items()},
        "about": {key: str(text) for key, text in about.items()},
        "source": f"{source}calibrated, see the head of this file",
        "for": scenarios,
    }


def _head(result: Calibration, command: str) -> str:
    """The comment above a worldview: the command that makes it, and what it gave."""
    lines = [
        f"{MADE}, not by hand. To make it again:",
        f"  {command}" if command else "  wargame.analysis.calibration.calibrate.calibrate",
        f"Scenario {result.scenario}, digest {result.digest[:16]}, engine {__version__}.",
        f"{result.runs:,} runs with seed {result.seed + FRESH}, which the search never saw:",
        *(f"  {fit.words()}" for fit in result.fits),
        f"Moved {result.distance:.2f} in all; {result.played:,} runs of search.",
    ]
    return "".join(f"# {line}\n" for line in lines)


def command_for(words: Sequence[str]) -> str:
    """A command line as a person would type it."""
    return shlex.join(["wargame", *words])


def save(result: Calibration, path: Path) -> Path:
    """Write the worldview to `path`, and its report with the other settings beside it.

    Returns the report's path. Raises StoreError.
    """
    beside = path.with_suffix(".fits.json")
    make_folder(path.parent)
    write_text(path, result.text)
    write_json(beside, result.to_json())
    return beside
