"""What an author may write, as the design promises it: bare catalogues, sparse actors, commas."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from wargame.backends.simulate import play_runs
from wargame.compiler import compile_scenario
from wargame.content.load import load

HERE = Path(__file__).parent / "contract"


def test_the_keys_of_the_design_are_understood() -> None:
    spec = load(HERE / "scenarios" / "design.yaml")
    assert [actor.id for actor in spec.actors] == ["russia", "ukraine"]
    assert list(spec.moves) == ["shell"], "nobody here can warn in private"
    assert spec.scenario.endings["Korea"].for_ == 4
    scenario = compile_scenario(spec)
    outcomes = play_runs(scenario, range(50))
    assert np.all(outcomes.turn == 52)


def test_an_actor_need_not_repeat_the_name_of_its_file(tmp_path: Path) -> None:
    for folder in ("scenarios", "actors"):
        (tmp_path / folder).mkdir()
        for path in (HERE / folder).iterdir():
            (tmp_path / folder / path.name).write_text(path.read_text(encoding="utf-8"))
    (tmp_path / "actors" / "ukraine.yaml").write_text("goals: [Survive]\n")
    spec = load(tmp_path / "scenarios" / "design.yaml")
    assert (spec.actors[1].id, str(spec.actors[1].title)) == ("ukraine", "ukraine")
