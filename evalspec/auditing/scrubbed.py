"""Personal data out of what an audit shows: one text, or every text inside a figure's details."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from evalspec.stages.scrub import Detectors, redact_texts

Scrub = Callable[[str], str]


def scrubber(detectors: Detectors) -> Scrub:
    """Return what replaces the personal spans of a text, `<EMAIL_1>` and the like."""

    def scrub(text: str) -> str:
        return redact_texts([("", text)], detectors)[0][0]

    return scrub


def scrubbed_detail(value: object, scrub: Scrub) -> object:
    """Return a figure's details with every text in them scrubbed, names of entries too."""
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, Mapping):
        return {scrub(str(name)): scrubbed_detail(one, scrub) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [scrubbed_detail(one, scrub) for one in value]
    return value
