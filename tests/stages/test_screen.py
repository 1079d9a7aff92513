"""Screens: each removes for its own reason, only what answers to it, and never for what an assistant said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import (
    Candidate,
    chat,
    drawn_text,
    make_candidate,
    make_plan,
    make_seed,
    make_seeds,
    make_spec,
)

from evalspec.catalog import load_catalog
from evalspec.diagnostics import BuildError
from evalspec.model.case import Input, Lineage, Message, Seed
from evalspec.model.spec import Pii, Screening, Source, Spec
from evalspec.stages.screen import Screener, screener
from evalspec.stages.training import Firewall, digest_training

CATALOG = load_catalog()
TRAINED = "please cancel my subscription before the next invoice and send the money back to my card"
EMAIL = f"{drawn_text('mail')} and write to bob.smith@shop.org"
HIDDEN = "where is it\u202e4481"
SEEDS = make_seeds()


def screens(
    spec: Spec | None = None, *, seeds: dict[str, tuple[Seed, ...]] | None = None, trained: str | None = None
) -> Screener:
    """The screens of a build over the usual rows, with the detectors of the real catalogue."""
    used = spec or make_spec()
    rows = seeds or SEEDS
    plan = make_plan(used, rows)
    ids = {slot.parent.key: slot.id for slot in plan.slots_by_id.values() if slot.parent and not slot.parent_id}
    digests = {"training": (digest_training(trained, used.screen.training_ngram),)} if trained else {}
    return screener(used, rows, Firewall.of(digests, used), CATALOG, ids)


def why(screen: Screener, candidate: Candidate) -> tuple[str, str | None, str | None] | None:
    """Reason, detail and what it collided with."""
    found = screen.check(candidate)
    return (found.reason, found.detail, found.other) if found else None


def made(text: Input, technique: str = "prompted", number: int = 1, **fields: object) -> Candidate:
    """A candidate of one technique; mutation and redteam hang on a parent."""
    parents = (f"seed.{SEEDS['production'][1].key}",) if technique in ("mutation", "redteam") else ()
    given: dict[str, object] = {
        "id": f"{technique}.x.{number:02d}",
        "pool": technique,
        "technique": technique,
        "input": text,
        "lineage": Lineage(pool=technique, parents=parents),
    }
    return make_candidate(**(given | fields))


def real(text: Input, technique: str = "seed", number: int = 1, **fields: object) -> Candidate:
    """A case taken from a row."""
    return made(text, technique, number, **fields)


def says(last: str = "fine", opening: str = "hello", assistant: str = "Which order?") -> tuple[Message, ...]:
    """A chat of five turns."""
    return (
        Message(role="user", content=opening),
        Message(role="assistant", content=assistant),
        Message(role="user", content="the second one"),
        Message(role="assistant", content=assistant),
        Message(role="user", content=last),
    )


# One reason each


@pytest.mark.parametrize(
    ("text", "reason", "detail"),
    [
        (HIDDEN, "hidden_characters", "bidi"),
        (EMAIL, "personal_data", "email"),
        ("please DELVE into my order", "signature_word", "delve"),
        ("a rich tapestry of parcels", "signature_word", "rich tapestry"),
        (TRAINED.upper(), "training_overlap", "equal_tokens"),
        (f"hi {TRAINED} now", "training_overlap", "shared_ngram"),
        (TRAINED.replace("invoice", "bill"), "training_overlap", "cosine"),
    ],
)
def test_each_screen_gives_its_reason(text: str, reason: str, detail: str) -> None:
    """A drop says which rule removed the candidate and what of it."""
    screening = Screening(seed_far=1.0, signature_words=("delve", "rich tapestry"), training_ngram=13)
    if detail == "cosine":
        screening = replace(screening, training_ngram=20)
    screen = screens(make_spec(screen=screening), trained=TRAINED)

    found = screen.check(made(text))

    assert found is not None
    assert (found.stage, found.reason, found.detail) == ("screen", reason, detail)
    assert (found.id, found.pool, found.stratum) == ("prompted.x.01", "prompted", "new.delay")


def test_a_signature_word_is_a_word() -> None:
    """`delved` and `rich, tapestry-like` are not the words of the list."""
    screen = screens(make_spec(screen=Screening(seed_far=1.0, signature_words=("delve", "rich tapestry"))))

    assert why(screen, made("they delved into the rich and the tapestry")) is None


def test_a_text_beyond_the_seeds_own_distances_is_far() -> None:
    """What no two seeds are apart from each other is no request of these users; only written pools are held to it."""
    seeds = {"production": tuple(make_seed(number) for number in range(40)), "golden": SEEDS["golden"]}
    screen = screens(make_spec(), seeds=seeds)
    odd = "zzz ??? qqq"

    found = screen.check(made(odd))

    assert found is not None
    assert screen.reach is not None and found.value is not None
    assert found.reason == "far_from_seeds"
    assert 0.0 < screen.reach.limit < found.value <= 2.0
    assert why(screen, made(drawn_text("x"))) is None
    assert why(screen, made(odd, "persona")) == ("far_from_seeds", None, None)
    assert why(screen, made(odd, "mutation")) is None
    assert why(screen, made(odd, "redteam")) is None


def test_with_few_seeds_nothing_is_far() -> None:
    """29 rows say too little about how far rows stand apart; 30 are the floor of every comparison."""
    seeds = tuple(make_seed(number) for number in range(30))

    assert why(screens(seeds={"production": seeds[:29]}), made("zzz ??? qqq")) is None
    assert why(screens(seeds={"production": seeds}), made("zzz ??? qqq")) == ("far_from_seeds", None, None)


# Standing and lineage


def test_a_text_that_repeats_a_seed_but_for_noise_is_dropped() -> None:
    """The drop names the case it repeats, and how near it is."""
    seed = SEEDS["production"][3]

    found = screens().check(made(f"Hi, {seed.input} please!"))

    assert found is not None
    assert (found.reason, found.other) == ("near_duplicate", f"seed.{seed.key}")
    assert found.value is not None and 0.85 <= found.value < 1


def test_a_text_that_repeats_a_kept_one_is_dropped_whatever_the_pool() -> None:
    """Candidates answer to those of other pools and cells that stand above them, and to no dropped ones."""
    screen = screens()
    first, second = made(drawn_text("a")), made(drawn_text("a") + "!!", "persona", 2)

    assert why(screen, second) is None
    screen.keep(first)
    assert why(screen, second) == ("near_duplicate", None, first.id)


def test_one_fact_more_or_another_is_no_duplicate() -> None:
    """Near is not enough: before and after, 30 and 60 days are other requests."""
    screen = screens()
    screen.keep(made("i want my money back before the 30 days are over"))

    assert why(screen, made("i want my money back after the 30 days are over", number=2)) is None
    assert why(screen, made("i want my money back before the 60 days are over", number=3)) is None


@pytest.mark.parametrize("technique", ["mutation", "redteam"])
def test_lineage_is_exempt(technique: str) -> None:
    """A child may be as near to its parent and its siblings as its operator makes it."""
    parent = SEEDS["production"][1]
    screen = screens()
    first = made(str(parent.input).upper(), technique)
    sibling = made(f"{str(parent.input).upper()}!!", technique, 2)

    assert why(screen, first) is None
    screen.keep(first)
    assert why(screen, sibling) is None


def test_lineage_exempts_from_no_other_family() -> None:
    """A child that repeats somebody else's parent is a duplicate."""
    parent, other = SEEDS["production"][1:3]
    cousin = made(f"{other.input}!", "mutation")

    assert cousin.lineage.parents == (f"seed.{parent.key}",)
    assert why(screens(), cousin) == ("near_duplicate", None, f"seed.{other.key}")


def test_siblings_that_say_exactly_the_same_count_once() -> None:
    """Two operators may come to one text: a runner would be given the same case twice."""
    screen = screens()
    first, second = made("WHERE IS IT", "mutation"), made("WHERE IS IT", "mutation", 2)
    other_answer = made("WHERE IS IT", "mutation", 3, expected="deny")
    screen.keep(first)

    assert why(screen, second) == ("equal", None, first.id)
    assert why(screen, other_answer) is None


# Cases taken from rows


def test_production_rows_are_never_dropped_as_duplicates_of_each_other() -> None:
    """Users do repeat each other; how often is a fact about them."""
    screen = screens()
    screen.keep(real("where is it"))

    assert why(screen, real("Where is it?", number=2)) is None
    assert why(screen, real("where  is  IT", number=3)) is None
    assert not screen.conflicts


@pytest.mark.parametrize("technique", ["seed", "golden"])
def test_golden_stands_above_what_repeats_it(technique: str) -> None:
    """A row equal to a golden case, expecting the same, counts once."""
    screen = screens()
    screen.keep(real("where is it", "golden"))

    assert why(screen, real("Where is  it", technique, 2)) == ("equal", None, "golden.x.01")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"expected": "deny"}, "`seed.x.01` expects `refund`, `seed.x.02` expects `deny`"),
        (
            {"expected": {"decision": "deny"}},
            '`seed.x.01` expects `refund`, `seed.x.02` expects `{"decision": "deny"}`',
        ),
        ({"behaviour": "refuse"}, "`seed.x.01` expects `refund`, `seed.x.02` expects `refund` (refuse)"),
        ({"expected": None}, "`seed.x.01` expects `refund`, `seed.x.02` expects nothing"),
    ],
)
def test_equal_input_with_unequal_expected_is_an_error_that_names_both(fields: dict[str, object], said: str) -> None:
    """No model can pass both: the set is not built until one of the labels is settled."""
    screen = screens()
    screen.keep(real("where is it"))

    assert why(screen, real("Where is it", number=2, **fields)) is None
    with pytest.raises(BuildError) as caught:
        screen.refuse_conflicts()

    (problem,) = caught.value.diagnostics
    assert problem.code == "X510"
    assert problem.message == "2 cases have the same input and expect different things: `where is it`"
    assert [note.message for note in problem.notes] == said.split(", ")
    assert problem.hint is not None and "evalspec review record small.yaml seed.x.01 drop" in problem.hint


def test_the_same_words_about_another_order_are_another_input() -> None:
    """What the subject sees beside the input, and the calls before it, are part of what is equal."""
    screen = screens()
    called = chat()
    other_call = (
        *called[:3],
        replace(called[3], tool_calls=({"name": "find", "arguments": {"id": "9"}},)),
        *called[4:],
    )
    screen.keep(real("where is it", context={"order": {"state": "sent"}}))
    screen.keep(real(called, number=2))

    assert why(screen, real("where is it", number=3, context={"order": {"state": "lost"}}, expected="deny")) is None
    assert why(screen, real(other_call, number=4, expected="deny")) is None
    assert not screen.conflicts


@pytest.mark.parametrize("text", [HIDDEN, EMAIL, TRAINED, "please delve"])
def test_what_happened_is_not_screened(text: str) -> None:
    """Import has guarded production and golden texts; the build never removes one for how it reads."""
    screen = screens(make_spec(screen=Screening(seed_far=1.0, signature_words=("delve",))), trained=TRAINED)

    assert why(screen, real(text)) is None
    assert why(screen, real(text, "golden")) is None


# Personal data


def _source(**pii: object) -> tuple[Source, ...]:
    return tuple(
        replace(one, pii=Pii(**pii)) if one.name == "production" else one  # type: ignore[arg-type]
        for one in make_spec().sources
    )


def test_what_the_source_allows_its_children_may_hold() -> None:
    """With `pii: allow` children and attacks carry what their parents held; written pools made it up."""
    screen = screens(make_spec(sources=_source(mode="allow")))

    assert why(screen, made(EMAIL, "mutation")) is None
    assert why(screen, made(EMAIL, "redteam")) is None
    blocked = screens(make_spec(sources=_source(mode="redact")))
    assert why(blocked, made(EMAIL, "mutation")) == ("personal_data", "email", None)


def test_a_type_that_decides_a_label_is_kept() -> None:
    """`keep` leaves one type alone and no other."""
    screen = screens(make_spec(sources=_source(mode="redact", keep=("email",))))

    assert why(screen, made(EMAIL)) is None
    assert why(screen, made(f"{drawn_text('card')} my card is 4111 1111 1111 1111")) == ("personal_data", "card", None)


# Conversations


@pytest.mark.parametrize("technique", ["mutation", "redteam"])
@pytest.mark.parametrize("text", [HIDDEN, EMAIL, TRAINED, "please delve"])
def test_what_the_assistant_said_decides_no_screen(technique: str, text: str) -> None:
    """In a child of a conversation the other side is context: it was there before, and nobody may edit it."""
    screen = screens(make_spec(screen=Screening(seed_far=1.0, signature_words=("delve",))), trained=TRAINED)

    assert why(screen, made(says(assistant=text), technique)) is None
    assert why(screen, made(says(last=text), technique)) is not None
    assert why(screen, made(says(opening=text), technique)) is not None


def test_only_the_users_words_make_chats_near() -> None:
    """Equal answers of an assistant make no duplicate, and different ones do not hide one."""
    screen = screens()
    screen.keep(made(says(last=drawn_text("a"), assistant="A long and friendly answer of the desk, always the same.")))

    same_answers = says(last=drawn_text("b"), assistant="A long and friendly answer of the desk, always the same.")
    other_answers = says(last=drawn_text("a"), assistant="No.")

    assert why(screen, made(same_answers, number=2)) is None
    assert why(screen, made(other_answers, number=3)) == ("near_duplicate", None, "prompted.x.01")


def test_a_chat_is_as_far_as_its_user() -> None:
    """An assistant that talks like the seeds brings no stranger near."""
    seeds = {"production": tuple(make_seed(number) for number in range(40)), "golden": SEEDS["golden"]}
    screen = screens(seeds=seeds)
    stranger = says(last="zzz", opening="???", assistant=drawn_text("x"))
    odd = tuple(replace(one, content="qqq") if one.content == "the second one" else one for one in stranger)

    assert why(screen, made(odd)) == ("far_from_seeds", None, None)


def test_both_sides_of_a_written_chat_are_searched_for_personal_data() -> None:
    """The generator wrote the assistant's side, too: a secret there would go out with the set."""
    screen = screens()

    assert why(screen, made(says(last=drawn_text("a"), assistant=EMAIL))) == ("personal_data", "email", None)
    assert why(screen, made(says(last=drawn_text("a"), assistant=HIDDEN))) == ("hidden_characters", "bidi", None)


def test_chats_are_equal_role_by_role() -> None:
    """Joined into one string two conversations could look the same; here they do not."""
    screen = screens()
    one = (
        Message(role="user", content="a b"),
        Message(role="assistant", content="c"),
        Message(role="user", content="d"),
    )
    other = (
        Message(role="user", content="a"),
        Message(role="assistant", content="b c"),
        Message(role="user", content="d"),
    )
    screen.keep(real(one))

    assert why(screen, real(other, "golden", 2, expected="deny")) is None
    assert not screen.conflicts


def test_screening_what_stayed_once_more_drops_nothing() -> None:
    """Screening twice is screening once."""
    texts = [drawn_text("few", str(number % 5)) for number in range(12)]
    first = screens()
    kept = []
    for number, text in enumerate(texts):
        candidate = made(text, number=number)
        if first.check(candidate) is None:
            first.keep(candidate)
            kept.append(candidate)
    second = screens()
    again = []
    for candidate in kept:
        if second.check(candidate) is None:
            second.keep(candidate)
            again.append(candidate)

    assert again == kept
    assert len(kept) == 5


def test_nothing_near_an_anchor_enters() -> None:
    """Judges see the answers of anchors, so a case that repeats one would be judged by heart."""
    spec = replace(
        make_spec(), sources=(*make_spec().sources, Source(name="anchor", kind="anchor", path="anchor.jsonl"))
    )
    seeds = {**SEEDS, "anchor": (make_seed(77, source="anchor", input="can my manager read my messages"),)}

    found = screens(spec, seeds=seeds).check(made("Can my manager read my messages?"))

    assert found is not None and found.reason == "near_duplicate"
    assert found.other == f"anchor.{seeds['anchor'][0].key}"
