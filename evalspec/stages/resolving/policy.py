"""The blocks `screen`, `review` and `waivers`, and the rules that a purpose brings."""

from __future__ import annotations

from datetime import date
from typing import cast

from evalspec.model.embedders import OwnModel
from evalspec.model.spec import GateRule, Pool, Purpose, ReviewRule, Roles, Screening, Source, Task, Waiver
from evalspec.model.vocabulary import DEVICE_NAMES, FOLDED_LOCKS, GRIDS, LEXICAL, MEANING, MINILM, NAME, RELATIONS
from evalspec.stages.resolving.paths import path_of
from evalspec.stages.resolving.tree import Node, Scope

WRITTEN_SHARE = 1.0  # what a model wrote, people decide
CHILD_SHARE = 0.1  # of children that inherit a label, people decide a tenth
OVERLAP = 0.10
BOOTSTRAP_CHECKS = 5  # without traffic, checks are the only thing that every output answers to


def screen_of(scope: Scope, sources: tuple[Source, ...]) -> Screening:
    """Resolve what removes a candidate."""
    node, base = scope.root.get("screen"), Screening()
    if node is None:
        return base
    embedder, own = embedder_named(node), _own(scope, node.get("embedder"))
    near, far, overlap = node.get("near_duplicate"), node.get("seed_distance"), node.get("training_overlap")
    semantic = near.get("semantic") if near else None
    if semantic is not None and embedder == LEXICAL and own is None:
        scope.inert(semantic, "`embedder` is lexical", hint="say `embedder: minilm`")
    if overlap is not None and not any(source.kind == "training" for source in sources):
        scope.inert(overlap, "the spec has no training source")
    words = node.get("signature_words")
    lexical = near.number("lexical") if near is not None and isinstance(near.data, dict) else None
    if near is not None and isinstance(near.data, int | float):
        lexical = float(near.data)
    semantic_bound = semantic.data if semantic is not None else None
    return Screening(
        embedder=embedder,
        own=own,
        language_id=node.text("language_id"),
        near_lexical=base.near_lexical if lexical is None else lexical,
        near_semantic=float(semantic_bound) if isinstance(semantic_bound, int | float) else base.near_semantic,
        seed_far=_number(far, "far", base.seed_far),
        training_cosine=_number(overlap, "cosine", base.training_cosine),
        training_ngram=int(_number(overlap, "ngram", base.training_ngram)),
        signature_words=words.strings if words is not None and isinstance(words.data, list) else (),
        signature_path=path_of(scope, words) if words is not None and isinstance(words.data, str) else None,
        at=node.key_at,
    )


def embedder_named(screen: Node | None) -> str:
    """Return the name of the embedder, as the block `screen` says it."""
    given = screen.get("embedder") if screen else None
    if given is None:
        return LEXICAL
    return given.string if isinstance(given.data, str) else given.text("name") or LEXICAL


def _own(scope: Scope, node: Node | None) -> OwnModel | None:
    """Return the model that the spec brings, after checking its name and its path."""
    if node is None or isinstance(node.data, str):
        return None
    name, at = node.text("name") or "", node.get("name")
    if name == MINILM or name not in MEANING:
        message = f"no model of your own may be called `{name}`: it is the name of a space that every spec has"
        scope.problems.add("C217", message, at=at.at if at else node.at)
    return OwnModel(
        path=path_of(scope, node.get("path")) or "",
        revision=node.text("revision") or "",
        weights=node.text("weights") or "",
        settings=node.text("settings") or "",
        at=node.key_at,
    )


def _number(node: Node | None, key: str, default: float) -> float:
    given = node.number(key) if node else None
    return default if given is None else given


def review_of(scope: Scope, pools: tuple[Pool, ...]) -> ReviewRule:
    """Resolve how much of each pool people decide: all that a model wrote, a tenth of other children."""
    node = scope.root.get("review")
    require = {pool.name: _default_share(pool) for pool in pools}
    for name, share in node.entries_at("require") if node else ():
        if scope.refers("pool", name, share.key_at):
            require[name] = 1.0 if share.data is None else float(str(share.data))
    overlap = node.number("overlap") if node else None
    return ReviewRule(
        require=tuple(sorted(require.items())),
        guidelines=path_of(scope, node.get("guidelines")) if node else None,
        overlap=OVERLAP if overlap is None else overlap,
        at=node.key_at if node else None,
    )


def _default_share(pool: Pool) -> float:
    if pool.kind in ("seed", "golden"):
        return 0.0
    if pool.kind in GRIDS or pool.kind == "redteam":
        return WRITTEN_SHARE
    changes_label = any(
        one.expected is not None or RELATIONS[one.kind].label == "challenge" or RELATIONS[one.kind].written
        for one in pool.relations
    )
    return WRITTEN_SHARE if changes_label else CHILD_SHARE


def waivers_of(scope: Scope, gates: tuple[GateRule, ...], roles: Roles) -> tuple[Waiver, ...]:
    """Resolve the waivers: each of one gate or one pair, with a reason and a last day."""
    node = scope.root.get("waivers")
    return tuple(_waiver(scope, one, gates) for one in (node.items() if node else ()))


def _waiver(scope: Scope, node: Node, gates: tuple[GateRule, ...]) -> Waiver:
    gate, pair, until = node.get("gate"), node.get("independence"), node.text("until") or ""
    if (gate is None) == (pair is None):
        scope.problems.add("C227", "a waiver is of one `gate` or of one `independence` pair", at=node.at)
    if gate is not None and gate.string not in {rule.name for rule in gates}:
        scope.unknown(
            f"there is no gate `{gate.string}` to waive",
            gate.string,
            {rule.name: rule.at for rule in gates},
            at=gate.at,
            declared="gates are declared here",
            code="C227",
        )
    for one in pair.items() if pair else ():
        # A generator is also held against what wrote the training data, which only its source names.
        if scope.kinds["source"].get(one.string) != "training":
            scope.refers("model", one.string, one.at)
    try:
        date.fromisoformat(until)
    except ValueError:
        place = node.get("until")
        scope.problems.add("C227", f"there is no day `{until}`", at=place.at if place else node.at)
    names = pair.strings if pair else ()
    return Waiver(
        reason=node.text("reason") or "",
        until=until,
        gate=gate.string if gate else None,
        independence=(names[0], names[1]) if pair else None,
        at=node.at,
    )


def purpose_of(scope: Scope, task: Task, sources: tuple[Source, ...]) -> Purpose:
    """Return the purpose, after checking what it asks of the spec."""
    node = scope.root.get("purpose")
    purpose = cast(Purpose, node.string if node else "launch")  # the schema lists them
    at = node.at if node else scope.root.key_at
    kinds = {source.kind for source in sources} | set(scope.kinds["source"].values())
    if purpose == "launch" and "production" not in kinds:
        scope.problems.add(
            "C228",
            "a launch set needs a production source, and the spec has none",
            at=at,
            hint="import what users really sent, or say `purpose: smoke` (synthetic alone) or `purpose: bootstrap`",
        )
    independence = scope.root.get("independence")
    if purpose == "launch" and independence is not None and independence.string == "warn":
        scope.problems.add(
            "C228",
            "a launch set is strict about independence",
            at=independence.at,
            hint="name the pair under `waivers`",
        )
    if purpose == "bootstrap" and "anchor" not in kinds:
        scope.problems.add(
            "C228",
            "a bootstrap set needs anchors: 20-30 rows with a verdict and a critique",
            at=at,
            hint="declare a source of kind `anchor`",
        )
    if purpose == "bootstrap" and len(task.checks) < BOOTSTRAP_CHECKS:
        scope.problems.add(
            "C228",
            f"a bootstrap set needs {BOOTSTRAP_CHECKS} checks, and the task has {len(task.checks)}",
            at=at,
            hint="name them under `task.checks`; `evalspec catalog checks` lists them",
        )
    return purpose


def name_of(scope: Scope) -> str:
    """Return the spec's name, which is its file's."""
    given = scope.root.get("name")
    path = scope.root.document.source.path
    if not NAME.fullmatch(scope.stem) or scope.stem in DEVICE_NAMES:
        why = "is a device on Windows" if scope.stem in DEVICE_NAMES else "is not `[a-z][a-z0-9_]{0,23}`"
        scope.problems.add(
            "C219",
            f"the file's name is the spec's name, and `{scope.stem}` {why}",
            path=path,
            hint="rename the file",
        )
    elif given is not None and given.string != scope.stem:
        scope.problems.add(
            "C219",
            f"the spec calls itself `{given.string}`, and its file `{scope.stem}`",
            at=given.at,
            label="the file's name is the name",
            hint="take `name` away, or rename the file",
        )
    if scope.stem in FOLDED_LOCKS:
        scope.problems.add(
            "C290",
            f"GitHub takes `{scope.stem}.lock.json` for a package lock and folds it unread in reviews",
            path=path,
            severity="warning",
            hint="rename the file",
        )
    return scope.stem


def check_unused(
    scope: Scope, pools: tuple[Pool, ...], sources: tuple[Source, ...], gates: tuple[GateRule, ...]
) -> None:
    """Report what the spec declares itself and nothing refers to; what it inherits may go unused."""
    columns = {column for source in sources for column, _ in source.fields.metadata}
    for pool in pools:
        if pool.source is not None:
            scope.used.setdefault("source", set()).add(pool.source)
    always = {source.name for source in sources if source.kind not in ("golden", "document")}
    for noun, word, spare, hint in (
        ("axis", "axis", columns, "name it in the `axes` of a pool"),
        ("persona", "persona", set(), "name it in the `personas` of a pool"),
        ("model", "model", set(), "give it a role"),
        ("source", "source", always, "no pool, part or gate takes it"),
    ):
        for name, at in sorted(scope.names[noun].items()):
            if name not in scope.used.get(noun, set()) | spare and scope.own(at) and _is_whole(scope, noun, name):
                scope.problems.add(
                    "C208",
                    f"{word} `{name}` has no effect: nothing uses it",
                    at=at,
                    label="this changes nothing",
                    hint=hint,
                )


def _is_whole(scope: Scope, noun: str, name: str) -> bool:
    """Return False where a misspelt reference or kind has been reported, which may be the use that is missing."""
    return noun not in scope.missed and (noun != "source" or name in scope.kinds["source"])
