"""The peers' environments: one each, made by this script outside the checkout, versions as measured.

Two peers state a floor for certifi that the package index here does not have yet; where the plain install fails, what
the resolver finds is installed with its dependencies, and the version wanted then replaces it without them. certifi is
a list of authorities and plays no part over plain HTTP.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(tempfile.gettempdir()) / "evalspec-peers"
INSTALL_SECONDS = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What is installed for one peer, and how its version is told."""

    main: str  # the package whose version stands in the table
    packages: tuple[str, ...]
    pinned: tuple[str, ...] = ()  # installed last and without their dependencies, where `packages` does not resolve
    unpinned: tuple[str, ...] = ()  # in place of `packages` then


ENVIRONMENTS = {
    "bare": Environment(main="aiohttp", packages=("aiohttp==3.14.5",)),
    "litellm": Environment(
        main="litellm",
        # What evalspec needs stands beside it, for the row that asks through litellm's transport of evalspec.
        packages=("litellm==1.109.1", "aiohttp", "click", "jinja2", "jsonschema", "pyyaml", "regex"),
        unpinned=("litellm", "aiohttp", "click", "jinja2", "jsonschema", "pyyaml", "regex"),
        pinned=("litellm==1.109.1",),
    ),
    "curator": Environment(main="bespokelabs-curator", packages=("bespokelabs-curator==0.1.31",)),
    "ragas": Environment(main="ragas", packages=("ragas==0.4.3", "langchain-community==0.3.31", "diskcache")),
    "datadesigner": Environment(
        main="data-designer",
        packages=("data-designer==0.9.7",),
        unpinned=("data-designer",),
        pinned=("data-designer==0.9.7", "data-designer-engine==0.9.7", "data-designer-config==0.9.7"),
    ),
    # It imports requests and does not say so.
    "distilabel": Environment(main="distilabel", packages=("distilabel[openai]==1.5.3", "requests")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An environment that is there, or why it is not."""

    python: str
    version: str = ""
    problem: str = ""


def make(name: str, folder: Path) -> Made:
    """Return a peer's environment; make it when it is not there."""
    wanted, home = ENVIRONMENTS[name], folder / name
    python = home / "bin" / "python"
    mark = home / "installed"
    if not mark.exists():
        venv.create(home, with_pip=True, clear=True)
        problem = _install(python, wanted.packages)
        if problem and wanted.unpinned:
            problem = _install(python, wanted.unpinned) or _install(python, ("--no-deps", *wanted.pinned))
        if problem:
            return Made(python=str(python), problem=problem)
        mark.write_text("", "utf-8")
    if name == "curator":
        _own_encoding(python)
    asked = [python, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"]
    listed = json.loads(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)
    versions = {one["name"].lower(): one["version"] for one in listed}
    return Made(python=str(python), version=f"{wanted.main} {versions[wanted.main]}")


def _install(python: Path, packages: tuple[str, ...]) -> str:
    line = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
    try:
        done = subprocess.run(line, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except subprocess.TimeoutExpired:
        return f"pip did not resolve it in {INSTALL_SECONDS} s"
    said = [one for one in done.stderr.splitlines() if one.startswith("ERROR")]
    return "" if done.returncode == 0 else (said[-1] if said else "pip failed")[:200]


def encodings(python: str) -> str:
    """Return the folder of the encodings that litellm ships, for clients that would download one."""
    code = (
        "import importlib.util, pathlib; "
        "found = pathlib.Path(importlib.util.find_spec('litellm').origin).parent; "
        "print(next(p.parent for p in found.rglob('9b5ad71b2ce5302211f9c61530b329a4922fc6a4')))"
    )
    done = subprocess.run([python, "-c", code], capture_output=True, text=True)
    return done.stdout.strip()


def _own_encoding(python: Path) -> None:
    if not encodings(str(python)):
        print(f"{python}: no copy of cl100k_base found; curator will try to download it", file=sys.stderr)
