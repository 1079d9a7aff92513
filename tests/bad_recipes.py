"""Changes of a project that no text in a row can hold: bytes, sizes, links, devices and edits of a lock."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import pickle
import shutil
import socket
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from evalspec.digests import digest
from evalspec.model.outcome import Lock
from evalspec.stages.lock import dump, load, root_of

LOCK = "shop.lock.json"
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


def _add_bytes(path: Path, raw: bytes) -> None:
    path.write_bytes((path.read_bytes() if path.exists() else b"") + raw)


@recipe
def golden_row_10mb(folder: Path) -> None:
    """A golden row of ten megabytes."""
    long = b'{"id": "x", "expected": "track", "input": "' + b"where is it? " * 800_000 + b'"}\n'
    _add_bytes(folder / "shop/golden.jsonl", long)


@recipe
def raw_row_10mb(folder: Path) -> None:
    """A raw row of ten megabytes after a good one."""
    good = b'{"id": "a", "expected": "track", "input": "where is it?"}\n'
    _add_bytes(folder / "raw/big.jsonl", good + b'{"id": "b", "input": "' + b"x" * (10 << 20) + b'"}\n')


@recipe
def golden_crlf(folder: Path) -> None:
    """A byte order mark, CRLF, and no final line feed."""
    path = folder / "shop/golden.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().rstrip(b"\n").replace(b"\n", b"\r\n"))


@recipe
def golden_utf16(folder: Path) -> None:
    """Golden rows as UTF-16."""
    path = folder / "shop/golden.jsonl"
    path.write_bytes(path.read_text("utf-8").encode("utf-16"))


@recipe
def raw_utf16(folder: Path) -> None:
    """Raw rows as UTF-16."""
    text = (folder / "raw/production.jsonl").read_text("utf-8")
    (folder / "raw/utf16.jsonl").write_bytes(text.encode("utf-16"))


@recipe
def golden_deep(folder: Path) -> None:
    """A hundred thousand brackets on one line."""
    _add_bytes(folder / "shop/golden.jsonl", b"[" * 100_000 + b"\n")


@recipe
def golden_digits(folder: Path) -> None:
    """A number that Python itself refuses to read."""
    _add_bytes(folder / "shop/golden.jsonl", b'{"id": "x", "input": "Hi", "n": ' + b"1" * 5000 + b"}\n")


@recipe
def golden_gzip(folder: Path) -> None:
    """Golden rows compressed, under their own name."""
    path = folder / "shop/golden.jsonl"
    path.write_bytes(gzip.compress(path.read_bytes(), mtime=0))


@recipe
def raw_gzip(folder: Path) -> None:
    """Raw rows compressed, under the name of JSONL."""
    (folder / "raw/packed.jsonl").write_bytes(gzip.compress(b'{"id": "a"}\n', mtime=0))


@recipe
def raw_pickle(folder: Path) -> None:
    """A pickle, under the name of JSONL."""
    (folder / "raw/model.jsonl").write_bytes(pickle.dumps({"weights": [1, 2]}, protocol=4))


@recipe
def raw_zip(folder: Path) -> None:
    """A zip archive with a member that climbs out, under the name of JSONL."""
    with zipfile.ZipFile(folder / "raw/zip.jsonl", "w") as archive:
        archive.writestr("../../x", "y")


@recipe
def golden_25_bad(folder: Path) -> None:
    """Twenty-five rows that are no objects."""
    _add_bytes(folder / "shop/golden.jsonl", b"7\n" * 25)


@recipe
def raw_folder(folder: Path) -> None:
    """A folder whose name is that of a file."""
    (folder / "raw.jsonl").mkdir()


@recipe
def raw_pipe(folder: Path) -> None:
    """A pipe: reading it would wait for ever."""
    os.mkfifo(folder / "raw/pipe.jsonl")


def _lock(folder: Path) -> Lock:
    text = (folder / LOCK).read_text("utf-8")
    return load(text, LOCK)


def _write_lock(folder: Path, lock: Lock, *, with_root: bool = True) -> None:
    header = dict(lock.header)
    if with_root:
        header["root"] = root_of(header, lock.cases, lock.drops)
    (folder / LOCK).write_text(dump(replace(lock, header=header)), "utf-8")


def _changed(case: Mapping[str, object], **fields: object) -> Mapping[str, object]:
    """A case with other fields, and the digest that they have."""
    changed = {**case, **fields}
    names = ("input", "context", "behaviour", "premise", "expected", "checks")
    return {**changed, "digest": digest({name: changed[name] for name in names if name in changed})}


@recipe
def no_lock(folder: Path) -> None:
    """Nothing was built yet."""
    (folder / LOCK).unlink()


@recipe
def lock_cut(folder: Path) -> None:
    """Two thirds of a lock."""
    path = folder / LOCK
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) * 2 // 3])


@recipe
def lock_without_last_case(folder: Path) -> None:
    """The last case is gone, digests are as they were."""
    lock = _lock(folder)
    _write_lock(folder, replace(lock, cases=lock.cases[:-1]), with_root=False)


@recipe
def lock_case_redigested(folder: Path) -> None:
    """Another text with its digest, under the old root."""
    lock = _lock(folder)
    case = _changed(lock.cases[0], input="The mirror never came. Please send one.")
    _write_lock(folder, replace(lock, cases=(case, *lock.cases[1:])), with_root=False)


@recipe
def lock_forged(folder: Path) -> None:
    """Another text with all digests computed again."""
    lock = _lock(folder)
    case = _changed(lock.cases[0], input="The mirror never came. Please send one.")
    _write_lock(folder, replace(lock, cases=(case, *lock.cases[1:])))


@recipe
def lock_case_twice(folder: Path) -> None:
    """A case twice, with a root that fits."""
    lock = _lock(folder)
    _write_lock(folder, replace(lock, cases=(lock.cases[0], *lock.cases)), with_root=False)


@recipe
def lock_cases_swapped(folder: Path) -> None:
    """Two cases in each other's place."""
    lock = _lock(folder)
    first, second, *rest = lock.cases
    _write_lock(folder, replace(lock, cases=(second, first, *rest)), with_root=False)


@recipe
def lock_relabelled(folder: Path) -> None:
    """A written case that is called real, with a root that fits."""
    lock = _lock(folder)
    cases = tuple({**case, "provenance": "prod"} if case["track"] == "happy" else case for case in lock.cases)
    _write_lock(folder, replace(lock, cases=cases))


@recipe
def lock_crlf(folder: Path) -> None:
    """Line ends as `core.autocrlf` writes them."""
    path = folder / LOCK
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


@recipe
def lock_hidden(folder: Path) -> None:
    """A hidden character in a case, with digests that fit."""
    lock = _lock(folder)
    case = _changed(lock.cases[0], input="The mirror \u202ecame in pieces. Please send one that is whole.")
    _write_lock(folder, replace(lock, cases=(case, *lock.cases[1:])))


@recipe
def lock_65mb(folder: Path) -> None:
    """A lock over the size of an input."""
    with (folder / LOCK).open("r+b") as handle:
        handle.truncate(65 << 20)


@recipe
def lock_deep(folder: Path) -> None:
    """A hundred thousand brackets."""
    (folder / LOCK).write_text("[" * 100_000, "utf-8")


@recipe
def lock_link_outside(folder: Path) -> None:
    """The lock behind a link that leads out."""
    outside = folder.parent / "outside.lock.json"
    (folder / LOCK).rename(outside)
    (folder / LOCK).symlink_to(outside)


@recipe
def report_number(folder: Path) -> None:
    """One number of the report's block, by one."""
    path = folder / "shop.report.md"
    text = path.read_text("utf-8")
    head, mark, block = text.rpartition("```json")
    assert mark and '"cases": 20' in block
    path.write_text(head + mark + block.replace('"cases": 20', '"cases": 21', 1), "utf-8")


@recipe
def no_report(folder: Path) -> None:
    """A lock without its report."""
    (folder / "shop.report.md").unlink()


@recipe
def second_spec_of_one_name(folder: Path) -> None:
    """Two specs, `shop.yaml` and `shop.yml`, whose lock would be one file."""
    shutil.copy(folder / SPEC, folder / "shop.yml")


def _git(folder: Path, *words: str) -> None:
    settings = ["-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false"]
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *settings, *words], cwd=folder, env=env, check=True, capture_output=True)


@recipe
def git_checkout(folder: Path) -> None:
    """The project as a checkout with one commit."""
    _git(folder, "init", "-q")
    _git(folder, "add", "--all")
    _git(folder, "commit", "-q", "-m", "one")


@recipe
def git_gate_lowered(folder: Path) -> None:
    """A gate with a lower bound than at the commit."""
    git_checkout(folder)
    _swap(folder, "real_share: {min: 0.25}", "real_share: {min: 0.05}")


@recipe
def ledger_line_removed(folder: Path) -> None:
    """A decision that the commit holds and the working tree does not."""
    git_checkout(folder)
    path = folder / "shop/ledger/ann.jsonl"
    path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[1:]), "utf-8")


def _lines(folder: Path) -> list[dict[str, object]]:
    text = (folder / "shop/ledger/ann.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.split("\n") if line]


def _decide(folder: Path, reviewer: str, **fields: object) -> None:
    line = {**_lines(folder)[0], "reviewer": reviewer, **fields}
    path = folder / f"shop/ledger/{reviewer}.jsonl"
    before = path.read_text("utf-8") if path.exists() else ""
    path.write_text(before + json.dumps(line, ensure_ascii=False) + "\n", "utf-8")


@recipe
def ledger_dispute(folder: Path) -> None:
    """One keeps and another drops the same text."""
    _decide(folder, "bob", verdict="drop", reason="unnatural")


@recipe
def fix_wrong_label(folder: Path) -> None:
    """A fix with a label that the task does not have."""
    (folder / "shop/ledger/ann.jsonl").rename(folder / "ann.jsonl")
    text = (folder / "ann.jsonl").read_text("utf-8").split("\n")[0]
    (folder / "ann.jsonl").unlink()
    line = {**json.loads(text), "reviewer": "bob", "verdict": "fix", "expected": "refnd"}
    (folder / "shop/ledger/bob.jsonl").write_text(json.dumps(line) + "\n", "utf-8")


@recipe
def fix_bidi(folder: Path) -> None:
    """A fix whose text shows in another order than it is read."""
    _decide(folder, "ann", verdict="fix", input="Send \u202ekcab it.")


@recipe
def draft_stale(folder: Path) -> None:
    """A draft that names the digest of an earlier text."""
    line = {"case": "prompted.table.02", "verdict": "keep", "digest": "0" * 32}
    (folder / "drafts.jsonl").write_text(json.dumps(line) + "\n", "utf-8")


@recipe
def ledger_link(folder: Path) -> None:
    """A ledger file that is a link out of the project."""
    outside = folder.parent / "outside.jsonl"
    outside.write_text("", "utf-8")
    (folder / "shop/ledger/eve.jsonl").symlink_to(outside)


@recipe
def ledger_deep(folder: Path) -> None:
    """A hundred thousand brackets on one line."""
    _add_bytes(folder / "shop/ledger/ann.jsonl", b"[" * 100_000 + b"\n")


@recipe
def ledger_utf16(folder: Path) -> None:
    """A ledger as UTF-16."""
    path = folder / "shop/ledger/ann.jsonl"
    path.write_bytes(path.read_text("utf-8").encode("utf-16"))


@recipe
def spec_unreadable(folder: Path) -> None:
    """A spec that nobody may read."""
    (folder / SPEC).chmod(0)


@recipe
def golden_unreadable(folder: Path) -> None:
    """Rows that nobody may read."""
    (folder / "shop/golden.jsonl").chmod(0)


@recipe
def folder_read_only(folder: Path) -> None:
    """A folder in which nothing can be made, and a lock that would have to be."""
    no_lock(folder)
    no_report(folder)
    folder.chmod(0o555)


@recipe
def ledger_read_only(folder: Path) -> None:
    """A ledger that nobody may write to."""
    (folder / "shop/ledger/ann.jsonl").chmod(0o444)
    (folder / "shop/ledger").chmod(0o555)


def _results(folder: Path) -> list[dict[str, object]]:
    text = (folder / "raw/old.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.split("\n") if line]


def _write_results(folder: Path, rows: list[dict[str, object]]) -> None:
    (folder / "raw/r.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


@recipe
def results_twice(folder: Path) -> None:
    """The first case once more at the end."""
    rows = _results(folder)
    _write_results(folder, [*rows, rows[0]])


@recipe
def results_scores(folder: Path) -> None:
    """A first row with a score between fail and pass."""
    first, *rest = _results(folder)
    _write_results(folder, [{"id": first["id"], "digest": first["digest"], "score": 0.7}, *rest])


@recipe
def results_of_other(folder: Path) -> None:
    """Rows that say whose they are."""
    _write_results(folder, [{**row, "model": "someone"} for row in _results(folder)])


@recipe
def results_missing(folder: Path) -> None:
    """All cases but one."""
    _write_results(folder, _results(folder)[1:])


@recipe
def results_deep(folder: Path) -> None:
    """A hundred thousand brackets on one line."""
    (folder / "raw/r.jsonl").write_text("[" * 100_000 + "\n", "utf-8")


@recipe
def results_other_digest(folder: Path) -> None:
    """Imported results in which a digest was changed."""
    path = folder / "shop/results/old.jsonl"
    text = path.read_text("utf-8")
    digest_of_first = _results(folder)[0]["digest"]
    path.write_text(text.replace(str(digest_of_first), "0" * 32), "utf-8")


REPLY = {"key": "1" * 32, "served": "writer-2026", "usage": [9, 5], "text": '{"message": "the clock is late"}'}


def _segment(*replies: Mapping[str, object], version: int = 1) -> str:
    lines = [{"tape_version": version, "replies": len(replies)}, *replies]
    return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)


def _tape(folder: Path, text: str, name: str = "") -> Path:
    """Put a segment on the tape, under the digest of its bytes where no name is given."""
    path = folder / "shop" / "tape" / f"{name or hashlib.sha256(text.encode()).hexdigest()[:32]}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return path


@recipe
def tape_bit_flip(folder: Path) -> None:
    """One bit in the middle of a reply."""
    path = _tape(folder, _segment(REPLY))
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 4
    path.write_bytes(raw)


@recipe
def tape_torn(folder: Path) -> None:
    """The last reply is cut off."""
    path = _tape(folder, _segment(REPLY))
    path.write_bytes(path.read_bytes()[:-9])


@recipe
def tape_database(folder: Path) -> None:
    """A cache's database beside the segments."""
    _tape(folder, _segment(REPLY)).with_name("cache.db").write_bytes(b"SQLite format 3\0" + bytes(84))


@recipe
def tape_pickle(folder: Path) -> None:
    """A pickle under the name of a segment, which runs a command when it is read as one."""
    path = _tape(folder, "", "3" * 32)
    path.write_bytes(b"\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.")


@recipe
def tape_renamed(folder: Path) -> None:
    """A segment under the name of another."""
    _tape(folder, _segment(REPLY), "4" * 32)


@recipe
def tape_header_of_a_call(folder: Path) -> None:
    """A reply with the header that carried the key, forged so that its name fits."""
    _tape(folder, _segment({**REPLY, "headers": {"x-api-key": "sk-" + "a1b2c3d4e5f6g7h8i9j0k1l2"}}))


@recipe
def tape_field(folder: Path) -> None:
    """A reply with a field that no reply has, forged so that its name fits."""
    _tape(folder, _segment({**REPLY, "trust": "me"}))


@recipe
def tape_newer(folder: Path) -> None:
    """A format that does not exist yet."""
    _tape(folder, _segment(REPLY, version=99))


@recipe
def tape_two_replies(folder: Path) -> None:
    """One question, answered on two branches."""
    _tape(folder, _segment(REPLY))
    _tape(folder, _segment({**REPLY, "text": '{"message": "the table is bent"}'}))


@recipe
def tape_huge_reply(folder: Path) -> None:
    """A reply of over a mebibyte, forged so that its name fits."""
    _tape(folder, _segment({**REPLY, "text": "a" * 1_100_000}))


@recipe
def tape_huge_file(folder: Path) -> None:
    """A segment of 65 MiB, most of it a hole."""
    path = _tape(folder, _segment(REPLY), "5" * 32)
    os.truncate(path, 65 * 1024 * 1024)


@recipe
def tape_archive(folder: Path) -> None:
    """A segment that was compressed."""
    _tape(folder, _segment(REPLY)).with_name(f"{'6' * 32}.jsonl.gz").write_bytes(gzip.compress(b"a" * 10_000_000))


@recipe
def tape_link(folder: Path) -> None:
    """A segment that is a link out of the project."""
    _tape(folder, _segment(REPLY)).with_name(f"{'7' * 32}.jsonl").symlink_to("/etc/passwd")


@recipe
def tape_pipe(folder: Path) -> None:
    """A segment that is a pipe, on which a reader would wait for ever."""
    os.mkfifo(_tape(folder, _segment(REPLY)).with_name(f"{'8' * 32}.jsonl"))


@recipe
def tape_is_file(folder: Path) -> None:
    """A file where the folder should be."""
    (folder / "shop" / "tape").write_text(_segment(REPLY), "utf-8")
