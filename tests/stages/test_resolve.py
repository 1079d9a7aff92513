"""A document becomes the spec it means: defaults, kinds, names, exact shares, gates of the purpose."""

from __future__ import annotations

import pytest
from desk_spec import DESK
from resolving import SMALLEST, document_of, problems_of, spec_of

from evalspec.catalog import load_catalog
from evalspec.diagnostics import SpecError
from evalspec.model.spec import Exemplars, GateRule, OperatorUse, Sample, Source
from evalspec.stages.resolve import resolve

GRAMMAR = "models: {w: {model: builtin/grammar, grammar: g.yaml}}\nroles: {generator: w}\n"


def test_the_smallest_spec_gets_the_defaults_of_a_careful_person() -> None:
    spec = spec_of(SMALLEST)

    assert (spec.name, spec.folder, spec.purpose, spec.random_state, spec.independence) == (
        "desk",
        "specs",
        "launch",
        0,
        "strict",
    )
    assert spec.sources == (Source(name="production", kind="production", path="desk/production.jsonl"),)
    assert spec.mix.counts == (("mutation", 50), ("seed", 50))
    assert [(pool.name, pool.kind, pool.source, pool.track) for pool in spec.pools] == [
        ("mutation", "mutation", "production", "edge"),
        ("seed", "seed", "production", "wild"),
    ]
    assert [use.name for use in spec.pools[0].operators] == [
        "abbreviate",
        "lowercase",
        "no_punctuation",
        "self_correct",
        "typo",
    ]
    assert spec.review.require == (("mutation", 0.1), ("seed", 0.0))


def test_the_large_spec_resolves_to_what_it_says() -> None:
    spec = spec_of(DESK)

    assert spec.mix.counts == (
        ("golden", 12),
        ("mutation", 24),
        ("persona", 12),
        ("prompted", 12),
        ("redteam", 12),
        ("seed", 48),
    )
    assert spec.task.short_expected and spec.task.expected[0].values == ("lend", "refuse", "ask")
    assert spec.task.instructions_path == "desk/system.md" and spec.task.instructions is None
    production = spec.source("production")
    assert production.fields.metadata == (("channel", "channel"), ("topic", "reason"))
    assert production.sample == Sample(size=90, by=("expected", "topic"), allocate="equal")
    assert spec.axis("topic").levels[0].facts == (("days_late", (15, 60)),)
    assert spec.roles.generator == (("writer", 2),)
    assert spec.pool("prompted").exemplars == Exemplars(count=3, source="production")
    assert spec.pool("persona").exemplars == Exemplars()
    assert spec.pool("mutation").where == (("topic", ("renew", "late")),)
    phone = next(one for one in spec.pool("mutation").operators if one.name == "phone")
    assert phone == OperatorUse(
        name="phone", kinds=("lowercase", "no_punctuation"), exclude=((("language", ("de",)),),)
    )
    assert spec.pool("redteam").rotate_after == 90
    assert dict(spec.review.require)["tried"] == 0.1
    assert spec.screen.near_lexical == 0.9


def test_options_of_an_operator_are_filled_in_with_the_catalogues_defaults() -> None:
    typo = spec_of(SMALLEST + "pools: {mutation: {operators: {typo: }}}\n").pool("mutation").operators[0]
    known = {option.name: option.default for option in load_catalog().get("operator", "typo").options}

    assert dict(typo.options) == known


@pytest.mark.parametrize(
    ("shares", "adds_up"),
    [
        ("seed: 0.1, golden: 0.2, mutation: 0.7", True),  # as floats 0.1 + 0.2 + 0.7 is 1.0 by luck of the order
        ("seed: 0.7, golden: 0.1, mutation: 0.2", True),  # as floats 0.9999999999999999
        ("seed: 0.333, golden: 0.333, mutation: 0.334", True),
        ("seed: 0.3333333333333333, golden: 0.3333333333333333, mutation: 0.3333333333333333", False),
        ("seed: 0.3, golden: 0.3, mutation: 0.400000001", False),
    ],
)
def test_shares_add_up_exactly_or_not_at_all(shares: str, adds_up: bool) -> None:
    text = f"version: 1\nsources: {{production: , golden: }}\nmix: {{size: 60, shares: {{{shares}}}}}\n"

    assert [problem[:4] for problem in problems_of(text)] == ([] if adds_up else ["C201"])


def test_counts_are_a_mix_as_they_stand() -> None:
    spec = spec_of("version: 1\nsources: {production: }\nmix: {cases: {seed: 80, mutation: 36}}\n")

    assert (spec.mix.size, spec.mix.counts, spec.mix.shares) == (116, (("mutation", 36), ("seed", 80)), ())


def test_a_bare_label_is_the_value_of_the_only_label_part() -> None:
    parts = "expected: {urgency: {kind: label, values: [low, high]}, why: {kind: text}}"
    text = f"""\
version: 1
task: {{{parts}}}
sources: {{production: {{fields: {{expected: adjudicated}}}}}}
axes: {{topic: {{pain: {{expected: high}}, cold: }}}}
{GRAMMAR}mix: {{size: 100, shares: {{seed: 0.5, prompted: 0.5}}}}
"""
    spec = spec_of(text)
    alone = spec_of(text.replace(", why: {kind: text}", ""))

    assert spec.axis("topic").levels[1].expected == {"urgency": "high"}
    assert spec.source("production").fields.expected == (("", "adjudicated"),)  # a column that holds both parts
    assert alone.source("production").fields.expected == (("urgency", "adjudicated"),)


def test_a_bare_label_among_two_label_parts_does_not_say_which() -> None:
    text = f"""\
version: 1
task: {{expected: {{a: {{kind: label, values: [x]}}, b: {{kind: label, values: [x]}}}}}}
sources: {{production: }}
axes: {{topic: {{pain: {{expected: x}}}}}}
{GRAMMAR}mix: {{size: 100, shares: {{seed: 0.5, prompted: 0.5}}}}
"""
    assert problems_of(text) == ["C211 `x` does not say which part it is"]


@pytest.mark.parametrize(
    ("relations", "writer", "share"),
    [
        ("[preamble]", "", 0.1),
        ("[paraphrase]", GRAMMAR, 1.0),  # a model writes it
        ("{evidence_added: }", GRAMMAR, 1.0),
        ("{demographic_swap: {fact: sex}}", "", 0.1),
        ("{cross_boundary: {fact: days, expected: b}}", "", 1.0),  # another label than the parent's
        ("{false_premise: {fact: column}}", "", 1.0),
    ],
)
def test_people_decide_what_a_model_wrote_or_what_has_another_label(relations: str, writer: str, share: float) -> None:
    text = f"""\
version: 1
task:
  expected: [a, b]
  facts: {{days: {{range: [0, 9], limit: 3}}, sex: {{values: [woman, man]}}, column: {{absent: [margin]}}}}
sources: {{production: }}
{writer}pools: {{metamorphic: {{relations: {relations}}}}}
mix: {{size: 100, shares: {{seed: 0.5, metamorphic: 0.5}}}}
"""
    assert dict(spec_of(text).review.require) == {"seed": 0.0, "metamorphic": share}


def test_a_metamorphic_pool_may_take_its_parents_from_a_pool() -> None:
    text = f"""\
version: 1
sources: {{production: }}
axes: {{topic: [a, b]}}
{GRAMMAR}pools: {{metamorphic: {{from: prompted, where: {{topic: a}}}}}}
mix: {{size: 100, shares: {{seed: 0.5, prompted: 0.3, metamorphic: 0.2}}}}
"""
    assert spec_of(text).pool("metamorphic").source == "prompted"
    assert problems_of(text.replace("from: prompted, where: {topic: a}", "from: metamorphic")) == [
        "C224 pool `metamorphic` has no parents to give"
    ]


def test_a_purpose_brings_its_gates() -> None:
    launch = {gate.name for gate in spec_of(SMALLEST).gates}
    smoke = {gate.name for gate in spec_of("purpose: smoke\n" + SMALLEST).gates}

    assert launch - smoke == {"seeds", "verified_share"}
    assert {"share", "near_duplicates", "survival", "survival_floor"} <= smoke


def test_naming_a_measure_replaces_its_default_gate() -> None:
    spec = spec_of(SMALLEST + "gates: {mine: {measure: survival, min: 0.5}, spread: {severity: off}}\n")

    assert {gate.name for gate in spec.gates if gate.measure == "survival"} == {"mine"}
    assert [gate.severity for gate in spec.gates if gate.measure == "spread"] == ["off"]


def test_naming_a_measure_of_one_group_leaves_the_gates_of_the_others() -> None:
    gates = {(gate.name, gate.of, gate.within) for gate in spec_of(DESK).gates if gate.measure == "entropy"}

    assert gates == {("entropy", "loan", 0.2), ("entropy_fee", "fee", 0.15)}


def test_a_gate_on_a_change_leaves_the_default_gate_where_it_is() -> None:
    """Who asks that a figure gets no worse has not said that it may be bad."""

    def gates(bounds: str) -> dict[str, GateRule]:
        return {one.name: one for one in spec_of(f"{SMALLEST}gates: {{spread: {{{bounds}}}}}\n").gates}

    found = gates("change: 0.02")
    assert found["spread"].change == 0.02 and found["spread_default"].min == 0.85
    assert "spread_default" not in gates("change: 0.02, min: 0.9")
    assert "spread_default" not in gates("change: 0.02, severity: 'off'")


def test_a_default_gate_makes_room_for_a_gate_that_takes_its_name() -> None:
    text = SMALLEST.replace("production:\n", "production:\n  traffic:\n")
    spec = spec_of(text + "gates: {coverage: {of: traffic, min: 0.5}}\n")

    assert {(gate.name, gate.of) for gate in spec.gates if gate.measure == "coverage"} == {
        ("coverage", "traffic"),
        ("coverage_production", "production"),
    }


def test_attacks_that_rotate_get_a_gate_on_their_age() -> None:
    gate = next(one for one in spec_of(DESK).gates if one.measure == "age")

    assert (gate.where, gate.max) == ((("pool", ("redteam",)),), 90)


def test_money_is_asked_for_when_a_model_that_costs_some_is_called() -> None:
    subject = SMALLEST + "models: {bot: {model: openai/gpt-4o}}\nroles: {subject: bot}\n"
    jury = subject.replace("subject: bot", "jury: bot")
    local = jury.replace("openai/gpt-4o", "ollama/llama3")

    assert problems_of(subject) == problems_of(local) == []
    assert problems_of(jury) == ["C229 no `budget` says how many dollars a build may cost"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("label, metadata", "label, cut: n, metadata"), "C208 `cut` has no effect: with `turns: single` a chat gives"),
        (("where: {topic: [renew", "where: {topic: [renw"), "C204 axis `topic` has no level `renw`"),
        (("by: [expected, topic]", "by: [expected, reader]"), "C216 rows of `production` have no `reader`"),
        (("drift:", "drift: {rate: 1}"), "C207 `drift` has no option `rate`"),
        (("max_chars: 900", "max_chars: "), "C209 check `max_chars` needs a whole number"),
        (("per_cell: 9", "per_cell: 2"), "C233 `per_cell: 2` asks for no more than the mix"),
        (("override: 9", "override: 6"), "C233 attack `override` asks for 6, and the mix already gives it 6"),
        (("trial: true", "trial: false"), "C202 pool `tried` has no share of the mix"),
        (("gate: seeds", "gate: overlap"), "C227 there is no gate `overlap` to waive"),
        (('"2026-12-31"', '"2026-02-29"'), "C227 there is no day `2026-02-29`"),
        (("min: 0.8}", "min: 80}"), "C226 `coverage` runs from 0 to 1, and 80 is outside"),
        (("expected: ask,", "expected: aks,"), "C211 part `expected` has no label `aks`"),
        (("[15, 60]", "[15, 70]"), "C214 fact `days_late`: 15 to 70 is not inside 0 to 60"),
        (("temperature: 0", "temperature: 9"), "C207 `temperature` is a number from 0 to 2"),
        (("keep: [date]", "keep: [dates]"), "C204 there is no type of personal data `dates`"),
        (("casing: upper", "casing: tall"), "C207 style fact `casing` has no value `tall`"),
        (("jury: judge", "jury: juge"), "C204 there is no model `juge`"),
    ],
)
def test_a_small_slip_in_a_large_spec_is_named(change: tuple[str, str], problem: str) -> None:
    found = problems_of(DESK.replace(*change))

    assert DESK.count(change[0]) == 1
    assert len(found) == 1 and found[0].startswith(problem)


def test_all_problems_come_at_once_and_in_order_of_place() -> None:
    text = (
        DESK.replace("jury: judge", "jury: juge").replace("drift:", "drfit:").replace("size: 90", "size: 90, by: [x]")
    )
    text = text.replace(", by: [x], by: [expected, topic]", ", by: [x]")

    with pytest.raises(SpecError) as caught:
        resolve(document_of(text), load_catalog())

    lines = [one.span.line for one in caught.value.diagnostics if one.span is not None]
    assert [one.code for one in caught.value.diagnostics] == ["C216", "C204", "C205"]
    assert lines == sorted(lines)


def test_a_name_that_does_not_resolve_shows_where_such_names_are_declared() -> None:
    with pytest.raises(SpecError) as caught:
        spec_of(DESK.replace("exclude: [{topic: lost", "exclude: [{topic: lots"))

    (problem,) = caught.value.diagnostics
    assert problem.label == "did you mean `lost`?"
    assert [(note.message, note.span.line if note.span else 0) for note in problem.notes] == [
        ("levels are declared here", DESK.split("\n").index("  topic:") + 1)
    ]


def test_a_grid_that_nobody_can_read_is_refused_with_the_sum() -> None:
    levels = ", ".join(f"n{number}" for number in range(120))
    text = f"""\
version: 1
sources: {{production: }}
axes: {{one: [{levels}], two: [{levels}]}}
{GRAMMAR}mix: {{size: 100, shares: {{seed: 0.5, prompted: 0.5}}}}
"""
    assert problems_of(text) == ["C222 pool `prompted` has 120 x 120 = 14,400 cells, and the most is 10,000"]


def test_a_fourth_axis_is_refused_with_the_review_that_it_would_cost() -> None:
    """Who asks for four axes sees what people would have to read."""
    axes = "axes: {a: [one, two, three], b: [one, two], c: [one, two], d: [one, two, three, four, five]}\n"
    mix = "pools: {seed: , prompted: {axes: [a, b, c, d]}}\nmix: {size: 100, shares: {seed: 0.5, prompted: 0.5}}\n"
    with pytest.raises(SpecError) as caught:
        spec_of(f"version: 1\nsources: {{production: }}\n{axes}{GRAMMAR}{mix}")

    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.label) == ("C222", "60 cells")
    assert [note.message for note in problem.notes] == [
        "one case a cell would be 60 cases and 1.5 hours of review (1.5 minutes each)"
    ]
