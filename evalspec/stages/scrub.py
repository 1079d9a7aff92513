"""Personal data in a row: find it, replace its spans, leave every other byte as it was.

One value gets one replacement wherever it stands in the row's input, context and expected, also where nothing but its
first mention tells that it is personal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from evalspec.model.case import Input, Message
from evalspec.model.row import Row
from evalspec.model.spec import Pii
from evalspec.registry import Catalog
from evalspec.text.folding import fold
from evalspec.text.hidden import hidden_characters
from evalspec.text.json_text import scalar_text
from evalspec.text.mentions import Values
from evalspec.text.patterns import lazy_pattern

Detector = Callable[[str], tuple[tuple[int, int], ...]]
Detectors = tuple[tuple[str, Detector], ...]
Edit = Callable[[str, str], str]  # (key, text) to text

NATIONAL_IDS = (
    "us_ssn",
    "uk_nino",
    "es_dni",
    "fr_nir",
    "de_tax_id",
    "it_fiscal_code",
    "pl_pesel",
    "nl_bsn",
    "br_cpf",
    "in_aadhaar",
)

# Where two types claim the same characters the earlier of these wins: `bob:pw@host.org` in an address of the web
# is a password and no mail address.
PRECEDENCE = (
    "url_credentials",
    "api_key",
    "email",
    "iban",
    "card",
    *NATIONAL_IDS,
    "password",
    "phone",
    "ip",
    "address",
    "name",
)

# In an id, a time or a label only what cannot be one by chance is personal: a tenth of all 16-digit ids pass Luhn.
CERTAIN_TYPES = ("api_key", "email", "url_credentials")

# How two spellings of a value are one: by digits, by letters and digits, in any case.
_DIGITS_ONLY = ("phone", "card", "us_ssn", "fr_nir", "de_tax_id", "pl_pesel", "nl_bsn", "br_cpf", "in_aadhaar")
_UNSEPARATED = ("iban", "uk_nino", "es_dni", "it_fiscal_code")
_ANY_CASE = ("email", "address", *_UNSEPARATED)

PLACEHOLDER = lazy_pattern(r"<([A-Z][A-Z_]*)_(\d{1,6})>")
_MOST_PASSES = 5
_LONGEST_KEYED = 200  # a key is a cue for a value (`phone: 5551234567`), not for a paragraph


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One stretch of a text that a detector is sure of."""

    type: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrubbed:
    """A row after scrubbing and the types found in it; without a row it may not enter."""

    row: Row | None
    types: tuple[str, ...]


def detectors_of(catalog: Catalog) -> Detectors:
    """Return the detectors of the catalogue, by name."""
    return tuple((member.name, member.function) for member in catalog.all("detector"))


def personal_spans(text: str, detectors: Detectors, keep: Sequence[str] = ()) -> tuple[Finding, ...]:
    """Return what the detectors find, without overlaps, in order; replacements made before are not findings."""
    return _spans(text, detectors, tuple(keep)) if detectors else ()


@lru_cache(maxsize=1 << 16)  # a row, its case and the lock hold the same text; a build looks at it in each place
def _spans(text: str, detectors: Detectors, keep: tuple[str, ...]) -> tuple[Finding, ...]:
    folded = fold(text)
    found = [
        Finding(type=name, start=start, end=end)
        for name, detect in detectors
        if name not in keep
        for start, end in (folded.span(*one) for one in detect(folded.text))
    ]
    if not found:
        return ()
    taken = _Taken(text)
    ranked = sorted(found, key=lambda one: (_rank(one.type), one.start - one.end, one.start))
    return tuple(sorted((one for one in ranked if taken.take(one.start, one.end)), key=lambda one: one.start))


def find_personal(text: str, catalog: Catalog) -> tuple[tuple[str, int, int], ...]:
    """Return (type, start, end) of the personal data and secrets in a text that was made."""
    return tuple((one.type, one.start, one.end) for one in personal_spans(text, detectors_of(catalog)))


def find_hidden(text: str) -> tuple[str, ...]:
    """Return the kinds of hidden characters in a text, in order; empty for a text that shows all it holds."""
    return tuple(dict.fromkeys(kind for _, _, kind in hidden_characters(text)))


def personal_types(row: Row, pii: Pii, detectors: Detectors) -> tuple[str, ...]:
    """Return the types of personal data in a row, sorted; what `keep` names does not count."""
    found = {one.type for key, text in _texts_of(row) for one in _find(key, text, detectors, pii.keep)}
    certain = tuple(one for one in detectors if one[0] in CERTAIN_TYPES)
    for text in (row.id, row.time, row.verified_by, *row.votes):
        found.update(one.type for one in personal_spans(text or "", certain, pii.keep))
    return tuple(sorted(found))


def types_under(texts: Iterable[tuple[str, str]], detectors: Detectors, keep: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the types of personal data in (key, text) pairs, sorted; a key may be a cue for its value."""
    return tuple(sorted({one.type for key, text in texts for one in _find(key, text, detectors, keep)}))


def scrub(row: Row, pii: Pii, detectors: Detectors) -> Scrubbed:
    """Apply the source's rule to one row: `allow` touches nothing, `block` refuses, `redact` replaces spans."""
    if pii.mode == "allow":
        return Scrubbed(row=row, types=())
    types = personal_types(row, pii, detectors)
    if not types:
        return Scrubbed(row=row, types=())
    if pii.mode == "block":
        return Scrubbed(row=None, types=types)
    return _redact(row, pii, detectors, types)


def redact_texts(
    texts: Sequence[tuple[str, str]], detectors: Detectors, keep: Sequence[str] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Replace the personal spans of (key, text) pairs, numbered over all of them; return texts and types."""
    names = _placeholders(texts, detectors, keep)
    values = _values(names)
    changed = tuple(_replace(key, text, detectors, keep, names, values) for key, text in texts)
    return changed, tuple(sorted({kind for kind, _ in names}))


def _rank(kind: str) -> int:
    return PRECEDENCE.index(kind) if kind in PRECEDENCE else len(PRECEDENCE)


def _redact(row: Row, pii: Pii, detectors: Detectors, types: tuple[str, ...]) -> Scrubbed:
    """Replace until nothing is found: what two types claimed may leave a rest that is personal by itself."""
    done = row
    for _ in range(_MOST_PASSES):
        done = _redacted(done, pii, detectors, types)
        left = personal_types(done, pii, detectors)
        if not left:
            return Scrubbed(row=done, types=types)
        types = tuple(sorted({*types, *left}))
    return Scrubbed(row=None, types=types)


def _redacted(row: Row, pii: Pii, detectors: Detectors, types: tuple[str, ...]) -> Row:
    texts = tuple(_texts_of(row))
    changed, _ = redact_texts(texts, detectors, pii.keep)
    queue = iter(zip(texts, changed, strict=True))

    def next_text(key: str, text: str) -> str:
        (_, before), after = next(queue)
        assert before == text
        return after

    edited = _edit(row, next_text)
    certain = tuple(one for one in detectors if one[0] in CERTAIN_TYPES)
    # An id that names a person is left out: the row is then known by its digest.
    named = row.id is not None and bool(personal_spans(row.id, certain, pii.keep))
    verified = row.verified_by
    if verified is not None and personal_spans(verified, certain, pii.keep):
        verified = None
    return replace(edited, id=None if named else row.id, verified_by=verified, redacted=types)


def _texts_of(row: Row) -> Iterator[tuple[str, str]]:
    """Yield every text of the row that scrubbing looks at, with the key it stands under, always in one order."""
    seen: list[tuple[str, str]] = []

    def keep(key: str, text: str) -> str:
        seen.append((key, text))
        return text

    _edit(row, keep)
    yield from seen


def _edit(row: Row, edit: Edit) -> Row:
    def optional(text: str | None) -> str | None:
        return None if text is None else edit("", text)

    return replace(
        row,
        input=_edit_input(row.input, edit),
        context=_edit_mapping(row.context, edit),
        expected=_edit_expected(row.expected, edit),
        premise=optional(row.premise),
        facts=_edit_mapping(row.facts, edit),
        output=optional(row.output),
        critique=optional(row.critique),
        metadata={key: edit(key, text) for key, text in row.metadata.items()},
    )


def _edit_input(value: Input, edit: Edit) -> Input:
    if isinstance(value, str):
        return edit("", value)
    return tuple(
        Message(
            role=one.role,
            content=edit("", one.content),
            tool_calls=tuple(_edit_call(call, edit) for call in one.tool_calls),
        )
        for one in value
    )


def _edit_expected(value: object, edit: Edit) -> str | Mapping[str, object] | None:
    # A bare label is one of the spec's own words.
    if value is None or isinstance(value, str):
        return value
    assert isinstance(value, Mapping)
    return _edit_mapping(value, edit)


def _edit_mapping(value: Mapping[str, object], edit: Edit) -> dict[str, object]:
    return {key: _edit_value(key, one, edit) for key, one in value.items()}


def _edit_value(key: str, value: object, edit: Edit) -> object:
    if isinstance(value, str):
        return edit(key, value)
    if isinstance(value, Mapping):
        return _edit_call(value, edit) if "arguments" in value else _edit_mapping(value, edit)
    if isinstance(value, list | tuple):
        return [_edit_value(key, one, edit) for one in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        spelled = scalar_text(value)
        changed = edit(key, spelled)
        return value if changed == spelled else changed
    return value


def _edit_call(call: Mapping[str, object], edit: Edit) -> dict[str, object]:
    """Edit a tool call's arguments; its `name` is the tool's."""
    return {key: one if key == "name" else _edit_value(key, one, edit) for key, one in call.items()}


def _find(key: str, text: str, detectors: Detectors, keep: Sequence[str]) -> tuple[Finding, ...]:
    if not key or len(text) > _LONGEST_KEYED:
        return personal_spans(text, detectors, keep)
    before = f"{key.replace('_', ' ')}: "
    return tuple(
        replace(one, start=one.start - len(before), end=one.end - len(before))
        for one in personal_spans(before + text, detectors, keep)
        if one.start >= len(before)
    )


def _placeholders(
    texts: Sequence[tuple[str, str]], detectors: Detectors, keep: Sequence[str]
) -> dict[tuple[str, str], tuple[str, list[str]]]:
    """Number the values by type in the order they stand; return placeholder and spellings of each."""
    used: dict[str, int] = {}
    for _, text in texts:
        for kind, number in PLACEHOLDER.findall(text):
            used[kind] = max(used.get(kind, 0), int(number))
    names: dict[tuple[str, str], tuple[str, list[str]]] = {}
    for key, text in texts:
        for one in _find(key, text, detectors, keep):
            spelled = text[one.start : one.end]
            value = (one.type, _same(one.type, spelled))
            if value not in names:
                label = one.type.upper()
                used[label] = used.get(label, 0) + 1
                names[value] = (f"<{label}_{used[label]}>", [])
            if spelled not in names[value][1]:
                names[value][1].append(spelled)
    return names


def _same(kind: str, spelled: str) -> str:
    """Return what two spellings of one value share."""
    spelled = fold(spelled).text
    if kind in _DIGITS_ONLY:
        return re.sub(r"\D", "", spelled)
    if kind in _UNSEPARATED:
        return re.sub(r"[ \-.\n]", "", spelled).upper()
    if kind in ("email", "name", "address"):
        return " ".join(spelled.split()).casefold()
    return spelled


def _values(names: Mapping[tuple[str, str], tuple[str, list[str]]]) -> Values[str]:
    """Gather the values with their placeholders, so that their other mentions are found as well."""
    values: Values[str] = Values()
    for (kind, value), (placeholder, spellings) in names.items():
        if kind in _DIGITS_ONLY:
            values.add_digits(value, placeholder)
        any_case = kind in _ANY_CASE or (kind == "name" and " " in value)
        for spelled in spellings:
            values.add(fold(spelled).text, placeholder, any_case=any_case)
    return values


def _replace(
    key: str,
    text: str,
    detectors: Detectors,
    keep: Sequence[str],
    names: Mapping[tuple[str, str], tuple[str, list[str]]],
    values: Values[str],
) -> str:
    taken, spans = _Taken(text), []
    for one in _find(key, text, detectors, keep):
        taken.take(one.start, one.end)
        spans.append((one.start, one.end, names[(one.type, _same(one.type, text[one.start : one.end]))][0]))
    folded = fold(text)
    for start, end, placeholder in values.find(folded.text):
        start, end = folded.span(start, end)
        if taken.take(start, end):
            spans.append((start, end, placeholder))
    pieces, at = [], 0
    for start, end, placeholder in sorted(spans):
        pieces += [text[at:start], placeholder]
        at = end
    return "".join(pieces) + text[at:]


class _Taken:
    """The characters of a text that are spoken for; a mask, because a list of spans would be gone through each time."""

    def __init__(self, text: str) -> None:
        self._mask = bytearray(len(text))
        for one in PLACEHOLDER.finditer(text):
            self.take(*one.span())

    def take(self, start: int, end: int) -> bool:
        """Take a span, unless some of it is taken."""
        free = start < end and 1 not in self._mask[start:end]
        if free:
            self._mask[start:end] = b"\x01" * (end - start)
        return free
