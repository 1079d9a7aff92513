"""The cache of vectors: whole files, found by text, and whatever is wrong with one costs time alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evalspec.edges.meaning.cache import MERGED, VectorCache, key_of

DIMENSIONS = 16


def cache(folder: Path, model: str = "one") -> VectorCache:
    """The cache of a model under `folder`."""
    return VectorCache(str(folder / "cache"), str(folder), model, DIMENSIONS)


def vectors(*numbers: int) -> np.ndarray[tuple[int, int], np.dtype[np.int8]]:
    """One row of equal components a number."""
    return np.repeat(np.array(numbers, dtype=np.int8)[:, None], DIMENSIONS, axis=1)


def files(folder: Path) -> list[Path]:
    """The files of the cache."""
    return sorted((folder / "cache").glob("*.bin"))


def test_what_was_added_is_read_again(tmp_path: Path) -> None:
    """Over several writes, by the text, in another process or not."""
    cache(tmp_path).add([key_of("a"), key_of("b")], vectors(1, -2))
    cache(tmp_path).add([key_of("\ud800")], vectors(3))

    found = cache(tmp_path).read()

    assert {key: row.tolist() for key, row in found.items()} == {
        key_of("a"): [1] * DIMENSIONS,
        key_of("b"): [-2] * DIMENSIONS,
        key_of("\ud800"): [3] * DIMENSIONS,
    }


@pytest.mark.parametrize("at", [0, 40, -1])
def test_one_changed_byte_is_found(tmp_path: Path, at: int) -> None:
    """In the head, in a key or in a vector: the file is passed over, the others are not."""
    cache(tmp_path).add([key_of("a")], vectors(1))
    (path,) = files(tmp_path)
    raw = bytearray(path.read_bytes())
    raw[at] ^= 1
    path.write_bytes(bytes(raw))
    cache(tmp_path).add([key_of("b")], vectors(2))

    assert list(cache(tmp_path).read()) == [key_of("b")]


@pytest.mark.parametrize("kept", [0, 10, -1])
def test_a_file_that_is_cut_is_passed_over(tmp_path: Path, kept: int) -> None:
    """Nothing of a file is used of which not all is there."""
    cache(tmp_path).add([key_of("a")], vectors(1))
    (path,) = files(tmp_path)
    path.write_bytes(path.read_bytes()[:kept])

    assert cache(tmp_path).read() == {}


def test_another_model_has_other_vectors(tmp_path: Path) -> None:
    """The name of the model decides, also where a file is renamed."""
    cache(tmp_path).add([key_of("a")], vectors(1))
    other = cache(tmp_path, "two")
    other.add([key_of("b")], vectors(2))
    theirs, ours = (
        next(one for one in files(tmp_path) if name in one.name) for name in (other._name, cache(tmp_path)._name)
    )
    ours.rename(theirs.with_name(ours.name.replace(cache(tmp_path)._name, other._name)))

    assert list(cache(tmp_path, "two").read()) == [key_of("b")]


def test_many_files_become_one(tmp_path: Path) -> None:
    """After a dozen writes one file holds all, and nothing is lost."""
    one = cache(tmp_path)
    known = {}
    for at in range(MERGED + 3):
        one.read()
        one.add([key_of(str(at))], vectors(at))
        known[key_of(str(at))] = vectors(at)[0]
        one.merge(known)

    assert len(files(tmp_path)) < MERGED
    assert cache(tmp_path).read().keys() == known.keys()


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """A file where the folder should be: nothing is kept, nothing fails."""
    (tmp_path / "cache").write_text("", "utf-8")
    one = cache(tmp_path)
    one.add([key_of("a")], vectors(1))

    assert one.read() == {}
