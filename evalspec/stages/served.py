"""The replies of a build to which models wrote them, and what is wrong where those are not the ones that were asked.

Whether generator, jury and subject are independent is judged by the names in the spec. A gateway that answers with
another model makes that judgement void, so another family is an error; another model or snapshot is worth a word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from shlex import quote

from evalspec.diagnostics import Collector, Diagnostic, Exit, Note
from evalspec.model.asking import Reply
from evalspec.model.outcome import Served
from evalspec.model.spec import Model, Spec, Waiver
from evalspec.stages.families import FamilyTable, Placed, is_moving, names_one_model, place
from evalspec.stages.independence import names_what_answers, placed_model, table_of, waiver_of
from evalspec.stages.model_names import snapshot
from evalspec.stages.tape import UNNAMED

NOT_SAID = ("", UNNAMED)  # the endpoint names no model, or one whose name may not be published


def served_by(
    spec: Spec, registry: object, asked: Mapping[str, str], replies: Mapping[str, Reply], today: str | None = None
) -> tuple[tuple[Served, ...], tuple[Diagnostic, ...]]:
    """Return the models that wrote the replies, by the model asked, and the findings.

    `asked` is the model that each question went to, by its key, as are `replies`. `today` lets waivers expire.
    """
    counts = Counter((asked[key], reply.served) for key, reply in replies.items() if reply.served not in NOT_SAID)
    if not counts:
        return (), ()
    table, problems = table_of(registry), Collector()
    found: list[Served] = []
    for name in sorted({model for model, _ in counts}):
        models = [model for model in spec.models if model.model == name]
        rows = [
            _row(models[0], served, count, table) for (model, served), count in sorted(counts.items()) if model == name
        ]
        moves = (asked_model := placed_model(models[0], table)) is not None and is_moving(asked_model, table)
        rows = [_waived(one, models, spec, table, today) for one in _with_snapshots(rows, moves)]
        total = sum(one.replies for one in rows)
        for one in rows:
            _report(one, total, models, spec, table, problems)
        found += rows
    _report_idle_waivers(spec, found, table, problems)
    return tuple(found), tuple(sorted(problems.found, key=Diagnostic.sort_key))


def others_served(served: Sequence[Served]) -> Mapping[str, Sequence[str]]:
    """Return the names of models of other families that answered, by the model that was asked."""
    found: dict[str, list[str]] = {}
    for one in served:
        if one.how == "another family":
            found.setdefault(one.asked, []).append(one.name)
    return found


def _row(model: Model, served: str, count: int, table: FamilyTable) -> Served:
    asked, answered = placed_model(model, table), place(served, table)
    row = Served(
        asked=model.model, name=served, family=answered.family if answered else None, replies=count, how="as asked"
    )
    if names_one_model(model.model, served, table) or (asked and answered and asked.model == answered.model):
        return replace(row, family=asked.family if asked else row.family)
    if asked is None or answered is None:
        return replace(row, how="another model")
    if not _is_of_family(asked, answered):
        return replace(row, how="another family")
    if is_moving(asked, table) and answered.weights == asked.weights:
        return row
    # A deployment's own name tells nothing, so that the spec stated a family, and the served name fits it.
    return row if place(model.model, table) is None else replace(row, how="another model")


def _is_of_family(asked: Placed, answered: Placed) -> bool:
    return answered.family in asked.weights or asked.family in answered.weights


def _with_snapshots(rows: Sequence[Served], moves: bool) -> list[Served]:
    """Mark the replies of another snapshot than was asked, or of all but the one that answered most.

    `moves`: the name that was asked stands for whatever is newest, so that two that answered are two snapshots.
    """
    if moves:
        same = [one for one in rows if one.how == "as asked"]
        first = max(same, key=lambda one: (one.replies, one.name), default=None)
        return [replace(one, how="another snapshot") if one in same and one is not first else one for one in rows]
    same = [one for one in rows if one.how == "as asked" and snapshot(one.name)]
    wanted = snapshot(rows[0].asked)
    if not wanted and same:
        wanted = snapshot(max(same, key=lambda one: (one.replies, one.name)).name)
    return [
        replace(one, how="another snapshot") if one in same and snapshot(one.name) != wanted else one for one in rows
    ]


def _waived(row: Served, models: Sequence[Model], spec: Spec, table: FamilyTable, today: str | None) -> Served:
    waiver = _waiver(row, models, spec, table)
    if waiver is None or (today is not None and waiver.until < today):
        return row
    return replace(row, waived_until=waiver.until, reason=waiver.reason)


def _waiver(row: Served, models: Sequence[Model], spec: Spec, table: FamilyTable) -> Waiver | None:
    """Return the waiver of a pair: an alias that was asked, and one whose model is the one that answered."""
    if row.how != "another family":
        return None
    answers = {model.alias for model in spec.models if names_one_model(model.model, row.name, table)}
    return waiver_of(spec, {model.alias for model in models}, answers)


def _report(
    row: Served, total: int, models: Sequence[Model], spec: Spec, table: FamilyTable, problems: Collector
) -> None:
    if row.how == "as asked" or row.waived_until is not None:
        return
    model = models[0]
    said = f"{row.replies} of {total} replies of `{row.asked}` were written by `{row.name}`"
    if row.how == "another family":
        waiver = _waiver(row, models, spec, table)
        asked = placed_model(model, table)
        problems.add(
            "M205",
            f"{said}: family `{row.family}`, not `{asked.family if asked else 'unknown'}`",
            at=model.at,
            notes=[
                *([Note(message=f"the waiver ended on {waiver.until}", span=waiver.at)] if waiver else []),
                Note(message=f"they are kept and used again; to ask anew: evalspec tape forget {_line(spec, row)}"),
            ],
            hint=f"ask an endpoint that has it, or name what answers: `{model.alias}: {{model: {row.name}}}`",
            severity="error" if spec.independence == "strict" else "warning",
            exit=Exit.INTEGRITY,
        )
    elif row.how == "another model":
        known = f"family `{row.family}`" if row.family else "which the registry of families does not know"
        problems.add("M206", f"{said}, {known}", at=model.at, severity="warning")
    else:
        problems.add(
            "M207",
            f"{said}: another snapshot",
            at=model.at,
            severity="warning",
            hint="name the dated snapshot under `models`, so that all replies come from one",
        )


def _line(spec: Spec, row: Served) -> str:
    """Spell the arguments of the command that forgets these replies; an endpoint may call its model anything."""
    return f"{spec.path} --model {quote(row.asked)} --served {quote(row.name)}"


def _report_idle_waivers(spec: Spec, found: Sequence[Served], table: FamilyTable, problems: Collector) -> None:
    """Name the waivers of a model that answers for another where it answered nothing."""
    asked = {one.asked for one in found}
    for waiver in spec.waivers:
        if waiver.independence is None or not names_what_answers(spec, waiver):
            continue
        models = [spec.model(alias) for alias in waiver.independence if any(m.alias == alias for m in spec.models)]
        rows = [
            one for one in found if waiver == _waiver(one, [m for m in models if m.model == one.asked], spec, table)
        ]
        if not rows and asked & {model.model for model in models}:
            one, other = waiver.independence
            problems.add(
                "M204",
                f"of `{one}` and `{other}` neither answered for the other, so the waiver changes nothing",
                at=waiver.at,
                severity="warning",
                hint="take the waiver out",
            )
