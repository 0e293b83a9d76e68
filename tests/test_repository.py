"""The checkout itself: nothing in it belongs to one machine, and what is locked fits together."""

from __future__ import annotations

import re
import subprocess
import tomllib
import zipfile
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOP = Path(__file__).resolve().parent.parent

MACHINE_PATH = re.compile(r"(?<![\w.:/-])(?:/(?:home|root|Users|work|mnt|opt)/\w|[A-Z]:\\Users)")
REGISTRY = re.compile(
    r"\b(?:pypi|npmjs|pythonhosted|crates)\.(?:org|com|io)\b|index[-_]url|find[-_]links"
)


def committed() -> list[Path]:
    """Every file that is in Git or about to be; in an unpacked archive, every file of ours."""
    git = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(git, cwd=TOP, capture_output=True, check=False)
    if listing.returncode == 0:
        found = (TOP / name for name in listing.stdout.decode().split("\0") if name)
    else:
        found = (path for path in TOP.rglob("*") if ".venv" not in path.parts)
    return sorted(path for path in found if path.is_file())


def texts() -> list[tuple[str, str]]:
    """(name, text) of every file that people wrote: neither a picture nor a minified script."""
    found = []
    for path in committed():
        if ".min." in path.name:
            continue
        try:
            found.append((str(path.relative_to(TOP)), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def locked(name: str) -> dict[str, list[str]]:
    """requirement ("numpy==2.4.6 ; marker") -> its hashes, of one lock file."""
    requirements: dict[str, list[str]] = {}
    requirement = ""
    for line in (TOP / "requirements" / name).read_text(encoding="utf-8").splitlines():
        text = line.removesuffix("\\").strip()
        if text.startswith("--hash="):
            requirements[requirement].append(text)
        elif text and not text.startswith("#"):
            requirement = text
            requirements[requirement] = []
    return requirements


def test_no_file_names_a_machine() -> None:
    assert lines_with(MACHINE_PATH) == []


def test_no_file_names_a_registry() -> None:
    assert lines_with(REGISTRY) == []


def test_nothing_is_committed_that_is_made_here() -> None:
    git = ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"]
    assert subprocess.run(git, cwd=TOP, capture_output=True, check=False).stdout == b""


@pytest.mark.parametrize("name", ["run.txt", "test.txt", "zig.txt"])
def test_every_locked_package_has_one_version_and_hashes_and_no_address(name: str) -> None:
    for requirement, hashes in locked(name).items():
        assert re.fullmatch(r"[a-z0-9.-]+==[^ ]+( ; .+)?", requirement), requirement
        assert hashes, requirement
        for digest in hashes:
            assert re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", digest), digest


def test_what_runs_is_what_was_tested() -> None:
    assert locked("run.txt").items() <= locked("test.txt").items()


def test_the_lock_holds_every_package_that_the_project_names() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[^\w.-]", text)[0].lower() for text in requirements}

    def in_lock(name: str) -> set[str]:
        return {requirement.split("==")[0] for requirement in locked(name)}

    extras = project["optional-dependencies"].values()
    assert names(project["dependencies"]) <= in_lock("run.txt")
    assert set().union(*map(names, extras)) <= in_lock("test.txt")


def environments() -> list[dict[str, str]]:
    """Every Python that is supported, on every system that packages tell apart."""
    return [
        {
            "python_version": f"3.{minor}",
            "python_full_version": f"3.{minor}.9",
            "sys_platform": system,
            "platform_system": {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}[system],
            "extra": "",
        }
        for minor in (11, 12, 13)
        for system in ("linux", "darwin", "win32")
    ]


def needed(names: Iterable[str], environment: dict[str, str], but: Iterable[str]) -> set[str]:
    """These packages and all that they ask for there, `but` not these and what only they need."""
    found: set[str] = set()
    waiting = {canonicalize_name(name) for name in names}
    while waiting := waiting - found - set(but):
        found |= waiting
        asked = [Requirement(text) for name in waiting for text in required(name)]
        waiting = {
            canonicalize_name(item.name)
            for item in asked
            if item.marker is None or item.marker.evaluate(environment)
        }
    return found


def required(name: str) -> list[str]:
    try:
        return metadata.requires(name) or []
    except metadata.PackageNotFoundError:  # of another system
        return []


def test_a_plain_install_gets_what_the_core_needs_on_every_system_and_nothing_else() -> None:
    settings = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [Requirement(text).name for text in settings["project"]["dependencies"]]
    left_out = settings["tool"]["uv"]["exclude-dependencies"]
    lines = [Requirement(line) for line in locked("run.txt")]
    for environment in environments():
        there = {
            item.name for item in lines if item.marker is None or item.marker.evaluate(environment)
        }
        assert there == needed([*asked, "hatchling"], environment, left_out), environment


def test_what_is_left_out_of_the_locks_is_imported_by_nobody() -> None:
    settings = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
    for name in settings["tool"]["uv"]["exclude-dependencies"]:
        asking = re.compile(rf"^\s*(?:import|from) {name}\b", re.MULTILINE)
        for file in metadata.files("mesa") or ():
            if file.suffix == ".py":
                assert not asking.search(file.read_text(encoding="utf-8")), file


def test_every_yaml_file_loads() -> None:
    faults = {}
    for name, text in texts():
        # Tests keep spoilt files of their own, and say what is wrong with each.
        if name.endswith((".yaml", ".yml")) and not name.startswith("tests/"):
            try:
                yaml.safe_load(text)
            except yaml.YAMLError as error:
                faults[name] = str(error)
    assert faults == {}


def test_the_wheel_carries_the_content(tmp_path: Path) -> None:
    build = pytest.importorskip("hatchling.build")  # make test installs it
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(TOP)
        wheel = tmp_path / build.build_wheel(str(tmp_path))
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    content = {
        f"wargame/data/{path.relative_to(TOP)}"
        for folder in ("actors", "scenarios")
        for path in (TOP / folder).rglob("*.yaml")
    }
    assert content <= packed
    data = {name for name in packed if name.startswith("wargame/data/")}
    assert {name for name in data if name.endswith(".yaml")} == content
    assert "wargame/py.typed" in packed
    assert {"machine.wasm", "machine.js", "remote.js"} <= {Path(name).name for name in packed}
