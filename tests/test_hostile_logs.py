"""Whatever a log's header or events hold, it is one line: sealed anew by whoever wrote it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hostile_values import mutants

from wargame.errors import StoreError, WargameError
from wargame.replay.log_file import LogWriter, read_log
from wargame.replay.replay import open_replay
from wargame.seminar.table import Table
from wargame.show.text.narrate import Narrator
from wargame.show.text.plain_text import told_run

FIXTURES = Path(__file__).parent / "fixtures" / "first-edition"


def opened(path: Path) -> None:
    """Replay a log, tell it, and go on with its game."""
    replay = open_replay(path)
    replay.verdict.words()
    narrator = Narrator.of(replay)
    told_run(narrator, [narrator.week(turn) for turn in range(1, replay.playthrough.turns + 1)])
    Table.open(path).close()


FEW = {"run.jsonl": 29, "fork.jsonl": 99, "seminar.jsonl": 199}
"""Of how many mutants one is tried where all would take minutes."""


@pytest.mark.parametrize(
    ("name", "step"),
    [*FEW.items(), *(pytest.param(name, 1, marks=pytest.mark.long) for name in FEW)],
)
def test_a_hostile_log_is_one_line(tmp_path: Path, name: str, step: int) -> None:
    good = read_log(FIXTURES / name)
    records: list[tuple[str, dict[str, Any]]] = [("header", good.header)]
    records += [(event.kind, event.data) for event in good.events]
    refused = 0
    for place, (kind, data) in enumerate(records):
        for number, (where, mutant) in enumerate(mutants(data, step)):
            changed = [*records[:place], (kind, mutant), *records[place + 1 :]]
            path = tmp_path / f"{place}-{number}.jsonl"
            try:
                with LogWriter.create(path, changed[0][1]) as writer:
                    for word, event in changed[1:]:
                        writer.append(word, event)
                opened(path)
            except StoreError:  # which no writer would write
                continue
            except WargameError as error:
                refused += 1
                assert "\n" not in str(error), (kind, where)
            finally:
                path.unlink(missing_ok=True)
    assert refused > 1
