"""The peers' own environment, made when it is first needed: ours and theirs share no package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("EVALSPEC_PEERS", ROOT / ".evalspec" / "peers"))
PACKAGES = ("datasketch", "jsonschema", "nlpaug", "numpy", "pandas", "pyyaml", "rapidfuzz", "rensa", "requests")
MORE = ("ruamel.yaml", "scipy")


def python() -> Path:
    """Return the interpreter of the peers' environment; make the environment if it is not there."""
    found = FOLDER / "bin" / "python"
    if not found.exists():
        venv.create(FOLDER, with_pip=True)
        subprocess.run([found, "-m", "pip", "install", "--quiet", *PACKAGES, *MORE], check=True)
    return found


def ask(script: str, *arguments: str) -> Any:
    """Run a peer's script of this folder in its environment, on one thread, and return the JSON it prints."""
    path = Path(__file__).parent / script
    done = subprocess.run([python(), path, *arguments], check=True, capture_output=True, text=True, env=one_thread())
    return json.loads(done.stdout)


def one_thread() -> dict[str, str]:
    """Return an environment in which libraries use one thread: figures are for one core."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
    return {**os.environ, **dict.fromkeys(names, "1")}


if __name__ == "__main__":
    sys.exit(print(python()))
