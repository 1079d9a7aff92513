"""Ways to break a file: bytes, tokens and lines of its text, and keys and values of its data."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import yaml
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

LOADER, DUMPER = getattr(yaml, "CSafeLoader", yaml.SafeLoader), getattr(yaml, "CSafeDumper", yaml.SafeDumper)
DEEP = 500  # brackets

# What readers of YAML and JSON have stumbled over: tags, anchors, dates, numbers, marks of tools, hidden signs.
TOKENS: tuple[str, ...] = (
    *("!!python/object/apply:os.system [id]", "!!int ''", "!!bool x", "!!timestamp x", "!include a", "!!set", "!x"),
    *("&a", "*a", "<<: {a: 1}", "<<", "? ", "- ", "---\n", "...\n", "%YAML 1.2\n", "|", ">", "|-", "|9", "@", "`", "%"),
    *(
        "{",
        "}",
        "[",
        "]",
        "{{ x }}",
        "{% x %}",
        "}}",
        ",",
        ": ",
        ":",
        "#",
        "'",
        '"',
        "''",
        '""',
        "\\",
        "\\u0000",
        "\\x",
    ),
    *("null", "~", "yes", "on", "no", "true", "True", ".nan", ".inf", "-.inf", "NaN", "Infinity", "-Infinity", "-0"),
    *("0", "-1", "1", "2", "0.5", "1e999", "1e-999", "1_000", "0x1F", "0o17", "1:30", "9" * 19, "9" * 41, "9" * 5000),
    *("2024-13-45", "2024-02-30", "2024-01-01T00:00:00Z", "0000-00-00", "99999-01-01"),
    *("\t", "\r", "\n", "\n\n", "  ", " ", "\x00", "\x1b[31m", "\x1b]0;x\x07", "\x7f", "\x85", "\u2028", "\u2029"),
    *("\u202e", "\u200b", "\u200d", "\ufeff", "\U000e0041", "\ufffe", "e\u0301" * 40, "ſ", "İ", "ß", "ﬁ", "\U0001f9d1"),
    *("<<<<<<< HEAD\n", "=======\n", "::error::x", "##[error]x", "=HYPERLINK(1)", "<script>", "$(id)", "%s%n", "{0}"),
    *("../../../etc/passwd", "/dev/zero", "/etc/hostname", "~", "a/" * 200, "x" * 300, "CON", "a\\b", "file:///etc"),
    *("__class__", "constructor", "__proto__", "id", "input", "expected", "seed", "all", "pool", "version", "extends"),
    *("(a+)+$", "(", "[", "\\", "{1,99999}", "(?P<n", "^(.*)*$", "", "[" * 40, "{" * 40, "[" * 400, '{"a":' * 400),
)
RARE_TOKENS = ("[" * 30_000, '{"a":' * 30_000, "- " * 20_000, "a" * 300_000, "k: 1\n" * 20_000, "\u0301" * 100_000)
WELL_FORMED = 0.4  # of the tries on data
RARE = 0.004  # of the token edits: a large one costs a hundred small ones

_TOKEN = re.compile(r"\s+|\w+|[^\w\s]", re.UNICODE)
Dice = random.Random


@dataclass(frozen=True)
class Stock:
    """What edits put in: odd values by kind, and what stands under a key in the files of the same kind."""

    odd: Mapping[str, Sequence[Any]]
    by_key: Mapping[str, Sequence[Any]]


def values_by_key(files: Iterable[bytes]) -> dict[str, list[Any]]:
    """Collect what stands under each key anywhere in some YAML files."""
    found: dict[str, list[Any]] = {}
    for raw in files:
        with suppress(yaml.YAMLError, ValueError):
            for holder, key in _places(yaml.safe_load(raw)):
                if isinstance(holder, dict):
                    found.setdefault(str(key), []).append(holder[key])
    return found


def odd_values(number: int, examples: int = 150) -> dict[str, list[Any]]:
    """Draw JSON values that are well typed and odd, by kind; the same for the same number."""
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    inner = st.recursive(
        scalars,
        lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3),
        max_leaves=8,
    )
    names = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
    paths = st.lists(st.sampled_from(["..", ".", "a", "small", "*", "~", "", "é", "x.yaml", "y.jsonl"]), max_size=4)
    dates = st.dates().map(str) | st.datetimes().map(str) | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", fullmatch=True)
    strategies: dict[str, st.SearchStrategy[Any]] = {
        "text": st.one_of(st.text(max_size=60), st.sampled_from(TOKENS), names, paths.map("/".join), dates),
        "integer": st.integers()
        | st.integers(-3, 200)
        | st.integers(0, 9)
        | st.sampled_from([10**18, 10**39, 2**31, 2**63, -(2**63)]),
        "number": st.floats() | st.floats(-1.5, 1.5) | st.sampled_from([5e-324, 1e308, -0.0, 1.0000000000000002]),
        "flag": st.booleans(),
        "list": st.lists(inner, max_size=6) | st.lists(names, max_size=6),
        "mapping": st.dictionaries(st.text(max_size=6) | names, inner, max_size=5),
        "null": st.none(),
    }
    return {kind: _drawn(strategy, number, examples) for kind, strategy in strategies.items()}


def _drawn(strategy: st.SearchStrategy[Any], number: int, examples: int) -> list[Any]:
    """Let hypothesis look for examples of a strategy and keep those it tried."""
    found: list[Any] = []

    @seed(number)
    @settings(max_examples=examples, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(strategy)
    def keep(value: Any) -> None:
        found.append(value)

    keep()
    return found


def mutate(dice: Dice, raw: bytes, kind: str, stock: Stock, others: Sequence[bytes]) -> bytes:
    """Return a broken copy of a file of one kind (yaml, json, jsonl, csv, md): one to four edits of one sort.

    `others` are files to splice from. Most edits are small, since a small one gets furthest into a program; many leave
    the file data, and change one place of it.
    """
    is_data = kind in ("yaml", "json", "jsonl")
    if is_data and dice.random() < WELL_FORMED:
        return _data_edit(dice, raw, kind, stock)
    edits = dice.choices((1, 2, 3, 4), (60, 20, 12, 8))[0]
    sorts: list[Callable[[bytes], bytes]] = [
        lambda one: _bytes_edit(dice, one),
        lambda one: _token_edit(dice, one, others),
        lambda one: _line_edit(dice, one, others),
    ]
    weights = [12, 30, 18]
    if is_data:
        sorts.append(lambda one: _data_edit(dice, one, kind, stock))
        weights.append(60)
    for _ in range(edits):
        raw = dice.choices(sorts, weights)[0](raw)
    return raw


def _bytes_edit(dice: Dice, raw: bytes) -> bytes:
    """Flip, put in, take out, cut off or double bytes."""
    at = dice.randrange(len(raw) + 1)
    match dice.randrange(6):
        case 0 if at < len(raw):
            return raw[:at] + bytes([raw[at] ^ (1 << dice.randrange(8))]) + raw[at + 1 :]
        case 1:
            return raw[:at] + dice.randbytes(dice.randint(1, 4)) + raw[at:]
        case 2:
            return raw[:at] + raw[at + dice.randint(1, 20) :]
        case 3:
            return raw[:at]
        case 4:
            bad = (
                b"\xff\xfe",
                b"\xed\xa0\x80",
                b"\xc0\xaf",
                b"\x1f\x8b",
                b"\xef\xbb\xbf",
                b"\r\n",
                b"\x00",
                b"\x80\x04",
            )
            return (raw[:at] if dice.random() < 0.8 else b"") + dice.choice(bad) + raw[at:]
        case _:
            return raw.replace(b"\n", b"\r\n") if dice.random() < 0.1 else raw + raw[at : at + 40]


def _token_edit(dice: Dice, raw: bytes, others: Sequence[bytes]) -> bytes:
    """Put in, take out, double, swap or replace a token, or splice in some of another file."""
    tokens = _TOKEN.findall(raw.decode("utf-8", "surrogateescape"))
    if not tokens:
        return dice.choice(TOKENS).encode("utf-8")
    at = dice.randrange(len(tokens))
    match dice.randrange(6):
        case 0:
            tokens.insert(at, dice.choice(RARE_TOKENS if dice.random() < RARE else TOKENS))
        case 1:
            del tokens[at : at + dice.choice((1, 1, 1, 2, 8))]
        case 2:
            tokens[at:at] = tokens[at : at + dice.choice((1, 1, 3, 9))]
        case 3:
            other = dice.randrange(len(tokens))
            tokens[at], tokens[other] = tokens[other], tokens[at]
        case 4:
            tokens[at] = dice.choice(TOKENS)
        case _:
            taken = _TOKEN.findall(dice.choice(others).decode("utf-8", "surrogateescape"))
            start = dice.randrange(len(taken) or 1)
            tokens[at : at + dice.randrange(4)] = taken[start : start + dice.randint(1, 12)]
    return "".join(tokens).encode("utf-8", "surrogateescape")


def _line_edit(dice: Dice, raw: bytes, others: Sequence[bytes]) -> bytes:
    """Swap, double, take out, move, indent or join lines, or take one of another file."""
    lines = raw.split(b"\n")
    at, other = dice.randrange(len(lines)), dice.randrange(len(lines))
    match dice.randrange(8):
        case 0 | 1:
            lines[at], lines[other] = lines[other], lines[at]
        case 2:
            lines.insert(other, lines[at])
        case 3:
            del lines[at : at + dice.choice((1, 1, 1, 4))]
        case 4:
            lines.insert(other, lines.pop(at))
        case 5:
            lines[at] = dice.choice((b" ", b"  ", b"\t", b"- ", b"# ")) + lines[at]
        case 6:
            lines[at] = lines[at].strip() + b" " + (lines.pop(at + 1) if at + 1 < len(lines) else b"")
        case _:
            lines.insert(at, dice.choice(dice.choice(others).split(b"\n")))
    return b"\n".join(lines)


def _loaded(raw: bytes) -> Any:
    """Return the plain data of a YAML text: by libyaml, but for nesting that would end a parser that recurses."""
    return yaml.load(raw, Loader=yaml.SafeLoader if raw.count(b"[") + raw.count(b"{") > DEEP else LOADER)


def _data_edit(dice: Dice, raw: bytes, kind: str, stock: Stock) -> bytes:
    """Change keys and values of the data; a text that is not data any more is left as it is."""
    try:
        if kind == "jsonl":
            lines = raw.decode().split("\n")
            at = dice.randrange(len([line for line in lines if line]) or 1)
            lines[at] = _json(dice, changed(dice, json.loads(lines[at]), stock))
            return "\n".join(lines).encode("utf-8", "surrogatepass")
        data = json.loads(raw) if kind == "json" else _loaded(raw)
        made = changed(dice, data, stock)
        if kind == "json":
            return _json(dice, made, indent=dice.choice((None, 1))).encode("utf-8", "surrogatepass")
        if dice.random() < 0.2:  # JSON is YAML as well, with escapes of its own
            return _json(dice, made).encode("utf-8", "surrogatepass")
        return str(yaml.dump(made, Dumper=DUMPER, sort_keys=False, allow_unicode=True)).encode("utf-8", "surrogatepass")
    except (ValueError, LookupError, yaml.YAMLError, AttributeError, TypeError, RecursionError):
        return raw


def _json(dice: Dice, value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=dice.random() < 0.5, indent=indent)


def changed(dice: Dice, data: Any, stock: Stock) -> Any:
    """Return a copy with one place of it changed: another value of its type, another type, moved, doubled or gone."""
    data, odd = copy.deepcopy(data), stock.odd
    places = list(_places(data))
    if not places:
        return dice.choice(odd[dice.choice(sorted(odd))])
    holder, key = dice.choice(places)
    value = holder[key]
    match dice.randrange(18):
        case 12 | 13 | 14 | 15 | 16 | 17 if known := stock.by_key.get(str(key)):
            holder[key] = copy.deepcopy(dice.choice(known))
        case 0 | 1 | 2 | 3:
            holder[key] = dice.choice(odd[_kind(value)])
        case 4 | 5:
            holder[key] = dice.choice(odd[dice.choice(sorted(odd))])
        case 6:
            del holder[key]
        case 7:
            donor, name = dice.choice(places)
            holder[key] = copy.deepcopy(donor[name])
        case 8:
            holder[key] = [value] if dice.random() < 0.5 else {str(dice.choice(odd["text"])): value}
        case 9:
            empty: dict[type, Any] = {str: "", list: [], dict: {}}
            holder[key] = empty.get(type(value), 0)
        case 10 if isinstance(holder, dict):
            donor, name = dice.choice(places)
            spelled = str(name if dice.random() < 0.5 else dice.choice(odd["text"]))
            holder[spelled] = holder.pop(key) if dice.random() < 0.7 else copy.deepcopy(value)
        case _:
            if isinstance(holder, list):
                holder.insert(dice.randrange(len(holder) + 1), copy.deepcopy(value))
            else:
                holder[key] = str(value) if not isinstance(value, str) else dice.choice(odd["number"])
    return data


def _places(data: Any) -> Any:
    """Yield every (mapping or list, key or index) of the data."""
    keys = list(data) if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    for key in keys:
        yield data, key
        yield from _places(data[key])


def _kind(value: Any) -> str:
    names = {bool: "flag", int: "integer", float: "number", str: "text", list: "list", dict: "mapping"}
    return names.get(type(value), "null")
