"""Headers of two locks to the edits that their difference can come from, and each difference to its edit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from evalspec.after.fields import Record, lineage_of
from evalspec.after.ledger_words import ledger_words
from evalspec.model.diff import EditKind, FieldEdit, InputEdit, Said, Side, said
from evalspec.stages.resolve import resolved_data, spec_digest

_TOLD_ELSEWHERE = frozenset({"root", "case_count", "spec", "inputs", "operators", "measures", "engine", "embedder",
                             "models", "waivers", "canary"})  # fmt: skip
LISTED_KEYS = 8  # of a spec


def input_edits(before: Side, after: Side) -> tuple[InputEdit, ...]:
    """Return what differs in what the locks were made from: engine, spec, sources, ledger, files, operators."""
    old = before.lock.header if before.lock else {}
    new = after.lock.header if after.lock else {}
    found: list[InputEdit] = []
    if old and new:
        if old.get("engine") != new.get("engine"):
            words = said("engine {} is now {}", old.get("engine"), new.get("engine"))
            found.append(InputEdit(kind="engine", name="engine", said=words))
        found += _inputs(before, after, old, new)
        found += _listed("operator", "operators", old, new)
        found += _listed("measure", "measures", old, new)
        found += _facts(old, new)
    return (*_spec_edit(before, after), *found)


def _spec_edit(before: Side, after: Side) -> list[InputEdit]:
    if before.spec is not None and after.spec is not None:
        if spec_digest(before.spec) == spec_digest(after.spec):
            return []
        old, new = resolved_data(before.spec), resolved_data(after.spec)
        keys = tuple(_differing("", old, new))
        return [InputEdit(kind="spec", name="spec", said=_of_the_spec(keys), keys=keys)]
    was = before.lock.header.get("spec") if before.lock else None
    now = after.lock.header.get("spec") if after.lock else None
    if was == now or was is None or now is None:
        return []
    return [InputEdit(kind="spec", name="spec", said=said("the spec"))]


def _of_the_spec(keys: Sequence[str]) -> Said:
    rest = len(keys) - LISTED_KEYS
    return said("the spec: {}", ", ".join(keys[:LISTED_KEYS]) + (f", … {rest} more" if rest > 0 else ""))


def _differing(at: str, old: object, new: object) -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in dict.fromkeys((*old, *new)):
            if old.get(name) != new.get(name):
                yield from _differing(f"{at}.{name}" if at else str(name), old.get(name), new.get(name))
    else:
        yield at


def _inputs(before: Side, after: Side, old: Mapping[str, object], new: Mapping[str, object]) -> list[InputEdit]:
    was, now = _table(old.get("inputs")), _table(new.get("inputs"))
    found = []
    for name in dict.fromkeys((*was, *now)):
        one, other = was.get(name), now.get(name)
        # The header digests what was used: the same file may be used otherwise, and is then no cause.
        if one == other or _is_same_file(name, before, after):
            continue
        if name == "ledger":
            applied = (_count((side or {}).get("decisions")) for side in (one, other))
            words, kind = ledger_words(before.ledger, after.ledger, *applied), "ledger"
        elif "rows" in (other or one or {}):
            words, kind = (
                _counted("source {}: other rows are used ({} before, {} now)", one, other, "rows", name),
                "source",
            )
        else:
            words, kind = said("the file {}", name), "file"
        found.append(InputEdit(kind=kind, name=name, said=words))  # type: ignore[arg-type]  # one of three kinds
    return found


def _is_same_file(name: str, before: Side, after: Side) -> bool:
    if name == "ledger":
        if before.ledger is None or after.ledger is None:
            return False
        return {one.line_digest for one in before.ledger} == {one.line_digest for one in after.ledger}
    return name in before.files and before.files[name] == after.files.get(name)


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0


def _counted(words: str, one: Mapping[str, object] | None, other: Mapping[str, object] | None, noun: str,
             *names: str) -> Said:  # fmt: skip
    return said(words, *names, (one or {}).get(noun, 0), (other or {}).get(noun, 0))


def _listed(kind: EditKind, key: str, old: Mapping[str, object], new: Mapping[str, object]) -> list[InputEdit]:
    """Members of the catalogue whose version differs; one that came or went is the doing of the spec or a source."""
    was, now = _versions(old.get(key)), _versions(new.get(key))
    return [
        InputEdit(kind=kind, name=name, said=said(f"{kind} {{}}: version {{}} is now {{}}", name, was[name], now[name]))
        for name in sorted(was.keys() & now.keys())
        if was[name] != now[name]
    ]


def _versions(value: object) -> dict[str, str]:
    given = [str(one).rpartition("@") for one in value] if isinstance(value, list) else []
    return {name: version for name, _, version in given}


def _facts(old: Mapping[str, object], new: Mapping[str, object]) -> list[InputEdit]:
    found = []
    for name, kind in (("embedder", "embedder"), ("models", "model"), ("waivers", "header")):
        if old.get(name) != new.get(name):
            was, now = old.get(name), new.get(name)
            words = said("embedder {} is now {}", was, now) if name == "embedder" else said(f"the {name} of the header")
            found.append(InputEdit(kind=kind, name=name, said=words))  # type: ignore[arg-type]  # the table above
    for name in dict.fromkeys((*old, *new)):
        if name not in _TOLD_ELSEWHERE and old.get(name) != new.get(name):
            words = said("{}: {} is now {}", name, old.get(name, "not there"), new.get(name, "not there"))
            found.append(InputEdit(kind="header", name=name, said=words))
    return found


def _table(value: object) -> dict[str, Mapping[str, object]]:
    given = value if isinstance(value, Mapping) else {}
    return {str(name): one if isinstance(one, Mapping) else {} for name, one in given.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Causes:
    """The edits of a change, asked which of them a difference comes from; no answer where several could be."""

    edits: tuple[InputEdit, ...]
    decided: frozenset[str] | None = None  # cases about which the ledger says something else; None: not known

    def of_case(
        self, record: Record, edits: Sequence[FieldEdit] = (), drop: Mapping[str, object] | None = None
    ) -> Said | None:
        """Return what a case that is new, gone or changed comes from."""
        changing = [one for one in self.edits if _changes_cases(one)]
        if len(changing) > 1 and _is_decided(record, edits, drop):
            changing = [one for one in changing if one.kind == "ledger"]
        elif len(changing) > 1:
            changing = [one for one in changing if self._reaches(one, record, bool(edits))]
        return _said_of(changing[0], record, bool(edits)) if len(changing) == 1 else None

    def of_block(self, *blocks: str) -> Said | None:
        """Return what was edited in the first of these blocks of the spec, or the only edit there is."""
        for block in blocks:
            about = [key for one in self.edits for key in one.keys if key.partition(".")[0] == block]
            if about:
                return _of_the_spec(about)
        return _short(self.edits[0]) if len(self.edits) == 1 else None

    def of_gate(self, gate: str) -> Said | None:
        """Return the edit of this gate or of waivers when nothing changed the set too, or the only edit there is."""
        own = [
            key for one in self.edits for key in one.keys if key.startswith(f"gates.{gate}.") or key == f"gates.{gate}"
        ]
        own += [key for one in self.edits for key in one.keys if key.partition(".")[0] == "waivers"]
        if own:
            return None if any(_changes_cases(one) for one in self.edits) else _of_the_spec(own)
        if len(self.edits) != 1:
            return None
        # The bound of another gate moves no answer of this one.
        keys = [key for key in self.edits[0].keys if key.partition(".")[0] != "gates"]
        return _of_the_spec(keys) if keys else None if self.edits[0].keys else _short(self.edits[0])

    def of_measure(self, name: str) -> Said | None:
        """Return the only edit there is, or the new version of this measure."""
        if len(self.edits) == 1:
            return _short(self.edits[0])
        return next((one.said for one in self.edits if one.kind == "measure" and one.name == name), None)

    def _reaches(self, edit: InputEdit, record: Record, is_changed: bool) -> bool:
        """False for an edit that cannot have touched a case: another source, an operator not used, other decisions."""
        lineage = lineage_of(record)
        if edit.kind == "spec":
            return not edit.keys or bool(_keys_for(edit, record, is_changed))
        if edit.kind == "operator":
            operators = lineage.get("operators")
            used = {str(one).rpartition("@")[0] for one in operators} if isinstance(operators, list) else set()
            return edit.name in used or str(lineage.get("attack_version", "")).rpartition("@")[0] == edit.name
        if edit.kind == "source":
            return lineage.get("source") in (None, edit.name)
        if edit.kind == "file":
            return "generator" in lineage
        if edit.kind == "ledger" and is_changed and self.decided is not None:
            # A decision changes the text of its own case and of the children of a mended one, nothing else.
            parents = lineage.get("parents")
            related = {str(record.get("id")), *(map(str, parents) if isinstance(parents, list) else ())}
            return bool(related & self.decided) and not _is_kept(record)
        return True


# Blocks of a spec that judge a set and change no case of it.
_JUDGING = frozenset({"gates", "waivers", "description", "budget", "purpose"})

# Blocks that decide which cases are in a set, and not what stands in one.
_PICKING = frozenset({"mix", "review"})


def _changes_cases(edit: InputEdit) -> bool:
    """False for what only judges the set: measures, gates, waivers, names of the header."""
    if edit.kind == "spec":
        return not edit.keys or any(key.partition(".")[0] not in _JUDGING for key in edit.keys)
    return edit.kind not in ("measure", "header", "model")


def _is_decided(record: Record, edits: Sequence[FieldEdit], drop: Mapping[str, object] | None) -> bool:
    """True where only a person's decision can have done it: a drop by review, a new fix, a mark and nothing else."""
    if drop is not None:
        return drop.get("stage") == "review"
    marks = [one.name.startswith("review") for one in edits]
    return bool(marks) and (all(marks) or (any(marks) and not _is_kept(record)))


def _is_kept(record: Record) -> bool:
    """True for a case that people kept as it was written: no decision changed its text."""
    review = record.get("review")
    return isinstance(review, Mapping) and review.get("verdict") == "keep"


def _said_of(edit: InputEdit, record: Record, is_changed: bool) -> Said:
    """Name the keys of a spec that are about this case, if some are."""
    keys = _keys_for(edit, record, is_changed)
    return _of_the_spec(keys) if keys else _short(edit)


def _short(edit: InputEdit) -> Said:
    """Name an edit behind a case: what became of the whole ledger is told once, and not at each of them."""
    return said("the ledger") if edit.kind == "ledger" else edit.said


def _keys_for(edit: InputEdit, record: Record, is_changed: bool) -> list[str]:
    """Return the keys of a spec that can have touched a case: not those of other pools, levels, voices, operators."""
    lineage = lineage_of(record)
    cell = lineage.get("cell")
    levels: Mapping[str, object] = cell if isinstance(cell, Mapping) else {}
    found = []
    for key in edit.keys:
        block, *rest = key.split(".")
        path = [*rest, "", "", ""]
        is_elsewhere = (
            block in _JUDGING
            or (is_changed and block in _PICKING)
            or (block == "pools" and path[0] not in ("", lineage.get("pool")))
            or (block == "axes" and path[0] not in ("", *levels))
            or (block == "axes" and path[1] not in ("", levels.get(path[0])))
            or (block == "personas" and path[0] not in ("", lineage.get("persona")))
            or (block == "sources" and "source" in lineage and path[0] not in ("", lineage["source"]))
            or (is_changed and path[1] == "operators" and path[2] not in ("", lineage.get("operator")))
        )
        if not is_elsewhere:
            found.append(key)
    return found
