"""The map agrees with the ground: what it names exists, and its floors are the contract's."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent
MAP = (TOP / "ARCHITECTURE.md").read_text(encoding="utf-8")
PROSE = re.sub(r"^```.*?^```$", "", MAP, flags=re.MULTILINE | re.DOTALL)
NAMES = sorted(set(re.findall(r"`([a-z_]+(?:\.\w+)*)`", PROSE)))


def section(title: str) -> str:
    return MAP.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "resolve"])
def test_every_name_on_the_map_names_something(name: str) -> None:
    """A module, or what a module has."""
    parts = name.split(".")
    found = importlib.import_module(f"wargame.{parts[0]}")
    for part in parts[1:]:
        try:
            found = importlib.import_module(f"{found.__name__}.{part}")
        except ModuleNotFoundError:
            found = getattr(found, part)


def test_the_machine_resolves_moves_where_the_map_says() -> None:
    assert "resolve" in NAMES
    machine = (TOP / "src" / "wargame" / "backends" / "machine.c").read_text(encoding="utf-8")
    assert re.search(r"\bresolve\b", machine)


def test_the_floors_are_those_of_the_contract_in_their_order() -> None:
    settings = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
    contract = settings["tool"]["importlinter"]["contracts"][0]
    layers = [name for layer in contract["layers"] for name in layer.split(" | ")]
    assert re.findall(r"^\| `(\w+)` \|", section("The floors"), re.M) == layers[1:]


@pytest.mark.parametrize("way", ["The way of a run", "The way of an order"])
def test_a_way_has_no_more_than_a_dozen_steps(way: str) -> None:
    assert 1 < len(re.findall(r"^\d+\. ", section(way), re.MULTILINE)) <= 12


def test_the_map_is_read_in_five_minutes() -> None:
    assert len(PROSE.split()) < 1_200
