"""Stage 3: a document as written into a spec as meant, with every default filled in and every name resolved."""

from __future__ import annotations

from evalspec.diagnostics import Collector
from evalspec.model.source import Document
from evalspec.model.spec import Axis, Level, Spec, Task
from evalspec.registry import Catalog
from evalspec.stages.resolving.data import resolved_data as resolved_data
from evalspec.stages.resolving.data import spec_digest as spec_digest
from evalspec.stages.resolving.gates import check_spaces, gates_of
from evalspec.stages.resolving.grid import axes_of, check_names, personas_of
from evalspec.stages.resolving.matches import Slicer
from evalspec.stages.resolving.merge import check_extends, merge
from evalspec.stages.resolving.merge import extended_fault as extended_fault
from evalspec.stages.resolving.merge import extended_path as extended_path
from evalspec.stages.resolving.mixing import mix_of, pool_nodes
from evalspec.stages.resolving.models import budget_of, models_of, roles_of
from evalspec.stages.resolving.paths import Reference as Reference
from evalspec.stages.resolving.paths import references
from evalspec.stages.resolving.paths import stem_of as stem_of
from evalspec.stages.resolving.places import check_id
from evalspec.stages.resolving.policy import (
    check_unused,
    name_of,
    purpose_of,
    review_of,
    screen_of,
    waivers_of,
)
from evalspec.stages.resolving.pools import Ground, pool_kinds, pools_of
from evalspec.stages.resolving.sources import check_samples, source_kinds, sources_of
from evalspec.stages.resolving.tasks import SHORT_PART, task_of
from evalspec.stages.resolving.tree import Node, Scope
from evalspec.stages.resolving.uses import USES, entries_of

# Blocks whose keys are names of the user's, by the noun that a diagnostic uses.
_BLOCKS = {"axis": "axes", "model": "models", "persona": "personas", "source": "sources"}
_TASK_BLOCKS = {"fact": "facts", "terms": "key_terms"}


def resolve(document: Document, catalog: Catalog, base: Document | None = None) -> Spec:
    """Return what a spec means, or raise all that is wrong with it; `base` is the spec that it extends.

    The shape has been validated. Warnings are in `Spec.warnings`. No file is read: see `referenced_files`.
    """
    problems = Collector()
    given = extended_path(document)
    if given is not None:
        check_extends(document, given, base, problems)
    problems.raise_errors()
    merged = merge(document, base, problems) if base is not None else document
    problems.raise_errors()
    scope = Scope(
        root=Node(merged, (), merged.data), stem=stem_of(document.source.path), catalog=catalog, problems=problems
    )
    spec = _spec(scope, given[0] if given else None)
    problems.raise_errors()
    assert spec is not None  # only a missing mix makes none, and that is an error
    return spec


def referenced_files(document: Document, base: Document | None = None) -> tuple[Reference, ...]:
    """List the files that a spec names: path, where it names it, and what it is; refused paths are left out."""
    merged = merge(document, base, Collector()) if base is not None else document
    return references(merged, stem_of(document.source.path))


def _spec(scope: Scope, base: str | None) -> Spec | None:
    root, name = scope.root, name_of(scope)
    _declare(scope)
    pool_entries = pool_nodes(scope)
    scope.names["pool"] = {pool: node.key_at for pool, node in pool_entries.items()}
    scope.kinds = {"source": source_kinds(scope), "pool": pool_kinds(scope, pool_entries)}
    _declare_uses(scope, pool_entries)
    check_names(scope)
    task = task_of(scope)
    sources, axes, personas = sources_of(scope, task), axes_of(scope, task), personas_of(scope)
    slicer = Slicer(scope=scope, task=task, axes=axes, sources=sources)
    check_samples(scope, slicer)
    models = models_of(scope)
    roles = roles_of(scope, models)
    mix = mix_of(scope, pool_entries)
    ground = Ground(task=task, axes=axes, personas=personas, roles=roles, slicer=slicer, mix=mix)
    pools = pools_of(scope, pool_entries, ground)
    for pool in pools:
        check_id(scope, pool_entries[pool.name], pool, _longest_levels(axes, task))
    purpose = purpose_of(scope, task, sources)
    gates = gates_of(scope, slicer, purpose, sources, pools)
    called = [*roles.jury, *(alias for pool in pools for alias, _ in pool.generator)]
    random_state = root.whole("random_state")
    review, waivers = review_of(scope, pools), waivers_of(scope, gates, roles)
    screen, budget = screen_of(scope, sources), budget_of(scope, models, called)
    check_unused(scope, pools, sources, gates)
    check_spaces(scope, gates, screen)
    path = root.document.source.path
    if mix is None:
        return None
    return Spec(
        name=name,
        path=path,
        folder=path.rpartition("/")[0],  # empty: the working folder
        purpose=purpose,
        random_state=random_state or 0,
        task=task,
        sources=sources,
        axes=axes,
        personas=personas,
        models=models,
        roles=roles,
        independence="warn" if root.text("independence") == "warn" else "strict",
        pools=pools,
        screen=screen,
        review=review,
        mix=mix,
        gates=gates,
        waivers=waivers,
        budget=budget,
        base=base,
        description=root.text("description"),
        warnings=scope.problems.warnings,
    )


def _declare(scope: Scope) -> None:
    """Collect every name that the spec declares, so that a reference can be checked wherever it stands."""
    root, task = scope.root, scope.root.get("task")
    for noun, block in _BLOCKS.items():
        scope.names[noun] = {name: node.key_at for name, node in root.entries_at(block)}
    for noun, block in _TASK_BLOCKS.items():
        scope.names[noun] = {name: node.key_at for name, node in task.entries_at(block)} if task else {}
    expected = task.get("expected") if task else None
    if expected is None:
        scope.names["part"] = {}
    elif isinstance(expected.data, list):
        scope.names["part"] = {SHORT_PART: expected.at}
    else:
        scope.names["part"] = {name: node.key_at for name, node in expected.entries()}


def _declare_uses(scope: Scope, pools: dict[str, Node]) -> None:
    """Collect the names of operators, attacks and relations, which slices may name."""
    for technique, (noun, key, default) in USES.items():
        scope.names[noun] = {
            name: node.key_at
            for pool, kind in scope.kinds["pool"].items()
            if kind == technique
            for name, node in entries_of(pools[pool], key, default)
        }


def _longest_levels(axes: tuple[Axis, ...], task: Task) -> dict[str, int]:
    levels = {axis.name: axis.levels for axis in axes}
    levels["language"] = tuple(Level(name=tag) for tag in task.languages)
    return {name: max((len(level.name) for level in of_axis), default=0) for name, of_axis in levels.items()}
