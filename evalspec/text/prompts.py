"""Prompt templates: Jinja2 cut down to names, attributes, `for`, `if` and a few filters, with a cap on what comes out.

The sandbox of Jinja2 stops escapes, not a template that multiplies a string until memory ends; an allow-list of syntax
does both, and shows the problem before anything is rendered. What a list of syntax cannot bound is counted: rounds of
loops, and the length of what any filter returns, since `x|tojson|tojson` doubles at every step.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, nodes, pass_context
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from evalspec.text.prompt_error import PromptError

PROMPT_NAMES: tuple[str, ...] = ("task", "cell", "persona", "facts", "exemplars", "section", "language")
# What stands under the names that hold no list; a prompt that reads another field would fail at the first question.
PROMPT_FIELDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "task": ("instructions", "labels", "messages", "turns", "wants_expected"),
        "cell": ("id", "levels"),
        "persona": ("description", "style"),
    }
)
FILTERS: tuple[str, ...] = ("default", "first", "join", "last", "length", "lower", "tojson", "trim", "upper")
MAX_TEMPLATE = 64 * 1024  # characters of a template
MAX_PROMPT = 64 * 1024  # characters of a rendered prompt
MAX_LOOPS = 3  # loops inside each other
MAX_ROUNDS = 1_000  # of all loops together; a prompt goes through a cell's facts and 40 exemplars
MAX_NODES = 1_000  # of syntax; rounds times nodes bound the time, to seconds
MAX_DEPTH = 30  # Python compiles 100 levels of blocks and parses some more of brackets
LOOP: tuple[str, ...] = ("first", "index", "index0", "last", "length")
_FIELDS: Mapping[str, tuple[str, ...]] = MappingProxyType({**PROMPT_FIELDS, "loop": LOOP})
_COUNTED = "counted "  # the name of a filter, and of the count it keeps to, that no template can spell
KEPT = 64  # templates whose check and code are kept: one stands behind thousands of prompts
_NOT_READ = (RecursionError, ValueError, OverflowError, MemoryError)  # of Jinja's parser, on brackets and long numbers

_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Const,
    nodes.For,
    nodes.If,
    nodes.Filter,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.CondExpr,
    nodes.Keyword,
)


@functools.lru_cache(maxsize=KEPT)
def problems_in_prompt(text: str) -> tuple[str, ...]:
    """Return what is wrong with a template, each as one sentence; nothing when it may be used."""
    if len(text) > MAX_TEMPLATE:
        return (f"the template has {len(text):,} characters; at most {MAX_TEMPLATE:,} are read",)
    try:
        tree = _environment().parse(text)
    except TemplateError as error:
        return (f"line {getattr(error, 'lineno', 1)}: {error.message or error}",)
    except _NOT_READ:
        return ("the template nests too deep, or holds a number that is too long",)
    if too_much := _size_problem(tree):
        return (too_much,)
    return tuple(dict.fromkeys(_problems(tree, frozenset(PROMPT_NAMES), 0)))


def render_prompt(text: str, names: Mapping[str, object]) -> str:
    """Render an allowed template with plain data under the known names; what is missing is an error."""
    if problems := problems_in_prompt(text):
        raise PromptError("; ".join(problems))
    return render_own(text, names)


def render_own(text: str, names: Mapping[str, object]) -> str:
    """Render a template of this package, which may see other names than a spec's; the same bounds hold."""
    parts: list[str] = []
    size = 0
    try:
        for part in _compiled(text).generate({**names, _COUNTED: _counter()}):
            size += len(part)
            if size > MAX_PROMPT:
                raise PromptError(f"the prompt is longer than {MAX_PROMPT:,} characters")
            parts.append(part)
    except (TemplateError, TypeError, LookupError, *_NOT_READ) as error:
        raise PromptError(str(error)) from error
    return "".join(parts)


@functools.lru_cache(maxsize=KEPT)
def _compiled(text: str) -> Template:
    """Return a template whose loops count their rounds."""
    environment = _environment()
    tree = environment.parse(text)
    for loop in tuple(tree.find_all(nodes.For)):
        loop.iter = nodes.Filter(loop.iter, _COUNTED, [], [], None, None, lineno=loop.lineno)
        loop.iter.set_environment(environment)
    return environment.from_string(tree)


class _DataOnly(ImmutableSandboxedEnvironment):
    """Looks names up in mappings and lists and nowhere else: `x.upper` is no method but a key that is missing.

    A class because Jinja asks its environment for every attribute.
    """

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return the value under a key, or a fact of a loop."""
        if isinstance(obj, LoopContext) and attribute in LOOP:
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return the value under a key of a mapping or at a place of a list."""
        if isinstance(obj, Mapping) and argument in obj:
            return obj[argument]
        is_place = isinstance(obj, list | tuple) and isinstance(argument, int)
        if is_place and -len(obj) <= argument < len(obj):
            return obj[argument]
        return self.undefined(obj=obj, name=argument)


def _counter() -> Callable[[Any], list[Any]]:
    """Return what hands out the items of every loop of one rendering, until there were too many."""
    left = MAX_ROUNDS

    def counted(value: Any) -> list[Any]:
        nonlocal left
        if isinstance(value, str):
            raise PromptError("a loop goes through a list, and this is a text")
        items = list(value)
        left -= len(items) + 1
        if left < 0:
            raise PromptError(f"the loops of the prompt take more than {MAX_ROUNDS:,} rounds")
        return items

    return counted


@pass_context
def _counted(context: Context, value: Any) -> list[Any]:
    """Count a loop against the rounds of its own rendering."""
    found: list[Any] = context[_COUNTED](value)
    return found


def _join(value: Any, separator: str = "") -> str:
    """Join the texts of a list."""
    if isinstance(value, str):
        raise PromptError("`join` takes a list, and this is a text")
    parts, between = [str(one) for one in value], str(separator)
    if sum(map(len, parts)) + len(between) * len(parts) > MAX_PROMPT:
        raise PromptError(f"a joined text is longer than {MAX_PROMPT:,} characters")
    return between.join(parts)


def _capped(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that refuses to hand on a text longer than a prompt."""

    @functools.wraps(function)  # Jinja marks filters by attributes, which go along
    def capped(*args: Any, **options: Any) -> Any:
        found = function(*args, **options)
        if isinstance(found, str) and len(found) > MAX_PROMPT:
            raise PromptError(f"a filter returns a text longer than {MAX_PROMPT:,} characters")
        return found

    return capped


def _tojson(value: object) -> str:
    # The stock filter spells <, > and ' for HTML; a prompt is no page, and a model would copy the escapes.
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _environment() -> ImmutableSandboxedEnvironment:
    environment = _DataOnly(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False, trim_blocks=False)
    filters = {name: environment.filters[name] for name in FILTERS} | {"join": _join, "tojson": _tojson}
    environment.filters = {name: _capped(one) for name, one in filters.items()} | {_COUNTED: _counted}
    environment.globals = {}
    return environment


def _size_problem(tree: nodes.Template) -> str | None:
    waiting: list[tuple[nodes.Node, int]] = [(tree, 0)]
    count = 0
    while waiting:
        node, depth = waiting.pop()
        count += 1
        if depth > MAX_DEPTH:
            return f"line {node.lineno}: the template nests deeper than {MAX_DEPTH} levels"
        waiting += [(child, depth + 1) for child in node.iter_child_nodes()]
    return f"the template has {count:,} parts; at most {MAX_NODES:,} are read" if count > MAX_NODES else None


def _problems(node: nodes.Node, known: frozenset[str], loops: int) -> Iterator[str]:
    where = f"line {node.lineno}: "
    if not isinstance(node, _ALLOWED):
        yield where + f"`{type(node).__name__.lower()}` is not allowed in a prompt"
        return
    if isinstance(node, nodes.Name) and node.ctx == "load" and node.name == "loop" and "loop" in known:
        yield where + f"`loop` is asked for one of {', '.join(LOOP)}"
    elif isinstance(node, nodes.Name) and node.ctx == "load" and node.name not in known:
        yield where + f"a prompt has no `{node.name}`; it sees {', '.join(PROMPT_NAMES)}"
    if isinstance(node, nodes.Getattr | nodes.Getitem):
        yield from _key_problems(node, known, where)
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        yield where + f"no filter `{node.name}`; there are {', '.join(FILTERS)}"
    if isinstance(node, nodes.For):
        loops += 1
        known = known | _bound(node.target) | {"loop"}
        if node.recursive or loops > MAX_LOOPS:
            yield where + f"loops nest deeper than {MAX_LOOPS} or call themselves"
    for child in node.iter_child_nodes():
        is_asked = isinstance(node, nodes.Getattr) and isinstance(child, nodes.Name) and child.name == "loop"
        if not (is_asked and "loop" in known):
            yield from _problems(child, known, loops)


def _key_problems(node: nodes.Getattr | nodes.Getitem, known: frozenset[str], where: str) -> Iterator[str]:
    if isinstance(node, nodes.Getattr):
        key: object = node.attr
    else:
        key = node.arg.value if isinstance(node.arg, nodes.Const) else None
    if not isinstance(key, str | int):
        yield where + "an index must be a number or a string"
    elif isinstance(key, str) and key.startswith("_"):
        yield where + f"`.{key}` is not allowed in a prompt"
    elif isinstance(node.node, nodes.Name):
        name = node.node.name
        fields = _FIELDS.get(name) if name in known & {*PROMPT_NAMES, "loop"} else None
        if fields is not None and key not in fields:
            yield where + f"`{name}` has no `{key}`; it has {', '.join(fields)}"


def _bound(target: nodes.Node) -> frozenset[str]:
    return frozenset({target.name}) if isinstance(target, nodes.Name) else frozenset()
