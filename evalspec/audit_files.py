"""The files of an audit: whatever form they stand in, to rows; then the audit itself."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from evalspec.audit_forms import open_table, problem
from evalspec.auditing.audit import Beneath, audit
from evalspec.auditing.fields import GUESSED_FROM, NoColumn, Told, classifier, flattened, guess_fields
from evalspec.auditing.rows import Counts, read_audit_rows
from evalspec.auditing.scrubbed import Scrub, scrubber
from evalspec.catalog import load_catalog
from evalspec.diagnostics import Diagnostic, EvalspecError, Exit, closest
from evalspec.loading import family_table
from evalspec.model.audit import Audit, AuditFields, AuditFile, Origin
from evalspec.model.row import RawRow
from evalspec.model.spec import Mix, Spec
from evalspec.model.vocabulary import LEXICAL, MEANING
from evalspec.registry import Catalog
from evalspec.row_problems import RowProblems
from evalspec.stages.families import place
from evalspec.stages.scrub import detectors_of
from evalspec.stages.training import Firewall, digest_training
from evalspec.text.meaning import Embed

MOST_ROWS = 200_000  # of a file
MOST_NAMED = 20  # columns in a message
LONGEST_NAME = 60  # characters of a column in a message
SHOWN_REASONS = 3  # rows of a file that could not be read: further ones mostly say the same
MOST_CHARACTERS = 200_000_000  # of a file; what unpacks to more, or is longer, is read to here
Step = Callable[[str, int, int], None]
Classify = Callable[[str, str], Origin]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a command line asks an audit for."""

    path: str
    told: Told
    seeds: str | None = None
    training: str | None = None
    seeds_text: str | None = None
    training_text: str | None = None
    known: str | None = None
    known_text: str | None = None
    embedder: str = LEXICAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """An audit, and what was wrong with single rows on the way."""

    audit: Audit
    warnings: tuple[Diagnostic, ...]


def audit_files(asked: Asked, step: Step) -> Audited:
    """Read the files of an audit and take it; a file without a single row that can be read is an error."""
    embed = _embed(asked, step)
    catalog = load_catalog()
    families = family_table()
    classify = classifier(asked.told, lambda name: place(name, families) is not None)
    warnings: list[Diagnostic] = []
    file: AuditFile | None = _file(asked.path, asked.told, catalog, classify, warnings, step)
    seeds = trained = known = None
    if asked.seeds is not None:
        told = Told(text=asked.seeds_text)
        seeds = _file(asked.seeds, told, catalog, classify, warnings, step, "--seeds-text")
    if asked.training is not None:
        told = Told(text=asked.training_text, label="none", origin="none", verified="none", choices="none")
        trained = _file(asked.training, told, catalog, classify, warnings, step, "--training-text")
    if asked.known is not None:
        told = Told(text=asked.known_text, label="none", origin="none", verified="none", choices="none")
        known = _file(asked.known, told, catalog, classify, warnings, step, "--known-text")
    file, seeds, trained, known = _told_apart(
        (asked.path, file), (asked.seeds, seeds), (asked.training, trained), (asked.known, known)
    )
    assert file is not None
    found = audit(
        file,
        Beneath(
            seeds=seeds,
            training=trained,
            firewall=_firewall(trained, step) if trained is not None else None,
            known=known,
            attacks=_firewall(known, step) if known is not None else None,
            classify=classify,
            scrub=scrubber(detectors_of(catalog)),
            catalog=catalog,
            embed=embed,
            embedder=asked.embedder,
        ),
        step,
    )
    return Audited(audit=found, warnings=tuple(warnings))


def _told_apart(*files: tuple[str | None, AuditFile | None]) -> tuple[AuditFile | None, ...]:
    """Call a file by its folder too where another one has its name."""
    names = Counter(file.name for _, file in files if file is not None)
    return tuple(
        replace(file, name=os.path.join(os.path.basename(os.path.dirname(os.path.abspath(path))), file.name))
        if file is not None and path is not None and names[file.name] > 1
        else file
        for path, file in files
    )


def _embed(asked: Asked, step: Step) -> Embed | None:
    """Return what reads meaning, or None where only words are looked at; nothing is kept on disk."""
    if asked.embedder not in MEANING:
        return None
    # Imported here: who does not ask for meaning must not wait for it, nor have what it needs.
    from evalspec.edges.meaning.minilm import missing

    if lacking := missing():
        message = f"`--embedder {asked.embedder}` needs {', '.join(lacking)}, which is not installed"
        hint = "Run `pip install 'evalspec[semantic]'`."
        raise EvalspecError([replace(problem("X503", message, asked.path, hint), exit=Exit.ENVIRONMENT)])
    from evalspec.edges.meaning.embedder import minilm_embedder

    return minilm_embedder(asked.path, None, step)


def _firewall(file: AuditFile, step: Step) -> Firewall:
    spec = Spec(name="audit", path="", folder="", mix=Mix(size=1, counts=()))
    rows = []
    for at, row in enumerate(file.rows):
        rows.append(digest_training(row.text, spec.screen.training_ngram))
        if at % 500 == 0:
            step("digest", at, len(file.rows))
    step("digest", len(file.rows), len(file.rows))
    return Firewall.of({"training": rows}, spec)


def _file(
    path: str,
    told: Told,
    catalog: Catalog,
    classify: Classify,
    warnings: list[Diagnostic],
    step: Step,
    flag: str = "--text",
) -> AuditFile:
    """Read one file; single rows that cannot be read are warnings, a file without others is an error."""
    problems, counts = RowProblems(path), Counts()
    table = open_table(path, catalog, problems)
    raws, unread = _taken(table.rows, step)
    if unread:
        message = f"only the first {len(raws):,} rows are read"
        problems.add("A806", message, severity="warning", hint="Sample the file by a digest of the text.")
    if not raws:
        _raise_first(problems)
        raise EvalspecError([problem("A803", "the file holds no rows", path)])
    scrub = scrubber(detectors_of(catalog))
    fields = _fields(path, raws, told, classify, flag, scrub)
    rows = read_audit_rows(raws, fields, problems, counts)
    refused = counts.refused + len(problems.found) + problems.unshown
    if not rows:
        _raise_first(problems)
        hint = f"`{flag} COLUMN` names where the text stands."
        message = f"none of the {len(raws):,} rows has a user's text in `{scrub(fields.text)[:LONGEST_NAME]}`"
        raise EvalspecError([problem("A803", message, path, hint), *problems.warnings[:SHOWN_REASONS]])
    found = [*(replace(one, severity="warning") for one in problems.found), *problems.warnings]
    warnings += found[:SHOWN_REASONS]  # the screen counts them all
    return AuditFile(
        name=os.path.basename(path),
        form=table.form,
        fields=fields,
        rows=rows,
        refused=refused,
        blank=counts.blank,
        repeats=table.repeats,
        cut=counts.cut,
        unread=unread,
    )


def _raise_first(problems: RowProblems) -> None:
    """Raise the first problems and count the others: what is wrong with all rows is wrong with the file."""
    problems.unshown += len(problems.found[SHOWN_REASONS:])
    del problems.found[SHOWN_REASONS:]
    problems.raise_errors()


def _taken(rows: Iterable[RawRow], step: Step) -> tuple[list[RawRow], bool]:
    """Return the rows that are read, and whether the file has more: it may be endless, or unpack to anything."""
    found: list[RawRow] = []
    room = MOST_CHARACTERS
    for at, row in enumerate(rows):
        room -= _size(row.values)
        if at >= MOST_ROWS or (room < 0 and found):
            return found, True
        if at and at % 20_000 == 0:
            step("read", at, MOST_ROWS)
        found.append(row)
    return found, False


def _size(value: object) -> int:
    """Return about how many characters a value holds."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(len(str(name)) + _size(one) for name, one in value.items())
    return sum(map(_size, value)) if isinstance(value, list | tuple) else 8


def _fields(path: str, raws: Sequence[RawRow], told: Told, classify: Classify, flag: str, scrub: Scrub) -> AuditFields:
    try:
        fields = guess_fields(raws, told, classify)
    except NoColumn as wrong:
        guess = closest(wrong.column, wrong.known)
        hint = f"Did you mean `{scrub(guess)}`?" if guess else f"Columns: {_listed(wrong.known, scrub)}."
        named = flag if wrong.flag == "--text" else wrong.flag
        message = f"`{named} {wrong.column}`: no row has this column"
        raise EvalspecError([problem("A802", message, path, hint)]) from wrong
    if fields is None:
        columns = list(dict.fromkeys(name for one in raws[:GUESSED_FROM] for name in flattened(one.values)))
        if len(columns) > MOST_NAMED:
            columns = list(dict.fromkeys(name for one in raws[:GUESSED_FROM] for name in one.values))
        hint = f"Say `{flag} COLUMN`; columns: {_listed(columns, scrub)}."
        raise EvalspecError([problem("A801", "no column looks like what a user asks", path, hint)])
    return fields


def _listed(names: Sequence[str], scrub: Scrub) -> str:
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return ", ".join(f"`{scrub(one)[:LONGEST_NAME]}`" for one in names[:MOST_NAMED]) + more
