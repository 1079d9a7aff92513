"""Another name, another city, another product: nothing that a label hangs on."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from evalspec.catalog.words import grouped, words
from evalspec.model.case import Message
from evalspec.registry import operator
from evalspec.stream import Stream
from evalspec.text.patterns import lazy_pattern
from evalspec.text.phrases import Found, Phrases, find_phrases, phrases, plain_words, word_set
from evalspec.text.spans import Edit, Spans, edited, is_protected

_KIND_OF_GROUP = MappingProxyType(
    {"woman": "person", "man": "person", "family": "person", "city": "city", "product": "product"}
)
_IN_ADDRESS = lazy_pattern(r",?\s*(?:[A-Z]{2}\b|\d)")
_TITLES = word_set("mr mrs ms miss dr")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entity:
    kind: str
    group: str
    others: tuple[str, ...]


@operator("entity_swap", version=1, scope="conversation", languages=("en",))
def entity_swap(
    messages: Sequence[Message],
    rng: Stream,
    protected: Sequence[Spans],
    *,
    kinds: tuple[str, ...] = ("person", "city", "product"),
) -> tuple[Message, ...] | None:
    """Swap names, cities and products for others of their kind, the same way in all of the user's messages.

    What the other side of the chat mentions stays, else the two would talk about different people.
    """
    known = _entities()
    others_said = {word for one in messages if one.role != "user" for word in plain_words(one.content)}
    said = {word for one in messages for word in plain_words(one.content)}
    new_of: dict[str, str] = {}
    changed: list[Message] = []
    for one, spans in zip(messages, protected, strict=True):
        edits: list[Edit] = []
        for place in find_phrases(one.content, _index()) if one.role == "user" else ():
            entity = _meant(place, one.content, known[place.phrase])
            if (
                entity is None
                or entity.kind not in kinds
                or not others_said.isdisjoint({place.phrase, *_rest_of_name(place, entity)})
                or is_protected(spans, place.start, place.end)
            ):
                continue
            if place.phrase not in new_of:
                fresh = [name for name in entity.others if name.lower() not in said]
                if not fresh:
                    continue
                new_of[place.phrase] = rng.choice(fresh)
            edits.append((place.start, place.end, _written(one.content[place.start : place.end], new_of[place.phrase])))
        content = edited(one.content, edits)
        changed.append(Message(role=one.role, content=content, tool_calls=one.tool_calls) if edits else one)
    return tuple(changed) if new_of else None


def _meant(place: Found, text: str, entities: tuple[_Entity, ...]) -> _Entity | None:
    """Return which of its readings the word has here, or None when it is no name at all."""
    written = text[place.start : place.end]
    if entities[0].kind == "product":
        # `a shirt` may not become `a jeans`, and a product in capitals may be a brand's.
        return entities[0] if written.islower() else None
    if not written.istitle() or place.previous in ("new", "st", "san"):
        return None
    after_name = place.previous in _TITLES or any(
        one.group in ("woman", "man") for one in _entities().get(place.previous, ())
    )
    family = next((one for one in entities if one.group == "family"), None)
    if after_name:
        return family
    if family is not None and len(entities) == 1:
        return None
    if entities[0].kind == "city" and _IN_ADDRESS.match(text, place.end):
        return None  # `Newark, NY 97920`: another city would not go with the state
    following = text[place.end + 1 :].split(" ", 1)[0]
    if (
        entities[0].kind == "person"
        and following[:1].isupper()
        and not any(one.group == "family" for one in _entities().get(place.following, ()))
    ):
        return None  # `Michael Kors`: a brand, or a family name that we do not know
    return next(one for one in entities if one.group != "family")


def _rest_of_name(place: Found, entity: _Entity) -> tuple[str, ...]:
    # A name is swapped whole or not at all.
    if entity.kind != "person":
        return ()
    return tuple(word for word in (place.previous, place.following) if word in _entities())


def _written(old: str, new: str) -> str:
    return new.lower() if old.islower() else new


@functools.cache
def _entities() -> Mapping[str, tuple[_Entity, ...]]:
    found: dict[str, tuple[_Entity, ...]] = {}
    for group, rows in grouped("names.txt").items():
        kind = _KIND_OF_GROUP[group]
        for row in rows:
            members = row.split()
            for name in members:
                if kind != "product" and name.lower() in words("common.txt"):
                    continue  # `Grace`, `Mark`: as often a word as a name
                others = tuple(other for other in members if other != name)
                found[name.lower()] = (*found.get(name.lower(), ()), _Entity(kind=kind, group=group, others=others))
    return MappingProxyType(found)


@functools.cache
def _index() -> Phrases:
    return phrases(_entities())
