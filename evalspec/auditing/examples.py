"""Which real texts, and which words of them, may be shown: those that could be anybody's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from evalspec.auditing.scrubbed import Scrub, scrubbed_detail
from evalspec.model.audit import AuditRow
from evalspec.model.outcome import Measurement
from evalspec.text.tokens import document_counts, opening_of, tokens

EXAMPLES = 2  # real texts that nothing in the set is near
SHARED_BY = 5  # real texts that hold a word, for it to name nobody
PERSONAL = "(personal data)"
EXAMPLE_TOKENS = (4, 25)  # of such a text: long enough to say something, short enough for a line


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """The real texts by the id that measures know them by, and in how many of them each word stands."""

    texts: Mapping[str, str]
    shared: Counter[str]
    scrub: Scrub
    rows: Sequence[AuditRow] = ()  # of the set, whose openings are shown

    @classmethod
    def of(cls, real: Sequence[AuditRow], scrub: Scrub, rows: Sequence[AuditRow] = ()) -> Examples:
        """Count the words of the real texts."""
        return cls(
            rows=rows,
            texts={f"s{row.line}": row.text for row in real},
            shared=document_counts(tokens(row.text) for row in real),
            scrub=scrub,
        )

    def is_showable(self, text: str) -> bool:
        """Tell whether a text names nobody: no finding of a detector, no digit, no @, no word that few texts share.

        Names and addresses in loose prose are what detectors miss most often, and another example costs nothing.
        """
        words = tokens(text)
        is_common = all(self.shared[word] >= SHARED_BY for word in words)
        is_plain = "@" not in text and not any(char.isdigit() for char in text)
        return bool(words) and is_common and is_plain and self.scrub(text) == text

    def missed(self, measurements: Sequence[Measurement]) -> tuple[str, ...]:
        """Return a few real texts that no case is near, each on one line: of empty regions first."""
        listed = [text for row in measurements for text in _in_regions(row)]
        for row in measurements:
            ids = row.detail.get("missed")
            if row.measure == "coverage" and isinstance(ids, list):
                listed += [self.texts[str(one)] for one in ids if str(one) in self.texts]
        least, most = EXAMPLE_TOKENS
        fitting = [one for one in listed if least <= len(tokens(one)) <= most and self.is_showable(one)]
        return tuple(" ".join(one.split()) for one in dict.fromkeys(fitting))[:EXAMPLES]

    def cleaned(self, row: Measurement) -> Measurement:
        """Return a measurement whose details hold no text that names somebody."""
        detail = scrubbed_detail(self._without_rare(row.detail), self.scrub)
        assert isinstance(detail, Mapping)
        if isinstance(opening := detail.get("opening"), str):
            detail = {**detail, "opening": opening_of_nobody(opening, self.rows, self.scrub)}
        return replace(row, detail=detail)

    def _without_rare(self, detail: Mapping[str, object]) -> Mapping[str, object]:
        thin = detail.get("thin")
        if not isinstance(thin, list):
            return detail
        return {**detail, "thin": [self._region(one) if isinstance(one, Mapping) else one for one in thin]}

    def _region(self, region: Mapping[str, object]) -> Mapping[str, object]:
        words, examples = region.get("words"), region.get("examples")
        kept = dict(region)
        if isinstance(words, list):
            kept["words"] = [one for one in words if self.shared[str(one)] >= SHARED_BY]
        if isinstance(examples, list):
            kept["examples"] = [one for one in examples if self.is_showable(str(one).removesuffix("…"))]
        return kept


def opening_of_nobody(opening: str, rows: Sequence[AuditRow], scrub: Scrub) -> str:
    """Return an opening, or that it is personal: three words of an address are no address to a detector any more."""
    for row in rows:
        if row.turns and " ".join(opening_of(tokens(row.turns[0]))) == opening:
            return opening if " ".join(opening_of(tokens(scrub(row.turns[0])))) == opening else PERSONAL
    return opening


def _in_regions(row: Measurement) -> list[str]:
    """Return the examples of the regions that no case is in."""
    thin = row.detail.get("thin")
    regions = [one for one in thin if isinstance(one, Mapping)] if isinstance(thin, list) else []
    return [
        str(text)
        for one in regions
        if not one.get("cases") and isinstance(one.get("examples"), list)
        for text in one["examples"]
        if not str(text).endswith("…")
    ]
