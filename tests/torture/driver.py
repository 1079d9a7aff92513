"""Find the suites, run them, and write down what they came to; a page keeps the sections that a run did not touch."""

from __future__ import annotations

import datetime
import importlib
import os
import pkgutil
import platform
import re
import subprocess
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.torture.suites import SUITES, Effort, Entry, Tally

ROOT = Path(__file__).parents[2]
SEED = 20261121  # any number; a fixed one, so that a break can be run again
# What README promises, and the suite that tries it.
GUARANTEES: Mapping[str, str] = {
    "catalogue": "Every wrong input that we know of is refused with its code, at its place",
    "fuzz": "A broken file of any kind ends in a stated exit code and a diagnostic; no traceback, no endless run",
    "hostile": "Reading, checking or building a stranger's spec runs none of its code and touches nothing outside",
    "privacy": "Personal data of structured types is found at import, and what only looks like it is left alone",
    "determinism": "The same inputs give the same bytes, whatever surrounds the build",
    "sudden_death": "A build that is killed, or runs out of disk, leaves the old lock or the new one",
    "verify": "An edited or forged lock is found by `verify`, without network and keys",
    "models": "A killed build loses no reply that was acknowledged, and asks nothing twice but what was not yet",
    "tape": "A broken tape or journal is never used in silence",
    "budget": "Recorded list-price spend stays within the budget, with any number of workers, faults and deaths",
    "audit": "An audit of any file ends in a stated exit code; no address, number or key is shown, and nothing acts",
}
SHOWN = 20  # breaks listed under a promise; the count is always of all
_SECTION = re.compile(r"^<!-- suite (\S+) -->\n.*?^<!-- end \1 -->\n", re.DOTALL | re.MULTILINE)
_COUNTS = re.compile(r"\| ([\d,]+) \| ([\d,]+) \|$", re.MULTILINE)
TABLE = re.compile(r"(<!-- begin torture[^>]*-->\n)(.*?)(<!-- end torture -->)", re.DOTALL)
_HEAD = """# What the torture runs came to

Written by `make torture`; do not edit it by hand. A suite tries a promise many times and counts each time that it did
not hold. Every section says the commit, the seed and the day of its run: a run of some suites leaves the others'
sections as they were. `python -m tests.torture --only NAME --seed SEED` tries the same again.

"""


@dataclass(frozen=True)
class Outcome:
    """One suite's run: what its promises came to, and how long it took."""

    entry: Entry
    tallies: tuple[Tally, ...]
    seconds: float

    @property
    def broken(self) -> int:
        """The tries that broke a promise."""
        return sum(len(tally.broken) for tally in self.tallies)


def load_suites() -> Mapping[str, Entry]:
    """Import every file of this folder and return the suites that they registered, by name."""
    import tests.torture as package

    for module in pkgutil.iter_modules(package.__path__):
        if module.name != "__main__":
            importlib.import_module(f"tests.torture.{module.name}")
    return {name: SUITES[name] for name in sorted(SUITES)}


def run_suite(entry: Entry, effort: Effort) -> Outcome:
    """Run one suite in an empty folder; one that stops or tries nothing has broken its promises."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="torture-", ignore_cleanup_errors=True) as folder, _temporary():
        try:
            tallies = tuple(entry.run(effort, Path(folder)))
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            said = f"{type(error).__name__}: {error} ({os.path.basename(where.filename)}:{where.lineno})"
            tallies = (Tally("the suite runs to its end", 1, [f"stopped: {said}"]),)
    for tally in tallies:
        if not tally.tried and not tally.skipped:
            tally.broken.append("nothing was tried, and no reason given")
    if not tallies:
        tallies = (Tally("the suite has promises", 1, ["it returned none"]),)
    return Outcome(entry, tallies, time.monotonic() - began)


@contextmanager
def _temporary() -> Iterator[None]:
    """Give this process and those it starts a temporary folder of their own: what a crash leaves goes with it."""
    before, kept = os.environ.get("TMPDIR"), tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="torture-tmp-", ignore_cleanup_errors=True) as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        try:
            yield
        finally:
            tempfile.tempdir = kept
            if before is None:
                del os.environ["TMPDIR"]
            else:
                os.environ["TMPDIR"] = before


def lines_of(outcome: Outcome) -> Iterable[str]:
    """What the terminal shows of a suite."""
    for tally in outcome.tallies:
        state = f"skipped: {tally.skipped}" if tally.skipped and not tally.tried else f"{len(tally.broken)} broken"
        yield f"  {tally.tried:>7,} tried, {state}: {tally.promise}"
        yield from (f"            {name}: {value}" for name, value in tally.figures.items())
        yield from (f"    BROKEN  {one}" for one in tally.broken[:SHOWN])
    tried = sum(tally.tried for tally in outcome.tallies)
    rate = tried / outcome.seconds if outcome.seconds else 0
    yield f"  {tried:,} tries in {outcome.seconds:.1f} s, {rate:,.0f} a second, {outcome.broken} broken"


def section(outcome: Outcome, effort: Effort) -> str:
    """One suite's section of the page."""
    entry = outcome.entry
    size = "in full" if effort.full else "as a sample"
    lines = [
        f"<!-- suite {entry.name} -->",
        f"## {entry.title}",
        "",
        f"`{entry.name}`, {size}, commit {_commit()}, seed {effort.seed}, {_today()}, {outcome.seconds:.0f} s on "
        f"{_machine()}.",
        "",
        "| promise | tried | broken |",
        "|---|---:|---:|",
    ]
    for tally in outcome.tallies:
        tried = f"{tally.tried:,}" if tally.tried or not tally.skipped else "skipped"
        lines.append(f"| {_cell(tally.promise)} | {tried} | {len(tally.broken):,} |")
    lines.append("")
    for tally in outcome.tallies:
        notes = [f"{name}: {value}" for name, value in tally.figures.items()]
        notes += [f"skipped: {tally.skipped}"] if tally.skipped else []
        notes += [f"**broken**: {one}" for one in tally.broken[:SHOWN]]
        if len(tally.broken) > SHOWN:
            notes.append(f"and {len(tally.broken) - SHOWN:,} more broken")
        if notes:
            lines += [f"{_line(tally.promise)}:", "", *(f"- {_line(note)}" for note in notes), ""]
    return "\n".join([*lines, f"<!-- end {entry.name} -->", ""])


def page(before: str, sections: Mapping[str, str], known: Iterable[str]) -> str:
    """The page: the given sections, and of those that were there before what is still a suite, by name."""
    kept = {found[1]: found[0] for found in _SECTION.finditer(before)}
    everything = kept | dict(sections)
    return _HEAD + "\n".join(everything[name] for name in sorted(everything) if name in set(known))


def write_page(path: Path, outcome: Outcome, effort: Effort, known: Sequence[str]) -> None:
    """Put one suite's section into the page on disk, at once: a later suite that hangs must not cost it."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(page(before, {outcome.entry.name: section(outcome, effort)}, known), encoding="utf-8")


def guarantees(written: str) -> str:
    """README's table, of the promises and what the page says that became of them."""
    sections = {found[1]: found[0] for found in _SECTION.finditer(written)}
    rows = ["| promise | tries | broken |", "|---|---:|---:|"]
    for name, promise in GUARANTEES.items():
        text = sections.get(name, "")
        found = [(int(tried.replace(",", "")), int(lost.replace(",", ""))) for tried, lost in _COUNTS.findall(text)]
        tried, lost = sum(one for one, _ in found), sum(one for _, one in found)
        size = ", a sample" if ", as a sample," in text else ""
        rows.append(f"| {promise} (`{name}`) | " + (f"{tried:,}{size} | {lost:,} |" if found else "not run | – |"))
    return "\n".join(rows)


def write_readme() -> None:
    """Put the table of guarantees into README, where its figures are never typed."""
    readme = ROOT / "README.md"
    table = guarantees((ROOT / "TORTURE.md").read_text(encoding="utf-8"))
    text = readme.read_text(encoding="utf-8")
    readme.write_text(TABLE.sub(lambda found: f"{found[1]}{table}\n{found[3]}", text), encoding="utf-8")


def _line(text: str) -> str:
    """One line of Markdown that cannot end its section early."""
    return " ".join(text.split()).replace("<!--", "&lt;!--")


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|")


def _git(*arguments: str) -> str:
    done = subprocess.run(("git", "-C", str(ROOT), *arguments), capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _commit() -> str:
    """The commit that was run, and whether the code in the checkout was another one."""
    commit = _git("rev-parse", "--short=12", "HEAD")
    if not commit:
        return "unknown (no git checkout)"
    is_changed = bool(_git("status", "--porcelain", "--", "evalspec", "schemas", "specs", "tests"))
    return f"`{commit}`" + (" with changes that were not committed" if is_changed else "")


def _today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def _machine() -> str:
    """What a figure may depend on, and nothing that names the machine."""
    cores = os.cpu_count() or 1
    kind = f"{platform.system()} {platform.machine()}"
    return f"{platform.python_implementation()} {platform.python_version()}, {kind}, {cores} cores"
