"""`python -m tests.torture`: run the torture suites in full and say what they came to; exit 1 if a promise broke."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.torture.driver import ROOT, SEED, lines_of, load_suites, run_suite, write_page, write_readme
from tests.torture.suites import Effort


def say(line: str) -> None:
    """Print at once: a suite may take many minutes."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--sample", action="store_true", help="the size that the test suite runs, not the full one")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these suites; a page keeps the sections of others")
    parser.add_argument("--seed", type=int, default=SEED, help="where the generators start (default: %(default)s)")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="write the sections of these suites into a page")
    parser.add_argument("--list", action="store_true", help="name the suites and run none")
    given = parser.parse_args()

    suites = load_suites()
    chosen = given.only or list(suites)
    if unknown := [name for name in chosen if name not in suites]:
        parser.error(f"no suite {', '.join(unknown)}; there are {', '.join(suites)}")
    if given.list:
        for name in chosen:
            say(f"{name}: {suites[name].title}")
        return 0

    effort = Effort(full=not given.sample, seed=given.seed)
    broken = 0
    for at, name in enumerate(chosen, start=1):
        say(f"[{at}/{len(chosen)}] {name}: {suites[name].title}")
        outcome = run_suite(suites[name], effort)
        broken += outcome.broken
        for line in lines_of(outcome):
            say(line)
        if given.write:
            write_page(ROOT / given.write, outcome, effort, list(suites))
            if given.write == Path("TORTURE.md"):
                write_readme()
    say(f"{broken} broken" if broken else "every promise held")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
