"""The journal: every paid reply of this user, durable before it is used, asked for once whoever asks.

One SQLite file in the user's state folder. A question is claimed in a transaction together with the highest price it
can have; the reply and its true price replace the claim in one other transaction. What is committed is on the disk
(WAL with `synchronous=FULL`), and one thread commits what arrives within the same moment together, so that an fsync
is paid once for many replies. Owners are files under a kernel lock: a process that died holds nothing.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import queue
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeVar

from evalspec.diagnostics import Diagnostic, EvalspecError, Exit
from evalspec.model.asking import Reply, Usage

SCHEMA_VERSION = 1
BUSY_SECONDS = 30.0  # another process commits in milliseconds; beyond this its disk is stuck
MAX_TOGETHER = 512  # operations of one commit
ORPHAN_FACTOR = 2  # a question that a crash may have sent once is settled as billed twice

_TABLES = f"""
CREATE TABLE IF NOT EXISTS claims(
  key TEXT PRIMARY KEY, plan TEXT NOT NULL, owner TEXT NOT NULL, reserved INTEGER NOT NULL, orphaned INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS replies(key TEXT PRIMARY KEY, reply TEXT NOT NULL, raw TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS charges(plan TEXT NOT NULL, key TEXT NOT NULL, amount INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS charges_of_plan ON charges(plan);
CREATE INDEX IF NOT EXISTS claims_of_plan ON claims(plan);
PRAGMA user_version={SCHEMA_VERSION};
"""

Answer = TypeVar("Answer")
_Work = tuple[Callable[[sqlite3.Connection], Any], "Future[Any]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What came of claiming a question: it is mine to ask, somebody's already, answered, or over the budget."""

    state: Literal["mine", "theirs", "answered", "over"]
    reply: Reply | None = None
    was_orphan: bool = False


class Journal:
    """An open journal; a class because it holds a connection, a thread and its owner's lock."""

    def __init__(self, folder: str) -> None:
        """Open or make the journal in `folder`; a disk that refuses is exit 10."""
        self._folder = folder
        self._owners = os.path.join(folder, "owners")
        self.owner = secrets.token_hex(8)
        try:
            os.makedirs(self._owners, mode=0o700, exist_ok=True)
            path = os.path.join(folder, "journal.sqlite3")
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
            self._held = os.open(self._owner_path(self.owner), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._held, fcntl.LOCK_EX)
        except OSError as error:
            raise _trouble(folder, error) from error
        self._path = path
        self._work: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="evalspec-journal", daemon=True)
        ready: Future[None] = Future()
        self._work.put((lambda connection: None, ready))
        self._thread.start()
        ready.result()

    def close(self) -> None:
        """Commit what waits and let go of everything."""
        self._work.put(None)
        self._thread.join()
        with suppress(OSError):  # a leftover is an empty file whose lock nobody holds
            os.unlink(self._owner_path(self.owner))
        os.close(self._held)

    def known(self, keys: Sequence[str]) -> Mapping[str, Reply]:
        """Return the replies that are here among those asked for."""

        def read(connection: sqlite3.Connection) -> Mapping[str, Reply]:
            found: dict[str, Reply] = {}
            for some in _chunks(keys):
                marks = ",".join("?" * len(some))
                rows = connection.execute(f"SELECT key, reply FROM replies WHERE key IN ({marks})", some)
                found.update((key, reply_from(text)) for key, text in rows)
            return found

        return self._now(read)

    def spent(self, plan: str) -> int:
        """Return what a plan has cost and holds reserved, in millionths of a dollar."""
        return self._now(lambda connection: _spent(connection, plan))

    async def claim(self, key: str, plan: str, *, price: int, cap: int | None) -> Claim:
        """Claim one question at its highest price, in millionths of a dollar; `cap` is what the plan may cost."""
        return await self._soon(lambda connection: self._claim(connection, key, plan, price, cap))

    async def settle(self, key: str, plan: str, reply: Reply, raw: str, *, price: int) -> None:
        """Keep a reply and its price in place of its claim; it may be used once this returns."""

        def write(connection: sqlite3.Connection) -> None:
            row = connection.execute("SELECT orphaned FROM claims WHERE key = ?", (key,)).fetchone()
            amount = price * (ORPHAN_FACTOR if row is not None and row[0] else 1)
            connection.execute("INSERT OR IGNORE INTO replies VALUES (?, ?, ?)", (key, reply_text(reply), raw))
            connection.execute("INSERT INTO charges VALUES (?, ?, ?)", (plan, key, amount))
            connection.execute("DELETE FROM claims WHERE key = ?", (key,))

        await self._soon(write)

    async def charge(self, key: str, plan: str, *, price: int) -> None:
        """Count a call that was, or may have been, billed though it brought nothing; its claim stands."""
        await self._soon(
            lambda connection: connection.execute("INSERT INTO charges VALUES (?, ?, ?)", (plan, key, price))
        )

    async def release(self, key: str) -> None:
        """Give up a claim that was not answered and not billed."""
        await self._soon(
            lambda connection: connection.execute("DELETE FROM claims WHERE key = ? AND owner = ?", (key, self.owner))
        )

    def _claim(self, connection: sqlite3.Connection, key: str, plan: str, price: int, cap: int | None) -> Claim:
        row = connection.execute("SELECT reply FROM replies WHERE key = ?", (key,)).fetchone()
        if row is not None:
            return Claim(state="answered", reply=reply_from(row[0]))
        held = connection.execute("SELECT owner, reserved, plan FROM claims WHERE key = ?", (key,)).fetchone()
        if held is not None and held[0] != self.owner and self._is_alive(held[0]):
            return Claim(state="theirs")
        is_orphan = held is not None and held[0] != self.owner
        # An orphan may have been billed already: its place in the budget is kept twice, and settled twice.
        needed = price * (ORPHAN_FACTOR if is_orphan else 1)
        own = held[1] if held is not None and held[2] == plan else 0
        if cap is not None and _spent(connection, plan) - own + needed > cap:
            return Claim(state="over", was_orphan=is_orphan)
        connection.execute(
            "INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?, ?)", (key, plan, self.owner, needed, int(is_orphan))
        )
        return Claim(state="mine", was_orphan=is_orphan)

    def _is_alive(self, owner: str) -> bool:
        try:
            number = os.open(self._owner_path(owner), os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(number)
        return False

    def _owner_path(self, owner: str) -> str:
        return os.path.join(self._owners, owner)

    def _now(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        future: Future[Answer] = Future()
        self._work.put((work, future))
        return future.result()

    async def _soon(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        future: Future[Answer] = Future()
        self._work.put((work, future))
        return await asyncio.wrap_future(future)

    def _run(self) -> None:
        connection: sqlite3.Connection | None = None
        while (first := self._work.get()) is not None:
            together = [first]
            ended = False
            while len(together) < MAX_TOGETHER:
                try:
                    following = self._work.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    ended = True
                    break
                together.append(following)
            try:
                connection = connection or _open(self._path)
                answers = [*_committed(connection, [work for work, _ in together])]
            except (sqlite3.Error, OSError) as error:
                for _, future in together:
                    future.set_exception(_trouble(self._folder, error))
            else:
                for (_, future), answer in zip(together, answers, strict=True):
                    future.set_result(answer)
            if ended:
                break
        if connection is not None:
            connection.close()


def reply_text(reply: Reply) -> str:
    """Spell a reply for the journal."""
    return json.dumps(asdict(reply), ensure_ascii=False)


def reply_from(text: str) -> Reply:
    """Read a reply back."""
    data = json.loads(text)
    return Reply(**{**data, "usage": Usage(**data["usage"])})


def _open(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise sqlite3.DatabaseError(f"a newer evalspec wrote this journal (version {version})")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.executescript(_TABLES)
    return connection


def _committed(connection: sqlite3.Connection, works: Sequence[Callable[[sqlite3.Connection], Any]]) -> Iterator[Any]:
    """Run some operations in one transaction and return what they gave, once it is on the disk."""
    with _transaction(connection):
        answers = [work(connection) for work in works]
    yield from answers


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _spent(connection: sqlite3.Connection, plan: str) -> int:
    charged = connection.execute("SELECT COALESCE(SUM(amount), 0) FROM charges WHERE plan = ?", (plan,)).fetchone()[0]
    held = connection.execute("SELECT COALESCE(SUM(reserved), 0) FROM claims WHERE plan = ?", (plan,)).fetchone()[0]
    return int(charged) + int(held)


def _chunks(keys: Sequence[str], size: int = 500) -> Iterator[Sequence[str]]:
    for at in range(0, len(keys), size):
        yield keys[at : at + size]


def _trouble(folder: str, error: Exception) -> EvalspecError:
    problem = Diagnostic(
        code="T701",
        severity="error",
        message=f"the journal of paid replies in `{folder}` cannot be used: {error}",
        hint="free space there, or name another folder in EVALSPEC_STATE; what is committed in it is safe",
        exit=Exit.ENVIRONMENT,
    )
    return EvalspecError([problem])
