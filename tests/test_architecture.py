"""The map agrees with the ground: what it names exists, and its floors are the contract's."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

TOP = Path(__file__).resolve().parent.parent
PLACES = [*TOP.glob("*.md"), *TOP.glob("docs/**/*.md"), *TOP.glob("src/**/*.py")]
GONE = {"agents", "commands", "experiment", "outside", "script"}  # folders and modules that were
MAP = (TOP / "ARCHITECTURE.md").read_text(encoding="utf-8")
PROSE = re.sub(r"^```.*?^```$", "", MAP, flags=re.MULTILINE | re.DOTALL)
NAMES = sorted(set(re.findall(r"`([a-z_]+(?:\.\w+)*)`", PROSE)))


def section(title: str) -> str:
    return MAP.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def section_names(title: str) -> list[str]:
    """What stands first in each row of a section's table."""
    return re.findall(r"^\| `(\w+)` \|", section(title), re.MULTILINE)


def named(name: str) -> Any:
    """A module, or what a module has. Raises ImportError or AttributeError if there is none."""
    parts = name.split(".")
    found: Any = importlib.import_module(f"wargame.{parts[0]}")
    for part in parts[1:]:
        try:
            found = importlib.import_module(f"{found.__name__}.{part}")
        except ModuleNotFoundError:
            found = getattr(found, part)
    return found


@pytest.mark.parametrize("name", [name for name in NAMES if name != "resolve"])
def test_every_name_on_the_map_names_something(name: str) -> None:
    assert named(name)


def test_no_page_and_no_docstring_names_what_is_gone() -> None:
    first = "|".join({*section_names("The floors"), *GONE})
    quoted = re.compile(rf"`(?:wargame\.)?((?:{first})\.[\w.]+\w)(?:\(.*?\))?`")
    faults = []
    for path in PLACES:
        for name in quoted.findall(path.read_text(encoding="utf-8")):
            try:
                named(name)
            except (ImportError, AttributeError):
                faults.append(f"{path.relative_to(TOP)}: {name}")
    assert faults == []


def test_the_machine_resolves_moves_where_the_map_says() -> None:
    assert "resolve" in NAMES
    machine = (TOP / "src" / "wargame" / "backends" / "machine.c").read_text(encoding="utf-8")
    assert re.search(r"\bresolve\b", machine)


def test_the_floors_are_those_of_the_contract_in_their_order() -> None:
    settings = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
    contract = settings["tool"]["importlinter"]["contracts"][0]
    layers = [name for layer in contract["layers"] for name in layer.split(" | ")]
    assert section_names("The floors") == layers[1:]


@pytest.mark.parametrize("way", ["The way of a run", "The way of an order"])
def test_a_way_has_no_more_than_a_dozen_steps(way: str) -> None:
    assert 1 < len(re.findall(r"^\d+\. ", section(way), re.MULTILINE)) <= 12


def test_the_map_is_read_in_five_minutes() -> None:
    assert len(PROSE.split()) < 1_200
