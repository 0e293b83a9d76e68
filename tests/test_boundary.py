"""Only `wargame.boundary` starts programs and opens files for writing.

Import contracts (pyproject.toml) keep subprocess, json and sqlite3 inside it. What can be done
without an import of its own is looked for here, in the syntax tree of every other module.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import wargame

HERE = Path(wargame.__file__).parent

ALLOWED = {
    ("backends/levels.py", "ctypes"): "loads the machine that was compiled at installation",
    ("backends/native.py", "ctypes"): "calls it",
    ("show/documents/figures.py", ".savefig"): "into a string",
}
"""Where one of these stands outside the boundary, and why it may."""

BUILT_IN = {"__import__", "compile", "eval", "exec"}

MODULES = {"code", "ctypes", "pdb", "pty", "runpy"}
"""They start programs or run texts; nobody here has a use for them."""

FUNCTIONS = {
    "os": """chmod chown copy_file_range fork forkpty link mkfifo mknod popen
        posix_spawn posix_spawnp pwrite rename renames replace sendfile startfile symlink system
        truncate O_APPEND O_CREAT O_RDWR O_TRUNC O_WRONLY""",
    "asyncio": "create_subprocess_exec create_subprocess_shell subprocess",
    "numpy": "load memmap save savetxt savez savez_compressed",
    "shutil": """chown copy copy2 copyfile copyfileobj copymode copystat copytree make_archive move
        unpack_archive""",
    "tempfile": "NamedTemporaryFile SpooledTemporaryFile TemporaryFile mkstemp mktemp",
    "yaml": "full_load load unsafe_load",
    "webbrowser": "get open",
}
"""Functions and flags of modules that have other uses. All of os.exec* and os.spawn* as well."""

METHODS = {
    ".hardlink_to",
    ".rename",
    ".savefig",
    ".symlink_to",
    ".to_csv",
    ".to_parquet",
    ".to_pickle",
    ".tofile",
    ".touch",
    ".write_bytes",
    ".write_text",
}


def found(text: str) -> Iterator[str]:
    """What in a module's text starts programs, runs texts or opens files for writing."""
    tree = ast.parse(text)
    called: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                called[name.asname or name.name.partition(".")[0]] = (
                    name.name if name.asname else name.name.partition(".")[0]
                )
                if name.name.partition(".")[0] in MODULES:
                    yield name.name
        elif isinstance(node, ast.ImportFrom) and not node.level:
            if str(node.module).partition(".")[0] in MODULES:
                yield str(node.module)
            for name in node.names:
                called[name.asname or name.name] = f"{node.module}.{name.name}"
                if _forbidden(f"{node.module}.{name.name}"):
                    yield f"{node.module}.{name.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _forbidden(dotted := _dotted(node, called)):
            yield dotted
        if isinstance(node, ast.Call):
            yield from _asked(node)


def _dotted(node: ast.expr, called: dict[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, called)}.{node.attr}"
    return called.get(node.id, node.id) if isinstance(node, ast.Name) else ""


def _forbidden(dotted: str) -> bool:
    module, _, name = dotted.rpartition(".")
    if module == "os" and name.startswith(("exec", "spawn")):
        return True
    return name in FUNCTIONS.get(module, "").split()


def _asked(call: ast.Call) -> Iterator[str]:
    asked = call.func
    if isinstance(asked, ast.Name):
        if asked.id in BUILT_IN:
            yield asked.id
        name, takes = asked.id, call.args[1:2]
    elif isinstance(asked, ast.Attribute):
        if f".{asked.attr}" in METHODS:
            yield f".{asked.attr}"
        if asked.attr == "replace" and len(call.args) == 1 and not call.keywords:
            yield ".replace"  # of a path: a text's takes two
        name, takes = asked.attr, call.args[:2]
    else:
        return
    if name in ("open", "fdopen"):
        takes = takes + [word.value for word in call.keywords if word.arg == "mode"]
        if any(_writes(mode) for mode in takes) or (
            isinstance(asked, ast.Name) and takes and not isinstance(takes[-1], ast.Constant)
        ):
            yield "open"


def _writes(mode: ast.expr) -> bool:
    if not isinstance(mode, ast.Constant) or not isinstance(mode.value, str):
        return False
    return set(mode.value) <= set("rwaxbt+") and bool(set(mode.value) & set("wax+"))


def test_only_the_boundary_starts_programs_and_opens_files_for_writing() -> None:
    seen = {
        (str(path.relative_to(HERE)), what)
        for path in sorted(HERE.rglob("*.py"))
        if path.parent != HERE / "boundary"
        for what in found(path.read_text(encoding="utf-8"))
    }
    assert seen == set(ALLOWED), "go through wargame.boundary, or say why not"


@pytest.mark.parametrize(
    "planted",
    [
        'open("x", "w")',
        'open("x", mode="a")',
        'open("x", "rb+")',
        'open("x", how)',
        'Path("x").open("x")',
        'path.open(mode="w", encoding="utf-8")',
        'import io\nio.open("x", "wt")',
        'import gzip\ngzip.open("x", "wb")',
        'import os\nos.fdopen(3, "w")',
        "import os\nos.open('x', os.O_RDONLY | os.O_CREAT)",
        "import os as system\nsystem.open('x', system.O_WRONLY)",
        "from os import O_RDWR",
        'Path("x").write_text("y")',
        'path.with_suffix(".html").write_bytes(b"")',
        "path.touch()",
        "part.replace(path)",
        "part.rename(path)",
        "path.symlink_to(other)",
        "import os\nos.replace(a, b)",
        "from os import rename",
        "import shutil\nshutil.copy(a, b)",
        "from shutil import move as take",
        "import tempfile\ntempfile.mkstemp()",
        "from tempfile import NamedTemporaryFile",
        "figure.savefig(path)",
        "frame.to_parquet(path)",
        "import numpy as np\nnp.save(path, rows)",
        "array.tofile(path)",
        'import os\nos.system("ls")',
        'import os\nos.execvp("ls", [])',
        'from os import spawnlp',
        "import os\nos.posix_spawn(path, [], {})",
        "import os\nos.fork()",
        'import asyncio\nasyncio.create_subprocess_exec("ls")',
        "from asyncio import create_subprocess_shell",
        "import pty",
        "from runpy import run_path",
        "import ctypes.util",
        'eval("1 + 1")',
        "exec(text)",
        '__import__("subprocess")',
        "import yaml\nyaml.load(text, Loader)",
    ],
)  # fmt: skip
def test_every_other_way_is_found(planted: str) -> None:
    assert list(found(planted))


@pytest.mark.parametrize(
    "harmless",
    [
        'open("x")',
        'open(fd, "rb", closefd=False)',
        'path.open("rb")',
        "Batch.open(folder)",
        'text.replace("a", "b")',
        "replace(record, seed=1)",
        "day.replace(month=1)",
        "import os\nos.open(path, os.O_RDONLY | os.O_NONBLOCK)",
        "import re\nre.compile('x')",
        "import numpy as np\nnp.loadtxt",
        "stream.write(words)",
    ],
)
def test_what_only_reads_or_prints_is_not(harmless: str) -> None:
    assert not list(found(harmless))
