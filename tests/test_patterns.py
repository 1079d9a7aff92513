"""Patterns that wait for their first use are right all the same: every one compiles, and none is lost on the way."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

import evalspec
from evalspec.text.patterns import _Pattern, lazy_pattern, lazy_unicode


def _patterns() -> Iterator[tuple[str, _Pattern]]:
    """Every lazy pattern that stands in a module, also in tuples and tables."""
    for module in pkgutil.walk_packages(evalspec.__path__, "evalspec."):
        if module.name == "evalspec.__main__":
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            held = [value]
            while held:
                one = held.pop()
                if isinstance(one, _Pattern):
                    yield f"{module.name}.{name}", one
                elif isinstance(one, tuple | list):
                    held += one
                elif isinstance(one, dict):
                    held += one.values()


def test_every_pattern_of_the_package_compiles() -> None:
    found = list(_patterns())
    assert len(found) > 200
    for name, one in found:
        assert one.flags is not None, name


def test_a_lazy_pattern_does_what_the_compiled_one_does() -> None:
    lazy, eager = lazy_pattern(r"(\d)(?P<rest>\w*)", re.IGNORECASE), re.compile(r"(\d)(?P<rest>\w*)", re.IGNORECASE)
    text = "a 1b 22 ccc 3"
    assert [one.span() for one in lazy.finditer(text)] == [one.span() for one in eager.finditer(text)]
    assert lazy.sub("x", text) == eager.sub("x", text)
    assert lazy.split(text) == eager.split(text)
    assert (lazy.pattern, lazy.flags, lazy.groups, lazy.groupindex) == (
        eager.pattern,
        eager.flags,
        eager.groups,
        eager.groupindex,
    )
    assert lazy_unicode(r"\p{Lu}+").findall("ABC d É") == ["ABC", "É"]


def test_a_wrong_pattern_is_an_error_at_its_first_use() -> None:
    wrong = lazy_pattern("(")
    with pytest.raises(re.error):
        wrong.search("x")


def test_importing_the_catalogue_compiles_no_pattern_of_its_own() -> None:
    line = (
        "import re, sys; seen = []; compile = re.compile\n"
        "def count(text, flags=0):\n"
        "    seen.append(sys._getframe(1).f_globals['__name__']); return compile(text, flags)\n"
        "re.compile = count\n"
        "from evalspec.catalog import load_catalog; load_catalog()\n"
        "print([one for one in seen if one.startswith('evalspec.')])"
    )
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
