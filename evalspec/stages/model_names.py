"""A model's name as hosts spell it, to the forms under which a registry may know it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from evalspec.text.patterns import lazy_pattern

# `20241022`, `2024-08-06`, `08-2024`, `05-20`, `0613`, `2411`: a snapshot of the same model.
_DATE = lazy_pattern(
    r"-(?:20\d{6}|20\d\d-\d\d-\d\d|\d\d-20\d\d|[01]\d-[0-3]\d|"
    r"(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])|2[3-9](?:0[1-9]|1[0-2]))$"
)
_STAGE = lazy_pattern(r"-(?:latest|preview|exp|experimental|stable|online)$")
# Formats and precisions of the same weights, as hosts and re-packers write them.
_PACKED = lazy_pattern(
    r"(?<=-instruct)-turbo$|-(?:gguf|ggml|gptq|awq|exl2|mlx|onnx|hf|bnb|maas|tee|"
    r"i?q\d(?:-[0-9kmsxl]{1,2}){0,2}|(?:int|fp|bf|nf)\d{1,2}|\d{1,2}bit|w\d{1,2}a\d{1,2}(?:-fp8)?|fp8-dynamic)$"
)
_REVISION = lazy_pattern(r"-v?\d+:\d+(?::[0-9a-z]+)?$")  # `-v2:0`, `-1:0`, `-v1:0:200k` of Bedrock
_POINT = lazy_pattern(r"v?(?<=[-v])(\d)p(\d)(?=-|$)")  # `llama-v3p1` of Fireworks
_VERSION = lazy_pattern(r"(?<=\d)-(?=\d(?:-|$))")  # `claude-3-5-sonnet`, `llama3-1-70b`
_BEFORE_POINT = lazy_pattern(r"-v(?=\d\.\d(?:-|$))")

MAX_CHARS = 300  # of a name that is read; the longest of hosts, with account and region, are about 150


def fine_tune(model_name: str) -> tuple[str, str]:
    """Split a fine-tune's name into its base and what is its own: `ft:gpt-4o:org::id`, `gpt-4o.ft-id`."""
    name = model_name.strip()
    _before, mark, rest = name.rpartition("/ft:")
    if mark:
        name = f"ft:{rest}"
    if name.startswith("ft:"):
        base, _, own = name[3:].partition(":")
        return base, own
    base, mark, own = name.partition(".ft-")
    return (base, own) if mark else (name, "")


def forms(
    name: str,
    *,
    vendors: Sequence[str],
    regions: Sequence[str],
    hosts: Sequence[str],
    variants: Collection[str],
) -> Iterator[str]:
    """Yield the readings of a name, the likeliest first: hosts, accounts, regions and packing taken off.

    A tag is part of the name (`deepseek-r1:32b` is read as `deepseek-r1-32b`) unless it is a variant of a host. A
    name that is longer than any has no reading: endings are taken off one by one.
    """
    if len(name) > MAX_CHARS:
        return
    parts = name.lower().strip().partition("#")[0].rstrip("/").split("/")
    while len(parts) > 1 and parts[-1] in variants:
        parts.pop()
    bare, _, tag = _REVISION.sub("", parts[-1].partition("@")[0]).partition(":")
    if tag and tag not in variants:
        bare = f"{bare}-{tag}"
    first, dot, rest = bare.partition(".")
    if dot and first in regions:
        bare = rest
        first, dot, rest = bare.partition(".")
    if dot and first in vendors:
        # `mistral.mistral-large` repeats its maker and `deepseek.r1` needs it.
        yield _plain(rest)
        yield _plain(f"{first}-{rest}")
    yield _plain(bare)
    # `coding-xiaomi-mimo`: a host and a maker at most, in this order, so that it ends.
    rest_of = [(host, vendors) for host in hosts] + [(vendor, ()) for vendor in vendors]
    for before, behind in rest_of:
        if bare.startswith(f"{before}-"):
            rest = bare.removeprefix(f"{before}-")
            yield from forms(rest, vendors=behind, regions=(), hosts=(), variants=variants)
    organisation, mark, repository = bare.partition("_")
    if mark and organisation:
        yield _plain(repository)


def snapshot(name: str) -> str:
    """Return the digits of the dated snapshot that a name ends in, or nothing: `gpt-4o-2024-08-06`, `...@20240620`."""
    if len(name) > MAX_CHARS:
        return ""
    last = name.lower().strip().rstrip("/").rpartition("/")[2]
    _, mark, version = last.partition("@")
    if mark:
        return re.sub(r"\D", "", version)
    text, shorter = _REVISION.sub("", last).partition(":")[0], ""
    while text != shorter:
        shorter = text
        text = _PACKED.sub("", _STAGE.sub("", text))
    found = _DATE.search(text)
    return re.sub(r"\D", "", found.group()) if found else ""


def squashed(name: str) -> str:
    """Return letters and digits alone: `claude-3-5-sonnet` and `claude-3.5-sonnet` are one model."""
    return re.sub(r"[^a-z0-9]", "", name.removeprefix("meta-").lower())


def is_word_end(name: str, at: int) -> bool:
    """Tell whether a word that ends before `at` ends there: `phi` does not end in `phind`, nor `o1` in `o10`."""
    if at >= len(name):
        return True
    before, after = name[at - 1], name[at]
    return not after.isalpha() and not (before.isdigit() and after.isalnum())


def words_in(text: str, words: Sequence[str]) -> bool:
    """Tell whether one of the words stands in the text on its own, a version number behind it allowed."""
    return any(re.search(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z])", text) for word in words)


def _plain(name: str) -> str:
    """Spell versions one way and take dates, stages and packing off the end until nothing more comes off."""
    text = name.replace("_", "-").replace(" ", "-").strip("-")
    while True:
        shorter = _PACKED.sub("", _STAGE.sub("", _DATE.sub("", text)))
        if shorter == text or not shorter:
            break
        text = shorter
    text = _POINT.sub(r"\1.\2", text)
    return _VERSION.sub(".", _BEFORE_POINT.sub("-", text))
