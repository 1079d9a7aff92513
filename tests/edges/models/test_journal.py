"""The journal: durable before used, asked once whoever asks, freed by death, and a clear way out of every trouble."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest

from evalspec.diagnostics import EvalspecError, Exit
from evalspec.edges.models.journal import Journal
from evalspec.edges.models.journal_file import APPLICATION_ID, JOURNAL_NAME, SCHEMA_VERSION, open_database
from evalspec.model.asking import Reply, Usage

Answer = TypeVar("Answer")
A, B = "a" * 32, "b" * 32
ROOT = Path(__file__).parents[3]


def reply(text: str = "hello") -> Reply:
    return Reply(text=text, served="one-2026", usage=Usage(prompt=3, completion=5))


def done(work: Coroutine[Any, Any, Answer]) -> Answer:
    return asyncio.run(work)


def settle(journal: Journal, key: str, text: str = "hello", *, plan: str = "plan", price: int = 10) -> Reply:
    return done(journal.settle(key, plan, reply(text), "{}", price=price))


def claim(journal: Journal, key: str, *, plan: str = "plan", price: int = 100, cap: int | None = None) -> str:
    return done(journal.claim(key, plan, price=price, cap=cap)).state


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / "state")


@pytest.fixture
def journal(folder: str) -> Iterator[Journal]:
    made = Journal(folder)
    yield made
    made.close()


def test_it_is_private_and_every_commit_reaches_the_disk(folder: str, journal: Journal) -> None:
    """Folder 0700, files 0600, a write-ahead log that is synced at every commit."""
    claim(journal, A)
    settle(journal, A)
    modes = {path.name: path.stat().st_mode & 0o777 for path in Path(folder).iterdir()}
    pragmas = journal._now(
        lambda one: [one.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    )

    assert Path(folder).stat().st_mode & 0o777 == 0o700
    assert modes.pop("owners") == 0o700
    assert {JOURNAL_NAME, f"{JOURNAL_NAME}-wal", "reserve"} <= modes.keys()
    assert set(modes.values()) == {0o600}
    assert pragmas == ["wal", 2]  # 2: FULL


def test_git_leaves_it_alone_wherever_it_stands(folder: str, journal: Journal) -> None:
    """A state folder inside a checkout is not committed by mistake."""
    claim(journal, A)
    subprocess.run(["git", "init", "-q", str(Path(folder).parent)], check=True)
    line = ["git", "-C", str(Path(folder).parent), "status", "--porcelain", "--untracked-files=all"]

    assert subprocess.run(line, capture_output=True, text=True, check=True).stdout == ""


def test_a_reply_outlives_the_process(folder: str, journal: Journal) -> None:
    """What was settled is there for the next one, to the last odd character."""
    odd = 'half a pair \ud800, a NUL \x00, a line \u2028 and "quotes"'
    settle(journal, A, odd)
    again = Journal(folder)

    assert again.known([A, B]) == {A: reply(odd)}
    assert claim(again, A) == "answered"
    again.close()


def test_many_keys_are_looked_up_at_once(journal: Journal) -> None:
    """More than one statement can name."""
    keys = [f"{at:032x}" for at in range(1201)]
    settle(journal, keys[7])

    assert set(journal.known(keys)) == {keys[7]}


def test_a_huge_reply_is_kept(journal: Journal) -> None:
    """As large as a transport takes."""
    settle(journal, A, "x" * 1024 * 1024)

    assert len(journal.known([A])[A].text) == 1024 * 1024


def test_the_first_of_two_answers_counts_for_both(folder: str, journal: Journal) -> None:
    """Two processes that both asked use one reply, and both calls are charged."""
    other = Journal(folder)
    claim(journal, A)

    assert settle(journal, A, "first").text == "first"
    assert settle(other, A, "second").text == "first"
    assert journal.spent("plan") == 20
    other.close()


def test_a_claim_of_a_living_process_is_theirs(folder: str, journal: Journal) -> None:
    """Whoever asks under whatever plan waits for the one who was first."""
    other = Journal(folder)
    claim(journal, A)

    assert claim(other, A, plan="another") == "theirs"
    other.close()


HOLDER = """
import asyncio, sys, time
from evalspec.edges.models.journal import Journal
journal = Journal(sys.argv[1])
for key in sys.argv[3:]:
    print(asyncio.run(journal.claim(key, sys.argv[2], price=100, cap=None)).state, flush=True)
time.sleep(60)
"""


def killed_holder(folder: str, plan: str, *keys: str) -> None:
    """Claim keys in another process and kill it."""
    line = [sys.executable, "-c", HOLDER, folder, plan, *keys]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in keys] == ["mine\n"] * len(keys)
        process.send_signal(signal.SIGKILL)


def test_death_frees_what_was_claimed(folder: str, journal: Journal) -> None:
    """The next process may ask at once; the call may have been billed, so it counts twice in its plan."""
    killed_holder(folder, "plan", A, B)

    found = done(journal.claim(A, "plan", price=100, cap=None))

    assert (found.state, found.was_orphan) == ("mine", True)
    assert journal.spent("plan") == 200 + 100  # this one twice, and the other orphan's place
    settle(journal, A, price=30)
    assert journal.spent("plan") == 60 + 100


def test_an_orphan_of_another_plan_is_charged_where_it_was_sent(folder: str, journal: Journal) -> None:
    """At the most it can have cost; the plan that asks again pays its own call and no other."""
    killed_holder(folder, "old", A)

    assert claim(journal, A, plan="new") == "mine"
    settle(journal, A, plan="new", price=30)

    assert (journal.spent("old"), journal.spent("new")) == (100, 30)


def test_an_orphan_that_is_given_up_is_still_counted(folder: str, journal: Journal) -> None:
    """What the dead process may have spent is not forgotten by a second attempt that was not sent."""
    killed_holder(folder, "plan", A)
    claim(journal, A)
    done(journal.release(A))

    assert journal.spent("plan") == 100


def test_the_dead_leave_no_files(folder: str) -> None:
    """Owners are swept when the next one comes; the living stay."""
    killed_holder(folder, "plan", A)
    first, second = Journal(folder), Journal(folder)

    assert sorted(os.listdir(Path(folder) / "owners")) == sorted([first._owner.name, second._owner.name])
    first.close()
    second.close()


def test_the_cap_holds_over_claims_and_charges(journal: Journal) -> None:
    """What is reserved counts as spent until it is settled."""
    assert claim(journal, A, price=60, cap=100) == "mine"
    assert claim(journal, B, price=60, cap=100) == "over"
    settle(journal, A, price=40)
    assert claim(journal, B, price=60, cap=100) == "mine"


def test_a_stop_ends_the_waiting_and_not_the_writing(folder: str, journal: Journal) -> None:
    """A reply that is being settled when its asker is cancelled is kept."""

    async def cancelled() -> None:
        task = asyncio.create_task(journal.settle(A, "plan", reply(), "{}", price=1))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert A in journal.known([A])
    assert claim(journal, B) == "mine"  # the thread lives


def refused(folder: str) -> tuple[str, str]:
    """What opening and using the journal says: message and hint."""
    with pytest.raises(EvalspecError) as error:
        one = Journal(folder)
        try:
            one.known([A])
            claim(one, A)
        finally:
            one.close()
    (problem,) = error.value.diagnostics
    assert (problem.code, problem.exit) == ("T701", Exit.ENVIRONMENT)
    return problem.message, problem.hint or ""


def database(folder: str) -> sqlite3.Connection:
    os.makedirs(folder, exist_ok=True)
    return sqlite3.connect(os.path.join(folder, JOURNAL_NAME))


def test_a_file_of_another_program_is_left_alone(folder: str) -> None:
    """Its tables stay as they are, and no table of ours is put beside them."""
    with database(folder) as one:
        one.execute("CREATE TABLE theirs(x)")
    one.close()
    before = (Path(folder) / JOURNAL_NAME).read_bytes()

    message, hint = refused(folder)

    assert "another program" in message and "EVALSPEC_STATE" in hint
    assert (Path(folder) / JOURNAL_NAME).read_bytes() == before


def test_a_newer_journal_is_left_alone(folder: str) -> None:
    """Two versions of evalspec on one machine: the older says which one to use."""
    with database(folder) as one:
        one.execute(f"PRAGMA application_id={APPLICATION_ID}")
        one.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    one.close()

    message, hint = refused(folder)

    assert "newer" in message and "upgrade" in hint


@pytest.mark.parametrize("content", [b"not a database at all, and long enough to be read as one" * 40, b"\x80\x04\x95"])
def test_a_file_that_is_no_database_says_how_to_go_on(folder: str, content: bytes) -> None:
    """Moved away, with what can be read of it brought back."""
    os.makedirs(folder)
    (Path(folder) / JOURNAL_NAME).write_bytes(content)

    _, hint = refused(folder)

    assert "move it" in hint and ".recover" in hint


def test_a_reply_that_the_disk_changed_is_never_used(folder: str, journal: Journal) -> None:
    """SQLite itself would not notice; another reply is not silently taken for it, and not asked again either."""
    settle(journal, A, "nineteen dollars")
    settle(journal, B)
    journal._now(lambda one: one.execute("UPDATE replies SET reply = replace(reply, 'nine', 'four')").rowcount)

    assert set(journal.known([B])) == {B}
    with pytest.raises(EvalspecError, match="not the one that was written"):
        journal.known([A])
    with pytest.raises(EvalspecError, match="not the one that was written"):
        claim(journal, A)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_says_so(folder: str) -> None:
    """Another folder can be named."""
    os.makedirs(folder, mode=0o500)

    assert "EVALSPEC_STATE" in refused(folder)[1]


READ_ONLY = """
import asyncio, subprocess, sys
from evalspec.diagnostics import EvalspecError
from evalspec.edges.models.journal import Journal
Journal(sys.argv[1]).close()
subprocess.run(["mount", "-o", "remount,ro", sys.argv[2]], check=True)
try:
    Journal(sys.argv[1])
except EvalspecError as error:
    print(error.diagnostics[0].code, int(error.exit), error.diagnostics[0].message)
"""


def on_a_disk(place: Path, size: str, script: str) -> str:
    """Run a script with a journal's folder on a small disk of its own, and return what it printed."""
    place.mkdir()
    inside = f'mount -t tmpfs -o size={size} none "{place}" && exec "$@"'
    line = ["unshare", "-Urm", "sh", "-c", inside, "sh", sys.executable, "-c", script, str(place / "state"), str(place)]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*line[:5], "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("no disk can be mounted here")
    return subprocess.run(line, capture_output=True, text=True, check=True, cwd=ROOT).stdout


def test_a_disk_that_is_read_only_says_so(tmp_path: Path) -> None:
    """Nothing can be paid for there."""
    said = on_a_disk(tmp_path / "fixed", "20m", READ_ONLY)

    assert said.startswith("T701 10 ") and "Read-only" in said


def test_a_reply_that_could_not_be_kept_is_told(journal: Journal) -> None:
    """Paid for and lost: the one thing that must not happen in silence."""
    journal._now(lambda one: one.execute("ALTER TABLE replies RENAME TO gone").rowcount)

    with pytest.raises(EvalspecError) as error:
        settle(journal, A)

    assert "could not be kept" in error.value.diagnostics[0].notes[0].message


@pytest.mark.parametrize("kind", ["link", "folder", "file for a folder"])
def test_what_stands_in_its_place_is_not_followed(folder: str, tmp_path: Path, kind: str) -> None:
    """A link could lead into somebody else's file."""
    if kind == "file for a folder":
        Path(folder).write_text("x")
    elif kind == "link":
        os.makedirs(folder)
        (tmp_path / "else").write_bytes(b"")
        (Path(folder) / JOURNAL_NAME).symlink_to(tmp_path / "else")
    else:
        os.makedirs(Path(folder) / JOURNAL_NAME)

    refused(folder)

    assert kind != "link" or (tmp_path / "else").read_bytes() == b""


FULL = """
import asyncio, sys
from evalspec.diagnostics import EvalspecError
from evalspec.edges.models.journal import Journal
from evalspec.model.asking import Reply
journal = Journal(sys.argv[1])
kept, lost, refused = [], [], []

async def one(at):
    key = f"{at:032x}"
    try:
        claim = await journal.claim(key, "plan", price=1, cap=None)
    except EvalspecError as error:
        refused.append(error.diagnostics[0].code)
        return
    await asyncio.sleep(0.01)
    try:
        await journal.settle(key, "plan", Reply(text="x" * 20_000, served="m"), "y" * 20_000, price=1)
        kept.append(key)
    except EvalspecError as error:
        lost.append(error.diagnostics[0].notes[0].message)

async def all():
    for start in range(0, 1600, 32):
        await asyncio.gather(*(one(at) for at in range(start, start + 32)))
asyncio.run(all())
stored = journal.known(kept)
journal.close()
print(len(kept), len(lost), len(refused), len(stored), *sorted(set(refused)))
"""


def test_a_full_disk_loses_nothing_that_was_paid_for(tmp_path: Path) -> None:
    """New questions are refused; what was in flight goes into the reserve."""
    said = on_a_disk(tmp_path / "small", "20m", FULL).split()

    kept, lost, refused_count, stored = map(int, said[:4])
    assert (lost, stored) == (0, kept)
    assert refused_count > 0 and kept > 50
    assert said[4:] == ["T701"]


def test_many_may_make_it_at_once(tmp_path: Path) -> None:
    """None of them takes the half that another has made for the database of another program."""
    for number in range(20):
        folder = tmp_path / str(number)
        folder.mkdir()
        go = threading.Barrier(6)

        def opened(folder: Path = folder, go: threading.Barrier = go) -> None:
            go.wait()
            open_database(str(folder)).close()

        with ThreadPoolExecutor(6) as pool:
            for one in [pool.submit(opened) for _ in range(6)]:
                one.result()
