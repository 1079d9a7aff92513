"""`evalspec tape`: what stands on a tape and what of it is used, replies to be asked anew, and batches on their way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from evalspec.after.tape_stats import stats_data, stats_lines
from evalspec.cli.arguments import PATH
from evalspec.cli.console import emit, emit_json, examples, reporting
from evalspec.cli.plan_money import dollars
from evalspec.diagnostics import BuildError, Diagnostic, Exit, Note
from evalspec.edges.models.prices import MILLION
from evalspec.forgetting import KEY, Forgettable, Wish, forget, forgettable
from evalspec.tape_use import tape_stats

if TYPE_CHECKING:
    from evalspec.edges.models.batch_table import Batch

SHOWN_KEY = 12  # characters of a key that are shown; they name it too
_ENDED = {
    "cancelled": "cancelled",
    "had ended": "it had ended; the next build collects it",
    "gone": "its vendor knows it no more; it counts as billed, and its questions are free",
    "never arrived": "it never arrived; its questions are free",
}


@click.group(
    "tape",
    no_args_is_help=True,
    epilog=examples(
        "evalspec tape stats specs/refund.yaml",
        "evalspec tape forget specs/refund.yaml --served gpt-4o",
        "evalspec tape batches --cancel",
    ),
)
def command() -> None:
    """Look at the replies of models: those published in NAME/tape beside the spec, and those on their way.

    A tape is what lets anybody build and verify a set without a key. Its files are named after the digest of their
    bytes and are never changed; the next build adds one where it asked for more.
    """


@command.command("stats", epilog="Example: evalspec tape stats specs/refund.yaml --json")
@click.argument("spec", type=PATH)
@reporting
def stats(spec: str, how: str) -> int:
    """Count the tape of SPEC: segments, replies used and not, withheld ones by reason, models, tokens and bytes.

    The build is replayed from the tape alone to see what it uses; nobody is asked, and nothing is written or deleted.
    """
    found = tape_stats(spec)
    if how == "json":
        emit_json(stats_data(found))
    else:
        emit("\n".join(stats_lines(found)))
    return Exit.OK


@command.command(
    "forget",
    epilog=examples(
        "evalspec tape forget specs/refund.yaml --served gpt-4o-2024-08-06",
        "evalspec tape forget specs/refund.yaml 3f9ab1c20d44 --yes",
    ),
)
@click.argument("spec", type=PATH)
@click.argument("keys", metavar="[KEY]...", nargs=-1)
@click.option("--model", metavar="NAME", help="Replies of this model, by name or alias.")
@click.option("--served", metavar="NAME", help="Replies that this model wrote, as the endpoint named it.")
@click.option("--yes", is_flag=True, help="Do it; without it, what would be forgotten is shown.")
@reporting
def forget_replies(spec: str, keys: tuple[str, ...], model: str | None, served: str | None, yes: bool, how: str) -> int:
    """Forget replies that were paid for, so that the next build of SPEC asks those questions anew.

    Of the replies that SPEC asks for now, those are meant for which all that is given holds; a KEY is that of a
    question, or its first eight characters or more. They go from the journal of this machine. What they cost stays
    counted in the budget. A reply on the tape is published and stays: its file is named.
    """
    if not (keys or model or served):
        raise click.UsageError("say which replies: a KEY, --model or --served")
    for key in keys:
        if not KEY.fullmatch(key):
            raise click.UsageError(f"`{key}` is no key: eight characters or more of 0-9 and a-f")
    found = forgettable(spec, Wish(keys=keys, model=model, served=served))
    private = [one for one in found if one.segment is None]
    if not private:
        raise BuildError([_nothing(spec, found)])
    gone = forget([one.key for one in private]) if yes else 0
    if how == "json":
        emit_json(_data(spec, found, gone))
    else:
        emit("\n".join(_lines(spec, found, gone)))
    return Exit.OK


@command.command(
    "batches",
    epilog=examples(
        "evalspec tape batches", "evalspec tape batches --cancel batch_68f2ab", "evalspec tape batches --cancel"
    ),
)
@click.argument("batches", metavar="[BATCH]...", nargs=-1)
@click.option("--cancel", is_flag=True, help="Ask the vendor to end them; all of them where none is named.")
@reporting
def list_of_batches(batches: tuple[str, ...], cancel: bool, how: str) -> int:
    """Show the batches of this user whose answers no build has collected yet, and what is reserved for them.

    With --cancel their vendor is asked to end them, which takes some minutes. What was answered until then is paid
    for, and the next build collects it; it asks the other questions anew, at once or in another batch.
    """
    # Imported here: other commands must not pay for the loop and the connections.
    from evalspec.batching import cancel_batch, list_batches

    found = list_batches()
    names = {one.remote or one.name for one, _ in found}
    for name in batches:
        if name not in names:
            raise click.UsageError(f"no batch of this user is called `{name}`; `evalspec tape batches` names them")
    chosen = [(one, reserved) for one, reserved in found if not batches or (one.remote or one.name) in batches]
    ended = {one.name: cancel_batch(one) for one, _ in chosen} if cancel else {}
    if how == "json":
        emit_json({"batches": [_batch_data(one, reserved, ended.get(one.name)) for one, reserved in chosen]})
        return Exit.OK
    lines = [_batch_line(one, reserved, ended.get(one.name)) for one, reserved in chosen]
    if any(one == "cancelled" for one in ended.values()):
        lines.append("evalspec build SPEC    in some minutes: it collects what was answered, and asks for the rest")
    emit("\n".join(lines or ["no batch is on its way"]))
    return Exit.OK


def _batch_line(batch: Batch, reserved: int, ended: str | None) -> str:
    questions = "1 question" if batch.size == 1 else f"{batch.size:,} questions"
    said = f"{batch.remote or batch.name}  {questions} to {batch.model} at {batch.endpoint}"
    said += f", {dollars(reserved)} reserved" if reserved else ""
    if ended is None:
        return said + ("" if batch.remote else "; nobody knows whether it arrived, the next build looks")
    return f"{said}: {_ENDED[ended]}"


def _batch_data(batch: Batch, reserved: int, ended: str | None) -> dict[str, object]:
    return {
        "batch": batch.remote or batch.name,
        "endpoint": batch.endpoint,
        "model": batch.model,
        "questions": batch.size,
        "reserved_usd": reserved / MILLION,
        "ended": ended,
    }


def _nothing(spec: str, found: Sequence[Forgettable]) -> Diagnostic:
    files = sorted({one.segment for one in found if one.segment is not None})
    if not found:
        message = "no reply that is here and that the spec asks for now is meant"
        hint = f"evalspec tape stats {spec}    and `evalspec why` name models and replies"
    else:
        message = f"{_replies(len(found))} are meant, and stand on the tape, which is never edited"
        hint = (
            "delete the file, and build: what else is in it comes from the journal, or is asked again; "
            "or drop the case in the ledger"
        )
    return Diagnostic(
        code="T707",
        severity="error",
        message=message,
        path=spec,
        notes=tuple(Note(message=f"on the tape in {file}") for file in files),
        hint=hint,
        exit=Exit.FINDING,
    )


def _lines(spec: str, found: Sequence[Forgettable], gone: int) -> list[str]:
    private = [one for one in found if one.segment is None]
    lines = []
    for (model, served), count in sorted(Counter((one.model, one.served) for one in private).items()):
        prices = [one.price for one in private if (one.model, one.served) == (model, served)]
        cost = f", {dollars(sum(one or 0 for one in prices))} at list price" if any(prices) else ""
        lines.append(f"{_replies(count)} of {model}, written by {served or 'nobody named'}{cost}")
    lines += [f"  {one.key[:SHOWN_KEY]}" for one in private]
    for file, count in sorted(Counter(one.segment for one in found if one.segment is not None).items()):
        lines.append(f"{_replies(count)} on the tape in {file}: not forgotten, since a tape is never edited")
    if gone:
        lines.append(f"forgot {_replies(gone)}; what they cost stays counted: evalspec build {spec}    asks anew")
    else:
        lines.append("nothing was forgotten: add --yes to do it; they were paid for, and nobody can bring them back")
    return lines


def _data(spec: str, found: Sequence[Forgettable], gone: int) -> dict[str, object]:
    return {
        "spec": spec,
        "forgotten": gone,
        "replies": [
            {
                "key": one.key,
                "model": one.model,
                "served": one.served,
                "segment": one.segment,
                "usd": one.price / MILLION if one.price is not None else None,
            }
            for one in found
        ],
    }


def _replies(count: int) -> str:
    return "1 reply" if count == 1 else f"{count:,} replies"
