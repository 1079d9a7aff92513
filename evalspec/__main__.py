"""The program: the `evalspec` script, and `python -m evalspec`, which runs no module of the working folder."""

import os
import sys

from evalspec.edges.shadow import leave_working_folder, shadowing
from evalspec.edges.signals import end_on_signals


def main() -> None:
    """Run the program; a signal ends it in order from here on, also while its modules are imported."""
    end_on_signals()
    from evalspec.cli import main as run

    run()


def _run() -> None:
    end_on_signals()
    is_safe = sys.flags.safe_path
    leave_working_folder()
    # `-m` has put the working folder first: what stands there may be a stranger's pull request.
    found = () if is_safe else shadowing(os.getcwd())
    from evalspec.cli import refuse_shadow

    if found:
        sys.exit(refuse_shadow(found))
    main()


if __name__ == "__main__":
    _run()
