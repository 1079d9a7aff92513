"""A spec as an earlier commit holds it: what a change is compared with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from evalspec.after.since import LedgerChange, ledger_change
from evalspec.catalog import load_catalog
from evalspec.diagnostics import EvalspecError
from evalspec.edges.files import list_files, read_text
from evalspec.edges.git import require_commit, text_at, texts_at
from evalspec.edges.package import read_schema
from evalspec.model.outcome import Lock
from evalspec.model.source import SourceFile
from evalspec.model.spec import Spec
from evalspec.pipeline import read
from evalspec.project import lock_path
from evalspec.stages.ledger import read_ledger
from evalspec.stages.lock import load
from evalspec.stages.resolve import extended_path, resolve
from evalspec.stages.resolving.paths import stem_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What one spec was at a commit; None or empty where the commit has none."""

    ref: str
    is_readable: bool = True  # False: the commit has the spec, and this evalspec cannot read it
    spec: Spec | None = None
    lock: Lock | None = None
    ledger: Mapping[str, str] = field(default_factory=dict)  # path from the spec's folder to the file's text


def base_of(spec: Spec, ref: str) -> Base:
    """Read spec, lock and ledger as the commit `ref` holds them; raise when there is no such commit."""
    require_commit(ref, spec.path)
    text = text_at(ref, spec.path)
    found = _spec(spec.path, text, ref) if text is not None else None
    return Base(
        ref=ref,
        is_readable=found is not None or text is None,
        spec=found,
        lock=_lock(spec, ref),
        ledger=_ledger(spec, ref),
    )


def ledger_since(spec: Spec, base: Base) -> LedgerChange:
    """Compare the ledger's files as they are with those of the base; a folder that is gone has no lines."""
    after: dict[str, str] = {}
    for path in {os.path.dirname(path) for path in base.ledger} | {f"{spec.name}/ledger"}:
        folder = os.path.join(spec.folder, path)
        if os.path.isdir(folder):
            names = list_files(os.path.join(folder, "*.jsonl"), root=spec.folder)
            after |= {name: read_text(name, root=spec.folder) for name in names}
    try:
        decisions = read_ledger([SourceFile(path=path, text=text) for path, text in after.items()]).decisions
    except EvalspecError:
        decisions = ()  # the replay says what is wrong with the ledger
    return ledger_change(base.ledger, after, decisions)


def _spec(path: str, text: str, ref: str) -> Spec | None:
    schema = read_schema("spec.v1.json")
    try:
        document = read(SourceFile(path=path, text=text), schema)
        extended, base = extended_path(document), None
        if extended is not None:
            beside = os.path.join(os.path.dirname(path), extended[0])
            base = read(SourceFile(path=beside, text=text_at(ref, beside) or ""), schema)
        return resolve(document, load_catalog(), base)
    except EvalspecError:
        return None


def _lock(spec: Spec, ref: str) -> Lock | None:
    path = lock_path(spec)
    text = text_at(ref, path)
    try:
        return load(text, f"{ref}:{path}") if text is not None else None
    except EvalspecError:
        return None


def _ledger(spec: Spec, ref: str) -> Mapping[str, str]:
    """Read the spec's own ledger and that of the spec it extends now; the folder may be gone since."""
    names = [spec.name, *([stem_of(spec.base)] if spec.base else [])]
    found: dict[str, str] = {}
    for name in names:
        found |= texts_at(ref, spec.folder or os.curdir, f"{name}/ledger")
    return {path: text for path, text in found.items() if path.endswith(".jsonl")}
