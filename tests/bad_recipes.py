"""Changes of a project that no text in a row can hold: bytes, sizes, links, devices and edits of a lock."""

from __future__ import annotations

import gzip
import os
import socket
from collections.abc import Callable
from pathlib import Path

SPEC = "shop.yaml"
Recipe = Callable[[Path], None]
RECIPES: dict[str, Recipe] = {}


def recipe(change: Recipe) -> Recipe:
    """Register a change under its function's name."""
    RECIPES[change.__name__] = change
    return change


def _append(folder: Path, text: str) -> None:
    path = folder / SPEC
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def _swap(folder: Path, old: str, new: str) -> None:
    path = folder / SPEC
    text = path.read_text("utf-8")
    assert old in text, old
    path.write_text(text.replace(old, new, 1), "utf-8")


@recipe
def deep_40(folder: Path) -> None:
    """Forty lists inside each other."""
    _swap(folder, "random_state: 42", "x: " + "[" * 40 + "]" * 40)


@recipe
def deep_100k(folder: Path) -> None:
    """A hundred thousand lists inside each other."""
    _swap(folder, "random_state: 42", "x: " + "[" * 100_000 + "]" * 100_000)


@recipe
def digits_5000(folder: Path) -> None:
    """A number that Python itself refuses to read."""
    _swap(folder, "random_state: 42", "random_state: " + "1" * 5000)


@recipe
def utf16(folder: Path) -> None:
    """The spec as UTF-16."""
    path = folder / SPEC
    path.write_bytes(path.read_text("utf-8").encode("utf-16"))


@recipe
def two_megabytes(folder: Path) -> None:
    """A comment of two megabytes."""
    _append(folder, "# " + "x" * (2 << 20) + "\n")


@recipe
def sixty_thousand_keys(folder: Path) -> None:
    """More entries than a spec may have."""
    _append(folder, "".join(f"k{at}: 1\n" for at in range(60_000)))


@recipe
def gzip_spec(folder: Path) -> None:
    """The spec compressed, under its own name."""
    path = folder / SPEC
    path.write_bytes(gzip.compress(path.read_bytes(), mtime=0))


@recipe
def twenty_five_duplicates(folder: Path) -> None:
    """One block twenty-six times."""
    _append(folder, "budget: {usd: 5}\n" * 25)


@recipe
def crlf_spec(folder: Path) -> None:
    """Line ends as git writes them on Windows."""
    path = folder / SPEC
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


@recipe
def spec_is_folder(folder: Path) -> None:
    """A folder of the spec's name."""
    (folder / SPEC).unlink()
    (folder / SPEC).mkdir()


@recipe
def spec_is_fifo(folder: Path) -> None:
    """A pipe of the spec's name: reading it would wait for ever."""
    (folder / SPEC).unlink()
    os.mkfifo(folder / SPEC)


@recipe
def spec_is_device(folder: Path) -> None:
    """A link to a device that never ends."""
    (folder / SPEC).unlink()
    (folder / SPEC).symlink_to("/dev/zero")


@recipe
def spec_named_con(folder: Path) -> None:
    """The spec under a name that Windows keeps for a device."""
    (folder / SPEC).rename(folder / "con.yaml")


@recipe
def long_name(folder: Path) -> None:
    """A name of three hundred letters."""
    _swap(folder, "version: 1", "version: 1\nname: " + "a" * 300)


@recipe
def link_outside(folder: Path) -> None:
    """A link out of the project to a file that is there."""
    outside = folder.parent / "outside.jsonl"
    outside.write_text('{"id": "x", "input": "Where is my money?", "expected": "refund"}\n', "utf-8")
    (folder / "shop/link.jsonl").symlink_to(outside)


@recipe
def folder_of_rows(folder: Path) -> None:
    """A folder of the name that a file should have."""
    (folder / "shop/rows").mkdir()


@recipe
def link_device(folder: Path) -> None:
    """A link to a device that never ends."""
    (folder / "shop/zero.jsonl").symlink_to("/dev/zero")


@recipe
def pipe_of_rows(folder: Path) -> None:
    """A pipe: reading it would wait for ever."""
    os.mkfifo(folder / "shop/pipe.jsonl")


@recipe
def socket_of_rows(folder: Path) -> None:
    """A socket of the file system."""
    before = os.getcwd()
    os.chdir(folder / "shop")  # the whole path may be longer than the 107 bytes that a socket's may have
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind("socket.jsonl")
    finally:
        os.chdir(before)


@recipe
def lock_is_link(folder: Path) -> None:
    """The lock as a link to a file that must stay as it is."""
    (folder / "precious.txt").write_text("mine\n", "utf-8")
    (folder / "shop.lock.json").unlink()
    (folder / "shop.lock.json").symlink_to("precious.txt")


@recipe
def schema_remote(folder: Path) -> None:
    """A schema with a reference to an address of the web."""
    (folder / "shop/schema.json").write_text('{"$ref": "http://169.254.169.254/latest"}\n', "utf-8")
