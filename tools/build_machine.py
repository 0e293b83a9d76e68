"""What an installation does besides copying files: it compiles the native machine, if it can."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = Path(__file__).resolve().parent.parent / "src"


class BuildMachine(BuildHookInterface):  # type: ignore[type-arg]
    """The hook that hatchling calls; without a compiler it says so and leaves NumPy to play."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel":
            return
        sys.path.insert(0, str(SOURCES))
        try:
            from wargame.backends.build import build
            from wargame.backends.levels import LEVELS, file_of
        finally:
            sys.path.remove(str(SOURCES))
        if why := build():
            self.app.display_warning(f"The native machine is left out, NumPy will play: {why}")
        made = [file_of(level) for level in LEVELS if file_of(level).is_file()]
        build_data["artifacts"] += [str(path.relative_to(self.root)) for path in made]
        if made:
            build_data["pure_python"] = False
            build_data["infer_tag"] = False
            build_data["tag"] = f"py3-none-{_platform()}"


def _platform() -> str:
    import sysconfig

    return sysconfig.get_platform().replace("-", "_").replace(".", "_")
