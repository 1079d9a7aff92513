"""Where the files stand that are never committed: the top of the checkout, else beside the spec."""

from __future__ import annotations

import os


def project_folder(folder: str) -> str:
    """Return the nearest folder above `folder` that holds `.git`, else `folder` itself; empty: the working folder."""
    here = os.path.abspath(folder or os.curdir)
    at = here
    while True:
        if os.path.exists(os.path.join(at, ".git")):
            return _spelled(at)
        above = os.path.dirname(at)
        if above == at:
            return _spelled(here)
        at = above


def _spelled(path: str) -> str:
    relative = os.path.relpath(path)
    return "" if relative == os.curdir else relative
