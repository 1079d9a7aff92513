"""What the pages say of benchmarks is what was measured."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.llm.tables import read_results, short
from benchmarks.measures import embedding, own_models, trained
from benchmarks.scale.__main__ import RESULTS, page

ROOT = Path(__file__).parents[1]


def test_the_page_and_the_readme_follow_from_the_results() -> None:
    """A figure that somebody typed, or a table that was not written again, fails here."""
    assert (ROOT / "docs" / "benchmarks.md").read_text("utf-8") == page(json.loads(RESULTS.read_text("utf-8")))
    assert short(read_results()) in (ROOT / "README.md").read_text("utf-8")


def test_the_speed_of_embedding_is_what_was_measured() -> None:
    """The table of the page follows from the figures that were kept."""
    text = (ROOT / "docs" / "embeddings.md").read_text("utf-8")
    assert embedding.page(text, json.loads(embedding.RESULTS.read_text("utf-8"))) == text
    assert own_models.page(text, json.loads(own_models.RESULTS.read_text("utf-8"))) == text


def test_what_is_found_of_training_texts_is_what_was_measured() -> None:
    """The table of the page follows from the figures that were kept."""
    text = (ROOT / "docs" / "embeddings.md").read_text("utf-8")
    assert trained.page(text, json.loads(trained.RESULTS.read_text("utf-8"))) == text
