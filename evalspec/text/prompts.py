"""Prompt templates: Jinja2 cut down to names, attributes, `for`, `if` and a few filters, with a cap on what comes out.

The sandbox of Jinja2 stops escapes, not a template that multiplies a string until memory ends; an allow-list of syntax
does both, and shows the problem before anything is rendered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

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
MAX_LOOPS = 3  # loops inside each other: four over the same 40 rows are already 2.5 million rounds

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


class PromptError(ValueError):
    """A template that is not allowed or cannot be rendered; the message says why."""


def problems_in_prompt(text: str) -> tuple[str, ...]:
    """Return what is wrong with a template, each as one sentence; nothing when it may be used."""
    if len(text) > MAX_TEMPLATE:
        return (f"the template has {len(text):,} characters; at most {MAX_TEMPLATE:,} are read",)
    try:
        tree = _environment().parse(text)
    except TemplateError as error:
        return (f"line {getattr(error, 'lineno', 1)}: {error.message or error}",)
    return tuple(dict.fromkeys(_problems(tree, frozenset(PROMPT_NAMES), 0)))


def render_prompt(text: str, names: Mapping[str, object]) -> str:
    """Render an allowed template with plain data under the known names; what is missing is an error."""
    if problems := problems_in_prompt(text):
        raise PromptError("; ".join(problems))
    parts: list[str] = []
    size = 0
    try:
        for part in _environment().from_string(text).generate(names):
            size += len(part)
            if size > MAX_PROMPT:
                raise PromptError(f"the prompt is longer than {MAX_PROMPT:,} characters")
            parts.append(part)
    except (TemplateError, TypeError) as error:
        raise PromptError(str(error)) from error
    return "".join(parts)


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False, trim_blocks=False
    )
    environment.filters = {name: environment.filters[name] for name in FILTERS}
    environment.globals = {}
    # The stock `tojson` spells < and & for HTML; a prompt is no page.
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": True}
    return environment


def _problems(node: nodes.Node, known: frozenset[str], loops: int) -> Iterator[str]:
    where = f"line {node.lineno}: "
    if not isinstance(node, _ALLOWED):
        yield where + f"`{type(node).__name__.lower()}` is not allowed in a prompt"
        return
    if isinstance(node, nodes.Name) and node.ctx == "load" and node.name not in known:
        yield where + f"a prompt has no `{node.name}`; it sees {', '.join(PROMPT_NAMES)}"
    if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        yield where + f"`.{node.attr}` is not allowed in a prompt"
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
        fields = PROMPT_FIELDS.get(node.node.name) if node.node.name in known & set(PROMPT_NAMES) else None
        if fields is not None and node.attr not in fields and not node.attr.startswith("_"):
            yield where + f"`{node.node.name}` has no `{node.attr}`; it has {', '.join(fields)}"
    if isinstance(node, nodes.Getitem) and not isinstance(node.arg, nodes.Const):
        yield where + "an index must be a number or a string"
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        yield where + f"no filter `{node.name}`; there are {', '.join(FILTERS)}"
    if isinstance(node, nodes.For):
        loops += 1
        known = known | _bound(node.target) | {"loop"}
        if node.recursive or loops > MAX_LOOPS:
            yield where + f"loops nest deeper than {MAX_LOOPS} or call themselves"
    for child in node.iter_child_nodes():
        yield from _problems(child, known, loops)


def _bound(target: nodes.Node) -> frozenset[str]:
    return frozenset({target.name}) if isinstance(target, nodes.Name) else frozenset()
