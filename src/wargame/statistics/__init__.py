"""What a batch of records says: shares, paired differences, verdicts, regret, failure regions.

Knows names, numbers and NumPy arrays; never the engine. So results stored years ago stay readable.
Every answer is a frozen dataclass with `to_json()`; what a reader needs in a sentence has
`words("en")` and `words("ja")`. scipy is loaded when first used.
"""
