"""The technique `mutation`: laws that hold for every operator, chains, and what is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalspec.catalog import load_catalog
from evalspec.catalog.techniques.mutation import fact_patterns, knows_language, mutate, mutation
from evalspec.model.asking import Reply, Request
from evalspec.model.case import Input, Made, Message, Seed, Unmade, user_texts
from evalspec.model.plan import Slot
from evalspec.model.spec import Fact, Mix, OperatorUse, Pool, Spec, Task
from evalspec.ports import Tools
from evalspec.text.spans import protected_spans, substrings

CATALOG = load_catalog()
OPERATORS = CATALOG.all("operator")
TERMS = (("ask", ("refund", "money back", "return")),)
PIECES = (
    "Hi, where is my order 4711-B?",
    "I don't know, please help me because it is late.",
    "Thanks!",
    "see https://shop.example/a?b=1, or mail ann@example.com",
    "<EMAIL_1> {{ name }} `order please` @anna",
    "मेरा ऑर्डर १२३ कहाँ है? कृपया मदद करें।",
    "我的订单12345在哪里？请帮帮我。",
    "I want a refund of $39.90 for the jacket I bought in Leeds",
    "😀👩‍👩‍👧 !!!  ...",
    "e\u0301te\u0301 naïve İstanbul ß ﬁn",
    "\u200b\ufeff tab\there\r\nand  two  blanks ",
    "IT IS BROKEN AND I CANNOT WAIT",
    "",
)
TEXTS = st.one_of(
    st.text(max_size=80), st.lists(st.sampled_from(PIECES), max_size=4).map(" ".join), st.sampled_from(PIECES)
)
OTHERS = st.builds(Message, role=st.sampled_from(("assistant", "tool", "system")), content=TEXTS)
CHATS = st.lists(st.one_of(OTHERS, st.builds(Message, role=st.just("user"), content=TEXTS)), min_size=4, max_size=7)
INPUTS = st.one_of(TEXTS, CHATS.map(tuple))


def held(value: Input) -> Counter[str]:
    """Count what no operator may touch."""
    return Counter(one for text in user_texts(value) for one in substrings(text, protected_spans(text)))


@pytest.mark.parametrize("member", OPERATORS, ids=lambda member: member.name)
@settings(max_examples=12, deadline=None)
@given(value=INPUTS, key=st.text(max_size=4), partner=st.one_of(st.none(), TEXTS))
def test_laws_of_every_operator(member: object, value: Input, key: str, partner: str | None) -> None:
    """Same key same child, facts kept, other speakers untouched, a change or a reason."""
    chain = tuple(one for one in OPERATORS if one is member)
    made = mutate(value, chain, {}, key=key, language="en", partner=partner, terms=TERMS)

    assert made == mutate(value, chain, {}, key=key, language="en", partner=partner, terms=TERMS)
    if isinstance(made, Unmade):
        assert made.reason in {"no_op", "lost_fact"}
        return
    assert made.input != value
    assert made.operators == (chain[0].tag,)
    assert isinstance(made.input, str) == isinstance(value, str)
    assert not held(value) - held(made.input)
    if isinstance(value, tuple):
        assert [one for one in made.input if one.role != "user"] == [one for one in value if one.role != "user"]


@pytest.mark.parametrize("member", OPERATORS, ids=lambda member: member.name)
def test_long_texts_of_any_script_do_not_break_an_operator(member: object) -> None:
    """Ten thousand characters of anything give a child or a reason."""
    chain = tuple(one for one in OPERATORS if one is member)

    for text in ("a" * 10_000, "1" * 10_000, " ".join(PIECES * 30)[:10_000], "我" * 10_000, "क" * 10_000, "<" * 10_000):
        made = mutate(text, chain, {}, key="long", language="en", partner=text, terms=TERMS)
        assert isinstance(made, Made | Unmade)


def test_a_chain_applies_in_order_and_names_what_changed_something() -> None:
    """Each member sees what the one before it made; one that found nothing is not named."""
    chain = tuple(CATALOG.get("operator", name) for name in ("contract", "lowercase", "no_punctuation", "run_on"))

    made = mutate("I am late, I DO NOT know.", chain, {"rate": 1.0}, key="a", language="en")

    assert made == Made(input="i'm late i don't know", operators=("contract@1", "lowercase@1", "no_punctuation@1"))


def test_adding_a_member_changes_no_draw_of_the_others() -> None:
    """Every member has its own stream."""
    text = "I would like to return the jacket that arrived yesterday"
    typo, lower, upper = (CATALOG.get("operator", name) for name in ("typo", "lowercase", "uppercase"))

    alone = mutate(text, (typo,), {}, key="k", language="en")
    chained = mutate(text, (typo, lower), {}, key="k", language="en")
    shouted = mutate(text, (typo, upper), {}, key="k", language="en")

    assert isinstance(alone, Made)
    assert isinstance(chained, Made)
    assert isinstance(shouted, Made)
    assert chained.input == str(alone.input).lower()
    assert shouted.input == str(alone.input).upper()


def test_an_option_reaches_the_members_that_have_it() -> None:
    """`rate` is an option of typo, not of lowercase: a chain takes both."""
    chain = tuple(CATALOG.get("operator", name) for name in ("lowercase", "code_switch"))

    made = mutate("My friend", chain, {"into": "de", "rate": 1.0}, key="a", language="en")

    assert made == Made(input="mein Freund", operators=("lowercase@1", "code_switch@1"))


def test_a_change_of_blanks_alone_counts_only_for_the_operator_of_blanks() -> None:
    """`merge` of two turns and a doubled blank are changes; a text that folds to its parent is none."""
    chat = tuple(Message(role="user", content=text) for text in ("my order.", "it is late."))

    merged = mutate(chat, (CATALOG.get("operator", "merge_turns"),), {}, key="a", language="en")
    spaced = mutate("go on", (CATALOG.get("operator", "spacing"),), {"rate": 1.0}, key="a", language="en")

    assert merged == Made(input=(Message(role="user", content="my order. it is late."),), operators=("merge_turns@1",))
    assert isinstance(spaced, Made)
    assert str(spaced.input).split() == ["go", "on"]


def test_what_an_operator_lost_is_named() -> None:
    """Capitals that make a mask out of a product's name are found by the guard, and the child is not made."""
    made = mutate("one XxX mass gainer", (CATALOG.get("operator", "uppercase"),), {}, key="a", language="en")

    assert made == Unmade(reason="lost_fact", detail="`XXX` is not in the parent")


def test_facts_of_the_spec_are_protected() -> None:
    """A pattern, a surface form and an absent thing of the spec stay as they were written."""
    facts = (
        Fact(name="ticket", pattern="[A-Z]{3}-[a-z]+"),
        Fact(name="sex", values=(("woman", ("Woman", "lady")), ("man", ()))),
        Fact(name="column", absent=("profit margin",)),
    )

    made = mutate(
        "The Lady with ticket ABC-xyz asked for the Profit Margin, WOMAN to man",
        (CATALOG.get("operator", "lowercase"),),
        {},
        key="a",
        language="en",
        patterns=fact_patterns(facts),
    )

    assert isinstance(made, Made)
    assert made.input == "the Lady with ticket ABC-xyz asked for the Profit Margin, WOMAN to man"


@pytest.mark.parametrize(
    ("name", "language", "knows"),
    [
        ("typo", "de", True),
        ("typo", "code", False),
        ("abbreviate", "en-IN", True),
        ("abbreviate", "de", False),
        ("abbreviate", "und", False),
    ],
)
def test_an_operator_keeps_to_its_languages(name: str, language: str, knows: bool) -> None:
    """Without a list it knows what people write to each other, with one only what is on it; code it must name."""
    member = CATALOG.get("operator", name)

    assert knows_language(member, language) is knows
    if not knows:
        made = mutate("please return my order", (member,), {}, key="a", language=language)
        assert made == Unmade(reason="language", detail=f"`{name}` does not know `{language}`")


def test_the_technique_takes_all_it_needs_from_the_slot() -> None:
    """Parent, partner, operator, key and language are the slot's; terms and facts the spec's."""

    def refuse(requests: Sequence[Request]) -> Sequence[Reply]:
        raise AssertionError(f"a mutation asks no model: {requests}")

    use = OperatorUse(name="second_matter", kinds=("lowercase", "drift"))
    task = Task(facts=(Fact(name="sku", pattern="SKU-[A-Z]+"),))
    pool = Pool(name="mutation", kind="mutation", operators=(use,))
    spec = Spec(
        name="s", path="s.yaml", folder=".", task=task, pools=(pool,), mix=Mix(size=1, counts=(("mutation", 1),))
    )
    chat = (
        Message(role="user", content="Hi"),
        Message(role="assistant", content="Hello"),
        Message(role="user", content="Can I return SKU-ABC?"),
    )
    slot = Slot(
        id="mutation.second_matter.0a1b2c3d4e5f.1",
        pool="mutation",
        technique="mutation",
        stratum="second_matter",
        ordinal=1,
        key="k",
        language="en",
        operator="second_matter",
        parent=Seed(key="0a1b2c3d4e5f", row="1", source="production", input="Where is MY item SKU-XYZ?"),
        partner=Seed(key="1a1b2c3d4e5f", row="2", source="production", input=chat),
    )

    made = mutation(slot, spec, Tools(ask=refuse, progress=lambda stage, done, total: None), CATALOG)

    assert isinstance(made, Made)
    assert made.operators == ("lowercase@1", "drift@2")
    assert str(made.input).startswith("where is my item SKU-XYZ? ")
    assert str(made.input).endswith(": can I return SKU-ABC?")
