"""Paths and patterns that a spec may hold, and those that are refused before anything is opened or matched."""

from __future__ import annotations

import pytest

from evalspec.stages.resolving.paths import path_problem
from evalspec.stages.resolving.patterns import pattern_problem


@pytest.mark.parametrize("path", ["a.md", "desk/system.md", "a b/c.md", "desk/über.md", "a.b/c..d.md"])
def test_paths_inside_the_folder_are_taken(path: str) -> None:
    assert path_problem(path) is None


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("/etc/passwd", "absolute"),
        ("~/x", "absolute"),
        ("../x", "leaves"),
        ("a/../../x", "leaves"),
        ("a/..", "leaves"),
        ("a\\b", "backslash"),
        ("C:/x", "no path"),
        ("https://example.org/x", "no path"),
        ("a\0b", "control character"),
        ("a\nb", "control character"),
        ("-x", "starts with"),
        ("a//b", "empty part"),
        ("./a", "empty part"),
        ("a/", "empty part"),
        ("x" * 201, "longer than 200"),
        ("*.md", "one file is meant"),
    ],
)
def test_paths_that_lead_elsewhere_are_refused(path: str, problem: str) -> None:
    assert problem in (path_problem(path) or "")


@pytest.mark.parametrize(
    ("path", "taken"),
    [("manual/*.md", True), ("*.md", True), ("manual/x-*.md", True), ("*/x.md", False), ("manual/**", False)],
)
def test_a_star_matches_inside_one_folder(path: str, taken: bool) -> None:
    assert (path_problem(path, glob=True) is None) == taken


@pytest.mark.parametrize(
    "pattern",
    [
        "[0-9]{4,6}",
        r"\d+",
        r"[A-Z]{2}-[0-9]+",
        r"(?:RMA|SO)-[0-9]{6}",
        r"([0-9]{4}-){3}[0-9]{4}",
        r"#?[0-9]+",
        r"[]a]+",
        r"a{,3}b",
        r"\(x\)+",
    ],
)
def test_patterns_of_plain_pieces_are_taken(pattern: str) -> None:
    assert pattern_problem(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("(a+)+", "repeats a group"),
        ("(a|a)*", "repeats a group"),
        ("((a+)b)+", "repeats a group"),
        ("(?:a?){30}a{30}", "repeats a group"),
        ("(", "no regular expression"),
        ("[z-a]", "no regular expression"),
        ("[[a]", "no regular expression"),  # a set inside a set in other dialects
        ("a*", "matches the empty text"),
        ("(?=a)a", "more than groups"),
        ("(?i)a", "more than groups"),
        (r"(a)\1", "refers back"),
        ("a{2000}", "repeats more than 1000 times"),
        ("a" * 201, "longer than 200"),
    ],
)
def test_patterns_that_can_run_away_or_mean_other_things_are_refused(pattern: str, problem: str) -> None:
    assert problem in (pattern_problem(pattern) or "")
