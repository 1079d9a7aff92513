"""Diagnostic codes of audits: sets that evalspec did not build, in whatever form they stand."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

AUDIT: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "A801": (
            "no column looks like a text",
            "What a user asks stands in no column that was found by its name, and none looks like prose. `--text "
            "COLUMN` names it; dots go into objects, as in `doc.question`.",
        ),
        "A802": (
            "no such column",
            "A flag names a column that no row has. Columns of nested objects are written with dots; `none` says "
            "that there is no such column.",
        ),
        "A803": (
            "nothing to audit",
            "No row of the file has a text that a user wrote. The rows may be empty, or every one of them could not "
            "be read, or the column is not the one that was meant: `--text COLUMN` names another.",
        ),
        "A804": (
            "row cannot be read",
            "The row is left out of every figure, and counted. A text is a string, a list of strings, or a "
            "conversation of messages with a role and a content.",
        ),
        "A805": (
            "not the form of any runner",
            "The file is one object or a YAML file, and not a config or result of promptfoo, a test run of DeepEval, "
            "a log of Inspect AI or a lock of evalspec. Rows stand in JSONL, a JSON array, CSV, TSV or Parquet.",
        ),
        "A806": (
            "more rows than are read",
            "An audit reads at most 200,000 rows of a file, the first ones. Sample larger files yourself, by a digest "
            "of the text, so that the sample does not depend on the order of the rows.",
        ),
        "A807": (
            "a finding of the audit",
            "A figure is past its bound. The bounds are those of a launch gate; docs/measures.md says what each means, "
            "and the audit says what to do first. Only `--fail-on` makes a finding fail the command.",
        ),
    }
)
