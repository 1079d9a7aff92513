"""The tape and the journal: bits turned, bytes cut, files broken and forged, and the asker killed while it writes.

What is read of either is what was written, or it is refused with its code; a wrong reply is never used.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from evalspec.cli import run as run_cli
from evalspec.diagnostics import EvalspecError
from evalspec.edges.models.journal import Journal
from evalspec.edges.models.journal_file import JOURNAL_NAME
from evalspec.model.asking import Reply, Usage
from evalspec.model.spec import Spec
from evalspec.project import load_spec
from evalspec.stages.tape import dump_segments
from evalspec.taping import read_tape_of
from tests.model_server import model_server
from tests.taped import write_model_project, writes
from tests.torture.mutations import Stock, mutate, odd_values, values_by_key
from tests.torture.suites import Effort, Tally, suite

ROOT = Path(__file__).parents[2]
SEGMENTS = (10_000, 200)  # broken segments in full, and in a sample
COMMANDS = (1_000, 12)  # of them also run as whole commands
JOURNALS = (3_000, 90)  # broken journals
KILLS = (1_000, 8)
BITS = (1, 41)  # of the small tape: each, or one in so many
RECORDS = 60  # replies of the journal that is broken
JOURNAL_CODES = {"T701"}
SECONDS = 2.0  # of processor time for one try
DOCUMENTED = {0, 3, 5, 8}  # of `verify` over a broken tape; and 4 or 1, where it is another valid tape
SPEC = "small.yaml"


@suite("tape", "Tape and journal: broken, forged, cut off, killed")
def tape(effort: Effort, folder: Path) -> list[Tally]:
    """Break what models were paid for in every way, and look at what is used of it."""
    project = folder / "project"
    with _surroundings(project, folder / "state"):
        write_model_project(project)
        with model_server(writes) as server:
            os.environ["HOSTED_VLLM_API_BASE"] = server.url
            code, said = _quiet("build", SPEC, "-q")
            if code != 0:
                raise RuntimeError(f"the project does not build: {said}")
        spec = load_spec(SPEC).spec
        return [
            *_turned_bits(effort, spec),
            *_broken_segments(effort, spec),
            _broken_journals(effort, folder / "journals"),
            _kills(effort, folder / "kills"),
        ]


@contextlib.contextmanager
def _surroundings(project: Path, state: Path) -> Iterator[None]:
    """Stand in a project with a state folder of its own, and leave everything as it was."""
    project.mkdir(parents=True)
    before, there = dict(os.environ), Path.cwd()
    os.environ["EVALSPEC_STATE"] = str(state)
    os.chdir(project)
    try:
        yield
    finally:
        os.chdir(there)
        os.environ.clear()
        os.environ.update(before)


def _quiet(*line: str) -> tuple[int, str]:
    """Run a command line in this process; its exit code and what it said."""
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        code = run_cli(line)
    return code, out.getvalue() + errors.getvalue()


def _read(spec: Spec) -> tuple[Mapping[str, Reply] | None, str]:
    """Read the tape: its replies, or none and the codes of what is wrong; an exception is named."""
    began = time.process_time()
    try:
        replies, said = read_tape_of(spec).replies, ""
    except EvalspecError as error:
        replies, said = None, ",".join(sorted({f"{one.code}/{int(one.exit)}" for one in error.diagnostics}))
    except Exception as error:
        replies, said = None, f"a bug: {type(error).__name__}: {error}"
    if time.process_time() - began > SECONDS:
        said = f"a bug: it took over {SECONDS:g} s"
    return replies, said


def _name(raw: bytes) -> str:
    return f"{hashlib.sha256(raw.replace(bytes([13, 10]), bytes([10]))).hexdigest()[:32]}.jsonl"


def _turned_bits(effort: Effort, spec: Spec) -> list[Tally]:
    """Turn every bit of a segment of five records, under its old name and under the one that the new bytes ask for."""
    edited = Tally("a segment with one bit turned is refused as edited (T702, exit 5)")
    forged = Tally("one that was renamed to its new digest is refused, or is exactly what its bytes say")
    place, replies = _own_segment(spec), dict(read_tape_of(spec).replies)
    kept = place.read_bytes()
    place.unlink()
    ((name, text),) = dump_segments(dict(sorted(replies.items())[:5]))
    raw, counts = text.encode(), Counter[str]()
    every = effort.count(*BITS)
    for bit in range(0, len(raw) * 8, every):
        turned = bytearray(raw)
        turned[bit // 8] ^= 1 << (bit % 8)
        for at, new in ((place.parent / name, False), (place.parent / _name(turned), True)):
            at.write_bytes(turned)
            found, said = _read(spec)
            at.unlink()
            if new:
                counts["another valid tape" if found is not None else "refused"] += 1
                forged.hold(_is_fair(found, said), f"bit {bit}: {said}")
            else:
                edited.hold(found is None and said == "T702/5", f"bit {bit}: {said or 'taken'}")
    place.write_bytes(kept)
    forged.figures = {name: f"{count:,}" for name, count in sorted(counts.items())}
    return [edited, forged]


def _broken_segments(effort: Effort, spec: Spec) -> list[Tally]:
    """Break a segment as a fuzzer does; a part of the tries also runs as whole commands."""
    reading = Tally("a broken segment is refused with a T code, or gives exactly the replies that it spells")
    whole = Tally(
        "`verify` over a broken tape ends in a stated exit code, and in 0 only where the replies are the same"
    )
    place, dice = _own_segment(spec), effort.dice("segments")
    raw, true = place.read_bytes(), dict(read_tape_of(spec).replies)
    stock = Stock(odd_values(effort.seed), values_by_key([]))
    tries, commands = effort.count(*SEGMENTS), effort.count(*COMMANDS)
    counts, exits = Counter[str](), Counter[int]()
    for number in range(tries):
        broken = mutate(dice, raw, "jsonl", stock, [raw])
        renamed = dice.random() < 0.6
        at = place.with_name(_name(broken)) if renamed else place
        place.unlink()
        at.write_bytes(broken)
        found, said = _read(spec)
        same = found == true
        counts["the same replies" if same else "other replies, well spelled" if found is not None else "refused"] += 1
        reading.hold(_is_fair(found, said) and (renamed or same or found is None), f"try {number}: {said or 'taken'}")
        if number % (tries // commands) == 0 or (found is not None and not same):
            code, told = _quiet("verify", SPEC)
            exits[code] += 1
            kept = code in DOCUMENTED | {1, 4} and (code != 0 or _counts_equal(found, true)) and "E999" not in told
            whole.hold(kept, f"try {number}: exit {code}, {told.strip()[-200:]}")
        at.unlink()
        place.write_bytes(raw)
    reading.figures = {name: f"{count:,}" for name, count in sorted(counts.items())}
    whole.figures = {"exit codes": ", ".join(f"{code}: {count:,}" for code, count in sorted(exits.items()))}
    return [reading, whole]


def _own_segment(spec: Spec) -> Path:
    (found,) = Path(spec.folder, spec.name, "tape").glob("*.jsonl")
    return found


def _is_fair(found: Mapping[str, Reply] | None, said: str) -> bool:
    """Tell whether a tape was read, or refused with a code of its own or of files and keys in general."""
    if found is not None:
        return not said
    return all(one[0] in "TEY" and one.rpartition("/")[2] in ("3", "5") for one in said.split(","))


def _counts_equal(found: Mapping[str, Reply] | None, true: Mapping[str, Reply]) -> bool:
    """Tell whether the replies that the set was made of are there; more of them, or other usage, changes no set."""
    if found is None:
        return False
    kept = {key: (one.text, one.served, one.finish, one.problem) for key, one in found.items() if key in true}
    return kept == {key: (one.text, one.served, one.finish, one.problem) for key, one in true.items()}


def _replies(count: int) -> dict[str, Reply]:
    return {
        hashlib.sha256(str(at).encode()).hexdigest()[:32]: Reply(
            text=f"reply {at}: " + "äöü " * (at * 7 % 400), served="m", usage=Usage(prompt=at, completion=at)
        )
        for at in range(count)
    }


def _broken_journals(effort: Effort, folder: Path) -> Tally:
    """Cut, turn or blank bytes of the database or of its write-ahead log; in a process of their own, which may die."""
    tally = Tally("a journal that was cut or changed gives true replies or is refused (T701), and never a wrong one")
    whole = folder / "whole"
    journal = Journal(str(whole))
    replies = _replies(RECORDS)
    for at, (key, reply) in enumerate(replies.items()):
        asyncio.run(journal.settle(key, "plan", reply, "{}" * 50, price=at))
        if at == RECORDS // 2:  # half of it in the database, half in the log alone
            journal.do(lambda one: None)
            _checkpoint(whole)
    for name in (JOURNAL_NAME, f"{JOURNAL_NAME}-wal"):
        shutil.copy(whole / name, folder / name)
    journal.close()
    tries = effort.count(*JOURNALS)
    line = [sys.executable, "-m", "tests.torture.tape", str(folder), str(effort.seed), str(tries)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    ended = [json.loads(one) for one in done.stdout.splitlines()]
    for one in ended:
        tally.hold(not one["wrong"], f"try {one['number']}: {one['wrong']}")
    tally.hold(len(ended) == tries, f"the process ended at try {len(ended)}: {done.returncode}, {done.stderr[-300:]}")
    counts = Counter(one["kind"] for one in ended)
    tally.figures = {
        "ended in": ", ".join(f"{kind}: {count:,}" for kind, count in sorted(counts.items())),
        "replies read back": f"{sum(one['read'] for one in ended):,} of {RECORDS * tries:,}",
    }
    return tally


def _checkpoint(folder: Path) -> None:
    import sqlite3

    with contextlib.closing(sqlite3.connect(folder / JOURNAL_NAME)) as one:
        one.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def break_journals(folder: Path, seed: int, tries: int) -> None:
    """Break the journal in `folder` so many times and print what each try came to."""
    names = (JOURNAL_NAME, f"{JOURNAL_NAME}-wal")
    true, raw = _replies(RECORDS), {name: (folder / name).read_bytes() for name in names}
    for number in range(tries):
        dice = random.Random(f"{seed}/journal/{number}")
        place = folder / "broken"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        name = dice.choice(names)
        for one in names:
            (place / one).write_bytes(_changed(dice, raw[one]) if one == name else raw[one])
        sys.stdout.write(json.dumps({"number": number, **_used(place, true)}) + "\n")
        sys.stdout.flush()


def _changed(dice: random.Random, raw: bytes) -> bytes:
    at = dice.randrange(len(raw))
    match dice.randrange(5):
        case 0:
            return raw[:at]
        case 1:
            return raw[:at] + bytes([raw[at] ^ (1 << dice.randrange(8))]) + raw[at + 1 :]
        case 2:
            length = dice.randrange(1, 5000)
            return raw[:at] + bytes(len(raw[at : at + length])) + raw[at + length :]
        case 3:
            return raw[:at] + dice.randbytes(dice.randrange(1, 400)) + raw[at:]
        case _:
            many = bytearray(raw)
            for _ in range(dice.randrange(1, 60)):
                many[dice.randrange(len(many))] ^= 1 << dice.randrange(8)
            return bytes(many)


def _used(place: Path, true: Mapping[str, Reply]) -> dict[str, object]:
    """Use a journal as a build does, one reply after the other, and say what came of it."""
    read, wrong, refused = 0, "", False

    def guarded(work: Callable[[], object]) -> object:
        nonlocal wrong, refused
        try:
            return work()
        except EvalspecError as error:
            refused = True
            if {one.code for one in error.diagnostics} != JOURNAL_CODES:
                wrong = f"codes {[one.code for one in error.diagnostics]}"
        except Exception as error:
            wrong = f"{type(error).__name__}: {error}"
        return None

    journal = guarded(lambda: Journal(str(place)))
    if isinstance(journal, Journal):
        for key, reply in true.items():
            found = guarded(lambda key=key: journal.known([key]).get(key))  # type: ignore[misc]
            if found is not None and found != reply:
                wrong = f"another reply to {key[:12]}"
            read += found is not None
        guarded(lambda: asyncio.run(journal.claim("f" * 32, "plan", price=1, cap=10**9)))
        guarded(lambda: asyncio.run(journal.settle("f" * 32, "plan", Reply(text="new", served="m"), "{}", price=1)))
        guarded(journal.close)
    return {"wrong": wrong, "read": read, "kind": "some refused" if refused else "used"}


WRITER = """
import asyncio, sys
from evalspec.edges.models.journal import Journal
from evalspec.model.asking import Reply
journal = Journal(sys.argv[1])
start = int(sys.argv[2])
async def one(at):
    key = f"{at:032x}"
    await journal.claim(key, "plan", price=10, cap=None)
    await journal.settle(key, "plan", Reply(text=f"reply {at}" * 50, served="m"), "raw", price=5)
    print(key, flush=True)
async def lane(first):
    for at in range(first, first + 10**9, 8):
        await one(at)
async def main():
    await asyncio.gather(*(lane(start + at) for at in range(8)))
asyncio.run(main())
"""


def _kills(effort: Effort, folder: Path) -> Tally:
    """SIGKILL a process that settles eight replies at a time; what it acknowledged is there, nothing is held."""
    tally = Tally("a reply that was acknowledged outlives a SIGKILL, and what was claimed is free at once")
    dice, acknowledged, orphans = effort.dice("kills"), 0, 0
    for number in range(effort.count(*KILLS)):
        line = [sys.executable, "-c", WRITER, str(folder), str(number * 10**6)]
        with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            first = process.stdout.readline()
            time.sleep(dice.uniform(0, 0.05))
            process.send_signal(signal.SIGKILL)
            rest = process.stdout.read()
        keys = [one for one in (first + rest).split("\n") if len(one) == 32]
        acknowledged += len(keys)
        journal = Journal(str(folder))
        try:
            found = journal.known(keys)
            lost = [key for key in keys if found.get(key) != Reply(text=f"reply {int(key, 16)}" * 50, served="m")]
            open_now = [f"{number * 10**6 + at:032x}" for at in range(len(keys) + 16)]
            claims = [asyncio.run(journal.claim(key, "plan", price=10, cap=None)) for key in open_now[-24:]]
            orphans += sum(one.was_orphan for one in claims)
            held = sum(one.state == "theirs" for one in claims)
            for key in open_now:
                asyncio.run(journal.release(key))
        finally:
            journal.close()
        tally.hold(bool(keys) and not lost and not held, f"kill {number}: {len(lost)} lost, {held} still held")
    tally.figures = {"acknowledged": f"{acknowledged:,}", "orphans taken over": f"{orphans:,}"}
    return tally


if __name__ == "__main__":
    break_journals(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
