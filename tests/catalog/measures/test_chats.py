"""Every measure on a set of chats of four turns and more: golden figures, and only the user's words move them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest
from builders import make_case, make_seed, make_spec
from sides import chat_of, plain_texts, seed_case, with_terms

from evalspec.catalog import load_catalog
from evalspec.model.case import EvalSet, Input, Lineage, Message
from evalspec.model.ledger import Decision, Ledger, Reviewed, Survival
from evalspec.model.outcome import Measurement
from evalspec.model.spec import GateRule, Roles, Source
from evalspec.stages.measure import MeasureFacts, measure

CATALOG = load_catalog()
GOLDEN = Path(__file__).with_name("chats.json")
QUIET, LOUD = "One moment.", "REFUND voucher refund!!! Could you kindly delve into order 5555 seen before"
# What is counted by case, row or decision reads no text: one string in place of the messages changes none of them.
READS_NO_TEXT = frozenset(
    {
        "absent_labels",
        "age",
        "agreement",
        "cases",
        "golden_share",
        "related_judges",
        "same_meaning",
        "share",
        "survival",
    }
) | {"verified_share"}
Shape = Callable[[tuple[Message, ...]], Input]


class Trained:
    """A firewall that knows one message of a user."""

    rule, value = "equal_tokens", 1.0

    def overlap(self, text: str) -> Trained | None:
        return self if "seen before" in text else None


def as_chat(turns: tuple[Message, ...]) -> Input:
    return turns


def all_joined(turns: tuple[Message, ...]) -> Input:
    return " ".join(one.content for one in turns)


@cache
def figures(other: str, shape: Shape) -> Mapping[str, list[dict[str, object]]]:
    """Measure one set of chats: what the others say and how the turns are handed over is all that varies."""

    def said(*user: str, also: str = "", then: str = "") -> Input:
        after = (Message(role="tool", content=f"{other} {then}"),) if then else ()
        return shape((*chat_of(user, f"{other}{also}"), *after))

    rows = [
        make_seed(
            at,
            input=said(text, "yes", "thanks" if at % 3 else "Thanks!", then="done." if at % 2 else ""),
            key=f"{at:012}",
            time="2026-01-02",
            votes=("a", "b"),
        )
        for at, text in enumerate(plain_texts(90, "rows"), start=1)
    ]
    new = plain_texts(38, "own", openers=("where is", "refund please,", "kindly tell me about"))
    written = [said(text, "ok then", "thanks", also=" bonjour monsieur voila") for text in new]
    written[0] = said(new[1], "ok then", "please, thanks", also=" which one of the two")
    written[2] = said("hello", "seen before", "bye now")
    # Two rows with the same words from end to end, and a case that only says of its row who spoke which words.
    rows += [
        make_seed(at, input=shape(_cut(*words)), key=f"{at:012}", time="2026-01-02")
        for at, words in ((91, ("a b", "c")), (92, ("a", "b c")), (93, ("x y", "z")))
    ]
    cases = [
        *(seed_case(row) for row in (*rows[:30], *rows[90:92])),
        seed_case(rows[92], input=shape(_cut("x", "y z"))),
        make_case(id="golden.0a1b2c3d4e5f", pool="golden", technique="golden", input=said("a", "b", "c")),
    ]
    cases += [
        make_case(
            id=f"prompted.new.delay.{at:02}",
            input=value,
            technique="redteam" if at == 4 else "prompted",
            lineage=Lineage(pool="prompted", cell={"user": "new", "policy": "delay"}),
        )
        for at, value in enumerate(written, start=1)
    ]
    spec = with_terms(make_spec(sources=_sources(), roles=_roles(), gates=(_gate(),)), "refund", "voucher", "invoice")
    found = measure(
        EvalSet(cases=tuple(sorted(cases, key=lambda one: one.id)), drops=()),
        {"production": tuple(rows)},
        spec,
        CATALOG,
        _facts(),
    )
    return {name: [_figure(one) for one in found if one.measure == name] for name in CATALOG.names("measure")}


def _cut(first: str, second: str) -> tuple[Message, ...]:
    """Four turns whose words, joined, do not show where the user stopped and the assistant began."""
    spoken = (("user", "hello"), ("user", first), ("assistant", second), ("user", "so what now"))
    return tuple(Message(role=role, content=content) for role, content in spoken)


def _sources() -> tuple[Source, ...]:
    lists = (Source(name=kind, kind=kind, path=f"{kind}.jsonl") for kind in ("training", "known"))
    return (*make_spec().sources, *lists)


def _roles() -> Roles:
    return Roles(jury=("one", "two"), subject=("bot",))


def _gate() -> GateRule:
    return GateRule(name="many", measure="cases", where=(("pool", ("prompted",)),), min=30)


def _facts() -> MeasureFacts:
    line = Decision(case="prompted.new.delay.01", digest="d", verdict="keep", reviewer="ann", date="2026-01-20")
    return MeasureFacts(
        reviewed=Reviewed(approved=(), survival=(Survival(slice="", level="", kept=30, fixed=4, dropped=8),)),
        firewall=Trained(),
        known=Trained(),
        today="2026-02-01",
        ledger=Ledger(decisions=(line,)),
    )


def _figure(one: Measurement) -> dict[str, object]:
    fields = {
        "slice": one.slice,
        "of": one.of,
        "space": one.space,
        "value": one.value,
        "seeds": one.baseline,
        "p": one.p,
    }
    return {name: value for name, value in (fields | {"n": one.n}).items() if value is not None}


@pytest.mark.parametrize("name", CATALOG.names("measure"))
def test_a_measure_gives_these_figures_on_chats(name: str, update_golden: bool) -> None:
    """The values stand in chats.json; `--update-golden` rewrites them."""
    found = figures(QUIET, as_chat)
    if update_golden:
        rows = (
            f'"{one}": [\n' + ",\n".join(f" {json.dumps(row)}" for row in found[one]) + "]" for one in sorted(found)
        )
        GOLDEN.write_text("{\n" + ",\n".join(rows) + "\n}\n", "utf-8")

    assert found[name] == json.loads(GOLDEN.read_text("utf-8"))[name]
    assert name == "same_meaning" or any("value" in row for row in found[name])


@pytest.mark.parametrize("name", CATALOG.names("measure"))
def test_what_others_say_moves_no_measure(name: str) -> None:
    """Another text of system, assistant and tool, and every figure stays."""
    assert figures(QUIET, as_chat)[name] == figures(LOUD, as_chat)[name]


@pytest.mark.parametrize("name", sorted(set(CATALOG.names("measure")) - READS_NO_TEXT))
def test_joined_turns_give_other_figures(name: str) -> None:
    """A measure that reads text would show it if a chat came as one string, whoever's words are in it."""
    assert figures(QUIET, as_chat)[name] != figures(LOUD, all_joined)[name]
