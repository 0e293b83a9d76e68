"""What a script or a notebook needs: play, count, compare, and look at single runs, as tables.

Everything here is reached as ``import wargame as wg``: `wg.batch`, `wg.run`, `wg.odds` and so on.
Tables are pandas frames. Shares are shares of model runs, never probabilities of war.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wargame.analysis.evidence_files import data_files
from wargame.analysis.expect import MARGIN, judge
from wargame.analysis.file_kinds import KINDS
from wargame.analysis.utilities import points_of
from wargame.batches.batch import Batch, run_batch
from wargame.batches.open_run import read_playthrough
from wargame.batches.playing import layout
from wargame.batches.results import windows
from wargame.batches.store.plan import MOST_JOBS, MOST_RUNS
from wargame.boundary.files import home
from wargame.boundary.integers import SEEDS, integer
from wargame.compiler.cached import opened
from wargame.compiler.check_files import HISTORY, Checked, check_everything, check_files
from wargame.engine.randomness import MAX_RUN
from wargame.engine.scenario import Scenario
from wargame.errors import ReplayError, WargameError, counted, no_such
from wargame.replay import fork as forking
from wargame.replay.history import read_history
from wargame.replay.playthrough import Playthrough
from wargame.replay.replay import Replay, header_for, record
from wargame.statistics.shares import FAILED, Share

if TYPE_CHECKING:
    import pandas as pd

    from wargame.analysis.calibration.calibrate import Calibration
    from wargame.analysis.sensitivity.answer import Sensitivity

__all__ = [
    "Results",
    "Run",
    "batch",
    "calibrate",
    "check",
    "fork",
    "odds",
    "open_results",
    "open_run",
    "run",
    "sensitivity",
]

StrPath = str | os.PathLike[str]
_MOST_TURNS = 10**6


# ------------------------------------------------------------------------------ what can be asked


def check(*files: StrPath) -> Checked:
    """Every fault and oddity of YAML files, of folders of them, or of all that can be found.

    A scenario's own faults are in `faults`, what can hardly be meant in `warnings`; nothing raises.
    """

    def values(scenario: Scenario) -> None:
        for actor in scenario.header.actors:
            points_of(scenario, actor)

    readers = {**{kind.key: kind.check for kind in KINDS.values()}, HISTORY: read_history}
    if files:
        return check_files([home(file) for file in files], readers, [values])
    data = [path for kind in KINDS.values() for path in data_files(kind.folder).values()]
    return check_everything(data, readers, [values])


def batch(
    scenario: str,
    policies: Sequence[str] = (),
    runs: int = 1000,
    *,
    worldview: str | None = None,
    seed: int | None = None,
    until: float | None = None,
    jobs: int | None = None,
    out: StrPath | None = None,
    resume: bool = False,
    cluster: str | None = None,
    seats: Mapping[str, str] | None = None,
) -> Results:
    """Play the baseline and each policy under the same luck; see `wargame batch --help`.

    jobs: processes, one for each core where nothing is said. out: the folder of results, a new
    one below ``runs/`` where nothing is said. cluster: the address of a Dask scheduler to play
    on. seats: the actors that programs play, {actor: address or command}; a folder forgets which
    programs, so whoever resumes it names them again. Raises WargameError for what makes no sense.
    """
    programs = None
    if seats:
        from wargame.seats.play import Programs

        programs = Programs.of(seats)
    played = run_batch(
        scenario,
        policies=[policies] if isinstance(policies, str) else policies,
        worldview=worldview,
        runs=integer(runs, "runs", 1, MOST_RUNS + 1),
        seed=_seed(seed),
        until=until,
        jobs=_jobs(jobs),
        out=out,
        resume=resume,
        cluster=cluster,
        programs=programs,
    )
    return Results(played)


def open_results(folder: StrPath) -> Results:
    """The results in a folder that was played before. Raises StoreError if it is none."""
    return Results(Batch.open(folder))


def run(
    scenario: str, run: int = 0, *, seed: int | None = None, overlays: Sequence[str] = ()
) -> Run:
    """Play one run of a scenario, with every reason. It is the same as that row of a batch."""
    number, luck = integer(run, "run", 0, MAX_RUN), _seed(seed)
    compiled = opened(scenario, list(overlays))
    return Run(record(compiled, header_for(compiled, luck, number)))


def open_run(where: StrPath) -> Run:
    """A run that was played before: a turn log, ``DIR#RUN`` of a batch, or a history's name.

    Raises ReplayError, StoreError or SpecError, which name what is wrong.
    """
    return Run(read_playthrough(where))


def fork(
    run: Run | StrPath,
    turn: int,
    orders: Mapping[str, str | Sequence[str]] | None = None,
    *,
    injects: Sequence[Mapping[str, Any]] = (),
    out: StrPath | None = None,
) -> Run:
    """Play turn `turn` of a run with other orders or further news, and what follows by its luck.

    orders: moves by actor; where fewer are given than a turn allows, the rest stay as they were.
    out: where the log of the fork is written. Raises ReplayError if there is no such turn,
    OrderError for orders that may not be given, SpecError for faulty news.
    """
    at = integer(turn, "turn", 0, _MOST_TURNS)
    moves = {a: [m] if isinstance(m, str) else m for a, m in (orders or {}).items()}
    return Run(forking.fork(_replay(run), at, moves, injects, path=out).replay)


def odds(run: Run | StrPath, futures: int = 1000, *, jobs: int | None = None) -> pd.DataFrame:
    """A row for each turn and outcome: of the futures from there, how many come to it.

    Turn 0 is the start; every seat is left to its rules, under fresh luck. share, low, high: with
    an exact 95 % interval that holds for all endings of a turn, or all milestones, together.
    Raises ReplayError for a log that this engine plays otherwise.
    """
    import pandas as pd

    from wargame.analysis.odds import odds_of

    n, at_once = integer(futures, "futures", 1, 10**6 + 1), _jobs(jobs)
    replay = _replay(run)
    if not replay.verdict.identical:
        raise ReplayError(f"{replay.name}: {replay.verdict.words()}; it has no odds here")
    found = odds_of(replay, n, at_once)
    rows = [
        (turn, share.name, share.count, share.share, share.low, share.high)
        for turn in range(found.turns + 1)
        for share in (*found.endings(turn), *found.milestones(turn))
    ]
    names = ["turn", "outcome", "count", "share", "low", "high"]
    return pd.DataFrame(rows, columns=names).set_index(["turn", "outcome"])


def sensitivity(
    scenario: str,
    *,
    overlays: Sequence[str] = (),
    policies: Sequence[str] = (),
    worldviews: Sequence[str] = (),
    parts: Sequence[str] | None = None,
    pairs: int = 2000,
    seed: int | None = None,
    jobs: int | None = None,
) -> Sensitivity:
    """What drives the endings; `print(found.words())` says it. See `wargame sensitivity --help`.

    parts: of tornado, sobol, regions and regret, all where nothing is said. pairs: runs behind
    each bar. Raises SpecError for faults in files, WargameError for what makes no sense.
    """
    from wargame.analysis.sensitivity import study

    return study.sensitivity(
        scenario,
        overlays=overlays,
        policies=policies,
        worldviews=worldviews,
        parts=study.PARTS if parts is None else parts,
        pairs=integer(pairs, "pairs", 100, MOST_RUNS + 1),
        seed=_seed(seed),
        jobs=_jobs(jobs),
    )


def calibrate(
    scenario: str,
    targets: StrPath,
    *,
    name: str = "",
    dials: Sequence[str] = (),
    runs: int = 50_000,
    seed: int = 2022,
    budget: int = 40_000,
    settings: int = 10,
    jobs: int | None = None,
) -> Calibration:
    """Move what is believed until the model meets the targets; the worldview is `found.text`.

    See `wargame calibrate --help`. runs: of the batch that judges. budget: runs of the search.
    settings: so many other answers are looked for. Raises SpecError for faults in any file.
    """
    from wargame.analysis.calibration import calibrate as study

    return study.calibrate(
        scenario,
        os.fspath(targets),
        name=name,
        dials=dials,
        runs=integer(runs, "runs", 100, MOST_RUNS + 1),
        seed=integer(seed, "seed", 0, SEEDS // 2),
        budget=integer(budget, "budget", 1000, MOST_RUNS + 1),
        settings=integer(settings, "settings", 0, 1001),
        jobs=_jobs(jobs),
    )


def _jobs(jobs: int | None) -> int:
    """So many processes: one for each core where nothing is said."""
    return os.cpu_count() or 1 if jobs is None else integer(jobs, "jobs", 1, MOST_JOBS + 1)


def _seed(seed: int | None) -> int | None:
    return None if seed is None else integer(seed, "seed", 0, SEEDS)


def _replay(run: Run | StrPath) -> Replay:
    return run.replay if isinstance(run, Run) else read_playthrough(run)


# ------------------------------------------------------------------------------ what comes of it


class Results:
    """What a batch found, as tables. The folder holds it all; nothing here changes it."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    @property
    def folder(self) -> Path:
        """Where the results lie."""
        return self.batch.folder

    @property
    def policies(self) -> tuple[str, ...]:
        """The variants, the baseline first."""
        return tuple(self.batch.headers)

    @cached_property
    def endings(self) -> pd.DataFrame:
        """A row for each policy and ending: count, share, simultaneous 95 % interval, turn."""
        return self._shares("ending", [t.ending_shares() for t in self.batch.tallies()])

    @cached_property
    def milestones(self) -> pd.DataFrame:
        """A row for each policy and milestone, as `endings`."""
        return self._shares("milestone", [t.milestone_shares() for t in self.batch.tallies()])

    def _shares(self, kind: str, found: Sequence[Sequence[Share]]) -> pd.DataFrame:
        import pandas as pd

        rows = [
            {
                "policy": tally.policy,
                kind: share.name,
                "count": share.count,
                "share": share.share,
                "low": share.low,
                "high": share.high,
                "at_most": share.at_most,
                "turn": turns.median if (turns := tally.turns.get(share.name)) else None,
            }
            for tally, shares in zip(self.batch.tallies(), found, strict=True)
            for share in shares
        ]
        names = ["policy", kind, "count", "share", "low", "high", "at_most", "turn"]
        table = pd.DataFrame(rows, columns=names).set_index(["policy", kind])
        return table.astype({"at_most": "float64", "turn": "Int64"})

    @cached_property
    def runs(self) -> pd.DataFrame:
        """A row for each run: ending, turns, highest stages, unknowns drawn; failed runs too."""
        import pandas as pd

        parts = []
        with self.batch.journal() as journal:
            for variant, header in self.batch.headers.items():
                names = tuple(layout(header))
                for window in windows(journal, variant, names):
                    table = pd.DataFrame({"run": window.runs, **_ordered(window.columns, names)})
                    table["ending"] = _named(table.get("ending"), header.endings, len(table))
                    table["policy"] = variant
                    lost = pd.DataFrame({"run": window.failed, "ending": FAILED, "policy": variant})
                    parts += [part for part in (table, lost) if len(part)]
        found = pd.concat(parts, ignore_index=True).convert_dtypes()
        endings = [*self.batch.header.endings, FAILED]
        found["policy"] = pd.Categorical(found["policy"], list(self.policies))
        found["ending"] = pd.Categorical(found["ending"], endings)
        return found.set_index(["policy", "run"]).sort_index()

    def compare(self) -> pd.DataFrame:
        """A row for each policy and outcome: the paired difference from the baseline.

        Intervals hold together for all outcomes of a policy; `p` is adjusted over all tests;
        `pairing` says how many times as many runs it would take without shared luck.
        """
        import pandas as pd

        names = ["policy", "outcome", "baseline", "share", "difference", "low", "high"]
        names += ["verdict", "more", "p", "pairing"]
        rows = [
            (
                found.variant,
                row.name,
                row.base,
                row.variant,
                row.difference,
                row.worst_low,
                row.worst_high,
                row.verdict.kind,
                row.verdict.more,
                row.adjusted_p,
                row.pairing,
            )
            for found in self.batch.summary.study or ()
            for row in found
        ]
        table = pd.DataFrame(rows, columns=names).set_index(["policy", "outcome"])
        return table.astype({"more": "Int64"})

    def exchanges(self, policy: str) -> pd.DataFrame:
        """How many runs ended one way under the baseline (rows) and another under the policy.

        Raises WargameError if there is no such policy.
        """
        import pandas as pd

        for found in self.batch.summary.pairs:
            if found.variant == policy:
                names = [*found.endings, FAILED]
                return pd.DataFrame(
                    found.transitions,
                    index=pd.Index(names, name="baseline"),
                    columns=pd.Index(names, name=policy),
                )
        known = [found.variant for found in self.batch.summary.pairs]
        raise WargameError(f"{self.folder}: {no_such('policy', policy, known)}")

    def expectations(self, margin: float = MARGIN) -> pd.DataFrame:
        """Every direction that a policy states, and whether it holds; see `wargame expect`."""
        import pandas as pd

        rows = [
            (
                policy.policy,
                prediction.name,
                prediction.expected,
                prediction.answer,
                prediction.found.difference,
                prediction.found.worst_low,
                prediction.found.worst_high,
            )
            for policy in judge(self.batch, margin)
            for prediction in policy.predictions
        ]
        names = ["policy", "outcome", "expected", "answer", "difference", "low", "high"]
        return pd.DataFrame(rows, columns=names).set_index(["policy", "outcome"])

    def __repr__(self) -> str:
        tally = self.batch.tally()
        others = ", ".join(self.policies[1:]) or "no policies"
        return (
            f"<{self.batch.header.scenario}: {counted(tally.runs, 'run')}, {others}; {self.folder}>"
        )

    def _repr_html_(self) -> str:
        """Shares with their intervals, a column for each policy, as Jupyter shows it."""
        tallies = self.batch.tallies()
        head = "".join(f"<th>{escape(tally.policy)}</th>" for tally in tallies)
        groups = [
            zip(*(tally.ending_shares() for tally in tallies), strict=True),
            zip(*(tally.milestone_shares() for tally in tallies), strict=True),
        ]
        rows = "".join(
            f"<tr><th>{escape(shares[0].name)}</th>{''.join(map(_cell, shares))}</tr>"
            for group in groups
            for shares in group
        )
        counts = "".join(f"<td>{tally.runs:,}</td>" for tally in tallies)
        return (
            f"<table><caption>{escape(self.batch.header.scenario)}, seed {self.batch.header.seed}: "
            "shares of model runs with simultaneous 95 % intervals</caption>"
            f"<thead><tr><th></th>{head}</tr></thead>"
            f"<tbody>{rows}<tr><th>runs</th>{counts}</tr></tbody></table>"
        )


class Run:
    """One run from beginning to end: printed, it is told turn by turn."""

    def __init__(self, replay: Replay) -> None:
        self.replay = replay

    @property
    def playthrough(self) -> Playthrough:
        """Its worlds and records, for whoever wants more than the tables."""
        return self.replay.playthrough

    @property
    def ending(self) -> str:
        """How it ended; "" if its telling stops before that."""
        return self.playthrough.ending or ""

    @property
    def turns(self) -> int:
        """How many turns it took."""
        return self.playthrough.turns

    @cached_property
    def orders(self) -> pd.DataFrame:
        """A row for each order: turn, actor, move, whether it succeeded, and why it was given."""
        import pandas as pd

        names = ["turn", "actor", "move", "success", "why"]
        return pd.DataFrame(self._orders(), columns=names)

    def _orders(self) -> Iterator[tuple[int, str, str, bool, str]]:
        from wargame.show.text.narrate import Narrator

        narrator = Narrator.of(self.replay)
        for turn in range(1, self.turns + 1):
            for act in narrator.week(turn).acts:
                yield turn, act.actor, act.move, act.succeeded, act.why

    @cached_property
    def gauges(self) -> pd.DataFrame:
        """Every gauge after each turn; turn 0 is the start."""
        return self._cells(self.playthrough.scenario.gauge_names())

    @cached_property
    def stages(self) -> pd.DataFrame:
        """The stage of each dyad on the ladder after each turn; turn 0 is the start."""
        dyads = self.playthrough.scenario.header.dyads
        cells = self._cells([f"stage({dyad})" for dyad in dyads])
        return cells.set_axis(list(dyads), axis="columns")

    def _cells(self, names: Sequence[str]) -> pd.DataFrame:
        import pandas as pd

        values = np.array(
            [[int(world[name][0]) for name in names] for world in self.playthrough.worlds]
        )
        index = pd.RangeIndex(self.turns + 1, name="turn")
        return pd.DataFrame(values.reshape(self.turns + 1, len(names)), index, list(names))

    def tell(self, lang: str = "en") -> str:
        """The run turn by turn, as `wargame run` prints it; `lang` is en or ja."""
        from wargame.show.text.narrate import Narrator
        from wargame.show.text.plain_text import told_run

        if lang not in ("en", "ja"):
            raise WargameError(f"a run is told in en or ja, not {lang!r}")
        narrator = Narrator.of(self.replay, lang)
        return told_run(narrator, [narrator.week(turn) for turn in range(1, self.turns + 1)])

    def __str__(self) -> str:
        return self.tell()

    def __repr__(self) -> str:
        header = self.playthrough.scenario.header
        return (
            f"<{header.scenario}: run {self.playthrough.run}, seed {self.playthrough.seed}: "
            f"{self.ending} in turn {self.turns}>"
        )

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.tell())}</pre>"


def _ordered(columns: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: columns[name] for name in names if name in columns}


def _named(codes: Any, endings: Sequence[str], n: int) -> list[str]:
    """The names of endings by their indices."""
    return [endings[code] for code in codes] if n else []


def _cell(share: Share) -> str:
    return (
        f"<td>{100 * share.share:.2f} % <small>({100 * share.low:.2f} to "
        f"{100 * share.high:.2f})</small></td>"
    )
