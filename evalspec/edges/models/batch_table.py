"""The batches of this user: which questions wait in which batch, in two tables of the journal's file.

A question in a batch is reserved in its plan's charges, so that every build counts it; what it cost in the end is
charged as the difference. The row stands before anything is sent: a crash leaves a batch without a number, and never a
question that nobody knows to be paid for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evalspec.edges.models.journal import Journal, spent_of
from evalspec.edges.models.journal_file import reply_row
from evalspec.model.asking import Reply

_TABLES = (
    "CREATE TABLE IF NOT EXISTS batches(name TEXT PRIMARY KEY, plan TEXT NOT NULL, endpoint TEXT NOT NULL,"
    " model TEXT NOT NULL, remote TEXT, size INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS batched(key TEXT PRIMARY KEY, batch TEXT NOT NULL, plan TEXT NOT NULL,"
    " reserved INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS batched_of_batch ON batched(batch)",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A batch that was sent, or was to be sent when a process ended."""

    name: str  # ours
    plan: str
    endpoint: str
    model: str  # as the spec names it
    remote: str | None  # the endpoint's number for it; None: nobody knows whether it arrived
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A reply out of a batch, and its price in millionths of a dollar."""

    key: str
    reply: Reply
    raw: str
    price: int | None  # None: nobody here knows; what was reserved for it counts


def waiting(journal: Journal, keys: Sequence[str]) -> Mapping[str, Batch]:
    """Return the batches that questions wait in, by key."""

    def read(connection: sqlite3.Connection) -> Mapping[str, Batch]:
        if not _is_there(connection):
            return {}
        wanted = frozenset(keys)
        rows = connection.execute("SELECT name, plan, endpoint, model, remote, size FROM batches")
        batches = {
            name: Batch(name=name, plan=plan, endpoint=endpoint, model=model, remote=remote, size=size)
            for name, plan, endpoint, model, remote, size in rows
        }
        held = connection.execute("SELECT key, batch FROM batched")
        return {key: batches[batch] for key, batch in held if key in wanted}

    return journal.do(read)


def sent(journal: Journal) -> tuple[tuple[Batch, int], ...]:
    """Return every batch of this user, and what is reserved for it in millionths of a dollar."""

    def read(connection: sqlite3.Connection) -> tuple[tuple[Batch, int], ...]:
        if not _is_there(connection):
            return ()
        rows = connection.execute(
            "SELECT name, plan, endpoint, model, remote, size,"
            " (SELECT COALESCE(SUM(reserved), 0) FROM batched WHERE batch = name) FROM batches ORDER BY rowid"
        )
        return tuple(
            (Batch(name=name, plan=plan, endpoint=endpoint, model=model, remote=remote, size=size), int(reserved))
            for name, plan, endpoint, model, remote, size, reserved in rows
        )

    return journal.do(read)


def reserve(
    journal: Journal, batch: Batch, prices: Mapping[str, int], *, cap: int | None
) -> tuple[tuple[str, ...], int]:
    """Write a batch down with as many questions as the budget holds; return their keys and what is spent with them.

    `prices` is the most that each question can cost there, in millionths of a dollar.
    """

    def write(connection: sqlite3.Connection) -> tuple[tuple[str, ...], int]:
        for statement in _TABLES:
            connection.execute(statement)
        spent = spent_of(connection, batch.plan)
        taken: list[str] = []
        elsewhere = {key for (key,) in connection.execute("SELECT key FROM batched")}
        for key, price in prices.items():
            if key in elsewhere:  # another build was faster
                continue
            if cap is not None and spent + price > cap:
                break
            taken.append(key)
            spent += price
        if taken:
            row = (batch.name, batch.plan, batch.endpoint, batch.model, None, len(taken))
            connection.execute("INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?)", row)
            held = [(key, batch.name, batch.plan, prices[key]) for key in taken]
            connection.executemany("INSERT INTO batched VALUES (?, ?, ?, ?)", held)
            _charge(connection, [(batch.plan, key, prices[key]) for key in taken])
        return tuple(taken), spent

    return journal.do(write)


def arrived(journal: Journal, batch: Batch, remote: str) -> None:
    """Note the endpoint's number for a batch."""
    journal.do(
        lambda connection: (
            connection.execute("UPDATE batches SET remote = ? WHERE name = ?", (remote, batch.name)).rowcount
        )
    )


def keys_in(journal: Journal, batch: Batch) -> tuple[str, ...]:
    """Return the questions that wait in a batch."""

    def read(connection: sqlite3.Connection) -> tuple[str, ...]:
        return tuple(key for (key,) in connection.execute("SELECT key FROM batched WHERE batch = ?", (batch.name,)))

    return journal.do(read)


def settle(journal: Journal, batch: Batch, kept: Sequence[Kept], *, is_billed: bool = False) -> None:
    """Keep the replies of a batch that has ended, and let its other questions go.

    `is_billed` counts the questions without a reply at the most they can have cost: nobody knows better.
    """

    def write(connection: sqlite3.Connection) -> None:
        held = dict(connection.execute("SELECT key, reserved FROM batched WHERE batch = ?", (batch.name,)))
        prices = {one.key: held.get(one.key, 0) if one.price is None else one.price for one in kept}
        for one in kept:
            row = (one.key, *reply_row(one.key, one.reply), one.raw.encode("utf-8", "surrogatepass"))
            connection.execute("INSERT OR IGNORE INTO replies VALUES (?, ?, ?, ?)", row)
        changes = {key: prices.get(key, amount if is_billed else 0) - amount for key, amount in held.items()}
        _charge(connection, [(batch.plan, key, change) for key, change in changes.items() if change])
        connection.execute("DELETE FROM batched WHERE batch = ?", (batch.name,))
        connection.execute("DELETE FROM batches WHERE name = ?", (batch.name,))

    journal.do(write)


def _charge(connection: sqlite3.Connection, rows: Sequence[tuple[str, str, int]]) -> None:
    connection.executemany("INSERT INTO charges VALUES (?, ?, ?)", rows)


def _is_there(connection: sqlite3.Connection) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'batches'").fetchone()
    return found is not None
