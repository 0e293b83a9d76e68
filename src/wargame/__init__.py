"""A simulator of the autumn-2022 nuclear crisis over Ukraine: actors on Glasl's ladder."""

import os

__version__ = "0.1.0"

# The engine's matrices are small: threads inside one product only get in each other's way, and on
# a busy machine they make a turn three times as slow. NumPy's libraries read this when they are
# first imported; whoever sets it beforehand is obeyed.
for _threads in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_threads, "1")
