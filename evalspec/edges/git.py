"""A file as an earlier commit holds it; git is run so that no configuration of the checkout can start a program."""

from __future__ import annotations

import os
import re
import subprocess

from evalspec.diagnostics import Diagnostic, EvalspecError, Exit

SECONDS = 20.0
_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/@{}^~-]{0,99}")
_SAFE = ("-c", "core.fsmonitor=", "-c", f"core.hooksPath={os.devnull}", "-c", "protocol.allow=never")


def text_at(ref: str, path: str) -> str | None:
    """Return the text of `path` at a commit, or None where there is no git, no such commit or no such file."""
    if not _REF.fullmatch(ref) or ".." in ref:
        raise EvalspecError(
            [
                Diagnostic(
                    code="E911",
                    severity="error",
                    message="this is no name of a commit",
                    path=path,
                    hint="a branch, a tag or a hash, such as `origin/main`",
                    exit=Exit.USAGE,
                )
            ]
        )
    folder, name = os.path.split(os.path.abspath(path))
    command = ["git", *_SAFE, "--no-optional-locks", "-C", folder, "cat-file", "blob", f"{ref}:./{name}"]
    environment = {"PATH": os.environ.get("PATH", os.defpath), "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, capture_output=True, check=False, timeout=SECONDS, stdin=subprocess.DEVNULL, env=environment
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
