"""The file of the journal: made and opened, its transactions, and what is said when the disk or the file refuses."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields
from typing import Any

from evalspec.diagnostics import Diagnostic, EvalspecError, Exit
from evalspec.digests import digest_text
from evalspec.model.asking import Reply, Usage

JOURNAL_NAME = "journal.sqlite3"
RESERVE_NAME = "reserve"
RESERVE_BYTES = 8 * 1024 * 1024  # kept free for what is in flight when a disk runs full: 64 replies of 128 KB
SCHEMA_VERSION = 1
APPLICATION_ID = 0x65767370  # `evsp`: tells the file from a database of another program
BUSY_SECONDS = 30.0  # another process commits in milliseconds; beyond this its disk is stuck

_TABLES = (
    "CREATE TABLE IF NOT EXISTS claims(key TEXT PRIMARY KEY, plan TEXT NOT NULL, owner TEXT NOT NULL,"
    " reserved INTEGER NOT NULL, orphaned INTEGER NOT NULL)",
    # `sum` is the digest of key and reply: SQLite itself does not notice a bit that a disk turned.
    "CREATE TABLE IF NOT EXISTS replies(key TEXT PRIMARY KEY, reply TEXT NOT NULL, sum TEXT NOT NULL,"
    " raw BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS charges(plan TEXT NOT NULL, key TEXT NOT NULL, amount INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS charges_of_plan ON charges(plan, amount)",
    "CREATE INDEX IF NOT EXISTS claims_of_plan ON claims(plan, reserved)",
    f"PRAGMA application_id={APPLICATION_ID}",
    f"PRAGMA user_version={SCHEMA_VERSION}",
)
_REPLY = tuple(one.name for one in fields(Reply))
_USAGE = tuple(one.name for one in fields(Usage))
_FREE = "free space there, or name another folder in EVALSPEC_STATE; what is committed in it is safe"
_MOVE = (
    "move it and the files beside it away, and run the build again: what is on a tape is not asked again; "
    "`sqlite3 FILE .recover` brings back what can be read of the rest"
)
_NEWER = "upgrade evalspec, or name another folder in EVALSPEC_STATE"
_FOREIGN = "name another folder in EVALSPEC_STATE, or move the file away"


class JournalProblem(Exception):
    """Why a journal cannot be used, and the way out."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def open_database(folder: str) -> sqlite3.Connection:
    """Open the database in `folder`, or make it; a file of another program is left as it is."""
    path = os.path.join(folder, JOURNAL_NAME)
    _keep_out_of_git(folder)
    # SQLite gives the files beside it the mode of this one.
    number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        os.fchmod(number, 0o600)
    finally:
        os.close(number)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        _patiently(lambda: _refuse_foreign(connection))
        _patiently(lambda: _settle_mode(connection))
        with transaction(connection):
            for statement in _TABLES:
                connection.execute(statement)
    except BaseException:
        connection.close()
        raise
    return connection


def commit_all(connection: sqlite3.Connection, works: Sequence[Callable[[sqlite3.Connection], Any]]) -> Sequence[Any]:
    """Run some operations in one transaction and return what they gave, once it is on the disk."""
    with transaction(connection):
        return [work(connection) for work in works]


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit what is done within, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a disk that is full may have rolled it back already
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise


def reply_row(key: str, reply: Reply) -> tuple[str, str]:
    """Spell a reply for the journal, with its sum."""
    # ASCII: half a surrogate pair in a reply is no UTF-8. Not `asdict`: it copies deeply, and takes ten times as long.
    values = {name: getattr(reply, name) for name in _REPLY}
    text = json.dumps({**values, "usage": {name: getattr(reply.usage, name) for name in _USAGE}})
    return text, digest_text(f"{key}\n{text}")


def reply_of(key: str, text: object, total: object) -> Reply:
    """Read a reply back; raise when it is not the one that was written."""
    if not isinstance(text, str) or digest_text(f"{key}\n{text}") != total:
        raise JournalProblem(f"the reply to question {key[:12]} is not the one that was written", _MOVE)
    data = json.loads(text)
    return Reply(**{**data, "usage": Usage(**data["usage"])})


def make_reserve(folder: str) -> None:
    """Keep some of the disk for replies that are in flight when it runs full; OSError where it is too full for that."""
    path = os.path.join(folder, RESERVE_NAME)
    number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        if os.fstat(number).st_size < RESERVE_BYTES:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(number, 0, RESERVE_BYTES)
            else:
                os.pwrite(number, bytes(RESERVE_BYTES), 0)
    except OSError:
        os.unlink(path)
        raise
    finally:
        os.close(number)


def give_reserve(folder: str) -> None:
    """Give the reserve up."""
    with suppress(OSError):
        os.unlink(os.path.join(folder, RESERVE_NAME))


def is_full(error: Exception) -> bool:
    """Tell a disk that is full, or that takes no more for another reason: a quota is told as an error of writing."""
    return isinstance(error, sqlite3.Error) and _code(error) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)


def trouble(folder: str, error: Exception) -> EvalspecError:
    """Return what is said when the journal cannot be used, with the way out."""
    where = os.path.join(folder, JOURNAL_NAME)
    hint = _FREE
    said = getattr(error, "strerror", None) or str(error)
    if isinstance(error, JournalProblem):
        hint = error.hint
    elif isinstance(error, sqlite3.Error):
        code = _code(error)
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            hint = f"another process has held it for {BUSY_SECONDS:.0f} s; wait for it, or end it, and run again"
        elif code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH):
            hint = _MOVE
    elif not isinstance(error, OSError):
        said, hint = "it holds what evalspec never writes", _MOVE
    problem = Diagnostic(
        code="T701",
        severity="error",
        message=f"the journal of paid replies `{where}` cannot be used: {said}",
        hint=hint,
        exit=Exit.ENVIRONMENT,
    )
    return EvalspecError([problem])


def _keep_out_of_git(folder: str) -> None:
    """Somebody may put the state folder into a checkout; what is private is not committed by mistake."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    with suppress(FileExistsError):
        number = os.open(os.path.join(folder, ".gitignore"), flags, 0o600)
        try:
            os.write(number, b"*\n")
        finally:
            os.close(number)


def _code(error: sqlite3.Error) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if code is not None else None  # without what the extended codes add


def _refuse_foreign(connection: sqlite3.Connection) -> None:
    """Raise for a newer journal and for a database of another program; an empty file becomes a journal."""
    connection.execute("BEGIN")  # one view: another process may be making it, its tables before its mark
    try:
        mark = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    finally:
        connection.execute("ROLLBACK")
    if mark == APPLICATION_ID and version > SCHEMA_VERSION:
        raise JournalProblem(f"a newer evalspec wrote it (version {version})", _NEWER)
    if mark != APPLICATION_ID and (mark or version or tables):
        raise JournalProblem("it is the database of another program", _FOREIGN)


def _settle_mode(connection: sqlite3.Connection) -> None:
    mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    if mode != "wal":
        raise JournalProblem(f"its file system takes no write-ahead log (it offers `{mode}`)", _FREE)
    connection.execute("PRAGMA synchronous=FULL")
    if sys.platform == "darwin":  # where fsync alone leaves the data in the drive
        connection.execute("PRAGMA fullfsync=1")
        connection.execute("PRAGMA checkpoint_fullfsync=1")


def _patiently(work: Callable[[], None]) -> None:
    """Wait for processes that make the journal at the same moment: SQLite waits for locks, but not for this one."""
    ends = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return work()
        except sqlite3.OperationalError as error:
            if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > ends:
                raise
            time.sleep(0.01)
