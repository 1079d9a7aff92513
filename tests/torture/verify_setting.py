"""A Python with nothing but evalspec and what its core needs, made without a network from what is installed here."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import venv
from pathlib import Path

import evalspec

ROOT = Path(evalspec.__file__).parents[1]
EXTRAS = ("litellm", "aiohttp", "duckdb", "sentence_transformers", "torch", "scipy", "hypothesis", "pytest")
_SCRIPT = "#!{python}\nimport sys\nfrom evalspec.cli import main\nsys.exit(main())\n"


def core_names() -> tuple[str, ...]:
    """The distributions that the core needs, and what those need; extras of either are left out."""
    found: dict[str, None] = {}
    queue = list(_requires("evalspec"))
    while queue:
        name = queue.pop(0)
        if name not in found:
            found[name] = None
            queue += _requires(name)
    return tuple(found)


def _requires(name: str) -> list[str]:
    needed = importlib.metadata.requires(name) or []
    plain = [one for one in needed if "extra ==" not in one and 'sys_platform == "win32"' not in one]
    names = (re.match(r"[A-Za-z0-9._-]+", one) for one in plain)
    return [one.group().lower().replace("_", "-") for one in names if one and _is_here(one.group())]


def _is_here(name: str) -> bool:
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def core_script(folder: Path) -> Path:
    """Make a virtual environment with the core alone, by links to the files that are installed here."""
    place = folder / "core"
    venv.create(place, symlinks=True, with_pip=False)
    site = next((place / "lib").glob("python*")) / "site-packages"
    for name in core_names():
        for file in importlib.metadata.files(name) or ():
            top = file.parts[0]
            if top not in ("..", ".") and not (site / top).exists():
                (site / top).symlink_to(Path(str(importlib.metadata.distribution(name).locate_file(top))))
    (site / "evalspec").symlink_to(ROOT / "evalspec")
    (site / "schemas").symlink_to(ROOT / "schemas")
    script = place / "bin" / "evalspec"
    script.write_text(_SCRIPT.format(python=place / "bin" / "python"), "utf-8")
    script.chmod(0o755)
    return script


def modules_there(script: Path) -> tuple[str, ...]:
    """Which extras that environment can import all the same: there should be none."""
    program = f"import importlib.util as u; print(*[n for n in {EXTRAS!r} if u.find_spec(n)])"
    python = str(script.parent / "python")
    done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=True, env={})
    return tuple(done.stdout.split())


def without_network() -> list[str]:
    """The words that start a command without a network, or none where the kernel does not let us."""
    words = ["unshare", "-rn"]
    try:
        done = subprocess.run([*words, "true"], capture_output=True, check=False)
    except OSError:
        return []
    return words if done.returncode == 0 else []


def run_alone(script: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run evalspec with an empty environment, and without a network where that can be had."""
    path = f"{script.parent}:{os.defpath}"
    command = [*without_network(), "env", "-i", f"PATH={path}", str(script), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
