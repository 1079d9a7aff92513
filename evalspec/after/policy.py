"""What may not stand in a lock, however it got there: secrets, personal data, hidden characters, cases nobody can read.

The screens hold every candidate to the same; this looks at the lock itself, so that an edited one is told for what was
put in, beside that it was edited. A value that is found is never shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from evalspec.after.fields import Record, case_id
from evalspec.diagnostics import Diagnostic, Exit, Severity
from evalspec.digests import canonical
from evalspec.model.outcome import Lock
from evalspec.model.spec import Spec
from evalspec.stages.screen import kept_types, open_pools
from evalspec.stages.scrub import CERTAIN_TYPES, Detectors, find_hidden, types_under
from evalspec.text.json_text import scalar_text
from evalspec.text.secrets import key_spans

MAX_CASE_BYTES = 1024 * 1024  # what one raw row may have (I305); no person reads a longer case
SECRETS = frozenset({"api_key", "url_credentials"})
# What a runner is given, what is expected of it, and what was carried along from a row.
_CONTENT = ("input", "context", "premise", "expected", "metadata")
# Users paste soft hyphens and zero-width spaces; the other kinds hide or turn round what a reviewer reads.
_HARMLESS_IF_REAL = frozenset({"zero_width"})
_REAL = frozenset({"prod", "golden"})

_HINTS: Mapping[str, str] = {
    "L611": "take it out at its source (import with `pii: redact`, or a `fix` in the ledger) and build again",
    "L612": "escape sequences in the lock show where they are; drop the case, or take them out at its source",
    "L613": "shorten the row at its source, or drop the case",
}


@dataclass(slots=True)
class _Telling:
    """Gathers findings; a class because lines of the lock and places of a case go into each."""

    path: str
    lines: Mapping[str, int]
    found: list[Diagnostic] = field(default_factory=list)

    def add(self, code: str, case: str | None, message: str, severity: Severity = "error") -> None:
        line = self.lines.get(case or "")
        at = message if line is None else f"{message} (line {line})"
        self.found.append(
            Diagnostic(code=code, severity=severity, message=at, path=self.path, hint=_HINTS[code], exit=Exit.FINDING)
        )


def policy_problems(lock: Lock, text: str, spec: Spec, detectors: Detectors, path: str) -> tuple[Diagnostic, ...]:
    """Return what the lock holds that it may not; `text` is the lock as it stands in `path`."""
    telling = _Telling(path=path, lines=_lines_of(text))
    kept, is_open = tuple(sorted(kept_types(spec))), open_pools(spec)
    for case in lock.cases:
        lineage = case.get("lineage")
        pool = str(lineage.get("pool")) if isinstance(lineage, Mapping) else ""
        _look_at(case, telling, detectors if pool not in is_open else (), kept)
    facts = {name: value for name, value in lock.header.items() if name not in ("canary", "spec", "root")}
    for name, value in (*facts.items(), *((f"drops.{one.get('id')}", one) for one in lock.drops)):
        texts = [one for _, one in _texts("", value)]
        if any(key_spans(one) for one in texts):
            telling.add("L611", None, f"`{name}` holds a secret (value not shown)")
        if kinds := dict.fromkeys(kind for one in texts for kind in find_hidden(one)):
            telling.add("L612", None, f"`{name}` holds hidden characters ({', '.join(kinds)})")
    return tuple(telling.found)


def _look_at(case: Record, telling: _Telling, detectors: Detectors, kept: tuple[str, ...]) -> None:
    name = case_id(case)
    size = len(canonical(case))
    if size > MAX_CASE_BYTES:
        telling.add("L613", name, f"case `{name}` has {size:,} bytes, over {MAX_CASE_BYTES:,}")
        return
    is_real = str(case.get("provenance")) in _REAL
    for part in case:
        texts = list(_texts("" if part == "input" else part, case[part]))
        types = set(types_under(texts, _detectors_for(part, case, detectors), kept))
        if any(key_spans(text) for _, text in texts):
            types.add("api_key")
        if types:
            what = "a secret" if types & SECRETS else "personal data"
            told = f"case `{name}`: `{part}` holds {what}, {', '.join(sorted(types))} (value not shown)"
            telling.add("L611", name, told)
        kinds = tuple(dict.fromkeys(kind for _, text in texts for kind in find_hidden(text)))
        if kinds:
            is_harmless = is_real and set(kinds) <= _HARMLESS_IF_REAL
            told = f"case `{name}`: `{part}` holds hidden characters ({', '.join(kinds)})"
            telling.add("L612", name, told, "warning" if is_harmless else "error")


def _detectors_for(part: str, case: Record, detectors: Detectors) -> Detectors:
    """Return what is looked for in one field: as much as the scan of rows and the screens look for there.

    Names of people are meant in `review` and `expected_by`, and a bare label is one of the spec's own words. Facts and
    arguments of what was generated are invented, so a number in them is nobody's.
    """
    if part not in _CONTENT or (part == "expected" and isinstance(case[part], str)):
        return ()
    if part == "input" or str(case.get("provenance")) in _REAL:
        return detectors
    return tuple(one for one in detectors if one[0] in CERTAIN_TYPES)


def _texts(key: str, value: object) -> Iterator[tuple[str, str]]:
    """Yield every text inside a value with the key it stands under; keys of mappings are texts as well."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield key, scalar_text(value)
    elif isinstance(value, Mapping):
        is_call = "arguments" in value  # its `name` is the tool's, and no cue
        for name, one in value.items():
            yield "", str(name)
            yield from _texts("" if name in ("content", "role") or (is_call and name == "name") else str(name), one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(key, one)


def _lines_of(text: str) -> Mapping[str, int]:
    """Return on which line of a lock each case starts."""
    start = '{"id": "'
    found: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if line.startswith(start) and '"digest"' in line:
            found.setdefault(line[len(start) :].partition('"')[0], number)
    return found
