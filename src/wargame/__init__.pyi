"""What `wargame` offers to scripts, for editors and type checkers; `__getattr__` finds it."""

from wargame.load import load as load
from wargame.script import batch as batch
from wargame.script import open as open
from wargame.script import run as run

__version__: str
