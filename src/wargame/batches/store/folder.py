"""The folder of a batch on disk: what lies where, and how a file gets there whole.

The journal is the last thing that a folder gets before the first run is played, and
``tally.json`` the last thing of all: a folder without the one has not begun, without the other
it is not finished. Neither can be taken for what it is not.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from wargame.boundary import foreign
from wargame.boundary.files import home, make_folder, write_text
from wargame.errors import StoreError, WargameError
from wargame.replay.log_file import canonical

JOURNAL, MANIFEST, TALLY = "journal.sqlite", "manifest.json", "tally.json"
INPUTS, PARQUET = "inputs", "runs.parquet"
POLICIES, _LOGS = "policies", "logs"

Texts = Mapping[str, str]


_BEFORE_IT_BEGAN = {INPUTS, f"{MANIFEST}.part"}
"""All that a folder can hold of a batch that was killed before it began."""


def is_begun(folder: str | os.PathLike[str] | None) -> bool:
    """Whether a folder to go on with holds a batch, or only what is left of one's beginnings.

    Raises StoreError if it holds neither, or a link, through which we would write elsewhere.
    """
    if folder is None:
        raise WargameError("to go on with a batch, name its folder: --out DIR")
    path = home(folder)
    for one in (*path.glob("*"), *(path / INPUTS).rglob("*"), *(path / _LOGS).glob("*")):
        if one.is_symlink():
            raise StoreError(f"{one} is a link: a folder of results holds none; remove it")
    if (path / MANIFEST).is_file():
        return True
    if not path.is_dir() or not _names(path) <= _BEFORE_IT_BEGAN:
        raise StoreError(f"{path} holds no batch to go on with")
    return False


def run_log(folder: Path, variant: str, run: int) -> Path:
    """Where the turn log of a run lies, in a batch that keeps them: one with programs in seats."""
    return folder / _LOGS / variant / f"{run}.jsonl"


@contextmanager
def new_folder(
    out: str | os.PathLike[str] | None, scenario: str, left_over: bool = False
) -> Iterator[Path]:
    """A folder for results: the one asked for, or the next free number below ``runs/``.

    If what the block does with it fails, it is taken away again. left_over: it may hold what is
    left of a batch that was killed before it began. Raises StoreError if there is anything else
    in it or it cannot be made.
    """
    made: list[Path] = []
    try:
        try:
            folder = _numbered(scenario, made) if out is None else _asked_for(home(out), made)
        except OSError as error:
            where = Path("runs") if out is None else home(out)
            raise StoreError(f"{where} cannot be used for results: {error.strerror}") from None
        if held := _names(folder) - (_BEFORE_IT_BEGAN if left_over else set()):
            raise StoreError(
                f"{folder} is not empty ({min(held)}): name another folder, "
                "or go on with the batch in it: --resume"
            )
        try:
            yield folder
        except BaseException:
            shutil.rmtree(folder / INPUTS, ignore_errors=True)
            for name in (MANIFEST, JOURNAL):
                (folder / name).unlink(missing_ok=True)
            raise
    except BaseException:
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir()
        raise


def _names(folder: Path) -> set[str]:
    try:
        return set(os.listdir(folder))
    except OSError as error:
        raise StoreError(f"{folder} cannot be used for results: {error.strerror}") from None


def _asked_for(folder: Path, made: list[Path]) -> Path:
    for path in (*reversed(folder.parents), folder):
        if not path.exists():
            path.mkdir()
            made.append(path)
    return folder


def _numbered(scenario: str, made: list[Path]) -> Path:
    top = _asked_for(Path("runs"), made)
    number = 1
    while True:
        folder = top / f"{scenario}-{number:04d}"
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        else:
            made.append(folder)
            return folder


def write_json(path: Path, data: object) -> None:
    """Write JSON so that the file is either the old one or whole."""
    write_text(path, json_text(data))


def json_text(data: object) -> str:
    """What `write_json` writes."""
    return foreign.dumps(data, ensure_ascii=False, indent=1) + "\n"


def write_manifest(folder: Path, data: Mapping[str, Any]) -> None:
    """Write a folder's manifest, which says by a checksum of its own whether it was edited."""
    write_json(folder / MANIFEST, {**data, "sum": seal_of(data)})


def seal_of(data: Mapping[str, Any]) -> str:
    """The checksum over all of a manifest but the checksum itself."""
    rest = {name: value for name, value in data.items() if name != "sum"}
    return sha256(canonical(rest).encode()).hexdigest()


def read_json(path: Path) -> Any:
    """What a JSON file says. Raises StoreError if it is none."""
    try:
        return foreign.read_json(path)
    except FileNotFoundError:
        raise StoreError(f"{path.parent} is no folder of results: it has no {path.name}") from None
    except (OSError, foreign.Malformed) as error:
        raise StoreError(f"{path.parent} is no folder of results: {error}") from None


def write_inputs(folder: Path, inputs: Mapping[str, Texts]) -> None:
    """The texts of every variant: those of the first, and of each other what it adds to them."""
    base = next(iter(inputs.values()))
    for variant, texts in inputs.items():
        top = folder / INPUTS
        if texts is not base:
            top = top / POLICIES / variant
        for name, text in texts.items():
            if texts is base or name not in base:
                make_folder((top / name).parent)
                write_text(top / name, text)


def read_inputs(folder: Path, variant: str = "") -> dict[str, str]:
    """The texts of a variant; those of the baseline where none is named."""
    top = folder / INPUTS
    found = {name: _text(path) for name, path in _files_below(top).items()}
    texts = {name: text for name, text in found.items() if not name.startswith(f"{POLICIES}/")}
    if variant:
        own = _files_below(top / POLICIES / variant)
        texts |= {name: _text(path) for name, path in own.items()}
    if not texts:
        raise StoreError(f"{top} holds no scenario")
    return texts


def inputs_digest(folder: Path) -> str:
    """A hash over all texts of a folder and their names, none of them read as YAML."""
    whole = sha256()
    for name, path in _files_below(folder / INPUTS).items():
        text = _text(path).encode()
        whole.update(f"{len(name)} {len(text)} {name}".encode() + text)
    return whole.hexdigest()


def _files_below(top: Path) -> dict[str, Path]:
    """The texts of a folder by name. Raises StoreError if any of them is no file."""
    found = {str(path.relative_to(top)): path for path in sorted(top.rglob("*.yaml"))}
    for path in found.values():
        if path.is_symlink() or not path.is_file():
            raise StoreError(f"{path} is no file")
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise StoreError(f"{path} is not UTF-8 text") from None
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}") from None
