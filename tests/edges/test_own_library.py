"""Models of a spec's own that sentence-transformers runs, where it is installed: its vectors, and no network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from own_model import REVISION, WIDTH, change, named, put, vocabulary, write_model

pytestmark = pytest.mark.skipif(find_spec("sentence_transformers") is None, reason="it is not installed")

TEXTS = ["where is my order 4481?", "The battery door will not close.", "", "zebra " * 40]
ROOT = Path(__file__).parents[2]
# In a process of its own: the library writes where it likes, warns, and stays loaded.
BOTH = """
import json, socket, sys
def none(*given, **named): raise OSError("a test reaches for the network")
socket.socket.connect = socket.getaddrinfo = none
import numpy as np
from evalspec.edges.meaning.own import Library, loaded, opened
from evalspec.model.embedders import OwnModel
folder, told, texts = json.loads(sys.argv[1])
model = loaded(opened("own", OwnModel(**told), folder, folder))
assert isinstance(model, Library), model
counts = []
ours = model.vectors(texts, counts.append)
from sentence_transformers import SentenceTransformer
theirs = SentenceTransformer(folder, device="cpu", local_files_only=True).encode(texts)
theirs = theirs / np.linalg.norm(theirs, axis=1, keepdims=True)
print(json.dumps([float(np.abs(ours - theirs).max()), list(ours.shape), sum(counts), model.dimensions]))
"""


def compared(folder: Path, *, revision: str = REVISION) -> tuple[float, list[int], int, int]:
    """The largest difference between our rows and the library's, their shape, texts told and dimensions."""
    told = {key: value for key, value in named(folder).items() if key != "name"} | {"revision": revision}
    done = subprocess.run(
        [sys.executable, "-c", BOTH, json.dumps([str(folder), told, TEXTS])],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HF_HOME": str(folder.parent / "home")},
    )
    assert done.returncode == 0, done.stderr
    difference, shape, count, dimensions = json.loads(done.stdout.splitlines()[-1])
    return difference, shape, count, dimensions


def test_another_pooling_is_run_by_the_library(tmp_path: Path) -> None:
    """Its rows at unit length, offline, a text told once; a pickle beside the weights is not read."""
    folder = write_model(tmp_path / "m", pooling="max")
    (folder / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'touch " + bytes(tmp_path / "run") + b"'\ntR.")

    assert compared(folder) == (pytest.approx(0, abs=1e-6), [len(TEXTS), WIDTH], len(TEXTS), WIDTH)
    assert not (tmp_path / "run").exists()


def test_a_dense_step_is_run_by_the_library(tmp_path: Path) -> None:
    """The width is that of the last step, and its weights are among those that are named."""
    import numpy as np
    from safetensors.numpy import save_file

    folder = write_model(tmp_path / "m")
    steps = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Dense", "Dense")]
    listed = [
        {"idx": at, "name": str(at), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for at, (path, kind) in enumerate(steps)
    ]
    put(folder, "modules.json", listed)
    (folder / "2_Dense").mkdir()
    sizes = {"in_features": WIDTH, "out_features": 48, "bias": False}
    put(folder, "2_Dense/config.json", {**sizes, "activation_function": "torch.nn.modules.linear.Identity"})
    weight = np.sin(np.arange(48 * WIDTH, dtype=np.float32)).reshape(48, WIDTH)
    save_file({"linear.weight": weight}, folder / "2_Dense" / "model.safetensors", metadata={"format": "pt"})

    assert compared(folder) == (pytest.approx(0, abs=1e-6), [len(TEXTS), 48], len(TEXTS), 48)


MADE = """
import sys
from transformers import DistilBertConfig, DistilBertModel, MPNetConfig, MPNetModel
kind, folder, pieces = sys.argv[1], sys.argv[2], int(sys.argv[3])
if kind == "distilbert":
    config = DistilBertConfig(vocab_size=pieces, dim=32, n_layers=2, n_heads=4, hidden_dim=48,
                              max_position_embeddings=24)
    model = DistilBertModel(config)
else:
    config = MPNetConfig(vocab_size=pieces, hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
                         intermediate_size=48, max_position_embeddings=26)
    model = MPNetModel(config)
model.save_pretrained(folder)
"""


@pytest.mark.parametrize("kind", ["distilbert", "mpnet"])
def test_another_architecture_is_run_by_the_library(tmp_path: Path, kind: str) -> None:
    """A model that its own library has saved, with weights drawn at random."""
    folder = write_model(tmp_path / "m")
    subprocess.run(
        [sys.executable, "-c", MADE, kind, str(folder), str(len(vocabulary()))], check=True, capture_output=True
    )

    assert compared(folder) == (pytest.approx(0, abs=1e-6), [len(TEXTS), WIDTH], len(TEXTS), WIDTH)


def test_a_folder_that_the_library_cannot_read_is_told(tmp_path: Path) -> None:
    """Weights of another shape than the settings say: X506, no trace of its own."""
    folder = write_model(tmp_path / "m", pooling="max")
    change(folder, "config.json", num_hidden_layers=2, hidden_size=64)
    change(folder, "1_Pooling/config.json", word_embedding_dimension=64)
    told = {key: value for key, value in named(folder).items() if key != "name"}
    code = BOTH.replace("model = loaded", "from evalspec.diagnostics import BuildError\ntry:\n  model = loaded").split(
        "\nassert"
    )[0]
    code += "\nexcept BuildError as error:\n  print(error.diagnostics[0].code)\n"

    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps([str(folder), told, TEXTS])],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )

    assert done.stdout.splitlines()[-1:] == ["X506"], done.stderr
