"""Whether this is a run of CI on somebody else's files: there, nothing is asked that costs money or shows a key.

Under `pull_request_target`, and on a pull request from a fork, the spec, its prompts and its inputs are a stranger's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from evalspec.diagnostics import BuildError, Diagnostic, Exit, Note
from evalspec.edges.git import commit_at

MAX_EVENT_BYTES = 32 * 1024 * 1024  # GitHub cuts a webhook at 25 MB


def refuse_untrusted(environment: Mapping[str, str], path: str, trusted: str | None = None) -> None:
    """Raise exit 8 where a build of the spec at `path` may ask no model.

    `trusted` is the whole hash of a commit that a maintainer has read: what is checked out must be that commit.
    """
    why = untrusted(environment)
    head = commit_at("HEAD", path) if why is not None and trusted is not None else None
    if why is None or (head is not None and head == trusted):
        return
    others = f"`{trusted}`, which is trusted, is not what is checked out: that is `{head or 'no commit'}`"
    problem = Diagnostic(
        code="M151",
        severity="error",
        message=f"this runs on {why}: no model is asked for files of a stranger",
        path=path,
        notes=(Note(message=others),) if trusted is not None else (),
        hint="a maintainer reads the change of the spec and builds its commit in a trusted workflow; "
        "`verify` and `build --locked` need no model",
        exit=Exit.OFFLINE,
    )
    raise BuildError([problem])


def untrusted(environment: Mapping[str, str]) -> str | None:
    """Return what makes a run one on a stranger's files, or None; what cannot be told apart is a stranger's."""
    event = environment.get("GITHUB_EVENT_NAME", "")
    if event == "pull_request_target":
        return "`pull_request_target`"
    if event != "pull_request":
        return None
    try:
        with open(environment.get("GITHUB_EVENT_PATH", ""), "rb") as file:
            change = json.loads(file.read(MAX_EVENT_BYTES))["pull_request"]
        head, base = change["head"]["repo"]["full_name"], change["base"]["repo"]["full_name"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):  # a fork that was deleted has no `repo`
        return "a pull request of unknown origin"
    return None if head == base else "a pull request from a fork"
