"""Export a hostile lock for every runner, run it there with an echo, and compare what the model was sent with the lock.

    python benchmarks/runners/run.py [RUNNER ...] [--keep FOLDER]

Each runner is installed into an environment of its own under a temporary folder (`--keep`: under that folder, used
again by the next call). A runner that cannot be installed is a row of the table, not a silent pass. Exit 1 when a text
differs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import with_promptfoo  # noqa: E402
from hostile import hostile_lock, wanted_messages, write_export  # noqa: E402

# What each environment holds; an empty list: Python alone.
PACKAGES: Mapping[str, tuple[str, ...]] = {
    "jsonl": (),
    "csv": ("pandas", "openpyxl"),
    "hf": ("datasets",),
    "inspect": ("inspect-ai",),
    "promptfoo": ("promptfoo@0.121.20", "@libsql/linux-x64-gnu@0.5.29"),
    "deepeval": ("deepeval",),
    "lm_eval": ("lm-eval",),
}
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "DEEPEVAL_TELEMETRY_OPT_OUT": "YES",
    "ERROR_REPORTING": "NO",
    "CONFIDENT_METRIC_LOGGING_VERBOSE": "0",
}
INSTALL_SECONDS = 600
RUN_SECONDS = 300


def environment(runner: str, place: Path) -> Path:
    """Make or reuse the runner's environment."""
    folder = place / f"environment-{runner}"
    ready = folder / "ready"
    if ready.exists():
        return folder
    packages = list(PACKAGES[runner])
    if runner == "promptfoo":
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}', "utf-8")
        quiet = ["--omit=optional", "--omit=peer", "--no-audit", "--no-fund", "--silent"]
        command = ["npm", "install", *packages, *quiet]
    else:
        venv.create(folder, with_pip=True)
        command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *packages] if packages else []
    if command:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=INSTALL_SECONDS)
    ready.touch()
    return folder


def seen_by(runner: str, folder: Path, place: Path) -> dict[str, Any]:
    """Run the export in its runner and return what the model was sent."""
    where = environment(runner, place)
    if runner == "promptfoo":
        return with_promptfoo.probe(folder, where)
    out = folder / "seen.json"
    variables = {**os.environ, **OFFLINE, "HF_HOME": str(folder / "hf"), "HOME": str(folder)}
    command = [str(where / "bin" / "python"), str(HERE / "probes" / f"{runner}_probe.py"), str(out)]
    done = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, timeout=RUN_SECONDS, check=False
    )
    if not out.exists():
        raise RuntimeError((done.stdout + done.stderr)[-3000:])
    found: dict[str, Any] = json.loads(out.read_text("utf-8"))
    return found


def differences(found: Mapping[str, Any]) -> tuple[int, int, list[str]]:
    """Return how many cases came through as the lock has them, how many with their metadata, and what did not."""
    wanted = {name: json.loads(json.dumps(rows)) for name, rows in wanted_messages().items()}
    same, carried, notes = 0, 0, []
    for case in hostile_lock().cases:
        name = str(case["id"])
        given = found["messages"].get(name)
        if given == wanted[name]:
            same += 1
        else:
            pairs = list(zip(given or [], wanted[name], strict=False))
            first = next((pair for pair in pairs if pair[0] != pair[1]), (given, wanted[name]))
            notes.append(f"{name}: sent {first[0]!r}, the lock has {first[1]!r}")
        held = found["metadata"].get(name, {})
        expects = {"evalspec_id": name, "evalspec_digest": case["digest"]}
        optional = {f"evalspec_{key}": case[key] for key in ("expected", "metadata") if key in case}
        there = {key: value for key, value in optional.items() if key in held}
        if all(held.get(key) == value for key, value in {**expects, **there}.items()):
            carried += 1
        else:
            notes.append(f"{name}: metadata came as {held!r}")
    return same, carried, notes


def main(arguments: list[str]) -> int:
    """Print the table and what failed."""
    keep = None
    if "--keep" in arguments:
        at = arguments.index("--keep")
        keep = Path(arguments[at + 1]).resolve()
        del arguments[at : at + 2]
    failed = False
    with tempfile.TemporaryDirectory() as temporary:
        place = keep or Path(temporary)
        print("| runner | version | cases | inputs equal | metadata equal | remarks |\n|---|---|---|---|---|---|")
        problems = []
        for runner in arguments or list(PACKAGES):
            folder = Path(tempfile.mkdtemp(dir=temporary))
            write_export(runner, folder)
            try:
                found = seen_by(runner, folder, place)
            except (subprocess.SubprocessError, OSError, RuntimeError) as error:
                detail = getattr(error, "stderr", b"") or b""
                print(f"| {runner} | – | – | – | – | could not be run: {type(error).__name__} |", flush=True)
                problems.append(f"{runner}: {error}\n{detail[-2000:]!r}")
                failed = True
                continue
            same, carried, notes = differences(found)
            total = len(hostile_lock().cases)
            remarks = "; ".join(found["notes"])
            print(f"| {runner} | {found['version']} | {total} | {same} | {carried} | {remarks} |", flush=True)
            problems += [f"{runner}: {note}" for note in notes]
            failed = failed or same < total or carried < total
        print("\n".join(["", *problems]))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
