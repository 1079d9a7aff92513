"""The set as a lock: records in declared order, a layout that reads as a diff, digests that hold it together."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from evalspec.diagnostics import Diagnostic, EvalspecError, Exit, Span
from evalspec.digests import digest
from evalspec.model.case import Candidate, Case, Drop, EvalSet, Lineage
from evalspec.model.outcome import Lock
from evalspec.stages.content import content, plain
from evalspec.text.json_text import JsonProblem, json_line, read_json

LOCK_VERSION = 1  # a reader refuses a higher one
REVISION = 0  # a reader reads a higher one: fields were only added
ENGINE = 1  # raised with any change outside the catalogue that changes the bytes of a lock

SHOWN = 5  # versions that are named one by one

_FIRST_LINE = ("id", "digest", "provenance", "track", "language")
_BODY = ("context", "behaviour", "premise", "expected", "expected_by", "checks", "relation", "lineage", "review")
# Keys in declared order, which a lock of this revision keeps; a later one may add keys anywhere.
CASE_FIELDS = (*_FIRST_LINE, "input", *_BODY, "metadata")
DROP_FIELDS = ("id", "stage", "reason", "other", "value", "detail")
HEADER_FIELDS = (
    *("lock_version", "revision", "engine", "name", "purpose", "partial", "canary", "spec", "inputs", "operators"),
    *("measures", "embedder", "models", "waivers", "case_count", "root"),
)


def lock(evalset: EvalSet, header: Mapping[str, object]) -> Lock:
    """Make the lock of a set; `header` brings what the build knows, the counts and the root are computed here."""
    cases = tuple(case_record(case) for case in evalset.cases)
    drops = tuple(drop_record(drop) for drop in evalset.drops)
    facts = {"lock_version": LOCK_VERSION, "revision": REVISION, "engine": ENGINE, **header, "case_count": len(cases)}
    return Lock(header={**facts, "root": root_of(facts, cases, drops)}, cases=cases, drops=drops)


def root_of(
    facts: Mapping[str, object], cases: Sequence[Mapping[str, object]], drops: Sequence[Mapping[str, object]]
) -> str:
    """Return the digest over the header without its root, every case and every drop."""
    return digest(
        {
            "header": {name: value for name, value in facts.items() if name != "root"},
            "cases": [digest(case) for case in cases],
            "drops": [digest(drop) for drop in drops],
        }
    )


def case_record(case: Case) -> dict[str, object]:
    """Return a case as the lock holds it, empty fields left out."""
    candidate = case.candidate
    body = content(candidate)
    record: dict[str, object] = {
        "id": candidate.id,
        "digest": case.digest,
        "provenance": candidate.provenance,
        "track": candidate.track,
        "language": candidate.language,
        "input": body["input"],
    }
    for name in ("context", "behaviour", "premise", "expected"):
        if name in body:
            record[name] = body[name]
    if candidate.expected_by:
        record["expected_by"] = candidate.expected_by
    if "checks" in body:
        record["checks"] = body["checks"]
    if candidate.relation:
        record["relation"] = plain(candidate.relation)
    record["lineage"] = lineage_record(candidate)
    if case.review:
        record["review"] = {"verdict": case.review.verdict, "by": list(case.review.by), "votes": case.review.votes}
    if candidate.metadata:
        record["metadata"] = {name: candidate.metadata[name] for name in sorted(candidate.metadata)}
    return record


def lineage_record(candidate: Candidate) -> dict[str, object]:
    """Return how a case came to be, fields in declared order, empty ones left out."""
    lineage = candidate.lineage
    return {
        name: plain(value)
        for name in Lineage.__dataclass_fields__
        if (value := getattr(lineage, name)) is not None and value != () and value != {} and value is not False
    }


def drop_record(drop: Drop) -> dict[str, object]:
    """Return a drop as the lock holds it."""
    return {name: getattr(drop, name) for name in DROP_FIELDS if getattr(drop, name) is not None}


def dump(lock: Lock) -> str:
    """Write a lock in its one layout: a fact, a field, a message and a line of a long text each on its own line."""
    lines = ["{"]
    lines += [f"{json_line(name)}: {_header_value(value)}," for name, value in lock.header.items()]
    lines += _block("cases", (_case_text(case) for case in lock.cases), last=False)
    lines += _block("drops", (json_line(dict(drop)) for drop in lock.drops), last=True)
    return "\n".join([*lines, "}"]) + "\n"


def _header_value(value: object) -> str:
    if isinstance(value, Mapping) and value:
        inner = ",\n".join(f" {json_line(name)}: {json_line(one)}" for name, one in value.items())
        return "{\n" + inner + "}"
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return "[\n" + ",\n".join(f" {json_line(one)}" for one in value) + "]"
    return json_line(value)


def _block(name: str, records: Iterable[str], *, last: bool) -> list[str]:
    texts = list(records)
    if not texts:
        return [f'"{name}": []' + ("" if last else ",")]
    return [f'"{name}": [', *(f"{text}," for text in texts[:-1]), texts[-1], "]" + ("" if last else ",")]


def _case_text(case: Mapping[str, object]) -> str:
    first = ", ".join(f"{json_line(name)}: {json_line(case[name])}" for name in _FIRST_LINE)
    rest = [
        f" {json_line(name)}: {_input_text(value) if name == 'input' else json_line(value)}"
        for name, value in case.items()
        if name not in _FIRST_LINE
    ]
    return "{" + ",\n".join([first, *rest]) + "}"


def _input_text(value: object) -> str:
    if isinstance(value, str):
        return _long_text(value, "  ")
    assert isinstance(value, list)
    return "[\n" + ",\n".join(f"  {_message_text(message)}" for message in value) + "]"


def _message_text(message: Mapping[str, object]) -> str:
    spelled = {
        name: _long_text(value, "   ") if name == "content" and isinstance(value, str) else json_line(value)
        for name, value in message.items()
    }
    return "{" + ", ".join(f"{json_line(name)}: {value}" for name, value in spelled.items()) + "}"


def _long_text(text: str, indent: str) -> str:
    """Spell a text with line breaks as the list of its lines."""
    if "\n" not in text:
        return json_line(text)
    return "[\n" + ",\n".join(f"{indent}{json_line(line)}" for line in text.split("\n")) + "]"


def lock_text(raw: bytes, path: str) -> str:
    """Return the text of a lock's bytes; line ends that git turned into CRLF, all of them, are turned back."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        line, col = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise _broken(path, f"`{path}` is not a lock: not UTF-8", Span(path, line, col, line, col + 1)) from None
    return text.replace("\r\n", "\n") if text.count("\r\n") == text.count("\n") else text


def load(text: str, path: str) -> Lock:
    """Read a lock; anything that `dump` would not have written is refused (exit 5), a newer format by name (exit 3)."""
    try:
        data = read_json(text)
    except JsonProblem as problem:
        _refuse_unmerged(text, path)
        place = (problem.line, problem.col)  # the beginning where it is not known
        at = Span(path, *place, problem.line, problem.col + 1) if place > (1, 1) else None
        raise _broken(path, f"`{path}` is not a lock: {problem.message}", at) from None
    if not isinstance(data, dict) or type(data.get("lock_version")) is not int:  # `true` is an int to isinstance
        raise _broken(path, f"`{path}` is not a lock: it has no `lock_version`")
    if data["lock_version"] > LOCK_VERSION:
        raise EvalspecError(
            [
                Diagnostic(
                    code="L602",
                    severity="error",
                    message=f"`{path}` has lock_version {data['lock_version']}; "
                    f"this evalspec reads up to {LOCK_VERSION}",
                    path=path,
                    hint="upgrade evalspec",
                )
            ]
        )
    cases, drops = data.pop("cases", None), data.pop("drops", None)
    if not _are_records(cases) or not _are_records(drops) or "root" not in data:
        raise _broken(path, f"`{path}` is not a lock: cases, drops and root must be there")
    try:
        joined = tuple({**case, "input": _join_input(case["input"])} for case in cases)
    except (KeyError, TypeError):
        raise _broken(path, f"`{path}` is not a lock: a case has no readable input") from None
    return Lock(header=data, cases=joined, drops=tuple(drops))


def faults(lock: Lock, text: str, path: str) -> tuple[Diagnostic, ...]:
    """Return what in a loaded lock contradicts itself: digests, root, order, layout."""
    found = []
    for case in lock.cases:
        body = {
            name: case[name]
            for name in ("input", "context", "behaviour", "premise", "expected", "checks")
            if name in case
        }
        if digest(body) != case.get("digest"):
            message = f"the digest of case `{case.get('id')}` does not match its content"
            found.append(_fault(path, message, _place_of(str(case.get("id")), text, path)))
    if root_of(lock.header, lock.cases, lock.drops) != lock.header.get("root"):
        found.append(_fault(path, "the root does not match the cases, drops and header"))
    ids = [str(case.get("id")) for case in lock.cases]
    if ids != sorted(set(ids)) or lock.header.get("case_count") != len(ids):
        found.append(_fault(path, "the cases are not sorted by id, or their number is not the one stated"))
    dropped = [str(drop.get("id")) for drop in lock.drops]
    if dropped != sorted(set(dropped)):
        found.append(_fault(path, "the drops are not sorted by id, or one stands there twice"))
    if not found and (_is_out_of_order(lock) or _layout_differs(lock, text)):
        found.append(_fault(path, "the file is not laid out as evalspec writes it"))
    return tuple(found)


def _is_out_of_order(lock: Lock) -> bool:
    """Return True when a record's keys do not stand in declared order; digests do not see it."""
    records: list[tuple[Mapping[str, object], Sequence[str]]] = [(lock.header, HEADER_FIELDS)]
    records += [(case, CASE_FIELDS) for case in lock.cases] + [(drop, DROP_FIELDS) for drop in lock.drops]
    lineages = [case.get("lineage") for case in lock.cases]
    records += [(one, tuple(Lineage.__dataclass_fields__)) for one in lineages if isinstance(one, Mapping)]
    return any(
        [name for name in record if name in declared] != [name for name in declared if name in record]
        for record, declared in records
    )


def _layout_differs(lock: Lock, text: str) -> bool:
    try:
        return dump(lock) != text
    except (KeyError, TypeError, AttributeError, AssertionError):
        return True


def _place_of(case: str, text: str, path: str) -> Span | None:
    """Return where a case begins in the text of a lock; None when its id is not written as evalspec writes it."""
    written = f'{{"id": {json_line(case)}'
    start = text.find(written)
    if start < 0:
        return None
    line, col = text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
    return Span(path, line, col, line, col + len(written))


def _fault(path: str, message: str, at: Span | None = None) -> Diagnostic:
    return Diagnostic(
        code="L603",
        severity="error",
        message=message,
        span=at,
        path=None if at else path,
        hint="the lock was edited by hand or damaged; build it again from its inputs",
        exit=Exit.INTEGRITY,
    )


def _broken(path: str, message: str, at: Span | None = None) -> EvalspecError:
    place = None if at else path
    problem = Diagnostic(code="L601", severity="error", message=message, span=at, path=place, exit=Exit.INTEGRITY)
    return EvalspecError([problem])


def _refuse_unmerged(text: str, path: str) -> None:
    """Raise for what git left behind, which is nobody's edit: a merge to finish, or a pointer to the file."""
    if text.startswith("version https://git-lfs.github.com/spec/"):
        problem = ("Y024", "a Git LFS pointer stands in the place of the lock", "run: git lfs pull")
    elif any(text.startswith(mark) or f"\n{mark}" in text for mark in ("<<<<<<< ", ">>>>>>> ")):
        problem = ("Y023", "a merge conflict stands in the lock", "build again instead of merging by hand")
    else:
        return
    code, message, hint = problem
    mark = re.search(r"^(?:<{7}|>{7}) ", text, re.MULTILINE)
    line = text.count("\n", 0, mark.start()) + 1 if mark else 1
    at = Span(path, line, 1, line, 8)
    raise EvalspecError([Diagnostic(code=code, severity="error", message=message, span=at, hint=hint)])


def another_maker(lock: Lock, tags: Collection[str], path: str, spec: str) -> Diagnostic | None:
    """Return why a sound lock cannot be replayed here: what made it is not what would make it now.

    `tags` are the operators, measures and embedders of this evalspec with their versions, as a lock names them.
    """
    engine = lock.header.get("engine")
    if type(engine) is int and engine != ENGINE:  # what is no number is told by the replay
        is_newer = engine > ENGINE
        message = f"the lock was built by engine {engine}, and this evalspec is engine {ENGINE}: nothing was replayed"
    else:
        named = [one for name in ("operators", "measures") for one in _texts_of(lock.header.get(name))]
        missing = [one for one in (*named, *_texts_of([lock.header.get("embedder")])) if one not in tags]
        if not missing:
            return None
        is_newer = False
        listed = ", ".join(f"`{one}`" for one in missing[:SHOWN]) + (" and more" if len(missing) > SHOWN else "")
        message = f"the lock was built with {listed}, which this evalspec does not have: nothing was replayed"
    build = f"run: evalspec build {spec}, and read the diff; or verify with the evalspec that built it"
    hint = "upgrade evalspec" if is_newer else build
    return Diagnostic(code="L609", severity="error", message=message, path=path, hint=hint, exit=Exit.STALE)


def _texts_of(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _are_records(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _join_input(value: object) -> object:
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise TypeError("neither a text nor messages")
    if value and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    return [
        {
            **message,
            "content": "\n".join(message["content"]) if isinstance(message["content"], list) else message["content"],
        }
        for message in value
    ]
