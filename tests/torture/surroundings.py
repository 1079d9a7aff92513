"""What surrounds a build and must not change a byte: the machine's settings, the checkout's form, the installation."""

from __future__ import annotations

import importlib.metadata
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from pathlib import Path

from tests.torture.processes import ROOT

Combination = Mapping[str, str]
KERNELS = ("Haswell", "SkylakeX", "Prescott")
# What a kernel must be able to do without evalspec: some releases of numpy crash here under an old one.
MULTIPLY = """
import numpy as np
for rows in range(1, 80, 3):
    for width in (64, 512, 4096):
        for kind in (np.float32, np.float64):
            block = np.ones((rows, width), kind)
            np.matmul(block, np.ones((2 * rows, width), kind).T)
"""
LOCALES = ("tr_TR.UTF-8", "de_DE.ISO-8859-1", "ja_JP.EUC-JP")  # dotless i, a comma in numbers, another encoding


@dataclass
class Surroundings:
    """The values that each circumstance can have here, and why some it should have are missing."""

    values: dict[str, list[str]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)  # circumstance to the reason
    locales: Path | None = None  # a folder of locales of our own
    core: Path | None = None  # a folder with the core's dependencies alone
    pythons: dict[str, str] = field(default_factory=dict)  # version to interpreter, each with the core installed
    crashing: set[tuple[str, str]] = field(default_factory=set)  # (Python, BLAS kernel) whose numpy crashes by itself


def survey(folder: Path, *, full: bool) -> Surroundings:
    """Find out what can be varied on this machine."""
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    found = Surroundings(pythons={here: sys.executable})
    found.core = core_alone(folder / "core")
    found.locales, made = _make_locales(folder / "locales") if full else (None, [])
    listed = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout.split()
    installed = [one for one in listed if one not in ("C", "POSIX") and not one.lower().startswith("c.utf")]
    if full:
        _other_pythons(folder / "pythons", found)
    else:
        found.missing["Python"] = "the sample runs on one; CI runs it on each"
    if full and len(made) < len(LOCALES):
        found.missing["locale"] = "localedef or its sources are not installed: only C and what `locale -a` lists"
    for version, kernel in product(found.pythons, KERNELS):
        line = [found.pythons[version], "-c", MULTIPLY]
        environment = {"PATH": os.environ["PATH"], "OPENBLAS_CORETYPE": kernel}
        if subprocess.run(line, env=environment, capture_output=True, check=False).returncode != 0:
            found.crashing.add((version, kernel))
            why = "its numpy crashes under that kernel in a plain product of two matrices; the default one stood in"
            found.missing[f"BLAS kernel {kernel} on Python {version}"] = why
    clocks = ["now", "1970-01-02 00:00:00", "2038-01-19 03:14:08", "2099-12-31 23:59:59"]
    if shutil.which("faketime") is None:
        clocks, found.missing["clock"] = ["now"], "faketime is not installed"
    found.values = {
        "hash seed": ["0", "1", "4294967295", "random"],
        "locale": ["C", "C.UTF-8", "C, ASCII", *made, *installed[:3]],
        "time zone": ["UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati"],
        "umask": ["000", "022", "077"],
        "working folder": ["project", "above", "elsewhere"],
        "folder's name": ["plain", "blank and ü", "no UTF-8"],
        "wave": ["1", "7", "0"],
        "rows": ["as they are", "reversed", "shuffled"],
        "line ends": ["LF", "CRLF"],
        "clock": clocks,
        "BLAS kernel": ["default", *KERNELS],
        "BLAS threads": ["1", "2", "4"],
        "installed": ["all", "core"] if found.core else ["all"],
        "Python": sorted(found.pythons),
        "lock there": ["none", "the same", "another"],
    }
    if found.core is None:
        found.missing["installed"] = "the installed distributions could not be told apart"
    return found


def core_alone(folder: Path) -> Path | None:
    """Link what the core depends on, and nothing else, into a folder: an installation without any extra."""
    folder.mkdir(parents=True)
    waiting = _wanted("evalspec")
    seen: set[str] = set()
    while waiting:
        name, is_certain = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            if is_certain:
                return None
            continue  # for another system or another Python
        tops = {file.parts[0] for file in distribution.files or [] if file.parts and file.parts[0] != ".."}
        for top in tops - {"__pycache__"}:
            if not (folder / top).exists():
                (folder / top).symlink_to(Path(str(distribution.locate_file(top))))
        waiting += _wanted(name)
    return folder


def _wanted(name: str) -> list[tuple[str, bool]]:
    """The names of what a distribution depends on without extras, and whether it always does."""
    requirements = [one for one in importlib.metadata.requires(name) or [] if "extra ==" not in one]
    return [(re.split(r"[^A-Za-z0-9._-]", one, maxsplit=1)[0], ";" not in one) for one in requirements]


def _make_locales(folder: Path) -> tuple[Path | None, list[str]]:
    """Compile locales that the machine does not have into a folder of our own."""
    made = []
    if shutil.which("localedef"):
        folder.mkdir(parents=True)
        for name in LOCALES:
            language, charset = name.split(".")
            line = ["localedef", "-i", language, "-f", charset, str(folder / name)]
            if subprocess.run(line, capture_output=True, check=False).returncode in (0, 1) and (folder / name).exists():
                made.append(name)
    return (folder, made) if made else (None, [])


def _other_pythons(folder: Path, found: Surroundings) -> None:
    """Install the core's dependencies for each other Python that is on the PATH or named in EVALSPEC_PYTHONS."""
    wanted = [one for one in ("3.11", "3.12", "3.13") if one not in found.pythons]
    named = [one for one in os.environ.get("EVALSPEC_PYTHONS", "").split(os.pathsep) if one]
    for version in wanted:
        interpreter = next((one for one in [*named, f"python{version}"] if _version_of(one) == version), None)
        if interpreter is None:
            found.missing[f"Python {version}"] = "it is not installed here"
            continue
        place = folder / version
        requirements = [one for one in importlib.metadata.requires("evalspec") or [] if "extra ==" not in one]
        for line in (
            [interpreter, "-m", "venv", str(place)],
            [str(place / "bin/python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", *requirements],
        ):
            done = subprocess.run(line, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                found.missing[f"Python {version}"] = (
                    f"its packages could not be installed: {done.stderr.strip()[-120:]}"
                )
                break
        else:
            found.pythons[version] = str(place / "bin/python")


def _version_of(interpreter: str) -> str:
    line = [interpreter, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    try:
        return subprocess.run(line, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def pairwise(values: Mapping[str, Sequence[str]], count: int, dice: random.Random) -> list[dict[str, str]]:
    """Choose combinations so that every two values of two circumstances meet, then more up to a count.

    Each is the best of some drawn ones, so that few of them leave few pairs unmet.
    """
    names = list(values)
    open_pairs = {(one, a, two, b) for one, two in combinations(names, 2) for a, b in product(values[one], values[two])}
    chosen: list[dict[str, str]] = []
    while len(chosen) < count:
        wanting = sorted(open_pairs)
        best: dict[str, str] = {}
        most = -1
        for _ in range(40 if wanting else 1):
            drawn = {name: dice.choice(list(values[name])) for name in names}
            if wanting:
                one, a, two, b = dice.choice(wanting)
                drawn |= {one: a, two: b}
            met = sum((x, drawn[x], y, drawn[y]) in open_pairs for x, y in combinations(names, 2))
            if met > most:
                best, most = drawn, met
        open_pairs -= {(x, best[x], y, best[y]) for x, y in combinations(names, 2)}
        chosen.append(best)
    return chosen


def uncovered(values: Mapping[str, Sequence[str]], chosen: Sequence[Combination]) -> int:
    """Count the pairs of values that meet in no combination."""
    met = {(x, one[x], y, one[y]) for one in chosen for x, y in combinations(list(values), 2)}
    pairs = ((x, a, y, b) for x, y in combinations(list(values), 2) for a, b in product(values[x], values[y]))
    return sum(pair not in met for pair in pairs)


def variables(one: Combination, found: Surroundings) -> dict[str, str]:
    """The environment of a combination, nothing of the machine's own in it but PATH and HOME."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    path = str(ROOT)
    if one["installed"] == "core" and one["Python"] == f"{sys.version_info.major}.{sys.version_info.minor}":
        path = f"{ROOT}{os.pathsep}{found.core}"
    given = {**kept, "PYTHONPATH": path, "NO_FAKE_STAT": "1", "PYTHONHASHSEED": one["hash seed"]}
    given |= {"TZ": one["time zone"], "OPENBLAS_NUM_THREADS": one["BLAS threads"]}
    if one["BLAS kernel"] != "default" and (one["Python"], one["BLAS kernel"]) not in found.crashing:
        given["OPENBLAS_CORETYPE"] = one["BLAS kernel"]
    if one["locale"] == "C, ASCII":
        return given | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    if found.locales is not None:
        given["LOCPATH"] = str(found.locales)
    return given | {"LC_ALL": one["locale"], "PYTHONUTF8": "0"}


def prefix(one: Combination, found: Surroundings) -> list[str]:
    """The command line of a combination up to evalspec's own words."""
    python = found.pythons[one["Python"]]
    bare = one["installed"] == "core" and python == sys.executable
    # Without `site` there is no site-packages: what PYTHONPATH names is all that is installed.
    line = [python, "-S", "-P", "-m", "evalspec"] if bare else [python, "-P", "-m", "evalspec"]
    return line if one["clock"] == "now" else ["faketime", "-f", one["clock"], *line]


Rewrite = Callable[[list[bytes]], list[bytes]]


def reorder(lines: list[bytes], how: str, dice: random.Random) -> list[bytes]:
    """Put lines in another order."""
    if how == "reversed":
        return lines[::-1]
    return dice.sample(lines, len(lines)) if how == "shuffled" else lines
