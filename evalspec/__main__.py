"""`python -m evalspec` runs the same program as the `evalspec` script, and no module of the working folder."""

import os
import sys

from evalspec.edges.shadow import leave_working_folder, shadowing


def _run() -> None:
    is_safe = sys.flags.safe_path
    leave_working_folder()
    # `-m` has put the working folder first: what stands there may be a stranger's pull request.
    found = () if is_safe else shadowing(os.getcwd())
    from evalspec.cli import main, refuse_shadow

    if found:
        sys.exit(refuse_shadow(found))
    main()


if __name__ == "__main__":
    _run()
