"""From files to a Spec: finding, laying over, leaving out, and every fault at once."""

from __future__ import annotations

import json
import pickle
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wargame.content.data_files import FOLDERS, Kind
from wargame.content.load import find, json_schema, list_available, load, load_history, load_texts
from wargame.content.reader import read_yaml
from wargame.content.spec import HeirSpec, Item, OverlaySpec, ScenarioSpec, Spec
from wargame.errors import SpecError, nearest

SCENARIO = """
    schema: 1
    id: quarrel
    title: {en: A quarrel, ja: 口論}
    turn: {length: 1 week, start: 2022-10-10, horizon: 12, orders: 2}
    seed: 7
    actors: [red, blue]
    moves: [moves]
    gauges:
      red.anger: {start: 300, noise: {blue: 50, "*": 100}}
      blue.anger: {start: 200}
      trust: {start: 500, min: -1000, unit: per mille}
    unknowns:
      red.resolve: {between: [200, 800], likely: 500, title: Resolve}
    derived:
      tension: (red.anger + blue.anger) // 2
    dyads:
      red-blue: {stage: 4, heat: 10}
    ties:
      - {from: red, to: blue, leverage: 300, source: assumption}
    injects:
      - {id: letter, turn: 3, effects: {trust: +40}, heat: {blue-red: -10}}
    chance:
      - {id: rumour, chance: 100, effects: {trust: "=trust // 2"}}
    drift:
      trust: trust + 5
    milestones:
      crisis: {when: tension > 700}
    endings:
      War: {when: "stage(red, blue) >= 7"}
      Peace: {when: trust >= 900, for: 2}
    """

RED = """
    id: red
    title: Red
    goals: [{en: Win, ja: 勝つ}]
    rules:
      - id: furious
        when: red.anger > 500
        favour: {shout: +60, talk: /2, hold: x3}
      - id: calm
        when: red.anger < 100
        favour: {talk: trust // 10, shout: forbid}
    """

BLUE = """
    id: blue
    title: Blue
    """

MOVES = """
    schema: 1
    moves:
      hold: {title: Wait, by: [red, blue, green], base: 60}
      shout:
        title: Shout
        by: [red, blue]
        base: 10
        effects: {self.anger: 20, trust: -30}
        heat: {red-blue: 40}
      talk:
        title: Talk
        by: [blue, red, green]
        effects: {trust: "+30", green.purse: -5}
        heat: {self-blue: -20, green-blue: -10}
      lend: {title: Lend, by: [green], effects: {green.purse: -50}}
      ask_green: {title: Ask, by: [red], target: green}
    """

FILES = {
    "scenarios/quarrel.yaml": SCENARIO,
    "actors/red.yaml": RED,
    "actors/blue.yaml": BLUE,
    "actors/moves.yaml": MOVES,
}

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """A folder with the quarrel in it, made the current one; call it to write another file."""
    monkeypatch.chdir(tmp_path)

    def put(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return path

    for name, text in FILES.items():
        put(name, text)
    return put


def policy(text: str, name: str = "calls") -> str:
    """A policy with this body."""
    head = f"schema: 1\nid: {name}\nkind: policy\ntitle: Calls\n"
    return head + textwrap.dedent(text).lstrip("\n")


def faults(*arguments: object) -> list[str]:
    """What `load` refuses with: one line for each fault."""
    with pytest.raises(SpecError) as refused:
        load(*arguments)  # type: ignore[arg-type]
    return str(refused.value).splitlines()


def changed(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


# --- reading --------------------------------------------------------------------------------


def test_what_is_written_is_what_is_read(write: Write) -> None:
    spec = load("quarrel")
    scenario = spec.scenario
    assert [actor.id for actor in spec.actors] == ["red", "blue"]
    assert list(spec.moves) == ["hold", "shout", "talk"]
    assert scenario.title.get("ja") == "口論"
    assert scenario.title.get("fr") == "A quarrel"
    assert str(scenario.turn.start) == "2022-10-10"
    assert scenario.gauges["trust"].min == -1000
    assert scenario.gauges["red.anger"].noise["*"].text == "100"
    assert scenario.unknowns["red.resolve"].between == (200, 800)
    assert scenario.derived["tension"].value.text == "(red.anger + blue.anger) // 2"
    assert scenario.endings["Peace"].for_ == 2
    assert scenario.injects[0].effects["trust"].value.text == "40"
    assert spec.overlays == () and spec.overlay_names == () and spec.overlay_digest == ""


def test_effects_and_favours_are_told_apart(write: Write) -> None:
    spec = load("quarrel")
    furious, calm = spec.actors[0].rules
    ops = {move: (favour.op, str(favour.value)) for move, favour in furious.favour.items()}
    assert ops == {"shout": ("add", "60"), "talk": ("over", "2"), "hold": ("times", "3")}
    assert calm.favour["shout"].op == "forbid"
    rumour = spec.scenario.chance[0].effects["trust"]
    assert (rumour.op, rumour.value.text) == ("set", "trust // 2")


def test_an_expression_knows_where_it_stands(write: Write) -> None:
    spec = load("quarrel")
    path = "scenarios/quarrel.yaml"
    assert str(spec.scenario.derived["tension"].value.at) == f"{path}:15:12"
    assert str(spec.scenario.endings["War"].when.at) == f"{path}:29:16"  # behind the quote
    set_to = spec.scenario.chance[0].effects["trust"].value
    assert str(set_to.at) == f"{path}:23:50"  # behind the quote and the =
    assert str(spec.actors[0].rules[1].when.at) == "actors/red.yaml:9:11"
    assert str(spec.actors[0].rules[1].at) == "actors/red.yaml:8:5"
    assert str(spec.moves["shout"].at) == "actors/moves.yaml:4:3"


def test_a_spec_travels_between_processes(write: Write) -> None:
    spec = load("quarrel")
    assert pickle.loads(pickle.dumps(spec)) == spec


# --- finding --------------------------------------------------------------------------------


def test_names_and_paths(write: Write, tmp_path: Path) -> None:
    by_name = load("quarrel")
    assert load("scenarios/quarrel.yaml").digest == by_name.digest
    assert load(tmp_path / "scenarios" / "quarrel.yaml").digest == by_name.digest
    assert find("actor", "red") == Path("actors/red.yaml")
    assert find("moves", "moves") == Path("actors/moves.yaml")


def test_a_scenario_finds_the_actors_beside_it(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    spec = load(tmp_path / "scenarios" / "quarrel.yaml")
    assert [str(actor.title) for actor in spec.actors] == ["Red", "Blue"]


def test_what_was_installed_is_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find("scenario", "kherson-2022").name == "kherson-2022.yaml"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("quarel", "there is no scenario 'quarel' (did you mean 'quarrel'?)"),
        ("../quarrel", "there is no file '../quarrel'"),
        ("scenarios/quarel.yaml", "there is no file 'scenarios/quarel.yaml'"),
        ("Quarrel", "'Quarrel' is not the name of a scenario"),
        ("a" * 41, "is not the name of a scenario"),
        ("", "'' is not the name of a scenario"),
        ("x\0y.yaml", "there is no file 'x\\x00y.yaml'"),
    ],
)
def test_what_is_not_there(write: Write, name: str, words: str) -> None:
    (line,) = faults(name)
    assert words in line


def test_a_missing_actor_and_catalogue_are_asked_for_somewhere(write: Write) -> None:
    text = changed(changed(SCENARIO, "[red, blue]", "[red, bleu]"), "[moves]", "[movs]")
    write("scenarios/quarrel.yaml", changed(text, "\n      red-blue", "\n      red-bleu"))
    assert faults("quarrel") == [
        "scenarios/quarrel.yaml:6:15: there is no actor 'bleu' (did you mean 'blue'?)",
        "scenarios/quarrel.yaml:7:9: there is no catalogue 'movs' (did you mean 'moves'?)",
    ]


def test_a_file_says_who_it_is(write: Write) -> None:
    write("actors/red.yaml", changed(RED, "id: red", "id: rouge"))
    assert faults("quarrel") == [
        "actors/red.yaml:1:5: the file of red says that its id is rouge (id: red)"
    ]


def test_listing(write: Write) -> None:
    write("scenarios/policies/calls.yaml", policy(""))
    write("actors/broken.yaml", "{")
    listed = {name: title for name, title, _ in list_available("scenario")}
    assert listed["quarrel"].ja == "口論"
    assert "kherson-2022" in listed
    names = [name for name, _, _ in list_available("actor")]
    assert names == sorted(names)
    assert {"red", "blue", "broken", "russia"} <= set(names)
    assert "moves" not in names
    assert "moves" in [name for name, _, _ in list_available("moves")]
    assert "calls" in [name for name, _, _ in list_available("policy")]


# --- texts kept elsewhere -------------------------------------------------------------------


def same(one: Spec, other: Spec) -> bool:
    return (one.digest, one.overlay_digest, one.inputs, one.absent, list(one.moves)) == (
        other.digest,
        other.overlay_digest,
        other.inputs,
        other.absent,
        list(other.moves),
    )


def test_the_inputs_are_the_exact_texts(write: Write) -> None:
    write("scenarios/policies/calls.yaml", policy("start: {trust: 700}"))
    spec = load("quarrel", "calls")
    assert list(spec.inputs) == [
        "scenario.yaml",
        "overlays/1-calls.yaml",
        "actors/red.yaml",
        "actors/blue.yaml",
        "moves/moves.yaml",
    ]
    assert spec.inputs["actors/red.yaml"] == Path("actors/red.yaml").read_text()
    assert same(load_texts(spec.inputs), spec)
    assert same(load_texts(dict(sorted(spec.inputs.items()))), spec)


def test_texts_are_all_needed_and_all_used(write: Write) -> None:
    inputs = load("quarrel").inputs
    with pytest.raises(SpecError, match=r"scenario.yaml:6:10: .*'actors/red.yaml' is missing"):
        load_texts({name: text for name, text in inputs.items() if "red" not in name})
    with pytest.raises(SpecError, match=r"nothing asks for these texts: notes\.txt"):
        load_texts({**inputs, "notes.txt": ""})
    with pytest.raises(SpecError, match=r"'scenario\.yaml' is missing"):
        load_texts({})


def shipped() -> Iterator[tuple[str, str]]:
    """Every shipped scenario, and every shipped overlay on a scenario it is written for."""
    scenarios = [name for name, _, _ in list_available("scenario")]
    yield from ((name, "") for name in scenarios)
    kinds: tuple[Kind, ...] = ("policy", "worldview")
    for kind in kinds:
        for name, _, path in list_available(kind):
            meant = [s for s in scenarios if f"for: [{s}" in path.read_text(encoding="utf-8")]
            yield (meant or ["kherson-2022"])[0], name


@pytest.mark.parametrize(("scenario", "overlay"), list(shipped()))
def test_everything_shipped_loads_and_comes_back_from_its_texts(
    scenario: str, overlay: str
) -> None:
    spec = load(scenario, overlay)
    assert same(load_texts(spec.inputs), spec)


# --- the digest -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("seed: 7", "seed: 7   # a comment"),
        ("A quarrel", "A bitter quarrel"),
        ("source: assumption", "source: a book"),
        ("stage: 4, heat: 10", "heat: 10, stage: 4"),
        ("(red.anger + blue.anger) // 2", "'(red.anger  +  blue.anger) // 2'"),
        ("{start: 200}", "{start: 200, min: 0, max: 1000}"),
        ("+40", "40"),
    ],
)
def test_the_digest_is_of_the_meaning(write: Write, old: str, new: str) -> None:
    before = load("quarrel").digest
    write("scenarios/quarrel.yaml", changed(SCENARIO, old, new))
    assert load("quarrel").digest == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("seed: 7", "seed: 8"),
        ("// 2", "// 3"),
        ("stage: 4", "stage: 5"),
        ("+40", "'=40'"),
        ('War: {when: "stage(red, blue) >= 7"}\n      ', ""),
        ("actors: [red, blue]", "actors: [blue, red]"),
    ],
)
def test_whatever_can_change_a_run_changes_the_digest(write: Write, old: str, new: str) -> None:
    before = load("quarrel").digest
    write("scenarios/quarrel.yaml", changed(SCENARIO, old, new))
    assert load("quarrel").digest != before


def test_overlays_have_a_digest_of_their_own(write: Write) -> None:
    write("scenarios/policies/calls.yaml", policy("start: {trust: 700}"))
    write("scenarios/policies/walks.yaml", policy("start: {trust: 600}", "walks"))
    plain, calls, walks = load("quarrel"), load("quarrel", "calls"), load("quarrel", ["walks"])
    assert plain.digest == calls.digest == walks.digest
    assert len({plain.overlay_digest, calls.overlay_digest, walks.overlay_digest}) == 3


# --- leaving out ----------------------------------------------------------------------------


def test_what_belongs_to_absent_actors_is_left_out(write: Write) -> None:
    spec = load("quarrel")
    assert spec.absent == ("lend", "ask_green")
    assert spec.moves["hold"].by == ("red", "blue")
    assert list(spec.moves["talk"].effects) == ["trust"]
    assert list(spec.moves["talk"].heat) == ["self-blue"]


def test_dyads_bear_their_declared_names(write: Write) -> None:
    assert list(load("quarrel").scenario.injects[0].heat) == ["red-blue"]


def test_a_rule_may_favour_a_move_that_is_absent(write: Write) -> None:
    write("actors/red.yaml", changed(RED, "{shout: +60,", "{ask_green: 5, shout: +60,"))
    assert "ask_green" not in load("quarrel").actors[0].rules[0].favour


def test_nature_alone(write: Write) -> None:
    write(
        "scenarios/coin.yaml",
        """
        schema: 1
        id: coin
        title: A coin
        turn: {horizon: 1}
        gauges: {heads: {start: 0, max: 1}}
        chance: [{id: toss, chance: 500, effects: {heads: 1}}]
        endings: {Heads: {when: heads >= 1}}
        """,
    )
    spec = load("coin")
    assert spec.actors == () and spec.moves == {}


# --- overlays -------------------------------------------------------------------------------

EVERYTHING = """
    start: {trust: 700}
    unknowns: {red.resolve: 650}
    forbid: [blue.shout]
    rules:
      red:
        - {id: calm, when: "1", favour: {talk: 5}}
        - {id: new, when: "1", favour: {talk: 6}}
    moves:
      talk: {base: 33, cooldown: 2}
      sing: {title: Sing, by: [red], base: 1}
    injects:
      - {id: letter, turn: 5}
      - {turn: 2, effects: {trust: 1}}
    chance:
      - {id: rumour, remove: true}
      - {id: rain, chance: 10}
    ties:
      - {from: red, to: blue, leverage: 900}
      - {from: blue, to: red, leverage: 100}
    dyads: {blue-red: 6}
    expect: {War: down, War|crisis: flat}
    """


def test_a_policy_can_change_all_this(write: Write) -> None:
    write("scenarios/policies/calls.yaml", policy(EVERYTHING))
    base, spec = load("quarrel"), load("quarrel", "calls")
    scenario = spec.scenario
    assert scenario.gauges["trust"].start.text == "700"
    resolve = scenario.unknowns["red.resolve"]
    assert (resolve.is_, resolve.between, resolve.likely) == (650, None, None)
    assert str(resolve.title) == "Resolve"
    assert spec.barred == {("blue", "shout")}
    assert [rule.id for rule in spec.actors[0].rules] == ["furious", "calm", "new"]
    assert list(spec.actors[0].rules[1].favour) == ["talk"]
    assert (spec.moves["talk"].base.text, spec.moves["talk"].cooldown) == ("33", 2)
    assert str(spec.moves["talk"].title) == "Talk"
    assert list(spec.moves) == ["hold", "shout", "talk", "sing"]
    letter, news = scenario.injects
    assert (letter.turn, letter.effects) == (5, base.scenario.injects[0].effects)
    assert news.turn == 2
    assert [event.id for event in scenario.chance] == ["rain"]
    assert [(tie.from_, tie.leverage) for tie in scenario.ties] == [("red", 900), ("blue", 100)]
    assert (scenario.dyads["red-blue"].stage, scenario.dyads["red-blue"].heat) == (6, 10)
    assert spec.overlay_names == ("calls",)
    assert spec.digest == base.digest


def test_a_forbidden_move_is_barred_but_stays_a_move(write: Write) -> None:
    """Its slips stay in the urn: forbidding one move makes no other likelier."""
    write("scenarios/policies/calls.yaml", policy("forbid: [shout, red.talk]"))
    spec = load("quarrel", "calls")
    assert spec.barred == {("red", "shout"), ("blue", "shout"), ("red", "talk")}
    assert spec.absent == load("quarrel").absent
    assert spec.moves["shout"].by == ("red", "blue")
    assert list(spec.actors[0].rules[0].favour) == ["shout", "talk", "hold"]


def test_several_overlays(write: Write) -> None:
    write("scenarios/policies/calls.yaml", policy("start: {trust: 700}"))
    write("scenarios/worldviews/doom.yaml", policy("unknowns: {red.resolve: 800}", "doom"))
    for overlays in (
        "calls+doom",
        ["calls", "doom"],
        [Path("scenarios/policies/calls.yaml"), "doom"],
    ):
        spec = load("quarrel", overlays)
        assert spec.overlay_names == ("calls", "doom")
        assert spec.scenario.unknowns["red.resolve"].is_ == 800
    assert load("quarrel", "doom+calls").overlay_names == ("doom", "calls")


CONFLICTS = [
    ("start: {trust: 1}", "start: {trust: 2}", "the start of trust"),
    ("unknowns: {red.resolve: 1}", "unknowns: {red.resolve: 2}", "the unknown red.resolve"),
    ("moves: {talk: {base: 1}}", "moves: {talk: {base: 2}}", "the base of the move talk"),
    (
        "chance: [{id: rumour, chance: 1}]",
        "chance: [{id: rumour, remove: true}]",
        "the chance event rumour",
    ),
    ("injects: [{id: letter, turn: 1}]", "injects: [{id: letter, turn: 2}]", "the inject letter"),
    ("dyads: {red-blue: 1}", "dyads: {blue-red: 2}", "the stage of blue-red"),
    (
        "ties: [{from: red, to: blue, leverage: 1}]",
        "ties: [{from: red, to: blue, leverage: 2}]",
        "the tie from red to blue",
    ),
    (
        "rules: {red: [{id: a, when: 1, favour: {talk: 1}}]}",
        "rules: {red: [{id: a, when: 1, favour: {talk: 2}}]}",
        "the rule a of red",
    ),
]


@pytest.mark.parametrize(("one", "other", "about"), CONFLICTS, ids=[row[2] for row in CONFLICTS])
def test_overlays_that_disagree(write: Write, one: str, other: str, about: str) -> None:
    write("scenarios/policies/calls.yaml", policy(one))
    write("scenarios/policies/walks.yaml", policy(other, "walks"))
    (line,) = faults("quarrel", "calls+walks")
    assert line.startswith("scenarios/policies/walks.yaml:5:")
    assert f"calls and walks disagree about {about}" in line


def test_overlays_that_agree_may_say_so_twice(write: Write) -> None:
    write("scenarios/policies/calls.yaml", policy(EVERYTHING))
    agreeing = changed(EVERYTHING, "- {turn: 2, effects: {trust: 1}}\n", "\n")
    write("scenarios/policies/walks.yaml", policy(agreeing, "walks"))
    spec = load("quarrel", "calls+walks")
    assert len(spec.scenario.ties) == 2
    assert [rule.id for rule in spec.actors[0].rules] == ["furious", "calm", "new"]


def test_an_overlay_twice(write: Write) -> None:
    write("scenarios/policies/calls.yaml", policy("start: {trust: 1}"))
    (line,) = faults("quarrel", "calls+calls")
    assert "the overlay 'calls' is named twice" in line


def test_an_overlay_for_another_scenario(write: Write) -> None:
    write("scenarios/policies/calls.yaml", policy("for: [kherson-2022]\nstart: {x: 1}"))
    assert faults("quarrel", "calls") == [
        "scenarios/policies/calls.yaml:5:7: calls is written for kherson-2022, not for quarrel "
        "(choose another scenario or another overlay)"
    ]


OVERLAY_FAULTS = [
    ("start: {trsut: 1}", "5:9", "there is no gauge 'trsut' (did you mean 'trust'?)"),
    ("start: {red.resolve: 1}", "5:9", "is an unknown (say what it is under unknowns)"),
    ("start: {tension: 1}", "5:9", "computed from other gauges"),
    ("unknowns: {trust: 1}", "5:12", "is a gauge, not an unknown (set it under start)"),
    ("unknowns: {red.resolv: 1}", "5:12", "did you mean 'red.resolve'?"),
    ("forbid: [shuot]", "5:10", "did you mean 'shout'?"),
    ("forbid: [red.lend]", "5:10", "red cannot make lend anyway (made by: green)"),
    ("moves: {shuot: {base: 1}}", "5:9", "did you mean 'shout'?"),
    ("rules: {rde: []}", "5:9", "did you mean 'red'?"),
    ("injects: [{id: leter, remove: true}]", "5:16", "did you mean 'letter'?"),
    ("injects: [{id: leter, effects: {}}]", "5:16", "did you mean 'letter'?"),
    ("chance: [{id: rumor, remove: true}]", "5:15", "did you mean 'rumour'?"),
    ("dyads: {red-blu: 1}", "5:9", "did you mean 'red-blue'?"),
    ("expect: {Pace: up}", "5:10", "did you mean 'Peace'?"),
    ("expect: {War|crisys: up}", "5:10", "did you mean 'crisis'?"),
    ("chance: [{id: a, chance: 1}, {id: a, chance: 2}]", "5:35", "'a' stands here twice"),
    ("rules: {red: [{id: a, when: 1, favour: {lnd: 1}}]}", "5:41", "did you mean 'lend'?"),
]


@pytest.mark.parametrize(
    ("body", "where", "words"), OVERLAY_FAULTS, ids=[row[0][:30] for row in OVERLAY_FAULTS]
)
def test_names_in_an_overlay(write: Write, body: str, where: str, words: str) -> None:
    write("scenarios/policies/calls.yaml", policy(body))
    (line,) = faults("quarrel", "calls")
    assert line.startswith(f"scenarios/policies/calls.yaml:{where}: ")
    assert words in line


def test_no_such_overlay(write: Write) -> None:
    write("scenarios/worldviews/doom.yaml", policy("", "doom"))
    assert faults("quarrel", "dom+gloom") == [
        "there is no policy or worldview 'dom' (did you mean 'doom'?)",
        "there is no policy or worldview 'gloom' (did you mean 'doom'?)",
    ]


# --- heirs ----------------------------------------------------------------------------------

HEIR = """
    schema: 1
    id: later
    extends: quarrel
    title: Later
    turn: {horizon: 30}
    start: {trust: 100}
    gauges: {rain: {start: 0}}
    unknowns: {luck: {between: [0, 9]}}
    derived: {tension: red.anger}
    dyads: {blue-red: 5}
    injects:
      - {id: letter, turn: 9}
      - {id: storm, turn: 4, effects: {rain: 5}}
    drift: {rain: rain + luck}
    endings:
      Flood: {when: rain > 900}
      War: {when: "stage(red, blue) >= 8"}
    """


def test_a_scenario_may_extend_another(write: Write) -> None:
    write("scenarios/later.yaml", HEIR)
    base, spec = load("quarrel"), load("later")
    scenario = spec.scenario
    assert (scenario.id, str(scenario.title), scenario.turn.horizon) == ("later", "Later", 30)
    assert (scenario.seed, scenario.actors) == (7, ("red", "blue"))
    assert list(scenario.gauges) == ["red.anger", "blue.anger", "trust", "rain"]
    assert scenario.gauges["trust"].start.text == "100"
    assert scenario.gauges["trust"].min == -1000
    assert list(scenario.unknowns) == ["red.resolve", "luck"]
    assert scenario.derived["tension"].value.text == "red.anger"
    assert (scenario.dyads["red-blue"].stage, scenario.dyads["red-blue"].heat) == (5, 10)
    assert [(inject.id, inject.turn) for inject in scenario.injects] == [
        ("letter", 9),
        ("storm", 4),
    ]
    assert list(scenario.drift) == ["trust", "rain"]
    assert list(scenario.endings) == ["War", "Peace", "Flood"]
    assert spec.digest != base.digest
    assert list(spec.inputs)[:2] == ["scenario.yaml", "scenarios/quarrel.yaml"]
    assert same(load_texts(spec.inputs), spec)


def test_faults_of_an_heir_stand_in_its_own_file_or_in_that_of_its_base(write: Write) -> None:
    write("scenarios/later.yaml", changed(HEIR, "{trust: 100}", "{trsut: 100}"))
    write("scenarios/quarrel.yaml", changed(SCENARIO, "trust: trust + 5", "trsut: trust + 5"))
    assert faults("later") == [
        "scenarios/later.yaml:6:9: there is no gauge 'trsut' (did you mean 'trust'?)",
        "scenarios/quarrel.yaml:25:3: there is no gauge 'trsut' (did you mean 'trust'?)",
    ]


def test_no_heirs_of_heirs(write: Write) -> None:
    write("scenarios/later.yaml", HEIR)
    last = changed(changed(HEIR, "id: later", "id: last"), "extends: quarrel", "extends: later")
    write("scenarios/last.yaml", last)
    (line,) = faults("last")
    assert line.startswith("scenarios/last.yaml:3:10: 'later' itself extends another scenario")


# --- names that name nothing ----------------------------------------------------------------

NAMES = [
    # file, what stands there, what is put there (^ marks the place of the fault), what is said
    ("scenarios/quarrel", "[red, blue]", "[red, blue, ^red]", "'red' stands here twice"),
    ("scenarios/quarrel", "blue: 50", "^bleu: 50", "did you mean 'blue'?"),
    ("scenarios/quarrel", "trust: {", "^turn: {start: 1}\n      trust: {", "a word of the rule"),
    ("scenarios/quarrel", "tension: (", "^red.is: (", "'is' is a word of the rule language"),
    ("scenarios/quarrel", "tension: (", "^trust: (", "the gauge 'trust' stands here twice"),
    ("scenarios/quarrel", "red-blue:", "^red-bleu: 3\n      red-blue:", "did you mean 'blue'?"),
    ("scenarios/quarrel", "red-blue:", "^red-red: 3\n      red-blue:", "two different ends"),
    ("scenarios/quarrel", "red-blue:", "red-blue: 3\n      ^blue-red:", "stands here twice"),
    ("scenarios/quarrel", "from: red", "from: ^rad", "did you mean 'red'?"),
    ("scenarios/quarrel", "{from: red, to: blue", "^{from: red, to: red", "different actors"),
    ("scenarios/quarrel", "{trust: +40}", "{^trsut: +40}", "did you mean 'trust'?"),
    ("scenarios/quarrel", "{trust: +40}", "{^tension: +40}", "computed from other gauges"),
    ("scenarios/quarrel", "{trust: +40}", "{^red.resolve: 1}", "only gauges change"),
    ("scenarios/quarrel", "{blue-red: -10}", "{^rad-blue: -10}", "did you mean 'red-blue'?"),
    ("scenarios/quarrel", "turn: 3,", "turn: 3, to: [^rad],", "did you mean 'red'?"),
    ("scenarios/quarrel", "trust: trust + 5", "^tust: 5", "did you mean 'trust'?"),
    ("scenarios/quarrel", "War: {", "^crisis: {", "the ending or milestone 'crisis' stands here"),
    ("actors/red", "shout: +60", "^shuot: +60", "did you mean 'shout'?"),
    ("actors/red", "shout: +60", "^lend: +60", "red cannot make the move lend"),
    ("actors/red", "id: calm", "id: ^furious", "the rule 'furious' stands here twice"),
    ("actors/moves", "trust: -30", "^trsut: -30", "did you mean 'trust'?"),
    ("actors/moves", "self.anger", "^self.angr", "did you mean 'red.anger'?"),
    ("actors/moves", "self.anger", "^target.anger", "this move has no target"),
    ("actors/moves", "red-blue: 40", "^red-bluu: 40", "did you mean 'blue'?"),
    ("actors/moves", "red-blue: 40", "^red-target: 40", "this move has no target"),
    ("actors/moves", "by: [blue, red, green]", "by: [^bluue, red, green]", "'blue'?"),
    ("actors/moves", "target: green", "target: ^bluee", "did you mean 'blue'?"),
]


@pytest.mark.parametrize(
    ("file", "old", "new", "words"), NAMES, ids=[f"{row[0]}: {row[2]}" for row in NAMES]
)
def test_names_that_name_nothing(write: Write, file: str, old: str, new: str, words: str) -> None:
    marked = changed(FILES[f"{file}.yaml"], old, new)
    write(f"{file}.yaml", marked.replace("^", ""))
    before = textwrap.dedent(marked).lstrip("\n").partition("^")[0].split("\n")
    (line,) = faults("quarrel")
    assert line.startswith(f"{file}.yaml:{len(before)}:{len(before[-1]) + 1}: ")
    assert words in line


def test_a_move_in_two_catalogues(write: Write) -> None:
    write("scenarios/quarrel.yaml", changed(SCENARIO, "[moves]", "[moves, more]"))
    write("actors/more.yaml", "schema: 1\nmoves:\n  hold: {title: Wait, by: [red]}\n")
    (line,) = faults("quarrel")
    assert line.startswith("actors/more.yaml:3:3: the move 'hold' stands in two catalogues")


# --- every fault of every file at once ------------------------------------------------------


def test_every_fault_of_every_file_at_once(write: Write) -> None:
    scenario = changed(SCENARIO, "blue.anger: {start: 200}", "blue.anger: {strat: 200}")
    scenario = changed(scenario, "seed: 7", "seed: seven")
    scenario = changed(scenario, "leverage: 300", "leverage: 3000")
    write("scenarios/quarrel.yaml", changed(scenario, "{trust: +40}", "{trsut: +40}"))
    write("actors/red.yaml", changed(changed(RED, "x3", "[3]"), "{talk: trust", "{tlak: trust"))
    write("actors/blue.yaml", "id: blue\ntitle: 'Blue\n")
    write("actors/moves.yaml", changed(MOVES, "base: 60", "bass: 60"))
    write("scenarios/policies/calls.yaml", policy("kid: 1\nstart: {blue.anger: 3, thrust: 4}"))
    assert faults("quarrel", "calls") == [
        "actors/blue.yaml:3:1: this is not YAML: found unexpected end of stream",
        "actors/moves.yaml:3:47: unknown key 'bass' (did you mean 'base'?)",
        "actors/red.yaml:7:42: hold: expected a whole number or an expression, found a list",
        "actors/red.yaml:10:14: there is no move 'tlak' (did you mean 'talk'?)",
        "scenarios/policies/calls.yaml:5:1: unknown key 'kid' (did you mean 'kind'?)",
        "scenarios/policies/calls.yaml:6:24: there is no gauge 'thrust' (did you mean 'trust'?)",
        "scenarios/quarrel.yaml:5:7: seed: expected a whole number, found the text 'seven' "
        "(write digits only, without quotation marks)",
        "scenarios/quarrel.yaml:10:3: the key 'start' of blue.anger is missing (add it)",
        "scenarios/quarrel.yaml:10:16: unknown key 'strat' (did you mean 'start'?)",
        "scenarios/quarrel.yaml:19:37: leverage: expected at most 1000, found 3000",
        "scenarios/quarrel.yaml:21:37: there is no gauge 'trsut' (did you mean 'trust'?)",
    ]


def test_a_name_whose_own_text_is_at_fault_counts_as_known(write: Write) -> None:
    """One slip is one fault: what refers to a faulty gauge or move is not blamed."""
    write("scenarios/quarrel.yaml", changed(SCENARIO, "trust: {start: 500", "trust: {start: [500]"))
    write("actors/moves.yaml", changed(MOVES, "title: Shout", "title: {ja: 叫ぶ}"))
    assert faults("quarrel") == [
        "actors/moves.yaml:5:5: the key 'en' of title is missing (add it)",
        "scenarios/quarrel.yaml:11:18: start: expected a whole number or an expression, "
        "found a list",
    ]


# --- histories and schemas ------------------------------------------------------------------


def test_a_history(write: Write) -> None:
    write(
        "scenarios/history/truth.yaml",
        """
        schema: 1
        id: truth
        title: What happened
        scenario: quarrel
        events:
          - {date: 2022-10-11, actor: red, move: shout, source: a diary}
        ending: Peace
        milestones: [crisis]
        """,
    )
    (event,) = load_history("truth").events
    assert (str(event.date), event.actor, event.move) == ("2022-10-11", "red", "shout")
    write("scenarios/history/truth.yaml", "schema: 1\nid: truth\ntitle: T\nscenario: X Y\n")
    with pytest.raises(SpecError, match=r"truth.yaml:4:11: scenario: 'X Y' is not an id"):
        load_history("truth")


@pytest.mark.parametrize("kind", [*FOLDERS, "overlay"])
def test_a_schema_for_editors(kind: Kind) -> None:
    text = json.dumps(json_schema(kind))
    assert "\\u0000" not in text
    assert '"default"' not in text
    assert '"null"' not in text


def test_the_schema_names_every_key() -> None:
    schema = json_schema("scenario")
    shapes: list[type[Item]] = [ScenarioSpec, HeirSpec]
    for shape in shapes:
        assert set(schema["$defs"][shape.__name__]["properties"]) == set(shape.keys())
    assert set(json_schema("policy")["properties"]) == set(OverlaySpec.keys())


# --- suggestions ----------------------------------------------------------------------------


@given(st.text(max_size=80), st.lists(st.text(max_size=20), max_size=10))
def test_a_suggestion_is_one_of_the_candidates(word: str, candidates: list[str]) -> None:
    hint = nearest(word, candidates)
    assert hint == "" or hint in {f"did you mean {name!r}?" for name in candidates}


def test_a_comma_inside_parentheses_belongs_to_the_expression() -> None:
    table = read_yaml(
        "a: {when: stage(usa, russia) >= 5 and min(x, max(y, 2)) > 1, for: 4}\n"
        "b: [clip(x, 0, 9), 2]\n"
        "c: {en: a smile :( here, ja: 次}\n",
        "x.yaml",
    )
    assert table == {
        "a": {"when": "stage(usa, russia) >= 5 and min(x, max(y, 2)) > 1", "for": 4},
        "b": ["clip(x, 0, 9)", 2],
        "c": {"en": "a smile :( here", "ja": "次"},
    }
