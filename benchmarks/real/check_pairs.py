"""Checks 11 and 12: which of the labelled pairs the screen drops at its defaults, and what is said of the others."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from benchmarks.judged import case_of, judged, spec_of
from benchmarks.measures.samples import rows
from evalspec.edges.meaning.embedder import minilm_embedder
from evalspec.stages.screen import screener
from evalspec.stages.training import Firewall

GROUPS = 90  # originals with all their paraphrases: nine texts in ten say what another says
MAY_FIND = 0.05  # of paraphrases, by spelling alone
Fields = dict[str, object]


def screened(texts: list[str]) -> list[tuple[str, str]]:
    """Send texts through the screens in their order; return those dropped as duplicates, each with what it met."""
    loaded = spec_of()
    screen = screener(loaded.spec, {}, Firewall.of({}, loaded.spec), loaded.catalog, {})
    known: dict[str, str] = {}
    dropped: list[tuple[str, str]] = []
    for text in dict.fromkeys(texts):
        candidate = case_of(text).candidate
        drop = screen.check(candidate)
        if drop is None:
            known[candidate.id] = text
            screen.keep(candidate)
        elif drop.reason in ("near_duplicate", "equal") and drop.other in known:
            dropped.append((text, known[drop.other]))
    return dropped


def of_contrasts(folder: Path) -> Iterator[Fields]:
    """Return the rows of check 11: no pair that one word tells apart may be merged."""
    found = list(rows(folder, "checklist/qqp_mft_pairs"))
    contrasts = {frozenset((str(row["q1"]), str(row["q2"]))) for row in found if not row["duplicate"]}
    texts = [str(row[side]) for row in found for side in ("q1", "q2")]
    dropped = screened(texts)
    lost = sum(frozenset(pair) in contrasts for pair in dropped)
    what = (
        f"CheckList: of {len(contrasts):,} contrast pairs, those that the screen merges ({len(dropped)} texts dropped)"
    )
    yield {
        "what": what,
        "measured": lost,
        "expected": "0",
        "passes": lost == 0,
    }
    one = judged([], list(dict.fromkeys(texts))[:400])
    yield _says("CheckList", one.report())


def of_paraphrases(folder: Path) -> Iterator[Fields]:
    """Return the rows of check 12: what spelling cannot see is not called clean."""
    found = sorted(
        rows(folder, "gptaug_paraphrases/banking77"),
        key=lambda row: sha256(str(row["original"]).encode("utf-8")).hexdigest(),
    )[:GROUPS]
    texts = [str(text) for row in found for text in (row["original"], *row["paraphrases"])]  # type: ignore[misc]
    unique = list(dict.fromkeys(texts))
    dropped = screened(unique)
    share = len(dropped) / len(unique)
    yield {
        "what": f"{GROUPS} originals with their paraphrases ({len(unique)} texts): share dropped by spelling",
        "measured": round(share, 3),
        "expected": f"< {MAY_FIND}",
        "passes": share < MAY_FIND,
    }
    one = judged([], unique[:400])
    yield _says("the paraphrases", one.report())
    meant = judged([], unique[:400], embed=minilm_embedder("checks.yaml", None))
    found_pairs, none = meant.one("same_meaning"), one.one("same_meaning")
    yield {
        "what": "400 of these texts with the packaged model: pairs that mean the same; without it",
        "measured": [found_pairs.value, none.value],
        "expected": "> 0, and no figure",
        "passes": (found_pairs.value or 0) > 0 and none.value is None,
    }


def _says(name: str, report: str) -> Fields:
    said = [line for line in report.splitlines() if "same_meaning" in line and "not measured" in line]
    return {
        "what": f"{name}: the report says that what means the same was not looked for",
        "measured": len(said),
        "expected": ">= 1 line",
        "passes": bool(said),
    }
