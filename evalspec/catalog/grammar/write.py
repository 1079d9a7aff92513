"""One slot to a text: deal alternatives, lend real users' phrases, state the facts, keep the style.

Alternatives are dealt like cards, one shuffled deck a rule in each cell, so that the slots of a cell differ from each
other by plan and not by luck. Whatever does not state its facts or keep its style is written again from other cards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from evalspec.catalog.grammar.fragments import Fragment, mine
from evalspec.catalog.grammar.pattern import Choice, Pattern, Ref
from evalspec.catalog.grammar.read import START, STATE, Alternative, Grammar, Rules
from evalspec.catalog.grammar.surface import as_user, tidy
from evalspec.model.case import Input, Message, Unmade, user_texts
from evalspec.model.plan import Slot
from evalspec.model.spec import Spec
from evalspec.stream import Stream
from evalspec.text.stated import is_stated, surface_forms
from evalspec.text.style import apply_style, check_style, word_count

ATTEMPTS = 24  # of one slot; the share of slots that need more than a few is what a better grammar is for


class _Stuck(Exception):
    """A rule that has nothing to write in this slot; the message is its name."""


@dataclass(slots=True)
class _Draft:
    """One attempt at one slot; a class because dealing cards and lending phrases use them up."""

    rules: Rules
    kept: frozenset[str]
    slot: Slot
    deck: tuple[str, ...]  # what the decks hang on: random_state, pool, cell, persona
    attempt: int
    forms: Mapping[str, tuple[str, ...]]  # fact to the ways it may be written
    fragments: Sequence[Fragment]
    rng: Stream
    dealt: dict[str, list[int]] = field(default_factory=dict)
    lent: set[str] = field(default_factory=set)  # keys of the rows that have lent a phrase
    words: dict[str, str] = field(default_factory=dict)  # what the lexicon gave, for the rest of the text
    trace: list[tuple[str, int]] = field(default_factory=list)  # rule and alternative, in the order they were used
    able: dict[str, bool] = field(default_factory=dict)  # which rules this slot can write

    def expand(self, pattern: Pattern) -> str:
        """Write a pattern."""
        return "".join(self._node(node) for node in pattern)

    def deal(self, name: str, alternatives: Sequence[Alternative]) -> str:
        """Write one of the alternatives: the next card of the cell's deck that this text has not used."""
        usable = [at for at, one in enumerate(alternatives) if self._usable(one.pattern)]
        used = self.dealt.setdefault(name, [])
        fresh = [at for at in usable if at not in used] or usable
        if not fresh:
            raise _Stuck(name)
        cards = [at for at in usable for _ in range(alternatives[at].weight)]
        epoch, place = divmod(self.slot.ordinal - 1, len(cards))
        card = _deck((*self.deck, name, str(epoch)), tuple(cards))[place]
        if self.attempt or card not in fresh:
            card = self.rng.choice([at for at in cards if at in fresh])
        used.append(card)
        self.trace.append((name, card))
        return self.expand(alternatives[card].pattern)

    def _node(self, node: str | Ref | Choice) -> str:
        if isinstance(node, str):
            return node
        if isinstance(node, Choice):
            usable = [option for option in node.options if self._usable(option)]
            if not usable:
                raise _Stuck("a choice")
            return self.expand(self.rng.choice(usable))
        if node.kind == "fact":
            return self.rng.choice(self.forms[node.name])
        if node.kind == "fragment":
            phrase = self._lend(node.name)
            return phrase if phrase is not None else self._rule(node.name)
        return self._rule(node.name)

    def _rule(self, name: str) -> str:
        if name not in self.kept:
            return self.deal(name, self.rules.get(name, ()))
        if name not in self.words:
            self.words[name] = self.deal(name, self.rules.get(name, ()))
        return self.words[name]

    def _lend(self, kind: str) -> str | None:
        """Take a phrase of a row that has lent none to this text."""
        for one in self.fragments:
            if one.kind == kind and one.seed not in self.lent:
                self.lent.add(one.seed)
                return one.text
        return None

    def _usable(self, pattern: Pattern) -> bool:
        """True unless the pattern names a fact that this slot does not have, or a rule that this cell lacks."""
        for node in pattern:
            if isinstance(node, str):
                continue
            if isinstance(node, Choice):
                is_usable = any(self._usable(option) for option in node.options)
            else:
                is_usable = node.name in self.forms if node.kind == "fact" else self._is_able(node.name)
            if not is_usable:
                return False
        return True

    def _is_able(self, name: str) -> bool:
        if name not in self.able:
            self.able[name] = any(self._usable(one.pattern) for one in self.rules.get(name, ()))
        return self.able[name]


@lru_cache(maxsize=512)  # the slots of a cell come one after the other, and all deal from the same decks
def _deck(key: tuple[str, ...], cards: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(Stream("deck", *key).shuffled(cards))


def write(grammar: Grammar, slot: Slot, spec: Spec) -> Input | Unmade:
    """Write the input of one slot, or say why this grammar cannot."""
    return write_traced(grammar, slot, spec)[0]


def length_of(slot: Slot, spec: Spec) -> str | None:
    """Return the length that the slot's persona asks for."""
    return _style(slot, spec).get("length")


def write_traced(grammar: Grammar, slot: Slot, spec: Spec) -> tuple[Input | Unmade, tuple[tuple[str, int], ...]]:
    """Write the input of one slot, and name the rules that did, each with the alternative that was taken."""
    if unmade := _foreign(grammar, slot):
        return unmade, ()
    style = _style(slot, spec)
    declared = {fact.name: fact for fact in spec.task.facts}
    forms = {name: surface_forms(declared.get(name), value) for name, value in sorted(slot.facts.items())}
    rules = grammar.rules_for(slot.cell, language=slot.language, length=style.get("length"), persona=slot.persona)
    deck = (str(spec.random_state), slot.pool, slot.cell.id if slot.cell else "", slot.persona or "")
    fragments = mine(slot.exemplars)
    problem = Unmade(reason="no_text")
    for attempt in range(ATTEMPTS):
        rng = Stream("grammar", slot.key, str(attempt))
        draft = _Draft(rules, grammar.kept, slot, deck, attempt, forms, rng.shuffled(fragments), rng)
        try:
            value = _converse(draft, grammar, slot.turns) if spec.task.turns == "conversation" else _message(draft)
        except _Stuck as stuck:
            return Unmade(reason="no_text", detail=f"nothing to write for `{stuck}` in this cell"), ()
        value = _dress(value, slot, style, rng, tuple(form for known in forms.values() for form in known))
        verdict = adherence(value, style, forms)
        if verdict is None:
            return value, tuple(draft.trace)
        problem = verdict
    return problem, ()


def _style(slot: Slot, spec: Spec) -> dict[str, str]:
    return dict(spec.persona(slot.persona).style) if slot.persona else {}


def adherence(value: Input, style: Mapping[str, str], forms: Mapping[str, Sequence[str]]) -> Unmade | None:
    """Return why a text is not what its slot asked for: a fact it does not state, a style it does not keep.

    Every message of the user keeps the style; the length is that of the longest, because a person who writes long
    sentences still answers a question with one word.
    """
    texts = user_texts(value)
    for name, known in forms.items():
        if not any(is_stated(text, known) for text in texts):
            return Unmade(reason="lost_fact", detail=name)
    kept = tuple(form for known in forms.values() for form in known)
    surface = {name: asked for name, asked in style.items() if name not in ("length", "emoji", "abbreviations")}
    whole = {name: asked for name, asked in style.items() if name not in surface}
    longest = max(texts, key=word_count)
    failed = {name for text in texts for name in check_style(text, surface, protected=kept)}
    failed |= set(check_style(longest, whole, protected=kept))
    return Unmade(reason="off_persona", detail=", ".join(sorted(failed))) if failed else None


def _foreign(grammar: Grammar, slot: Slot) -> Unmade | None:
    primary = slot.language.split("-")[0]
    known = (grammar.language, *grammar.languages)
    if grammar.language is None or primary == "und" or slot.language in known or primary in known:
        return None
    return Unmade(reason="off_language", detail=f"it writes {grammar.language}, the slot wants {slot.language}")


def _message(draft: _Draft) -> str:
    return _with_facts(draft, draft.deal(START, draft.rules.get(START, ())))


def _with_facts(draft: _Draft, text: str, said: Sequence[str] = ()) -> str:
    """Add the sentence that states a fact which nothing has stated yet."""
    for name, forms in draft.forms.items():
        rule = draft.rules.get(STATE + name)
        if rule and not any(is_stated(one, forms) for one in (text, *said)):
            gap = " " if re.search(r"[.!?,]$", text.rstrip()) else ". "
            text = f"{text.rstrip()}{gap}{draft.deal(STATE + name, rule)}"
    return text


def _converse(draft: _Draft, grammar: Grammar, turns: int) -> Input:
    """Write both sides: as many messages as asked for, or as many as the grammar has exchanges for."""
    chat = grammar.conversation
    if chat is None:
        raise _Stuck("conversation")
    if turns == 1:
        return (Message(role="user", content=_message(draft)),)
    messages: list[Message] = []
    if turns % 2 == 0 and chat.hello:
        messages.append(Message(role="assistant", content=draft.deal("conversation.hello", chat.hello)))
    if turns == 2:
        return (*messages, Message(role="user", content=_message(draft)))
    opened = draft.deal("conversation.open", chat.open) if chat.open else draft.deal(START, draft.rules.get(START, ()))
    messages.append(Message(role="user", content=opened))
    between = min((turns - 1) // 2 - 1, len(chat.exchanges))
    kept = sorted(draft.rng.sample(range(len(chat.exchanges)), between))
    for at in kept:
        one = chat.exchanges[at]
        messages.append(Message(role="assistant", content=draft.deal(f"conversation.ask{at}", one.assistant)))
        messages.append(Message(role="user", content=draft.deal(f"conversation.answer{at}", one.user)))
    messages.append(Message(role="assistant", content=draft.deal("conversation.last_question", chat.close.assistant)))
    said = [one.content for one in messages if one.role == "user"]
    closed = _with_facts(draft, draft.deal("conversation.request", chat.close.user), said)
    return (*messages, Message(role="user", content=closed))


def _dress(value: Input, slot: Slot, style: Mapping[str, str], rng: Stream, facts: tuple[str, ...]) -> Input:
    """Give every message of the user the persona's surface, or that of one real user; the assistant keeps its own."""
    model = rng.choice(slot.exemplars) if slot.exemplars and not style else None

    def dressed(text: str) -> str:
        plain = tidy(text)
        if model is not None:
            return as_user(plain, user_texts(model.input), rng, protected=facts)
        return apply_style(plain, style, rng, protected=facts)

    if isinstance(value, str):
        return dressed(value)
    return tuple(
        Message(role=one.role, content=dressed(one.content) if one.role == "user" else tidy(one.content))
        for one in value
    )
