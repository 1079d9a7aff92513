"""A model that a spec brings: what its folder says of it, what is refused, and the vectors of the pass in NumPy."""

from __future__ import annotations

import hashlib
import json
import math
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from own_model import (
    HEADS,
    LAYERS,
    LONGEST,
    NAME,
    REVISION,
    WIDTH,
    Tensors,
    change,
    named,
    put,
    tensors,
    vocabulary,
    write_model,
)
from safetensors.numpy import save_file

from evalspec.diagnostics import BuildError, EvalspecError, Exit
from evalspec.edges.meaning.about import about
from evalspec.edges.meaning.embedder import embedder
from evalspec.edges.meaning.folder import read_folder
from evalspec.edges.meaning.own import Own, loaded, opened
from evalspec.model.embedders import OwnModel
from evalspec.text.meaning import quantised

TEXTS = ("where is my order 4481?", "The battery door will not close.", "", "zebra " * 40, "x \ud800 y")
# First components and digest of the int8 row that sentence-transformers 6.2.0 gives on torch 2.13.0.
KNOWN = {
    "mean": [
        ([-25, 2, 16, 36, -3, -28, 13, 8], "1663f0e56837ddd2"),
        ([-12, -9, 14, 10, -1, -54, 7, -27], "c4b12f006d7ca274"),
        ([-24, -24, 29, 7, 2, -41, 12, 6], "3dc8d881af429be1"),
        ([-14, -11, 10, 20, -3, -30, 10, 15], "8eebd71f6c2dd054"),
        ([-24, -15, 6, 10, -4, -39, -13, 17], "f915e3e9a898c28c"),
    ],
    "cls": [
        ([-13, -35, 26, 1, -3, -21, 17, 5], "3ffa62368ece1a22"),
        ([-2, -36, 21, 1, -2, -33, 5, 9], "8a9182ce3023531d"),
        ([-22, -28, 30, 4, -7, -32, 10, 12], "4de80353fea83700"),
        ([-14, -10, 11, 11, -5, -41, 0, 18], "78e16826266209d8"),
        ([-9, -11, 13, 4, -13, -31, -15, 40], "04df8111689b5249"),
    ],
}


def own(folder: Path, **more: str) -> Own:
    """The model of a folder, as a spec that names what stands there opens it."""
    told = {key: value for key, value in named(folder, **more).items() if key != "name"}
    return opened(NAME, OwnModel(**told), str(folder), str(folder.parent))


def refused(run: Callable[[], object]) -> tuple[str, str]:
    """Code and message of the one problem that a call raises."""
    with pytest.raises(EvalspecError) as raised:
        run()
    (problem,) = raised.value.diagnostics
    return problem.code, problem.message


# Vectors


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_vectors_are_those_of_sentence_transformers(tmp_path: Path, pooling: str) -> None:
    """Every component of the int8 row is the one that the reference gives, by either pooling."""
    rows = quantised(loaded(own(write_model(tmp_path / "m", pooling=pooling))).vectors(TEXTS))

    for row, (first, digest) in zip(rows, KNOWN[pooling], strict=True):
        assert row[:8].tolist() == first
        assert hashlib.sha256(row.tobytes()).hexdigest()[:16] == digest


def plain(weights: Tensors, pieces: list[int], pooling: str) -> NDArray[np.float64]:
    """One text through a BERT, as its paper says it, piece by piece in double precision."""
    found = {name: values.astype(np.float64) for name, values in weights.items()}

    def norm(rows: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        centred = rows - rows.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-12)
        return np.asarray(scaled * found[f"{name}.weight"] + found[f"{name}.bias"])

    def dense(rows: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        return np.asarray(rows @ found[f"{name}.weight"].T + found[f"{name}.bias"])

    words, places = found["embeddings.word_embeddings.weight"], found["embeddings.position_embeddings.weight"]
    x = norm(
        words[pieces] + places[: len(pieces)] + found["embeddings.token_type_embeddings.weight"][0],
        "embeddings.LayerNorm",
    )
    size = WIDTH // HEADS
    for at in range(LAYERS):
        name = f"encoder.layer.{at}"
        q, k, v = (dense(x, f"{name}.attention.self.{part}") for part in ("query", "key", "value"))
        heads = []
        for head in range(HEADS):
            part = slice(head * size, (head + 1) * size)
            shares = np.exp(q[:, part] @ k[:, part].T / math.sqrt(size))
            heads.append(shares / shares.sum(axis=1, keepdims=True) @ v[:, part])
        x = norm(x + dense(np.hstack(heads), f"{name}.attention.output.dense"), f"{name}.attention.output.LayerNorm")
        wide = dense(x, f"{name}.intermediate.dense")
        bent = wide * (1 + np.vectorize(math.erf)(wide / math.sqrt(2))) / 2
        x = norm(x + dense(bent, f"{name}.output.dense"), f"{name}.output.LayerNorm")
    row = x[0] if pooling == "cls" else x.mean(axis=0)
    return np.asarray(row / np.linalg.norm(row))


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_vectors_are_those_of_a_plain_reading_of_the_paper(tmp_path: Path, pooling: str) -> None:
    """The pass agrees with one that is written out head by head, texts of several lengths in one batch."""
    ids = vocabulary()
    texts = ["hello", "where is my order", "the battery door will not close", "a b c d e f g"]
    rows = loaded(own(write_model(tmp_path / "m", pooling=pooling))).vectors(texts)

    for row, text in zip(rows, texts, strict=True):
        pieces = [ids["[CLS]"], *(ids[word] for word in text.split()), ids["[SEP]"]]
        assert np.abs(row - plain(tensors(), pieces, pooling)).max() < 1e-6


@pytest.mark.parametrize("kind", ["F16", "BF16", "with a head"])
def test_weights_come_in_several_forms(tmp_path: Path, kind: str) -> None:
    """Half precision is widened, and the names of a file that was saved with a head on top are found."""
    given = tensors()
    if kind == "with a head":
        saved: dict[str, Any] = {f"bert.{name}": values for name, values in given.items()}
        saved["cls.predictions.bias"] = np.zeros(3, dtype=np.float32)
    elif kind == "F16":
        saved = {name: values.astype(np.float16) for name, values in given.items()}
        given = {name: values.astype(np.float32) for name, values in saved.items()}
    else:
        upper = {name: values.view(np.uint32) >> 16 for name, values in given.items()}
        given = {name: (values << 16).view(np.float32) for name, values in upper.items()}
        saved = given
    whole, other = write_model(tmp_path / "whole", weights=given), write_model(tmp_path / "other")
    if kind == "BF16":
        (other / "model.safetensors").write_bytes(_as_bfloat16(given))
    else:
        save_file(saved, other / "model.safetensors")

    assert (loaded(own(whole)).vectors(TEXTS) == loaded(own(other)).vectors(TEXTS)).all()


def _as_bfloat16(weights: Tensors) -> bytes:
    """A safetensors file of the upper halves of floats, which NumPy has no type for."""
    header, body = {}, b""
    for name, values in weights.items():
        raw = (np.ascontiguousarray(values).view(np.uint32) >> 16).astype("<u2").tobytes()
        header[name] = {
            "dtype": "BF16",
            "shape": list(values.shape),
            "data_offsets": [len(body), len(body) + len(raw)],
        }
        body += raw
    head = json.dumps(header).encode("utf-8")
    head += b" " * (-len(head) % 8)
    return len(head).to_bytes(8, "little") + head + body


# What a folder says


def test_a_bert_as_it_is_saved_is_run_by_evalspec(tmp_path: Path) -> None:
    """Width, length and runner come from the folder."""
    spoken = about(read_folder(str(write_model(tmp_path / "m")), None)).spoken

    assert (spoken.architecture, spoken.dimensions, spoken.longest) == ("bert", WIDTH, LONGEST)
    assert spoken.runner == "evalspec"


OTHERWISE: dict[str, tuple[str, dict[str, object], str]] = {
    "model_type": ("config.json", {"model_type": "mpnet"}, "`mpnet`"),
    "activation": ("config.json", {"hidden_act": "gelu_new"}, "`gelu_new`"),
    "places": ("config.json", {"position_embedding_type": "relative_key"}, "`relative_key`"),
    "decoder": ("config.json", {"is_decoder": True}, "is_decoder"),
    "quantised": ("config.json", {"quantization_config": {"bits": 4}}, "quantization_config"),
    "heads": ("config.json", {"num_attention_heads": 5}, "its heads 5"),
    "length of no number": ("config.json", {"num_hidden_layers": "6"}, "num_hidden_layers"),
    "pooling": ("1_Pooling/config.json", {"pooling_mode_mean_tokens": None, "pooling_mode_max_tokens": True}, "max"),
    "two poolings": ("1_Pooling/config.json", {"pooling_mode_cls_token": True}, "cls and mean"),
    "unknown pooling": ("1_Pooling/config.json", {"weights": [1]}, "weights"),
    "other width": ("1_Pooling/config.json", {"word_embedding_dimension": 64}, "another width"),
    "own lower case": ("sentence_bert_config.json", {"do_lower_case": True}, "do_lower_case"),
    "prompt": ("config_sentence_transformers.json", {"prompts": {"q": "q: "}, "default_prompt_name": "q"}, "prompt"),
    "cut": ("config_sentence_transformers.json", {"truncate_dim": 16}, "truncate_dim"),
    "case": ("tokenizer_config.json", {"do_lower_case": False}, "normalizer.lowercase"),
    "tokenizer": ("tokenizer_config.json", {"tokenizer_class": "XLMRobertaTokenizer"}, "tokenizer_class"),
    "side": ("tokenizer_config.json", {"truncation_side": "left"}, "truncation_side"),
}


@pytest.mark.parametrize("case", OTHERWISE)
def test_what_departs_from_a_plain_bert_is_run_by_the_library(tmp_path: Path, case: str) -> None:
    """The folder alone decides, whatever is installed, and the reason is told."""
    name, more, reason = OTHERWISE[case]
    folder = write_model(tmp_path / "m")
    change(folder, name, **more)

    told = about(read_folder(str(folder), None))

    assert told.spoken.runner == "sentence-transformers" and reason in told.why


def test_steps_and_weights_beside_the_usual_ones_are_left_to_the_library(tmp_path: Path) -> None:
    """A dense step changes the width; a second file of weights is not read by the pass."""
    folder = write_model(tmp_path / "m")
    steps = [
        ("", "Transformer"),
        ("1_Pooling", "Pooling"),
        ("2_Dense", "Dense"),
    ]
    put(
        folder, "modules.json", [{"path": path, "type": f"sentence_transformers.models.{kind}"} for path, kind in steps]
    )
    (folder / "2_Dense").mkdir()
    put(folder, "2_Dense/config.json", {"in_features": WIDTH, "out_features": 64})
    save_file({"linear.weight": np.ones((64, WIDTH), dtype=np.float32)}, folder / "2_Dense" / "model.safetensors")

    found = read_folder(str(folder), None)

    assert found.weights == ("2_Dense/model.safetensors", "model.safetensors")
    assert about(found).spoken.dimensions == 64 and about(found).spoken.runner == "sentence-transformers"


def test_the_digest_of_the_settings_is_what_sha256sum_gives(tmp_path: Path) -> None:
    """`sha256sum FILES | sha256sum`, so that anybody can check it; pages, programs and pickles do not count."""
    folder = write_model(tmp_path / "m")
    before = read_folder(str(folder), None)
    for name in ("README.md", "LICENSE", "train_script.py", "pytorch_model.bin"):
        (folder / name).write_text("something else", "utf-8")
    (folder / "onnx").mkdir()
    (folder / "onnx" / "config.json").write_text("{}", "utf-8")
    after = read_folder(str(folder), None)
    names = sorted(before.settings)

    lines = subprocess.run(["sha256sum", *names], cwd=folder, capture_output=True, check=True).stdout

    assert before.settings_digest == after.settings_digest == hashlib.sha256(lines).hexdigest()
    assert after.pickles == ("pytorch_model.bin",)
    assert names == [
        *("1_Pooling/config.json", "config.json", "modules.json", "sentence_bert_config.json", "tokenizer.json"),
        "tokenizer_config.json",
    ]


# What is refused


def test_another_model_than_the_one_that_is_named_is_refused(tmp_path: Path) -> None:
    """One byte of the weights, one setting, or a download of another revision: X504, with what is there."""
    folder = write_model(tmp_path / "m")
    told = named(folder)
    weights = folder / "model.safetensors"
    raw = weights.read_bytes()
    weights.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))

    code, message = refused(lambda: loaded(own(folder, weights=told["weights"])))
    assert code == "X504" and "weights" in message and str(named(folder)["weights"]) in message
    weights.write_bytes(raw)
    change(folder, "sentence_bert_config.json", max_seq_length=8)
    code, message = refused(lambda: own(folder, settings=told["settings"]))
    assert code == "X504" and "settings" in message
    noted = folder / ".cache" / "huggingface" / "download" / "model.safetensors.metadata"
    noted.parent.mkdir(parents=True)
    noted.write_text("0123abc\netag\n1.0\n", "utf-8")
    code, message = refused(lambda: own(folder))
    assert code == "X504" and "0123abc" in message and REVISION in message
    assert own(folder, revision="0123abc").name == NAME


def test_no_folder_is_told_apart_from_no_model(tmp_path: Path) -> None:
    """X505 where nothing is, X506 for a folder that is no model."""
    assert refused(lambda: read_folder(str(tmp_path / "none"), None))[0] == "X505"
    assert refused(lambda: read_folder(str(tmp_path), None))[0] == "X506"


def test_a_pickle_is_never_read(tmp_path: Path) -> None:
    """Weights as a pickle alone: X506 with the way out."""
    folder = write_model(tmp_path / "m")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")

    with pytest.raises(BuildError) as raised:
        read_folder(str(folder), None)

    (problem,) = raised.value.diagnostics
    assert (problem.code, problem.exit) == ("X506", Exit.INVALID)
    assert "`pytorch_model.bin`, a pickle" in problem.message and "model.safetensors" in str(problem.hint)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("config.json", {"auto_map": {"AutoModel": "modeling.OwnBert"}}),
        ("tokenizer_config.json", {"auto_map": {"AutoTokenizer": "words.OwnWords"}}),
        ("config.json", {"hidden_size": 16}),
        ("config.json", {"hidden_size": 8192}),
    ],
)
def test_code_of_the_folder_and_odd_widths_are_refused(tmp_path: Path, name: str, more: dict[str, object]) -> None:
    """What asks for code of its own is no model that runs here, nor one of a width that nothing here was tried on."""
    folder = write_model(tmp_path / "m")
    change(folder, name, **more)
    if "hidden_size" in more:
        change(folder, "1_Pooling/config.json", word_embedding_dimension=more["hidden_size"])

    assert refused(lambda: about(read_folder(str(folder), None)))[0] == "X506"


@pytest.mark.parametrize(
    "steps",
    [
        [{"path": "", "type": "my_code.Transformer"}],
        [{"path": "", "type": "sentence_transformers.models.CLIPModel"}],
        [{"path": "../x", "type": "sentence_transformers.models.Transformer"}],
        [{"type": "sentence_transformers.models.Transformer"}],
        {"path": ""},
        [],
        7,
    ],
)
def test_steps_that_are_not_run_are_refused(tmp_path: Path, steps: object) -> None:
    """Code of others, steps that nobody here runs, paths that lead out, and lists that are none."""
    folder = write_model(tmp_path / "m")
    put(folder, "modules.json", steps)

    assert refused(lambda: about(read_folder(str(folder), None)))[0] == "X506"


@pytest.mark.parametrize("text", ["", "{", "[1]", "[" * 100_000, "\x00"])
@pytest.mark.parametrize("name", ["config.json", "1_Pooling/config.json", "tokenizer_config.json"])
def test_settings_that_are_no_json_are_refused(tmp_path: Path, name: str, text: str) -> None:
    """A damaged file is a diagnostic."""
    folder = write_model(tmp_path / "m")
    (folder / name).write_text(text, "utf-8")

    assert refused(lambda: about(read_folder(str(folder), None)))[0] == "X506"


def _without(name: str) -> Tensors:
    return {key: values for key, values in tensors().items() if key != name}


@pytest.mark.parametrize(
    "weights",
    [
        _without("encoder.layer.1.output.dense.bias"),
        _without("embeddings.word_embeddings.weight"),
        {**tensors(), "encoder.layer.0.intermediate.dense.weight": np.ones((3, 3), dtype=np.float32)},
        {**tensors(), "embeddings.position_embeddings.weight": np.ones((4, WIDTH), dtype=np.float32)},
        {**tensors(), "embeddings.word_embeddings.weight": np.ones((4, WIDTH), dtype=np.float32)},
        {**tensors(), "embeddings.LayerNorm.bias": np.ones((), dtype=np.float32)},
    ],
)
def test_weights_that_are_not_those_of_the_settings_are_refused(tmp_path: Path, weights: Tensors) -> None:
    """A tensor that is missing or of another shape is told, not run into."""
    folder = write_model(tmp_path / "m", weights=weights)

    assert refused(lambda: loaded(own(folder)))[0] == "X506"


@pytest.mark.parametrize("raw", [b"", b"not safetensors at all", b"\xff" * 64, (1 << 60).to_bytes(8, "little")])
def test_damaged_weights_are_refused(tmp_path: Path, raw: bytes) -> None:
    """A file that is named by its right digest and is no model all the same."""
    folder = write_model(tmp_path / "m")
    (folder / "model.safetensors").write_bytes(raw)

    assert refused(lambda: loaded(own(folder)))[0] == "X506"


def test_vectors_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    """A model that overflows says nothing about nearness."""
    odd = {**tensors(), "embeddings.LayerNorm.bias": np.full(WIDTH, np.nan, dtype=np.float32)}
    one = own(write_model(tmp_path / "m", weights=odd))

    with np.errstate(invalid="ignore"):
        assert refused(lambda: embedder("s.yaml", lambda: loaded(one), WIDTH, None)(["hello"]))[0] == "X506"


def test_a_link_out_of_the_project_is_refused(tmp_path: Path) -> None:
    """A file of the folder may not stand for one elsewhere."""
    folder = write_model(tmp_path / "inside" / "m")
    outside = tmp_path / "config.json"
    (folder / "config.json").rename(outside)
    (folder / "config.json").symlink_to(outside)

    assert refused(lambda: read_folder(str(folder), str(tmp_path / "inside")))[0] == "E903"


def test_the_key_of_the_cache_changes_with_the_model(tmp_path: Path) -> None:
    """Weights, settings and revision are in it; the name that a spec gives is not."""
    one = own(write_model(tmp_path / "m"))
    others = [replace(one, own=replace(one.own, **{name: "0" * 64})) for name in ("weights", "settings", "revision")]

    assert len({one.key, *(other.key for other in others)}) == 4
    assert replace(one, name="other").key == one.key


def _places(data: object, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where a value of a JSON file can be changed, vocabularies left out."""
    entries = list(data.items()) if isinstance(data, dict) else list(enumerate(data)) if isinstance(data, list) else []
    found = [(*at, key) for key, _ in entries]
    return found + [one for key, value in entries if key != "vocab" for one in _places(value, (*at, key))]


@pytest.mark.parametrize("odd", [[], "x", -1, {"a": 1}])
def test_no_odd_setting_is_run_into(tmp_path: Path, odd: object) -> None:
    """Whatever stands in the place of any value: the model runs, the library is to run it, or it is refused."""
    folder = write_model(tmp_path / "m")
    answers = set()
    for path in (*folder.glob("*.json"), folder / "1_Pooling" / "config.json"):
        text = path.read_text("utf-8")
        for place in _places(json.loads(text)):
            data = json.loads(text)
            inner = data
            for key in place[:-1]:
                inner = inner[key]
            inner[place[-1]] = odd
            path.write_text(json.dumps(data), "utf-8")
            try:
                found = read_folder(str(folder), None)
                answers.add(about(found).spoken.runner)
            except EvalspecError as error:
                answers.add(error.diagnostics[0].code)
        path.write_text(text, "utf-8")

    assert answers == {"evalspec", "sentence-transformers", "X506"}


def test_a_tokenizer_that_no_text_can_go_through_is_refused(tmp_path: Path) -> None:
    """Its library panics over marks that it does not know: told when the model is loaded."""
    folder = write_model(tmp_path / "m")
    data = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    data["post_processor"]["special_tokens"] = {}
    put(folder, "tokenizer.json", data)

    assert refused(lambda: loaded(own(folder)))[0] == "X506"


def test_a_text_of_no_piece_is_near_to_nothing(tmp_path: Path) -> None:
    """A tokenizer without marks makes nothing of an empty text: a row of zeros, beside others of unit length."""
    folder = write_model(tmp_path / "m")
    data = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    data["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [{"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {},
    }
    put(folder, "tokenizer.json", data)

    rows = loaded(own(folder)).vectors(["", "hello"])

    assert not rows[0].any() and np.linalg.norm(rows[1]) == pytest.approx(1)
