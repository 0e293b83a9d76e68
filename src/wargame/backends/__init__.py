"""Players of a program: one meaning (docs/machine.md), several machines."""
