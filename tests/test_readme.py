"""What README and the pages say exists: links, command lines, stages, commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from evalspec.cli import COMMANDS, cli
from evalspec.pipeline import STAGES

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "specs/README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))))
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CONSOLE = re.compile(r"^```(?:sh|console|bash|shell)\n(.*?)^```", re.DOTALL | re.MULTILINE)
OPTION = re.compile(r"(?<![\w-])(--?[a-z][a-z-]*)")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def links(text: str) -> list[str]:
    """The targets of a page's links that lie in the repository, without their anchors; code is not a link."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    found = [one.partition("#")[0] for one in LINK.findall(prose)]
    return [one for one in found if one and not re.match(r"[a-z]+:", one)]


def command_lines(text: str) -> list[list[str]]:
    """The arguments of every `evalspec ...` in the console blocks, without prompt and remark."""
    lines = [line.strip().removeprefix("$ ") for block in CONSOLE.findall(text) for line in block.splitlines()]
    return [shlex.split(line, comments=True)[1:] for line in lines if re.match(r"(\.venv/bin/)?evalspec( |$)", line)]


def parse(command: click.Command, name: str, arguments: list[str]) -> None:
    """Parse as the program would, and run nothing; what the program would refuse is raised."""
    if isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        found = command.get_command(click.Context(command), arguments[0])
        if found is None:
            raise click.UsageError(f"no command `{arguments[0]}`")
        parse(found, arguments[0], arguments[1:])
        return
    try:
        command.make_context(name, list(arguments))
    except click.exceptions.Exit as done:  # `--help` and `--version` leave here
        assert done.exit_code == 0


def rows_of(text: str, head: str) -> list[list[str]]:
    """The cells of the table whose first column is called `head`."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith(f"| {head} |"):
            break
    next(lines)
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line.replace(r"\|", "\0"))[1:-1]])
    return rows


def options_of(command: click.Command) -> set[str]:
    own = {one for parameter in command.params for one in parameter.opts}
    below = command.commands.values() if isinstance(command, click.Group) else ()
    return own.union(*(options_of(one) for one in below))


def leaves(command: click.Command) -> list[click.Command]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        found = [command.get_command(context, name) for name in command.list_commands(context)]
        return [leaf for one in found if one is not None for leaf in leaves(one)]
    return [command]


@pytest.mark.parametrize("name", PAGES)
def test_links_point_to_files(name: str) -> None:
    """Every relative link of a page leads to a file of the repository."""
    missing = [one for one in links(text_of(name)) if not (ROOT / name).parent.joinpath(one).exists()]
    assert not missing


@pytest.mark.parametrize("name", PAGES)
def test_command_lines_parse(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every `evalspec` line of a page is one that the program takes."""
    for arguments in command_lines(text_of(name)):
        parse(cli, "evalspec", arguments)


def test_readme_shows_command_lines() -> None:
    """The test above has something to look at."""
    assert any(line[:1] == ["build"] for line in command_lines(text_of("README.md")))
    assert links(text_of("README.md"))


@pytest.mark.parametrize(
    "line", ["evalspec biuld specs/a.yaml", "evalspec build", "evalspec build a.yaml --lock", "evalspec review lsit a"]
)
def test_a_wrong_command_line_is_refused(line: str) -> None:
    """A misspelled command, a missing argument and an unknown option do not parse."""
    with pytest.raises(click.UsageError):
        parse(cli, "evalspec", command_lines(f"```sh\n{line}\n```\n")[0])


def test_the_stages_are_those_of_the_pipeline() -> None:
    """The table of stages has the pipeline's, in its order."""
    assert tuple(cells[0].strip("`") for cells in rows_of(text_of("docs/commands.md"), "stage")) == STAGES


def test_the_commands_are_those_of_the_program() -> None:
    """The table of commands has the program's, each once, with options that they have."""
    rows = rows_of(text_of("docs/commands.md"), "command")
    named = [cells[0].strip("`").split()[0] for cells in rows]
    assert sorted(named) == sorted(COMMANDS)
    for name, cells in zip(named, rows, strict=True):
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        code = " ".join(re.findall(r"`([^`]*)`", " ".join(cells)))
        assert set(OPTION.findall(code)) <= options_of(command), name


def test_every_command_has_an_example_and_json() -> None:
    """The page of commands promises both of every command."""
    for command in leaves(cli):
        assert "Example: evalspec " in (command.epilog or ""), command.name
        assert "--json" in options_of(command), command.name
