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


def root_of(path: str) -> str | None:
    """Return the folder that a file of a checkout may not leave, or None for one that stands in no checkout.

    The nearest folder above that holds `.git`, by the names in the path as it is written: a folder of it that is a link
    out of the checkout is then found to leave it.
    """
    here = os.path.dirname(os.path.abspath(path))
    found = project_folder(here)
    return (found or os.curdir) if os.path.lexists(os.path.join(found, ".git")) else None


def _spelled(path: str) -> str:
    relative = os.path.relpath(path)
    return "" if relative == os.curdir else relative
