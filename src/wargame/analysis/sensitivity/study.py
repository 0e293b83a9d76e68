"""What drives the endings: assumptions, unknowns, luck; and which policy stands up to doubt.

1. **Screening.** In every run a quarter of all assumptions, chosen by lot, is turned up or down.
   Each run so tells something of every assumption, and tens of thousands tell which few of
   hundreds are worth a closer look. Nothing is concluded from it; what was screened out is named.
2. **Tornado.** Each of those few is turned alone, down and up, under the luck of the same baseline
   runs. What it moves is a paired difference with its interval; over all those looked at, p-values
   are adjusted after Benjamini and Yekutieli. What can be turned one way only has one side.
3. **Sobol and PAWN** over the unknowns (SALib). The model is not a function of its unknowns: luck
   has its part. So luck is one input more, a draw of the run's number, and its index is the noise
   floor: what no knowledge of the unknowns could explain. PAWN's floor is its value where outcomes
   are dealt to runs at random.
4. **Regions** of the unknowns in which an outcome is frequent (PRIM), in words.
5. **Regret** of policies over worldviews, if some are given.

Source: Saltelli et al. 2010, Computer Physics Communications 181:259; Pianosi and Wagener 2018,
Environmental Modelling & Software 108:197; group screening: Watson 1961, Technometrics 3:371.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from wargame.analysis.calibration.sampling import about
from wargame.analysis.sensitivity.answer import (
    LUCK,
    Assumption,
    Bar,
    Cost,
    Difference,
    Index,
    Sensitivity,
)
from wargame.analysis.sensitivity.parameters import compile_levered, with_levers
from wargame.analysis.sensitivity.parameters.parameter import Lever
from wargame.analysis.sensitivity.parameters.playing import play_set, quantile
from wargame.analysis.sensitivity.parameters.starts import unknown_levers
from wargame.backends.turn import begin
from wargame.batches.playing import LastFew
from wargame.batches.store.columns import Columns
from wargame.batches.study import Jobs, OnProgress, Study, studying
from wargame.compiler import compile_scenario
from wargame.content.load import load, load_texts
from wargame.content.spec import Spec
from wargame.engine.randomness import Luck
from wargame.engine.scenario import Scenario
from wargame.errors import WargameError
from wargame.statistics.compare import adjust
from wargame.statistics.failure_regions import FailureRegions, failure_regions
from wargame.statistics.paired import difference_interval, mcnemar
from wargame.statistics.regret import Regret, regret, share_error
from wargame.statistics.shares import critical

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

PARTS = ("tornado", "sobol", "regions", "regret")
LOTS, TURNED = 256, 32  # in each run of the screening so many are turned down, and so many up
CLOSER = 20  # assumptions that are looked at for the first ending and each milestone
SCREEN = 96_000  # runs of the screening: what they can tell is in docs/experiments.md
BLOCK = 24_000  # runs of the screening whose lots are in memory at a time
FEW = 3  # and for every other ending
RARE = 20  # cases below which an outcome is left out of Sobol, PAWN and the regions
TASK = 2000  # rows that are played as one piece of work
BASELINE = "baseline"
SHUFFLES = 20


def sensitivity(
    name: str,
    *,
    overlays: Sequence[str] = (),
    policies: Sequence[str] = (),
    worldviews: Sequence[str] = (),
    parts: Sequence[str] = PARTS,
    pairs: int = 2000,
    screen: int = SCREEN,
    base: int = 1024,
    seed: int | None = None,
    jobs: Jobs = 1,
    on_cost: Callable[[Cost], object] | None = None,
    on_progress: OnProgress | None = None,
) -> Sensitivity:
    """Find what drives the endings of a scenario, with `overlays` laid over it.

    policies, worldviews: for the regrets, each policy under each worldview, beside the baseline
    and the scenario as it is written. pairs: runs behind each bar, each cell of the regrets and
    the regions. screen: runs of the screening. base: rows of Sobol's design before it is crossed,
    a power of two. jobs: processes, or a study. on_cost: told beforehand what it comes to.
    on_progress: told (done, all) rows of the part under way.
    Raises SpecError for faults in files, WargameError for numbers that make no sense, or if Sobol
    is asked for and SALib is not installed.
    """
    if unknown := [part for part in parts if part not in PARTS]:
        raise WargameError(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    if pairs < 100 or screen < 1000 or base < 64 or base & (base - 1):
        raise WargameError(
            "too few runs: --pairs is at least 100, --screen at least 1000, "
            "--base a power of two, at least 64"
        )
    if "sobol" in parts:
        _salib()
    spec = load(name, list(overlays))
    cases = {BASELINE: spec}
    for policy in policies:
        cases[policy] = load(name, [*overlays, policy])
    for view in worldviews:
        for policy in ("", *policies):
            laid = [view, policy] if policy else [view]
            cases["+".join(laid)] = load(name, [*overlays, *laid])
    study = _Study(spec, seed, pairs, screen, base)
    if on_cost is not None:
        compared = (1 + len(policies)) * (1 + len(worldviews)) if worldviews else 0
        on_cost(study.cost(parts, compared))
    with studying(jobs) as under_way:
        players = Players(under_way, cases, on_progress)
        tornado = study.tornado(players) if "tornado" in parts else {}
        indices = study.indices(players) if "sobol" in parts else {}
        regions = study.regions(players) if "regions" in parts else {}
        regrets = {}
        if "regret" in parts and worldviews:
            regrets = study.regret(players, policies, worldviews)
    header = study.scenario.header
    return Sensitivity(
        scenario=header.scenario,
        digest=header.digest,
        overlays=header.overlays,
        seed=study.seed,
        assumptions=len(study.levers),
        screened=screen if tornado else 0,
        pairs=pairs,
        rows=base * (len(study.varied) + 3) if indices else 0,
        tornado=tornado,
        indices=indices,
        regions=regions,
        regret=regrets,
        screened_out=tuple(
            Assumption(**_about(lever))
            for lever in study.levers
            if tornado and lever.cell not in study.closer
        ),
        fixed=tuple(Assumption(**_about(lever)) for lever in study.fixed if tornado),
    )


def _exchanged(one: Flags, other: Flags) -> tuple[Ints, Ints]:
    """Pairs that came to it only in the other, and only in the one; along the last axis."""
    return (other & ~one).sum(axis=-1), (one & ~other).sum(axis=-1)


def _about(lever: Lever) -> dict[str, Any]:
    """What an assumption is, apart from what it does."""
    return {
        "lever": lever.name,
        "part": lever.part,
        "kind": lever.kind,
        "title": lever.title,
        "source": lever.source,
        "place": lever.place,
        "unit": lever.unit,
        "low": lever.less,
        "usual": lever.usual,
        "high": lever.more,
    }


class _Study:
    """The questions, each answered by playing."""

    def __init__(self, spec: Spec, seed: int | None, pairs: int, screen: int, base: int) -> None:
        self.spec = spec
        self.scenario = compile_scenario(spec)
        self.seed = self.scenario.header.seed if seed is None else seed
        self.pairs, self.screen, self.base = pairs, screen, base
        self.varied = [u for u in self.scenario.unknowns if len(u.values) > 1]
        levers = (*with_levers(spec)[1], *unknown_levers(spec, self.scenario))
        self.levers = tuple(lever for lever in levers if lever.sides)
        self.fixed = tuple(lever for lever in levers if not lever.sides)
        self.closer: Mapping[str, Lever] = {}
        # Of their own, so that no part depends on which others are asked for.
        self.lots, self.shuffles = (
            np.random.Generator(np.random.Philox(stream))
            for stream in np.random.SeedSequence(self.seed).spawn(2)
        )

    @property
    def first(self) -> tuple[str, ...]:
        """The ending that stands first, by convention the worst, and the milestones."""
        return (self.scenario.header.endings[0], *self.scenario.milestones)

    def cost(self, parts: Sequence[str], compared: int) -> Cost:
        """What the parts come to. compared: cells of the regrets."""
        outcomes = len(self.scenario.header.endings) + len(self.scenario.milestones)
        most = CLOSER * len(self.first) + FEW * (outcomes - len(self.first))
        turned = 2 * min(len(self.levers), most) + 1
        screened, varied = "tornado" in parts, len(self.varied)
        return Cost(
            assumptions=len(self.levers),
            screening=self.screen if screened else 0,
            turning=self.pairs * turned if screened else 0,
            indices=self.base * (varied + 3) if "sobol" in parts and varied else 0,
            regions=2 * self.pairs if "regions" in parts and varied else 0,
            regret=self.pairs * compared if "regret" in parts else 0,
        )

    def tornado(self, players: Players) -> dict[str, tuple[Bar, ...]]:
        """For each outcome, the assumptions looked at, the farthest reaching first."""
        self.closer = {lever.cell: lever for lever in self._screened(players)}
        closer = list(self.closer.values())
        runs = np.arange(self.pairs)
        rows = [(lever, side) for lever in closer for side in lever.sides]
        cells: dict[str, Floats | Ints] = {}
        for lever in closer:
            drawn = self._at_rest(lever, runs)
            cells[lever.cell] = np.concatenate(
                [
                    drawn,
                    *(np.full(self.pairs, side) if one is lever else drawn for one, side in rows),
                ]
            )
        found = players.play(
            "tornado",
            np.tile(runs, len(rows) + 1),
            self.seed,
            turned=tuple(self.closer),
            cells=cells,
        )
        return {
            name: self._bars(rows, happened.reshape(len(rows) + 1, self.pairs))
            for name, happened in found.items()
            if name in self.first or happened[: self.pairs].sum() >= RARE
        }

    def _bars(self, rows: Sequence[tuple[Lever, int]], happened: Flags) -> tuple[Bar, ...]:
        """A bar for each lever. rows: what was turned to what; happened: of the baseline, then of
        each of these, whether each run came to the outcome."""
        baseline, turned = happened[0], happened[1:]
        gained, lost = _exchanged(baseline, turned)
        low, high = difference_interval(gained, lost, self.pairs, critical(0.05))
        sides: dict[str, dict[int, int]] = {}
        for row, (lever, side) in enumerate(rows):
            sides.setdefault(lever.cell, {})[side] = row
        # Up to three questions of each assumption: down or not, up or not, down or up.
        swings = {cell: list(own.values()) for cell, own in sides.items() if len(own) == 2}
        less, more = (np.array([pair[i] for pair in swings.values()], dtype=int) for i in (0, 1))
        up, down = _exchanged(turned[less], turned[more])
        swing = dict(zip(swings, ((up - down) / self.pairs).tolist(), strict=True))
        p = adjust(np.concatenate([mcnemar(gained, lost), mcnemar(up, down)]))
        p_swing = dict(zip(swings, p[len(rows) :].tolist(), strict=True))

        def difference(row: int | None) -> Difference | None:
            if row is None:
                return None
            moved = (gained[row] - lost[row]) / self.pairs
            return float(moved), float(low[row]), float(high[row])

        bars = []
        for cell, own in sides.items():
            lever = self.closer[cell]
            least = min(*(float(p[row]) for row in own.values()), p_swing.get(cell, 1.0))
            bars.append(
                Bar(
                    **_about(lever),
                    less=difference(None if lever.less is None else own[lever.less]),
                    more=difference(None if lever.more is None else own[lever.more]),
                    swing=swing.get(cell),
                    p=least,
                    resolved=least <= 0.05,
                )
            )
        return tuple(sorted(bars, key=lambda bar: -bar.reach))

    def _screened(self, players: Players) -> list[Lever]:
        """The assumptions worth a closer look."""
        turned = tuple(lever.cell for lever in self.levers)
        size = np.zeros((3, len(turned)), dtype=np.int64)
        hits: dict[str, Ints] = {}
        for first in range(0, self.screen, BLOCK):
            runs = np.arange(first, min(first + BLOCK, self.screen))
            sides, cells = self._lots(runs)
            found = players.play(
                "screening",
                runs,
                self.seed,
                turned=turned,
                cells=cells,
                before=first,
                of=self.screen,
            )
            size += sides.sum(axis=2)
            for name, happened in found.items():
                hits[name] = hits.get(name, 0) + sides[:, :, happened].sum(axis=2)
        chosen: dict[str, Lever] = {}
        for name, count in hits.items():
            down, up, rest = count / np.maximum(1, size)
            # The two groups are of one size but for chance, so the difference itself ranks. What
            # has one side only is compared with where it is at rest.
            low, high = (
                np.where(n == 0, rest, side) for n, side in zip(size, (down, up), strict=False)
            )
            order = np.argsort(-np.abs(high - low), kind="stable")
            most = CLOSER if name in self.first else FEW
            chosen |= {self.levers[i].cell: self.levers[i] for i in order[:most]}
        return list(chosen.values())

    def _lots(self, runs: Ints) -> tuple[Flags, dict[str, npt.NDArray[np.int32]]]:
        """Which assumptions are turned down, turned up and at rest, 3 x levers x runs, a quarter
        of them turned in each run; and the cells that this means."""
        lots = self.lots.integers(0, LOTS, (len(self.levers), len(runs)), dtype=np.uint8)
        sided = np.array([(one.less is not None, one.more is not None) for one in self.levers])
        # A lot for a side that is not there leaves the assumption at rest.
        down = (lots < TURNED) & sided[:, :1]
        up = (lots >= LOTS - TURNED) & sided[:, 1:]
        cells = {}
        for lever, lower, upper in zip(self.levers, down, up, strict=True):
            values = self._at_rest(lever, runs)
            values[lower], values[upper] = lever.less or 0, lever.more or 0
            cells[lever.cell] = values.astype(np.int32)
        return np.stack([down, up, ~(down | up)]), cells

    def _at_rest(self, lever: Lever, runs: Ints) -> Ints:
        """What each run has where the lever is not turned: the number as it is written, or what
        the run draws of an unknown."""
        if lever.usual is not None:
            return np.full(len(runs), lever.usual)
        drawn: Ints = begin(self.scenario, Luck(self.seed, runs))[lever.cell].astype(np.int64)
        return drawn

    def indices(self, players: Players) -> dict[str, tuple[Index, ...]]:
        """Sobol's and PAWN's indices of each unknown and of luck, for outcomes not too rare."""
        if not self.varied:
            return {}
        sample, analyse, pawn = _salib()
        names = [unknown.name for unknown in self.varied]
        inputs = [*names, LUCK]
        problem = {
            "num_vars": len(inputs),
            "names": inputs,
            "bounds": [[0.0, 1.0]] * len(inputs),
        }
        x: Floats = sample(problem, self.base, calc_second_order=False, seed=self.seed % 2**31)
        cells = {u.name: quantile(u, x[:, j]) for j, u in enumerate(self.varied)}
        # Rows of one draw of luck are one run number: neighbours, which are cheap to address.
        _, runs = np.unique(x[:, -1], return_inverse=True)
        found = players.play("Sobol's design", runs, self.seed, cells=cells)
        plain = np.zeros(len(x), dtype=bool)
        block = len(names) + 3
        plain[0::block] = plain[block - 1 :: block] = True  # Saltelli's matrices A and B
        answers = {}
        for name, happened in found.items():
            if not RARE <= happened[plain].sum() <= plain.sum() - RARE:
                continue
            y = happened.astype(float)
            sobol = analyse(problem, y, calc_second_order=False, seed=self.seed % 2**31)
            shifts = pawn(problem, x[plain], y[plain], S=10)["median"]
            dealt = [
                pawn(problem, x[plain], self.shuffles.permutation(y[plain]), S=10)["median"]
                for _ in range(SHUFFLES)
            ]
            floor = float(np.quantile(np.concatenate(dealt), 0.95))
            answers[name] = tuple(
                Index(
                    name=key,
                    title=self._title(key),
                    first=float(sobol["S1"][j]),
                    first_error=float(sobol["S1_conf"][j]),
                    total=float(sobol["ST"][j]),
                    total_error=float(sobol["ST_conf"][j]),
                    pawn=None if key == LUCK else float(shifts[j]),
                    floor=None if key == LUCK else floor,
                )
                for j, key in enumerate(inputs)
            )
        return answers

    def regions(self, players: Players) -> dict[str, FailureRegions]:
        """Where in the unknowns the first ending and the milestones are frequent."""
        if not self.varied:
            return {}
        runs = np.arange(2 * self.pairs)
        world = begin(self.scenario, Luck(self.seed, runs))
        found = players.play("regions", runs, self.seed)
        drawn = {u.name: world[u.name].astype(np.int64) for u in self.varied}
        titles = {name: dict(self._title(name)) for name in drawn}
        return {
            name: failure_regions(drawn, found[name], name=name, titles=titles)
            for name in self.first
            if found[name].sum() >= RARE
        }

    def regret(
        self, players: Players, policies: Sequence[str], worldviews: Sequence[str]
    ) -> dict[str, Regret]:
        """The regret of every policy over the worldviews, with the scenario as it is among them."""
        runs = np.arange(self.pairs)
        views = ("", *worldviews)
        shares: dict[str, list[list[float]]] = {name: [] for name in self.first}
        for policy in ("", *policies):
            cases = ["+".join(filter(None, (view, policy))) or BASELINE for view in views]
            row = [players.play(f"regret {case}", runs, self.seed, case=case) for case in cases]
            for name, values in shares.items():
                values.append([float(found[name].mean()) for found in row])
        answers = {}
        for name, values in shares.items():
            table = np.array(values)
            answers[name] = regret(
                table,
                [BASELINE, *policies],
                ["as-written", *worldviews],
                outcome=name,
                errors=share_error(table, self.pairs),
            )
        return answers

    def _title(self, name: str) -> Mapping[str, str]:
        if name == LUCK:
            return {"en": "luck", "ja": "運"}
        title = self.spec.scenario.unknowns[name].title
        return {lang: title.get(lang) if title else name for lang in ("en", "ja")}


# ------------------------------------------------------------------------------ playing


class Players:
    """Plays rows of any case; the answers do not depend on who does."""

    def __init__(
        self, study: Study, cases: Mapping[str, Spec], on_progress: OnProgress | None
    ) -> None:
        self.study = study
        self.cases = cases
        self.on_progress = on_progress

    def play(
        self,
        what: str,
        runs: Ints,
        seed: int,
        *,
        case: str = BASELINE,
        turned: tuple[str, ...] = (),
        cells: Mapping[str, npt.NDArray[Any]] | None = None,
        before: int = 0,
        of: int = 0,
    ) -> dict[str, Flags]:
        """Whether each row came to each ending and milestone, by name. what: the stage's name.
        turned: cells of the levers that are turned in it. before, of: for telling how far it is,
        so many rows came before these, of so many in all."""
        spec = self.cases[case]

        def tell(done: int, total: int) -> None:
            if self.on_progress is not None:
                self.on_progress(before + done, of or total)

        found = self.study.map(
            what,
            f"{__name__}:play_rows",
            range(len(runs)),
            about=[about(spec), list(turned), seed],
            settings={
                "key": (about(spec), turned),
                "inputs": spec.inputs,
                "turned": turned,
                "luck": seed,
            },
            of_rows={"run": runs} | {f"cell.{name}": c for name, c in (cells or {}).items()},
            chunk=TASK,
            on_progress=tell,
        )
        return {name.partition(" ")[2]: happened for name, happened in found.items()}


_scenarios: LastFew[Scenario] = LastFew()


def play_rows(task: dict[str, Any]) -> Columns:
    """Whether each row of a task came to each ending and milestone, in their order."""
    turned = task["turned"]

    def made() -> Scenario:
        spec = load_texts(task["inputs"])
        return compile_levered(spec, turned) if turned else compile_scenario(spec)

    scenario = _scenarios.get(task["key"], made)
    cells = {name.removeprefix("cell."): c for name, c in task.items() if name.startswith("cell.")}
    parts = list(play_set(scenario, cells, task["run"], task["luck"]))
    ending = np.concatenate([part.ending for part in parts])
    reached = np.concatenate([part.reached for part in parts], axis=1)
    names = (*scenario.header.endings, *scenario.milestones)
    came = [*(ending == i for i in range(len(scenario.header.endings))), *(reached > 0)]
    return {f"{place:03} {name}": came[place] for place, name in enumerate(names)}


def _salib() -> tuple[Any, Any, Any]:
    """SALib's sampler and analysers; they take a second to load."""
    try:
        from SALib.analyze import pawn, sobol
        from SALib.sample import sobol as sampler
    except ImportError:
        raise WargameError(
            "Sobol and PAWN need SALib: pip install 'wargame[sensitivity]', "
            "or leave them out with --only tornado,regions,regret"
        ) from None
    return sampler.sample, sobol.analyze, pawn.analyze
