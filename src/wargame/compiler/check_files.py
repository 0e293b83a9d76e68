"""Checking content as a whole: every scenario, each policy laid over it, and single files.

A file by itself says little (does that gauge exist?), so an actor, a catalogue or an overlay is
checked inside every scenario that uses it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wargame.compiler import compile_scenario
from wargame.content.data_files import find, listed
from wargame.content.diagnostics import place
from wargame.content.load import list_available, load, load_history
from wargame.content.reader import read_text, read_yaml
from wargame.content.spec import Spec
from wargame.engine.scenario import Scenario
from wargame.errors import Fault, SpecError, counted, no_such

HISTORY = "events"
"""The key that only histories have."""

Readers = Mapping[str, Callable[[str], object]]
"""What reads files that have a certain key at their root, and raises SpecError for their faults."""

Questions = Iterable[Callable[[Scenario], object]]
"""What else every compiled scenario is asked, by floors above; each raises SpecError for faults."""

_EXTENDS = re.compile(r"^extends:\s*(\S+)", re.MULTILINE)


@dataclass
class Checked:
    """What a check found.

    looked_at: how many of what were checked: scenarios, overlays, histories, and files of further
    kinds; or only the files that were named. sound: the scenarios without a fault, by name or path.
    """

    looked_at: dict[str, int] = field(default_factory=dict)
    sound: dict[str, None] = field(default_factory=dict)
    found: dict[Fault, None] = field(default_factory=dict)
    odd: dict[Fault, None] = field(default_factory=dict)
    questions: Questions = ()

    def checked(self, lang: str = "en") -> str:
        """What was looked at, in words."""
        if "scenarios" not in self.looked_at:
            files = self.looked_at["files"]
            return f"ファイル{files}件" if lang == "ja" else counted(files, "file")
        scenarios, overlays, histories, files = self.looked_at.values()
        if lang == "ja":
            return (
                f"シナリオ{scenarios}件、政策と世界観{overlays}件、"
                f"史実{histories}件、データ{files}件"
            )
        return (
            f"{counted(scenarios, 'scenario')}, {overlays} policies and worldviews, "
            f"{counted(histories, 'history', 'histories')}, {counted(files, 'file')} of data"
        )

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Mistakes, by place."""
        return tuple(sorted(self.found, key=_place))

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """What is allowed and can hardly be meant, by place."""
        return tuple(sorted(self.odd, key=_place))

    def scenario(self, name: str, overlays: Iterable[str] = ()) -> tuple[str, ...]:
        """Load and compile; the names of the files that took part."""
        try:
            spec = load(name, list(overlays))
            compiled = compile_scenario(spec)
            for question in self.questions:
                question(compiled)
        except SpecError as error:
            self.found |= dict.fromkeys(error.faults)
            return ()
        if spec.overlays:  # a policy that forbids a move makes rules elsewhere idle on purpose
            own = {overlay.at.file for overlay in spec.overlays}
            here = [fault for fault in compiled.warnings if fault.at and fault.at.file in own]
            self.odd |= dict.fromkeys(here)
        else:
            self.sound[name] = None
            self.odd |= dict.fromkeys((*compiled.warnings, *_unread(compiled)))
        self.found |= dict.fromkeys(_strangers(spec, find("scenario", name)))
        return tuple(spec.inputs)

    def read(self, reader: Callable[[str], object], name: str) -> None:
        """Read a file of another kind."""
        try:
            reader(name)
        except SpecError as error:
            self.found |= dict.fromkeys(error.faults)


def check_everything(
    more: Iterable[Path] = (), readers: Readers | None = None, questions: Questions = ()
) -> Checked:
    """Every scenario, every overlay on each scenario that it is for, every history.

    more: files of further kinds, with what reads them. questions: asked of every scenario.
    """
    checked = Checked(questions=questions)
    scenarios = [name for name, _, _ in list_available("scenario")]
    overlays = [*list_available("policy"), *list_available("worldview")]
    histories = list_available("history")
    for scenario in scenarios:
        checked.scenario(scenario)
    for name, _, path in overlays:
        for scenario in _meant_for(path, scenarios):
            checked.scenario(scenario, [name])
    for name, _, _ in histories:
        checked.read((readers or {}).get(HISTORY, load_history), name)
    others = check_files(more, readers)
    checked.found |= others.found
    checked.odd |= others.odd
    checked.looked_at = {
        "scenarios": len(scenarios),
        "overlays": len(overlays),
        "histories": len(histories),
        **others.looked_at,
    }
    return checked


def check_files(
    paths: Iterable[Path], readers: Readers | None = None, questions: Questions = ()
) -> Checked:
    """Single files, by what they turn out to be; each in the scenarios that use it.

    A folder stands for every YAML file in it. readers: of further kinds of file, which the floors
    above know. questions: asked of every scenario.
    """
    checked = Checked(questions=questions)
    kinds: dict[Path, str] = {}
    for path in paths:
        files = yaml_files(path)
        if not files:
            checked.found[Fault(f"there is no YAML file in {path}")] = None
        for file in files:
            kinds[file] = ""
            try:
                kinds[file] = _kind(file, readers or {})
            except SpecError as error:
                checked.found |= dict.fromkeys(error.faults)
    scenarios = _Scenarios(path for path, kind in kinds.items() if kind == "scenario")
    for path, kind in kinds.items():
        if kind == "scenario":
            scenarios.whole(checked, _as_path(path))
        elif kind == "history":
            checked.read(load_history, _as_path(path))
        elif readers and kind in readers:
            checked.read(readers[kind], _as_path(path))
        elif kind == "overlay":
            scenarios.under(checked, path)
        elif kind:
            scenarios.using(checked, path)
    checked.looked_at = {"files": len(kinds)}
    return checked


def yaml_files(path: Path) -> list[Path]:
    """A file itself; of a folder every YAML file in it and below, but for what is hidden."""
    if not path.is_dir():
        return [path]
    return [
        found
        for found in sorted(path.rglob("*"))
        if found.suffix in (".yaml", ".yml")
        and found.is_file()
        and not any(part.startswith(".") for part in found.relative_to(path).parts)
    ]


class _Scenarios:
    """The scenarios that can be found, and those that are checked; each is looked at once."""

    def __init__(self, checked: Iterable[Path]) -> None:
        self._paths = {name: name for name, _, _ in list_available("scenario")}
        near = {path.stem: _as_path(path) for path in checked}
        self._paths |= near
        self._likely = list(near) or list(self._paths)
        self._seen: dict[str, tuple[tuple[str, ...], Checked]] = {}

    def whole(self, checked: Checked, path: str) -> tuple[tuple[str, ...], Checked]:
        """A scenario as it is: the names of its files, and what was found, told to `checked`."""
        if path not in self._seen:
            within = Checked()
            within.questions = checked.questions
            self._seen[path] = within.scenario(path), within
        files, within = self._seen[path]
        checked.sound |= within.sound
        checked.found |= within.found
        checked.odd |= within.odd
        return files, within

    def under(self, checked: Checked, overlay: Path) -> None:
        """A policy or a worldview, laid over every scenario that it is for."""
        for name in _meant_for(overlay, self._likely):
            checked.scenario(self._paths.get(name, name), [_as_path(overlay)])

    def using(self, checked: Checked, part: Path) -> None:
        """An actor or a catalogue, inside every scenario that uses it."""
        used = False
        for path in self._paths.values():
            files, within = self.whole(Checked(questions=checked.questions), path)
            if within.found or any(Path(file).name == part.name for file in files):
                used = True
                checked.sound |= within.sound
                checked.found |= within.found
                checked.odd |= within.odd
        if not used:
            checked.found[Fault(f"no scenario that can be found uses {part}")] = None


def _kind(path: Path, readers: Readers) -> str:
    table = read_yaml(read_text(path, str(path)), str(path))
    for key in readers:
        if key in table:
            return key
    if table.get("kind") in ("policy", "worldview"):
        return "overlay"
    if "endings" in table or "gauges" in table or "turn" in table or "extends" in table:
        return "scenario"
    return "history" if HISTORY in table else "part"


def _meant_for(path: Path, scenarios: list[str]) -> list[str]:
    """The scenarios an overlay is for; the first one with actors if it does not say."""
    try:
        named = read_yaml(read_text(path, str(path)), str(path)).get("for")
    except SpecError:
        named = None
    if isinstance(named, (list, tuple)):
        return [str(name) for name in named]
    return ["kherson-2022"] if "kherson-2022" in scenarios else scenarios[:1]


def _unread(compiled: Scenario) -> Iterator[Fault]:
    """What its own file has and nothing reads, in no scenario that extends it either."""
    own = [it for it in compiled.unread if it.at and it.at.file == compiled.spec.scenario.at.file]
    heirs = []
    if own:
        for _, _, path in list_available("scenario"):
            found = _EXTENDS.search(read_text(path, str(path)))
            if found and found[1] == compiled.header.scenario:
                heirs.append(compile_scenario(load(path)).unread)
    for fault in own:
        if all(fault in unread for unread in heirs):
            yield fault


def _strangers(spec: Spec, scenario: Path) -> Iterator[Fault]:
    """Actors that moves and gauges name, that do not take part, and of whom there is no file."""
    known = listed("actor", scenario)
    for name in spec.elsewhere:
        if name not in known:
            yield Fault(no_such("actor", name, spec.scenario.actors), place(name))


def _as_path(path: Path) -> str:
    return str(path.absolute())


def _place(fault: Fault) -> tuple[str, int, int]:
    return (fault.at.file, fault.at.line, fault.at.column) if fault.at else ("", 0, 0)
