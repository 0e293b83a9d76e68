"""The way in: from the names of a scenario and its overlays to a `Spec`.

`load` finds files by name or path; `load_texts` takes the texts that a log or a run folder kept.
Both read, shape, check and lay over in the same way, and both raise one SpecError with every
fault of every file.

The texts have names, under which `Spec.inputs` holds them and a run folder keeps them:
`scenario.yaml`, `scenarios/ID.yaml` (a scenario that the first one extends), `actors/ID.yaml`,
`moves/ID.yaml`, and `overlays/1-ID.yaml`, `overlays/2-ID.yaml`, ... in their order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from wargame.boundary.cache import keep, kept
from wargame.boundary.files import home
from wargame.content.data_files import Kind, find, is_path, listed, shown_path
from wargame.content.diagnostics import Findings, place
from wargame.content.digest import digest
from wargame.content.overlay import Parts, apply, conflicts, inherit
from wargame.content.reader import read_text, read_yaml
from wargame.content.references import resolve
from wargame.content.source_marks import shown
from wargame.content.spec import (
    ActorSpec,
    CatalogueSpec,
    HeirSpec,
    HistorySpec,
    MoveSpec,
    OverlaySpec,
    ScenarioSpec,
    Spec,
    Text,
)
from wargame.content.validation import shape
from wargame.errors import Fault, Mark, SpecError, nearest

__all__ = [
    "find",
    "json_schema",
    "list_available",
    "load",
    "load_history",
    "load_texts",
    "schema_of",
]

File = TypeVar("File", ScenarioSpec, HeirSpec, ActorSpec, CatalogueSpec, OverlaySpec)
Role = Kind | Literal["overlay"]


@dataclass(frozen=True)
class _Source:
    """A text, and what marks call it."""

    called: str
    text: str


Fetch = Callable[[Role, str, Mark | None], _Source]
"""What stands behind a role and a name; the mark says where it is asked for."""

SCENARIO = "scenario.yaml"
_EXTENDS = re.compile(r"^extends:", re.MULTILINE)
_MOVES = re.compile(r"^moves:", re.MULTILINE)


def load(name_or_path: str | Path, overlays: str | Sequence[str | Path] = ()) -> Spec:
    """Read a scenario with its actors and catalogues, and the overlays to lay over it.

    Each is given by name or path; `"a+b"` names two overlays.  Raises SpecError with all faults
    of all files.  What was read before, from the very same texts, is taken from the cache.
    """
    name = str(name_or_path) if not isinstance(name_or_path, Path) else _as_path(name_or_path)
    scenario = find("scenario", name)
    wanted = [overlays] if isinstance(overlays, str | Path) else overlays
    names = [n for entry in wanted for n in _split(entry)]
    fetch, key = _from_files(scenario), (str(scenario.absolute()), name, *names)
    before = kept(_Read, key)
    if before and before.stands(fetch):
        return before.spec
    sources: dict[tuple[Role, str], _Source] = {}

    def noted(role: Role, name: str, asked_at: Mark | None) -> _Source:
        return sources.setdefault((role, name), fetch(role, name, asked_at))

    spec = _Reading(noted).spec(name, names)
    keep(_Read(spec, sources), key)
    return spec


def load_texts(inputs: Mapping[str, str]) -> Spec:
    """The spec whose `inputs` these are.  Raises SpecError with all faults of all texts."""

    def order(name: str) -> int:
        number = name.removeprefix("overlays/").partition("-")[0]
        return int(number) if number.isdecimal() else 0

    overlays = sorted((name for name in inputs if name.startswith("overlays/")), key=order)
    spec = _Reading(_from_texts(inputs)).spec(SCENARIO, overlays)
    if unused := inputs.keys() - spec.inputs.keys():
        names = ", ".join(sorted(unused))
        raise SpecError([Fault(f"nothing asks for these texts: {names}", None, "remove them")])
    return spec


def load_history(name_or_path: str | Path) -> HistorySpec:
    """Read what really happened.  Raises SpecError with all faults of the file."""
    path = find("history", name_or_path)
    shaped = shape(HistorySpec, read_text(path, shown_path(path)), shown_path(path))
    if shaped.item is None or shaped.faults:
        raise SpecError(shaped.faults)
    return shaped.item


def list_available(kind: Kind) -> list[tuple[str, Text, Path]]:
    """What there is of a kind: (name, title, path), ordered by name.

    A file that cannot be read is listed under its name: reading it will tell what is wrong.
    """
    found = []
    for name, path in listed(kind).items():
        title = Text(en=name)
        try:
            text = read_text(path, name)
            if kind in ("actor", "moves") and (kind == "moves") != bool(_MOVES.search(text)):
                continue
            title = Text.model_validate(read_yaml(text, name, until="title").get("title", name))
        except (SpecError, ValidationError):
            pass
        found.append((name, title, path))
    return found


def json_schema(kind: Role) -> dict[str, Any]:
    """The JSON Schema by which an editor completes and checks a file of this kind."""
    shapes: dict[Role, Any] = {
        "scenario": ScenarioSpec | HeirSpec,
        "actor": ActorSpec,
        "moves": CatalogueSpec,
        "overlay": OverlaySpec,
        "policy": OverlaySpec,
        "worldview": OverlaySpec,
        "history": HistorySpec,
    }
    return schema_of(shapes[kind])


def schema_of(shape: Any) -> dict[str, Any]:
    """The JSON Schema of any shape of file."""
    schema = _tidy(TypeAdapter(shape).json_schema())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _tidy(node: Any) -> Any:
    """The schema without what says nothing to an author: defaults, nulls, repeated titles."""
    if isinstance(node, list):
        return [_tidy(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    options = [option for option in node.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        node = {**{key: value for key, value in node.items() if key != "anyOf"}, **options[0]}
    named = {"properties", "$defs", "patternProperties"}
    return {
        key: {name: _tidy(inner) for name, inner in value.items()} if key in named else _tidy(value)
        for key, value in node.items()
        if key not in ("default", "title", "discriminator")
    }


# --- where texts come from ------------------------------------------------------------------


def _from_files(scenario: Path) -> Fetch:
    def fetch(role: Role, name: str, asked_at: Mark | None) -> _Source:
        if role == "overlay":
            path = _find_overlay(name, scenario)
        else:
            path = find(role, name, beside=scenario, asked_at=asked_at)
        return _Source(shown_path(path), read_text(path, shown_path(path)))

    return fetch


def _from_texts(inputs: Mapping[str, str]) -> Fetch:
    def fetch(role: Role, name: str, asked_at: Mark | None) -> _Source:
        if name == SCENARIO or role == "overlay":
            key = name
        else:
            key = f"{role if role == 'moves' else role + 's'}/{name}.yaml"
        if key not in inputs:
            raise SpecError([Fault(f"the text {shown(key)} is missing", asked_at)])
        return _Source(key, inputs[key])

    return fetch


def _find_overlay(name: str, scenario: Path) -> Path:
    """A policy, or else a worldview, of this name."""
    if is_path(name):
        return find("policy", name)
    kinds: tuple[Kind, ...] = ("policy", "worldview")
    known = [other for kind in kinds for other in listed(kind, scenario)]
    for kind in kinds:
        if name in listed(kind, scenario):
            return find(kind, name, beside=scenario)
    hint = nearest(name, known) or "wargame list policies and wargame list worldviews show them"
    raise SpecError([Fault(f"there is no policy or worldview {shown(name)}", None, hint)])


def _as_path(path: Path) -> str:
    """A path in a spelling that cannot be taken for a name."""
    return str(path.absolute())


def _split(entry: str | Path) -> list[str]:
    """`"a+b"` as two names, `""` as none; the path of an existing file may contain a plus."""
    if isinstance(entry, Path):
        return [_as_path(entry)]
    if is_path(entry) and home(entry).is_file():
        return [entry]
    found, begun = [], ""
    for part in entry.split("+") if entry else ():
        begun = f"{begun}+{part}" if begun else part
        if not is_path(begun) or home(begun).is_file():
            found.append(begun)
            begun = ""
    return entry.split("+") if begun else found


@dataclass(frozen=True)
class _Read:
    """A spec that was read without fault, and the sources that were asked for."""

    spec: Spec
    sources: Mapping[tuple[Role, str], _Source]

    def stands(self, fetch: Fetch) -> bool:
        """Whether the same questions have the same answers still."""
        try:
            return all(fetch(*asked, None) == source for asked, source in self.sources.items())
        except SpecError:
            return False


# --- reading --------------------------------------------------------------------------------


class _Reading:
    """One reading: fetches texts, keeps them, and collects what is wrong with them."""

    def __init__(self, fetch: Fetch) -> None:
        self.fetch = fetch
        self.findings = Findings()
        self.inputs: dict[str, str] = {}

    def spec(self, name: str, overlay_names: Sequence[str]) -> Spec:
        """The spec, if there is nothing wrong at all."""
        findings = self.findings
        scenario = self.scenario(name)
        overlays = [
            self.overlay(number, overlay) for number, overlay in enumerate(overlay_names, 1)
        ]
        if scenario is None:
            findings.stop()
            raise AssertionError("a scenario that cannot be read has faults")
        actors = [self.actor(actor) for actor in dict.fromkeys(scenario.actors)]
        moves = self.moves(scenario.moves)
        if moves is None:
            findings.stop()
            raise AssertionError("a catalogue that cannot be read has faults")

        base = Parts(scenario, tuple(actor for actor in actors if actor), moves)
        known = tuple(overlay for overlay in overlays if overlay)
        parts, absent, elsewhere = resolve(base, findings)
        plain = digest([parts.scenario, parts.actors, parts.moves])
        if known:
            conflicts(known, findings)
            parts, absent, elsewhere = resolve(apply(base, known, findings), findings)
        findings.stop()
        return Spec(
            scenario=parts.scenario,
            actors=parts.actors,
            moves=parts.moves,
            absent=absent,
            overlays=known,
            inputs=self.inputs,
            digest=plain,
            overlay_digest=digest(known) if known else "",
            barred=parts.forbidden,
            elsewhere=elsewhere,
            oddities=findings.oddities,
        )

    def scenario(self, name: str) -> ScenarioSpec | None:
        """The scenario; if it extends another, what comes of the two."""
        source = self.text("scenario", name)
        if source is None:
            return None
        if not _EXTENDS.search(source.text):
            return self.item(ScenarioSpec, source, SCENARIO, name)
        heir = self.item(HeirSpec, source, SCENARIO, name)
        if heir is None:
            return None
        base_source = self.text("scenario", heir.extends, heir.extends)
        if base_source is None:
            return None
        if _EXTENDS.search(base_source.text):
            message = f"{shown(heir.extends)} itself extends another scenario"
            self.findings.add(message, heir.extends, "extend that one, or write this one out")
            return None
        base_key = f"scenarios/{heir.extends}.yaml"
        base = self.item(ScenarioSpec, base_source, base_key, heir.extends)
        return inherit(base, heir, self.findings) if base else None

    def actor(self, name: str) -> ActorSpec | None:
        source = self.text("actor", name, name)
        actor = self.item(ActorSpec, source, f"actors/{name}.yaml", name) if source else None
        if actor is None or (actor.id and "title" in actor.model_fields_set):
            return actor
        title = actor.title if "title" in actor.model_fields_set else Text(en=name)
        return actor.model_copy(update={"id": name, "title": title})

    def moves(self, names: Sequence[str]) -> dict[str, MoveSpec] | None:
        """The moves of all catalogues, None if one of them cannot be read at all."""
        found: dict[str, MoveSpec] = {}
        complete = True
        self.findings.unique("catalogue", names)
        for name in dict.fromkeys(names):
            source = self.text("moves", name, name)
            catalogue = source and self.item(CatalogueSpec, source, f"moves/{name}.yaml", name)
            if not catalogue:
                complete = False
                continue
            for move in catalogue.moves.keys() & found.keys():
                message = f"the move {shown(move)} stands in two catalogues"
                at = next(place(key) for key in catalogue.moves if key == move)
                self.findings.add(message, at, "rename or remove one of them")
            found |= catalogue.moves
        return found if complete else None

    def overlay(self, number: int, name: str) -> OverlaySpec | None:
        source = self.text("overlay", name)
        if source is None:
            return None
        overlay = self.item(OverlaySpec, source, "", name)
        if overlay is not None:
            self.inputs[f"overlays/{number}-{overlay.id}.yaml"] = source.text
        return overlay

    def text(self, role: Role, name: str, where: object = None) -> _Source | None:
        try:
            return self.fetch(role, name, place(where))
        except SpecError as error:
            self.findings.extend(error.faults)
            self.findings.broken.add(name)
            return None

    def item(self, kind: type[File], source: _Source, key: str, name: str = "") -> File | None:
        """What a text says.  A file that is asked for by name must say that this is its id."""
        if key:
            self.inputs[key] = source.text
        try:
            shaped = shape(kind, source.text, source.called)
        except SpecError as error:
            self.findings.extend(error.faults)
            self.findings.broken.add(name)
            return None
        self.findings.extend(shaped.faults)
        if kind is not OverlaySpec:  # which names nothing that others could refer to
            self.findings.broken |= shaped.names
        item = shaped.item
        own = getattr(item, "id", name) or name
        if item and not shaped.faults and not is_path(name) and own != name:
            self.findings.add(f"the file of {name} says that its id is {own}", own, f"id: {name}")
            item = item.model_copy(update={"id": name})
        return item
