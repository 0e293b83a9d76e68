"""`wargame check`: single files and folders, every fault of all of them, exit code 2 if any."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import quarrel
import small_crisis

from wargame.cli.main import main
from wargame.compiler import check_files
from wargame.compiler.check_files import yaml_files


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, beside one with a sound scenario."""
    content = tmp_path / "content"
    content.mkdir()
    quarrel.write(content)
    (content / "scenarios" / "policies" / "stranger.yaml").unlink()  # at fault on purpose
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setattr(check_files, "list_available", lambda _: [])  # what ships takes seconds
    return content


def checked(capsys: pytest.CaptureFixture[str], *paths: str, code: int) -> dict[str, list[str]]:
    """The messages and files that a check tells, and its exit code."""
    assert main(["check", *paths, "--json"]) == code
    told = json.loads(capsys.readouterr().out)
    return {
        "checked": told["checked"],
        "messages": [fault["message"] for fault in told["faults"]],
        "files": sorted({Path(fault["file"]).name for fault in told["faults"] if fault["file"]}),
    }


def test_a_folder_stands_for_every_yaml_file_in_it(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = checked(capsys, str(place), code=0)
    count = len([*place.rglob("*.yaml")])
    assert count > 3 and found["checked"] == f"{count} files"


def test_the_faults_of_all_files_are_told_together(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "broken.yaml").write_text("a: [1\n", encoding="utf-8")
    (place / "odd.yml").write_text("kind: policy\ncolour: red\n", encoding="utf-8")
    (place / ".hidden").mkdir()
    (place / ".hidden" / "secret.yaml").write_text("a: [1\n", encoding="utf-8")
    (place / "notes.txt").write_text("a: [1\n", encoding="utf-8")
    found = checked(capsys, str(place), code=2)
    assert found["files"] == ["broken.yaml", "odd.yml"]
    assert any("colour" in message for message in found["messages"])


def test_a_folder_without_yaml_and_a_file_that_is_not_there_are_mistakes(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "empty").mkdir()
    found = checked(capsys, str(place / "empty"), str(place / "nothing.yaml"), code=2)
    assert found["messages"][0] == f"there is no YAML file in {place / 'empty'}"
    assert found["files"] == ["nothing.yaml"]


def test_files_are_named_once_and_in_order(place: Path) -> None:
    found = yaml_files(place)
    assert found == sorted(set(found)) and all(path.suffix == ".yaml" for path in found)
    assert yaml_files(found[0]) == [found[0]]


# ------------------------------------------------------------- what can hardly be meant

FILES = {
    "scenario": "scenarios/small-crisis.yaml",
    "red": "actors/red.yaml",
    "blue": "actors/blue.yaml",
    "moves": "actors/small.yaml",
}


@pytest.fixture
def crisis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sound scenario of two actors in a folder of its own."""
    texts = (small_crisis.SCENARIO, small_crisis.RED, small_crisis.BLUE, small_crisis.MOVES)
    for file, text in zip(FILES.values(), texts, strict=True):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text.lstrip("\n"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(check_files, "list_available", lambda _: [])
    return tmp_path


def lines(capsys: pytest.CaptureFixture[str], *paths: str) -> list[str]:
    """What a check of the crisis says, without the summary."""
    main(["check", *paths])
    return capsys.readouterr().out.splitlines()[:-1]


def test_a_sound_scenario_has_neither_faults_nor_oddities(
    crisis: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lines(capsys, "scenarios/small-crisis.yaml") == []


ODDITIES = [
    (
        ("scenario", "KABOOM: {when: bomb.used >= 1", "KABOOM: {when: bomb.used >= 0"),
        "34:18: the ending KABOOM is always reached, in turn 1: bomb.used >= 0",
    ),
    (
        ("scenario", "KABOOM: {when: bomb.used >= 1", "KABOOM: {at: horizon, when: bomb.used >= 0"),
        "34:31: no ending after KABOOM can be reached at the horizon: bomb.used >= 0 (put it last)",
    ),
    (
        ("scenario", "Peace: {when: red.talks >= 250", "Peace: {when: red.talks < 250"),
        "35:17: the ending Peace holds as the scenario begins: red.talks < 250",
    ),
    (
        ("scenario", "Peace: {when", "Peace: {for: 9, when"),
        "35:3: the ending Peace can never be reached: it must hold for 9 turns, and there are 8",
    ),
    (
        ("scenario", "tension >= 600}", "tension >= 6000}"),
        "32:17: the milestone alarm can never be reached: tension >= 6000",
    ),
    (
        ("scenario", "tension >= 600}", "tension >= 0}"),
        "32:17: the milestone alarm always holds: tension >= 0",
    ),
    (
        ("scenario", "turn: 3, id: summit", "turn: 9, id: summit"),
        "20:5: the inject summit comes in turn 9, and the last is 8",
    ),
    (
        ("scenario", "turn: 3, id", "turn: 3, when: tension < 0, id"),
        "20:21: the inject summit can never come: tension < 0",
    ),
    (
        ("scenario", "chance: 150 + tension // 10", "chance: -5"),
        "24:13: the chance of incident is not between 0 and 1000: -5 (shares are per mille)",
    ),
    (
        ("scenario", "weight: 800", "weight: tension - 1000"),
        "26:18: an outcome of incident can never be drawn: tension - 1000",
    ),
    (
        ("scenario", '{"*": 100}', '{"*": -100}'),
        "9:55: the noise of tension is below 0: -100",
    ),
    (
        ("scenario", "gauges:\n", "gauges:\n  dust: {start: 3}\n"),
        "9:3: nothing reads the gauge dust",
    ),
    (
        ("scenario", "derived:\n", "derived:\n  hope: 1000 - fear\n"),
        "16:3: nothing reads the derived gauge hope",
    ),
    (
        ("moves", "success: 700", "success: 5000"),
        "10:14: the success of talk is not between 0 and 1000: 5000 (shares are per mille)",
    ),
    (
        ("moves", "heat: {red-blue: 10}", "heat: {self-self: 10}"),
        "44:12: the heat on self-self is lost: there is no such dyad here",
    ),
    (
        ("moves", "title: Use", "title: '{actor} uses {wepon}'"),
        "27:5: nothing fills {wepon} in '{actor} uses {wepon}' (there are {actor} and {target})",
    ),
    (
        ("moves", "title: Talk", "title: Talk to {target}"),
        "5:5: this move has no target: 'Talk to {target}'",
    ),
    (
        ("blue", "seen.red.arms >= 250", "red.nerve >= 250"),
        "5:25: the rule alarmed of blue reads red.nerve exactly, an unknown of red "
        "(let it read a gauge that shows it, through seen.)",
    ),
    (
        ("blue", "seen.red.arms >= 250", "red.arms >= 250"),
        "5:25: the rule alarmed of blue reads red.arms exactly, though it sees that through noise "
        "(write seen.red.arms)",
    ),
]


@pytest.mark.parametrize(("edit", "told"), ODDITIES, ids=[told for _, told in ODDITIES])
def test_what_can_hardly_be_meant_is_named_with_its_place(
    crisis: Path, capsys: pytest.CaptureFixture[str], edit: tuple[str, str, str], told: str
) -> None:
    spoil(crisis, *edit)
    found = lines(capsys, "scenarios/small-crisis.yaml")
    assert found == [f"{FILES[edit[0]]}:{told} [odd, but allowed]"]


FAULTS = [
    (
        ("scenario", "1 week", "1 fortnight"),
        "4:16: length: '1 fortnight' is not a length of hours, days, weeks, months or years, "
        "as in 2 weeks",
    ),
    (
        ("scenario", "chance: 150 + tension // 10", "chance: 4%"),
        "24:13: chance: '4%': shares are counted per mille: write 40",
    ),
    (
        ("scenario", "chance: 150 + tension // 10", "chance: 0.04"),
        "24:13: chance: expected a whole number or an expression, found 0.04: "
        "count in thousandths, 0.7 is 700",
    ),
    (
        ("red", "talk: x3", "talk: x0.5"),
        "6:49: talk: 'x0.5': factors are whole numbers: write /2",
    ),
    (
        ("scenario", "effects: {tension: -20}", "effects: {tension: x0.5}"),
        "20:63: tension: 'x0.5': an effect adds a number, or sets one: to halve a gauge, write "
        "'=GAUGE // 2'",
    ),
    (
        ("red", "talk: x3", "talk: x1.5"),
        "6:49: talk: 'x1.5': factors are whole numbers: write x3 in one rule and /2 in another",
    ),
    (
        ("scenario", "seed: 7", "seed：7"),
        "5:5: a key ends with a colon and a space (write ': ' instead of the full-width '：')",
    ),
    (
        ("red", "id: red", "id：red"),
        "1:3: a key ends with a colon and a space (write ': ' instead of the full-width '：')",
    ),
    (
        ("scenario", "{start: 100,", "{start：100,"),
        "10:14: unknown key 'start：100' (write ': ' instead of the full-width '：')",
    ),
    (
        ("scenario", "{red-blue: 15}", "{red-green: 15}"),
        "26:54: there is no dyad 'red-green' (there are: red-blue)",
    ),
    (
        ("scenario", '{"*": 100}', "{green: 100}"),
        "9:50: there is no actor 'green' (there are: red, blue)",
    ),
    (
        ("moves", "by: red\n    direction: escalate", "by: [red, green]\n    direction: escalate"),
        "18:15: there is no actor 'green' (there are: red, blue)",
    ),
    (
        ("red", "KABOOM -4000", "KABOM -4000"),
        "3:11: red values 'KABOM -4000', which is no ending or milestone with points "
        '(write "Peace 1000, War 0")',
    ),
]


@pytest.mark.parametrize(("edit", "told"), FAULTS, ids=[told for _, told in FAULTS])
def test_slips_of_the_pen_are_faults_with_a_cure(
    crisis: Path, capsys: pytest.CaptureFixture[str], edit: tuple[str, str, str], told: str
) -> None:
    spoil(crisis, *edit)
    assert f"{FILES[edit[0]]}:{told}" in lines(capsys, "scenarios/small-crisis.yaml")


def spoil(crisis: Path, file: str, old: str, new: str) -> None:
    path = crisis / FILES[file]
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_policy_is_checked_as_a_policy_whatever_keys_it_has(
    crisis: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = crisis / "odd.yaml"
    head = "schema: 1\nid: odd\nkind: policy\ntitle: Odd\nfor: [small-crisis]\n"
    paths = ("odd.yaml", "scenarios/small-crisis.yaml")
    policy.write_text(head + "gauges: {tension: 3}\n", encoding="utf-8")
    (told,) = lines(capsys, *paths)
    assert told.startswith(f"{policy.name}:6:1: unknown key 'gauges' (known here: start, ")
    policy.write_text(head + "moves: {talk: {success: 5000}}\n", encoding="utf-8")
    (told,) = lines(capsys, *paths)
    assert told.startswith(
        f"{policy.name}:6:25: the success of talk is not between 0 and 1000: 5000"
    )


def test_a_gauge_that_only_a_scenario_extending_this_one_reads_is_not_odd(
    crisis: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(crisis, "scenario", "gauges:\n", "gauges:\n  dust: {start: 3}\n")
    heir = crisis / "scenarios" / "heir.yaml"
    heir.write_text(
        "schema: 1\nid: heir\ntitle: Heir\nextends: small-crisis\n"
        "endings: {Dusty: {when: dust > 9}}\n",
        encoding="utf-8",
    )
    known = [(p.stem, p.stem, p) for p in sorted((crisis / "scenarios").glob("*.yaml"))]
    monkeypatch.setattr(check_files, "list_available", lambda kind: known * (kind == "scenario"))
    assert lines(capsys, "scenarios/small-crisis.yaml", "scenarios/heir.yaml") == []


def test_a_move_that_can_fail_without_words_for_it_is_an_oddity(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = place / "actors" / "words.yaml"
    sure = words.read_text(encoding="utf-8")
    unsure = sure.replace(
        "    direction: escalate\n", "    direction: escalate\n    success: 900\n"
    )
    for text, odd in (
        (sure, []),
        (unsure, ["threaten can fail, and nothing says how that is told"]),
        (unsure.replace("    success", "    attempt: In vain.\n    success"), []),
    ):
        words.write_text(text, encoding="utf-8")
        assert main(["check", str(place), "--json"]) == 0
        warnings = json.loads(capsys.readouterr().out)["warnings"]
        assert [it["message"] for it in warnings if "can fail" in it["message"]] == odd


def test_a_reason_for_a_move_that_the_rule_does_not_favour_is_a_fault(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for actor in (place / "actors").glob("red.yaml"):
        text = actor.read_text(encoding="utf-8")
        actor.write_text(
            text.replace("    favour:", "    reasons: {sulk: Why not}\n    favour:", 1),
            encoding="utf-8",
        )
    found = checked(capsys, str(place), code=2)
    assert found["messages"] == ["there is no move that this rule favours 'sulk'"]


def test_what_data_files_name_is_looked_for_in_their_scenarios(
    crisis: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = "schema: 1\nid: x\ntitle: X\n"
    rate = "{id: r, title: T, because: B, came: arm, forbid: [speak], found: []}"
    files = {
        "rates.yaml": f"for: [small-crisis]\nevents:\n  arm: {{moves: [red.arm]}}\nrates:\n"
        f"  - {rate}\n",
        "dials.yaml": "scenario: small-crisis\ndials: {red.nrve: {}}\ntargets:\n"
        "  - {id: t, forecaster: F, event: E, share: Peace, is: 300, give: 5, source: S}\n",
        "targets.yaml": "scenario: small-crisis\ntargets:\n"
        "  - {id: t, forecaster: F, event: E, share: Pease, is: 300, give: 5, source: S}\n",
        "history.yaml": "scenario: small-crisis\nevents:\n"
        "  - {date: 2022-09-06, actor: red, move: armm}\nending: Pease\n",
    }
    for name, text in files.items():
        (crisis / name).write_text(head + text, encoding="utf-8")
    told = "\n".join(lines(capsys, *files))
    assert "rates.yaml:8:55: there is no move 'speak'" in told
    assert "there is no ending or milestone 'Pease' (did you mean 'Peace'?)" in told
    assert "history.yaml:6:5: red has no move 'armm' in small-crisis (did you mean 'arm'?)" in told
    assert "there is no ending 'Pease'" in told
    assert "dials.yaml:5:9: there is no unknown 'red.nrve' (did you mean 'red.nerve'?)" in told
