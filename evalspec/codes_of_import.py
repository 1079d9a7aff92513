"""Diagnostic codes of rows: raw data at import, snapshots, and plain files of golden rows and anchors."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_ROWS: dict[str, tuple[str, str]] = {
    "I300": (
        "kind of file",
        "Raw data is read from `.jsonl`, `.ndjson`, `.json` (an array), `.csv`, `.tsv` and, with the extra `data`, "
        "`.parquet`. Name the file by what it holds.",
    ),
    "I301": (
        "no snapshot",
        "The spec names a source whose file is not there. `evalspec import SPEC SOURCE --from PATH` makes it from raw "
        "data; golden rows and anchors may be written by hand.",
    ),
    "I302": (
        "not the file it says",
        "The bytes are those of an archive, another encoding or a program. Pickles are never loaded: they run code.",
    ),
    "I303": (
        "not JSON",
        "One JSON object stands on each line. NaN, duplicate keys, half surrogate pairs and numbers of over 40 digits "
        "are no JSON here, whatever some programs accept.",
    ),
    "I304": ("no object", "A row is an object: column to value. A JSON array of rows is read from `.json`."),
    "I305": ("row too large", "A row is at most 1 MiB. What is longer is an attachment and no message."),
    "I306": ("not UTF-8", "Rows are UTF-8. Export again in that encoding, or convert with `iconv`."),
    "I307": (
        "not CSV",
        "The first line names the columns, each once; every row has as many cells. Quotes are doubled inside quotes.",
    ),
    "I308": ("no rows", "The file is empty, or only its first line is there."),
    "I309": (
        "column not found",
        "`fields` of the source names a column that no row has. The columns found are listed with the message.",
    ),
    "I310": (
        "value that cannot be used",
        "A row holds a value that its field does not take: a label that the task does not know, a message without a "
        "role, a number that is none. Mend the data, the mapping, or `task.expected`.",
    ),
    "I311": (
        "id stands twice",
        "Two rows with different contents have one id, as written or after Unicode normalisation (NFC). Case ids and "
        "decisions hang on it, so it must name one row.",
    ),
    "I312": ("no user's text", "A golden row or an anchor without a word of the user says nothing."),
    "I313": (
        "column not read",
        "What is not mapped never enters. Map the column in `fields`, or leave it: only a snapshot must not have it.",
    ),
    "I314": (
        "answer already said",
        "Earlier messages of the assistant already make the expected call or speak the expected label, so the case "
        "gives its answer away. Name the column that says where to cut: `fields: {cut: COLUMN}`.",
    ),
    "I315": (
        "id that names no row",
        "The raw data has a column `id` that stands on several rows. Nobody mapped it, so it is left out; a mapped one "
        "would be refused.",
    ),
    "I316": (
        "ids that differ by case alone",
        "Two rows written by hand have ids that are one to a reader, and to a file system that ignores case. Often one "
        "row is the copy of the other. Rename one of them.",
    ),
    "I320": (
        "not a snapshot",
        "Only golden rows and anchors may be plain files. Others enter by `evalspec import SPEC SOURCE --from PATH`, "
        "which samples and scrubs them.",
    ),
    "I321": ("header of another snapshot", "The first line says which source the file belongs to. Import again."),
    "I322": (
        "stale snapshot",
        "`fields`, `speakers`, `sample`, `pii` or `task.turns` have changed since the import, so the file is not what "
        "the spec says it is. Import again; picks that both rules share stay.",
    ),
    "I323": ("not a training row", "A training snapshot holds digests and no texts. Import it again."),
    "I324": (
        "nothing to import",
        "Documents are read as they stand in git. `import` is for all other kinds of sources.",
    ),
    "I325": (
        "nothing may enter",
        "All rows were refused: for personal data under `pii: block`, or for want of a user's text.",
    ),
    "I326": ("no such source", "`import` fills a source that the spec declares under `sources`."),
    "I327": (
        "vectors that nothing reads",
        "`import --embedder NAME` keeps vectors beside the digests of training texts or known attacks, and a build "
        "reads them where its spec names the same embedder. Other sources keep their texts, which a build embeds "
        "itself.",
    ),
    "I330": (
        "personal data in git",
        "A file that a build reads holds personal data or a secret that its source does not allow. The value is never "
        "shown. Import again with `pii: redact`; revoke a key that was committed; `pii: allow` says it is invented.",
    ),
    "I340": (
        "nothing to start from",
        "`init` found no column that reads like users' messages. Say which it is: `--input COLUMN`.",
    ),
}

IMPORT: Mapping[str, tuple[str, str]] = MappingProxyType(_ROWS)
