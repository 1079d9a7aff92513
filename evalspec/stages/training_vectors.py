"""Vectors of training texts and known attacks: whose they are, what a snapshot states of them, and when they count.

A vector says what a text is about, and a text can be guessed back from it in part. So they are kept only where an
import was told to, and are held against cases only where the spec's embedder is the very one that made them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evalspec.digests import digest
from evalspec.later import np
from evalspec.model.embedders import EMBEDDERS
from evalspec.model.row import Header
from evalspec.model.spec import Source, SourceKind, Spec
from evalspec.model.training import TrainingDigest
from evalspec.model.vocabulary import MEANING, NAME
from evalspec.stats.digested import Digested
from evalspec.text.meaning import MEANING_VERSION, SCALE

KINDS: tuple[SourceKind, ...] = ("known", "training")


def maker(spec: Spec) -> Mapping[str, object]:
    """Return everything that decides a vector of the spec's embedder beside the text."""
    own, same = spec.screen.own, {"scale": SCALE, "version": MEANING_VERSION}
    if own is not None:
        named = {"embedder": spec.screen.embedder, "revision": own.revision}
        return {**named, "weights": own.weights, "settings": own.settings, **same}
    model = EMBEDDERS[spec.screen.embedder]
    return {
        "embedder": spec.screen.embedder,
        "model": model.title,
        "revision": model.revision,
        "weights": model.weights,
        "tokenizer": model.tokenizer,
        "pieces": model.longest,
        **same,
    }


def stated(rows: Sequence[TrainingDigest], spec: Spec) -> Mapping[str, object]:
    """Return what the header of a snapshot states of the vectors of its rows, which stand in its order."""
    width = len(rows[0].embedding) if rows else 0
    return {**maker(spec), "dimensions": width, "digest": _digest(rows)}


def damage(header: Header, rows: Sequence[TrainingDigest]) -> str | None:
    """Say what is wrong with the vectors of a snapshot, whoever made them; None: they are as they were written."""
    if header.vectors is None:
        return "its header tells of no vectors, and rows have some" if any(one.embedding for one in rows) else None
    width = header.vectors.get("dimensions")
    if any(len(one.embedding) != width for one in rows):
        return f"not every row has a vector of {width} dimensions"
    return None if header.vectors.get("digest") == _digest(rows) else "the vectors are not those that were imported"


def _digest(rows: Sequence[TrainingDigest]) -> str:
    return digest([[one.sequence, one.embedding.hex()] for one in rows])


def digested(
    training: Mapping[str, Sequence[TrainingDigest]], headers: Mapping[str, Header], spec: Spec
) -> Mapping[SourceKind, Digested]:
    """Lay out the vectors of a spec's digested sources, kind by kind; nothing where it names no embedder."""
    if spec.screen.embedder not in MEANING:
        return {}
    return {kind: _of(spec.sources_of(kind), training, headers, spec) for kind in KINDS if spec.sources_of(kind)}


def _of(
    sources: Sequence[Source],
    training: Mapping[str, Sequence[TrainingDigest]],
    headers: Mapping[str, Header],
    spec: Spec,
) -> Digested:
    bound = spec.screen.near_semantic
    # Half of the sources would give a count that is too low, and looks like one that is not.
    for source in sources:
        why = _why_not(source, headers.get(source.name), spec)
        if why is not None:
            return Digested(bound=bound, why_not=why)
    rows = sorted(
        (one for source in sources for one in training.get(source.name, ())),
        key=lambda one: (one.sequence, one.embedding),
    )
    packed = np.frombuffer(b"".join(one.embedding for one in rows), dtype=np.int8)
    return Digested(
        bound=bound,
        rows=packed.reshape(len(rows), -1) if rows else packed.reshape(0, 1),
        names=[one.sequence for one in rows],
    )


def _why_not(source: Source, header: Header | None, spec: Spec) -> str | None:
    embedder = spec.screen.embedder
    again = f"`evalspec import SPEC {source.name} --from FILE --embedder {embedder}`"
    if header is None or header.vectors is None:
        return f"not measured: `{source.name}` was imported without vectors of {embedder}; {again}"
    made = maker(spec)
    if any(header.vectors.get(name) != value for name, value in made.items()):
        whose = _named(header.vectors.get("embedder"), embedder)
        return f"not measured: the vectors of `{source.name}` are of {whose}; {again}"
    return None


def _named(other: object, embedder: str) -> str:
    if other == embedder:
        return f"another version of {embedder}"
    return f"`{other}`" if isinstance(other, str) and NAME.fullmatch(other) else "another model"
