"""promptfoo: the tests of a config, single tests, generated red-team files, and the results of a run."""

from __future__ import annotations

from collections.abc import Mapping

from evalspec.catalog.result_readers.reading import mapping, objects
from evalspec.registry import reader

# Assertions whose value is what a good answer says.
_SAYS = ("equals", "contains", "icontains", "starts-with", "similar", "factuality", "regex", "is-json", "llm-rubric")


def is_config(value: object) -> bool:
    """Tell a config or a file of generated tests by its list of tests."""
    return isinstance(value, Mapping) and isinstance(value.get("tests"), list) and "samples" not in value


def is_test(value: object) -> bool:
    """Tell one test case: variables, with what promptfoo keeps beside them."""
    return isinstance(value, Mapping) and isinstance(value.get("vars"), Mapping) and not is_result(value)


def is_table(value: object) -> bool:
    """Tell a row of a table of tests by the names that promptfoo gives to what is no variable."""
    return isinstance(value, Mapping) and any(str(name).startswith(("__expected", "__metadata:")) for name in value)


def is_result(value: object) -> bool:
    """Tell one result of a run."""
    return isinstance(value, Mapping) and "testCase" in value and ("success" in value or "gradingResult" in value)


def is_run(value: object) -> bool:
    """Tell the output of `promptfoo eval -o out.json`."""
    results = mapping(mapping(value).get("results"))
    return isinstance(results.get("results"), list)


@reader("promptfoo", version=1, title="promptfoo tests", recognises=is_config)
def promptfoo(value: Mapping[str, object]) -> tuple[Mapping[str, object], ...]:
    """Read the tests of a config; what `defaultTest` sets stands in every one."""
    default = mapping(value.get("defaultTest"))
    tests = [one for one in objects(value.get("tests")) if one]
    is_redteam = any("pluginId" in mapping(one.get("metadata")) for one in tests)
    return tuple(_row(one, default, is_redteam=is_redteam) for one in tests)


@reader("promptfoo_test", version=1, title="promptfoo tests", recognises=is_test)
def promptfoo_test(value: Mapping[str, object]) -> tuple[Mapping[str, object], ...]:
    """Read one test of a file of tests, one a line."""
    return (_row(value, {}, is_redteam=False),)


@reader("promptfoo_table", version=1, title="promptfoo tests", recognises=is_table)
def promptfoo_table(value: Mapping[str, object]) -> tuple[Mapping[str, object], ...]:
    """Read one row of a CSV of tests: `__expected` is an assertion, `equals:` if nothing stands before its value."""
    row = {name: one for name, one in value.items() if not name.startswith("__")}
    said = value.get("__expected", value.get("__expected1"))
    if isinstance(said, str) and said and "expected" not in row:
        kind, colon, rest = said.partition(":")
        if not colon or kind.strip() in _SAYS:
            row["expected"] = (rest if colon else said).strip()
    start = "__metadata:"
    return (row | {f"metadata.{name[len(start) :]}": one for name, one in value.items() if name.startswith(start)},)


@reader("promptfoo_run", version=1, title="promptfoo results", recognises=is_run, repeats=True)
def promptfoo_run(value: Mapping[str, object]) -> tuple[Mapping[str, object], ...]:
    """Read the tests behind the results of a run, each once whatever its providers and prompts."""
    found = [one for one in objects(mapping(value.get("results")).get("results")) if one]
    return tuple(row for one in found for row in promptfoo_result(one))


@reader("promptfoo_result", version=1, title="promptfoo results", recognises=is_result, repeats=True)
def promptfoo_result(value: Mapping[str, object]) -> tuple[Mapping[str, object], ...]:
    """Read the test behind one result."""
    test = mapping(value.get("testCase"))
    shown = test if mapping(test.get("vars")) else {**test, "vars": mapping(value.get("vars"))}
    return (_row(shown, {}, is_redteam=False),)


def _row(test: Mapping[str, object], default: Mapping[str, object], *, is_redteam: bool) -> Mapping[str, object]:
    metadata = {**mapping(default.get("metadata")), **mapping(test.get("metadata"))}
    row: dict[str, object] = {**mapping(default.get("vars")), **mapping(test.get("vars"))}
    expected = _expected(test)
    if expected is not None and "expected" not in row:
        row["expected"] = expected
    if (is_redteam or "pluginId" in metadata) and "origin" not in row:
        row["origin"] = "synthetic: promptfoo red team"
    return row | {f"metadata.{name}": one for name, one in metadata.items()}


def _expected(test: Mapping[str, object]) -> str | None:
    for one in objects(test.get("assert")):
        value = one.get("value")
        if one.get("type") in _SAYS and isinstance(value, str | int | float) and not isinstance(value, bool):
            return str(value)
    return None
