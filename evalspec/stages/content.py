"""What a case is: the fields that a runner is given and judged by, and the digest over them.

The ledger, the lock and the journal of a review all bind to this digest, so one function makes it.
"""

from __future__ import annotations

from collections.abc import Mapping

from evalspec.digests import digest
from evalspec.model.case import Candidate, input_json
from evalspec.text.json_text import plain as plain


def content(candidate: Candidate) -> dict[str, object]:
    """Return the digested fields as JSON data, in declared order, empty ones and the behaviour `answer` left out.

    These are the fields as the lock writes them, so that a reader of the lock can recompute a digest from it.
    """
    fields: dict[str, object] = {
        "input": input_json(candidate.input),
        "context": candidate.context,
        "behaviour": None if candidate.behaviour == "answer" else candidate.behaviour,
        "premise": candidate.premise,
        "expected": candidate.expected,
        "checks": candidate.checks,
    }
    return {name: plain(value) for name, value in fields.items() if name == "input" or not _is_empty(value)}


def content_digest(candidate: Candidate) -> str:
    """Return the digest of {input, context, behaviour, premise, expected, checks}."""
    return digest(content(candidate))


def _is_empty(value: object) -> bool:
    """True for what says nothing as a whole field; inside a field `[]` is a statement (no calls) and stays."""
    return value is None or (isinstance(value, str | Mapping | tuple | list) and not value)
