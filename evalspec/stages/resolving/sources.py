"""The block `sources`: kinds, files, fields, samples, and what each kind has no use for."""

from __future__ import annotations

from typing import Literal, cast

from evalspec.model.spec import Fields, Pii, Sample, Sections, Source, SourceKind, Task
from evalspec.model.vocabulary import NAME, NEVER_REPLACED, RESERVED_SLICES, SOURCE_KINDS
from evalspec.stages.resolving.matches import Slicer, slice_known
from evalspec.stages.resolving.paths import default_path, path_of
from evalspec.stages.resolving.tree import Node, Scope, kind_of

ROWS = ("fields", "kind", "path", "pii", "speakers")
KEYS = {
    "production": (*ROWS, "sample", "verified_by"),
    "golden": (*ROWS, "sample", "verified_by"),
    "anchor": (*ROWS, "verified_by"),
    "document": ("kind", "path", "pii", "sections"),
    "training": (*ROWS, "generated_by"),
    "traffic": (*ROWS, "sample"),
    "known": ROWS,
}
_TEXTS = ("content", "cut", "id", "input", "language", "role", "time")
_LABELLED = (*_TEXTS, "behaviour", "context", "expected", "facts", "metadata", "premise", "verified_by", "votes")
FIELDS = {
    "production": _LABELLED,
    "golden": _LABELLED,
    "anchor": (*_TEXTS, "context", "critique", "output", "verdict", "verified_by"),
    "training": _TEXTS,
    "traffic": (*_TEXTS, "metadata"),
    "known": _TEXTS,
}
COLUMNS = (*_TEXTS, "behaviour", "premise", "verified_by", "output", "verdict", "critique")


def source_kinds(scope: Scope) -> dict[str, str]:
    """Return the kind of every source that has one; the others are reported."""
    found = {}
    for name, node in scope.root.entries_at("sources"):
        kind = kind_of(scope, name, node, SOURCE_KINDS, "source")
        if kind is not None:
            found[name] = kind
    return found


def sources_of(scope: Scope, task: Task) -> tuple[Source, ...]:
    """Resolve the sources whose kind is known; their samples are checked once the axes are there."""
    nodes = dict(scope.root.entries_at("sources"))
    return tuple(_source(scope, name, nodes[name], kind, task) for name, kind in scope.kinds["source"].items())


def check_samples(scope: Scope, slicer: Slicer) -> None:
    """Check that samples are stratified by what a row says of itself."""
    for name, node in scope.root.entries_at("sources"):
        sample = node.get("sample")
        for one in sample.items_at("by") if sample else ():
            slice_known(scope, one.string, one.at, slicer.of_rows(name), of=f"rows of `{name}`")


def _source(scope: Scope, name: str, node: Node, kind: str, task: Task) -> Source:
    scope.only(node, KEYS[kind], f"a {kind} source")
    fields = node.get("fields")
    if fields is not None and kind in FIELDS:
        scope.only(fields, FIELDS[kind], f"a {kind} source")
        _check_columns(scope, fields, task)
    by = node.get("verified_by")
    if by is not None and fields is not None and fields.get("verified_by") is not None:
        scope.inert(by, "`fields.verified_by` names a column for it")
    _check_kept(scope, node)
    path_of(scope, node.get("path"), glob=True)
    if kind == "document" and node.get("path") is None:
        scope.problems.add(
            "C209",
            f"document source `{name}` has no `path`",
            at=node.key_at,
            hint="documents are Markdown or text: write `path: manual/*.md`",
        )
    return Source(
        name=name,
        kind=cast(SourceKind, kind),  # one of SOURCE_KINDS, as kind_of checked
        path=default_path(scope.root.document, node, name, scope.stem),
        fields=_fields(fields, task),
        speakers=tuple((said, role.string) for said, role in node.entries_at("speakers")),
        verified_by=by.string if by else None,
        generated_by=node.text("generated_by"),
        pii=_pii(node.get("pii")),
        sample=_sample(node.get("sample")),
        sections=_sections(node.get("sections")),
        at=node.key_at,
    )


def _check_kept(scope: Scope, node: Node) -> None:
    pii = node.get("pii")
    known = {*scope.catalog.names("detector"), *NEVER_REPLACED}
    for one in pii.items_at("keep") if pii else ():
        if one.string not in known:
            scope.unknown(
                f"there is no type of personal data `{one.string}`",
                one.string,
                dict.fromkeys(known),
                at=one.at,
                declared="",
            )


def _check_columns(scope: Scope, fields: Node, task: Task) -> None:
    cut, votes, expected = fields.get("cut"), fields.get("votes"), fields.get("expected")
    if cut is not None and task.turns == "single":
        scope.inert(cut, "with `turns: single` a chat gives its first user message")
    if votes is not None and len(task.label_parts) != 1:
        scope.inert(votes, f"votes are about one label part, and the task has {len(task.label_parts)}")
    if expected is not None and not task.expected:
        scope.inert(expected, "the task expects nothing", hint="name the parts or labels under `task.expected`")
    if expected is not None and task.expected and isinstance(expected.data, dict):
        for part, column in expected.entries():
            if task.short_expected:
                scope.problems.add("C211", "with `expected: [...]` one column holds the label", at=expected.at)
                break
            scope.refers("part", part, column.key_at)
    facts = fields.get("facts")
    for fact, column in facts.entries() if facts is not None and isinstance(facts.data, dict) else ():
        scope.refers("fact", fact, column.key_at)
    metadata = fields.get("metadata")
    for name, node in metadata.entries() if metadata else ():
        if name in RESERVED_SLICES:
            scope.problems.add(
                "C217",
                f"no column may be called `{name}`: it is a slice that every case has",
                at=node.key_at,
                hint=f"rename it: `metadata: {{other_name: {name}}}`, or map `fields.{name}`",
            )
        elif not NAME.fullmatch(name):
            scope.problems.add(
                "C219",
                f"`{name}` is no name that a slice can have",
                at=node.key_at,
                hint=f'rename it: `metadata: {{a_name: "{name}"}}`',
            )


def _fields(node: Node | None, task: Task) -> Fields:
    if node is None:
        return Fields()
    return Fields(
        columns=tuple((name, node.text(name) or "") for name in sorted(COLUMNS) if node.get(name) is not None),
        expected=_expected_columns(node.get("expected"), task),
        context=_columns(node.get("context")),
        facts=_columns(node.get("facts")),
        metadata=tuple((name, str(column.data or name)) for name, column in node.entries_at("metadata")),
        votes=tuple(one.string for one in node.items_at("votes")),
    )


def _columns(node: Node | None) -> tuple[tuple[str, str], ...]:
    if node is None:
        return ()
    if isinstance(node.data, str):
        return (("", node.data),)
    return tuple((name, column.string) for name, column in node.entries())


def _expected_columns(node: Node | None, task: Task) -> tuple[tuple[str, str], ...]:
    columns = _columns(node)
    # One part and one bare column: the column is the part's. Several: it holds an object of them.
    if columns and columns[0][0] == "" and not task.short_expected and len(task.expected) == 1:
        return ((task.expected[0].name, columns[0][1]),)
    return columns


def _pii(node: Node | None) -> Pii:
    if node is None:
        return Pii()
    mode = node.string if isinstance(node.data, str) else node.text("mode")
    return Pii(
        mode=cast(Literal["block", "redact", "allow"], mode),  # the schema lists them
        keep=() if isinstance(node.data, str) else tuple(sorted(one.string for one in node.items_at("keep"))),
    )


def _sample(node: Node | None) -> Sample | None:
    if node is None:
        return None
    size = node.whole("size")
    assert size is not None
    return Sample(
        size=size,
        by=tuple(one.string for one in node.items_at("by")),
        allocate="equal" if node.text("allocate") == "equal" else "proportional",
    )


def _sections(node: Node | None) -> Sections:
    if node is None:
        return Sections()
    by = cast(Literal["heading", "page", "paragraph"], node.text("by") or "heading")  # the schema lists them
    size = node.whole("max_chars")
    return Sections(by=by, max_chars=Sections().max_chars if size is None else size)
