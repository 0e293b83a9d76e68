"""The journal of a batch: one SQLite file that is the truth about what has been played.

A chunk's results and the note that it has been played are one transaction, on disk before
anybody counts them.  What is not noted has not been played, so a batch may end anywhere, by
``kill -9`` too, and go on from there: every run is stored exactly once.

The file is locked by the process that plays.  It keeps a rollback journal and not a write-ahead
log, which some versions of SQLite in use can lose commits from.  Reading goes through the chunks
in order and holds one at a time, so that memory does not grow with the number of runs.

Each chunk has a seal of its own.  A journal that was finished has one over all of them, over the
failed runs and over the files beside it: it covers what a chunk's cannot, that none is missing.
It is checked whenever the journal is opened to be read, without unpacking a chunk.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

import numpy as np
from pydantic import Field, TypeAdapter

from wargame.batches.store.columns import Columns, Packed, Schema, unpack
from wargame.batches.store.plan import Chunk, Plan, Variant
from wargame.boundary.database import Connection, Error, in_memory, open_database
from wargame.boundary.foreign import shaped
from wargame.errors import StoreError
from wargame.replay.log_file import canonical

T = TypeVar("T")

FORMAT = 1
_APPLICATION = 0x77617267  # "warg": marks the file as ours

_TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, text TEXT NOT NULL, sum BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE chunks (
    variant TEXT NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL,
    attempts INTEGER NOT NULL, PRIMARY KEY (variant, start)
) WITHOUT ROWID;
CREATE TABLE results (
    variant TEXT NOT NULL, start INTEGER NOT NULL, sum BLOB NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (variant, start)
);
CREATE TABLE failed (
    variant TEXT NOT NULL, run INTEGER NOT NULL, reason TEXT NOT NULL, command TEXT NOT NULL,
    PRIMARY KEY (variant, run)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class FailedRun:
    """A run that could not be played: it stays in every denominator."""

    variant: str
    run: int
    reason: str
    command: str = ""
    """How to play it again, alone; the folder says that, never its journal."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many runs have been played, and how many could not be."""

    played: int
    failed: int


@dataclass(frozen=True, slots=True)
class Whole:
    """What a finished journal says of itself and of the files beside it.

    root: a hash over the seals of all chunks and the failed runs. runs: of each variant, how many
    were played and how many failed. files: what the others are to be, by name.
    """

    root: str
    runs: dict[str, tuple[int, int]]
    files: dict[str, str]


@dataclass(frozen=True)
class _VariantShape:
    """A variant of a plan, as it is stored."""

    name: str
    digest: str
    overlays: tuple[str, ...]


@dataclass(frozen=True)
class _PlanShape:
    """A plan, as it is stored."""

    scenario: str
    seed: int
    engine: str
    runs: tuple[int, int]
    variants: tuple[_VariantShape, ...]


_WHOLE = TypeAdapter(Whole)
_PLAN = TypeAdapter(_PlanShape)
_COLUMNS: TypeAdapter[Schema] = TypeAdapter(
    tuple[
        tuple[
            str, Annotated[str, Field(pattern=r"^(\(\d{1,9},( \d{1,9},?)*\))?[<|][biuf][1248]$")]
        ],
        ...,
    ]
)


class Journal:
    """An open journal; made by :meth:`create`, :meth:`resume` or :meth:`read`.

    Every method raises StoreError when the disk or the file fails it.
    """

    def __init__(self, path: Path, connection: Connection, plan: Plan) -> None:
        self.path = path
        self.plan = plan
        """What the batch is to play; from :meth:`read`, without settings and commands."""
        self._connection = connection

    @property
    def whole(self) -> Whole | None:
        """The seal over all of it; None until it is finished, and in those of version 0.1.0."""
        return _stated(self._connection, "whole", _WHOLE)

    # -------------------------------------------------------------------- open and close

    @classmethod
    def create(cls, path: str | os.PathLike[str], plan: Plan) -> Journal:
        """Begin a journal; StoreError if there is one already."""
        path = Path(path)
        if os.path.lexists(path):
            raise StoreError(f"{path}: exists already; resume it, or choose another folder")
        return cls._begin_or_go_on(path, plan)

    @classmethod
    def resume(cls, path: str | os.PathLike[str], plan: Plan) -> Journal:
        """Go on with the journal of the same plan, or of one that asked for fewer runs.

        Raises StoreError if scenario, seed, engine or overlays have changed, and says which.
        """
        path = Path(path)
        if not path.exists():
            raise StoreError(f"{path}: there is no batch to resume")
        return cls._begin_or_go_on(path, plan)

    @classmethod
    def read(cls, path: str | os.PathLike[str], *, checked: bool = True) -> Journal:
        """Open a journal to read from it, with the plan that it holds.

        checked: once it was finished, StoreError if anything has gone since; not for whoever is
        about to play what is missing.
        """
        path = Path(path)
        if not path.exists():
            raise StoreError(f"{path}: there is no batch here")
        with _told(path):
            connection = open_database(path, "rw")
        with _told(path), _closing_on_error(connection):
            if not _begun(connection):
                raise StoreError(f"{path}: the batch was stopped before it began")
            connection.execute("PRAGMA query_only = ON")
            journal = cls(path, connection, _stored_plan(connection))
            journal._check_runs()
            if checked:
                journal._check_whole()
            return journal

    @classmethod
    def in_memory(cls, plan: Plan) -> Journal:
        """A journal that nothing is left of once it is closed."""
        return cls._begun_with(Path("memory"), in_memory(), plan)

    @classmethod
    def _begin_or_go_on(cls, path: Path, plan: Plan) -> Journal:
        with _told(path):
            connection = open_database(path, "rwc")
        return cls._begun_with(path, connection, plan)

    @classmethod
    def _begun_with(cls, path: Path, connection: Connection, plan: Plan) -> Journal:
        with _told(path), _closing_on_error(connection):
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("PRAGMA synchronous = FULL")
            with _transaction(connection):
                if not _begun(connection):
                    # Also after a kill between the file's creation and this transaction.
                    for statement in _TABLES.split(";"):
                        connection.execute(statement)
                    _state(connection, "plan", _as_json(plan))
                    connection.execute(f"PRAGMA application_id = {_APPLICATION}")
                    connection.execute(f"PRAGMA user_version = {FORMAT}")
            journal = cls(path, connection, _stored_plan(connection))
            journal.accept(plan)
            journal._check_runs()
            return journal

    def accept(self, plan: Plan) -> None:
        """Take this plan for the batch's own: the same one, or the same with more runs.

        Raises StoreError, naming what has changed, for any other plan.
        """
        if changed := _changes(self.plan, plan):
            raise StoreError(
                f"{self.path}: the batch was begun with {'; '.join(changed)}: "
                "start a new folder, or ask again for what was begun"
            )
        if plan.runs != self.plan.runs:
            with self._writing():
                _state(self._connection, "plan", _as_json(plan))
        self.plan = plan

    def finish(self, files: Mapping[str, str]) -> None:
        """Seal the whole of it, until something is stored again.

        files: what is to lie beside the journal, by name, in any form that whoever reads the
        folder can compare.
        """
        with self._writing():
            runs = {name: [both.played, both.failed] for name, both in self.counts().items()}
            whole = {"root": self._root(), "runs": runs, "files": dict(files)}
            _state(self._connection, "whole", whole)

    def reopen(self) -> None:
        """Take away the seal over the whole: something in the folder is about to change."""
        with self._writing():
            pass

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *why: object) -> None:
        self.close()

    # -------------------------------------------------------------------- write

    def store(self, chunk: Chunk, packed: Packed, attempts: int = 1) -> bool:
        """Store a chunk's results; False, and nothing stored, if any of its runs are known.

        ``attempts`` is how often the chunk had to be played until it came back.
        """
        with self._writing():
            if self.gaps(chunk) != [chunk]:
                return False
            self._check_schema(packed.schema)
            key = (chunk.variant, chunk.start)
            self._connection.execute(
                "INSERT INTO chunks VALUES (?, ?, ?, ?)", (*key, chunk.stop, attempts)
            )
            self._connection.execute(
                "INSERT INTO results VALUES (?, ?, ?, ?)", (*key, _sum(chunk, packed), packed.data)
            )
        return True

    def fail(self, variant: str, run: int, reason: str) -> bool:
        """Note that a run cannot be played; False if the run is known already."""
        with self._writing():
            if not self.gaps(Chunk(variant, run, run + 1)):
                return False
            # The last column held a command. What would be a stranger's is neither kept nor read.
            self._connection.execute(
                "INSERT INTO failed VALUES (?, ?, ?, '')", (variant, run, reason)
            )
        return True

    def forgive(self) -> int:
        """Forget which runs failed, so that they are played again; how many there were."""
        with self._writing():
            return self._connection.execute("DELETE FROM failed").rowcount

    def _check_schema(self, schema: Schema) -> None:
        stored = self.schema
        if not stored:
            _state(self._connection, "columns", schema)
        elif stored != schema:
            raise StoreError(
                f"{self.path}: results have the columns {canonical(schema)}, "
                f"those before them {canonical(stored)}"
            )

    @property
    def schema(self) -> Schema:
        """The columns that every result has; none as long as there are no results."""
        return _stated(self._connection, "columns", _COLUMNS) or ()

    # -------------------------------------------------------------------- read

    def gaps(self, chunk: Chunk) -> list[Chunk]:
        """The parts of a chunk that are neither played nor failed, in order."""
        known = """
            SELECT start, stop FROM chunks WHERE variant = :variant AND start < :stop
                AND start >= ifnull((SELECT max(start) FROM chunks
                                     WHERE variant = :variant AND start <= :start), 0)
            UNION ALL
            SELECT run, run + 1 FROM failed
                WHERE variant = :variant AND run >= :start AND run < :stop
            ORDER BY 1"""
        place = {"variant": chunk.variant, "start": chunk.start, "stop": chunk.stop}
        gaps, at = [], chunk.start
        with _told(self.path):
            for start, stop in self._connection.execute(known, place):
                if at < start:
                    gaps.append(Chunk(chunk.variant, at, start))
                at = max(at, stop)
        if at < chunk.stop:
            gaps.append(Chunk(chunk.variant, at, chunk.stop))
        return gaps

    def pending(self) -> Iterator[Chunk]:
        """What is still to be played, in the order of the plan."""
        for chunk in self.plan.chunks():
            yield from self.gaps(chunk)

    def counts(self) -> dict[str, Counts]:
        """For every variant, how many runs have been played and how many failed."""
        with _told(self.path):
            played = dict(
                self._connection.execute(
                    "SELECT variant, sum(stop - start) FROM chunks GROUP BY variant"
                )
            )
            failed = dict(
                self._connection.execute("SELECT variant, count(*) FROM failed GROUP BY variant")
            )
        return {
            variant.name: Counts(played.get(variant.name, 0), failed.get(variant.name, 0))
            for variant in self.plan.variants
        }

    def results(
        self, variant: str, names: Collection[str] | None = None
    ) -> Iterator[tuple[range, Columns]]:
        """The results of a variant: the runs of each stored chunk and their columns, in order.

        Raises StoreError at the first chunk that is not as it was stored.
        """
        with _told(self.path):
            schema = self.schema
            for start, stop, seal, data in self._connection.execute(
                # Cast, because a damaged file may give anything any type.
                "SELECT CAST(start AS INTEGER), CAST(stop AS INTEGER),"
                " CAST(sum AS BLOB), CAST(ifnull(data, '') AS BLOB)"
                " FROM chunks LEFT JOIN results USING (variant, start)"
                " WHERE variant = ? ORDER BY start",
                (variant,),
            ):
                chunk, packed = Chunk(variant, start, stop), Packed(schema, data)
                if seal != _sum(chunk, packed):
                    raise StoreError(
                        f"{self.path}: damaged: runs {start} to {stop - 1} of {variant} "
                        "are not as they were stored"
                    )
                try:
                    columns = unpack(packed, len(chunk), names)
                except ValueError as error:
                    raise StoreError(f"{self.path}: damaged: {error}") from None
                yield range(start, stop), columns

    def failed(self, variant: str | None = None) -> Iterator[FailedRun]:
        """The runs that could not be played, in order."""
        where, which = ("WHERE variant = ?", (variant,)) if variant else ("", ())
        with _told(self.path):
            for variant, run, reason in self._connection.execute(
                f"SELECT variant, run, reason FROM failed {where} ORDER BY variant, run", which
            ):
                told = "".join(mark if mark.isprintable() else " " for mark in str(reason))
                yield FailedRun(str(variant), int(run), told)

    def digest(self) -> str:
        """A hash of every result, the same however the runs were cut into chunks and played."""
        whole = sha256()
        for variant in self.plan.variants:
            runs = sha256()
            values: dict[str, Any] = {}
            for numbers, columns in self.results(variant.name):
                runs.update(np.arange(numbers.start, numbers.stop, dtype="<i8").tobytes())
                for name, column in columns.items():
                    key = f"{name} {column.dtype.str}"
                    values.setdefault(key, sha256()).update(column.tobytes())
            failed = sha256()
            for failure in self.failed(variant.name):
                failed.update(b"%d " % failure.run)
            summary = {
                "variant": variant.name,
                "runs": runs.hexdigest(),
                "columns": {key: hashed.hexdigest() for key, hashed in values.items()},
                "failed": failed.hexdigest(),
            }
            whole.update(canonical(summary).encode())
        return whole.hexdigest()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with _told(self.path), _transaction(self._connection):
            self._connection.execute("DELETE FROM facts WHERE name = 'whole'")
            yield

    def _root(self) -> str:
        """A hash over the seals of all chunks and over the failed runs."""
        root = sha256()
        for row in self._connection.execute(
            "SELECT variant, start, stop, hex(sum) FROM chunks LEFT JOIN results"
            " USING (variant, start) ORDER BY variant, start"
        ):
            root.update(canonical(row).encode())
        for row in self._connection.execute(
            "SELECT variant, run, reason FROM failed ORDER BY variant, run"
        ):
            root.update(canonical(row).encode())
        return root.hexdigest()

    def _check_runs(self) -> None:
        """Raises StoreError if a run is stored that the plan does not have."""
        strange = """
            SELECT 1 FROM (SELECT start, stop FROM chunks UNION ALL SELECT run, run + 1 FROM failed)
            WHERE typeof(start) != 'integer' OR typeof(stop) != 'integer'
                OR start < ? OR stop > ? LIMIT 1"""
        runs = self.plan.runs
        if self._connection.execute(strange, (runs.start, runs.stop)).fetchone():
            raise StoreError(f"{self.path}: damaged: it has runs that nobody asked for")

    def _check_whole(self) -> None:
        """Raises StoreError if anything has gone since the journal was finished."""
        whole = self.whole
        if whole is None or whole.root == self._root():
            return
        for name, both in self.counts().items():
            had = whole.runs.get(name, (0, 0))
            if (both.played, both.failed) != had:
                raise StoreError(
                    f"{self.path}: damaged: {both.played + both.failed:,} of the "
                    f"{sum(had):,} runs of {name} are left; copy the folder anew, or play what "
                    "is missing with --resume"
                )
        raise StoreError(f"{self.path}: damaged: results have been exchanged; copy it anew")


# ------------------------------------------------------------------------------ the plan's text


def _as_json(plan: Plan) -> dict[str, Any]:
    return {
        "scenario": plan.scenario,
        "seed": plan.seed,
        "engine": plan.engine,
        "runs": [plan.runs.start, plan.runs.stop],
        "variants": [
            {"name": variant.name, "digest": variant.digest, "overlays": list(variant.overlays)}
            for variant in plan.variants
        ],
    }


def _stored_plan(connection: Connection) -> Plan:
    stored = _stated(connection, "plan", _PLAN)
    if stored is None:
        raise StoreError(f"{_file(connection)}: damaged: it holds no plan")
    variants = tuple(Variant(one.name, one.digest, one.overlays) for one in stored.variants)
    return Plan(stored.scenario, stored.seed, stored.engine, variants, range(*stored.runs))


def _changes(begun: Plan, asked: Plan) -> list[str]:
    """What keeps a batch that was begun with one plan from going on with another, in words."""
    changes = [
        f"another {what} ({getattr(begun, what)}, now {getattr(asked, what)})"
        for what in ("scenario", "seed", "engine")
        if getattr(begun, what) != getattr(asked, what)
    ]
    before = [(variant.name, variant.overlays) for variant in begun.variants]
    now = [(variant.name, variant.overlays) for variant in asked.variants]
    if before != now:
        names = (", ".join(name for name, _ in variants) for variants in (before, now))
        changes.append("other overlays ({}, now {})".format(*names))
    elif begun.scenario == asked.scenario:
        # A scenario that has changed changes every digest; an overlay only its own.
        changes += [
            f"another text of the overlays of {old.name}"
            for old, new in zip(begun.variants, asked.variants, strict=True)
            if old.digest != new.digest
        ]
    if asked.runs.start != begun.runs.start or asked.runs.stop < begun.runs.stop:
        changes.append(f"runs {_span(begun.runs)}, now {_span(asked.runs)}")
    return changes


def _span(runs: range) -> str:
    return f"{runs.start:,} to {runs.stop - 1:,}"


# ------------------------------------------------------------------------------ SQLite


def _begun(connection: Connection) -> bool:
    """Whether the file holds a journal; StoreError if it holds anything else but nothing."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and application != _APPLICATION:
        raise StoreError(f"{_file(connection)}: is a database, but not the journal of a batch")
    if tables and version < FORMAT:
        raise StoreError(f"{_file(connection)}: damaged: there is no journal format {version}")
    if version > FORMAT:
        raise StoreError(
            f"{_file(connection)}: was written by a newer version of this program (journal format "
            f"{version}; this version reads up to {FORMAT})"
        )
    made = {sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master") if sql}
    # A view in the place of a table may have rows without end, and a trigger do anything.
    if tables and made != {statement.strip() for statement in _TABLES.split(";")} - {""}:
        raise StoreError(f"{_file(connection)}: damaged: its tables are not those of a journal")
    return bool(tables)


def _file(connection: Connection) -> str:
    return str(connection.execute("PRAGMA database_list").fetchone()[2])


def _state(connection: Connection, name: str, fact: object) -> None:
    """Write down a fact about the whole journal, in place of what it said before."""
    text = canonical(fact)
    seal = sha256(text.encode()).digest()
    connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", (name, text, seal))


def _stated(connection: Connection, name: str, shape: TypeAdapter[T]) -> T | None:
    """What :func:`_state` wrote; None if nothing, StoreError if something else."""
    row = connection.execute(
        "SELECT CAST(text AS BLOB), CAST(sum AS BLOB) FROM facts WHERE name = ?", (name,)
    ).fetchone()
    if row is None:
        return None
    text, seal = row
    if sha256(text).digest() != seal:
        raise StoreError(f"{_file(connection)}: damaged: its {name} is not what was stored")
    return shaped(text, shape, f"{_file(connection)}: damaged: its {name}")


def _sum(chunk: Chunk, packed: Packed) -> bytes:
    """A checksum over a chunk's results and the place where they belong."""
    place = canonical([chunk.variant, chunk.start, chunk.stop, packed.schema])
    return sha256(place.encode() + packed.data).digest()


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite has rolled back by itself after some errors, a full disk among them.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _closing_on_error(connection: Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn an error of SQLite or of the operating system into one line."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise StoreError(f"{path}: damaged: it holds text that is none") from error
    except Error as error:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith("SQLITE_BUSY"):
            reason = "is in use: a batch is being played into it"
        elif name == "SQLITE_NOTADB":
            reason = "is not the journal of a batch"
        else:
            reason = f"cannot be used: {error}"
        raise StoreError(f"{path}: {reason}") from error
    except OSError as error:
        raise StoreError(f"{path}: cannot be used: {error.strerror or error}") from error
