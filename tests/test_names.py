"""A name that names nothing: one line, what was meant or what there is, exit code 2."""

from __future__ import annotations

from pathlib import Path

import pytest

from wargame.cli.main import main
from wargame.errors import hint, nearest, no_such


def test_capitals_count_where_names_differ_in_nothing_else() -> None:
    known = ["KABOOM", "kaboom", "Libya"]
    for order in (known, known[::-1]):
        assert nearest("KABOM", order) == "did you mean 'KABOOM'?"
        assert nearest("kabom", order) == "did you mean 'kaboom'?"
    assert nearest("LIBYA", known) == "did you mean 'Libya'?"


def test_an_option_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    for words, told in (
        ("batch kherson-2022 --polcy x", "wargame batch: there is no option '--polcy' (did you "),
        ("odd kherson-2022 tegmark-tree", "wargame odd: there is no place for 'tegmark-tree'"),
    ):
        with pytest.raises(SystemExit) as left:
            main(words.split())
        printed = capsys.readouterr().err
        assert left.value.code == 2 and printed.startswith(told)
        assert len(printed.splitlines()) == 1


def test_where_no_name_is_near_all_are_told_if_a_line_can_hold_them() -> None:
    assert hint("us", ["usa", "china"]) == "did you mean 'usa'?"
    assert hint("foo", ["usa", "china"]) == "there are: usa, china"
    assert hint("foo", []) == hint("foo", [f"name-{i}" for i in range(100)]) == ""
    assert no_such("move", "foo", ["hold"]) == "there is no move 'foo' (there are: hold)"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("names") / "seven.jsonl")
    assert main(["run", "kherson-2022", "--run", "7", "--log", path]) == 0
    return path


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("bacth kherson-2022", "did you mean 'batch'?"),
        ("xyz", "there are: run, replay, export"),
        ("batch kherson-2022 --policy offramp", "did you mean 'off-ramp'?"),
        ("batch kherson-2022 --policy off-ramp+aid-freez", "did you mean 'aid-freeze'?"),
        ("batch kherson-2022 --worldview tegmrk", "did you mean 'tegmark'?"),
        ("batch kherson-2022 --rare KABOM", "did you mean 'KABOOM'?"),
        ("expect kherson-2022 --policies offramp", "did you mean 'off-ramp'?"),
        ("robust kherson-2022 --policies offramp --worldviews tegmark", "'off-ramp'?"),
        ("robust kherson-2022 --policies off-ramp --worldviews tegmrk", "'tegmark'?"),
        (
            "robust kherson-2022 --policies off-ramp --worldviews tegmark --avoid KABOM",
            "did you mean 'KABOOM'?",
        ),
        ("rare kherson-2022 --state xyz", "there are: KABOOM, "),
        ("run kherson-2022 --overlay offramp", "did you mean 'off-ramp'?"),
        ("run kherson-2022 --seat xyz=true", "there are: russia, ukraine, usa"),
        ("run kherson-202", "did you mean 'kherson-2022'?"),
        ("seminar kherson-2022 --seats rusia", "did you mean 'russia'?"),
        ("seminar kherson-2022 --seats foo", "there are: russia, ukraine, usa"),
        ("fork {log} --turn 3 --order us=hold", "did you mean 'usa'?"),
        ("fork {log} --turn 3 --order usa=private_warnin", "did you mean 'private_warning'?"),
        ("fork {log} --turn 3 --order usa=foo", "there are: "),
        ("fork {log} --turn 3 --ruling usa=fial", "did you mean 'fail'?"),
        ("replay {log} --lens ukrane", "did you mean 'ukraine'?"),
        ("replay {log} --why xyz", "there are: russia, ukraine, usa"),
        ("backtest --actors rusia", "did you mean 'russia'?"),
        ("backtest autum-2022", "did you mean 'autumn-2022'?"),
        ("believable kherson-2022 --only patern", "did you mean 'patterns'?"),
        ("calibrate kherson-2022 --targets tegmrk -o x.yaml", "did you mean 'tegmark'?"),
    ],
)
def test_the_command_line_says_what_was_meant(
    arguments: str,
    told: str,
    log: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("scenarios", "actors"):  # the names that are known lie beside where one stands
        (tmp_path / name).symlink_to(Path(__file__).resolve().parents[1] / name)
    monkeypatch.chdir(tmp_path)
    before = {path.name for path in tmp_path.iterdir()}
    assert main(arguments.format(log=log).split()) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert told in printed.err and len(printed.err.splitlines()) == 1
    assert {path.name for path in tmp_path.iterdir()} == before
