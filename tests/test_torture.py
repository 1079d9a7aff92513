"""Every torture suite at its sample's size, and the driver that runs them in full."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from evalspec.edges.crash import write_crash
from tests.torture.driver import (
    GUARANTEES,
    ROOT,
    SEED,
    TABLE,
    Outcome,
    guarantees,
    lines_of,
    load_suites,
    page,
    run_suite,
    section,
)
from tests.torture.suites import Effort, Entry, Tally

SAMPLE = Effort(full=False, seed=SEED)
FOLDER = Path(__file__).parent / "torture"


@pytest.mark.parametrize("name", load_suites())
def test_the_promises_of_a_suite_hold(name: str) -> None:
    """The sample of a suite breaks nothing; what could not run here is skipped by name."""
    outcome = run_suite(load_suites()[name], SAMPLE)

    assert [broken for tally in outcome.tallies for broken in tally.broken] == []
    if not any(tally.tried for tally in outcome.tallies):
        pytest.skip("; ".join(tally.skipped for tally in outcome.tallies))


def test_every_file_of_suites_is_registered() -> None:
    """A suite that registers itself under another name of the registry's module would never run."""
    files = [path for path in FOLDER.glob("*.py") if "\n@suite(" in path.read_text(encoding="utf-8")]
    registered = {entry.run.__module__ for entry in load_suites().values()}

    assert {f"tests.torture.{path.stem}" for path in files} == registered


def entry(run: object) -> Entry:
    return Entry("one", "One suite", run)  # type: ignore[arg-type]


def test_a_suite_that_stops_or_tries_nothing_is_broken() -> None:
    """Silence is not success: an exception, no promise, and a promise without a try are breaks."""

    def stops(effort: Effort, folder: Path) -> list[Tally]:
        raise RuntimeError("half way")

    stopped, empty, idle, skipped = (
        run_suite(entry(run), SAMPLE)
        for run in (stops, lambda *_: [], lambda *_: [Tally("holds")], lambda *_: [Tally("holds", skipped="no strace")])
    )

    assert "RuntimeError: half way" in stopped.tallies[0].broken[0]
    assert (stopped.broken, empty.broken, idle.broken, skipped.broken) == (1, 1, 1, 0)


def test_what_a_crash_leaves_goes_with_the_suite() -> None:
    """Notes of bugs are for who ran a command, and a suite that runs thousands would litter."""
    left: list[Path] = []

    def crashes(effort: Effort, folder: Path) -> list[Tally]:
        left.append(Path(str(write_crash(RuntimeError("x"), ["check"], "0"))))
        assert left[0].exists() and os.environ["TMPDIR"] == str(left[0].parent)
        return [Tally("holds", 1)]

    before = os.environ.get("TMPDIR")

    assert run_suite(entry(crashes), SAMPLE).broken == 0
    assert not left[0].exists() and os.environ.get("TMPDIR") == before


def test_a_page_keeps_the_sections_of_suites_that_did_not_run() -> None:
    """A run of one suite replaces its section and no other; a suite that is gone leaves the page."""
    tally = Tally("a | b holds", 12, ["try 3 <!-- end one -->", "try 4"], {"longest run": "0.4 s"})
    made = section(Outcome(entry(None), (tally, Tally("c holds", skipped="no strace here")), 3.0), SAMPLE)
    old = "".join(f"<!-- suite {name} -->\n## {name}\nold\n<!-- end {name} -->\n" for name in ("gone", "one", "two"))

    written = page(old, {"one": made}, ["one", "two"])

    assert "## two\nold\n" in written and "gone" not in written and "## one\nold" not in written
    assert "| a \\| b holds | 12 | 2 |" in written and "| c holds | skipped | 0 |" in written
    assert "- longest run: 0.4 s" in written and "- **broken**: try 4" in written
    assert "- skipped: no strace here" in written
    assert page(written, {}, ["one", "two"]) == written


def test_the_terminal_shows_tries_breaks_and_rate() -> None:
    """What a run prints names every break."""
    shown = "\n".join(lines_of(Outcome(entry(None), (Tally("holds", 4, ["try 2: exit 70"]),), 2.0)))

    assert "4 tried, 1 broken: holds" in shown and "try 2: exit 70" in shown and "2 a second, 1 broken" in shown


def test_readme_promises_what_is_tried_and_no_figure_of_its_own() -> None:
    """Every guarantee is a suite, and the table in README is the one that the page gives."""
    assert GUARANTEES.keys() <= load_suites().keys()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = TABLE.search(readme)

    assert found and found[2] == guarantees((ROOT / "TORTURE.md").read_text(encoding="utf-8")) + "\n"
    around = re.split(r"^## ", readme[readme.index("## Guarantees") + 3 :], flags=re.M)[0].replace(found[0], "")
    assert not re.findall(r"\d", around)


def test_the_table_counts_what_the_page_says() -> None:
    """Tries and breaks of all promises of a suite, and nothing for one that was not run."""
    tallies = (Tally("a | b holds", 1200, ["try 3", "try 4"]), Tally("c holds", skipped="no strace"), Tally("d", 30))
    rows = guarantees(section(Outcome(Entry("fuzz", "Fuzz", None), tallies, 3.0), SAMPLE)).split("\n")  # type: ignore[arg-type]

    assert [row.split("|")[2:4] for row in rows if "(`fuzz`)" in row] == [[" 1,230, a sample ", " 2 "]]
    assert [row.split("|")[2:4] for row in rows if "(`verify`)" in row] == [[" not run ", " – "]]
