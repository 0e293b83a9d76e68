"""The machine outside Python, in Node and in a page's worker: the same runs to the last bit."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import zlib
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine.random_worlds import texts
from shipped import SHIPPED, shipped

from wargame.analysis.validation.selftest import outcome_digest
from wargame.backends import browser as wasm
from wargame.backends.browser.build import build
from wargame.backends.lowering import lower, lower_offers
from wargame.backends.simulate import finish, play_runs
from wargame.backends.turn import begin, play
from wargame.compiler import compile_scenario
from wargame.content.load import load_texts
from wargame.engine.program import Head
from wargame.engine.randomness import Luck, key_of
from wargame.engine.record import Outcomes
from wargame.engine.scenario import Scenario
from wargame.replay.fork import fan_out, fork
from wargame.replay.orders import open_desk
from wargame.replay.replay import header_for, record

GOLDEN = Path(__file__).parent.parent / "golden" / "digests.txt"

Calls = list[list[Any]]  # a name and what is given; {"$": 2, "at": ["world"]} is a part of answer 2
Ask = Callable[[str, Calls], dict[str, Any]]

# Makes the calls one after another; all numbers of arrays come back as texts.
ASKED = """async (call, {machine, program, calls}) => {
  const answers = [], heard = [];
  const meant = (it) => {
    if (Array.isArray(it)) return it.map(meant);
    if (it === null || typeof it !== "object" || !("$" in it)) return it;
    return (it.at ?? []).reduce((whole, name) => whole.at?.(name) ?? whole[name], answers[it.$]);
  };
  const plain = (it) => {
    if (typeof it === "bigint") return String(it);
    if (ArrayBuffer.isView(it)) return Array.from(it, String);
    if (Array.isArray(it)) return it.map(plain);
    if (it === null || typeof it !== "object") return it;
    return Object.fromEntries(Object.entries(it).map(([name, value]) => [name, plain(value)]));
  };
  await call("load", [machine, program]);
  for (const [name, given] of calls)
    answers.push(await call(name, meant(given), (done, of) => heard.push([done, of]))
      .catch((error) => ({error: error.message})));
  return JSON.stringify({answers: answers.map(plain), heard});
}"""

IN_NODE = """
import {readFileSync} from "node:fs";
const given = JSON.parse(readFileSync(0, "utf8"));
const {serve} = await import(given.module);
let answered;
const scope = {postMessage: (data) => answered(data)};
serve(scope);
const call = (name, given, progress) => new Promise((resolve, reject) => {
  answered = ({answer, error, done, of}) => {
    if (of !== undefined) progress(done, of);
    else if (error === undefined) resolve(answer);
    else reject(new Error(error));
  };
  scope.onmessage({data: {id: 0, call: name, given}});
});
process.stdout.write(await (%s)(call, given));
"""

IN_A_PAGE = """async (given) => {
  const remote = new Remote(given.script);
  try {
    return await (%s)(remote.call.bind(remote), given);
  } finally {
    remote.end();
  }
}"""


@pytest.fixture(params=["node", pytest.param("page", marks=pytest.mark.browser)])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Asks a machine outside Python that has loaded a packed program."""
    if request.param == "node":
        node = shutil.which("node")
        if node is None:
            pytest.skip("no Node here")

        def in_node(program: str, calls: Calls) -> dict[str, Any]:
            module = (Path(wasm.__file__).parent / "machine.js").as_uri()
            done = subprocess.run(
                [node, "--input-type=module", "--eval", IN_NODE % ASKED],
                input=json.dumps(given(program, calls) | {"module": module}),
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stderr
            answer: dict[str, Any] = json.loads(done.stdout)
            return answer

        return in_node
    page = request.getfixturevalue("browser").new_page()
    request.addfinalizer(page.close)
    page.add_script_tag(content=wasm.script("remote.js"))

    def in_a_page(program: str, calls: Calls) -> dict[str, Any]:
        whole = given(program, calls) | {"script": wasm.script("machine.js")}
        answer: dict[str, Any] = json.loads(page.evaluate(IN_A_PAGE % ASKED, whole))
        return answer

    return in_a_page


def given(program: str, calls: Calls) -> dict[str, Any]:
    return {"machine": wasm.packed_machine(), "program": program, "calls": calls}


def numbers(answer: Any, rows: int = 1) -> np.ndarray[Any, Any]:
    """An array that came back, rows x n."""
    return np.array([int(number) for number in answer], dtype=object).reshape(rows, -1)


def assert_same(scenario: Scenario, answer: dict[str, Any], expected: Outcomes) -> None:
    for name, ours in (
        ("runs", "run"),
        ("ending", "ending"),
        ("ended", "turn"),
        ("trail", "trail"),
    ):
        assert numbers(answer[name])[0].tolist() == getattr(expected, ours).tolist(), name
    kept = np.concatenate([expected.reached, expected.peak, expected.unknown])
    assert [int(number) for number in answer["kept"]] == kept.ravel().tolist()
    table = numbers(answer["played"], lower(scenario)[Head.PLAYED])
    first = 0
    for mind in scenario.minds:
        mine = table[first : first + len(mind.moves)]
        assert mine.tolist() == expected.played[mind.actor].tolist(), mind.actor
        first += len(mind.moves) + 1


# --------------------------------------------------------------------------- the same runs


@pytest.mark.parametrize("name", SHIPPED)
def test_the_first_runs_of_each_scenario_have_their_golden_digest(name: str, ask: Ask) -> None:
    scenario = shipped(name)
    calls = [["keyOf", [scenario.header.seed]], ["play", [{"$": 0}, list(range(500))]]]
    answer = ask(wasm.packed(lower(scenario)), calls)["answers"][1]
    columns = (answer[it] for it in ("runs", "ending", "ended", "trail"))
    run, ending, turn, trail = (np.array([int(it) for it in column], "u8") for column in columns)
    nothing = np.empty((0, 500), dtype=np.int64)
    found = Outcomes(run, ending, turn, turn, nothing, nothing, nothing, trail, played={})
    golden = dict(line.split() for line in GOLDEN.read_text(encoding="utf-8").splitlines())
    assert outcome_digest(found) == golden[name]


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_scenarios_put_together_at_random(dtype: type, ask: Ask) -> None:
    scenario = compile_scenario(load_texts(texts(100)), dtype)
    runs = [*range(3, 273), 1000, 1001, 4007, 10**12]
    calls = [["keyOf", [str(scenario.header.seed)]], ["play", [{"$": 0}, runs]]]
    answer = ask(wasm.packed(lower(scenario)), calls)["answers"][1]
    assert_same(scenario, answer, play_runs(scenario, runs))


def test_a_changed_order_is_the_fork_that_python_plays(ask: Ask) -> None:
    scenario = shipped("kherson-2022")
    other = fork(record(scenario, header_for(scenario, run=7)), 4, {"usa": ["private_warning"]})
    expected = other.replay.playthrough
    minds = {mind.actor: (index, mind) for index, mind in enumerate(scenario.minds)}
    index, mind = minds["usa"]
    warned = mind.moves.index("private_warning")
    orders = {"4": {str(index): [warned] + [None] * (scenario.orders - 1)}}
    calls = [["keyOf", [scenario.header.seed]], ["course", [{"$": 0}, 7, orders]]]
    course = ask(wasm.packed(lower(scenario)), calls)["answers"][1]
    assert len(course) == expected.turns + 1
    for turn, (world, its) in enumerate(zip(expected.worlds, course, strict=True)):
        assert numbers(its["world"]["cells"])[0].tolist() == world.cells[:, 0].tolist()
        assert int(its["world"]["trail"][0]) == int(world.trail[0])
        if turn:
            told = expected.records[turn - 1]
            orders_, success = (
                np.concatenate(list(it.values())) for it in (told.orders, told.success)
            )
            assert numbers(its["given"])[0].tolist() == orders_[:, 0].tolist()
            assert numbers(its["done"])[0].tolist() == success[:, 0].tolist()
            happened = numbers(its["happened"])[0][: len(scenario.news.slots)]
            assert happened.tolist() == told.happened[:, 0].tolist()
    assert int(course[-1]["world"]["ending"][0]) == int(expected.worlds[-1].ending[0])


def test_what_may_be_ordered_is_what_the_desk_of_python_allows(ask: Ask) -> None:
    scenario = shipped("kherson-2022", "no-private-warnings")
    luck = Luck(2022, [7])
    program = wasm.packed(lower(scenario))
    offers = wasm.packed(lower_offers(scenario))
    calls: Calls = [["load", [wasm.packed_machine(), program, offers]], ["keyOf", [2022]]]
    calls += [["begin", [{"$": 1}, [7]]]]
    before: dict[str, Any] = {"$": 2}
    allowed, world = [], begin(scenario, luck)
    for _ in range(10):
        desk = open_desk(scenario, world, luck)
        allowed.append([[it.allowed for it in desk.offers(m.actor)] for m in scenario.minds])
        world, _ = play(scenario, world, luck)
        opened = {"$": len(calls)}
        calls += [["open", [{"$": 1}, before]], ["offers", [{"$": 1}, opened]]]
        before = {"$": len(calls), "at": ["world"]}
        calls += [["close", [{"$": 1}, opened]]]
    told = ask(program, calls)["answers"][4::3]
    assert [[[it == "1" for it in row] for row in turn] for turn in told] == allowed
    kinds = {it for turn in allowed for row in turn for it in row}
    assert kinds == {True, False} and any(turn != allowed[0] for turn in allowed)


def test_futures_are_those_of_python_under_the_same_stream(ask: Ask) -> None:
    scenario = shipped("kherson-2022")
    replay = record(scenario, header_for(scenario, run=7, until=12))
    expected = fan_out(replay.world(12), scenario, 300, "odds.12")
    calls = [
        ["keyOf", [scenario.header.seed]],
        ["course", [{"$": 0}, 7]],
        ["keyOf", [scenario.header.seed, "odds.12"]],
        ["futures", [{"$": 2}, {"$": 1, "at": [12, "world"]}, 300]],
    ]
    told = ask(wasm.packed(lower(scenario)), calls)
    assert_same(scenario, told["answers"][3], expected)
    assert told["heard"] == [[256, 300], [300, 300]]  # progress


def test_worlds_of_which_some_have_ended_are_played_to_their_ends(ask: Ask) -> None:
    scenario = shipped("kaboom-2022")
    luck = Luck(2022, np.arange(90))
    world = begin(scenario, luck)
    turns: Calls = [["keyOf", [2022]], ["begin", [{"$": 0}, list(range(90))]]]
    before: dict[str, Any] = {"$": 1}
    for turn in range(12):
        world, _ = play(scenario, world, luck)
        turns += [["open", [{"$": 0}, before]], ["close", [{"$": 0}, {"$": 2 + 2 * turn}]]]
        before = {"$": 3 + 2 * turn, "at": ["world"]}
    assert not world.running.all()
    answers = ask(wasm.packed(lower(scenario)), [*turns, ["finish", [{"$": 0}, before]]])["answers"]
    there = answers[-2]["world"]
    assert [int(it) for it in there["cells"]] == world.cells.ravel().tolist()
    for name in ("ending", "ended", "trail"):
        assert [int(it) for it in there[name]] == getattr(world, name).tolist()
    assert_same(scenario, answers[-1], finish(scenario, world, luck))


def test_the_words_of_a_seed_are_those_of_python(ask: Ask) -> None:
    asked = [
        ("0", ""),
        ("2022", "seminar.4"),
        (str(2**70), "試し"),
        ("-1", "x" * 300),
        ("7", "y" * 126),
    ]
    asked += [("1", "z" * length) for length in (125, 127, 253, 254)]
    program = wasm.packed(lower(shipped("tegmark-tree")))
    answers = ask(program, [["keyOf", [*it]] for it in asked])["answers"]
    assert [[int(word) for word in it] for it in answers] == [
        key_of(int(seed), stream) for seed, stream in asked
    ]


# --------------------------------------------------------------------------------- refusals


def test_orders_that_an_actor_does_not_have_are_refused(ask: Ask) -> None:
    scenario = shipped("kaboom-2022")
    start: Calls = [["keyOf", [1]], ["begin", [{"$": 0}, [0]]], ["open", [{"$": 0}, {"$": 1}]]]
    moves = len(scenario.minds[0].moves)
    wrong = (
        {"0": [moves]},
        {"0": [-2]},
        {"0": [0.5]},
        {"0": [None] * scenario.orders + [0]},
        {"1000": [0]},
    )
    calls = [*start, *(["close", [{"$": 0}, {"$": 2}, orders]] for orders in wrong)]
    answers = ask(wasm.packed(lower(scenario)), calls)["answers"]
    assert all("cannot be given" in it["error"] for it in answers[3:])


def test_a_damaged_program_is_refused(ask: Ask) -> None:
    program = lower(shipped("tegmark-tree"))
    text = wasm.packed(program)
    words = program.words.copy()
    words[Head.FORMAT] = 2
    whole = wasm.bytes_of(program)
    faulty = [words.tobytes() + program.labels.tobytes(), whole[:-1], whole[:100], b"wargame"]
    packed = [b64encode(zlib.compress(it)).decode() for it in faulty]
    calls: Calls = [["load", [wasm.packed_machine(), it]] for it in (text[:-8] + text[:8], *packed)]
    answers = ask(text, calls)["answers"]
    assert answers[0]["error"]  # damaged on the way
    assert [it.get("error") for it in answers[1:]] == ["this is no program of format 1"] * 4


# ---------------------------------------------------------------------------- one definition


def test_machine_js_numbers_the_head_as_python_does() -> None:
    text = wasm.script("machine.js")
    body = re.search(r"const Head = \{.*?\n(.*?)\};", text, re.S)
    assert body is not None
    found = {name: int(number) for name, number in re.findall(r"(\w+): (\d+)", body[1])}
    assert found.pop("HEAD") == len(Head)
    assert found == {name: Head[name].value for name in found} and len(found) > 8


def test_machine_wasm_is_made_from_this_machine_c(tmp_path: Path) -> None:
    content = wasm.WASM.read_bytes()
    assert wasm.wasm_digest().encode() in content, "machine.c has changed: make wasm"
    if importlib.util.find_spec("ziglang"):
        assert build(tmp_path / "machine.wasm") == ""
        assert (tmp_path / "machine.wasm").read_bytes() == content


def test_machine_wasm_is_small() -> None:
    assert wasm.WASM.stat().st_size < 100_000
