"""A parsed grammar file to a `Grammar`, or every problem in it at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain

from evalspec.catalog.grammar.fragments import KINDS
from evalspec.catalog.grammar.pattern import Pattern, PatternError, parse_pattern, references
from evalspec.diagnostics import Collector, Diagnostic, did_you_mean
from evalspec.digests import canonical
from evalspec.model.plan import Cell
from evalspec.text.style import LENGTH_BANDS

START = "message"  # a single request, and the first message of a conversation that has no `open`
STATE = "state_"  # `state_order_id` is the sentence that states a fact nothing else has stated
MAX_WEIGHT = 100

_BLOCKS = ("language", "lexicon", "rules", "languages", "levels", "lengths", "personas", "cells", "conversation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """One way to write a rule."""

    pattern: Pattern
    weight: int = 1


Rules = Mapping[str, tuple[Alternative, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Rules that hold where all levels match; they replace the general ones of the same name."""

    where: tuple[tuple[str, str], ...]
    rules: Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What the assistant says, and what the user answers."""

    assistant: tuple[Alternative, ...]
    user: tuple[Alternative, ...]


_SILENCE = Exchange(assistant=(), user=())  # stands in for what could not be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Both sides of a chat: how it opens, what may come between, and how it ends with the user's request."""

    hello: tuple[Alternative, ...] = ()  # the assistant, when the number of messages is even
    open: tuple[Alternative, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    close: Exchange

    @property
    def longest(self) -> int:
        """How many messages the longest conversation has."""
        return 3 + 2 * len(self.exchanges) + (1 if self.hello else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """What `builtin/grammar` writes from."""

    path: str
    language: str | None = None  # BCP 47 primary tag of `rules`; None: whatever is asked
    rules: Rules = field(default_factory=dict)
    kept: frozenset[str] = frozenset()  # rules of `lexicon`: what is drawn stays for the whole text
    languages: Mapping[str, Rules] = field(default_factory=dict)
    levels: tuple[Block, ...] = ()
    lengths: Mapping[str, Rules] = field(default_factory=dict)
    personas: Mapping[str, Rules] = field(default_factory=dict)
    cells: tuple[Block, ...] = ()
    conversation: Conversation | None = None
    warnings: tuple[Diagnostic, ...] = ()

    def rules_for(self, cell: Cell | None, *, language: str, length: str | None, persona: str | None) -> Rules:
        """Return the rules of one slot: the general ones, each replaced by the most special of its name.

        From general to special: `rules`, `languages`, `levels` in the order of the cell's axes, `lengths`,
        `personas`, `cells`.
        """
        levels = dict(cell.levels) if cell else {}
        merged = dict(self.rules) | dict(self.languages.get(language, {}))
        for pair in levels.items():
            for block in self.levels:
                if block.where == (pair,):
                    merged |= block.rules
        merged |= self.lengths.get(length or "", {})
        merged |= self.personas.get(persona or "", {})
        for block in self.cells:
            if all(levels.get(axis) == level for axis, level in block.where):
                merged |= block.rules
        return merged


def read_grammar(data: object, path: str) -> Grammar:
    """Read a parsed grammar file; every problem in it is raised at once."""
    return _read(canonical(data), path)


@lru_cache(maxsize=16)
def _read(text: bytes, path: str) -> Grammar:
    # A technique reads its grammar once a slot; the canonical JSON is the cheapest key that cannot be wrong.
    return _Reader(path).read(json.loads(text))


class _Reader:
    """Reads one file; a class because every step adds to the same problems."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.problems = Collector()

    def read(self, data: object) -> Grammar:
        entries = self._mapping(data, "the grammar")
        for name in sorted(set(entries) - set(_BLOCKS)):
            self._add("M101", f"a grammar has no `{name}`", hint=did_you_mean(name, _BLOCKS))
        language = entries.get("language")
        if language is not None and not isinstance(language, str):
            self._add("M102", "`language` is a BCP 47 tag such as `en`")
        lexicon = self._rules(entries.get("lexicon", {}), "lexicon")
        rules = self._rules(entries.get("rules", {}), "rules")
        for name in sorted(set(lexicon) & set(rules)):
            self._add("M102", f"`{name}` stands in `lexicon` and in `rules`", hint="take one of them out")
        found = Grammar(
            path=self.path,
            language=language if isinstance(language, str) else None,
            rules=dict(lexicon) | dict(rules),
            kept=frozenset(lexicon),
            languages=self._named(entries, "languages"),
            levels=self._levels(entries.get("levels", {})),
            lengths=self._named(entries, "lengths", LENGTH_BANDS),
            personas=self._named(entries, "personas"),
            cells=self._cells(entries.get("cells", [])),
            conversation=self._conversation(entries["conversation"]) if "conversation" in entries else None,
        )
        if not self.problems.failed:
            self._check_references(found)
        self.problems.raise_errors()
        return replace(found, warnings=self.problems.warnings)

    def _add(self, code: str, message: str, **more: object) -> None:
        self.problems.add(code, message, path=self.path, hint=str(more["hint"]) if "hint" in more else None)

    def _mapping(self, value: object, place: str) -> Mapping[str, object]:
        if isinstance(value, dict):
            return value
        self._add("M102", f"{place} is a mapping of names")
        return {}

    def _rules(self, value: object, place: str) -> Rules:
        entries = self._mapping(value, f"`{place}`")
        return {name: self._alternatives(entries[name], f"{place}.{name}") for name in sorted(entries)}

    def _named(self, entries: Mapping[str, object], block: str, known: Iterable[str] = ()) -> Mapping[str, Rules]:
        blocks = self._mapping(entries.get(block, {}), f"`{block}`")
        allowed = tuple(known)
        for name in sorted(blocks):
            if allowed and name not in allowed:
                self._add("M101", f"`{block}` has no `{name}`", hint=did_you_mean(name, allowed))
        return {name: self._rules(blocks[name], f"{block}.{name}") for name in sorted(blocks)}

    def _levels(self, value: object) -> tuple[Block, ...]:
        axes = self._mapping(value, "`levels`")
        return tuple(
            Block(where=((axis, level),), rules=self._rules(rules, f"levels.{axis}.{level}"))
            for axis in sorted(axes)
            for level, rules in sorted(self._mapping(axes[axis], f"`levels.{axis}`").items())
        )

    def _cells(self, value: object) -> tuple[Block, ...]:
        if not isinstance(value, list):
            self._add("M102", "`cells` is a list of `{where: {AXIS: LEVEL}, rules: {...}}`")
            return ()
        blocks = []
        for place, entry in enumerate(value):
            one = self._mapping(entry, f"`cells[{place}]`")
            where = self._mapping(one.get("where", {}), f"`cells[{place}].where`")
            if not where or set(one) != {"where", "rules"}:
                self._add("M102", f"`cells[{place}]` has `where` with at least one level, and `rules`")
            pairs = tuple((axis, str(where[axis])) for axis in sorted(where))
            blocks.append(Block(where=pairs, rules=self._rules(one.get("rules", {}), f"cells[{place}].rules")))
        return tuple(blocks)

    def _conversation(self, value: object) -> Conversation:
        entries = self._mapping(value, "`conversation`")
        for name in sorted(set(entries) - {"hello", "open", "exchanges", "close"}):
            self._add(
                "M101",
                f"`conversation` has no `{name}`",
                hint=did_you_mean(name, ("hello", "open", "exchanges", "close")),
            )
        listed = entries.get("exchanges", [])
        if not isinstance(listed, list):
            self._add("M102", "`conversation.exchanges` is a list of `{assistant: [...], user: [...]}`")
            listed = []
        if "close" not in entries:
            self._add("M102", "`conversation` needs `close`: the last question and the user's last message")
        place = "conversation"
        return Conversation(
            hello=self._alternatives(entries["hello"], f"{place}.hello") if "hello" in entries else (),
            open=self._alternatives(entries["open"], f"{place}.open") if "open" in entries else (),
            exchanges=tuple(self._exchange(one, f"{place}.exchanges[{at}]") for at, one in enumerate(listed)),
            close=self._exchange(entries["close"], f"{place}.close") if "close" in entries else _SILENCE,
        )

    def _exchange(self, value: object, place: str) -> Exchange:
        entries = self._mapping(value, f"`{place}`")
        if set(entries) != {"assistant", "user"}:
            self._add("M102", f"`{place}` has `assistant` and `user`")
            return _SILENCE
        return Exchange(
            assistant=self._alternatives(entries["assistant"], f"{place}.assistant"),
            user=self._alternatives(entries["user"], f"{place}.user"),
        )

    def _alternatives(self, value: object, place: str) -> tuple[Alternative, ...]:
        listed = value if isinstance(value, list) else [value]
        if not listed:
            self._add("M102", f"`{place}` lists no text")
        found = (self._alternative(one, place) for one in listed)
        return tuple(one for one in found if one is not None)

    def _alternative(self, value: object, place: str) -> Alternative | None:
        text, weight = value, 1
        if isinstance(value, dict) and set(value) == {"text", "weight"}:
            text, weight = value["text"], value["weight"]
        if not isinstance(text, str):
            self._add(
                "M102",
                f"`{place}` holds something that is no text",
                hint="quote a text that starts with `{` or looks like a number; or write {text: ..., weight: 3}",
            )
            return None
        if isinstance(weight, bool) or not isinstance(weight, int) or not 1 <= weight <= MAX_WEIGHT:
            self._add("M102", f"a weight in `{place}` is a whole number from 1 to {MAX_WEIGHT}")
            return None
        try:
            return Alternative(pattern=parse_pattern(text), weight=weight)
        except PatternError as error:
            self._add("M104", f"`{place}`: {error}", hint="a `{` opens a name or a choice `{a|b}` and needs its `}`")
            return None

    def _check_references(self, grammar: Grammar) -> None:
        defined = {name for rules in all_rules(grammar) for name in rules}
        graph: dict[str, set[str]] = {name: set() for name in defined}
        for rules in all_rules(grammar):
            for name in rules:
                graph[name] |= self._named_in(rules[name], name, defined)
        roots = {START} | {name for name in defined if name.startswith(STATE)}
        for place, alternatives in _spoken(grammar):
            roots |= self._named_in(alternatives, place, defined)
        if START not in defined:
            self._add("M103", f"no rule `{START}`", hint=f"`rules.{START}` lists how a whole message is put together")
        for loop in _loops(graph):
            self._add("M105", "rules that lead back to themselves: " + " > ".join(loop))
        for name in sorted(defined - _reached(graph, roots)):
            self.problems.add("M106", f"no message can reach the rule `{name}`", path=self.path, severity="warning")

    def _named_in(self, alternatives: Sequence[Alternative], place: str, defined: set[str]) -> set[str]:
        """Return the rules that `alternatives` lean on; a fragment leans on the rule of its kind."""
        names: set[str] = set()
        for one in chain.from_iterable(references(alternative.pattern) for alternative in alternatives):
            if one.kind == "fragment" and one.name not in KINDS:
                self._add("M103", f"`{place}`: no fragment kind `{one.name}`", hint=did_you_mean(one.name, KINDS))
            elif one.kind != "fact" and one.name not in defined:
                why = " to fall back on when no real user's phrase is at hand" if one.kind == "fragment" else ""
                self._add(
                    "M103", f"`{place}` needs a rule `{one.name}`{why}", hint=did_you_mean(one.name, sorted(defined))
                )
            elif one.kind != "fact":
                names.add(one.name)
        return names


def all_rules(grammar: Grammar) -> Iterator[Rules]:
    """Yield every block of rules."""
    yield grammar.rules
    for blocks in (grammar.languages, grammar.lengths, grammar.personas):
        yield from blocks.values()
    for block in (*grammar.levels, *grammar.cells):
        yield block.rules


def _spoken(grammar: Grammar) -> Iterator[tuple[str, tuple[Alternative, ...]]]:
    if (chat := grammar.conversation) is None:
        return
    yield "conversation.hello", chat.hello
    yield "conversation.open", chat.open
    for at, one in enumerate(chat.exchanges):
        yield f"conversation.exchanges[{at}]", one.assistant + one.user
    yield "conversation.close", chat.close.assistant + chat.close.user


def _loops(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Return one loop for each rule that stands first in one, by name."""
    done: set[str] = set()
    loops: list[list[str]] = []

    def visit(name: str, trail: list[str]) -> None:
        if name in trail:
            loops.append([*trail[trail.index(name) :], name])
            return
        if name in done:
            return
        for other in sorted(graph[name]):
            visit(other, [*trail, name])
        done.add(name)

    for name in sorted(graph):
        visit(name, [])
    return loops


def _reached(graph: Mapping[str, set[str]], roots: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    queue = [name for name in roots if name in graph]
    while queue:
        name = queue.pop()
        if name not in seen:
            seen.add(name)
            queue.extend(graph[name])
    return seen
