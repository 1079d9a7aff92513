"""What `make torture` runs in full and the test suite in small: each file is one suite, `suites.py` the registry.

A suite imports the registry as `from tests.torture.suites import ...`, under this one name: a module that is imported
under two names is two modules with a registry each.
"""

import sys
from pathlib import Path

# The helpers of the other tests (`builders`, `small_specs`, ...) are found as pytest finds them.
_TESTS = str(Path(__file__).parents[1])
if _TESTS not in sys.path:
    sys.path.append(_TESTS)
