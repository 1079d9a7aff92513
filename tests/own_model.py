"""A tiny BERT as sentence-transformers would save it, with weights that any machine makes alike, and a spec that names
it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from embedded import project
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece

from evalspec.embedding import shown

WIDTH, LAYERS, HEADS, INNER, PLACES, LONGEST = 32, 2, 4, 48, 24, 20
MARKS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
REVISION = "tiny-1"
NAME = "tiny"

Tensors = dict[str, NDArray[Any]]


def vocabulary() -> dict[str, int]:
    """Every letter and digit alone and inside a word, marks, and some words."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    words = ("hello", "thank", "you", "the", "battery", "door", "will", "not", "close", "my", "order", "where", "is")
    pieces = [*MARKS, *letters, *(f"##{one}" for one in letters), *".,!?'", *words]
    return {piece: at for at, piece in enumerate(pieces)}


def _numbers(name: str, *shape: int, scale: float = 1.0) -> NDArray[np.float32]:
    """Numbers between -scale and scale that arithmetic on whole numbers gives, the same on every machine."""
    count = int(np.prod(shape))
    start = int.from_bytes(name.encode("utf-8"), "big") % (1 << 31)
    mixed = (np.arange(count, dtype=np.uint64) + np.uint64(start)) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(31)
    unit = ((mixed * np.uint64(0xBF58476D1CE4E5B9)) >> np.uint64(40)).astype(np.float64) / (1 << 24)
    return ((2 * unit - 1) * scale).astype(np.float32).reshape(shape)


def tensors() -> Tensors:
    """The weights, by the names of their library."""
    found: Tensors = {}

    def norm(name: str) -> None:
        found[f"{name}.weight"] = 1 + _numbers(f"{name}.weight", WIDTH, scale=0.2)
        found[f"{name}.bias"] = _numbers(f"{name}.bias", WIDTH, scale=0.2)

    def dense(name: str, rows: int, columns: int) -> None:
        found[f"{name}.weight"] = _numbers(f"{name}.weight", columns, rows, scale=0.5)
        found[f"{name}.bias"] = _numbers(f"{name}.bias", columns, scale=0.2)

    found["embeddings.word_embeddings.weight"] = _numbers("words", len(vocabulary()), WIDTH)
    found["embeddings.position_embeddings.weight"] = _numbers("places", PLACES, WIDTH, scale=0.3)
    found["embeddings.token_type_embeddings.weight"] = _numbers("kinds", 2, WIDTH, scale=0.3)
    norm("embeddings.LayerNorm")
    for at in range(LAYERS):
        layer = f"encoder.layer.{at}"
        for part in ("query", "key", "value"):
            dense(f"{layer}.attention.self.{part}", WIDTH, WIDTH)
        dense(f"{layer}.attention.output.dense", WIDTH, WIDTH)
        norm(f"{layer}.attention.output.LayerNorm")
        dense(f"{layer}.intermediate.dense", WIDTH, INNER)
        dense(f"{layer}.output.dense", INNER, WIDTH)
        norm(f"{layer}.output.LayerNorm")
    found["pooler.dense.weight"], found["pooler.dense.bias"] = np.eye(WIDTH, dtype=np.float32), np.zeros(WIDTH, "<f4")
    return found


def write_model(folder: Path, *, pooling: str = "mean", weights: Tensors | None = None) -> Path:
    """Write the model's folder."""
    folder.mkdir(parents=True)
    save_file(weights or tensors(), folder / "model.safetensors", metadata={"format": "pt"})
    tokenizer = Tokenizer(WordPiece(vocabulary(), unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ids = vocabulary()
    marks = [("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=marks
    )
    tokenizer.add_special_tokens(list(MARKS))
    tokenizer.save(str(folder / "tokenizer.json"))
    kinds = ("Transformer", "Pooling", "Normalize")
    paths = ("", "1_Pooling", "2_Normalize")
    steps = [
        {"idx": at, "name": str(at), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for at, (kind, path) in enumerate(zip(kinds, paths, strict=True))
    ]
    config = {
        "architectures": ["BertModel"],
        "hidden_act": "gelu",
        "hidden_size": WIDTH,
        "intermediate_size": INNER,
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": PLACES,
        "model_type": "bert",
        "num_attention_heads": HEADS,
        "num_hidden_layers": LAYERS,
        "pad_token_id": 0,
        "type_vocab_size": 2,
        "vocab_size": len(ids),
    }
    told = {"do_lower_case": True, "model_max_length": PLACES, "tokenizer_class": "BertTokenizer"}
    put(folder, "modules.json", steps)
    put(folder, "config.json", config)
    put(folder, "tokenizer_config.json", told)
    put(folder, "sentence_bert_config.json", {"max_seq_length": LONGEST, "do_lower_case": False})
    (folder / "1_Pooling").mkdir()
    put(folder, "1_Pooling/config.json", {"word_embedding_dimension": WIDTH, f"pooling_mode_{POOLINGS[pooling]}": True})
    return folder


POOLINGS = {"mean": "mean_tokens", "cls": "cls_token", "max": "max_tokens"}


def put(folder: Path, name: str, value: object) -> None:
    """Write one JSON file of the model."""
    (folder / name).write_text(json.dumps(value), "utf-8")


def change(folder: Path, name: str, **more: object) -> None:
    """Change keys of one JSON file of the model; None takes one out."""
    path = folder / name
    data = {**(json.loads(path.read_text("utf-8")) if path.exists() else {}), **more}
    put(folder, name, {key: value for key, value in data.items() if value is not None})


def named(folder: Path, path: str = "models/tiny", **more: str) -> Mapping[str, str]:
    """What a spec says of the model in a folder."""
    found = shown(str(folder))
    return {
        "name": NAME,
        "path": path,
        "revision": REVISION,
        "weights": found.weights,
        "settings": found.settings,
        **more,
    }


def own_project(folder: Path, **more: str) -> str:
    """Write a project whose spec brings the tiny model, under `folder`, which is the working folder."""
    model = write_model(folder / "models" / "tiny")
    # Weights that nobody has trained find all texts much alike: a bound that the pair of the project is above.
    near = {"semantic": 0.5}
    return project(folder, screen={"embedder": dict(named(model, **more)), "near_duplicate": near})
