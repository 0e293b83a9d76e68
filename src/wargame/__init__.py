"""A simulator of the autumn-2022 nuclear crisis over Ukraine: actors on Glasl's ladder."""

__version__ = "0.1.0"
