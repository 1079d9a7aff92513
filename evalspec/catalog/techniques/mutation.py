"""From a message that really happened to the same message as another hand would have typed it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from evalspec.catalog.mutations.asked import INTO
from evalspec.catalog.techniques.rewritten import rewrite_last
from evalspec.model.case import Input, Made, Message, Unmade, user_texts, with_user_texts
from evalspec.model.plan import Slot
from evalspec.model.spec import Fact, OperatorUse, Spec
from evalspec.ports import Asking, Tools
from evalspec.registry import Catalog, Member, technique
from evalspec.stream import Stream
from evalspec.text.language import is_in_another
from evalspec.text.spans import protected_spans, substrings

Terms = tuple[tuple[str, tuple[str, ...]], ...]

# Rates are those of real texts, so a short text is often left as it was; the operator is then drawn again. At the
# default rate per letter (.02) 24 draws change a text of 20 letters in all but 1 of 10,000 cases.
DRAWS = 24


@technique("mutation", version=1)
def mutation(slot: Slot, spec: Spec, tools: Tools, catalog: Catalog) -> Made | Unmade | Asking:
    """Apply the operator of the slot, or its chain, to the slot's parent."""
    assert slot.parent is not None, f"slot `{slot.id}` of a mutation pool has no parent"
    use = next(one for one in spec.pool(slot.pool).operators if one.name == slot.operator)
    chain = tuple(catalog.get("operator", kind) for kind in use.kinds)
    if any(member.traits["asks"] for member in chain):
        return _asked(slot, spec, chain, use)
    return mutate(
        slot.parent.input,
        chain,
        _options(use),
        key=slot.key,
        language=slot.language,
        partner=_matter(slot.partner.input) if slot.partner is not None else None,
        terms=spec.task.key_terms,
        patterns=fact_patterns(spec.task.facts),
    )


def _asked(slot: Slot, spec: Spec, chain: Sequence[Member], use: OperatorUse) -> Asking:
    """Apply a chain in which the pool's generator has a part; each member works on what the one before it left."""
    assert slot.parent is not None and slot.generator is not None, "expand gives a slot that asks its generator"
    patterns, options = fact_patterns(spec.task.facts), _options(use)
    partner = _matter(slot.partner.input) if slot.partner is not None else None
    child, language = slot.parent.input, slot.language
    applied: tuple[str, ...] = ()
    served: str | None = None
    mended = 0
    step: Made | Unmade
    for member in chain:
        if member.traits["asks"]:
            given = {one.name: options[one.name] for one in member.options if one.name in options}
            instruction = member.function(text=user_texts(child)[-1], **given)
            step = yield from rewrite_last(child, instruction, spec.model(slot.generator), slot.ordinal, patterns)
        else:
            step = mutate(
                child,
                (member,),
                options,
                key=slot.key,
                language=language,
                partner=partner,
                terms=spec.task.key_terms,
                patterns=patterns,
            )
        if isinstance(step, Made):
            child, applied = step.input, (*applied, member.tag)
            served, mended = step.served or served, mended + step.mended
            language = str(given.get("into", INTO)) if member.name == "translate" else language
        elif step.reason != "no_op":
            return step
    if _folded(child) == _folded(slot.parent.input):
        return Unmade(reason="no_op", detail="the model gave the message back as it was")
    lost = _lost(slot.parent.input, child, partner, patterns)
    if lost is not None:
        return Unmade(reason="lost_fact", detail=lost)
    mixes = any(member.name == "clause_switch" for member in chain)
    if not mixes and is_in_another(user_texts(child)[-1], language, {language, slot.language, *spec.task.languages}):
        return Unmade(reason="off_language", detail=f"not `{language}`")
    changed = language if language != slot.language else None
    return Made(input=child, operators=applied, served=served, language=changed, mended=mended)


def mutate(
    value: Input,
    chain: Sequence[Member],
    options: Mapping[str, object],
    *,
    key: str,
    language: str,
    partner: str | None = None,
    terms: Terms = (),
    patterns: Sequence[str] = (),
) -> Made | Unmade:
    """Apply the members in order, each with its own stream; what any other than the user said stays as it was.

    Unmade `language` when a member does not know the language, `no_op` when nothing changed but blanks, and
    `lost_fact` when a number, address, placeholder or fact of the parent is not in the child as it was.
    """
    for member in chain:
        if not knows_language(member, language):
            return Unmade(reason="language", detail=f"`{member.name}` does not know `{language}`")
    supply = {"language": language, "partner": partner, "terms": terms, "facts": tuple(patterns)}
    child = value
    applied: list[str] = []
    for member in chain:
        given = {option.name: options[option.name] for option in member.options if option.name in options}
        changed = _drawn(child, member, supply, given, key, patterns)
        if changed is not None:
            child = changed
            applied.append(member.tag)
    if _folded(child) == _folded(value) and not _is_about_blanks(value, child, applied):
        return Unmade(reason="no_op", detail=f"{' + '.join(member.tag for member in chain)} changed nothing")
    lost = _lost(value, child, partner, patterns)
    if lost is not None:
        return Unmade(reason="lost_fact", detail=lost)
    return Made(input=child, operators=tuple(applied))


def knows_language(member: Member, language: str) -> bool:
    """Return True when an operator may change a text of the language.

    One that names no languages knows all that people write to each other; `code` it must name.
    """
    known: tuple[str, ...] = member.traits["languages"]
    primary = language.partition("-")[0].lower()
    return primary in known if known else primary != "code"


def fact_patterns(facts: Sequence[Fact]) -> tuple[str, ...]:
    """Return patterns for what facts look like in a text; numbers are protected without any."""
    patterns: list[str] = []
    for fact in facts:
        if fact.pattern is not None:
            patterns.append(fact.pattern)
        forms = [form for value, spelled in fact.values for form in (value, *spelled)] + list(fact.absent)
        if forms:
            longest_first = sorted({form for form in forms if form}, key=lambda form: (-len(form), form))
            patterns.append(rf"(?i)(?<!\w)(?:{'|'.join(re.escape(form) for form in longest_first)})(?!\w)")
    return tuple(patterns)


def _drawn(
    value: Input,
    member: Member,
    supply: Mapping[str, object],
    given: Mapping[str, object],
    key: str,
    patterns: Sequence[str],
) -> Input | None:
    for draw in range(DRAWS):
        rng = Stream(key, member.tag) if draw == 0 else Stream(key, member.tag, str(draw))
        changed = _apply(value, member, {**supply, "rng": rng}, given, patterns)
        if changed is not None:
            return changed
        if "rng" not in member.supplied:
            return None
    return None


def _apply(
    value: Input, member: Member, supply: Mapping[str, object], given: Mapping[str, object], patterns: Sequence[str]
) -> Input | None:
    if member.traits["scope"] == "conversation":
        return _on_messages(value, member, supply, given, patterns)
    texts = user_texts(value)
    if not texts:
        return None
    new = list(texts)
    first = 0 if member.traits["scope"] == "style" else len(texts) - 1
    for at in range(first, len(texts)):
        changed: str | None = _call(
            member, {**supply, "text": texts[at], "protected": protected_spans(texts[at], patterns)}, given
        )
        if changed is not None:
            new[at] = changed
    return with_user_texts(value, new) if new != list(texts) else None


def _on_messages(
    value: Input, member: Member, supply: Mapping[str, object], given: Mapping[str, object], patterns: Sequence[str]
) -> Input | None:
    messages = (Message(role="user", content=value),) if isinstance(value, str) else value
    spans = tuple(protected_spans(one.content, patterns) for one in messages)
    changed: tuple[Message, ...] | None = _call(member, {**supply, "messages": messages, "protected": spans}, given)
    if changed is None or changed == messages:
        return None
    if isinstance(value, str):
        # A single request stays one: what makes several messages of it does not apply.
        return changed[0].content if len(changed) == 1 else None
    return changed


def _call(member: Member, supply: Mapping[str, object], given: Mapping[str, object]) -> Any:
    return member.function(**{name: supply[name] for name in member.supplied}, **given)


def _options(use: OperatorUse) -> Mapping[str, object]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in use.options}


def _matter(value: Input) -> str | None:
    # A chat often opens with a bare `Hi`; what it is about stands in the longest of the user's messages.
    return max(user_texts(value), key=len, default=None)


def _folded(value: Input) -> tuple[str, ...]:
    return tuple(" ".join(text.split()) for text in user_texts(value))


def _is_about_blanks(value: Input, child: Input, applied: Sequence[str]) -> bool:
    # The operator `spacing` may have done its work where folding sees nothing.
    return child != value and any(tag.partition("@")[0] == "spacing" for tag in applied)


def _lost(value: Input, child: Input, partner: str | None, patterns: Sequence[str]) -> str | None:
    """Return a protected stretch that is gone, or that came from nowhere; what the partner brought may be new."""
    before, after = _held(value, patterns), _held(child, patterns)
    gone = before - after
    if gone:
        return f"`{min(gone)}` of the parent is gone"
    brought = [one for one in (after - before) if partner is None or one not in partner]
    return f"`{min(brought)}` is not in the parent" if brought else None


def _held(value: Input, patterns: Sequence[str]) -> Counter[str]:
    return Counter(one for text in user_texts(value) for one in substrings(text, protected_spans(text, patterns)))
