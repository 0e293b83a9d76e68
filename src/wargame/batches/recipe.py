"""The commands by which what a folder holds is played again.

No word of a manifest or a journal becomes part of a command. Scenario, policies and worldview are
the folder's own files, under paths that are made here, or, where every text is to the letter one
that came with the program, their names. All else is numbers.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wargame.batches.store.folder import INPUTS, POLICIES, read_inputs
from wargame.batches.store.plan import BASELINE
from wargame.content.data_files import Kind, shipped
from wargame.content.reader import read_text
from wargame.engine.record import RunHeader

AGAIN = "again"
"""The folder into which a batch is played again."""

_KINDS: Mapping[str, tuple[Kind, ...]] = {
    "scenarios": ("scenario",),
    "actors": ("actor",),
    "moves": ("moves",),
    "overlays": ("policy", "worldview"),
}


@dataclass(frozen=True)
class Recipe:
    """How to play a batch, or one of its runs, again.

    scenario: its name or path. overlays: names or paths by variant, those of a worldview first.
    """

    scenario: str
    overlays: Mapping[str, tuple[str, ...]]

    @classmethod
    def of_folder(
        cls, folder: Path, headers: Mapping[str, RunHeader], place: Path | None = None
    ) -> Recipe:
        """The recipe of a folder of results, which a reader may know as `place`.

        Raises StoreError if its texts cannot be read.
        """
        texts = {name: read_inputs(folder, name if name != BASELINE else "") for name in headers}
        base, top = texts[BASELINE], (place or folder) / INPUTS
        scenario = headers[BASELINE].scenario
        ours = all(
            _came_with_the_program(scenario, key, text)
            for known in texts.values()
            for key, text in known.items()
        )

        def word(variant: str, key: str) -> str:
            if ours:
                return _own_name(key)
            return path_word(top / key if key in base else top / POLICIES / variant / key)

        def number(key: str) -> int:
            digits = key.removeprefix("overlays/").partition("-")[0]
            return int(digits) if digits.isascii() and digits.isdecimal() else 0

        return cls(
            scenario if ours else path_word(top / "scenario.yaml"),
            {
                name: tuple(
                    word(name, key)
                    for key in sorted(known, key=number)
                    if key.startswith("overlays/")
                )
                for name, known in texts.items()
            },
        )

    def batch(self, runs: int, seed: int, seats: Iterable[str] = ()) -> str:
        """The command that plays all of it into the folder `again`.

        seats: the actors that programs played; which program, whoever types it has to say.
        """
        world = self.overlays[BASELINE]
        words = ["wargame", "batch", self.scenario, "--runs", str(runs), "--seed", str(seed)]
        for variant, overlays in self.overlays.items():
            if variant != BASELINE:
                words += ["--policy", "+".join(overlays[len(world) :])]
        if world:
            words += ["--worldview", "+".join(world)]
        return shlex.join([*words, *_seats(seats), "--out", AGAIN])

    def run(self, variant: str, run: int, seed: int, seats: Iterable[str] = ()) -> str:
        """The command that plays one run alone, for what can be seen of it."""
        words = ["wargame", "run", self.scenario]
        for overlay in self.overlays[variant]:
            words += ["--overlay", overlay]
        return shlex.join([*words, *_seats(seats), "--seed", str(seed), "--run", str(run)])


def _seats(actors: Iterable[str]) -> list[str]:
    return [word for actor in sorted(actors) for word in ("--seat", f"{actor}=PROGRAM")]


def path_word(path: Path) -> str:
    """A path as a word of a command, which can be taken for no name and no option."""
    text = str(path)
    return text if text.startswith("/") else f"./{text}"


def _own_name(key: str) -> str:
    name = key.rpartition("/")[2].removesuffix(".yaml")
    return name.partition("-")[2] if key.startswith("overlays/") else name


def _came_with_the_program(scenario: str, key: str, text: str) -> bool:
    """Whether a text is the one that the program has under the same name."""
    name = scenario if key == "scenario.yaml" else _own_name(key)
    kinds = _KINDS.get(key.rpartition("/")[0], ("scenario",))
    found = (shipped(kind, name) for kind in kinds)
    return any(path is not None and read_text(path, name) == text for path in found)
