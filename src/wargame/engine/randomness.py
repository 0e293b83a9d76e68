"""Luck as a pure function of its name.

A draw is named by (seed, label, turn, run), never by "the next number": the key of a
Philox4x64 generator comes from the seed, and its 256-bit counter *is* the rest of the name,
``(block of four runs, turn, hash of the label, 0)``. Adding an event, forbidding a move or
playing the runs in another order therefore leaves every other draw as it was, and two
policies are compared under the same luck (common random numbers; Starsim, arXiv 2409.02086).

Only raw 64-bit words are drawn. NumPy's Philox gave the same words on every version and
processor that was tried, which its distributions do not promise.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]

RUNS_PER_BLOCK = 4  # one step of the Philox counter yields four 64-bit words
MAX_RUN = 2**62  # run numbers stay far from the counter's carry
GAP = 64  # blocks: re-addressing the generator costs about as much as drawing 64 blocks

_U32 = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


def word_of(label: str) -> int:
    """The 64-bit word that stands for `label` in the counter."""
    return int.from_bytes(blake2b(label.encode(), digest_size=8).digest(), "little")


def key_of(seed: int, stream: str = "") -> list[int]:
    """The two 64-bit key words of `seed`; a `stream` names luck that must be fresh.

    A fan-out of one world into a thousand futures keeps the seed and names a stream, so that
    its luck has nothing to do with the runs of the batch it came from.
    """
    digest = blake2b(f"{seed}\n{stream}".encode(), digest_size=16).digest()
    return [int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")]


class Luck:
    """All the luck of a set of runs.

    `runs` is a vector of run numbers, in any order; every draw returns one word per run, in
    that order, and a run's word does not depend on which other runs stand beside it.
    """

    def __init__(self, seed: int, runs: npt.ArrayLike, stream: str = "") -> None:
        self.seed = seed
        self.stream = stream
        self.runs: Ints = np.asarray(runs, dtype=np.int64)
        if self.runs.ndim != 1:
            raise ValueError("runs must be a vector of run numbers")
        if self.runs.size and (self.runs.min() < 0 or self.runs.max() >= MAX_RUN):
            raise ValueError(f"run numbers must lie in 0..{MAX_RUN - 1}")
        self.key = key_of(seed, stream)
        self._bits = np.random.Philox(key=np.array(self.key, dtype=np.uint64))
        self._state = self._bits.state
        self._counter = self._state["state"]["counter"]
        self._state["buffer_pos"] = RUNS_PER_BLOCK  # an empty buffer: start with a fresh block
        self._words: dict[str, int] = {}
        self._address()

    def _address(self) -> None:
        """Find the stretches of counter blocks that cover the runs, and where each run lies."""
        blocks = np.unique(self.runs // RUNS_PER_BLOCK)
        cuts = np.flatnonzero(np.diff(blocks) > GAP) + 1
        stretches = [(int(part[0]), int(part[-1])) for part in np.split(blocks, cuts) if part.size]
        self._stretches = [
            (first, (last - first + 1) * RUNS_PER_BLOCK) for first, last in stretches
        ]
        starts = np.array([first for first, _ in self._stretches], dtype=np.int64)
        lengths = np.array([length for _, length in self._stretches], dtype=np.int64)
        offsets = np.concatenate(([0], np.cumsum(lengths)[:-1])) if lengths.size else lengths
        home = np.searchsorted(starts, self.runs // RUNS_PER_BLOCK, side="right") - 1
        index = offsets[home] + self.runs - starts[home] * RUNS_PER_BLOCK if starts.size else home
        first = int(index[0]) if index.size else 0
        contiguous = bool(np.array_equal(index, np.arange(first, first + index.size)))
        self._pick: slice | Ints = slice(first, first + index.size) if contiguous else index

    def words(self, label: str, turn: int) -> Words:
        """The raw words named (seed, `label`, `turn`, run), one per run."""
        word = self._words.get(label)
        if word is None:
            word = self._words[label] = word_of(label)
        drawn = [self._stretch(first, length, turn, word) for first, length in self._stretches]
        if len(drawn) == 1:
            return drawn[0][self._pick]
        return np.concatenate(drawn)[self._pick] if drawn else np.empty(0, dtype=np.uint64)

    def table(self, labels: Sequence[str], turn: int) -> Words:
        """The words of several names, labels x runs."""
        table = np.empty((len(labels), self.runs.size), dtype=np.uint64)
        for row, label in zip(table, labels, strict=True):
            row[...] = self.words(label, turn)
        return table

    def _stretch(self, first: int, length: int, turn: int, word: int) -> Words:
        self._counter[:] = (first, turn, word, 0)
        self._bits.state = self._state
        return self._bits.random_raw(length)


def below(words: Words, total: npt.ArrayLike) -> Ints:
    """Whole numbers in 0..total-1 from the upper halves of `words`; 0 where `total` is 0.

    `total` is a number or one number per run, below 2**31. The multiply-and-shift leaves each
    value's probability within 2**-32 of 1/total.
    """
    wide = np.asarray(total).astype(np.uint64)
    return (((words >> _U32) * wide) >> _U32).view(np.int64)


def below_again(words: Words, total: npt.ArrayLike) -> Ints:
    """As `below`, from the lower halves: a second draw that is independent of the first."""
    wide = np.asarray(total).astype(np.uint64)
    return (((words & _LOW) * wide) >> _U32).view(np.int64)


def spread(words: Words, width: npt.ArrayLike) -> Ints:
    """Errors of observation: triangular on -width..width, from 16-bit halves of the lower half."""
    one = (words & np.uint64(0xFFFF)).astype(np.int64)
    other = ((words >> np.uint64(16)) & np.uint64(0xFFFF)).astype(np.int64)
    return ((one - other) * np.asarray(width, dtype=np.int64) + 32768) >> 16
