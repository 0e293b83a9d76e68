"""A small crisis of three seats, with secrets of every kind, as files."""

from __future__ import annotations

from pathlib import Path

SCENARIO = """
schema: 1
id: three-seats
title: {en: Three seats, ja: 三つの席}
turn: {length: 1 week, start: 2022-09-05, horizon: 6, orders: 2}
seed: 7
actors: [red, blue, green]
moves: [deeds]
gauges:
  tension: {start: 300, title: {en: Tension, ja: 緊張}, source: assumption}
  red.strength: {start: 400, noise: {blue: 50, "*": 200}, source: assumption}
  blue.strength: {start: 600, noise: {"*": 100}, source: assumption}
  green.purse: {start: 500, noise: {"*": 300}, source: assumption}
dyads:
  red-blue: {stage: 5}
  blue-green: {stage: 2}
injects:
  - {turn: 2, id: frost, title: {en: The first frost, ja: 初霜}, effects: {tension: -10}}
  - {turn: 2, id: whisper, title: {en: A whisper, ja: ささやき}, visible: private, to: [green],
     effects: {green.purse: 5}}
chance:
  - {id: storm, chance: 300, title: {en: A storm, ja: 嵐}, effects: {tension: 5}}
endings:
  War: {when: tension >= 900, title: {en: War, ja: 戦争}}
  Quiet: {when: tension < 400, at: horizon, title: {en: Quiet, ja: 平穏}}
"""

DEEDS = """
schema: 1
moves:
  hold:
    {title: {en: Wait, ja: 待つ}, by: [red, blue, green], base: 50, visible: private}
  march:
    title: {en: March, ja: 進軍}
    headline: {en: "{actor} marched.", ja: "{actor}が進軍した。"}
    by: [red, blue]
    kind: military
    direction: escalate
    base: 20
    cooldown: 1
    success: 700
    effects: {tension: 60}
    heat: {red-blue: 40}
  talk:
    title: {en: Quiet talk, ja: 内密の話}
    headline: {en: "{actor} spoke to {target}.", ja: "{actor}が{target}と話した。"}
    by: [red, blue]
    target: green
    visible: private
    base: 20
  plot:
    title: {en: Plot, ja: 陰謀}
    headline: {en: "{actor} plotted.", ja: "{actor}が企てた。"}
    by: [red, blue, green]
    visible: covert
    base: 10
  parley:
    title: {en: Parley, ja: 会談}
    by: [green]
    when: tension > 500
    base: 10
"""

ACTOR = """
id: {id}
title: {{en: {name}, ja: {ja}}}
goals: [{{en: Win without a war, ja: 戦わずに勝つ}}]
red_lines: [{{en: A march on us, ja: 我々への進軍}}]
reference_points: [{{en: Last year's map, ja: 昨年の地図}}]
rules:
  - id: nervous
    when: tension > 250
    favour: {{plot: +20}}
    because: {{en: The secret reason of {name}, ja: {name}の秘密の理由}}
    source: assumption
"""

NAMES = {"red": "赤", "blue": "青", "green": "緑"}


def write_scenario(folder: Path) -> Path:
    """The files of the small crisis; returns the scenario's."""
    (folder / "scenarios").mkdir()
    (folder / "actors").mkdir()
    path = folder / "scenarios" / "three-seats.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    (folder / "actors" / "deeds.yaml").write_text(DEEDS, encoding="utf-8")
    for actor, ja in NAMES.items():
        text = ACTOR.format(id=actor, name=actor.capitalize(), ja=ja)
        (folder / "actors" / f"{actor}.yaml").write_text(text, encoding="utf-8")
    return path
