"""The journal: every paid reply of this user, durable before it is used, asked for once whoever asks.

One SQLite file in the user's state folder. A question is claimed in a transaction together with the highest price it
can have; the reply and its true price replace the claim in one other transaction. What is committed is on the disk
(WAL with `synchronous=FULL`), and one thread commits what arrives within the same moment together, so that an fsync
is paid once for many replies. A disk that runs full refuses new claims; what is in flight then is kept in a reserve.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from evalspec.diagnostics import EvalspecError, Note
from evalspec.edges.models.journal_file import (
    commit_all,
    give_reserve,
    is_full,
    make_reserve,
    open_database,
    reply_of,
    reply_row,
    trouble,
)
from evalspec.edges.models.owner import Owner
from evalspec.model.asking import Reply

MAX_TOGETHER = 512  # operations of one commit
# What comes within so long is committed together: to wake the thread, and to sync, costs more than the statements do.
GATHER_SECONDS = 0.004
SQLITE_VARIABLES = 500  # of one statement; the least that any SQLite allows is 999

_LOST = Note(message="a reply that had arrived could not be kept; the next build asks for it again")

Answer = TypeVar("Answer")
_Operation = Callable[[sqlite3.Connection], Any]
# One operation, and who hears what came of it: a thread that waits, or a task of a loop.
_Work = tuple[_Operation, "Future[Any] | asyncio.Future[Any]"]
_Ended = tuple["asyncio.Future[Any]", Any, Exception | None]


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
        self._connection: sqlite3.Connection | None = None  # the thread's own
        self._has_reserve = False
        self._refused: Exception | None = None  # why nothing more may be claimed
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            self._owner = Owner(folder)
        except OSError as error:
            raise trouble(folder, error) from error
        self._work: queue.SimpleQueue[list[_Work] | None] = queue.SimpleQueue()
        # What goes to the thread next: of each thread that asks, its loop and what was gathered there.
        self._gathered: dict[int, tuple[asyncio.AbstractEventLoop, list[_Work]]] = {}
        self._woken: dict[asyncio.AbstractEventLoop, list[_Ended]] = {}  # of the thread alone
        self._thread = threading.Thread(target=self._run, name="evalspec-journal", daemon=True)
        self._thread.start()
        try:
            self._now(lambda connection: None)
        except EvalspecError:
            self.close()
            raise

    def close(self) -> None:
        """Commit what waits and let go of everything."""
        for asker in tuple(self._gathered):
            self._hand_over(asker)
        self._work.put(None)
        self._thread.join()
        self._owner.release()

    def known(self, keys: Sequence[str]) -> Mapping[str, Reply]:
        """Return the replies that are here among those asked for."""

        def read(connection: sqlite3.Connection) -> Mapping[str, Reply]:
            found: dict[str, Reply] = {}
            for some in _chunks(keys, SQLITE_VARIABLES):
                marks = ",".join("?" * len(some))
                rows = connection.execute(f"SELECT key, reply, sum FROM replies WHERE key IN ({marks})", some)
                found.update((key, reply_of(key, text, total)) for key, text, total in rows)
            return found

        return self._now(read)

    def forget(self, keys: Sequence[str]) -> int:
        """Take replies out and return how many were here; what they cost stays counted."""
        return self._now(
            lambda connection: sum(
                connection.execute("DELETE FROM replies WHERE key = ?", (key,)).rowcount for key in keys
            )
        )

    def spent(self, plan: str) -> int:
        """Return what a plan has cost and holds reserved, in millionths of a dollar."""
        return self._now(lambda connection: spent_of(connection, plan))

    def do(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """Run one operation on the tables of a neighbour in a transaction; return what it gave, once it is durable."""
        return self._now(work)

    async def claim(self, key: str, plan: str, *, price: int, cap: int | None) -> Claim:
        """Claim one question at its highest price, in millionths of a dollar; `cap` is what the plan may cost."""
        return await self._soon(lambda connection: self._claim(connection, key, plan, price, cap))

    async def settle(self, key: str, plan: str, reply: Reply, raw: str, *, price: int) -> Reply:
        """Keep a reply and its price in place of its claim; return the reply that counts, once it is durable.

        That is another one where a process that had been given up for dead was faster: all of them use the first.
        """

        def write(connection: sqlite3.Connection) -> Reply:
            held = connection.execute("SELECT orphaned FROM claims WHERE key = ?", (key,)).fetchone()
            amount = price * (1 + (held[0] if held is not None else 0))
            row = (key, *reply_row(key, reply), raw.encode("utf-8", "surrogatepass"))
            is_first = connection.execute("INSERT OR IGNORE INTO replies VALUES (?, ?, ?, ?)", row).rowcount
            connection.execute("INSERT INTO charges VALUES (?, ?, ?)", (plan, key, amount))
            connection.execute("DELETE FROM claims WHERE key = ?", (key,))
            return reply if is_first else _reply(connection, key) or reply

        try:
            return await self._soon(write)
        except EvalspecError as error:
            raise EvalspecError([replace(one, notes=(*one.notes, _LOST)) for one in error.diagnostics]) from error

    async def charge(self, key: str, plan: str, *, price: int) -> None:
        """Count a call that was, or may have been, billed though it brought nothing; its claim stands."""
        await self._soon(
            lambda connection: connection.execute("INSERT INTO charges VALUES (?, ?, ?)", (plan, key, price)).rowcount
        )

    async def release(self, key: str) -> None:
        """Give up a claim that was not answered and not billed; what an orphan may have cost before is counted."""

        def write(connection: sqlite3.Connection) -> None:
            held = connection.execute(
                "SELECT plan, reserved, orphaned FROM claims WHERE key = ? AND owner = ?", (key, self._owner.name)
            ).fetchone()
            if held is None:
                return
            if held[2]:
                earlier = held[1] * held[2] // (1 + held[2])
                connection.execute("INSERT INTO charges VALUES (?, ?, ?)", (held[0], key, earlier))
            connection.execute("DELETE FROM claims WHERE key = ?", (key,))

        await self._soon(write)

    def _claim(self, connection: sqlite3.Connection, key: str, plan: str, price: int, cap: int | None) -> Claim:
        reply = _reply(connection, key)
        if reply is not None:
            return Claim(state="answered", reply=reply)
        if self._refused is not None:
            raise self._refused
        self._keep_reserve()
        held = connection.execute("SELECT owner, reserved, plan, orphaned FROM claims WHERE key = ?", (key,)).fetchone()
        owner, reserved, held_by, orphaned = held if held is not None else (self._owner.name, 0, plan, 0)
        if owner != self._owner.name and self._owner.is_alive(owner):
            return Claim(state="theirs")
        is_orphan = owner != self._owner.name
        # An orphan may have been billed already: in its own plan its place in the budget is kept and settled once more
        # for each process that died with it. In another plan it is counted where it was sent, at the most it can have
        # cost.
        earlier = orphaned + is_orphan if held_by == plan else 0
        needed = price * (1 + earlier)
        own = reserved if held_by == plan else 0
        if cap is not None and spent_of(connection, plan) - own + needed > cap:
            return Claim(state="over", was_orphan=is_orphan)
        if is_orphan and held_by != plan:
            connection.execute("INSERT INTO charges VALUES (?, ?, ?)", (held_by, key, reserved))
        connection.execute(
            "INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?, ?)", (key, plan, self._owner.name, needed, earlier)
        )
        return Claim(state="mine", was_orphan=is_orphan)

    def _keep_reserve(self) -> None:
        if not self._has_reserve:
            make_reserve(self._folder)
            self._has_reserve = True

    def _now(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        future: Future[Answer] = Future()
        self._hand_over(threading.get_ident())
        self._work.put([(work, future)])
        return future.result()

    async def _soon(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Answer] = loop.create_future()
        asker = threading.get_ident()
        if asker not in self._gathered or self._gathered[asker][0] is not loop:
            self._hand_over(asker)
            self._gathered[asker] = (loop, [])
            loop.call_later(GATHER_SECONDS, self._hand_over, asker)
        self._gathered[asker][1].append((work, waiter))
        return await waiter

    def _hand_over(self, asker: int) -> None:
        """Give the journal's thread what was gathered in the one that asks."""
        if asker in self._gathered:
            self._work.put(self._gathered.pop(asker)[1])

    def _run(self) -> None:
        is_open = True
        while is_open:
            together, is_open = self._next()
            outcomes = self._outcomes([work for work, _ in together])
            for (_, future), (answer, error) in zip(together, outcomes, strict=True):
                if isinstance(future, asyncio.Future):
                    self._woken.setdefault(future.get_loop(), []).append((future, answer, error))
                elif error is None:
                    future.set_result(answer)
                else:
                    future.set_exception(error)
            self._wake()
        if self._connection is not None:
            with suppress(sqlite3.Error):  # everything is committed; only the tidying up failed
                self._connection.close()

    def _wake(self) -> None:
        """Wake those whose answers are there: a loop once a commit, not once a caller."""
        woken, self._woken = self._woken, {}
        for loop, ended in woken.items():
            with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
                loop.call_soon_threadsafe(_end_waiting, ended)

    def _next(self) -> tuple[list[_Work], bool]:
        """Wait for work and return all that is there, and whether more may come."""
        together: list[_Work] = []
        while len(together) < MAX_TOGETHER:
            try:
                some = self._work.get(block=not together)
            except queue.Empty:
                break
            if some is None:
                return together, False
            together += some
        return together, True

    def _outcomes(self, works: Sequence[_Operation]) -> list[tuple[Any, Exception | None]]:
        """Commit some operations together; where that fails, each by itself, so that none takes others with it."""
        try:
            return [(answer, None) for answer in self._committed(works)]
        except Exception as error:
            if is_full(error) and self._refused is None:
                self._refused = error
                give_reserve(self._folder)
            elif len(works) == 1:
                return [(None, self._told(error))]
        return [outcome for work in works for outcome in self._outcomes([work])]

    def _committed(self, works: Sequence[_Operation]) -> Sequence[Any]:
        if not works:
            return ()
        self._connection = self._connection or open_database(self._folder)
        return commit_all(self._connection, works)

    def _told(self, error: Exception) -> Exception:
        """Return what the asker hears; a bug of ours stays one."""
        is_ours = isinstance(error, AssertionError | AttributeError | NameError)
        return error if is_ours else trouble(self._folder, error)


def _end_waiting(ended: Sequence[_Ended]) -> None:
    for waiter, answer, error in ended:
        if waiter.done():  # a Ctrl-C ended the waiting, and never what is being written
            continue
        if error is None:
            waiter.set_result(answer)
        else:
            waiter.set_exception(error)


def _reply(connection: sqlite3.Connection, key: str) -> Reply | None:
    row = connection.execute("SELECT reply, sum FROM replies WHERE key = ?", (key,)).fetchone()
    return reply_of(key, *row) if row is not None else None


def spent_of(connection: sqlite3.Connection, plan: str) -> int:
    """Return what a plan has cost and holds reserved, in millionths of a dollar."""
    charged = connection.execute("SELECT COALESCE(SUM(amount), 0) FROM charges WHERE plan = ?", (plan,)).fetchone()[0]
    held = connection.execute("SELECT COALESCE(SUM(reserved), 0) FROM claims WHERE plan = ?", (plan,)).fetchone()[0]
    return int(charged) + int(held)


def _chunks(keys: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for at in range(0, len(keys), size):
        yield keys[at : at + size]
