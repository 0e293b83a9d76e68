"""Rules that must be refused: hostile ones, and the slips of honest authors.

Each refusal is one fault in plain words at the right column.
"""

from __future__ import annotations

import re

import pytest

from wargame.errors import Mark, SpecError
from wargame.expression import is_name, parse
from wargame.expression.reader import MAX_CHARACTERS, MAX_DEPTH, MAX_NODES, MAX_NUMBER

JARGON = re.compile(r"\b(?:ast|token|node|syntax|operand|Python|invalid|AST)\b")

# text, column of the fault (from 1), what the message says
REFUSED = [
    # work without end
    ("9**9**9", 2, "no powers"),
    ("9 * *9", 3, "no powers"),
    ("(-8)**0.5", 5, "no powers"),
    ('"a"*10**10', 1, "not allowed"),
    ('"%1000000000d" % 1', 1, "not allowed"),
    ('f"{1:>1000000000}"', 2, "not allowed"),
    ("1 << 10000000", 3, "no bit shifts"),
    ("1 >> 1", 3, "no bit shifts"),
    ("x" * 401, 1, "401 characters"),
    ("1" + "+1" * 100_000, 1, "200001 characters"),
    ("9" * 5_000, 1, "5000 characters"),
    ("9" * 300, 1, "numbers go up to"),
    ("(" * 300 + "1" + ")" * 300, 1, "601 characters"),
    ("(" * 25 + "1" + ")" * 25, 25, "parentheses inside each other"),
    ("-" * 300 + "x", 25, "levels deep"),
    ("not " * 90 + "x", 97, "levels deep"),
    ("1" + "+x" * 30, 1, "levels deep"),
    ("min(" + "x," * 150 + "x)", 243, "more than 120 parts"),
    ("abs(" * 24 + "x" + ")" * 24, 97, "levels deep"),
    # ways out of the language
    ("__import__", 1, "cannot begin with _"),
    ('__import__("os").system("id")', 12, "not allowed"),
    ("x.__class__", 1, "cannot begin with _"),
    ("_", 1, "cannot begin with _"),
    ("().real", 1, "inside a name"),
    ("(1).real", 2, "inside a name"),
    ("abs(1).real", 1, "inside a name"),
    ("min.real(1)", 1, "only a function"),
    ("abs(1)(2)", 1, "only a function"),
    ("eval(1)", 1, "no function eval"),
    ("exec(x)", 1, "no function exec"),
    ("getattr(x, y)", 1, "no function getattr"),
    ("lambda: 1", 7, "not allowed"),
    ("[x for x in y]", 1, "not allowed"),
    ("min(x for x in y)", 7, "for is not a word"),
    ("{1: 2}", 1, "not allowed"),
    ("{1, 2}", 1, "not allowed"),
    ("x[0]", 2, "not allowed"),
    ("(x := 1)", 4, "not allowed"),
    ("x = 1", 3, "single ="),
    ("min(*x, 1)", 5, "before a value"),
    ("min(1, **x)", 8, "no powers"),
    ("min(1, key=x)", 11, "single ="),
    ("await x", 1, "await is not a word"),
    ("yield x", 1, "yield is not a word"),
    ("import os", 1, "import is not a word"),
    ("1;2", 2, "not allowed"),
    ("1\\\n+2", 1, "not allowed"),
    ("x # and more", 3, "not allowed"),
    ("`x`", 1, "not allowed"),
    ("$x", 1, "not allowed"),
    ("x\0", 2, "not allowed"),
    ("...", 1, "not part of the rule language"),
    # letters that only look right
    ("ａｂｓ(1)", 1, "write a"),
    ("１ + 1", 1, "write 1"),
    ("x ≥ 3", 3, "write >="),
    ("x − 3", 3, "write -"),
    ("x　+ 3", 2, "ideographic space"),
    ("\u202ex", 1, "right-to-left override"),
    ("é", 1, "latin small letter e with acute"),
    # numbers that are not whole
    ("0.5", 1, "only whole numbers"),
    (".5", 1, "only whole numbers"),
    ("1.", 1, "only whole numbers"),
    ("1e3", 1, "digits only"),
    ("1e308*10", 1, "digits only"),
    ("0x10", 1, "digits only"),
    ("0b1", 1, "digits only"),
    ("1_000", 1, "digits only"),
    ("1j", 1, "digits only"),
    ("1if x else 2", 1, "digits only"),
    ("012", 1, "out of place"),
    (str(MAX_NUMBER + 1), 1, "numbers go up to"),
    # other languages' habits
    ("True", 1, "write 1"),
    ("false", 1, "write 0"),
    ("None", 1, "write 0"),
    ("x / 2", 3, "write //"),
    ("x ^ 2", 3, "write x * x"),
    ("x & y", 3, "write and"),
    ("x | y", 3, "write or"),
    ("~x", 1, "not allowed"),
    ("!x", 1, "write not"),
    ("x <> y", 3, "write !="),
    ("x => y", 3, "write >="),
    ("x is y", 3, "write =="),
    ("x not in y", 7, "in is not a word"),
    ("x ? y : 0", 3, "a if condition else b"),
    ("x @ y", 3, "not allowed"),
    # unfinished
    ("", 1, "empty"),
    (" \n", 1, "empty"),
    ("x if y", 1, "needs its else"),
    ("x if y else", 12, "stops in the middle"),
    ("x and", 6, "stops in the middle"),
    ("x +", 4, "stops in the middle"),
    ("not", 4, "stops in the middle"),
    ("(x", 1, "never closed"),
    ("x)", 2, "closes nothing"),
    ("()", 1, "nothing between"),
    ("x, y", 1, "one expression only"),
    ("x,", 1, "one expression only"),
    ("x y", 3, "out of place"),
    # functions
    ("min()", 1, "does not take 0 values"),
    ("min(x)", 1, "does not take 1 value "),
    ("abs(x, y)", 1, "does not take 2 values"),
    ("clip(x, y)", 1, "write clip(x, low, high)"),
    ("mim(x, y)", 1, "did you mean 'min'?"),
    ("stage(usa)", 1, "write stage(actor, actor)"),
    ("stage(usa, 1)", 12, "the name of an actor"),
    ("stage(usa, russia.held)", 12, "the name of an actor"),
    ("played(russia, 1 + 1)", 16, "the name of a move"),
    ("min", 1, "write min(x, y)"),
    ("stage + 1", 1, "write stage(actor, actor)"),
]


@pytest.mark.parametrize(("text", "column", "says"), REFUSED, ids=lambda value: repr(value)[:40])
def test_refused_with_one_fault_at_its_column(text: str, column: int, says: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse(text, Mark("rules.yaml", 7, 11))
    (fault,) = caught.value.faults
    assert says in str(fault)
    assert fault.at is not None
    assert (fault.at.file, fault.at.line) == ("rules.yaml", 7)
    if "\n" not in text.strip():
        assert fault.at.column == 10 + column
    else:  # YAML has taken the indentation of the other lines away
        assert fault.at.column == 11
    assert str(fault).isprintable(), "control characters are not repeated"
    assert not JARGON.search(str(fault))


def test_the_limits_are_what_is_still_allowed() -> None:
    longest = "x" * MAX_CHARACTERS
    assert parse(longest).names() == {longest}
    assert parse(str(MAX_NUMBER)).node != parse(f"-{MAX_NUMBER}").node
    most = "min(" + ",".join("x" * (MAX_NODES - 1)) + ")"
    assert str(parse(most)).count("x") == MAX_NODES - 1
    deepest = "-" * (MAX_DEPTH - 1) + "x"
    assert str(parse(deepest)) == deepest
    brackets = "(" * MAX_DEPTH + "x" + ")" * MAX_DEPTH
    assert parse(brackets) == parse("x")


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("  x\n  + 1 ", "x + 1"),
        ("+60", "60"),
        ("a . b", "a.b"),
        ("--5", "5"),
        ("(x)", "x"),
        ("0 < x<9", "0 < x < 9"),
        ("min( x,y, )", "min(x, y)"),
    ],
)
def test_harmless_oddities_are_read(text: str, same: str) -> None:
    assert parse(text) == parse(same)
    assert str(parse(text)) == same


def test_names_that_rules_can_read() -> None:
    for name in ("violence", "russia.loss_gap", "plan.b2", "min.x", "D1"):
        assert is_name(name)
        assert parse(name).names() == {name}
    for name in ("", "x-y", "x.", "x.in", "class", "true", "turn", "min", "stage", "_x", "2x", "é"):
        assert not is_name(name)
    for name in ("seen.x", "self.readiness", "target"):
        assert not is_name(name), "it stands for something else in rules"
