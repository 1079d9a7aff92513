"""`evalspec review list|record`: read the candidates that wait for people, and append what they decide."""

from __future__ import annotations

import json
import time

import click

from evalspec.cli.arguments import PATH, number
from evalspec.cli.console import Steps, emit, emit_json, examples, print_diagnostics, reporting, say
from evalspec.diagnostics import Exit
from evalspec.edges.files import read_text
from evalspec.edges.terminal import safe
from evalspec.model.asking import UNASKED
from evalspec.model.case import Input
from evalspec.model.jury import Opinion
from evalspec.model.ledger import DecisionVerdict
from evalspec.model.source import SourceFile
from evalspec.reviewing import record, waiting
from evalspec.stages.ledger_fields import VERDICTS
from evalspec.stages.reading_list import Reading, reading_data
from evalspec.stages.reporting.jury import FLAG_WORDS

WHY = {
    "disputed": "people disagree; settle it with --supersedes",
    "stale": "the text or label has changed since it was decided",
    "first": "nobody has read it",
    "second": "a second reader decides blind (--blind)",
}
COMMAND_LINE = "command line"


@click.group("review", no_args_is_help=True)
def command() -> None:
    """List the candidates that wait for people, and record what they decide.

    A decision binds to the text and label as they are now; a later change puts the case back in the queue. Each
    reviewer has one append-only file, NAME/ledger/REVIEWER.jsonl, which is committed with the spec.
    """


@command.command(
    "list", epilog=examples("evalspec review list specs/refund.yaml", "evalspec review list specs/refund.yaml --json")
)
@click.argument("spec", type=PATH)
@click.option("--all", "everything", is_flag=True, help="Also what would not be in the set.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@reporting
def list_command(spec: str, everything: bool, quiet: bool, how: str) -> int:
    """Print what waits in SPEC, in the order to read it: text, expected, parent, and the digest it binds to.

    Why the jury wants a person to look is shown to a first reader; a second one decides blind. What others and the
    single jurors said is shown only where a dispute is to be settled. In --json, `waiting` maps each case of the set
    that waits to the reason, `queue` is the list, and `queued` counts it with what --all adds.
    """
    done, readings = waiting(spec, everything=everything, progress=Steps(quiet=quiet or how != "text"))
    if how == "json":
        emit_json(
            {
                "spec": spec,
                "waiting": dict(done.waiting),  # as `build --json` has it
                "queued": len(done.reviewed.queue) if done.reviewed else 0,
                "unasked": sum(one.reason == UNASKED for one in done.drops),
                "queue": [reading_data(one) for one in readings],
            }
        )
        return Exit.OK
    for one in readings:
        emit("\n".join(safe(line) for line in _page(one)) + "\n")
    rest = len(done.reviewed.queue) - len(readings) if done.reviewed else 0
    more = f"; {rest} more would not be in the set (--all)" if rest else ""
    print_diagnostics(done.short, how)
    unasked = sum(one.reason == UNASKED for one in done.drops)
    if unasked:
        texts = "1 more text has" if unasked == 1 else f"{unasked} more texts have"
        say(f"{spec}: {texts} not been asked for yet: evalspec build {spec}")
    waits = "1 case of the set waits" if len(done.waiting) == 1 else f"{len(done.waiting)} cases of the set wait"
    say(f"{spec}: {waits} for a person{more}")
    return Exit.OK


@command.command(
    "record",
    epilog="Example: evalspec review record specs/refund.yaml prompted.angry_escalator.delay.03 drop "
    "--reason unnatural --reviewer ann",
)
@click.argument("spec", type=PATH)
@click.argument("case", required=False)
@click.argument("verdict", type=click.Choice(VERDICTS), required=False)
@click.option("--reviewer", required=True, metavar="NAME", help="Who decides; names the file of the ledger.")
@click.option("--reason", metavar="CODE", help="Required for drop and retire: a code of your guidelines.")
@click.option("--input", "text", metavar="TEXT", help="With fix: the text; in a conversation, the user's last message.")
@click.option("--expected", metavar="LABEL", help='With fix: the label, or parts as JSON: \'{"decision": "deny"}\'.')
@click.option("--blind", is_flag=True, help="Decided without having seen what others decided.")
@click.option("--supersedes", is_flag=True, help="Take the place of every decision in force about this text.")
@click.option("--seconds", type=number(0), help="How long it took to decide.")
@click.option("--from", "drafts", type=PATH, help="Many at once: JSONL of case, verdict, reason, input, ...")
@click.option("--date", metavar="YYYY-MM-DD", help="The day of the decision; default: today.")
@reporting
def record_command(
    spec: str,
    case: str | None,
    verdict: DecisionVerdict | None,
    reviewer: str,
    reason: str | None,
    text: str | None,
    expected: str | None,
    blind: bool,
    supersedes: bool,
    seconds: float | None,
    drafts: str | None,
    date: str | None,
    how: str,
) -> int:
    """Append a decision about CASE of SPEC to the ledger: keep, fix, drop or retire.

    `--from FILE` records many: one object a line with `case`, `verdict` and, where they apply, `reason`, `input`,
    `expected`, `blind`, `seconds` and the `digest` that was read. All are recorded, or none.
    """
    given = {
        "case": case,
        "verdict": verdict,
        "reason": reason,
        "input": text,
        "expected": _expected(expected),
        "blind": blind or None,
        "seconds": seconds,
    }
    named = {name: value for name, value in given.items() if value is not None}
    if drafts is not None and named:
        raise click.UsageError(f"--from FILE says everything itself; leave out {', '.join(sorted(named))}")
    if drafts is None and (case is None or verdict is None):
        raise click.UsageError("name a CASE and a verdict (keep, fix, drop, retire), or give --from FILE")
    file = SourceFile(path=COMMAND_LINE, text=json.dumps(named)) if drafts is None else _file(drafts)
    day = date or time.strftime("%Y-%m-%d")
    found = record(spec, file, reviewer=reviewer, date=day, supersede=supersedes)
    print_diagnostics(found.warnings, "text" if how == "json" else how)
    if how == "json":
        lines = [{"case": one.case, "verdict": one.verdict, "line": one.line_digest} for one in found.decisions]
        emit_json({"ok": True, "path": found.path, "recorded": lines})
        return Exit.OK
    what = f"{found.decisions[0].verdict} {found.decisions[0].case}" if len(found.decisions) == 1 else "decisions"
    count = "" if len(found.decisions) == 1 else f"{len(found.decisions)} "
    say(f"recorded {count}{what} in {found.path}")
    return Exit.OK


def _file(path: str) -> SourceFile:
    return SourceFile(path=path, text=read_text(path))


def _expected(text: str | None) -> object:
    """Read parts as JSON; a bare label is itself."""
    if text is None or not text.lstrip().startswith("{"):
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise click.UsageError(f"--expected is not JSON: {error}") from None


def _page(reading: Reading) -> list[str]:
    queued, candidate = reading.queued, reading.candidate
    lines = [f"{candidate.id}  {queued.why}: {WHY[queued.why]}"]
    if queued.needed > 1:
        lines[0] += f" ({queued.votes} of {queued.needed} readers)"
    lines += [f"  {'jury':<9} {FLAG_WORDS[one]}" for one in queued.flags]
    places = [f"pool {candidate.pool}", *(f"{name} {value}" for name, value in reading.places.items())]
    lines.append("  " + ", ".join(places) + f"  {reading.digest}")
    lines += [f"  {'means':<9} {name}: {text}" for name, text in reading.meaning.items()]
    if reading.parent is not None:
        lines += _block("parent", reading.parent)
    lines += _block("text", candidate.input)
    lines += [f"  {'same as':<9} {one.case} ({one.cosine:.2f}): {' '.join(one.text.split())}" for one in reading.alike]
    if candidate.expected is not None:
        spelled = candidate.expected
        label = spelled if isinstance(spelled, str) else json.dumps(dict(spelled), ensure_ascii=False)
        lines.append(f"  expected  {label}  ({candidate.expected_by or 'unknown'})")
    if candidate.behaviour != "answer":
        premise = f": {candidate.premise}" if candidate.premise else ""
        lines.append(f"  behaviour {candidate.behaviour}{premise}")
    for opinion in reading.opinions:
        lines.append(f"  {'juror':<9} {opinion.juror}: {_opinion(opinion)}")
    for said in reading.said:
        fixed = f" -> {said.expected}" if said.expected is not None else ""
        lines.append(f"  said      {said.reviewer}: {said.verdict}{fixed} {said.reason or ''}".rstrip())
    return lines


def _opinion(opinion: Opinion) -> str:
    """Spell what a juror says; only what it doubts, and the label it would give."""
    doubts = {"plausible": opinion.plausible, "in its cell": opinion.in_cell, "in its persona": opinion.in_persona}
    parts = [f"not {name}" for name, answer in doubts.items() if answer is False]
    parts += [opinion.label] if opinion.label is not None else []
    return ", ".join([*parts, *([] if opinion.sure else ["not sure"])]) or "no doubt"


def _block(name: str, value: Input) -> list[str]:
    """Show a text, or a conversation with a line for each turn's role."""
    if isinstance(value, str):
        first, *rest = value.split("\n")
        return [f"  {name:<9} {first}", *(f"  {'':<9} {one}" for one in rest)]
    lines = []
    for at, message in enumerate(value):
        first, *rest = message.content.split("\n")
        lines.append(f"  {name if at == 0 else '':<9} {message.role}: {first}")
        lines += [f"  {'':<9}   {one}" for one in rest]
        lines += [f"  {'':<9}   calls {json.dumps(dict(call), ensure_ascii=False)}" for call in message.tool_calls]
    return lines
