"""What the folder of an embedding model holds, and the lines that name it in a spec."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from textwrap import wrap

from evalspec.cli.console import emit, emit_json
from evalspec.diagnostics import Exit
from evalspec.embedding import Shown, shown
from evalspec.model.vocabulary import NAME

COLUMNS = 100
REVISION = '""'  # what a person must say: a spec with an empty one is refused


def show_embedder(path: str, how: str) -> int:
    """Print what a model is and how a spec names it."""
    found = shown(path)
    if how == "json":
        emit_json(_data(found))
    else:
        emit("\n".join(_lines(found)))
    return Exit.OK


def _name(path: str) -> str:
    """Return a name for a model, after its folder where that makes one."""
    name = re.sub(r"[^a-z0-9]+", "_", os.path.basename(os.path.abspath(path)).lower()).strip("_")[:24].rstrip("_")
    return name if NAME.fullmatch(name) and name != "minilm" else "own"


def _lines(found: Shown) -> list[str]:
    told = found.spoken
    reads = (
        f"reads the first {told.longest:,} word pieces of a text" if told.longest else "how much it reads is not said"
    )
    run_by = "evalspec" if told.runner == "evalspec" else f"sentence-transformers ({found.why})"
    lacking = f"; not installed: {', '.join(found.missing)}" if found.missing else ""
    return [
        f"{found.path}: {told.architecture}, {told.dimensions:,} dimensions, {reads}",
        f"  run by    {run_by}{lacking}",
        *_listed("weights", found.weight_files),
        *_listed("settings", found.setting_files),
        *_listed("not read", found.unread),
        "",
        "screen:",
        "  embedder:",
        f"    name: {_name(found.path)}",
        f"    path: {_spelled(found.path)}    # write it relative to the spec",
        f"    revision: {found.revision or REVISION}    # say which one of its makers' it is",
        f"    weights: {found.weights}",
        f"    settings: {found.settings}",
    ]


def _listed(title: str, names: Sequence[str]) -> list[str]:
    text = ", ".join(names) + (": a pickle runs what it holds" if title == "not read" else "")
    start = f"  {title:<8}  "
    return wrap(text, COLUMNS, initial_indent=start, subsequent_indent=" " * len(start)) if names else []


def _spelled(path: str) -> str:
    return os.path.relpath(path).replace(os.sep, "/")


def _data(found: Shown) -> dict[str, object]:
    told = found.spoken
    return {
        "path": found.path,
        "architecture": told.architecture,
        "dimensions": told.dimensions,
        "longest": told.longest,
        "run_by": told.runner,
        "why_not_evalspec": found.why or None,
        "missing": list(found.missing),
        "weights": found.weights,
        "settings": found.settings,
        "revision": found.revision,
        "weight_files": list(found.weight_files),
        "setting_files": list(found.setting_files),
        "not_read": list(found.unread),
    }
