"""What `wargame` offers to scripts, for editors and type checkers; `__getattr__` finds it."""

from wargame.api import batch as batch
from wargame.api import open as open
from wargame.api import run as run
from wargame.content.load import load as load

__version__: str
