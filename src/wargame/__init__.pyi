"""What `wargame` offers to scripts, for editors and type checkers; `__getattr__` finds it."""

from typing_extensions import deprecated

from wargame.api import Results as Results
from wargame.api import Run as Run
from wargame.api import StrPath
from wargame.api import batch as batch
from wargame.api import calibrate as calibrate
from wargame.api import check as check
from wargame.api import fork as fork
from wargame.api import odds as odds
from wargame.api import open_results as open_results
from wargame.api import open_run as open_run
from wargame.api import run as run
from wargame.api import sensitivity as sensitivity
from wargame.compiler import compile_scenario as compile_scenario
from wargame.content.load import load as load
from wargame.engine.scenario import Scenario as Scenario
from wargame.errors import OrderError as OrderError
from wargame.errors import ReplayError as ReplayError
from wargame.errors import SpecError as SpecError
from wargame.errors import StoreError as StoreError
from wargame.errors import WargameError as WargameError
from wargame.replay.mesa_model import Actor as Actor
from wargame.replay.mesa_model import Crisis as Crisis

__version__: str

@deprecated("wg.open is now wg.open_results")
def open(folder: StrPath) -> Results: ...
