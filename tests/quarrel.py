"""A quarrel of two, small enough to be played in no time, with policies that matter and not.

Red grows angry, threatens or talks; blue listens. `no-talks` forbids red to talk, so that anger
ends in war; `whisper` changes only the weight of a move that cannot be made; `hush-money` and
`threats` pull in opposite directions; `stranger` is meant for another scenario.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src"

FILES = {
    "scenarios/quarrel.yaml": """
schema: 1
id: quarrel
title: {en: A quarrel, ja: 口論}
turn: {length: 1 week, start: 2022-10-10, horizon: 12}
seed: 7
actors: [red, blue]
moves: [words]
gauges:
  red.anger: {start: 300, noise: {blue: 50}, title: {en: Red's anger, ja: 赤の怒り}}
  trust: {start: 300}
unknowns:
  red.pride: {between: [200, 800], likely: 500}
dyads:
  red-blue: {stage: 5}
chance:
  - {id: rumour, chance: 150, effects: {red.anger: +80}, title: {en: A rumour spreads, ja: 噂}}
milestones:
  crisis: {when: red.anger > 600}
endings:
  War: {when: red.anger >= 900}
  Peace: {when: trust >= 700}
""",
    "actors/words.yaml": """
schema: 1
moves:
  hold: {title: {en: Wait, ja: 待つ}, by: [red, blue], base: 20}
  threaten:
    title: {en: Threaten, ja: 脅す}
    headline: {en: "{actor} threatens {target}", ja: "{actor}が{target}を脅す"}
    by: [red]
    target: blue
    direction: escalate
    base: red.pride // 20
    effects: {red.anger: +60, trust: -40}
    heat: {red-blue: +30}
  talk:
    title: {en: Talk, ja: 話す}
    headline: {en: "{actor} talks to {target}", ja: "{actor}が{target}と話す"}
    by: [red]
    target: blue
    direction: de-escalate
    base: 20
    effects: {red.anger: -50, trust: +80}
  listen:
    title: {en: Listen, ja: 聞く}
    by: [blue]
    base: 30
    effects: {trust: +40}
  apologise: {title: {en: Apologise, ja: 謝る}, by: [blue], when: turn > 99, base: 5}
""",
    "actors/red.yaml": """
schema: 1
id: red
title: {en: Red, ja: 赤}
rules:
  - id: hot-head
    when: red.anger > 400
    favour: {threaten: +30}
    because: {en: Red is angry, ja: 赤は怒っている}
    source: assumption
""",
    "actors/blue.yaml": """
schema: 1
id: blue
title: {en: Blue, ja: 青}
rules:
  - id: worried
    when: seen.red.anger > 400
    favour: {listen: x2}
    because: {en: Blue is worried, ja: 青は心配している}
    source: assumption
""",
    "scenarios/policies/no-talks.yaml": """
schema: 1
id: no-talks
kind: policy
title: {en: No talks, ja: 対話なし}
for: [quarrel]
forbid: [talk]
expect: {War: up, Peace: down, "War|crisis": up}
""",
    "scenarios/policies/whisper.yaml": """
schema: 1
id: whisper
kind: policy
title: {en: A whisper, ja: ささやき}
for: [quarrel]
moves: {apologise: {base: 6}}
expect: {War: flat, crisis: flat}
""",
    "scenarios/policies/hush-money.yaml": """
schema: 1
id: hush-money
kind: policy
title: {en: Hush money, ja: 口止め料}
for: [quarrel]
start: {trust: 450}
expect: {War: up, Peace: up}
""",
    "scenarios/policies/threats.yaml": """
schema: 1
id: threats
kind: policy
title: {en: Threats, ja: 脅し}
for: [quarrel]
moves: {threaten: {base: 60}}
""",
    "scenarios/policies/gossip.yaml": """
schema: 1
id: gossip
kind: policy
title: {en: Gossip, ja: うわさ話}
for: [quarrel]
chance:
  - {id: rumour, chance: 900, effects: {red.anger: +80}, title: {en: A rumour spreads, ja: 噂}}
""",
    "scenarios/policies/stranger.yaml": """
schema: 1
id: stranger
kind: policy
title: {en: A stranger, ja: よそ者}
for: [bridge-2022]
forbid: [talk]
expect: {War: up}
""",
    "scenarios/worldviews/proud.yaml": """
schema: 1
id: proud
kind: worldview
title: {en: Red is proud, ja: 赤は誇り高い}
unknowns: {red.pride: 800}
""",
}


def write(folder: Path, changes: Mapping[str, str] | None = None) -> Path:
    """The quarrel's files below a folder; a change replaces one of them. Returns the folder."""
    for name, text in {**FILES, **(changes or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def wargame(*arguments: object, cwd: Path, **options: object) -> subprocess.CompletedProcess[str]:
    """The program as a process of its own, in a folder that holds the quarrel."""
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-m", "wargame", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdin=subprocess.DEVNULL,
        **{"capture_output": True, "text": True, "check": False, **options},
    )
