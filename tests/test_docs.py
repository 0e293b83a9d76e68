"""What the documentation shows is what happens.

In README.md, docs/**/*.md and runs/README.md a fenced block is

    pycon     a Python session: run, its output compared (doctest, with ELLIPSIS)
    python    a program: run; it must not raise
    console   a shell session: each line `$ wargame ...` is run and must succeed; the lines under
              it, if there are any, are its whole output, where a line `...` stands for any lines
    yaml      must load

in the order of the page, one namespace and one folder a page. A block marked with any other word
(`sh`, `text`, `json`) is for reading only. Docstrings of the package are run too.
"""

from __future__ import annotations

import doctest
import importlib
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from wargame.cli.main import main

TOP = Path(__file__).resolve().parent.parent
PAGES = sorted([*TOP.glob("*.md"), *(TOP / "docs").rglob("*.md"), *TOP.glob("runs/*.md")])
FOLDERS = sorted({path.parent for path in (TOP / "src").rglob("*.py")})
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """One fenced block of a page: its language, its text, the line its text starts on (1-based)."""

    language: str
    text: str
    line: int


def blocks(page: str) -> list[Block]:
    found = []
    for match in FENCE.finditer(page):
        indent, language, text = match.groups()
        unindented = "\n".join(line.removeprefix(indent) for line in text.splitlines())
        found.append(Block(language, unindented + "\n", page.count("\n", 0, match.start()) + 2))
    return found


def runs(page: Path) -> bool:
    languages = {block.language for block in blocks(page.read_text(encoding="utf-8"))}
    return not languages.isdisjoint({"pycon", "python", "console", "yaml"})


def name(path: Path) -> str:
    return str(path.relative_to(TOP))


def commands(session: str) -> list[tuple[list[str], str]]:
    """(arguments, expected output) of each `$ wargame ...` in a shell session."""
    found = []
    for part in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
        line, _, output = part.replace("\\\n", " ").partition("\n")
        words = shlex.split(line, comments=True)
        if words[0] == "wargame":
            found.append((words[1:], output))
    return found


def matches(expected: str, actual: str) -> bool:
    """Whether the output is the one shown; a line `...` in it stands for any lines, or none."""
    pattern = "".join(
        "(?:.*\n)*?" if line.strip() == "..." else re.escape(line.rstrip()) + " *\n"
        for line in expected.rstrip().splitlines()
    )
    return re.fullmatch(pattern, actual.rstrip() + "\n") is not None


def run_session(session: str, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, expected in commands(session):
        capsys.readouterr()
        code = main(arguments)
        said = capsys.readouterr()
        assert code == 0, f"wargame {shlex.join(arguments)}\n{said.out}{said.err}"
        if expected.strip():
            assert matches(expected, said.out), f"shown:\n{expected}\nprinted:\n{said.out}"


def run_examples(text: str, namespace: dict[str, Any], where: str, line: int) -> None:
    """Run a Python session; a doctest failure raises with the whole report."""
    test = doctest.DocTestParser().get_doctest(text, namespace, where, where, line - 1)
    report: list[str] = []
    doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=report.append, clear_globs=False)
    namespace.update(test.globs)  # get_doctest works on a copy
    assert not report, "".join(report)


@pytest.mark.parametrize("page", [page for page in PAGES if runs(page)], ids=name)
def test_examples_on_the_page_run(
    page: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # A reader stands in the checkout; what the examples write shall land elsewhere.
    for folder in ("actors", "scenarios"):
        (tmp_path / folder).symlink_to(TOP / folder)
    (tmp_path / "runs").mkdir()
    for sample in (TOP / "runs").glob("sample-*"):
        (tmp_path / "runs" / sample.name).symlink_to(sample)
    monkeypatch.chdir(tmp_path)

    namespace: dict[str, Any] = {"__name__": page.stem}
    for block in blocks(page.read_text(encoding="utf-8")):
        match block.language:
            case "pycon":
                run_examples(block.text, namespace, name(page), block.line)
            case "python":
                exec(compile("\n" * (block.line - 1) + block.text, name(page), "exec"), namespace)
            case "console":
                run_session(block.text, capsys)
            case "yaml":
                assert yaml.safe_load(block.text) is not None, block


def test_every_link_on_a_page_leads_somewhere() -> None:
    lost = []
    for page in PAGES:
        links = LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8")))
        local = {link.partition("#")[0] for link in links if "://" not in link} - {""}
        lost += [(name(page), link) for link in sorted(local) if not (page.parent / link).exists()]
    assert lost == []


@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_every_module_of_a_folder_imports_and_its_examples_run(folder: Path) -> None:
    report: list[str] = []
    for path in sorted(folder.glob("*.py")):
        parts = path.relative_to(TOP / "src").with_suffix("").parts
        module = importlib.import_module(".".join(parts).removesuffix(".__init__"))
        for test in doctest.DocTestFinder(exclude_empty=True).find(module):
            doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=report.append)
    assert not report, "".join(report)


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a\nb", "a\nb\n", True),
        ("a\nb", "a\nc\n", False),
        ("a\n...\nd", "a\nb\nc\nd\n", True),
        ("a\n...\nd", "a\nd\n", True),
        ("a\n...", "b\na\n", False),
        ("100 % (of 3)", "100 % (of 3)\n", True),
    ],
)
def test_three_dots_stand_for_any_lines(shown: str, printed: str, same: bool) -> None:
    assert matches(shown, printed) is same


def test_a_session_is_read_as_commands_and_what_they_print() -> None:
    session = "$ cd runs\n$ wargame batch 'a b' \\\n  --runs 3  # few\nplayed 3\n$ wargame list\n"
    assert commands(session) == [(["batch", "a b", "--runs", "3"], "played 3\n"), (["list"], "")]


def test_an_example_that_shows_another_output_fails() -> None:
    run_examples(">>> x = 1\n>>> x + 1\n2\n", {}, "page", 1)
    with pytest.raises(AssertionError, match=r"Expected:\s+3"):
        run_examples(">>> 1 + 1\n3\n", {}, "page", 1)
