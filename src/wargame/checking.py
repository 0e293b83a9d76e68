"""Checking content as a whole: every scenario, each policy laid over it, and single files.

A file by itself says little (does that gauge exist?), so an actor, a catalogue or an overlay is
checked inside every scenario that uses it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wargame.compiler import compile_scenario
from wargame.english import counted
from wargame.errors import Fault, SpecError
from wargame.load import list_available, load, load_history
from wargame.yaml_reader import read_text, read_yaml

Readers = Mapping[str, Callable[[str], object]]
"""What reads files that have a certain key at their root, and raises SpecError for their faults."""


@dataclass
class Checked:
    """What a check found. `checked` says what was looked at, in words."""

    checked: str = ""
    found: dict[Fault, None] = field(default_factory=dict)
    odd: dict[Fault, None] = field(default_factory=dict)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Mistakes, by place."""
        return tuple(sorted(self.found, key=_place))

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """What is allowed but can never happen, by place."""
        return tuple(sorted(self.odd, key=_place))

    def scenario(self, name: str, overlays: Iterable[str] = ()) -> tuple[str, ...]:
        """Load and compile; the names of the files that took part."""
        try:
            spec = load(name, list(overlays))
            compiled = compile_scenario(spec)
        except SpecError as error:
            self.found |= dict.fromkeys(error.faults)
            return ()
        if not spec.overlays:  # a policy that forbids a move makes rules idle on purpose
            self.odd |= dict.fromkeys(compiled.warnings)
        return tuple(spec.inputs)

    def read(self, reader: Callable[[str], object], name: str) -> None:
        """Read a file of another kind."""
        try:
            reader(name)
        except SpecError as error:
            self.found |= dict.fromkeys(error.faults)


def check_everything(more: Iterable[Path] = (), readers: Readers | None = None) -> Checked:
    """Every scenario, every overlay on each scenario that it is for, every history.

    more: files of further kinds, with what reads them.
    """
    checked = Checked()
    scenarios = [name for name, _, _ in list_available("scenario")]
    overlays = [*list_available("policy"), *list_available("worldview")]
    histories = list_available("history")
    for scenario in scenarios:
        checked.scenario(scenario)
    for name, _, path in overlays:
        for scenario in _meant_for(path, scenarios):
            checked.scenario(scenario, [name])
    for name, _, _ in histories:
        checked.read(load_history, name)
    others = check_files(more, readers)
    checked.found |= others.found
    checked.odd |= others.odd
    checked.checked = (
        f"{counted(len(scenarios), 'scenario')}, {len(overlays)} policies and worldviews, "
        f"{counted(len(histories), 'history', 'histories')}, {others.checked} of data"
    )
    return checked


def check_files(paths: Iterable[Path], readers: Readers | None = None) -> Checked:
    """Single files, by what they turn out to be; each in the scenarios that use it.

    readers: of further kinds of file, which the floors above know.
    """
    checked = Checked()
    count = 0
    for path in paths:
        count += 1
        try:
            kind = _kind(path, readers or {})
        except SpecError as error:
            checked.found |= dict.fromkeys(error.faults)
            continue
        if kind == "scenario":
            checked.scenario(_as_path(path))
        elif kind == "history":
            checked.read(load_history, _as_path(path))
        elif readers and kind in readers:
            checked.read(readers[kind], _as_path(path))
        else:
            _in_its_scenarios(checked, path, kind)
    checked.checked = counted(count, "file")
    return checked


def _in_its_scenarios(checked: Checked, path: Path, kind: str) -> None:
    """An actor, a catalogue or an overlay, inside every scenario that can take it."""
    scenarios = [name for name, _, _ in list_available("scenario")]
    if kind == "overlay":
        for scenario in _meant_for(path, scenarios):
            checked.scenario(scenario, [_as_path(path)])
        return
    used = False
    for scenario in scenarios:
        within = Checked()
        files = within.scenario(scenario)
        if any(Path(file).name == path.name for file in files) or within.found:
            used = True
            checked.found |= within.found
            checked.odd |= within.odd
    if not used:
        checked.found[Fault(f"no scenario that can be found uses {path}")] = None


def _kind(path: Path, readers: Readers) -> str:
    table = read_yaml(read_text(path, str(path)), str(path))
    for key in readers:
        if key in table:
            return key
    if "endings" in table or "gauges" in table or "turn" in table or "extends" in table:
        return "scenario"
    if "events" in table:
        return "history"
    return "overlay" if table.get("kind") in ("policy", "worldview") else "part"


def _meant_for(path: Path, scenarios: list[str]) -> list[str]:
    """The scenarios an overlay is for; the first one with actors if it does not say."""
    try:
        named = read_yaml(read_text(path, str(path)), str(path)).get("for")
    except SpecError:
        named = None
    if isinstance(named, (list, tuple)):
        return [str(name) for name in named]
    return ["kherson-2022"] if "kherson-2022" in scenarios else scenarios[:1]


def _as_path(path: Path) -> str:
    return str(path.absolute())


def _place(fault: Fault) -> tuple[str, int, int]:
    return (fault.at.file, fault.at.line, fault.at.column) if fault.at else ("", 0, 0)
