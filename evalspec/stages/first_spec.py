"""A guess at a raw file to a commented spec that passes `check` and builds at once."""

from __future__ import annotations

import re
from collections.abc import Mapping

import yaml

from evalspec.model.vocabulary import NAME, RESERVED_SLICES
from evalspec.stages.guess import Guess
from evalspec.text.json_text import json_line
from evalspec.text.patterns import lazy_pattern

ROWS_IMPORTED = 50  # enough to see the whole way in a minute; `launch` asks for at least as many in the set
SEEDS_OF_FIVE = 3  # three of five cases are seeds, two are mutations of them
# From rich to safe: what changes nothing in these texts (no capitals, no commas, another script) fills no places.
OPERATOR_SETS: tuple[tuple[str, ...], ...] = (
    ("typo:", "filler:", "on_the_phone: {kind: [lowercase, no_punctuation, typo]}"),
    ("typo:", "on_the_phone: {kind: [lowercase, no_punctuation, typo]}"),
    ("typo:",),
    (),
)
_PLAIN = lazy_pattern(r"[A-Za-z_][A-Za-z0-9_]*(?: [A-Za-z0-9_]+)*")


def first_spec(found: Guess, name: str, *, sampled: int, operators: tuple[str, ...]) -> str:
    """Write the spec of a guess; `sampled` rows are there to be seeds, and `operators` are lines of YAML."""
    size = sampled // SEEDS_OF_FIVE * 5 if operators else sampled
    seeds = size * SEEDS_OF_FIVE // 5 if operators else size
    return "\n".join(
        [
            "version: 1",
            f"description: {_scalar(f'First look at {name}: real messages and what hurried typing makes of them.')}",
            "purpose: smoke                    # a bounded question; `launch` when the set may decide a release",
            "",
            *_task(found),
            "",
            "sources:",
            f"  production:                     # made by: evalspec import specs/{name}.yaml production --from PATH",
            *_fields(found),
            "    # verified_by: support_leads  # say who checked the labels; `launch` asks for it",
            "    pii: redact                   # block (default) | redact | allow",
            f"    sample: {{size: {ROWS_IMPORTED}}}",
            "",
            "pools:",
            "  seed: {from: production}        # real messages, verbatim",
            *_mutation(operators),
            "",
            f"mix:                              # {size} cases: {seeds} real, {size - seeds} mutated",
            f"  size: {size}",
            f"  shares: {'{seed: 0.6, mutation: 0.4}' if operators else '{seed: 1}'}",
            "",
            *_GROWING,
            "",
        ]
    )


_GROWING = (
    "# To grow to launch:",
    "# - raise `sample.size` to 150 or more and import again; picks that are there stay",
    "# - name who verified the labels (`verified_by`), and write rare and dangerous cases as `golden`",
    "# - cross two `axes` in a `prompted` pool for what users seldom write, add `redteam`",
    "# - decide on candidates (`evalspec review`), then set `purpose: launch`",
)


def _mutation(operators: tuple[str, ...]) -> list[str]:
    if not operators:
        return []
    return [
        "  mutation:",
        "    operators:                    # `evalspec catalog` lists all",
        *(f"      {one}" for one in operators),
        "",
        "review:",
        "  require: {mutation: 0}          # nobody has to decide before the first build; 0.1 is the default",
    ]


def _task(found: Guess) -> list[str]:
    lines = ["task:"]
    if found.is_chat:
        lines.append("  turns: conversation             # the input is what was said so far and ends with the user")
    if found.label is not None:
        lines.append("  expected:                       # the labels found in the data")
        lines += [f"    - {_scalar(value)}" for value in found.labels[found.label]]
    if len(found.languages) == 1:
        lines.append(f"  languages: [{_scalar(found.languages[0])}]")
    return lines if len(lines) > 1 else ["task: {turns: single}"]


def _fields(found: Guess) -> list[str]:
    pairs: list[tuple[str, str | None]] = [
        ("id", found.id),
        ("input", found.input),
        ("role", found.role),
        ("content", found.content),
        ("expected", found.label),
        ("time", found.time),
        ("language", found.language),
    ]
    shown = [f"{name}: {_scalar(column)}" for name, column in pairs if column is not None]
    names = metadata_names(found)
    if names:
        shown.append(f"metadata: {{{', '.join(f'{name}: {_scalar(column)}' for name, column in names.items())}}}")
    lines = [
        "    fields:                       # our names to the columns of the file",
        *(f"      {one}" for one in shown),
    ]
    if found.speakers:
        inner = ", ".join(f"{_scalar(name)}: {role}" for name, role in found.speakers)
        lines.append(f"    speakers: {{{inner}}}")
    return lines


def metadata_names(found: Guess) -> Mapping[str, str]:
    """Return a name that the language allows for each metadata column, each once."""
    names: dict[str, str] = {}
    for column in found.metadata:
        name = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column).lower()).strip("_")[:20]
        if not name or not name[0].isalpha():
            name = f"c_{name}".rstrip("_")
        if name in RESERVED_SLICES or name in ("expected", "input"):
            name = f"{name}_"[:24] + "column"
        unique, number = name, 2
        while unique in names:
            unique, number = f"{name}_{number}", number + 1
        if NAME.fullmatch(unique):
            names[unique] = column
    return names


def _scalar(value: str) -> str:
    """Spell a text as a YAML scalar that every reader takes for that text, quoted when in doubt."""
    if _PLAIN.fullmatch(value) and yaml.safe_load(value) == value and value.lower() not in ("y", "n"):
        return value
    return json_line(value)
