"""Files as an earlier commit holds them; git is run so that no configuration of the checkout can start a program."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence

from evalspec.diagnostics import Diagnostic, EvalspecError, Exit
from evalspec.text.patterns import lazy_pattern

SECONDS = 20.0
_REF = lazy_pattern(r"[A-Za-z0-9][A-Za-z0-9._/@{}^~-]{0,99}")
# What a checkout's own configuration could make git start: a monitor, hooks, a transport for objects that are missing.
# A commit can hold a folder that git takes for a bare repository, configuration and all; `explicit` keeps git out.
_SAFE = (
    *("-c", "core.fsmonitor="),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "protocol.allow=never"),
    *("-c", "safe.bareRepository=explicit"),
)
_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # stronger than `protocol.*` of any configuration
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}


def text_at(ref: str, path: str) -> str | None:
    """Return the text of `path` at a commit, or None where there is no git, no such commit or no such file."""
    _check(ref, path)
    folder, below = _anchor(path)
    return _run(folder, "cat-file", "blob", f"{ref}:./{below}")


def names_at(ref: str, folder: str) -> tuple[str, ...]:
    """Return the names of the files of a folder at a commit, sorted; none where there is no such folder."""
    _check(ref, folder)
    anchor, below = _anchor(os.path.join(folder, "."))
    listed = _run(anchor, "ls-tree", "--full-tree", "-z", "--name-only", f"{ref}:./{below}")
    return tuple(sorted(name for name in (listed or "").split("\0") if name))


def texts_at(ref: str, folder: str, below: str) -> Mapping[str, str]:
    """Return the texts of the files of `folder` that stand under `below` at a commit, by their path in `folder`."""
    names = names_at(ref, os.path.join(folder, below))
    texts = {os.path.join(below, name): text_at(ref, os.path.join(folder, below, name)) for name in names}
    return {path: text for path, text in texts.items() if text is not None}


def attributes_of(folder: str, paths: Sequence[str], names: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    """Return the Git attributes that hold now for files of a folder, by path and name; `unspecified` ones are not told.

    Empty where there is no git or no checkout.
    """
    answer = _run(os.path.abspath(folder), "check-attr", "-z", *names, "--", *paths) if paths else None
    fields = (answer or "").split("\0")
    found: dict[str, dict[str, str]] = {}
    for path, name, value in zip(fields[0::3], fields[1::3], fields[2::3], strict=False):
        if value != "unspecified":
            found.setdefault(path, {})[name] = value
    return found


def require_commit(ref: str, path: str) -> None:
    """Raise when the checkout around `path` holds no such commit: "nothing there" would read as "nothing changed"."""
    if commit_at(ref, path) is None:
        raise EvalspecError(
            [
                Diagnostic(
                    code="E914",
                    severity="error",
                    message=f"git finds no commit `{ref}` here",
                    path=path,
                    hint="fetch it first; CI often has one commit only (`fetch-depth: 2` holds `HEAD^1`)",
                    exit=Exit.USAGE,
                )
            ]
        )


def commit_at(ref: str, path: str) -> str | None:
    """Return the hash of the commit that `ref` names in the checkout around `path`, or None."""
    _check(ref, path)
    found = _run(_anchor(path)[0], "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    return found.strip() if found else None


def merge_base(one: str, other: str, path: str) -> str | None:
    """Return the hash of the commit where two branches parted, or None."""
    _check(one, path)
    _check(other, path)
    found = _run(_anchor(path)[0], "merge-base", "--end-of-options", one, other)
    return found.strip() if found else None


def _check(ref: str, path: str) -> None:
    """Refuse what is no plain name of a commit: an option, a range, a program."""
    if _REF.fullmatch(ref) and ".." not in ref:
        return
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


def _anchor(path: str) -> tuple[str, str]:
    """Split a path into a folder that stands there now and the rest; the commit may hold folders that are gone."""
    folder, below = os.path.split(os.path.abspath(path))
    while not os.path.isdir(folder) and os.path.dirname(folder) != folder:
        folder, name = os.path.split(folder)
        below = f"{name}/{below}"
    return folder, below


def _run(folder: str, *arguments: str) -> str | None:
    """Run one git command that only reads, without configuration of the user, and return what it prints."""
    command = ["git", *_SAFE, "--no-optional-locks", "-C", folder, *arguments]
    environment = {"PATH": os.environ.get("PATH", os.defpath), **_ENVIRONMENT}
    try:
        done = subprocess.run(
            command, capture_output=True, check=False, timeout=SECONDS, stdin=subprocess.DEVNULL, env=environment
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):  # ValueError: a path that no file can have
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
