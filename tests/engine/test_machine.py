"""The native machine plays what NumPy plays, bit for bit, and no program can make it do harm."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from engine.random_worlds import texts
from hypothesis import given
from hypothesis import strategies as st
from shipped import SHIPPED, shipped
from small_crisis import small_crisis

from wargame.backends import native
from wargame.backends.levels import LEVELS, PLAYER, SOURCE, file_of, machine
from wargame.backends.lowering import lower, scale
from wargame.backends.simulate import finish, play_runs
from wargame.backends.turn import begin, by_rules, play
from wargame.compiler import compile_scenario
from wargame.content.load import load, load_texts
from wargame.engine.program import FORMAT, OPERANDS, STEP, Code, Head, Program, listing, steps
from wargame.engine.program_check import ProgramError, check_program
from wargame.engine.randomness import Luck
from wargame.engine.record import Outcomes
from wargame.engine.scenario import Scenario
from wargame.expression import Interval
from wargame.expression.block import Op

pytestmark = pytest.mark.skipif(
    not machine().loaded, reason=f"no native machine here: {machine().why}"
)


def by_numpy(scenario: Scenario, runs: object, monkeypatch: pytest.MonkeyPatch) -> Outcomes:
    with monkeypatch.context() as patch:
        for module in ("wargame.backends.simulate", "wargame.backends.turn"):
            patch.setattr(f"{module}.machine", lambda: type(machine())(why="this test"))
        return play_runs(scenario, runs)


def assert_same(one: Outcomes, other: Outcomes) -> None:
    for name in ("run", "ending", "turn", "decided", "reached", "peak", "unknown", "trail"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    for actor, table in one.played.items():
        assert np.array_equal(table, other.played[actor]), actor


# --------------------------------------------------------------------------- the same runs


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_scenario_is_played_as_numpy_plays_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = shipped(name)
    runs = range(3, 3 + 61)  # the first run is not the first of its group of four
    assert_same(play_runs(scenario, runs), by_numpy(scenario, runs, monkeypatch))


@pytest.mark.parametrize(("seed", "dtype"), [(0, np.int32), (1, np.int64), (2, np.int32)])
def test_scenarios_put_together_at_random(
    seed: int, dtype: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = compile_scenario(load_texts(texts(100 + seed)), dtype)
    runs = [*range(70), 1000, 1001, 4007, 5, 10**12]
    assert_same(play_runs(scenario, runs), by_numpy(scenario, runs, monkeypatch))


def test_the_weight_of_an_outcome_may_be_the_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same in every run, and no constant."""
    files = dict(small_crisis().spec.inputs)
    files["scenario.yaml"] = files["scenario.yaml"].replace("weight: 800", "weight: turn")
    scenario = compile_scenario(load_texts(files))
    assert_same(play_runs(scenario, range(50)), by_numpy(scenario, range(50), monkeypatch))


@pytest.mark.long
def test_many_more_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(2000, 2200):
        scenario = compile_scenario(load_texts(texts(seed)), (np.int32, np.int64)[seed % 2])
        assert_same(play_runs(scenario, range(300)), by_numpy(scenario, range(300), monkeypatch))


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_of_the_processor_gives_the_same(level: str) -> None:
    if not file_of(level).is_file() or (machine().level != level and not _can(level)):
        pytest.skip(f"{level} is not to be had here")
    program = (
        "from wargame.compiler import compile_scenario; from wargame.content.load import load;"
        "from wargame.backends.simulate import play_runs;"
        "print(play_runs(compile_scenario(load('kherson-2022')), range(60)).trail.sum())"
    )
    here = play_runs(shipped("kherson-2022"), range(60)).trail.sum()
    there = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, PLAYER: level},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(there.stdout) == int(here)


def _can(level: str) -> bool:
    return list(LEVELS).index(level) >= list(LEVELS).index(machine().level)


def test_a_turn_with_given_orders_and_verdicts_is_that_of_numpy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scenario = shipped("kherson-2022")
    luck = Luck(7, np.arange(40))
    deciders = {"china": by_rules, "usa": lambda situation: by_rules(situation)[::-1]}
    verdicts = {"russia": np.resize([-2, -1, 0, 1], (scenario.orders, 40))}
    worlds = []
    for _ in range(2):
        world = begin(scenario, luck)
        for _ in range(6):
            world, record = play(scenario, world, luck, deciders, verdicts)
        worlds.append((world, record))
        for module in ("wargame.backends.simulate", "wargame.backends.turn"):
            monkeypatch.setattr(f"{module}.machine", lambda: type(machine())(why="this test"))
    (one, first), (other, second) = worlds
    assert np.array_equal(one.cells, other.cells) and np.array_equal(one.trail, other.trail)
    assert np.array_equal(first.happened, second.happened)
    for actor in scenario.header.actors:
        assert np.array_equal(first.orders[actor], second.orders[actor])
        assert np.array_equal(first.success[actor], second.success[actor])


def test_a_world_under_way_is_played_to_its_ends_as_numpy_does() -> None:
    scenario = shipped("kaboom-2022")
    luck = Luck(2022, np.arange(90))
    world = begin(scenario, luck)
    for _ in range(12):
        world, _ = play(scenario, world, luck)
    assert not world.running.all()  # some have ended before
    natively = finish(scenario, world, luck)
    watched = finish(scenario, world, luck, watch=lambda *_: None)
    assert_same(natively, watched)


# --------------------------------------------------------------------------- operations


def program_of(codes: list[int], registers: int, width: int) -> Program:
    """A program that only begins: all its registers are cells."""
    words = [0] * len(Head)
    entries = {
        Head.FORMAT: FORMAT,
        Head.WIDTH: width,
        Head.REGISTERS: registers,
        Head.CELLS: registers,
        Head.SCRATCH: registers,
        Head.HORIZON: 1,
        Head.ORDERS: 1,
        Head.START: len(Head),
        Head.BEGIN: len(Head) + registers,
        Head.BEGIN_END: len(Head) + registers + len(codes),
        Head.OPEN: len(Head) + registers,
        Head.OPEN_END: len(Head) + registers + len(codes),
        Head.UP: len(Head) + registers + len(codes),
    }
    entries[Head.DOWN] = entries[Head.UP]
    for entry, number in entries.items():
        words[entry] = number
    table = [*words, *[0] * registers, *codes, *[0] * 10]
    dtype = np.int32 if width == 32 else np.int64
    return check_program(Program(np.array(table, dtype), np.empty(0, np.uint64)))


def result(code: Code, numbers: list[int], width: int, *operands: int) -> int:
    """What an operation makes of numbers that stand in registers 0, 1, 2; in register 3."""
    codes: list[int] = []
    for register, number in enumerate(numbers):
        codes += [Code.CONSTANT, register, 0, number, 0, 0]
    codes += [code, *operands, *[0] * (5 - len(operands))]
    cells = native.begin(program_of(codes, 4, width), (1, 2), np.arange(5))
    assert (cells == cells[:, :1]).all()
    return int(cells[3, 0])


LIMITS = {width: (-(2 ** (width - 1)), 2 ** (width - 1) - 1) for width in (32, 64)}
MEANINGS = {
    Code.ADD: lambda x, y: x + y,
    Code.SUB: lambda x, y: x - y,
    Code.MUL: lambda x, y: x * y,
    Code.DIV: lambda x, y: x // y if y else 0,
    Code.MOD: lambda x, y: x % y if y else 0,
    Code.MIN: min,
    Code.MAX: max,
    Code.LT: lambda x, y: -(x < y),
    Code.LE: lambda x, y: -(x <= y),
    Code.GT: lambda x, y: -(x > y),
    Code.GE: lambda x, y: -(x >= y),
    Code.EQ: lambda x, y: -(x == y),
    Code.NE: lambda x, y: -(x != y),
}
IMMEDIATE = {
    Code.ADDI: Code.ADD,
    Code.MULI: Code.MUL,
    Code.MINI: Code.MIN,
    Code.MAXI: Code.MAX,
    Code.LTI: Code.LT,
    Code.LEI: Code.LE,
    Code.GTI: Code.GT,
    Code.GEI: Code.GE,
    Code.EQI: Code.EQ,
    Code.NEI: Code.NE,
}


def near(width: int) -> st.SearchStrategy[int]:
    low, high = LIMITS[width]
    edges = st.sampled_from([low, low + 1, -2, -1, 0, 1, 2, high - 1, high])
    return edges | st.integers(low, high) | st.integers(-1000, 1000)


@pytest.mark.parametrize("width", [32, 64])
@given(data=st.data())
def test_operations_mean_what_whole_numbers_mean(width: int, data: st.DataObject) -> None:
    code = data.draw(st.sampled_from(sorted(MEANINGS)))
    x, y = data.draw(near(width)), data.draw(near(width))
    exact = MEANINGS[Code(code)](x, y)
    low, high = LIMITS[width]
    if low <= exact <= high:  # what the compiler proves of every value
        assert result(Code(code), [x, y], width, 3, 0, 1) == exact
        for immediate, of in IMMEDIATE.items():
            if of == code:
                assert result(immediate, [x], width, 3, 0, y) == exact


@pytest.mark.parametrize("width", [32, 64])
@given(data=st.data())
def test_division_by_a_constant_is_exact_at_its_bounds(width: int, data: st.DataObject) -> None:
    low, high = LIMITS[width]
    y = data.draw(st.integers(1, high) | st.integers(1, 2000))
    x = data.draw(near(width) | st.integers(low // y, high // y).map(lambda q: q * y))
    factor, shift = 0, 0
    if width == 32:
        shift = 31 + (y - 1).bit_length()
        factor = -(-(1 << shift) // y)
        factor -= 2**32 * (factor >= 2**31)
    assert result(Code.DIVI, [x], width, 3, 0, y, factor, shift) == x // y
    assert result(Code.MODI, [x], width, 3, 0, y, factor, shift) == x % y


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@given(data=st.data())
def test_division_within_bounds_is_exact_and_stays_within_the_type(
    dtype: type, data: st.DataObject
) -> None:
    width = np.iinfo(dtype).bits
    y = data.draw(st.integers(1, 2000))
    low, high = sorted(data.draw(st.tuples(*[st.integers(-(10**6), 10**6)] * 2)))
    found = scale(y, Interval(low, high), dtype)
    if found is not None:
        factor, shift = found
        for x in (low, high, data.draw(st.integers(low, high)), low // y * y + y, high // y * y):
            if low <= x <= high:
                assert abs(x) * factor + factor // 2 < 2 ** (width - 1)
                assert result(Code.SCALE, [x], width, 3, 0, factor, shift) == x // y
    k = data.draw(st.integers(0, width - 2))
    assert result(Code.SHIFT, [low], width, 3, 0, k) == low // 2**k


@given(most=st.integers(0, 40), y=st.integers(1, 60))
def test_division_within_bounds_is_exact_for_every_number(most: int, y: int) -> None:
    found = scale(y, Interval(-most, most), np.int32)
    assert found is not None
    factor, shift = found
    assert all((x * factor + factor // 2) >> shift == x // y for x in range(-most, most + 1))


@pytest.mark.parametrize("turn", [1, 2, 7])
def test_how_long_ago_something_was(turn: int) -> None:
    """Never, or in any turn until now: against the words that the language has for it."""
    last = np.arange(turn + 1)
    for k in (0, 1, 3, 9):
        ago = turn - last
        for code, holds in (
            (Code.RECENT, (last != 0) & (ago <= k)),
            (Code.AGO, (last != 0) & (ago == k)),
            (Code.LONG, (last == 0) | (ago > k)),
        ):
            program = program_of([code, 1, 0, k, 0, 0], 2, 32)
            cells = np.array([last, last], np.int32)
            native.news(program, (1, 2), np.arange(last.size), turn, cells)
            assert np.array_equal(cells[1], -holds.astype(np.int32)), (code, k)


def test_the_compiler_finds_what_has_an_operation_of_its_own() -> None:
    program = lower(shipped("kherson-2022"))
    decide = steps(program, program[Head.DECIDE], program[Head.DECIDE_END])
    codes = [code for _, code, _ in decide]
    assert {Code.RECENT, Code.AGO, Code.LONG, Code.SCALE, Code.CUT} <= set(codes)
    assert Code.OVER not in codes


@pytest.mark.parametrize("width", [32, 64])
@given(data=st.data())
def test_conditions_are_masks(width: int, data: st.DataObject) -> None:
    p, q = data.draw(st.booleans()), data.draw(st.booleans())
    x, y = data.draw(near(width)), data.draw(near(width))
    masks = [-p, -q]
    assert result(Code.AND, masks, width, 3, 0, 1) == -(p and q)
    assert result(Code.OR, masks, width, 3, 0, 1) == -(p or q)
    assert result(Code.NOT, masks, width, 3, 0) == -(not p)
    assert result(Code.NUM, masks, width, 3, 0) == p
    assert result(Code.KEEP, [-p, y], width, 3, 0, 1) == (y if p else 0)
    assert result(Code.KEEPI, [-p], width, 3, 0, y) == (y if p else 0)
    assert result(Code.UNLESS, [x, -p], width, 3, 0, 1) == (0 if p else x)
    assert result(Code.CHOOSE, [-p, x, y], width, 3, 0, 1, 2) == (x if p else y)
    low, high = sorted((x, y))
    assert result(Code.CLAMP, [x], width, 3, 0, low, high) == x
    assert result(Code.CLAMP, [high], width, 3, 0, low, low) == low


# ----------------------------------------------------------------------- one definition


def enumerations() -> dict[str, list[str]]:
    """The names in the enumerations of machine.c, by the first of each."""
    text = re.sub(r"/\*.*?\*/", "", SOURCE.read_text(encoding="utf-8"), flags=re.S)
    found = [re.findall(r"\w+", body) for body in re.findall(r"enum \{(.*?)\};", text, re.S)]
    return {names[0]: names for names in found}


def test_python_and_c_number_operations_and_head_alike() -> None:
    found = enumerations()
    assert found["CELL"] == [code.name for code in Code]
    assert found["FORMAT"] == [*(entry.name for entry in Head), "HEAD"]
    assert list(range(len(Code))) == [int(code) for code in Code]
    assert all(Code[op.name] == op for op in Op)


def test_every_operation_says_what_its_operands_are_but_those_that_never_reach_a_machine() -> None:
    assert set(Code) - set(OPERANDS) == {Code.CELL, Code.SIGHT}


def test_a_program_is_the_same_however_often_it_is_made() -> None:
    one, other = (lower(compile_scenario(load("kherson-2022"))) for _ in range(2))
    assert one.digest == other.digest
    assert lower(shipped("bridge-2022")).digest != one.digest


def test_a_library_of_another_source_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = tmp_path / "machine.c"
    changed.write_bytes(SOURCE.read_bytes() + b"\n")
    monkeypatch.setattr("wargame.backends.levels.SOURCE", changed)
    for level in LEVELS:
        if (made := SOURCE.with_name(f"machine-{level}.so")).is_file():
            (tmp_path / made.name).symlink_to(made)
    found = machine.__wrapped__()
    assert not found.loaded and "another machine.c" in found.why


def test_numpy_plays_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PLAYER, "numpy")
    assert str(machine.__wrapped__()) == f"NumPy ({PLAYER} asks for it)"


# ---------------------------------------------------------------------- hostile programs


def damaged(program: Program, number: int) -> Program:
    """The same with a few words changed, by luck that the number names."""
    luck = np.random.default_rng(number)
    words = program.words.copy()
    for _ in range(luck.integers(1, 4)):
        place = luck.integers(0, words.size if number % 3 else len(Head))
        words[place] = luck.choice(
            [
                -1,
                0,
                1,
                2**31 - 1,
                -(2**31),
                words.size,
                min(int(words[place]) + 1, 2**31 - 1),
                luck.integers(0, 400),
            ]
        )
    return Program(words, program.labels)


def hostile(count: int, first: int = 0) -> Iterator[Program]:
    program = lower(compile_scenario(load_texts(texts(4))))
    return (damaged(program, number) for number in range(first, first + count))


def survivors(count: int, first: int = 0) -> int:
    """How many of so many damaged programs pass the check; each of them is played."""
    passed = 0
    for program in hostile(count, first):
        try:
            check_program(program)
        except ProgramError:
            continue
        if program[Head.HORIZON] <= 100 and program[Head.CELLS] < 1000:
            native.play(program, (1, 2), np.arange(9))
            passed += 1
    return passed


PLAY_THEM = "from engine.test_machine import survivors; print(survivors({}, {}))"


def test_damaged_programs_are_refused_or_do_no_harm() -> None:
    """In a process of its own: what went wrong would take it down."""
    assert _played(400) > 40


@pytest.mark.long
def test_many_more_damaged_programs() -> None:
    assert all(_played(2000, first) for first in range(10_000, 40_000, 2000))


def _played(count: int, first: int = 0) -> int:
    done = subprocess.run(
        [sys.executable, "-c", PLAY_THEM.format(count, first)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_what_the_compiler_makes_is_accepted() -> None:
    for name in SHIPPED:
        check_program(lower(shipped(name)))


def test_a_listing_names_every_step() -> None:
    program = lower(shipped("tegmark-tree"))
    lines = list(listing(program))
    shown = [line for line in lines if re.match(r" +\d+  [a-z]", line)]
    sections = ((Head.BEGIN, Head.BEGIN_END), (Head.OPEN, Head.OPEN_END))
    sections += ((Head.DECIDE, Head.DECIDE_END), (Head.CLOSE, Head.CLOSE_END))
    assert len(shown) == sum((program[end] - program[at]) // STEP for at, end in sections)


def test_the_machine_asks_for_arrays_in_one_piece() -> None:
    scenario = shipped("tegmark-tree")
    with pytest.raises(ValueError, match="one piece"):
        native.begin(lower(scenario), (1, 2), np.arange(10)[::2])
