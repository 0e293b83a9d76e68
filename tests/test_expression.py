"""The rule language means the same in all its forms: text, tree, bounds, array code.

`evaluate` (Python's own integers, one run) is what the others are held against.
"""

from __future__ import annotations

import itertools
import pickle
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from wargame.errors import Mark, SpecError
from wargame.expression import (
    Binary,
    Call,
    Choice,
    Compare,
    Expression,
    Interval,
    Logic,
    Minus,
    Name,
    Node,
    Not,
    Number,
    Query,
    Symbol,
    Truth,
    check,
    compile_block,
    evaluate,
    interval,
    parse,
    show,
    truth,
    walk,
    widest,
)
from wargame.expression.block import Op

HORIZON = 52


@dataclass(frozen=True)
class Toy:
    """A small world: where each word is found, and the bounds of its values."""

    words: Mapping[str, Symbol | int | Node]

    def symbol(self, name: str) -> Symbol | int | Node | None:
        return self.words.get(name)

    def call(self, function: str, args: tuple[str, ...]) -> Symbol | int | Node | None:
        return self.words.get(f"{function}({', '.join(args)})")

    def names(self) -> Iterable[str]:
        return self.words


LAST = Symbol("c", 5, 0, HORIZON)
TOY = Toy(
    {
        "x": Symbol("c", 0, 0, 1000),
        "y": Symbol("c", 1, -50, 50),
        "flag": Symbol("c", 2, 0, 1),
        "few": Symbol("c", 3, 3, 9),
        "fixed": Symbol("c", 4, 7, 7),
        "seen.x": Symbol("s", 0, 0, 1000),
        "turn": Symbol("turn", None, 1, HORIZON),
        "half": parse("x // 2").node,
        "stage(usa, russia)": Symbol("c", 6, 1, 9),
        "leverage(usa, russia)": 600,
        "turns_since(usa, hold)": parse("9999 if last == 0 else turn - last")
        .bind({"last": LAST})
        .node,
    }
)
ROWS = {word: found for word, found in TOY.words.items() if isinstance(found, Symbol)}
LAST_WORD = "last"  # not a word of the language: what turns_since is made of

# ----------------------------------------------------------------------------- random trees


def _leaf(word: str) -> Node:
    return parse(word).node


leaves = st.sampled_from([_leaf(word) for word in TOY.words]) | st.builds(
    Number, st.integers(-5, 5) | st.sampled_from([-1000, 10, 100, 500, 1000])
)
signs = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])


def _grow(nodes: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    many = st.lists(nodes, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Binary, st.sampled_from(["+", "-", "*", "//", "%"]), nodes, nodes),
        st.builds(Compare, nodes, signs.map(lambda sign: (sign,)), nodes.map(lambda n: (n,))),
        st.builds(Compare, nodes, st.tuples(signs, signs), st.tuples(nodes, nodes)),
        st.builds(Logic, st.sampled_from(["and", "or"]), many),
        st.builds(Choice, nodes, nodes, nodes),
        st.builds(Call, st.sampled_from(["min", "max"]), many),
        st.builds(Call, st.just("clip"), st.tuples(nodes, nodes, nodes)),
        st.builds(Call, st.just("abs"), st.tuples(nodes)),
        st.builds(Not, nodes),
        # The reader takes the sign of a literal into the number.
        st.builds(Minus, nodes.filter(lambda node: not isinstance(node, Number))),
    )


trees = st.recursive(leaves, _grow, max_leaves=10)
expressions = trees.map(lambda node: Expression(node, show(node)))

# Values of the words in one run; those written out elsewhere follow from the others.
runs = st.fixed_dictionaries(
    {
        word: st.integers(symbol.low, symbol.high)
        | st.sampled_from([symbol.low, symbol.high, max(symbol.low, 0)])
        for word, symbol in {**ROWS, LAST_WORD: LAST}.items()
    }
)
SEVEN = 7


def lookup(run: Mapping[str, int], turn: int, word: str) -> int:
    """The value of a word in one run, by the definitions of the language."""
    match word:
        case "turn":
            return turn
        case "half":
            return run["x"] // 2
        case "leverage(usa, russia)":
            return 600
        case "turns_since(usa, hold)":
            return turn - run[LAST_WORD] if run[LAST_WORD] else 9999
        case _:
            return run[word]


def cells(runs: list[dict[str, int]], dtype: type) -> tuple[np.ndarray, np.ndarray]:
    """The arrays c and s of several runs."""
    tables = {"c": np.zeros((7, len(runs)), dtype), "s": np.zeros((1, len(runs)), dtype)}
    for word, symbol in {**ROWS, LAST_WORD: LAST}.items():
        if symbol.row is not None:
            tables[symbol.array][symbol.row] = [run[word] for run in runs]
    return tables["c"], tables["s"]


# ------------------------------------------------------------------------------------- text


@given(expressions)
def test_text_parses_back_to_the_same_tree(expression: Expression) -> None:
    assume(len(str(expression)) <= 400)
    assert parse(str(expression)) == expression


@pytest.mark.parametrize(
    "text",
    [
        "a + b * c",
        "(a + b) * c",
        "a - (b - c)",
        "a - b - c",
        "a // (b // c) % d",
        "-a * b",
        "-(a * b)",
        "a * -5",
        "--a",
        "not a == b",
        "not (a and b)",
        "(not a) == b",
        "not not a",
        "a and b or c and d",
        "a and (b or c)",
        "a or (b or c)",
        "a < b < c",
        "(a < b) < c",
        "a if b else c if d else e",
        "(a if b else c) if d else e",
        "a if (b if c else d) else e",
        "(a if b else c) + d",
        "clip(a if b else c, 0, 1000)",
        "stage(usa, russia) <= 6 and seen.front.momentum > 700",
    ],
)
def test_normalised_text_has_only_the_parentheses_it_needs(text: str) -> None:
    assert str(parse(text)) == text


def test_an_expression_says_what_it_reads() -> None:
    text = (
        "seen.front.momentum > 700 and x < turn and stage(usa, russia) > min(x, played(usa, hold))"
    )
    expression = parse(text, Mark("a.yaml", 3, 9))
    assert expression.names() == {"seen.front.momentum", "x"}
    assert expression.calls() == {("stage", ("usa", "russia")), ("played", ("usa", "hold"))}
    assert (expression.text, expression.at) == (text, Mark("a.yaml", 3, 9))


def test_equal_means_the_same_tree_wherever_it_was_written() -> None:
    assert parse("x+1", Mark("a", 1, 1)) == parse("( x + 1 )")
    assert len({parse("x+1"), parse("x + 1"), parse("1 + x")}) == 2


def test_actors_are_renamed_wherever_they_stand() -> None:
    expression = parse(
        "self.readiness + seen.target.strength + seen.self + stage(self, target)"
        " + played(target, target) + front.self + self"
    )
    assert str(expression.substitute({"self": "russia", "target": "usa"})) == (
        "russia.readiness + seen.usa.strength + seen.self + stage(russia, usa)"
        " + played(usa, target) + front.self + self"
    )
    plain = parse("x + 1")
    assert plain.substitute({"self": "russia"}) is plain


# ---------------------------------------------------------------------------- values, by hand


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7 // 2", 3),
        ("-7 // 2", -4),
        ("7 // -2", -4),
        ("-7 % 3", 2),
        ("7 % -3", -2),
        ("x // 0", 0),
        ("x % 0", 0),
        ("-x // (x - 10)", 0),
        ("5 and 7", 1),
        ("0 or 7", 1),
        ("5 and 0", 0),
        ("not 7", 0),
        ("not 0", 1),
        ("(x > 3) + (x > 4)", 2),
        ("1 < x < 20", 1),
        ("1 < x > 20", 0),
        ("x if 0 else 3", 3),
        ("clip(x, 0, 5)", 5),
        ("clip(x, 20, 5)", 20),
        ("min(x, 3, -1)", -1),
        ("max(x, 3, 11)", 11),
        ("abs(-x)", 10),
        ("leverage(usa, russia) * 80 // 1000", 48),
        ("turns_since(usa, hold)", 9999),
        ("half", 5),
    ],
)
def test_values_by_hand(text: str, value: int) -> None:
    run = {**dict.fromkeys(ROWS, 0), LAST_WORD: 0, "x": 10}
    assert evaluate(parse(text), lambda word: lookup(run, 1, word)) == value
    (result,) = compile_block("hand", [(parse(text), "int")], TOY, np.int32)(
        *cells([run] * 3, np.int32), 1
    )
    assert np.array_equal(np.broadcast_to(result, 3), [value] * 3)


arithmetic = st.recursive(
    st.integers(-9, 9).map(Number) | st.sampled_from("xyz").map(Name),
    lambda nodes: (
        st.builds(Binary, st.sampled_from("+-*"), nodes, nodes)
        | st.builds(Choice, nodes, nodes, nodes)
        | st.builds(Compare, nodes, st.tuples(signs, signs), st.tuples(nodes, nodes))
        | st.builds(Call, st.sampled_from(["min", "max"]), st.tuples(nodes, nodes))
        | st.builds(Not, nodes)
    ),
    max_leaves=12,
)


@given(arithmetic, st.fixed_dictionaries({name: st.integers(-9, 9) for name in "xyz"}))
def test_where_python_means_the_same_it_gives_the_same_value(
    node: Node, run: dict[str, int]
) -> None:
    """Everything but division by zero and the values of `and` and `or` is Python's meaning."""
    expression = Expression(node, show(node))
    assert evaluate(expression, run.__getitem__) == eval(str(expression), {}, run)


# ------------------------------------------------------------------------------- array code


@given(expressions, st.lists(runs, min_size=SEVEN, max_size=SEVEN), st.integers(1, HORIZON))
@example(parse("(x > 3) + (y > 3)"), [dict.fromkeys([*ROWS, LAST_WORD], 4)] * SEVEN, 1)
@example(parse("x // y + x % y"), [dict.fromkeys([*ROWS, LAST_WORD], 0)] * SEVEN, 1)
@example(parse("5 if turn > 3 else flag"), [dict.fromkeys([*ROWS, LAST_WORD], 1)] * SEVEN, 2)
@example(parse("not (turn > 3 and flag)"), [dict.fromkeys([*ROWS, LAST_WORD], 1)] * SEVEN, 9)
def test_array_code_gives_the_values_of_every_run(
    expression: Expression, runs: list[dict[str, int]], turn: int
) -> None:
    """At one run, at seven and at many; in both types, without a warning."""
    wanted = [evaluate(expression, lambda word, run=run: lookup(run, turn, word)) for run in runs]
    reach = widest(expression, TOY)
    for dtype in (np.int32, np.int64):
        limits = np.iinfo(dtype)
        fits = limits.min <= reach.low and reach.high <= limits.max
        if not fits and dtype is np.int64:
            assert check(expression, TOY)
        if not fits:
            continue
        block = compile_block("b", [(expression, "int"), (expression, "bool")], TOY, dtype)
        c, s = cells(runs, dtype)
        for repeat, columns in ((1, slice(0, 1)), (1, slice(None)), (150, slice(None))):
            n = repeat * len(wanted[columns])
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                number, condition = block(
                    np.tile(c[:, columns], repeat), np.tile(s[:, columns], repeat), turn
                )
            values = np.tile(wanted[columns], repeat)
            assert np.array_equal(np.broadcast_to(number, n), values)
            assert np.array_equal(np.broadcast_to(condition, n), values != 0)
            for result, kind in ((number, dtype), (condition, np.bool_)):
                if type(result) is not int:  # the same in every run, known beforehand
                    assert result.dtype == kind
                    assert result.shape in ((n,), ())


def test_a_block_reads_like_what_it_computes() -> None:
    block = compile_block(
        "russia.choice",
        [
            (parse("x > 700 and y + half > 3"), "bool"),
            (parse("not x > 700"), "bool"),
            (parse("60 if 700 < x else 0"), "int"),
            (parse("turn * 2"), "int"),
            (parse("80 * leverage(usa, russia) // 1000"), "int"),
            (parse("x > 700 and x < 300"), "bool"),
        ],
        TOY,
        np.int32,
    )
    assert block.listing() == [
        "v0 = CELL 0",
        "v1 = CONSTANT 700",
        "v2 = GT v0 v1",
        "v3 = CELL 1",
        "v4 = CONSTANT 2",
        "v5 = DIV v0 v4",
        "v6 = ADD v3 v5",
        "v7 = CONSTANT 3",
        "v8 = GT v6 v7",
        "v9 = AND v2 v8",
        "v10 = LE v0 v1",
        "v11 = CONSTANT 60",
        "v12 = KEEP v2 v11",
        "v13 = TURN",
        "v14 = MUL v13 v4",
        "-> v9",
        "-> v10",
        "-> v12",
        "-> v14",
        "-> 48",
        "-> 0",
    ]


def test_every_subexpression_is_computed_once() -> None:
    texts = ["x // few + 1", "1 + x // few", "x // few > 3", "3 < x // few", "not 3 >= x // few"]
    block = compile_block("once", [(parse(text), "int") for text in texts], TOY, np.int32)
    ops = [step.op for step in block.steps]
    assert ops.count(Op.DIV) == ops.count(Op.ADD) == ops.count(Op.GT) == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("max(0, x)", ["v0 = CELL 0"]),
        ("clip(flag, 0, 1000)", ["v0 = CELL 2"]),
        ("abs(x)", ["v0 = CELL 0"]),
        ("x * 1 + 0", ["v0 = CELL 0"]),
        ("flag % 2", ["v0 = CELL 2"]),
        ("x if x >= 0 else few // y", ["v0 = CELL 0"]),
        ("fixed + 1", []),
    ],
)
def test_what_the_bounds_decide_is_not_computed(text: str, code: list[str]) -> None:
    block = compile_block("b", [(parse(text), "int")], TOY, np.int32)
    assert block.listing()[:-1] == code


def test_turns_since_is_compared_without_a_choice() -> None:
    texts = ["turns_since(usa, hold) <= 4", "not turns_since(usa, hold) <= 4"]
    block = compile_block("b", [(parse(text), "bool") for text in texts], TOY, np.int32)
    assert not any(step.op is Op.CHOOSE for step in block.steps)
    recent, long_ago = block(np.array([[0] * 4] * 5 + [[0, 3, 4, 8]], np.int32), None, 8)
    assert recent.tolist() == [False, False, True, True]
    assert long_ago.tolist() == [True, True, False, False]


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_division_by_zero_gives_zero_at_every_length(dtype: type) -> None:
    """NumPy promises the warning, not the value: so the value is pinned here."""
    block = compile_block("d", [(parse("x // y"), "int"), (parse("x % y"), "int")], TOY, dtype)
    for n in (1, 2, 3, 7, 8, 15, 16, 17, 64, 1000):
        c = np.zeros((7, n), dtype)
        c[0] = np.arange(n) + 1
        c[1, ::2] = 3
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            quotient, rest = block(c, None, 1)
        assert quotient.tolist() == [(i + 1) // 3 if i % 2 == 0 else 0 for i in range(n)]
        assert rest.tolist() == [(i + 1) % 3 if i % 2 == 0 else 0 for i in range(n)]


def test_a_block_travels_to_another_process() -> None:
    block = compile_block("b", [(parse("x + turn"), "int")], TOY, np.int32)
    again = pickle.loads(pickle.dumps(block))
    c = np.full((7, 3), 5, np.int32)
    assert again == block
    assert again(c, None, 4)[0].tolist() == block(c, None, 4)[0].tolist() == [9, 9, 9]


# ------------------------------------------------------------------------------ bounds, truth


@given(expressions, runs, st.integers(1, HORIZON))
def test_no_value_lies_outside_its_bounds(
    expression: Expression, run: dict[str, int], turn: int
) -> None:
    value = evaluate(expression, lambda word: lookup(run, turn, word))
    found = interval(expression, TOY)
    assert value in found
    match truth(expression, TOY):
        case Truth.ALWAYS:
            assert value != 0
        case Truth.NEVER:
            assert value == 0
        case Truth.SOMETIMES:
            assert 0 in found
    around = widest(expression, TOY)
    assert found.within(around)
    for node in walk(expression.node):
        part = Expression(node, "")
        # What is the same in every run is worked out before any run.
        if not interval(part, TOY).constant:
            assert evaluate(part, lambda word: lookup(run, turn, word)) in around


SMALL = {"a": (-2, 3), "b": (0, 2), "c": (-1, 1), "d": (2, 3)}
SMALL_TOY = Toy({name: Symbol("c", 0, *ends) for name, ends in SMALL.items()})
each_once = st.permutations(list(SMALL)).flatmap(
    lambda names: st.recursive(
        st.just(Name("?")) | st.integers(-4, 4).map(Number),
        lambda nodes: (
            st.builds(Binary, st.sampled_from("+-"), nodes, nodes)
            | st.builds(
                Compare,
                nodes,
                st.sampled_from(["<", "<=", ">", ">="]).map(lambda s: (s,)),
                nodes.map(lambda n: (n,)),
            )
            | st.builds(Logic, st.sampled_from(["and", "or"]), st.tuples(nodes, nodes))
            | st.builds(Call, st.sampled_from(["min", "max"]), st.tuples(nodes, nodes))
            | st.builds(Not, nodes)
        ),
        max_leaves=4,
    ).map(lambda node: _named(node, iter(names)))
)


def _named(node: Node, names: Iterable[str]) -> Expression:
    """The tree with its question marks replaced by names, each used once."""
    text = show(node)
    for name in names:
        text = text.replace("?", name, 1)
    return parse(text.replace("?", "1"))


@given(each_once)
def test_bounds_are_reached_where_no_name_occurs_twice(expression: Expression) -> None:
    domains = (range(low, high + 1) for low, high in SMALL.values())
    values = [
        evaluate(expression, dict(zip(SMALL, point, strict=True)).__getitem__)
        for point in itertools.product(*domains)
    ]
    assert interval(expression, SMALL_TOY) == Interval(min(values), max(values))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x > 700 and x < 300", "never"),
        ("300 > x > 700", "never"),
        ("x > 1000", "never"),
        ("x >= 0", "always"),
        ("x < 300 or x >= 300", "always"),
        ("x < 300 or x > 300", "sometimes"),
        ("not (x >= 500 or x < 500)", "never"),
        ("flag and not flag", "never"),
        ("flag or not flag", "always"),
        ("flag == 1 and flag == 0", "never"),
        ("x > y + 50 and x < 0", "never"),
        ("x > few and x < 4", "never"),
        ("few > 8 and x > few and x <= 9", "never"),
        ("(x > 700 or x > 800) and x < 600", "never"),
        ("(x > 700 or y > 40) and x < 600", "sometimes"),
        ("x if x > 100 else 100", "always"),
        ("x - 100 > 0 if x > 100 else 1", "always"),
        ("(0 if x > 700 else x) > 700", "never"),
        ("turn > 52", "never"),
        ("fixed", "always"),
        ("few", "always"),
        ("x < x", "never"),
        ("x + y == x + y", "always"),
        ("turns_since(usa, hold) < 52", "sometimes"),
        ("turns_since(usa, hold) > 9999", "never"),
        ("half > 500", "never"),
        ("y % 3 > 2", "never"),
        ("y % 3 < 0", "never"),
        ("x", "sometimes"),
    ],
)
def test_rules_that_always_or_never_fire_are_known(text: str, says: str) -> None:
    assert truth(parse(text), TOY) is Truth(says)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("x + y", -50, 1050),
        ("x - few", -9, 997),
        ("x * y", -50_000, 50_000),
        ("x // few", 0, 333),
        ("x // y", -1000, 1000),
        ("y // -7", -8, 7),
        ("x % few", 0, 8),
        ("x % -7", -6, 0),
        ("few % 10", 3, 9),
        ("y % y", -49, 49),
        ("abs(y)", 0, 50),
        ("abs(y - 60)", 10, 110),
        ("clip(x * y, 0, 1000)", 0, 1000),
        ("min(x, few)", 0, 9),
        ("max(x, few)", 3, 1000),
        ("max(0, x - 900) if x > 950 else 0", 0, 100),
        ("x if few < 0 else y", -50, 50),
        ("leverage(usa, russia) * x // 1000", 0, 600),
        ("turns_since(usa, hold)", -51, 9999),
    ],
)
def test_bounds_by_hand(text: str, low: int, high: int) -> None:
    assert interval(parse(text), TOY) == Interval(low, high)


def test_deep_conditions_are_proved_without_doubling_the_work() -> None:
    """If a level of nesting doubled the work below it, these would take longer than we live."""
    either: Node = Name("x")
    chain: Node = Name("x")
    for level in range(90):
        leaf = Compare(Name("y"), (">",), (Number(level % 40),))
        either = Logic("or" if level % 2 else "and", (either, leaf))
        chain = Compare(Number(0), ("<=", "<="), (chain, Number(1)))
    assert interval(Expression(either, ""), TOY) == Interval(0, 1)
    assert interval(Expression(chain, ""), TOY) == Interval(1, 1)


# ---------------------------------------------------------------------------------- faults


def test_unknown_names_are_told_at_their_place_with_the_nearest() -> None:
    text = "x + fwe > 3 and stage(usa, rusia) > 2 and nowhere"
    faults = check(parse(text, Mark("a.yaml", 5, 11)), TOY)
    assert [str(fault) for fault in faults] == [
        "a.yaml:5:15: unknown name fwe (did you mean 'few'?)",
        "a.yaml:5:27: unknown name stage(usa, rusia) (did you mean 'stage(usa, russia)'?)",
        "a.yaml:5:53: unknown name nowhere",
    ]
    with pytest.raises(SpecError) as caught:
        compile_block("b", [(parse("fwe"), "int"), (parse("nowhere"), "int")], TOY, np.int32)
    assert len(caught.value.faults) == 2


def test_a_sound_expression_has_no_fault() -> None:
    assert check(parse("x * 1000 + turns_since(usa, hold)"), TOY) == []


def test_values_that_may_leave_64_bits_are_a_fault_even_on_the_way() -> None:
    text = "min(1, x * 1000000000 * 1000000000) if x < 2 else 0"
    (fault,) = check(parse(text, Mark("a.yaml", 1, 1)), TOY)
    assert "64 bits" in fault.message
    assert fault.at == Mark("a.yaml", 1, 1)
    huge: Node = Name("x")
    for _ in range(9):
        huge = Binary("*", huge, huge)
    (fault,) = check(Expression(huge, "x ..."), TOY)
    assert "1537 digits" in fault.message


@pytest.mark.parametrize("text", ["x * 3000000", "-3000000 * x", "x * 3000000 // 3000000"])
def test_a_block_refuses_what_its_type_may_not_hold(text: str) -> None:
    with pytest.raises(SpecError, match="may not fit in int32"):
        compile_block("b", [(parse(text), "int")], TOY, np.int32)
    compile_block("b", [(parse(text), "int")], TOY, np.int64)


def test_derived_names_in_a_circle_are_refused() -> None:
    circle = Toy({"a": parse("b + b").node, "b": parse("a + a").node})
    (fault,) = check(parse("a"), circle)
    assert "no end" in fault.message


def test_queries_and_names_keep_their_place_out_of_equality() -> None:
    assert Query("stage", ("a", "b"), 3) == Query("stage", ("a", "b"), 9)
    assert Name("x", 1) == Name("x", 2)
