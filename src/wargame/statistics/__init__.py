"""What a batch of records says: shares, paired differences, verdicts, regret, failure regions.

Knows names, numbers and NumPy arrays; never the engine. So results stored years ago stay readable.
Every answer is a frozen dataclass with `to_json()`; what a reader needs in a sentence has
`words("en")` and `words("ja")`. scipy is loaded when first used.
"""

from wargame.statistics.anytime import (
    Look,
    Stop,
    confidence_sequence,
    difference_sequence,
    log_e_value,
    look,
    stop_on_precision,
)
from wargame.statistics.compare import (
    Comparison,
    Difference,
    Study,
    Transition,
    adjust,
    compare,
    study,
    transitions,
)
from wargame.statistics.failure_regions import FailureRegions, Region, failure_regions
from wargame.statistics.paired import (
    Homogeneity,
    difference_interval,
    mcnemar,
    ratio_bootstrap,
    ratio_difference,
    stuart_maxwell,
)
from wargame.statistics.pairs import Outcomes, Pairs, pair
from wargame.statistics.planning import (
    pairs_for_difference,
    runs_for_bound,
    runs_for_half_width,
    runs_per_arm_unpaired,
    runs_to_see,
)
from wargame.statistics.rare import RareShare, combine_replicates
from wargame.statistics.regret import PolicyRegret, Regret, regret, share_error
from wargame.statistics.result import Result
from wargame.statistics.shares import (
    FAILED,
    Share,
    Shares,
    conditional_share,
    critical,
    never_seen,
    share,
    share_interval,
    shares,
)
from wargame.statistics.unpaired import Sample, Unpaired, newcombe, square_and_add, unpaired_study
from wargame.statistics.verdict import Verdict

__all__ = [
    "FAILED",
    "Comparison",
    "Difference",
    "FailureRegions",
    "Homogeneity",
    "Look",
    "Outcomes",
    "Pairs",
    "PolicyRegret",
    "RareShare",
    "Region",
    "Regret",
    "Result",
    "Sample",
    "Share",
    "Shares",
    "Stop",
    "Study",
    "Transition",
    "Unpaired",
    "Verdict",
    "adjust",
    "combine_replicates",
    "compare",
    "conditional_share",
    "confidence_sequence",
    "critical",
    "difference_interval",
    "difference_sequence",
    "failure_regions",
    "log_e_value",
    "look",
    "mcnemar",
    "never_seen",
    "newcombe",
    "pair",
    "pairs_for_difference",
    "ratio_bootstrap",
    "ratio_difference",
    "regret",
    "runs_for_bound",
    "runs_for_half_width",
    "runs_per_arm_unpaired",
    "runs_to_see",
    "share",
    "share_error",
    "share_interval",
    "shares",
    "square_and_add",
    "stop_on_precision",
    "stuart_maxwell",
    "study",
    "transitions",
    "unpaired_study",
]
