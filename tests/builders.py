"""Small whole things for tests: a seed, a spec with its own catalogue, a candidate, a case; one keyword each to vary.

The catalogue here is no mock: its members are registered records like any other, made so that a test can see from a
text which slot it came from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from evalspec.digests import digest
from evalspec.model.asking import Reply, Request
from evalspec.model.case import (
    Candidate,
    Case,
    Drop,
    Lineage,
    Made,
    Message,
    Seed,
    Unmade,
    input_json,
    user_texts,
)
from evalspec.model.case import with_user_texts as with_texts
from evalspec.model.ledger import Effective
from evalspec.model.plan import Plan, Slot, Stratum
from evalspec.model.spec import (
    AttackUse,
    Axis,
    Exemplars,
    Level,
    Mix,
    Model,
    OperatorUse,
    Part,
    Persona,
    Pool,
    ReviewRule,
    Roles,
    Screening,
    Source,
    Spec,
    Task,
)
from evalspec.ports import Tools
from evalspec.registry import Catalog, Member
from evalspec.stages.content import content_digest
from evalspec.stages.expand import expand
from evalspec.stages.fill import Filled, fill, refuse_short
from evalspec.stages.generate import generate_all
from evalspec.stages.screen import Screener, screener
from evalspec.stages.training import Firewall
from evalspec.stream import Stream

LABELS = ("deny", "escalate", "refund")
# Words that are no slips of each other, so that two drawn texts are never the same but for noise.
WORDS = (
    *("anchor", "basket", "candle", "dragon", "engine", "falcon", "garden", "hammer", "island", "jacket", "kettle"),
    *("ladder", "magnet", "napkin", "orange", "pencil", "quiver", "rocket", "saddle", "tunnel", "umbrella", "violin"),
    *("walnut", "yellow", "zipper", "blanket", "curtain", "diamond", "emerald", "freckle", "gravel", "harvest"),
    *("insect", "jungle", "kitchen", "lantern", "meadow", "needle", "oyster", "pillow", "quarry", "ribbon", "shovel"),
)
Write = Callable[[Slot], Made | Unmade]


def drawn_text(*key: str) -> str:
    """A sentence of five drawn words: different keys give different requests, all about equally far from each other."""
    words = Stream("text", *key).sample(WORDS, 5)
    return f"could you look into my {words[0]} {words[1]} and the {words[2]} {words[3]} {words[4]} today"


def chat(last: str = "so where is it", opening: str = "hello there") -> tuple[Message, ...]:
    """A conversation of five turns that ends with the user."""
    return (
        Message(role="system", content="You are the desk."),
        Message(role="user", content=opening),
        Message(role="assistant", content="Which order is it?"),
        Message(role="assistant", content="", tool_calls=({"name": "find", "arguments": {"id": "4481"}},)),
        Message(role="tool", content='{"found": true}'),
        Message(role="user", content=last),
    )


def make_seed(number: int = 1, **fields: object) -> Seed:
    """One labelled production row; its key and digest follow from source, number and input."""
    row = f"row-{number}"
    given: dict[str, object] = {
        "row": row,
        "source": "production",
        "input": drawn_text("seed", str(number)),
        "expected": LABELS[number % 3],
        "language": "en",
        "verified_by": "desk",
    } | fields
    given.setdefault("key", digest([given["source"], row])[:12])
    body = {name: given[name] for name in sorted(given) if name not in ("input", "key")}
    given.setdefault("digest", digest([body, input_json(given["input"])]))  # type: ignore[arg-type]
    return Seed(**given)  # type: ignore[arg-type]


def make_seeds(count: int = 12, **fields: object) -> dict[str, tuple[Seed, ...]]:
    """Rows of a production and of a golden source. One row is like no other, so that nothing else is far."""
    odd = make_seed(0, input="zzz ??? qqq", **fields)
    golden = tuple(
        make_seed(number, source="golden", input=drawn_text("golden", str(number)), verified_by="legal")
        for number in range(1, 5)
    )
    return {"production": (odd, *(make_seed(number, **fields) for number in range(1, count))), "golden": golden}


AXES = (
    Axis(name="user", levels=(Level(name="new", description="First order."), Level(name="power"))),
    Axis(
        name="policy",
        levels=(
            Level(name="delay", description="Late parcel.", expected="refund"),
            Level(name="remorse", expected="escalate", track="edge"),
            Level(name="window", expected="deny"),
        ),
    ),
)
PERSONAS = (
    Persona(name="retiree", description="Writes long sentences.", style=(("length", "long"),)),
    Persona(name="teen", description="Writes in lower case.", style=(("casing", "lower"),)),
    Persona(name="boss", description="Wants it now."),
)
OPERATORS = (
    OperatorUse(name="mark", kinds=("mark",), options=(("sign", "!"),)),
    OperatorUse(name="borrow", kinds=("borrow",)),
    OperatorUse(name="both", kinds=("mark", "borrow")),
)
ATTACKS = (AttackUse(name="override", kind="override"), AttackUse(name="premise", kind="premise"))
POOLS = (
    Pool(name="golden", kind="golden", source="golden"),
    Pool(name="seed", kind="seed", source="production"),
    Pool(name="mutation", kind="mutation", source="production", operators=OPERATORS),
    Pool(
        name="prompted",
        kind="prompted",
        source="production",
        axes=("user", "policy"),
        exemplars=Exemplars(count=2, source="production"),
        generator=(("writer", 1),),
    ),
    Pool(
        name="persona",
        kind="persona",
        source="production",
        axes=("policy",),
        personas=("retiree", "teen", "boss"),
        generator=(("writer", 1),),
    ),
    Pool(name="redteam", kind="redteam", source="production", attacks=ATTACKS),
)
COUNTS = (("golden", 2), ("mutation", 6), ("persona", 6), ("prompted", 12), ("redteam", 5), ("seed", 8))


def make_spec(**fields: object) -> Spec:
    """A spec with all six techniques of this version, 39 cases in all."""
    given: dict[str, object] = {
        "name": "small",
        "path": "small.yaml",
        "folder": ".",
        "task": Task(expected=(Part(name="expected", values=LABELS),), short_expected=True, languages=("en",)),
        "sources": (
            Source(name="production", kind="production", path="small/production.jsonl", verified_by="desk"),
            Source(name="golden", kind="golden", path="small/golden.jsonl", verified_by="legal"),
        ),
        "axes": AXES,
        "personas": PERSONAS,
        "models": (Model(alias="writer", model="test/writer"), Model(alias="other", model="test/other")),
        "roles": Roles(generator=(("writer", 1),)),
        "pools": POOLS,
        "screen": Screening(seed_far=1.0),
        "review": ReviewRule(require=tuple((pool.name, 0.0) for pool in POOLS)),
        "mix": Mix(size=39, counts=COUNTS),
    }
    return Spec(**(given | fields))  # type: ignore[arg-type]


def with_pool(spec: Spec, name: str, **fields: object) -> Spec:
    """The spec with fields of one pool replaced."""
    pools = tuple(replace(pool, **fields) if pool.name == name else pool for pool in spec.pools)  # type: ignore[arg-type]
    return replace(spec, pools=pools)


def with_level(spec: Spec, name: str, **fields: object) -> Spec:
    """The spec with fields of one level replaced."""
    return replace(
        spec,
        axes=tuple(
            replace(axis, levels=tuple(replace(one, **fields) if one.name == name else one for one in axis.levels))  # type: ignore[arg-type]
            for axis in spec.axes
        ),
    )


def with_counts(spec: Spec, **counts: int) -> Spec:
    """The spec with another mix: the pools that are named and no others."""
    pools = tuple(pool for pool in spec.pools if pool.name in counts)
    return replace(spec, pools=pools, mix=Mix(size=sum(counts.values()), counts=tuple(sorted(counts.items()))))


def _mark(text: str, *, sign: str = "!") -> str | None:
    return f"{text} {sign}"


def _borrow(text: str, partner: str | None) -> str | None:
    return f"{text}; {partner}"


def _mutation(slot: Slot) -> Made | Unmade:
    """Put the slot's operator and a word of its key behind what the user said last."""
    assert slot.parent is not None
    texts = list(user_texts(slot.parent.input))
    texts[-1] += f" {slot.operator} {slot.key[:8]}"
    return Made(input=with_texts(slot.parent.input, texts), operators=("mark@1",))


def _written(slot: Slot) -> Made | Unmade:
    """Write a text that only this slot's key can give."""
    return Made(input=drawn_text("written", slot.key))


def _attack(slot: Slot) -> Made | Unmade:
    """Put the attack in front of its carrier."""
    assert slot.parent is not None
    texts = list(user_texts(slot.parent.input))
    texts[-1] = f"{slot.stratum.replace('.', ' ')} {slot.key[:8]}: {texts[-1]}"
    return Made(input=with_texts(slot.parent.input, texts), behaviour="refuse", attack_version=f"{slot.attack}@1")


def make_catalog(**writers: Write) -> Catalog:
    """A fresh catalogue; a keyword replaces how one technique writes."""
    catalog = Catalog()
    for name, function, supplied in (
        ("mark", _mark, ("text",)),
        ("borrow", _borrow, ("text", "partner")),
        ("english", _mark, ("text",)),
    ):
        traits: Mapping[str, object] = {
            "scope": "content",
            "languages": ("en",) if name == "english" else (),
            "relation": "invariant",
            "asks": False,
        }
        catalog.add(_member("operator", name, function, supplied, traits))
    ways: dict[str, Write] = {
        "mutation": _mutation,
        "prompted": _written,
        "persona": _written,
        "redteam": _attack,
    } | writers
    for name, write in ways.items():
        catalog.add(_member("technique", name, _technique(write), ("slot", "spec", "tools", "catalog"), {}))
    return catalog


def _technique(write: Write) -> Callable[[Slot, Spec, Tools, Catalog], Made | Unmade]:
    return lambda slot, spec, tools, catalog: write(slot)


def _member(
    kind: str, name: str, function: Callable[..., object], supplied: Sequence[str], traits: Mapping[str, object]
) -> Member:
    return Member(
        kind=kind,  # type: ignore[arg-type]
        name=name,
        version=1,
        function=function,
        supplied=tuple(supplied),
        options=(),
        traits=traits,
    )


def make_plan(
    spec: Spec,
    seeds: Mapping[str, tuple[Seed, ...]] | None = None,
    catalog: Catalog | None = None,
    decided: frozenset[str] = frozenset(),
) -> Plan:
    """The plan of a spec over the usual rows and catalogue."""
    return expand(spec, seeds or make_seeds(), catalog or make_catalog(), decided)


def strata_of(plan: Plan, pool: str) -> dict[str, Stratum]:
    """The strata of one pool, by name."""
    return {one.name: one for one in plan.strata if one.pool == pool}


def slots_of(plan: Plan, pool: str) -> list[Slot]:
    """All slots of one pool, stratum by stratum."""
    return [slot for one in plan.strata if one.pool == pool for slot in one.slots]


def keys(plan: Plan) -> dict[str, str]:
    """The key of every slot."""
    return {name: slot.key for name, slot in plan.slots_by_id.items()}


def moved(before: Plan, after: Plan) -> set[str]:
    """Slots of both plans whose key is another."""
    left, right = keys(before), keys(after)
    return {name for name in left.keys() & right.keys() if left[name] != right[name]}


def make_tools() -> Tools:
    """Tools without a model: asking one is an error of the test."""

    def ask(requests: Sequence[Request]) -> Sequence[Reply]:
        raise AssertionError(f"nobody may ask `{requests[0].model}` here")

    return Tools(ask=ask, progress=lambda stage, done, total: None)


def make_maker(spec: Spec, catalog: Catalog | None = None) -> Callable[[Sequence[Slot]], Sequence[Candidate | Drop]]:
    """How `fill` makes one slot's candidate."""
    known, tools = catalog or make_catalog(), make_tools()
    return lambda slots: generate_all(slots, spec, known, tools)


def make_screener(spec: Spec, plan: Plan, seeds: Mapping[str, tuple[Seed, ...]] | None = None) -> Screener:
    """The screens of one build, with an empty training firewall."""
    ids = {
        slot.parent.key: slot.id
        for slot in plan.slots_by_id.values()
        if slot.technique in ("seed", "golden") and slot.parent is not None
    }
    return screener(spec, seeds or make_seeds(), Firewall.of({}, spec), make_catalog(), ids)


def filled(
    spec: Spec,
    decided: Mapping[str, Effective] | None = None,
    *,
    wave: int = 1,
    seeds: Mapping[str, tuple[Seed, ...]] | None = None,
    plan: Plan | None = None,
    **writers: Write,
) -> Filled:
    """Fill a spec over the usual rows, with what people decided and with other ways to write."""
    known = decided or {}
    layout = plan or make_plan(spec, seeds, decided=frozenset(known))
    found = fill(
        spec,
        layout,
        make_maker(spec, make_catalog(**writers)),
        lambda case: known.get(case) or Effective(case=case),
        frozenset(known),
        make_screener(spec, layout, seeds),
        wave=wave,
    )
    return refuse_short(found)


def decided(case: str, verdict: str, **fields: object) -> dict[str, Effective]:
    """One person's decision about one case."""
    return {case: Effective(case=case, verdict=verdict, by=("ann",), **fields)}  # type: ignore[arg-type]


def ids(result: Filled, pool: str = "") -> list[str]:
    """What is live, in order of standing."""
    return [one.id for one in result.live if not pool or one.pool == pool]


def make_candidate(**fields: object) -> Candidate:
    """One prompted candidate; `lineage` follows from pool and parents unless given."""
    given: dict[str, object] = {
        "id": "prompted.new.delay.01",
        "pool": "prompted",
        "technique": "prompted",
        "stratum": "new.delay",
        "input": "where is my parcel",
        "provenance": "synth-new-delay",
        "track": "happy",
        "language": "en",
        "expected": "refund",
        "expected_by": "rule:delay",
    } | fields
    given.setdefault("lineage", Lineage(pool=str(given["pool"])))
    return Candidate(**given)  # type: ignore[arg-type]


def make_case(**fields: object) -> Case:
    """One case of such a candidate, its digest computed."""
    review = fields.pop("review", None)
    candidate = make_candidate(**fields)
    return Case(candidate=candidate, digest=content_digest(candidate), review=review)  # type: ignore[arg-type]
