"""A batch: variants of a scenario under the same luck, played to a folder that is the result.

The folder holds the exact inputs, a journal (the truth, from the first chunk on), and, once all
is played, ``manifest.json``, ``tally.json`` and, where pyarrow is installed, ``runs.parquet``.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wargame import __version__
from wargame.compiler import compile_scenario
from wargame.errors import StoreError, WargameError
from wargame.experiment.execute import execute
from wargame.experiment.journal import Journal
from wargame.experiment.plan import Plan, Variant, chunk_for
from wargame.experiment.playing import PLAY, PREPARE
from wargame.experiment.recovery import Progress
from wargame.load import load, load_texts
from wargame.record import RunHeader
from wargame.spec import Spec
from wargame.statistics import Share, shares

BASELINE = "baseline"
JOURNAL, MANIFEST, TALLY, INPUTS = "journal.sqlite", "manifest.json", "tally.json", "inputs"
MOST_RUNS = 10**9

Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Tally:
    """How the runs of one variant ended. `digest` covers every run's number, ending and trail."""

    policy: str
    runs: int
    failed: int
    digest: str
    endings: Mapping[str, int]
    milestones: Mapping[str, int]

    def ending_shares(self) -> tuple[Share, ...]:
        """Shares of the endings, with intervals that hold together at 95 % (Goodman)."""
        return tuple(shares(self.endings, n=self.runs, failed=self.failed))[: len(self.endings)]

    def milestone_shares(self) -> tuple[Share, ...]:
        """Shares of the milestones, which may overlap, with intervals that hold together."""
        if not self.milestones:
            return ()
        found = tuple(shares(self.milestones, n=self.runs, failed=self.failed))
        return found[: len(self.milestones)]

    def to_json(self) -> dict[str, Any]:
        """The tally as the command line prints it."""

        def rows(found: Sequence[Share]) -> dict[str, Any]:
            return {
                row.name: {
                    "count": row.count,
                    "share": row.share,
                    "low": row.low,
                    "high": row.high,
                }
                for row in found
            }

        return {
            "policy": self.policy,
            "runs": self.runs,
            "failed": self.failed,
            "digest": self.digest,
            "endings": rows(self.ending_shares()),
            "milestones": rows(self.milestone_shares()),
        }


@dataclass(frozen=True)
class Batch:
    """A folder of results, complete or under way."""

    folder: Path
    headers: Mapping[str, RunHeader]  # by variant, in the plan's order

    @property
    def header(self) -> RunHeader:
        """The header of the first variant."""
        return next(iter(self.headers.values()))

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Batch:
        """A folder that was begun before. Raises StoreError if it is none."""
        path = Path(folder)
        try:
            manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise StoreError(f"{path} is no folder of results: {error}") from None
        return cls(path, {name: _header(data) for name, data in manifest["headers"].items()})

    def inputs(self, variant: str) -> dict[str, str]:
        """The exact texts that a variant was made of."""
        folder = self.folder / INPUTS / variant
        return {
            str(path.relative_to(folder)): path.read_text(encoding="utf-8")
            for path in sorted(folder.rglob("*.yaml"))
        }

    def spec(self, variant: str = BASELINE) -> Spec:
        """The variant as it was loaded."""
        return load_texts(self.inputs(variant))

    def columns(
        self, variant: str, names: Sequence[str] | None = None
    ) -> Iterator[tuple[range, Columns]]:
        """Results in stored chunks: their run numbers and columns (see `playing.columns_of`)."""
        with Journal.read(self.folder / JOURNAL) as journal:
            yield from journal.results(variant, names)

    def tally(self, variant: str) -> Tally:
        """Count how the runs of a variant ended, in constant memory."""
        header = self.headers[variant]
        endings = np.zeros(len(header.endings), dtype=np.int64)
        reached = np.zeros(len(header.milestones), dtype=np.int64)
        proof = sha256()
        played = 0
        for numbers, columns in self.columns(variant):
            played += len(numbers)
            endings += np.bincount(columns["ending"], minlength=len(endings))
            reached += [np.count_nonzero(columns[f"reached.{m}"]) for m in header.milestones]
            rows = np.empty((len(numbers), 4), dtype="<u8")
            rows[:, 0] = np.arange(numbers.start, numbers.stop)
            for place, name in enumerate(("ending", "turn", "trail"), start=1):
                rows[:, place] = columns[name]
            proof.update(rows.tobytes())
        with Journal.read(self.folder / JOURNAL) as journal:
            failed = sum(1 for _ in journal.failed(variant))
        return Tally(
            policy=variant,
            runs=played + failed,
            failed=failed,
            digest=proof.hexdigest(),
            endings=dict(zip(header.endings, map(int, endings), strict=True)),
            milestones=dict(zip(header.milestones, map(int, reached), strict=True)),
        )

    def tallies(self) -> list[Tally]:
        """The tallies of all variants, in the plan's order."""
        return [self.tally(variant) for variant in self.headers]

    def to_json(self) -> dict[str, Any]:
        """What ``wargame batch --json`` prints."""
        return {
            "schema": 1,
            "scenario": self.header.scenario,
            "digest": self.header.digest,
            "seed": self.header.seed,
            "results": [tally.to_json() for tally in self.tallies()],
            "out": str(self.folder),
        }


def run_batch(
    scenario: str,
    *,
    policies: Sequence[str] = (),
    worldview: str = "",
    runs: int = 1000,
    seed: int | None = None,
    jobs: int = 1,
    out: str | os.PathLike[str] | None = None,
    resume: bool = False,
    on_progress: Callable[[Progress], object] | None = None,
) -> Batch:
    """Play `runs` runs of the baseline and of each policy (``a+b`` composes two).

    out: the folder; a new one below ``runs/`` where nothing is said. resume: go on with a folder
    that was interrupted; it must have been begun with the same scenario, seed and engine.
    Raises SpecError for faults in any file before the first run, WargameError for numbers that
    make no sense, StoreError for a folder that cannot be used.
    """
    if not 1 <= runs <= MOST_RUNS:
        raise WargameError(f"runs must be between 1 and {MOST_RUNS:,}, not {runs:,}")
    if not 1 <= jobs <= 1024:
        raise WargameError(f"jobs must be between 1 and 1024, not {jobs}")
    if seed is not None and not 0 <= seed < 2**63:
        raise WargameError(f"seed must be a whole number from 0 to 2**63 - 1, not {seed}")
    world = [worldview] if worldview else []
    specs = {BASELINE: load(scenario, world)}
    for policy in policies:
        if policy in specs:
            raise WargameError(f"the policy {policy} is named twice")
        specs[policy] = load(scenario, [*world, policy])
    headers: dict[str, RunHeader] = {}
    for name, spec in specs.items():
        headers[name] = compile_scenario(spec).header
    base = headers[BASELINE]
    luck = base.seed if seed is None else seed
    headers = {name: _with_seed(header, luck) for name, header in headers.items()}
    plan = Plan(
        scenario=base.digest,
        seed=luck,
        engine=__version__,
        variants=tuple(_variant(scenario, name, spec, luck) for name, spec in specs.items()),
        runs=range(runs),
        chunk=chunk_for(runs, len(specs), jobs),
    )
    folder = _folder(out, base.scenario, resume)
    batch = Batch(folder, headers)
    _write_inputs(folder, specs, plan, headers)
    with _journal(folder, plan, resume) as journal:
        execute(plan, PLAY, journal, prepare=PREPARE, jobs=jobs, on_progress=on_progress)
    write(folder / TALLY, batch.to_json())
    return batch


def write(path: Path, data: object) -> None:
    """Write JSON so that the file is either the old one or whole."""
    beside = path.with_name(path.name + ".part")
    try:
        beside.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        os.replace(beside, path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from None


def _variant(scenario: str, name: str, spec: Spec, seed: int) -> Variant:
    overlays = "".join(f" --overlay {overlay}" for overlay in spec.overlay_names)
    return Variant(
        name=name,
        digest=sha256(f"{spec.digest} {spec.overlay_digest}".encode()).hexdigest(),
        overlays=spec.overlay_names,
        settings={"inputs": spec.inputs},
        again=f"wargame run {scenario}{overlays} --seed {seed} --run {{run}}",
    )


def _with_seed(header: RunHeader, seed: int) -> RunHeader:
    return RunHeader(**{**asdict(header), "seed": seed})


def _header(data: dict[str, Any]) -> RunHeader:
    """A header from JSON, whose lists were tuples."""
    found: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
    found["moves"] = {actor: tuple(moves) for actor, moves in data["moves"].items()}
    return RunHeader(**found)


def _folder(out: str | os.PathLike[str] | None, scenario: str, resume: bool) -> Path:
    """The folder to play into: the one asked for, or the next free number below ``runs/``."""
    try:
        if out is not None:
            folder = Path(out)
            if resume and not (folder / JOURNAL).exists():
                raise StoreError(f"{folder} holds no batch to resume")
            if not resume and folder.exists() and any(folder.iterdir()):
                raise StoreError(
                    f"{folder} is not empty: name another folder, or add --resume to go on with it"
                )
            folder.mkdir(parents=True, exist_ok=True)
            return folder
        if resume:
            raise WargameError("--resume needs --out, the folder to go on with")
        Path("runs").mkdir(exist_ok=True)
        number = 1
        while True:
            folder = Path("runs") / f"{scenario}-{number:04d}"
            try:
                folder.mkdir()
                return folder
            except FileExistsError:
                number += 1
    except OSError as error:
        raise StoreError(f"{error.filename} cannot be used for results: {error.strerror}") from None


def _journal(folder: Path, plan: Plan, resume: bool) -> Journal:
    path = folder / JOURNAL
    return Journal.resume(path, plan) if resume else Journal.create(path, plan)


def _write_inputs(
    folder: Path, specs: Mapping[str, Spec], plan: Plan, headers: Mapping[str, RunHeader]
) -> None:
    """The texts that were used, and what was asked of them, before the first run."""
    try:
        for name, spec in specs.items():
            for file, text in spec.inputs.items():
                path = folder / INPUTS / name / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{error.filename} cannot be written: {error.strerror}") from None
    write(
        folder / MANIFEST,
        {
            "schema": 1,
            "scenario": headers[BASELINE].scenario,
            "digest": plan.scenario,
            "seed": plan.seed,
            "runs": [plan.runs.start, plan.runs.stop],
            "engine": plan.engine,
            "numpy": np.__version__,
            "python": platform.python_version(),
            "platform": platform.platform(),
            "headers": {name: asdict(header) for name, header in headers.items()},
        },
    )
