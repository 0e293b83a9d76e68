"""`wargame seminar`: what opens a table, what is printed, what is refused. Serving is the web's."""

from __future__ import annotations

import argparse
import shlex
import socket
import sys
from pathlib import Path

import pytest
from three_seats import write_scenario

from wargame.boundary.programs import named
from wargame.cli.main import main
from wargame.cli.room import seminar
from wargame.cli.room.seminar import addresses, farewell, key_file, open_table, welcome
from wargame.engine.scenario import Scenario
from wargame.seminar.table import Table

pytest.importorskip("starlette", reason="the extra `seminar` is not installed")

from starlette.testclient import TestClient

from wargame.seminar.web.app import create_app

HERE = "http://192.168.1.5:8022"
EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "agent.py"
AGENT = shlex.join([sys.executable, str(EXAMPLE)])


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    seminar.add_arguments(parser)
    return parser.parse_args(words)


@pytest.fixture
def scenario_file(crisis: Scenario, tmp_path: Path) -> str:
    return str(write_scenario(tmp_path))


def test_a_new_game_prints_a_code_and_a_link_for_everybody(
    scenario_file: str, tmp_path: Path
) -> None:
    words = (scenario_file, "--seats", "red,blue", "--seat", f"green={AGENT}")
    table = open_table(arguments(*words, "--log", str(tmp_path / "game.jsonl")))
    text = welcome(table, [HERE, "http://10.0.0.7:8022"], "en")
    for role in ("facilitator", "seat:red", "seat:blue"):
        assert f"http://192.168.1.5:8022/join?lang=en#{table.codes[role]}" in text
    assert "Held by programs: Green" in text
    assert "Plain http" in text
    assert "put another in its place: http://10.0.0.7:8022\n" in text
    assert "Plain http" not in welcome(table, ["https://192.168.1.5:8022"], "en")
    assert "進行役" in welcome(table, ["http://localhost"], "ja")
    table.close()


def test_an_old_game_is_opened_paused_and_nobody_is_shut_out(
    scenario_file: str, tmp_path: Path
) -> None:
    log = tmp_path / "game.jsonl"
    table = open_table(arguments(scenario_file, "--seats", "red", "--log", str(log)))
    codes = table.codes
    table.close()
    again = open_table(arguments("--open", str(log)))
    assert again.state.paused
    assert {role: again.role_for(code) for role, code in codes.items()} == {r: r for r in codes}
    # No new code was issued: that would send an open console back to the door.
    assert again.generation("facilitator") == 0
    # The codes of before are shown again, and so are later ones.
    assert again.codes == codes
    fresh = again.command(
        "facilitator", "code", {"role": "seat:red"}, revision=again.revision_of("facilitator")
    ).data["code"]
    assert fresh != codes["seat:red"]
    again.close()
    again = open_table(arguments("--open", str(log)))
    assert again.codes == {**codes, "seat:red": fresh}
    app = create_app(again, [HERE], key_file(again))
    with TestClient(app, base_url=HERE, headers={"origin": HERE}) as client:
        code = again.codes["facilitator"]
        assert client.post("/join", json={"code": code}).json()["role"] == "facilitator"
    assert code in welcome(again, [HERE], "en")
    again.close()


def test_an_old_game_says_whose_program_has_to_be_named_again(
    scenario_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = str(tmp_path / "game.jsonl")
    seat = f"green={AGENT} --x"
    open_table(arguments(scenario_file, "--seat", seat, "--log", log)).close()
    assert "agent.py" not in Path(log).read_text(encoding="utf-8")
    open_table(arguments("--open", log)).close()
    assert capsys.readouterr().err == (
        f"wargame: {log}: a program played green; its rules play until you name one again with "
        "--seat green=...\n"
    )
    args = arguments("--open", log, "--seat", seat)
    table = open_table(args)
    assert table.programs == {"green": named(f"{AGENT} --x")}
    assert capsys.readouterr().err == ""
    assert shlex.join(["--seat", seat]) in farewell(table, args, 8022)
    table.close()
    assert main(["seminar", "--open", log, "--seat", "grey=mine"]) == 2


def test_a_seat_that_cannot_start_leaves_no_game_behind(
    scenario_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "game.jsonl"
    words = ["seminar", scenario_file, "--seat", "green=no-such-program", "--log", str(log)]
    assert main(words) == 2
    assert capsys.readouterr().err == (
        "wargame: the program for green cannot take its seat: no-such-program cannot be started: "
        "No such file or directory\n"
    )
    assert not log.exists()
    open_table(arguments(scenario_file, "--seat", f"green={AGENT}", "--log", str(log))).close()
    assert main(["seminar", "--open", str(log), "--seat", "green=no-such-program"]) == 2
    assert "cannot take its seat" in capsys.readouterr().err
    open_table(arguments("--open", str(log))).close()  # nobody holds it


def test_a_game_begins_inside_another(scenario_file: str, tmp_path: Path) -> None:
    from leading import play_turn

    first = open_table(
        arguments(scenario_file, "--seats", "red,blue", "--log", str(tmp_path / "one.jsonl"))
    )
    play_turn(first, "march")
    first.close()
    words = ("--from", str(first.path), "--turn", "1", "--seats", "green")
    second = open_table(arguments(*words, "--log", str(tmp_path / "two.jsonl")))
    assert isinstance(second, Table)
    assert (second.state.turn, second.state.seats["green"].holder) == (2, "human")
    second.close()


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--open", "game.jsonl", "three-seats"],
        ["three-seats", "--from", "log.jsonl"],
        ["--open", "game.jsonl", "--seats", "red"],
        ["--open", "no-such-file.jsonl"],
        ["kherson-2022", "--minutes", "0"],
        ["kherson-2022", "--port", "70000"],
        ["kherson-2022", "--seed", "-1"],
        ["kherson-2022", "--certificate", "c.pem"],
        ["no-such-scenario"],
    ],
)
def test_a_mistake_is_told_in_one_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["seminar", *words]) == 2
    said = capsys.readouterr().err
    assert said.startswith("wargame: ") and said.count("\n") == 1


def test_an_address_that_was_named_comes_first() -> None:
    assert addresses("10.0.0.7")[0] == "10.0.0.7"
    assert "127.0.0.1" in addresses("0.0.0.0")


def test_the_addresses_of_every_interface_are_listed_without_a_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a hotspot without internet the system knows no way out, and links said 127.0.0.1."""

    def unreachable(*_: object) -> None:
        raise OSError

    there = {"lo": "127.0.0.1", "wlan0": "10.42.0.1", "eth0": "192.168.1.5"}
    monkeypatch.setattr(socket, "gethostbyname_ex", unreachable)
    monkeypatch.setattr(seminar, "_default", lambda: None)
    monkeypatch.setattr(socket, "if_nameindex", lambda: list(enumerate([*there, "down0"])))
    monkeypatch.setattr(seminar, "_interface", there.get)
    assert addresses("0.0.0.0") == ("10.42.0.1", "192.168.1.5", "localhost", "127.0.0.1")
    monkeypatch.setattr(seminar, "_default", lambda: "192.168.1.5")
    assert addresses("0.0.0.0")[0] == "192.168.1.5"
    monkeypatch.undo()
    assert seminar._interface("lo") in ("127.0.0.1", None)
    assert seminar._interface("no-such") is None


def test_a_taken_port_leaves_no_file_behind(
    scenario_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(tmp_path.iterdir())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = ("--host", "127.0.0.1", "--port", str(taken.getsockname()[1]))
        log = str(tmp_path / "game.jsonl")
        assert main(["seminar", scenario_file, "--seats", "red", "--log", log, *where]) == 2
    assert "cannot listen on" in capsys.readouterr().err
    assert set(tmp_path.iterdir()) == before
