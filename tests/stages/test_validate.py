"""Validation: the schema's answer for any document, in the language's words, with places and without secrets."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import referencing

from evalspec.codes import CODES
from evalspec.diagnostics import Diagnostic, SpecError
from evalspec.edges.package import read_schema, read_text
from evalspec.model.source import Document, SourceFile
from evalspec.stages.parse import parse, parse_data
from evalspec.stages.validate import inline, validate

ROOT = Path(__file__).parents[2]
SCHEMA = read_schema("spec.v1.json")
SMALLEST = "version: 1\nsources:\n  production:\nmix: {size: 100, shares: {seed: 0.5, mutation: 0.5}}\n"
MIX = "mix: {size: 10, shares: {seed: 1}}\n"

# One of everything that the language has.
WHOLE = """\
version: 1
name: whole
description: Every block.
purpose: launch
random_state: 7
task:
  turns: conversation
  instructions: {path: whole/system.md}
  expected:
    decision: {kind: label, values: [low, high], ordered: true, high_stakes: [high]}
    tool_calls: {tools: whole/tools.json}
    citations:
  context: [manual]
  checks: {no_new_pii: , max_chars: 400}
  rubric: {brief: Is it short?, kind: {question: Is it kind?, required: false}}
  languages: [en, zh-Hans]
  facts:
    days: {range: [0, 90], limit: 30}
    sex: {values: {woman: [she], man: [he]}}
    order: {pattern: '[0-9]{4}'}
    column: {absent: [margin]}
  key_terms: {ask: [refund, money back]}
sources:
  production:
    fields: {id: a, input: b, expected: {decision: c}, votes: [d, e], metadata: {policy: f}, context: g}
    speakers: {customer: user}
    verified_by: somebody
    pii: {mode: redact, keep: [age]}
    sample: {size: 10, by: [policy], allocate: equal}
  manual: {kind: document, path: whole/*.md, sections: {by: page, max_chars: 100}}
  training: {generated_by: openai/gpt-4o}
axes:
  size: [small, large]
  policy:
    late: {description: Late., expected: {decision: low}, facts: {days: [31, 60]}, track: edge, behaviour: answer}
    lost: Lost.
personas: {shy: {description: Apologises., style: {length: terse, casing: lower}}}
models:
  writer: {model: builtin/grammar, grammar: whole/grammar.yaml}
  bot: {model: openai/gpt-5-mini-2026-01-15, family: gpt, temperature: 0}
roles: {subject: [bot], generator: {writer: 2}, jury: bot}
independence: warn
pools:
  seed: {from: production, where: {policy: [late, lost]}, exclude: [{policy: late}], track: wild}
  prompted:
    axes: [size, policy]
    cells: [{where: {size: small}, expected: {decision: high}, per_cell: 2}]
    max_per_cell: 9
    exemplars: {from: production, count: 3}
    prompt: {path: whole/prompt.j2}
  mutation: {operators: {typo: {rate: 0.1}, chain: {kind: [typo, drift], where: {size: small}}}, parents: any}
  metamorphic: {relations: {swap: {kind: demographic_swap, fact: sex}}, per_parent: 1}
  redteam: {attacks: {override: 3, premise: {kind: false_premise, count: 2}}, rotate_after: 90d, hard_negatives: 0.5}
  document: {multi_hop: 0.2, unanswerable: 0.1, personas: [shy]}
screen: {embedder: minilm, near_duplicate: {lexical: 0.85, semantic: 0.92}, training_overlap: {cosine: 0.9, ngram: 13}}
review: {require: {prompted: 1}, guidelines: whole/guidelines.md, overlap: 0.1}
mix: {cases: {seed: 10}}
gates: {survival: {by: policy, min: 0.65}, shift: {where: {pool: persona}, change: 0.005, severity: off}}
waivers: [{gate: seeds, reason: First month., until: '2026-12-31'}]
budget: {usd: 5, hours: 12}
"""


def document(text: str) -> Document:
    return parse(SourceFile(path="a.yaml", text=text))


def problems(text: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(SpecError) as raised:
        validate(document(text), SCHEMA)
    return raised.value.diagnostics


@pytest.mark.parametrize(
    "text",
    [
        SMALLEST,
        WHOLE,
        "version: 1\nsources: [production, golden]\npools: [seed, mutation]\ngates: [real_share]\n" + MIX,
        "version: 1\nextends: base.yaml\npools: {redteam: null}\nroles: {jury: null}\nmix: {size: 400}\n",
    ],
)
def test_what_the_language_allows_passes(text: str) -> None:
    """Valid specs, small and whole, in both spellings of lists, raise nothing."""
    validate(document(text), SCHEMA)


def described(node: Any, place: str) -> Iterator[tuple[str, bool]]:
    """Walk the properties of a schema and say whether each has a description."""
    if not isinstance(node, dict):
        return
    for name, inner in node.get("properties", {}).items():
        yield f"{place}.{name}", bool(inner.get("description"))
        yield from described(inner, f"{place}.{name}")
    for part in ("additionalProperties", "items"):
        yield from described(node.get(part), f"{place}.{part}")


@pytest.mark.parametrize("name", ["spec.v1.json", "ledger.v1.json"])
def test_every_property_of_a_schema_is_described(name: str) -> None:
    """An editor shows a newcomer what a key is for."""
    schema = read_schema(name)
    found = list(described(inline(schema, schema["$defs"]), "spec"))

    assert len(found) > 10
    assert [place for place, is_described in found if not is_described] == []


def test_the_schema_has_no_alternatives_that_a_message_would_have_to_guess_between() -> None:
    """Types and conditions tell forms apart, so that an error is always about the form that was meant."""
    text = json.dumps(SCHEMA)

    assert '"oneOf"' not in text and '"anyOf"' not in text


def ours_and_theirs(data: object) -> tuple[bool, bool]:
    """Return whether our validation and the plain library, references and all, accept some data."""
    try:
        validate(parse_data(SourceFile(path="a.yaml", text=json.dumps(data))), SCHEMA)
        ours = True
    except SpecError as error:
        assert all(one.code in CODES and one.span is not None for one in error.diagnostics)
        ours = False
    reference = jsonschema.Draft202012Validator(SCHEMA, registry=referencing.Registry())
    return ours, reference.is_valid(data)


def places(data: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield here
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in entries:
        yield from places(value, (*here, key))


def mutate(data: Any, rng: random.Random) -> Any:
    """Put an odd value, or a key too many or too few, somewhere into a spec."""
    data = json.loads(json.dumps(data))
    path = rng.choice([place for place in places(data) if place])
    parent = data
    for step in path[:-1]:
        parent = parent[step]
    odd = [None, True, 0, -1, 7, 0.5, 2.5, "", " ", "x", "No Name", [], ["a", "a"], [1], {}, {"a": 1}, {"kind": "seed"}]
    action = rng.randrange(4)
    if action == 0:
        del parent[path[-1]]
    elif action == 1 and isinstance(parent, dict):
        parent[rng.choice(["api_key", "retries", "zzz", "kind", "size", "cases", "Bad"])] = rng.choice(odd)
    elif action == 2 and isinstance(parent, list):
        parent.append(parent[-1])
    else:
        parent[path[-1]] = rng.choice(odd)
    return data


def test_we_refuse_exactly_what_the_schema_refuses() -> None:
    """On three hundred broken specs we and an independent reading of the same schema agree."""
    rng = random.Random(20260301)
    whole = document(WHOLE).data
    answers = [ours_and_theirs(mutate(whole, rng)) for _ in range(300)]

    assert [ours for ours, _ in answers] == [theirs for _, theirs in answers]
    assert 30 < sum(ours for ours, _ in answers) < 270


def run_check_jsonschema(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def test_the_schemas_are_schemas() -> None:
    """An independent tool accepts both against the metaschema."""
    result = run_check_jsonschema("--check-metaschema", "schemas/spec.v1.json", "schemas/ledger.v1.json")

    assert result.returncode == 0, result.stdout


def test_an_editor_refuses_the_same_files() -> None:
    """check-jsonschema, with a YAML reader of its own, fails on every bad shape that we have and on no good one."""
    # S115 is about a text of the right shape: a key in it is found by reading, not by the schema.
    bad = sorted(str(file) for file in (ROOT / "tests" / "specs_bad").glob("S*.yaml") if file.name[:4] != "S115")
    good = sorted(str(file) for file in (ROOT / "specs").glob("*.yaml"))
    result = run_check_jsonschema("--schemafile", "schemas/spec.v1.json", "--output-format", "json", *bad, *good)

    assert sorted({error["filename"] for error in json.loads(result.stdout)["errors"]}) == bad


@pytest.mark.parametrize(
    ("text", "label", "hint"),
    [
        ("personnas: {}\n", "did you mean `personas`?", None),
        ("turns: single\n", None, "`turns` belongs under `task`"),
        ("task: {mix: 3}\n", None, "`mix` belongs to the spec itself, not under `task`"),
        ("axes: {a: {b: {description: One, two}}}\n", "known: `behaviour`, `description`, `expected`", "comma ends"),
        ("axes: {a: [1, b]}\n", "this is an integer", "put it in quotes"),
        ("task: {languages: en}\n", "this is a string", "write `[en]`"),
        ("purpose: lauch\n", "did you mean `launch`?", None),
        ("purpose: x\n", "known: `bootstrap`, `launch`, `smoke`", None),
        ("name: Refund Bot\n", "did you mean `refund_bot`?", "a name is a lower-case letter"),
        ("review: {overlap: 30}\n", None, "a share is a decimal, not a percentage: write 0.3"),
        ("personas: {shy: {}}\n", None, "add `description`: Who writes and how, for the generator"),
        ("roles: {jury: }\n", None, "leave the key out; only a spec with `extends`"),
        ("workers: 4\n", None, "set it in the user configuration"),
    ],
)
def test_a_message_says_what_to_do(text: str, label: str | None, hint: str | None) -> None:
    """Guesses stand under the mark, advice in the hint."""
    (problem,) = problems("version: 1\n" + text + MIX)

    assert (problem.label or "")[: len(label or "")] == (label or "")
    assert (hint or "") in (problem.hint or "")


def test_a_letter_that_only_looks_right_is_named() -> None:
    """A Cyrillic letter in a key is pointed out, beside the guess."""
    (problem,) = problems("version: 1\nmіx: 3\n" + MIX)

    assert problem.label == "did you mean `mix`?"
    assert [note.message for note in problem.notes] == ["`і` is U+0456 CYRILLIC SMALL LETTER BYELORUSSIAN-UKRAINIAN I"]


def test_a_message_repeats_no_secret_and_no_long_text() -> None:
    """Whatever stands where a word was expected, a message shows forty characters of it, and no token at all."""
    found = problems(
        f"version: 1\nname: {'long ' * 40}\npurpose: sk-abcdefghijklmnop\nindependence: ghp_0123456789abcdef\n"
        "models: {bot: {model: a/b, api_key: hunter22}}\n" + MIX
    )
    said = json.dumps([[one.message, one.label, one.hint] for one in found])

    assert len(found) == 4
    assert all(len(one.message) < 120 for one in found)
    assert not any(secret in said for secret in ("abcdefgh", "ghp_", "hunter22"))


def test_a_long_list_of_mappings_is_compared_quickly() -> None:
    """Ten thousand cells are checked for repetitions by text; comparing them in pairs would take minutes."""
    cells = "\n".join(f"      - {{where: {{a: x{one % 9_999}}}}}" for one in range(10_000))
    (problem,) = problems(f"version: 1\npools:\n  prompted:\n    cells:\n{cells}\n" + MIX)

    assert (problem.code, problem.span and problem.span.line) == ("S111", 10_004)


def test_package_files_are_read_by_name() -> None:
    """Schemas come from the wheel or the checkout, texts from the package."""
    assert read_schema("ledger.v1.json")["$id"] == "ledger.v1.json"
    assert read_text("codes.py").startswith('"""The table of diagnostic codes')
