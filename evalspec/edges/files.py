"""Read and write files so that every trouble is a diagnostic and nothing outside the project is touched.

A spec may come from a stranger's pull request: its paths may be links, pipes or devices. What is opened is therefore
the real path, checked to lie inside the given root, never followed at its last part, and checked again once open.
"""

from __future__ import annotations

import errno
import fcntl
import fnmatch
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO, NoReturn

from evalspec.diagnostics import Diagnostic, EvalspecError, Exit, Span, closest
from evalspec.edges.secrets import refuse_secrets

MAX_FILE_BYTES = 64 * 1024 * 1024  # an input in git; GitHub refuses files over 100 MB
LFS_POINTER = "version https://git-lfs.github.com/spec/"  # how every pointer of Git LFS starts
_REPLACE_MODE = 0o777


def read_bytes(path: str, *, root: str | None = None, limit: int = MAX_FILE_BYTES, at: Span | None = None) -> bytes:
    """Return the bytes of a regular file of at most `limit` bytes that lies inside `root`."""
    with open_regular(path, root=root, limit=limit, at=at) as handle:
        try:
            raw = handle.read(limit + 1)
        except OSError as error:
            _refuse_os(path, error, at)
    if len(raw) > limit:
        _refuse("E904", f"`{path}` is over {limit:,} bytes", path, at)
    return raw


def read_text(path: str, *, root: str | None = None, limit: int = MAX_FILE_BYTES, at: Span | None = None) -> str:
    """Return a UTF-8 file as text, without a byte order mark and with LF line ends.

    Git may check a file out with CRLF; the same commit must give the same lock everywhere.
    """
    raw = read_bytes(path, root=root, limit=limit, at=at)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
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
    refuse_secrets(text, path, is_written=True)
    raw = text.encode("utf-8")
    folder = os.path.dirname(path) or "."
    if root is not None:
        _contained(os.path.join(folder, os.curdir), root, None)
    temporary = os.path.join(folder, f".{os.path.basename(path)}.{os.getpid()}.tmp")
    try:
        os.makedirs(folder, exist_ok=True)
        mode = _mode_of(path)
        number = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), mode or 0o666)
        try:
            with os.fdopen(number, "wb") as handle:
                if mode is not None:
                    os.chmod(temporary, mode)
                handle.write(raw)
                handle.flush()
                os.fsync(handle.fileno())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
        _sync_folder(folder)
    except OSError as error:
        _refuse(
            "E907",
            f"`{path}` could not be written: {error.strerror or error}",
            path,
            None,
            exit=Exit.ENVIRONMENT,
            hint="The file is as it was before.",
            cause=error,
        )


def append_lines(path: str, lines: Sequence[str], *, root: str) -> None:
    """Append whole lines to a file, durable before this returns; two writers never mix their lines.

    The kernel's lock is held from looking at the last byte to the sync, so a line that an editor left without its line
    feed is ended first, and a reader finds whole lines only. Missing folders are made; a link at `path` and a key in a
    line are refused.
    """
    refuse_secrets("\n".join(lines), path, is_written=True)
    try:
        with open(open_own(path, root=root, flags=os.O_APPEND), "r+b", buffering=0) as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            size = handle.seek(0, os.SEEK_END)
            is_torn = size > 0 and os.pread(handle.fileno(), 1, size - 1) != b"\n"
            raw = (b"\n" if is_torn else b"") + "".join(f"{line}\n" for line in lines).encode("utf-8")
            while raw:
                raw = raw[os.write(handle.fileno(), raw) :]
            os.fsync(handle.fileno())
        _sync_folder(os.path.dirname(path) or ".")
    except OSError as error:
        message = f"`{path}` could not be written: {error.strerror or error}"
        _refuse("E907", message, path, None, exit=Exit.ENVIRONMENT, cause=error)


def open_own(path: str, *, root: str, flags: int = 0) -> int:
    """Open a file to read and write, make it if need be, and return its number; OSError is the caller's to tell.

    Refused is what a stranger's commit could have put in its place: a link, a pipe, a folder that leads out of `root`.
    """
    folder = os.path.dirname(path) or "."
    _contained(os.path.join(folder, os.curdir), root, None)
    os.makedirs(folder, exist_ok=True)
    flags |= os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
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
    if "\0" in path:
        _refuse("E902", "a path holds a NUL character", path.replace("\0", "\\0"), at)
    try:
        real = os.path.realpath(os.fsdecode(os.fsencode(path)))
    except UnicodeEncodeError:  # half a surrogate pair, as JSON can spell it
        _refuse("E902", "a path holds what no file can be named", path.encode("ascii", "backslashreplace").decode(), at)
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


def _mode_of(path: str) -> int | None:
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return None
    return stat.S_IMODE(status.st_mode) & _REPLACE_MODE if stat.S_ISREG(status.st_mode) else None


def _sync_folder(folder: str) -> None:
    # A rename is durable only once its folder is; Windows has no such call and needs none.
    if not hasattr(os, "O_DIRECTORY"):
        return
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _advice(raw: bytes) -> str:
    """Say what to do about bytes that are no UTF-8."""
    if raw.startswith(b"\x1f\x8b"):
        return "This is gzip data; decompress it first."
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "This is UTF-16; save the file as UTF-8."
    return "Save the file as UTF-8."


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
