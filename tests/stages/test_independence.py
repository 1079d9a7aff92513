"""Which roles of a spec are related, what is refused, and what a waiver does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import evalspec
from evalspec.codes import CODES
from evalspec.diagnostics import Span
from evalspec.model.outcome import Related
from evalspec.model.source import SourceFile
from evalspec.model.spec import Mix, Model, Pool, Roles, Source, Spec, Waiver
from evalspec.stages.independence import families_of, independence, related_jurors
from evalspec.stages.parse import parse_data

_FILE = Path(evalspec.__file__).parent / "catalog" / "families.yaml"
REGISTRY = parse_data(SourceFile(path="families.yaml", text=_FILE.read_text("utf-8"))).data

MODELS = {
    "bot": "anthropic/claude-sonnet-4-20250514",
    "next": "openai/gpt-5-2026-02-01",
    "writer": "deepseek/deepseek-chat-v3.1",
    "grammar": "builtin/grammar",
    "juror_a": "bedrock/us.anthropic.claude-3-haiku-20240307-v1:0",
    "juror_d": "groq/deepseek-r1-distill-llama-70b",
    "juror_g": "gemini/gemini-2.5-pro",
    "juror_m": "mistral/mistral-large-2411",
    "juror_z": "HuggingFaceH4/zephyr-7b-beta",
}


def spec(
    subject: tuple[str, ...] = ("bot",),
    generator: tuple[str, ...] = ("writer",),
    jury: tuple[str, ...] = (),
    **fields: object,
) -> Spec:
    """A spec with these roles over the models above, each declared on a line of its own."""
    models = tuple(
        Model(alias=alias, model=name, at=Span("s.yaml", at, 3, at, 9))
        for at, (alias, name) in enumerate(MODELS.items(), start=10)
    )
    roles = Roles(subject=subject, generator=tuple((one, 1) for one in generator), jury=jury)
    given: dict[str, object] = {"models": models, "roles": roles} | fields
    return Spec(name="s", path="s.yaml", folder=".", mix=Mix(size=1, counts=()), **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("roles", "found"),
    [
        ({"jury": ("juror_g", "juror_m")}, []),
        ({"generator": ("bot",)}, [("generator bot (claude)", "subject bot (claude)", "same model")]),
        (
            {"jury": ("juror_a", "juror_m")},
            [("jury juror_a (claude)", "subject bot (claude)", "same family")],
        ),
        ({"jury": ("juror_d",)}, [("jury juror_d (deepseek)", "generator writer (deepseek)", "same family")]),
        (
            {"jury": ("juror_m", "juror_z")},
            [("jury juror_m (mistral)", "jury juror_z (zephyr)", "inheritance")],
        ),
        (
            {"subject": ("bot", "next"), "jury": ("juror_a", "juror_z")},
            [
                ("jury juror_a (claude)", "subject bot (claude)", "same family"),
                ("jury juror_z (zephyr)", "subject next (gpt)", "inheritance"),
            ],
        ),
        ({"generator": ("grammar",), "subject": ("grammar",), "jury": ("grammar",)}, []),
    ],
)
def test_related_roles(roles: dict[str, tuple[str, ...]], found: list[tuple[str, str, str]]) -> None:
    """Generator, jury and every subject of a swap are compared pair by pair, jurors with each other."""
    related, problems = independence(spec(**roles), REGISTRY)  # type: ignore[arg-type]

    assert [(one.left, one.right, one.how) for one in related] == found
    assert [one.code for one in problems] == ["M202"] * len(found)


def test_a_pools_own_generator_counts() -> None:
    """A pool that names a generator of its own does not escape the comparison."""
    pool = Pool(name="persona", kind="persona", generator=(("next", 1),))

    related, _ = independence(spec(subject=("next",), pools=(pool,)), REGISTRY)

    assert [(one.left, one.right) for one in related] == [("generator next (gpt)", "subject next (gpt)")]


def test_what_wrote_the_training_data_may_not_write_the_set() -> None:
    """`generated_by` names a model or an alias; both are compared with the generator."""
    for writer in ("openai/gpt-4o", "next"):
        source = Source(name="training", kind="training", path="t.jsonl", generated_by=writer)

        related, _ = independence(spec(generator=("next",), sources=(source,)), REGISTRY)

        how = "same model" if writer == "next" else "same family"
        assert related == (Related(left="generator next (gpt)", right="writer of training (gpt)", how=how),)


def test_strict_refuses_and_shows_both_places_and_warn_warns() -> None:
    """An error names both models where they are declared; `independence: warn` makes it a warning."""
    strict, loose = spec(jury=("juror_d",)), spec(jury=("juror_d",), independence="warn")

    (problem,) = independence(strict, REGISTRY)[1]

    assert problem.message == (
        "jury juror_d (deepseek) and generator writer (deepseek) are not independent: same family"
    )
    assert (problem.severity, problem.span and problem.span.line) == ("error", 15)
    assert [(note.span and note.span.line) for note in problem.notes] == [12]
    assert [one.severity for one in independence(loose, REGISTRY)[1]] == ["warning"]


def test_a_waiver_is_carried_and_ends() -> None:
    """A waived pair is still listed, with reason and last day; after that day the rule is back."""
    waiver = Waiver(independence=("writer", "juror_d"), reason="One vendor is approved.", until="2026-12-31")
    waived = spec(jury=("juror_d",), waivers=(waiver,))

    for today in (None, "2026-12-31"):
        (pair,), problems = independence(waived, REGISTRY, today)
        assert (pair.waived_until, pair.reason, problems) == ("2026-12-31", "One vendor is approved.", ())

    (pair,), (problem,) = independence(waived, REGISTRY, "2027-01-01")
    assert (pair.waived_until, problem.code, problem.severity) == (None, "M202", "error")


def test_a_waiver_that_changes_nothing_is_named() -> None:
    """A waiver for two models that are not related is a warning, so that it does not wait for its day unseen."""
    waiver = Waiver(independence=("writer", "bot"), reason="x", until="2026-12-31")

    (problem,) = independence(spec(waivers=(waiver,)), REGISTRY)[1]

    assert (problem.code, problem.severity) == ("M204", "warning")


def _with(alias: str, **fields: object) -> Spec:
    made = spec(subject=(alias,))
    model = Model(alias=alias, at=Span("s.yaml", 30, 1, 30, 2), **fields)  # type: ignore[arg-type]
    return replace(made, models=(*made.models, model))


def test_an_unknown_model_must_state_its_family() -> None:
    """Without a family nothing can be said; with one, its lineage counts."""
    (problem,) = independence(_with("own", model="acme/support"), REGISTRY)[1]
    related, problems = independence(_with("own", model="acme/support", family="deepseek"), REGISTRY)

    assert (problem.code, problem.severity, problem.span and problem.span.line) == ("M201", "error", 30)
    assert "family" in (problem.hint or "")
    assert [one.how for one in related] == ["same family"]
    assert [one.code for one in problems] == ["M202"]


def test_a_model_that_no_role_uses_need_not_be_known() -> None:
    """What `build` does not compare is not asked about."""
    made = spec()
    unused = replace(made, models=(*made.models, Model(alias="own", model="acme/support")))

    assert independence(unused, REGISTRY) == ((), ())


def test_a_stated_family_cannot_hide_what_the_registry_knows() -> None:
    """A family that contradicts the registry is an error; one that it has never heard of is a warning with a guess."""
    (lie,) = independence(_with("own", model="openai/gpt-4o", family="claude"), REGISTRY)[1]
    (typo,) = independence(_with("own", model="acme/support", family="llma"), REGISTRY)[1]

    assert (lie.code, lie.severity) == ("M203", "error")
    assert (typo.code, typo.severity, typo.hint) == ("M203", "warning", "did you mean `llama`?")
    assert independence(_with("own", model="openai/gpt-4o", family="openai"), REGISTRY)[1] == ()


def test_an_unknown_writer_of_training_data_is_named() -> None:
    """The model behind `generated_by` must be known, or be declared with its family."""
    source = Source(name="training", kind="training", path="t.jsonl", generated_by="acme/writer")

    (problem,) = independence(spec(sources=(source,)), REGISTRY)[1]

    assert problem.code == "M201" and "training" in problem.message and problem.code in CODES


def test_related_jurors_are_counted_waived_ones_included() -> None:
    """The second question of the report: which judges are related to generator or subject."""
    waiver = Waiver(independence=("writer", "juror_d"), reason="x", until="2026-12-31")
    made = spec(jury=("juror_m", "juror_a", "juror_d", "juror_z"), waivers=(waiver,))

    assert related_jurors(made, REGISTRY) == ("juror_a", "juror_d")


def test_families_of_a_spec() -> None:
    """Every alias with its family, in the order of the spec; a spec without models needs no registry."""
    assert dict(families_of(spec(), REGISTRY)) == {
        "bot": "claude",
        "next": "gpt",
        "writer": "deepseek",
        "grammar": "builtin",
        "juror_a": "claude",
        "juror_d": "deepseek",
        "juror_g": "gemini",
        "juror_m": "mistral",
        "juror_z": "zephyr",
    }
    assert families_of(replace(spec(), models=(), roles=Roles()), None) == ()
    assert independence(replace(spec(), models=(), roles=Roles()), None) == ((), ())
