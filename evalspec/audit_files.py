"""The files of an audit: whatever form they stand in, to rows; then the audit itself."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from evalspec.auditing.audit import Beneath, audit
from evalspec.auditing.fields import GUESSED_FROM, NoColumn, Told, classifier, flattened, guess_fields
from evalspec.auditing.rows import Counts, read_audit_rows
from evalspec.auditing.scrubbed import scrubber
from evalspec.catalog import load_catalog
from evalspec.diagnostics import Diagnostic, EvalspecError, Exit, closest
from evalspec.edges.files import read_text
from evalspec.edges.readers import READERS, read_document, read_rows
from evalspec.loading import family_table
from evalspec.model.audit import Audit, AuditFields, AuditFile, Origin
from evalspec.model.row import RawRow
from evalspec.model.source import SourceFile
from evalspec.model.spec import Mix, Spec
from evalspec.model.vocabulary import LEXICAL, MEANING
from evalspec.registry import Catalog, Member
from evalspec.row_problems import RowProblems
from evalspec.stages.families import place
from evalspec.stages.parse import parse_data
from evalspec.stages.scrub import detectors_of
from evalspec.stages.training import Firewall, digest_training
from evalspec.text.meaning import Embed

MOST_ROWS = 200_000  # of a file
SHOWN_REASONS = 3  # rows that could not be read, where none could: they say the same
MAX_YAML_BYTES = 8 * 1024 * 1024  # a config of tests is written by people or by a generator, seldom this long
YAML = (".yaml", ".yml")
FORMS: Mapping[str, str] = {
    ".csv": "CSV",
    ".json": "JSON",
    ".jsonl": "JSONL",
    ".ndjson": "JSONL",
    ".parquet": "Parquet",
    ".tsv": "TSV",
    ".yaml": "YAML",
    ".yml": "YAML",
}
SNAPSHOT = frozenset({"snapshot", "rows_digest"})  # what the header of a snapshot always holds
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
    embedder: str = LEXICAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """An audit, and what was wrong with single rows on the way."""

    audit: Audit
    warnings: tuple[Diagnostic, ...]


@dataclass(slots=True)
class _Table:
    """Rows of one file under the names that its form gives them; a class because rows are counted on the way."""

    form: str
    rows: Iterable[RawRow]
    repeats: int = 0


def audit_files(asked: Asked, step: Step) -> Audited:
    """Read the files of an audit and take it; a file without a single row that can be read is an error."""
    embed = _embed(asked, step)
    catalog = load_catalog()
    families = family_table()
    classify = classifier(asked.told, lambda name: place(name, families) is not None)
    warnings: list[Diagnostic] = []
    file: AuditFile | None = _file(asked.path, asked.told, catalog, classify, warnings, step)
    seeds = trained = None
    if asked.seeds is not None:
        told = Told(text=asked.seeds_text)
        seeds = _file(asked.seeds, told, catalog, classify, warnings, step)
    if asked.training is not None:
        told = Told(text=asked.training_text, label="none", origin="none", verified="none", choices="none")
        trained = _file(asked.training, told, catalog, classify, warnings, step)
    file, seeds, trained = _told_apart((asked.path, file), (asked.seeds, seeds), (asked.training, trained))
    assert file is not None
    found = audit(
        file,
        Beneath(
            seeds=seeds,
            training=trained,
            firewall=_firewall(trained, step) if trained is not None else None,
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
        raise EvalspecError([replace(_problem("X503", message, asked.path, hint), exit=Exit.ENVIRONMENT)])
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
    path: str, told: Told, catalog: Catalog, classify: Classify, warnings: list[Diagnostic], step: Step
) -> AuditFile:
    """Read one file; single rows that cannot be read are warnings, a file without others is an error."""
    problems, counts = RowProblems(path), Counts()
    table = _table(path, catalog, problems)
    raws = list(islice(_counted(table.rows, step), MOST_ROWS + 1))
    unread = len(raws) > MOST_ROWS
    if unread:
        raws = raws[:MOST_ROWS]
        message = f"only the first {MOST_ROWS:,} rows are read"
        problems.add("A806", message, severity="warning", hint="Sample the file by a digest of the text.")
    if not raws:
        problems.raise_errors()
        raise EvalspecError([_problem("A803", "the file holds no rows", path)])
    fields = _fields(path, raws, told, classify)
    rows = read_audit_rows(raws, fields, problems, counts)
    refused = counts.refused + len(problems.found) + problems.unshown
    if not rows:
        problems.raise_errors()
        hint = "`--text COLUMN` names where the text stands, for the other files `--seeds-text` and `--training-text`."
        message = f"none of the {len(raws):,} rows has a user's text in `{fields.text}`"
        raise EvalspecError([_problem("A803", message, path, hint), *problems.warnings[:SHOWN_REASONS]])
    warnings += [replace(one, severity="warning") for one in problems.found] + problems.warnings
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


def _counted(rows: Iterable[RawRow], step: Step) -> Iterator[RawRow]:
    for at, row in enumerate(rows):
        if at and at % 20_000 == 0:
            step("read", at, MOST_ROWS)
        yield row


def _fields(path: str, raws: Sequence[RawRow], told: Told, classify: Classify) -> AuditFields:
    try:
        fields = guess_fields(raws, told, classify)
    except NoColumn as problem:
        guess = closest(problem.column, problem.known)
        hint = f"Did you mean `{guess}`?" if guess else f"Columns: {_listed(problem.known)}."
        message = f"`{problem.flag} {problem.column}`: no row has this column"
        raise EvalspecError([_problem("A802", message, path, hint)]) from problem
    if fields is None:
        columns = list(dict.fromkeys(name for one in raws[:GUESSED_FROM] for name in flattened(one.values)))
        hint = f"Say `--text COLUMN`; columns: {_listed(columns)}."
        raise EvalspecError([_problem("A801", "no column looks like what a user asks", path, hint)])
    return fields


def _listed(names: Sequence[str], most: int = 20) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(f"`{one[:60]}`" for one in names[:most]) + more


def _problem(code: str, message: str, path: str, hint: str | None = None) -> Diagnostic:
    return Diagnostic(code=code, severity="error", message=message, path=path, hint=hint, exit=Exit.INVALID)


def _table(path: str, catalog: Catalog, problems: RowProblems) -> _Table:
    """Open a file: rows as they are, or as the reader of a runner's form gives them."""
    suffix = os.path.splitext(path)[1].lower()
    form = FORMS.get(suffix, suffix)
    if suffix in YAML:
        return _document(path, _yaml(path), form, catalog)
    if suffix == ".eval":
        hint = "`inspect log dump FILE.eval > FILE.json` writes it as JSON."
        raise EvalspecError([_problem("A805", "this is a packed log of Inspect AI", path, hint)])
    if suffix == ".json":
        value = read_document(path, problems, is_log=True)
        problems.raise_errors()
        return _document(path, value, form, catalog)
    if suffix not in READERS:
        known = ", ".join(f"`{one}`" for one in sorted({*READERS, *YAML}))
        raise EvalspecError(
            [_problem("I300", f"`{suffix or path}` is not a kind of file that is read", path, f"Known: {known}.")]
        )
    rows = read_rows(path, problems)
    first = next(rows, None)
    if first is not None and first.values.keys() >= SNAPSHOT:  # its first line describes the others
        form, first = "evalspec snapshot", next(rows, None)
    if first is None:
        return _Table(form, ())
    return _adapted(form, _chained(first, rows), first.values, catalog)


def _yaml(path: str) -> object:
    text = read_text(path, limit=MAX_YAML_BYTES)
    return parse_data(SourceFile(path=path, text=text), limit=MAX_YAML_BYTES).data


def _chained(first: RawRow, rest: Iterable[RawRow]) -> Iterator[RawRow]:
    yield first
    yield from rest


def _document(path: str, value: object, form: str, catalog: Catalog) -> _Table:
    if isinstance(value, list):
        rows = [RawRow(line=at, values=one) for at, one in enumerate(value, start=1) if isinstance(one, Mapping)]
        if len(rows) < len(value):
            message = f"{len(value) - len(rows):,} of {len(value):,} entries of the array are no objects"
            raise EvalspecError([_problem("I304", message, path)])
        return _adapted(form, rows, rows[0].values, catalog) if rows else _Table(form, ())
    reader = _reader(value, catalog)
    if reader is None:
        tests = value.get("tests") if isinstance(value, Mapping) else None
        hint = "Rows stand in a JSON array, JSONL, CSV, TSV or Parquet."
        if isinstance(tests, str):
            hint = f"The tests of this config stand in `{tests[:200]}`: audit that file."
        elif isinstance(value, Mapping) and (names := [name for name, one in value.items() if isinstance(one, list)]):
            hint = f"If the rows are the list `{str(names[0])[:60]}`, save that list as a file of its own."
        raise EvalspecError([_problem("A805", "no runner is known that writes this object", path, hint)])
    found = tuple(reader.function(value))
    raws = [RawRow(line=at, values=one) for at, one in enumerate(found, start=1)]
    return _once(str(reader.traits["title"]), raws, reader)


def _adapted(form: str, rows: Iterable[RawRow], first: Mapping[str, object], catalog: Catalog) -> _Table:
    reader = _reader(first, catalog)
    if reader is None:
        return _Table(form, rows)
    adapted = (
        RawRow(line=raw.line, values=one)
        for raw in rows
        for one in (reader.function(raw.values) if reader.traits["recognises"](raw.values) else (raw.values,))
    )
    return _once(str(reader.traits["title"]), adapted, reader)


def _once(form: str, rows: Iterable[RawRow], reader: Member) -> _Table:
    """Keep the first of several rows about one case, where a form has them: epochs, filters, providers."""
    table = _Table(form, rows)
    if not reader.traits["repeats"]:
        return table

    def first_ones() -> Iterator[RawRow]:
        seen: set[str] = set()
        for raw in rows:
            key = repr({name: raw.values[name] for name in sorted(raw.values) if not name.startswith("metadata.")})
            if key in seen:
                table.repeats += 1
            else:
                seen.add(key)
                yield raw

    table.rows = first_ones()
    return table


def _reader(value: object, catalog: Catalog) -> Member | None:
    return next((one for one in catalog.all("reader") if one.traits["recognises"](value)), None)
