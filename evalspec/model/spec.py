"""The spec as meant: every default filled in, every name resolved; what is a mapping there is sorted by name here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from evalspec.diagnostics import Diagnostic, Span
from evalspec.model.embedders import OwnModel
from evalspec.model.task import Behaviour as Behaviour
from evalspec.model.task import Check as Check
from evalspec.model.task import Expected as Expected
from evalspec.model.task import Fact as Fact
from evalspec.model.task import Part as Part
from evalspec.model.task import PartKind as PartKind
from evalspec.model.task import Question as Question
from evalspec.model.task import Task as Task
from evalspec.model.task import Track as Track
from evalspec.model.vocabulary import LEXICAL, SPACES, TWO_QUESTIONS, spaces_with

Purpose = Literal["launch", "smoke", "bootstrap"]
SourceKind = Literal["production", "golden", "anchor", "document", "training", "traffic", "known"]
Technique = Literal["seed", "golden", "prompted", "mutation", "persona", "redteam", "metamorphic", "document"]

# A slice to the values that match it, slices by name; all slices must match.
Match = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Our names to the raw columns of a source; dots go into objects."""

    columns: tuple[
        tuple[str, str], ...
    ] = ()  # id, input, role, content, cut, behaviour, premise, language, time, verified_by, output, verdict, critique
    expected: tuple[tuple[str, str], ...] = ()  # part to column; the short form has one entry named ""
    context: tuple[tuple[str, str], ...] = ()  # name to column; a bare column has the name ""
    facts: tuple[tuple[str, str], ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()  # our name to column
    votes: tuple[str, ...] = ()

    def column(self, name: str) -> str:
        """Return the raw column of one of our names; the same name needs no entry."""
        return dict(self.columns).get(name, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """How many rows of a source enter its snapshot, and from which strata."""

    size: int
    by: tuple[str, ...] = ()
    allocate: Literal["proportional", "equal"] = "proportional"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pii:
    """What happens to personal data at import."""

    mode: Literal["block", "redact", "allow"] = "block"
    keep: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    """How a document is cut into sections."""

    by: Literal["heading", "page", "paragraph"] = "heading"
    max_chars: int = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What really happened, or what experts wrote."""

    name: str
    kind: SourceKind
    path: str  # relative to the spec
    fields: Fields = field(default_factory=Fields)
    speakers: tuple[tuple[str, str], ...] = ()  # raw speaker to role, on top of the usual ones
    verified_by: str | None = None
    generated_by: str | None = None
    pii: Pii = field(default_factory=Pii)
    sample: Sample | None = None
    sections: Sections = field(default_factory=Sections)
    at: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One value of an axis, and what follows from it."""

    name: str
    description: str | None = None
    expected: Expected | None = None
    behaviour: Behaviour | None = None
    facts: tuple[tuple[str, tuple[object, ...]], ...] = ()  # fact to a range of two numbers or a list of values
    track: Track | None = None
    at: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A dimension of a grid."""

    name: str
    levels: tuple[Level, ...]
    at: Span | None = field(default=None, compare=False, repr=False)
    _by_name: Mapping[str, Level] = field(init=False, compare=False, repr=False)  # every slot looks its levels up

    def __post_init__(self) -> None:
        """Index the levels."""
        object.__setattr__(self, "_by_name", {one.name: one for one in self.levels})

    def described(self, level: str) -> str | None:
        """Return the description of a level, where it has one."""
        found = self._by_name.get(level)
        return found.description if found is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """A voice inside a cell; `style` maps a style fact to its value."""

    name: str
    description: str
    style: tuple[tuple[str, str], ...] = ()
    at: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """An alias of the spec; family and lineage come from the registry unless the spec states them."""

    alias: str
    model: str
    family: str | None = None  # as stated in the spec
    grammar: str | None = None  # path of the grammar file, for builtin/grammar
    params: tuple[tuple[str, object], ...] = ()
    # Dollars per million tokens of prompt and completion, as stated in the spec; decides no byte of a lock.
    price: tuple[float, float] | None = None
    at: Span | None = field(default=None, compare=False, repr=False)

    @property
    def is_builtin(self) -> bool:
        """True for what evalspec brings along: no key, no network, nothing to pay."""
        return self.model.startswith("builtin/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Which alias does what; generators carry whole-number weights."""

    subject: tuple[str, ...] = ()
    generator: tuple[tuple[str, int], ...] = ()
    jury: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRule:
    """What settles single cells of a pool."""

    where: Match
    expected: Expected | None = None
    behaviour: Behaviour | None = None
    facts: tuple[tuple[str, tuple[object, ...]], ...] = ()
    track: Track | None = None
    per_cell: int | None = None
    at: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemplars:
    """How many rows a prompt shows, and of which source (None: the pool's own)."""

    count: int = 0
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorUse:
    """An operator of the spec: one catalogue entry, or a chain of them."""

    name: str
    kinds: tuple[str, ...]
    options: tuple[tuple[str, object], ...] = ()
    where: Match = ()
    exclude: tuple[Match, ...] = ()
    at: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackUse:
    """An attack of the spec; `count` is written only to ask for more than the share gives."""

    name: str
    kind: str
    count: int | None = None
    options: tuple[tuple[str, object], ...] = ()
    at: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationUse:
    """A declared relation between a parent and its child."""

    name: str
    kind: str
    fact: str | None = None
    expected: Expected | None = None
    where: Match = ()
    exclude: tuple[Match, ...] = ()
    options: tuple[tuple[str, object], ...] = ()
    at: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """How one part of the set is made."""

    name: str
    kind: Technique
    source: str | None = None  # `from`: a source, or for metamorphic a pool
    where: Match = ()
    exclude: tuple[Match, ...] = ()
    track: Track | None = None  # None: the technique's own
    generator: tuple[tuple[str, int], ...] = ()  # empty for what needs none
    trial: bool = False
    axes: tuple[str, ...] = ()
    cells: tuple[CellRule, ...] = ()
    per_cell: int | None = None
    max_per_cell: int | None = None  # None: MAX_PER_CELL times what the cell owes
    exemplars: Exemplars = field(default_factory=Exemplars)
    prompt: str | None = None  # the template's text
    prompt_path: str | None = None  # where it stands, when it is a file
    personas: tuple[str, ...] = ()
    operators: tuple[OperatorUse, ...] = ()
    relations: tuple[RelationUse, ...] = ()
    attacks: tuple[AttackUse, ...] = ()
    per_parent: int = 2
    parents: Literal["with", "any"] = "with"
    hard_negatives: float = 0.25
    rotate_after: int | None = None  # days
    multi_hop: float = 0.0
    unanswerable: float = 0.0
    per_section: int | None = None
    at: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """What removes a candidate; every bound is a cosine or a quantile."""

    embedder: str = "lexical"  # or minilm, or the name of a model of the spec's own
    own: OwnModel | None = None
    language_id: str | None = None
    near_lexical: float = 0.85
    near_semantic: float = 0.92
    seed_far: float = 0.99
    training_cosine: float = 0.90
    training_ngram: int = 13
    signature_words: tuple[str, ...] = ()
    signature_path: str | None = None  # where they stand, when they are a file
    at: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRule:
    """Which share of each pool people must decide."""

    require: tuple[tuple[str, float], ...] = ()  # every pool of the spec, defaults filled in
    guidelines: str | None = None  # path, relative to the spec
    overlap: float = 0.10
    at: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """How many cases each pool gives, by the quota method; `shares` are the declared decimals as exact strings."""

    size: int
    counts: tuple[tuple[str, int], ...]
    shares: tuple[tuple[str, str], ...] = ()
    at: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRule:
    """A measure, the cases it looks at, and its bounds."""

    name: str
    measure: str
    of: str | None = None
    space: str | None = None
    where: Match = ()
    by: str | None = None
    min: float | None = None
    max: float | None = None
    within: float | None = None
    change: float | None = None
    severity: Literal["error", "warning", "off"] = "error"
    is_default: bool = field(default=False, compare=False)  # brought by the purpose, not written in the spec
    at: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A rule set aside on purpose, with a reason and a last day."""

    reason: str
    until: str  # YYYY-MM-DD
    gate: str | None = None
    independence: tuple[str, str] | None = None
    at: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Hard stops: dollars of one build, hours of review."""

    usd: float | None = None
    hours: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One spec, whole. `folder` is where its relative paths start; `path` is as the user wrote it."""

    name: str
    path: str = field(compare=False)
    folder: str = field(compare=False)
    version: int = 1
    purpose: Purpose = "launch"
    random_state: int = 0
    task: Task = field(default_factory=Task)
    sources: tuple[Source, ...] = ()
    axes: tuple[Axis, ...] = ()
    personas: tuple[Persona, ...] = ()
    models: tuple[Model, ...] = ()
    roles: Roles = field(default_factory=Roles)
    independence: Literal["strict", "warn"] = "strict"
    pools: tuple[Pool, ...] = ()
    screen: Screening = field(default_factory=Screening)
    review: ReviewRule = field(default_factory=ReviewRule)
    mix: Mix
    gates: tuple[GateRule, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    budget: Budget = field(default_factory=Budget)
    base: str | None = field(default=None, compare=False)  # the file that `extends` names
    description: str | None = field(default=None, compare=False)
    warnings: tuple[Diagnostic, ...] = field(default=(), compare=False, repr=False)

    def source(self, name: str) -> Source:
        """Return the source of that name."""
        return next(one for one in self.sources if one.name == name)

    def sources_of(self, kind: SourceKind) -> tuple[Source, ...]:
        """Return the sources of one kind, in the order of the spec."""
        return tuple(one for one in self.sources if one.kind == kind)

    def pool(self, name: str) -> Pool:
        """Return the pool of that name."""
        return next(one for one in self.pools if one.name == name)

    def axis(self, name: str) -> Axis:
        """Return the axis of that name."""
        return next(one for one in self.axes if one.name == name)

    def described(self, axis: str, level: str) -> str | None:
        """Return the description of a level, where the axis is one of the spec's and its level has one."""
        return next((one.described(level) for one in self.axes if one.name == axis), None)

    def persona(self, name: str) -> Persona:
        """Return the persona of that name."""
        return next(one for one in self.personas if one.name == name)

    def model(self, alias: str) -> Model:
        """Return the model of that alias."""
        return next(one for one in self.models if one.alias == alias)


def space_of(rule: GateRule, spec: Spec) -> str:
    """Return the space that a gate judges: the one it names, else the spec's embedder.

    The bounds of default gates were measured on vectors of n-grams, and one space's bound means nothing in another.
    """
    is_by_words = rule.is_default or rule.measure in TWO_QUESTIONS
    space = rule.space or (LEXICAL if is_by_words else spec.screen.embedder)
    known = spaces_with(SPACES.get(rule.measure, (space,)), spec.screen.embedder)
    return space if space in known else known[0] or space
