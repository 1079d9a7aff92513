"""A plan to the questions it will ask, and questions to what they cost at least, typically and at most.

The first question of every slot is made as the build makes it; what follows from replies (repairs, the jury) is counted
from the spec.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from evalspec.model.asking import Reply, Request
from evalspec.model.case import Anchor, Candidate, Lineage, Made, Unmade
from evalspec.model.cost import Bill
from evalspec.model.ledger import Ledger
from evalspec.model.plan import Plan, Slot, Stratum
from evalspec.model.spec import Spec
from evalspec.ports import Asking, Tools, request_key
from evalspec.registry import Catalog
from evalspec.stages.generate import asks_model
from evalspec.stages.judging.questions import questions

# Prose has 3 to 4 bytes a token with the vocabularies in use (2.8 to 4.2 measured on our prompts, JSON, German and
# Japanese with o200k_base, 2026-11-21): nothing that is asked has more than this.
MOST_BYTES_A_TOKEN = 6
LEAST_REPLY_TOKENS = 6  # `{"message": "ok"}`
MEND_TOKENS = 128  # of the line that asks a model to mend its reply, and the template around it

Priced = Callable[[int, int], int]  # tokens of prompt and reply to millionths of a dollar


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """The first question of a slot, how many it asks if all goes well, and whether the slot is opened for sure."""

    request: Request
    times: int = 1
    is_sure: bool = True
    follow_ups: int = 0  # repairs that each of them may take
    unseen: int = 0  # tokens that are in the prompt for the most, and not known yet


def generator_needs(
    plan: Plan, spec: Spec, catalog: Catalog, tools: Tools, ledger: Ledger, repairs: int
) -> tuple[Need, ...]:
    """Return the first question of every slot that a model writes, in the order of the plan."""
    decided: dict[str, bool] = {}  # to whether it may be in the set
    for one in ledger.decisions:
        decided[one.case] = one.verdict not in ("drop", "retire")
    found: list[Need] = []
    for stratum in plan.strata:
        sure = _sure(stratum, decided)
        for slot in stratum.slots:
            request = _first(slot, spec, catalog, tools) if asks_model(slot, spec) else None
            if request is not None:
                times = _times(slot, spec, catalog)
                found.append(Need(request=request, times=times, is_sure=slot.id in sure, follow_ups=repairs))
    return tuple(found)


def jury_needs(plan: Plan, spec: Spec, catalog: Catalog, anchors: Sequence[Anchor], unseen: int) -> tuple[Need, ...]:
    """Return what the jury is asked about a set of the planned size, the messages left out.

    `unseen` is how many tokens a message that is not written yet may have.
    """
    written = [
        _unwritten(slot) for stratum in plan.strata for slot in stratum.slots[: stratum.owed] if asks_model(slot, spec)
    ]
    if not written:
        return ()
    jurors = [spec.model(alias) for alias in spec.roles.jury]
    asked = [one for juror in jurors for one in questions(juror, written, anchors, spec, catalog)]
    return tuple(Need(request=one.request, unseen=0 if isinstance(one.about, Anchor) else unseen) for one in asked)


def least_of(needs: Sequence[Need], priced: Priced) -> Bill:
    """Return the bill if nothing is dropped, nothing is repaired and every reply is short."""
    sure = [one for one in needs if one.is_sure]
    return _sum(((_bytes(one.request) // MOST_BYTES_A_TOKEN, LEAST_REPLY_TOKENS, one.times) for one in sure), priced)


def typical_of(needs: Sequence[Need], known: Sequence[tuple[Request, Reply]], priced: Priced) -> Bill | None:
    """Return the bill if nothing is dropped, at the lengths of known replies; None where there are none."""
    counted = [(request, reply) for request, reply in known if reply.usage.prompt and reply.usage.completion]
    if not counted:
        return None
    a_byte = sum(reply.usage.prompt for _, reply in counted) / max(1, sum(_bytes(one) for one, _ in counted))
    completion = round(sum(reply.usage.completion for _, reply in counted) / len(counted))
    sure = [one for one in needs if one.is_sure]
    return _sum(((round(_bytes(one.request) * a_byte), completion, one.times) for one in sure), priced)


def most_of(needs: Sequence[Need], prompt_of: Callable[[Request], int], priced: Priced) -> Bill:
    """Return the bill if every slot is opened, repaired as often as may be, and every reply as long as it may be."""
    rows: list[tuple[int, int, int]] = []
    for one in needs:
        reply = int(str(one.request.params["max_tokens"]))
        prompt = prompt_of(one.request) + one.unseen
        for again in range(1 + one.follow_ups):
            rows.append((prompt + again * (reply + MEND_TOKENS), reply, one.times))
    return _sum(rows, priced)


def unknown(needs: Sequence[Need], known: Mapping[str, object]) -> tuple[Need, ...]:
    """Return those whose question has no reply yet."""
    return tuple(one for one in needs if request_key(one.request) not in known)


def _sum(rows: Iterable[tuple[int, int, int]], priced: Priced) -> Bill:
    """Add up calls, given as tokens of prompt, tokens of reply, and how often."""
    total = Bill()
    for prompt, completion, times in rows:
        cost = priced(prompt, completion) * times
        total += Bill(calls=times, prompt=prompt * times, completion=completion * times, cost=cost)
    return total


def _bytes(request: Request) -> int:
    return sum(len(content.encode("utf-8", "surrogatepass")) for _, content in request.messages)


def _sure(stratum: Stratum, decided: Mapping[str, bool]) -> frozenset[str]:
    """Return the slots that are opened however the replies turn out: the decided ones, and as many as are lacking."""
    settled = [slot.id for slot in stratum.slots if slot.id in decided]
    lacking = max(0, stratum.owed - sum(decided[one] for one in settled))
    fresh = [slot.id for slot in stratum.slots if slot.id not in decided]
    return frozenset((*settled, *fresh[:lacking]))


def _first(slot: Slot, spec: Spec, catalog: Catalog, tools: Tools) -> Request | None:
    begun: Made | Unmade | Asking = catalog.get("technique", slot.technique).function(slot, spec, tools, catalog)
    if isinstance(begun, Made | Unmade):
        return None
    try:
        return next(begun)
    except StopIteration:
        return None
    finally:
        begun.close()


def _times(slot: Slot, spec: Spec, catalog: Catalog) -> int:
    """Return how many members of a chain ask; one for every other technique."""
    if slot.technique != "mutation" or slot.operator is None:
        return 1
    use = next(one for one in spec.pool(slot.pool).operators if one.name == slot.operator)
    return sum(bool(catalog.get("operator", kind).traits["asks"]) for kind in use.kinds)


def _unwritten(slot: Slot) -> Candidate:
    return Candidate(
        id=slot.id,
        pool=slot.pool,
        technique=slot.technique,
        stratum=slot.stratum,
        input="",
        provenance="planned",
        track=slot.cell.track if slot.cell else "edge",
        language=slot.language,
        expected=slot.cell.expected if slot.cell else None,
        behaviour=slot.cell.behaviour if slot.cell else "answer",
        lineage=Lineage(pool=slot.pool, cell=dict(slot.cell.levels) if slot.cell else {}, persona=slot.persona),
    )
