"""Somebody who edits a lock and computes every digest of it again, so that nothing in it contradicts itself.

A forgery is one function over a lock: it returns the lock it would rather have, with a word for what it did, or None
where this lock has nothing of the kind. `sealed` gives it its digests, its counts and its order, with our own writer.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evalspec.digests import digest
from evalspec.model.case import Lineage
from evalspec.model.outcome import Lock
from evalspec.stages.lock import CASE_FIELDS, DROP_FIELDS, ENGINE, HEADER_FIELDS, LOCK_VERSION, REVISION, root_of

Record = Mapping[str, Any]
CONTENT = ("input", "context", "behaviour", "premise", "expected", "checks")
INTEGRITY, STALE, INVALID, FINDING = 5, 4, 3, 1


@dataclass(frozen=True, kw_only=True)
class Forgery:
    """A way to forge a lock, the exit code that answers it, and a code that must be among what is told."""

    name: str
    make: Callable[[Lock, random.Random], Lock | None]
    exit: int = INTEGRITY
    told: str | None = None
    told_first: bool = False


FORGERIES: list[Forgery] = []


def forgery(name: str, **more: Any) -> Callable[[Callable[[Lock, random.Random], Lock | None]], Any]:
    """Register a forgery."""

    def register(make: Callable[[Lock, random.Random], Lock | None]) -> Callable[[Lock, random.Random], Lock | None]:
        FORGERIES.append(Forgery(name=name, make=make, **more))
        return make

    return register


def sealed(lock: Lock) -> Lock:
    """Give a lock fields in declared order, sorted records, its counts and every digest, as a build would."""
    cases = []
    for case in sorted(lock.cases, key=lambda one: str(one["id"])):
        body = {name: case[name] for name in CONTENT if name in case}
        lineage = _ordered(case["lineage"], tuple(Lineage.__dataclass_fields__))  # type: ignore[arg-type]
        cases.append(_ordered({**case, "digest": digest(body), "lineage": lineage}, CASE_FIELDS))
    drops = [_ordered(drop, DROP_FIELDS) for drop in sorted(lock.drops, key=lambda one: str(one["id"]))]
    header = _ordered({**lock.header, "case_count": len(cases)}, HEADER_FIELDS)
    return Lock(
        header={**header, "root": root_of(header, cases, drops)},
        cases=tuple(cases),
        drops=tuple(drops),
    )


def _ordered(record: Record, names: Sequence[str]) -> dict[str, Any]:
    return {name: record[name] for name in names if name in record}


def _with_case(lock: Lock, at: int, **fields: Any) -> Lock:
    case = {name: value for name, value in {**lock.cases[at], **fields}.items() if value is not None}
    return replace(lock, cases=(*lock.cases[:at], case, *lock.cases[at + 1 :]))


def _any(lock: Lock, dice: random.Random, fits: Callable[[Record], bool] = lambda case: True) -> int | None:
    found = [at for at, case in enumerate(lock.cases) if fits(case)]
    return dice.choice(found) if found else None


def _is_hard(case: Record) -> bool:
    return case["track"] in ("adversarial", "edge")


def _rewritten(value: Any, dice: random.Random, more: str = "") -> Any:
    """Change one word of the last text of the user, or put something behind it."""
    if isinstance(value, str):
        words = value.split(" ")
        words[dice.randrange(len(words))] = "okay"
        return " ".join(words) + more
    at = max(at for at, one in enumerate(value) if one["role"] == "user")
    return [*value[:at], {**value[at], "content": _rewritten(value[at]["content"], dice, more)}, *value[at + 1 :]]


@forgery("text changed")
def _text(lock: Lock, dice: random.Random) -> Lock | None:
    at = _any(lock, dice)
    return None if at is None else _with_case(lock, at, input=_rewritten(lock.cases[at]["input"], dice))


@forgery("label changed")
def _label(lock: Lock, dice: random.Random) -> Lock | None:
    at = _any(lock, dice, lambda case: "expected" in case)
    if at is None:
        return None
    others = [one["expected"] for one in lock.cases if one.get("expected", lock.cases[at]["expected"]) !=
              lock.cases[at]["expected"]]  # fmt: skip
    return _with_case(lock, at, expected=dice.choice(others)) if others else None


@forgery("synthetic case called real")
def _relabelled(lock: Lock, dice: random.Random) -> Lock | None:
    at = _any(lock, dice, lambda case: case["provenance"] not in ("prod", "golden"))
    if at is None:
        return None
    new = f"seed.{dice.randrange(16**12):012x}"
    lineage = {"pool": "seed", "source": "production"}
    return _with_case(lock, at, id=new, provenance="prod", track="wild", lineage=lineage, relation=None)


@forgery("provenance alone changed to prod")
def _tag(lock: Lock, dice: random.Random) -> Lock | None:
    at = _any(lock, dice, lambda case: case["provenance"] != "prod")
    return None if at is None else _with_case(lock, at, provenance="prod")


@forgery("case inserted")
def _inserted(lock: Lock, dice: random.Random) -> Lock | None:
    at = _any(lock, dice)
    if at is None:
        return None
    case = lock.cases[at]
    new = f"{str(case['id']).rpartition('.')[0]}.{dice.randrange(16**12):012x}"
    more = {**case, "id": new, "input": _rewritten(case["input"], dice)}
    return replace(lock, cases=(*lock.cases, more))


@forgery("hard case taken out")
def _removed(lock: Lock, dice: random.Random) -> Lock | None:
    at = _any(lock, dice, _is_hard)
    return None if at is None else replace(lock, cases=(*lock.cases[:at], *lock.cases[at + 1 :]))


@forgery("hard case hidden behind a drop line")
def _hidden(lock: Lock, dice: random.Random) -> Lock | None:
    removed = _removed(lock, dice)
    if removed is None:
        return None
    gone = next(one["id"] for one in lock.cases if one not in removed.cases)
    drop = {"id": gone, "stage": "review", "reason": "implausible"}
    return replace(removed, drops=(*removed.drops, drop))


@forgery("hard case hidden behind a semantic drop", told="L615", told_first=True)
def _semantic(lock: Lock, dice: random.Random) -> Lock | None:
    removed = _removed(lock, dice)
    if removed is None:
        return None
    gone = next(one["id"] for one in lock.cases if one not in removed.cases)
    kept = dice.choice(removed.cases)["id"]
    drop = {"id": gone, "stage": "screen", "reason": "near_duplicate_semantic", "other": kept, "value": 0.94}
    return replace(removed, drops=(*removed.drops, drop))


@forgery("weight raised")
def _weight(lock: Lock, dice: random.Random) -> Lock | None:
    at = _any(lock, dice, lambda case: case["provenance"] == "prod")
    return None if at is None else _with_case(lock, at, lineage={**lock.cases[at]["lineage"], "weight": 9.5})  # type: ignore[dict-item]


@forgery("drop line taken out")
def _undropped(lock: Lock, dice: random.Random) -> Lock | None:
    if not lock.drops:
        return None
    at = dice.randrange(len(lock.drops))
    return replace(lock, drops=(*lock.drops[:at], *lock.drops[at + 1 :]))


@forgery("drop with another reason")
def _reason(lock: Lock, dice: random.Random) -> Lock | None:
    if not lock.drops:
        return None
    at = dice.randrange(len(lock.drops))
    drop = {**lock.drops[at], "reason": "equal"}
    return None if drop == lock.drops[at] else replace(lock, drops=(*lock.drops[:at], drop, *lock.drops[at + 1 :]))


@forgery("review forged")
def _review(lock: Lock, dice: random.Random) -> Lock | None:
    at = _any(lock, dice)
    if at is None:
        return None
    mark = {"verdict": "keep", "by": ["ann"], "votes": 1, **dict(lock.cases[at].get("review") or {})}  # type: ignore[call-overload]
    name = dice.choice(sorted(mark))
    changed = {"verdict": "fix" if mark["verdict"] == "keep" else "keep", "by": [*mark["by"], "zoe"],
               "votes": 7}  # fmt: skip
    return _with_case(lock, at, review={**mark, name: changed[name]})


@forgery("label said to be verified")
def _verified(lock: Lock, dice: random.Random) -> Lock | None:
    at = _any(lock, dice, lambda case: not str(case.get("expected_by", "")).startswith("verified:"))
    return None if at is None else _with_case(lock, at, expected_by="verified:the_board")


@forgery("lineage changed")
def _lineage(lock: Lock, dice: random.Random) -> Lock | None:
    at = _any(lock, dice)
    if at is None:
        return None
    lineage: dict[str, Any] = dict(lock.cases[at]["lineage"])  # type: ignore[call-overload]
    return _with_case(lock, at, lineage={**lineage, dice.choice(("served", "family", "persona")): "nobody"})


@forgery("metadata or checks added")
def _metadata(lock: Lock, dice: random.Random) -> Lock | None:
    at = _any(lock, dice)
    if at is None:
        return None
    more: dict[str, Any] = dice.choice(({"metadata": {"channel": "vip"}}, {"checks": [{"max_chars": 9000}]}))
    return _with_case(lock, at, **more)


@forgery("two texts exchanged")
def _exchanged(lock: Lock, dice: random.Random) -> Lock | None:
    one, other = dice.sample(range(len(lock.cases)), 2)
    first, second = lock.cases[one]["input"], lock.cases[other]["input"]
    if first == second:
        return None
    return _with_case(_with_case(lock, one, input=second), other, input=first)


@forgery("a key put in", told="L611")
def _secret(lock: Lock, dice: random.Random) -> Lock | None:
    at = _any(lock, dice)
    # In two halves, so that no scanner of this repository takes the test for a leak.
    key = "sk-" + "".join(dice.choices("abcdefghijkmnpqrstuvwxyz23456789", k=32))
    return None if at is None else _with_case(lock, at, input=_rewritten(lock.cases[at]["input"], dice, f" use {key}"))


@forgery("an address put in", told="L611")
def _personal(lock: Lock, dice: random.Random) -> Lock | None:
    at = _any(lock, dice)
    more = f" write to jane.doe{dice.randrange(100)}@gmail.com"
    return None if at is None else _with_case(lock, at, input=_rewritten(lock.cases[at]["input"], dice, more))


@forgery("hidden characters put in", told="L612")
def _hidden_characters(lock: Lock, dice: random.Random) -> Lock | None:
    at = _any(lock, dice)
    more = dice.choice(("\u202eten\u202c", "\U000e0041\U000e0042", "\U000e0110", "\x1b]52;c;x\x07"))
    return None if at is None else _with_case(lock, at, input=_rewritten(lock.cases[at]["input"], dice, more))


@forgery("a case nobody can read put in", told="L613")
def _huge(lock: Lock, dice: random.Random) -> Lock | None:
    at = _any(lock, dice)
    more = " and more" * 130_000
    return None if at is None else _with_case(lock, at, input=_rewritten(lock.cases[at]["input"], dice, more))


def _header(name: str, value: Any) -> Callable[[Lock, random.Random], Lock | None]:
    def make(lock: Lock, dice: random.Random) -> Lock | None:
        return None if lock.header.get(name) == value else replace(lock, header={**lock.header, name: value})

    return make


# Every fact of a header. What the inputs decide is out of date where it differs, and so is another engine or version.
_FACTS: dict[str, tuple[Any, int]] = {
    "lock_version": (LOCK_VERSION + 1, INVALID),
    "revision": (REVISION + 3, INTEGRITY),
    "engine": (ENGINE - 1, STALE),
    "name": ("other", STALE),
    "purpose": ("bootstrap", INTEGRITY),
    "partial": (True, INTEGRITY),
    "canary": ("evalspec-canary 00000000-0000-0000-0000-000000000000", INTEGRITY),
    "spec": ("0" * 32, STALE),
    "inputs": ({"production": {"rows": 3, "digest": "0" * 32}}, STALE),
    "operators": (["typo@9"], STALE),
    "measures": (["cases@9"], STALE),
    "embedder": ("lexical@99", STALE),
    "models": ([{"role": "jury", "model": "acme/one", "family": "acme"}], INTEGRITY),
    "waivers": ([{"rule": "gate share", "reason": "none", "until": "2099-01-01"}], INTEGRITY),
}
FORGERIES += [
    Forgery(name=f"header: {name}", make=_header(name, value), exit=code) for name, (value, code) in _FACTS.items()
]
# Any name may be a spec's own, so that one that the spec does not have is no other version: somebody wrote it there.
FORGERIES += [
    Forgery(name=f"header: embedder, as {tag}", make=_header("embedder", tag))
    for tag in ("minilm@1", "mine@1+0123456789abcdef")
]


@forgery("text changed, and the lock said to be of another engine", exit=STALE)
def _older(lock: Lock, dice: random.Random) -> Lock | None:
    text = _text(lock, dice)
    return None if text is None else replace(text, header={**text.header, "engine": ENGINE + 1})


@forgery("text changed, and the lock said to be of another spec", exit=STALE)
def _other_spec(lock: Lock, dice: random.Random) -> Lock | None:
    text = _text(lock, dice)
    return None if text is None else replace(text, header={**text.header, "spec": "f" * 32})


def header_facts() -> frozenset[str]:
    """The facts of a header that have a forgery of their own; the count and the root are sealed, and always true."""
    return frozenset(_FACTS) | {"case_count", "root"}
