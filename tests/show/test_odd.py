"""The ODD protocol: complete, and never at odds with the code."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from shipped import shipped_spec

from wargame.backends import turn
from wargame.cli.main import main
from wargame.errors import WargameError
from wargame.show.documents.odd import odd, phases

ELEMENTS = (
    "Purpose and patterns",
    "Entities, state variables and scales",
    "Process overview and scheduling",
    "Design concepts",
    "Initialization",
    "Input data",
    "Submodels",
)
CONCEPTS = (
    "Basic principles",
    "Emergence",
    "Adaptation",
    "Objectives",
    "Learning",
    "Prediction",
    "Sensing",
    "Interaction",
    "Stochasticity",
    "Collectives",
    "Observation",
)


def test_the_page_in_docs_says_what_the_model_does(repository: Path) -> None:
    written = (repository / "docs" / "odd.md").read_text(encoding="utf-8")
    assert written == odd(shipped_spec("kherson-2022")), "make it again: wargame odd -o docs/odd.md"


def test_it_has_the_seven_elements_and_eleven_concepts_of_2020() -> None:
    text = odd(shipped_spec("kherson-2022"))
    heads = re.findall(r"^## \d\. (.*)$", text, re.MULTILINE)
    assert tuple(heads) == ELEMENTS
    assert tuple(re.findall(r"^\*\*([^*]+)\.\*\* ", text, re.MULTILINE)) == CONCEPTS


def test_every_part_of_the_scenario_is_in_it() -> None:
    spec = shipped_spec("kherson-2022")
    file, text = spec.scenario, odd(spec)
    for names in (file.gauges, file.unknowns, file.derived, file.drift):
        assert all(f"`{name}`" in text for name in names)
    assert all(f"(`{name}`)" in text for name in spec.moves)
    assert text.count("### Rules of ") == len(spec.actors)
    for actor in spec.actors:
        for rule in actor.rules:
            assert " ".join(rule.when.text.split()) in text


def test_a_row_has_as_many_cells_as_its_head() -> None:
    for lang in ("en", "ja"):
        width = 0
        for line in odd(shipped_spec("kherson-2022"), lang).splitlines():
            cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
            assert not width or not cells or cells == width, line
            width = cells


def test_a_phase_that_nobody_describes_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert phases() == (
        "news",
        "perceive",
        "decide",
        "resolve",
        "escalate",
        "drift",
        "judge",
        "record",
    )
    text = (turn.__doc__ or "").replace("judge, record", "judge, gossip, record")
    monkeypatch.setattr(turn, "__doc__", text)
    with pytest.raises(WargameError, match=r"gossip, record.*mend the words"):
        odd(shipped_spec("tegmark-tree"))


def test_another_rule_is_another_page() -> None:
    spec = shipped_spec("kherson-2022")
    assert odd(replace(spec, actors=spec.actors[:-1])) != odd(spec)


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["odd", "tegmark-tree"]) == 0
    printed = capsys.readouterr().out
    assert printed == odd(shipped_spec("tegmark-tree"))
    assert "No patterns are stated" in printed
    assert main(["odd", "tegmark-tree", "--lang", "ja", "-o", "odd.md"]) == 0
    assert capsys.readouterr().out == "odd.md\n"
    japanese = (tmp_path / "odd.md").read_text(encoding="utf-8")
    assert "## 7. 下位モデル" in japanese and "1ターンは1週間" in japanese
    assert "per mille" not in japanese and "1 week" not in japanese
    assert main(["odd", "nothing"]) == 2
