"""The forward pass of MiniLM: the vectors of sentence-transformers, whatever is embedded beside a text."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from embedded import with_model

from evalspec.diagnostics import BuildError, Exit
from evalspec.edges.meaning.embedder import minilm_embedder
from evalspec.edges.meaning.minilm import PACKAGE, MiniLM
from evalspec.text.meaning import quantised

# First components and digest of the int8 row that sentence-transformers 6.2.0 gives on torch 2.13.0.
KNOWN = {
    "Where is my order 4481?": ([-4, 5, 9, 2, 2, -1, -7, 4], "27fc40b395247ae6"),
    "Where is my order 9920?": ([-6, -2, 3, 0, 6, 2, -2, 3], "5b22031030d73f09"),
    "I was charged twice, please send one payment back.": ([0, -2, 3, 2, -1, -10, -1, -8], "abd40d6fbcc73640"),
    "你好，我的包裹在哪里？": ([3, 11, 11, 2, -1, -1, 18, -4], "bcfb54850f5f9352"),
    "": ([-15, 6, 0, -1, 7, 1, 15, 0], "1861c4f4b4c3c2a4"),
    "ok " * 400: ([-6, 0, 4, 3, 0, 1, 0, -4], "837701bf7ac054c2"),  # cut at the 256th word piece
}

pytestmark = with_model


def test_vectors_are_those_of_sentence_transformers() -> None:
    """Every component of the int8 row is the one that the reference gives, the empty text and a cut one included."""
    rows = minilm_embedder("spec.yaml", None)(list(KNOWN))

    for row, (first, digest) in zip(rows, KNOWN.values(), strict=True):
        assert row[:8].tolist() == first
        assert hashlib.sha256(row.tobytes()).hexdigest()[:16] == digest


def test_a_text_has_one_vector_whatever_stands_beside_it() -> None:
    """Alone, among others and in another order: the same whole numbers."""
    texts = [f"{text} {'and so on ' * (at % 7)}{at}" for at, text in enumerate([*KNOWN] * 5)]
    model = MiniLM("spec.yaml")

    together = quantised(model.vectors(texts))
    backwards = quantised(model.vectors(texts[::-1]))[::-1]
    alone = np.concatenate([quantised(model.vectors([text])) for text in texts])

    assert (together == backwards).all() and (together == alone).all()


def test_half_a_surrogate_pair_is_embedded() -> None:
    """A text that no UTF-8 can spell has a vector all the same."""
    assert np.isfinite(MiniLM("spec.yaml").vectors(["a \ud800 b"])).all()


def test_the_progress_counts_every_text() -> None:
    """Each text is told once, whatever the batches."""
    counts: list[int] = []
    MiniLM("spec.yaml").vectors([f"text {at}" * 30 for at in range(40)], counts.append)

    assert sum(counts) == 40


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One changed byte of the weights is another model: X504, and nothing is embedded."""
    found = find_spec(PACKAGE)
    assert found is not None and found.origin is not None
    folder = tmp_path / PACKAGE
    shutil.copytree(Path(found.origin).parent, folder)
    weights = folder / "model" / "model.safetensors"
    raw = bytearray(weights.read_bytes())
    raw[-1] ^= 1
    weights.write_bytes(bytes(raw))
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(BuildError) as raised:
        MiniLM("spec.yaml")

    (problem,) = raised.value.diagnostics
    assert (problem.code, problem.exit) == ("X504", Exit.ENVIRONMENT)


def test_nothing_of_the_package_or_of_torch_is_imported() -> None:
    """The weights are data: no code of the model's package runs, and no framework is loaded to embed."""
    code = (
        "import sys\n"
        "from evalspec.edges.meaning.embedder import minilm_embedder\n"
        "minilm_embedder('spec.yaml', None)(['hello'])\n"
        f"others = ('torch', 'transformers', 'sentence_transformers', {PACKAGE!r})\n"
        "print([name for name in others if name in sys.modules])"
    )
    env = {"PYTHONPATH": str(Path(__file__).parents[2])}

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)

    assert done.stdout.strip() == "[]"
