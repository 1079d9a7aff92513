"""What the YAML parser says when it gives up, in our words and at the place to change."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

# Characters that YAML keeps for itself at the start of a value.
_RESERVED = frozenset("@`%*&!|>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A syntax error: code, message, zero-based offset, and what to do."""

    code: str
    message: str
    line: int
    col: int
    width: int = 1
    label: str | None = None
    note: str | None = None
    hint: str | None = None
    opened: tuple[int, int] | None = None  # where the bracket opens that has no end


def explain(error: yaml.YAMLError, lines: list[str]) -> Trouble:
    """Turn the parser's exception into one message of ours."""
    mark = getattr(error, "problem_mark", None)
    opened = getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", None) or "it cannot be read").removesuffix(".")
    context = str(getattr(error, "context", None) or "")
    line, col = (mark.line, mark.column) if mark else (0, 0)
    start_line, start_col = (opened.line, opened.column) if opened else (line, col)
    char = _char(lines, line, col)
    if "quoted scalar" in context and ("end of stream" in problem or "document indicator" in problem):
        return Trouble(code="Y006", message="this quote is never closed", line=start_line, col=start_col)
    if char == "\t" or "tab character" in problem:
        return tab(line, col)
    if "mapping values are not allowed" in problem:
        return Trouble(
            code="Y005",
            message="a value that contains `: ` must be quoted",
            line=line,
            col=col,
            label="starts a second value",
            hint="put the whole value in quotes, or indent what follows as entries of its own",
        )
    if "escape" in problem:
        return Trouble(
            code="Y026",
            message="this escape is not known in a double-quoted string",
            line=line,
            col=_backslash(lines, line, col),
            width=2,
            hint="write `\\\\` for a backslash, or use single quotes",
        )
    if "tag" in context or "tag handle" in problem:
        return Trouble(code="Y008", message="YAML tags are not allowed", line=start_line, col=start_col)
    if "directive" in context or "incompatible YAML document" in problem or "%YAML" in problem:
        return Trouble(code="Y025", message="YAML directives are not allowed", line=line, col=col, hint="remove it")
    first = _char(lines, start_line, start_col)
    for where, found in (((line, col), char), ((start_line, start_col), first)):
        if found in _RESERVED and _names_reserved(problem, context):
            message = f"`{found}` cannot start a plain value"
            return Trouble(code="Y005", message=message, line=where[0], col=where[1], hint="put the value in quotes")
    return _structure(problem, context, (line, col), (start_line, start_col))


def tab(line: int, col: int) -> Trouble:
    """Say that a tab stands where YAML wants spaces."""
    return Trouble(code="Y004", message="a tab indents this line", line=line, col=col, hint="indent with spaces")


def _names_reserved(problem: str, context: str) -> bool:
    return (
        "cannot start any token" in problem
        or "alphabetic or numeric" in problem
        or "block scalar" in context
        or "anchor" in context
        or "alias" in context
    )


def _structure(problem: str, context: str, at: tuple[int, int], opened: tuple[int, int]) -> Trouble:
    note = f"the YAML parser says: {(context + ', ' if context else '') + problem}"[:200]
    if "simple key" in context:
        return Trouble(
            code="Y003",
            message="expected `key: value`",
            line=opened[0],
            col=opened[1],
            note=note,
            hint="add the colon, or indent the line under the text that it continues",
        )
    if "flow" in context:
        kind, close = ("list", "]") if "sequence" in context else ("mapping", "}")
        return Trouble(
            code="Y003",
            message=f"expected `,` or `{close}` to go on with or end the {kind}",
            line=at[0],
            col=at[1],
            opened=opened,
            note=note,
            hint="close it, or quote text that holds `{`, `}`, `[`, `]` or `,`",
        )
    if "block" in context or "block" in problem:
        message = "this line does not fit what stands above it"
        hint = "indent entries of one mapping or list alike"
        return Trouble(code="Y003", message=message, line=at[0], col=at[1], note=note, hint=hint)
    return Trouble(code="Y003", message="this cannot be read as YAML", line=at[0], col=at[1], note=note)


def _backslash(lines: list[str], line: int, col: int) -> int:
    """Return where the escape starts: the parser's mark stands on it, or behind it where its number is at fault."""
    found = lines[line].rfind("\\", 0, col + 1) if line < len(lines) else -1
    return found if found >= 0 else max(col - 1, 0)


def _char(lines: list[str], line: int, col: int) -> str:
    if line < len(lines) and col < len(lines[line]):
        return lines[line][col]
    return ""
