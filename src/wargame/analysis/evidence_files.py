"""The files of data that question a model: targets, patterns, base rates; where each lies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from wargame.boundary.files import home
from wargame.content.data_files import is_path, shown_path
from wargame.content.reader import read_text
from wargame.content.source_marks import shown
from wargame.content.spec import FileId, Item, Many, Text
from wargame.content.validation import shape
from wargame.errors import Fault, SpecError, hint

T = TypeVar("T", bound="EvidenceFile")
Asking = TypeVar("Asking", bound="ScenariosFile")
_HERE = Path(__file__).resolve().parents[1]


class EvidenceFile(Item):
    """What every such file begins with."""

    schema_: Literal[1] = Field(alias="schema")
    id: FileId
    title: Text
    about: Text | None = None
    source: Text | None = None


class ScenariosFile(EvidenceFile):
    """One whose questions are put to the runs of some scenarios."""

    for_: Annotated[Many[FileId], Field(min_length=1, alias="for")]


def data_files(folder: str, beside: Path | None = None) -> dict[str, Path]:
    """The files of a folder of data, by name. beside: a scenario's file, looked around first."""
    found: dict[str, Path] = {}
    near = () if beside is None else (beside.absolute().parents[1],)
    for root in (*near, Path(), _HERE / "data", _HERE.parents[1]):
        for path in sorted((root / folder).glob("*.yaml")):
            found.setdefault(path.stem, path)
    return found


def _find(folder: str, name: str | Path, what: str) -> Path:
    """The file that a name in this folder, or a path, stands for. Raises SpecError for none."""
    if isinstance(name, Path) or is_path(name):
        return home(name)
    known = data_files(folder)
    if name not in known:
        raise SpecError([Fault(f"there are no {what} {shown(name)}", None, hint(name, known))])
    return known[name]


def read_data(kind: type[T], folder: str, name: str | Path, what: str) -> T:
    """The file of a kind that a name in its folder, or a path, stands for.

    what: the kind in words. Raises SpecError with all faults of its shape.
    """
    path = _find(folder, name, what)
    shaped = shape(kind, read_text(path, shown_path(path)), shown_path(path))
    if shaped.item is None or shaped.faults:
        raise SpecError(shaped.faults)
    return shaped.item


def stated_for(
    scenario: str, folder: str, load: Callable[[Path], Asking], beside: Path | None
) -> Asking | None:
    """The file of a folder that is stated for a scenario, by its id; None where there is none.

    beside: the scenario's file. Raises SpecError for a faulty file.
    """
    found = (load(path) for path in data_files(folder, beside).values())
    return next((file for file in found if scenario in file.for_), None)
