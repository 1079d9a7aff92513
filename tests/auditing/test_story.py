"""docs/audit.md tells what the commands printed."""

from __future__ import annotations

import json
import re
from pathlib import Path

from benchmarks.audit.planted import table

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "audit.md").read_text("utf-8")
STORY = json.loads((ROOT / "benchmarks" / "audit" / "story.json").read_text("utf-8"))


def test_every_screen_of_the_page_was_printed() -> None:
    """A line that somebody typed, or an audit that was taken again and not written down, fails here."""
    for one in STORY.values():
        screen = "\n".join(one["screen"]).rstrip()
        assert f"$ {one['command']}\n{screen}\n```" in PAGE, one["command"]


def test_every_share_that_the_story_names_stands_on_a_screen() -> None:
    """Between the screens, a percentage or a count is one that a command printed."""
    story = PAGE[PAGE.index("## Three public sets") : PAGE.index("## How to read the screen")]
    prose = re.sub(r"```.*?```", "", story, flags=re.DOTALL)
    printed = "\n".join(line for one in STORY.values() for line in one["screen"])

    named = re.findall(r"\d[\d.,]* %|(?<![\w.])\d+\.\d(?![\w])(?! %)", prose.replace("CC BY 4.0", ""))
    assert len(named) >= 8
    assert not [one for one in named if one.split()[0] not in printed.replace("%", "").split()]


def test_the_table_of_planted_faults_is_what_was_measured() -> None:
    """The page is written by the benchmark, and by nobody else."""
    found = json.loads((ROOT / "benchmarks" / "audit" / "planted.json").read_text("utf-8"))

    assert f"<!-- planted -->\n{table(found)}\n<!-- end planted -->" in PAGE
