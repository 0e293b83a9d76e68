"""A crisis for four teams that lasts all its six weeks, whatever they do."""

from __future__ import annotations

SEATS = ("north", "south", "east", "west")

SCENARIO = """
schema: 1
id: four-seats
title: {en: Four seats, ja: 四つの席}
turn: {length: 1 week, start: 2022-09-05, horizon: 6, orders: 2}
seed: 11
actors: [north, south, east, west]
moves: [deeds]
gauges:
  tension: {start: 300, title: {en: Tension, ja: 緊張}, source: assumption}
  north.arms: {start: 400, noise: {"*": 100}, source: assumption}
dyads:
  north-south: {stage: 5}
  east-west: {stage: 3}
injects:
  - {turn: 2, title: {en: The first frost, ja: 初霜}, effects: {tension: 10}, source: assumption}
endings:
  Quiet: {when: tension >= 0, at: horizon, title: {en: Quiet, ja: 平穏}, source: assumption}
"""

DEEDS = """
schema: 1
moves:
  hold: {title: {en: Wait, ja: 待つ}, by: [north, south, east, west], base: 50}
  march:
    title: {en: March, ja: 進軍}
    headline: {en: "{actor} marched.", ja: "{actor}が進軍した。"}
    by: [north, south, east, west]
    kind: military
    direction: escalate
    base: 20
    success: 500
    effects: {tension: 20}
    heat: {north-south: 40}
  talk:
    title: {en: Talk, ja: 会談}
    headline: {en: "{actor} called for talks.", ja: "{actor}が会談を呼びかけた。"}
    by: [north, south, east, west]
    direction: de-escalate
    base: 20
"""


TEXTS = {
    "scenario.yaml": SCENARIO,
    "moves/deeds.yaml": DEEDS,
    **{
        f"actors/{name}.yaml": f"id: {name}\ntitle: {name.capitalize()}\ngoals: [Peace]\n"
        for name in SEATS
    },
}
"""What `wargame.content.load.load_texts` takes."""
