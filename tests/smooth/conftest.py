"""Nothing but the path: the tests of this room share `pictures`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
