"""Comparing folders: with pairs where the luck is the same, without where it is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from wargame.batches.batch import Batch
from wargame.batches.results import windows
from wargame.batches.store.plan import BASELINE
from wargame.errors import WargameError
from wargame.statistics.compare import Study, study
from wargame.statistics.pairs import Pairs, pair
from wargame.statistics.unpaired import Sample, unpaired_study


@dataclass(frozen=True)
class Across:
    """Comparisons between folders; None where there is nothing of the kind to compare."""

    paired: Study | None
    unpaired: Study | None


def across(batches: Sequence[Batch], tolerance: float = 0.01) -> Across:
    """Every variant of each further folder against its namesake in the first, or its baseline.

    Folders of one seed share their luck, whatever else differs: their runs are pairs. Others are
    compared as independent samples. Raises WargameError if the folders have no ending in common.
    """
    first = batches[0]
    paired: list[Pairs] = []
    unpaired: list[tuple[Sample, Sample]] = []
    for other in batches[1:]:
        if not set(first.header.endings) & set(other.header.endings):
            raise WargameError(f"{first.folder} and {other.folder} have no ending in common")
        for variant in other.headers:
            base = variant if variant in first.headers else BASELINE
            if first.header.seed == other.header.seed:
                paired.append(pairs_between(first, base, other, variant))
            else:
                unpaired.append((_sample(first, base), _sample(other, variant)))
    return Across(
        study([found for found in paired if found.n], tolerance=tolerance) if paired else None,
        unpaired_study(unpaired, tolerance=tolerance) if unpaired else None,
    )


def pairs_between(first: Batch, base: str, other: Batch, variant: str) -> Pairs:
    """The pairs of a variant of one folder with a variant of another, run by run."""
    shared = set(first.conditionals) & set(other.conditionals)
    total: Pairs | None = None
    with first.journal() as ours, other.journal() as theirs:
        sides = (
            windows(ours, base, _read(first, base)),
            windows(theirs, variant, _read(other, variant)),
        )
        # Beyond the end of the shorter one there are no pairs.
        for one, two in zip(*sides, strict=False):
            found = pair(
                one.outcomes(_label(first, base), first.headers[base]),
                two.outcomes(_label(other, variant), other.headers[variant]),
                sorted(shared),
            )
            total = total + found if total else found
    assert total is not None, "a plan has at least one run"
    alone = first.tally(base).runs + other.tally(variant).runs - 2 * total.n
    return replace(total, unpaired=alone)


def pooled(batches: Sequence[Batch], tolerance: float = 0.01) -> Study:
    """The policies that all folders have, against their baselines, over the pairs of all folders.

    Raises WargameError unless the folders hold the same scenario and policies under different
    seeds: anything else would count a run twice, or add up what is not alike.
    """
    first = batches[0]
    seeds = [batch.header.seed for batch in batches]
    if len(set(seeds)) < len(seeds):
        raise WargameError("folders of one seed hold the same runs: they cannot be pooled")
    shared = [name for name in first.headers if all(name in batch.headers for batch in batches)]
    for batch in batches[1:]:
        for name in shared:
            if _meaning(batch, name) != _meaning(first, name):
                raise WargameError(
                    f"{first.folder} and {batch.folder} differ in {name}: they cannot be pooled"
                )
    total: dict[str, Pairs] = {}
    for batch in batches:
        for found in batch.summary.pairs:
            if found.variant in shared:
                known = total.get(found.variant)
                total[found.variant] = known + found if known else found
    if not total:
        raise WargameError(f"{first.folder} has no policy that the others have as well")
    return study(list(total.values()), tolerance=tolerance)


def _meaning(batch: Batch, variant: str) -> tuple[str, str]:
    """What a variant's files say, whatever they are called."""
    header = batch.headers[variant]
    return header.digest, header.overlay_digest


def _read(batch: Batch, variant: str) -> list[str]:
    """The columns that outcomes are made of."""
    return ["ending", *(f"reached.{name}" for name in batch.headers[variant].milestones)]


def _sample(batch: Batch, variant: str) -> Sample:
    tally = batch.tally(variant)
    return Sample(
        variant=_label(batch, variant),
        n=tally.runs,
        failed=tally.failed,
        endings=tally.endings,
        milestones=tally.milestones,
    )


def _label(batch: Batch, variant: str) -> str:
    return f"{batch.folder}#{variant}"
