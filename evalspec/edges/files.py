"""Read and write files so that every trouble is a diagnostic and nothing outside the project is touched.

A spec may come from a stranger's pull request: its paths may be links, pipes or devices. What is opened is therefore
the real path, checked to lie inside the given root, never followed at its last part, and checked again once open.
"""

from __future__ import annotations

import errno
import fnmatch
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import BinaryIO, NoReturn

from evalspec.diagnostics import Diagnostic, EvalspecError, Exit, Span, closest
from evalspec.edges.replacing import replacing, sync_folder, write_all
from evalspec.edges.secrets import refuse_secrets
from evalspec.text.json_text import split_torn

# Digest of each file that was read, by path, while a build wants to know; a variable of the context, since every reader
# between would else have to hand it on.
_noted: ContextVar[dict[str, bytes] | None] = ContextVar("noted", default=None)

MAX_FILE_BYTES = 64 * 1024 * 1024  # an input in git; GitHub refuses files over 100 MB
LFS_POINTER = "version https://git-lfs.github.com/spec/"  # how every pointer of Git LFS starts


def read_bytes(path: str, *, root: str | None = None, limit: int = MAX_FILE_BYTES, at: Span | None = None) -> bytes:
    """Return the bytes of a regular file of at most `limit` bytes that lies inside `root`."""
    with open_regular(path, root=root, limit=limit, at=at) as handle:
        try:
            raw = handle.read(limit + 1)
        except OSError as error:
            _refuse_os(path, error, at)
    if len(raw) > limit:
        _refuse("E904", f"`{path}` is over {limit:,} bytes", path, at)
    noted = _noted.get()
    if noted is not None:
        noted.setdefault(path, hashlib.sha256(raw).digest())
    return raw


@contextmanager
def noting() -> Iterator[Mapping[str, bytes]]:
    """Note the digest of every file that is read within; where one is read twice, the first counts."""
    noted: dict[str, bytes] = {}
    token = _noted.set(noted)
    try:
        yield noted
    finally:
        _noted.reset(token)


def changed(noted: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the paths of files that are not what they were when they were noted, in order."""
    found = []
    for path, before in sorted(noted.items()):
        try:
            now = hashlib.sha256(read_bytes(path)).digest()
        except EvalspecError as error:
            if error.exit is Exit.ENVIRONMENT:
                raise
            now = b""  # gone, or no file any more
        found += [path] if now != before else []
    return tuple(found)


def read_text(
    path: str,
    *,
    root: str | None = None,
    limit: int = MAX_FILE_BYTES,
    at: Span | None = None,
    may_be_torn: bool = False,
) -> str:
    """Return a UTF-8 file as text, without a byte order mark and with LF line ends.

    Git may check a file out with CRLF; the same commit must give the same lock everywhere. With `may_be_torn` a last
    character that was cut off is left out.
    """
    raw = read_bytes(path, root=root, limit=limit, at=at)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if may_be_torn and error.end == len(raw) and error.reason == "unexpected end of data":
            return raw[: error.start].decode("utf-8-sig").replace("\r\n", "\n")
        line = raw.count(b"\n", 0, error.start) + 1
        _refuse(
            "E905",
            f"`{path}` is not UTF-8 (byte {error.start + 1:,}, line {line:,})",
            path,
            at,
            hint=_advice(raw),
        )
    if text.startswith(LFS_POINTER):
        place = Span(path, 1, 1, 1, text.find("\n") + 1 or len(text) + 1)
        _refuse("Y024", f"`{path}` is a Git LFS pointer, not the file", path, place, hint="run `git lfs pull`")
    return text.replace("\r\n", "\n")


@contextmanager
def open_regular(
    path: str, *, root: str | None = None, limit: int | None = None, at: Span | None = None
) -> Iterator[BinaryIO]:
    """Open a regular file for reading bytes; links are resolved first and must stay inside `root`."""
    real = _contained(path, root, at)
    # O_NONBLOCK: a pipe that replaces the file between the check and the open must not hang the build.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        number = os.open(real, flags | getattr(os, "O_BINARY", 0))
    except OSError as error:
        _refuse_os(path, error, at)
    try:
        status = os.fstat(number)
        if stat.S_ISDIR(status.st_mode):
            _refuse("E902", f"`{path}` is a folder, not a file", path, at)
        if not stat.S_ISREG(status.st_mode):
            _refuse("E902", f"`{path}` is not a regular file", path, at)
        if limit is not None and status.st_size > limit:
            _refuse("E904", f"`{path}` is {status.st_size:,} bytes; at most {limit:,} are read", path, at)
    except BaseException:
        os.close(number)
        raise
    with os.fdopen(number, "rb") as handle:
        yield handle


def write_atomic(path: str, text: str, *, root: str | None = None) -> None:
    """Write UTF-8 text so that a reader, or a power cut, finds the old file or the new one and nothing between.

    A link at `path` is replaced, never written through. Missing folders are made. A text with a key in it is refused.
    """
    _check_name(path, None)
    refuse_secrets(text, path, is_written=True)
    write_bytes(path, text.encode("utf-8"), root=root)


def write_bytes(path: str, raw: bytes, *, root: str | None = None) -> None:
    """Write bytes of our own making as `write_atomic` writes text; nothing is searched for keys."""
    folder = os.path.dirname(path) or "."
    if root is not None:
        _contained(os.path.join(folder, os.curdir), root, None)
    with _writing(path):
        os.makedirs(folder, exist_ok=True)
        with replacing(path) as number:
            write_all(number, raw)
    _make_durable(path)


def append_lines(path: str, lines: Sequence[str], *, root: str) -> str:
    """Append whole lines to a file of JSON lines: all of them or none, durable before this returns.

    The file is written anew and put in its place at once, under a lock that other writers wait for, so neither a kill
    nor a full disk can tear a line. A last line that an editor left without its line feed is ended first; one that is
    cut off, which only another program can have left, is taken out and returned. Missing folders are made; a link at
    `path` and a key in a line are refused.
    """
    _check_name(path, None)
    refuse_secrets("\n".join(lines), path, is_written=True)
    folder = os.path.dirname(path) or "."
    _contained(os.path.join(folder, os.curdir), root, None)
    with _writing(path):
        os.makedirs(folder, exist_ok=True)
        with replacing(path) as number:
            whole, torn = split_torn(_read_own(path))
            ended = whole if whole.endswith("\n") or not whole else whole + "\n"
            write_all(number, (ended + "".join(f"{line}\n" for line in lines)).encode("utf-8"))
    _make_durable(path)
    return torn


def open_own(path: str, *, root: str) -> int:
    """Open a file to read and write, make it if need be, and return its number; OSError is the caller's to tell.

    Refused is what a stranger's commit could have put in its place: a link, a pipe, a folder that leads out of `root`.
    """
    folder = os.path.dirname(path) or "."
    _contained(os.path.join(folder, os.curdir), root, None)
    os.makedirs(folder, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        number = os.open(path, flags, 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP:
            _refuse("E902", f"`{path}` is a link, not a regular file", path, None, cause=error)
        if error.errno in (errno.EISDIR, errno.ENXIO, errno.ENODEV):
            _refuse("E902", f"`{path}` is not a regular file", path, None, cause=error)
        raise
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        _refuse("E902", f"`{path}` is not a regular file", path, None)
    return number


def list_files(pattern: str, *, root: str | None = None, at: Span | None = None) -> tuple[str, ...]:
    """Return the files that match `*` and `?` in the last part of `pattern`, in name order, inside one folder."""
    folder, name = os.path.split(pattern)
    real = _contained(folder or os.curdir, root, at)
    try:
        with os.scandir(real) as entries:
            names = [entry.name for entry in entries if not entry.name.startswith(".") and entry.is_file()]
    except OSError as error:
        _refuse_os(folder or os.curdir, error, at)
    return tuple(os.path.join(folder, one) for one in sorted(names) if fnmatch.fnmatchcase(one, name))


def exists(path: str) -> bool:
    """Tell whether something stands at `path`, a broken link included."""
    return os.path.lexists(path)


def is_regular(path: str) -> bool:
    """Tell whether a regular file stands at `path` itself, not at the end of a link."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def remove(path: str) -> None:
    """Remove a file that this command has made; it may be gone already."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        _refuse(
            "E907", f"`{path}` could not be removed: {error.strerror}", path, None, exit=Exit.ENVIRONMENT, cause=error
        )


def _contained(path: str, root: str | None, at: Span | None) -> str:
    """Return the real path, refused when it is outside the real `root`."""
    _check_name(path, at)
    real = os.path.realpath(path)
    if root is not None:
        real_root = os.path.realpath(root)
        if os.path.commonpath([real, real_root]) != real_root:
            _refuse(
                "E903",
                f"`{path}` leaves the project",
                path,
                at,
                hint="Inputs of a spec stand in its own folder tree; raw data comes in by `evalspec import`.",
            )
    return real


def _read_own(path: str) -> str:
    """Return the text of a file that evalspec writes itself, empty when it is not there; a link is refused."""
    if os.path.islink(path):
        _refuse("E902", f"`{path}` is a link, not a regular file", path, None)
    return read_text(path, may_be_torn=True) if os.path.lexists(path) else ""


@contextmanager
def _writing(path: str) -> Iterator[None]:
    """Tell what keeps a file from being written; it is as it was then."""
    try:
        yield
    except OSError as error:
        message = f"`{path}` could not be written: {error.strerror or error}"
        hint = "The file is as it was before."
        _refuse("E907", message, path, None, exit=Exit.ENVIRONMENT, hint=hint, cause=error)


def _make_durable(path: str) -> None:
    try:
        sync_folder(os.path.dirname(path) or ".")
    except OSError as error:
        message = f"`{path}` was written, but the disk does not confirm it: {error.strerror or error}"
        hint = "The new file stands there now; after a power cut it may be the old one. Run the command again."
        _refuse("E907", message, path, None, exit=Exit.ENVIRONMENT, hint=hint, cause=error)


def _advice(raw: bytes) -> str:
    """Say what to do about bytes that are no UTF-8."""
    if raw.startswith(b"\x1f\x8b"):
        return "This is gzip data; decompress it first."
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "This is UTF-16; save the file as UTF-8."
    return "Save the file as UTF-8."


def _check_name(path: str, at: Span | None) -> None:
    """Refuse what no file can be named: a NUL, or half a surrogate pair as JSON can spell it."""
    try:
        is_name = b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        is_name = False
    if not is_name:
        spelled = path.encode("ascii", "backslashreplace").decode().replace("\0", "\\0")
        _refuse("E902", f"`{spelled}` is no name of a file", spelled, at)


def _refuse_os(path: str, error: OSError, at: Span | None) -> NoReturn:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        _refuse("E901", f"`{path}` does not exist", path, at, hint=neighbour(path), cause=error)
    if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO, errno.ENODEV):
        _refuse("E902", f"`{path}` is not a regular file", path, at, cause=error)
    _refuse(
        "E906", f"`{path}` could not be read: {error.strerror or error}", path, at, exit=Exit.ENVIRONMENT, cause=error
    )


def neighbour(path: str) -> str | None:
    """Return a hint that names the file of the same folder that was most likely meant, or None."""
    folder, name = os.path.split(path)
    try:
        names = os.listdir(folder or os.curdir)
    except OSError:
        return None
    guess = closest(name, names)
    return f"Did you mean `{os.path.join(folder, guess)}`?" if guess else None


def _refuse(
    code: str,
    message: str,
    path: str,
    at: Span | None,
    *,
    exit: Exit = Exit.INVALID,
    hint: str | None = None,
    cause: BaseException | None = None,
) -> NoReturn:
    problem = Diagnostic(
        code=code, severity="error", message=message, span=at, path=None if at else path, hint=hint, exit=exit
    )
    raise EvalspecError([problem]) from cause
