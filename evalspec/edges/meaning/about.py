"""What the settings of a model say: how wide its vectors are, how much of a text it reads, and what runs it.

A BERT as most sentence models are is run by the pass in NumPy, whose vectors are those of sentence-transformers; what
departs from it in anything is run by sentence-transformers itself. The folder decides which, never what is installed:
the reason stands in `why`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from evalspec.diagnostics import Span
from evalspec.edges.meaning.bert import Shape
from evalspec.edges.meaning.folder import Folder, refuse
from evalspec.model.embedders import Spoken

LEAST, MOST = 32, 4096  # dimensions
_ENDLESS = 1_000_000  # what tokenizers state as a length where they have none is far above
_KINDS = frozenset({"Transformer", "Pooling", "Dense", "LayerNorm", "Dropout", "Normalize"})
_POOLINGS: Mapping[str, str] = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
_WIDTHS = ("embedding_dimension", "word_embedding_dimension")
_TEXT_ONLY = {"text": {"method": "forward", "method_output_name": "last_hidden_state"}}
# What sentence-transformers writes about a transformer that takes a text to the vectors of its pieces; None: any value.
_STEP: Mapping[str, object] = {
    "max_seq_length": None,
    "do_lower_case": False,
    "transformer_task": "feature-extraction",
    "modality_config": _TEXT_ONLY,
    "module_output_name": "token_embeddings",
}
_MODEL = frozenset({"__version__", "prompts", "default_prompt_name", "similarity_fn_name", "model_type"})
_MARKS = frozenset({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"})
_TOKENIZERS = frozenset({"BertTokenizer", "BertTokenizerFast"})


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is known of a model before its weights are read."""

    architecture: str
    dimensions: int
    longest: int | None  # word pieces that are read of a text; None: not stated
    shape: Shape | None
    why: str  # the reason why it is no plain BERT; empty for one

    @property
    def spoken(self) -> Spoken:
        """The same as a report tells it."""
        return Spoken(
            architecture=self.architecture,
            dimensions=self.dimensions,
            longest=self.longest,
            runner="evalspec" if self.shape else "sentence-transformers",
        )


class _OtherError(Exception):
    """What keeps a model from being a plain BERT."""


def about(folder: Folder, at: Span | None = None) -> About:
    """Read what the settings say; X506 for what nothing here runs."""
    kinds = [kind for kind, _ in folder.modules]
    if not kinds or kinds[0] != "Transformer" or not set(kinds) <= _KINDS:
        listed = ", ".join(kinds) or "nothing"
        message = f"the steps of the model are {listed}, which evalspec does not run"
        refuse("X506", message, folder.path, at, hint=f"it runs {', '.join(sorted(_KINDS))}")
    base = folder.modules[0][1]
    config = folder.data(_in(base, "config.json"))
    for name in ("config.json", "tokenizer_config.json"):
        if folder.data(_in(base, name)).get("auto_map"):
            message = f"the model asks for code of its own (`auto_map` in `{name}`), and none is run"
            refuse("X506", message, folder.path, at, hint="take a model that its library knows without `auto_map`")
    try:
        shape, why = _shape(folder, base, config), ""
    except _OtherError as other:
        shape, why = None, str(other)
    dimensions = shape.width if shape else _dimensions(folder)
    if dimensions is None or not LEAST <= dimensions <= MOST:
        width = "no width that is stated" if dimensions is None else f"{dimensions:,} dimensions"
        refuse("X506", f"its vectors have {width}; {LEAST} to {MOST:,} dimensions are taken", folder.path, at)
    return About(
        architecture=str(config.get("model_type") or kinds[0]),
        dimensions=dimensions,
        longest=shape.longest if shape else _longest(folder, base, config),
        shape=shape,
        why=why,
    )


def _in(base: str, name: str) -> str:
    return f"{base}/{name}" if base else name


def _shape(folder: Folder, base: str, config: Mapping[str, Any]) -> Shape:
    """Return the shape of a plain BERT; _OtherError says why it is none."""
    _expect("model_type", config.get("model_type"), ("bert",))
    _expect("hidden_act", config.get("hidden_act", "gelu"), ("gelu",))
    _expect("position_embedding_type", config.get("position_embedding_type", "absolute"), ("absolute",))
    for name in ("is_decoder", "add_cross_attention", "quantization_config", "chunk_size_feed_forward"):
        _expect(name, config.get(name) or False, (False,))
    if folder.weights != (_in(base, "model.safetensors"),):
        raise _OtherError(f"its weights are {', '.join(folder.weights)}")
    kinds = [kind for kind, _ in folder.modules]
    if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        raise _OtherError(f"its steps are {', '.join(kinds)}")
    _plain_steps(folder, base)
    _plain_tokenizer(folder, base)
    # What is left out has the default of BERT's own configuration.
    width = _whole(config, "hidden_size", 768)
    heads = _whole(config, "num_attention_heads", 12)
    epsilon = config.get("layer_norm_eps", 1e-12)
    if width % heads or not isinstance(epsilon, float) or not 0 < epsilon < 1:
        raise _OtherError(f"its width is {width}, its heads {heads}, its `layer_norm_eps` {epsilon}")
    pooling = _pooling(folder.data(_in(folder.modules[1][1], "config.json")), width)
    longest = _longest(folder, base, config)
    return Shape(
        layers=_whole(config, "num_hidden_layers", 12),
        heads=heads,
        width=width,
        inner=_whole(config, "intermediate_size", 3072),
        epsilon=epsilon,
        longest=min(longest or _ENDLESS, _whole(config, "max_position_embeddings", 512)),
        pooling=pooling,
    )


def _expect(name: str, found: object, known: Iterable[object]) -> None:
    if not any(found is one or (found == one and type(found) is type(one)) for one in known):
        raise _OtherError(f"its `{name}` is {found!r}".replace("'", "`"))


def _whole(config: Mapping[str, Any], name: str, default: int) -> int:
    found = config.get(name, default)
    if type(found) is not int or not 0 < found <= 1 << 20:
        raise _OtherError(f"its `{name}` is {found!r}".replace("'", "`"))
    return found


def _plain_steps(folder: Folder, base: str) -> None:
    for name, found in folder.data(_in(base, "sentence_bert_config.json")).items():
        if name not in _STEP or not (_STEP[name] is None or found == _STEP[name] or found is None):
            raise _OtherError(f"`sentence_bert_config.json` says `{name}`")
    model = folder.data("config_sentence_transformers.json")
    if other := sorted(set(model) - _MODEL):
        raise _OtherError(f"`config_sentence_transformers.json` says `{other[0]}`")
    if model.get("default_prompt_name"):
        raise _OtherError("it puts a prompt before every text")
    _expect("model_type", model.get("model_type") or "SentenceTransformer", ("SentenceTransformer",))


def _plain_tokenizer(folder: Folder, base: str) -> None:
    """Refuse a tokenizer that its library would build otherwise than the one file says that is read here."""
    data, told = folder.data(_in(base, "tokenizer.json")), folder.data(_in(base, "tokenizer_config.json"))
    if not data:
        raise _OtherError("it has no `tokenizer.json`")
    _expect("tokenizer_class", told.get("tokenizer_class"), _TOKENIZERS)
    model, normalizer = _mapping(data, "model"), _mapping(data, "normalizer")
    for name, found, known in (
        ("model.type", model.get("type"), "WordPiece"),
        ("model.unk_token", model.get("unk_token"), "[UNK]"),
        ("model.continuing_subword_prefix", model.get("continuing_subword_prefix"), "##"),
        ("model.max_input_chars_per_word", model.get("max_input_chars_per_word"), 100),
        ("normalizer.type", normalizer.get("type"), "BertNormalizer"),
        ("normalizer.clean_text", normalizer.get("clean_text"), True),
        ("normalizer.lowercase", normalizer.get("lowercase"), told.get("do_lower_case", True)),
        ("normalizer.strip_accents", normalizer.get("strip_accents"), told.get("strip_accents")),
        ("normalizer.handle_chinese_chars", normalizer.get("handle_chinese_chars"),
         told.get("tokenize_chinese_chars", True)),
        ("pre_tokenizer.type", _mapping(data, "pre_tokenizer").get("type"), "BertPreTokenizer"),
        ("truncation_side", told.get("truncation_side", "right"), "right"),
    ):  # fmt: skip
        _expect(f"tokenizer: {name}", found, (known,))
    _expect(
        "tokenizer: post_processor.type",
        _mapping(data, "post_processor").get("type"),
        ("TemplateProcessing", "BertProcessing"),
    )
    added = data.get("added_tokens") or []
    if not isinstance(added, list) or not all(
        isinstance(one, Mapping) and str(one.get("content")) in _MARKS for one in added
    ):
        raise _OtherError("its tokenizer has words added to it")


def _mapping(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name)
    return found if isinstance(found, Mapping) else {}


def _pooling(config: Mapping[str, Any], width: int) -> Literal["mean", "cls"]:
    if other := sorted(set(config) - {*_POOLINGS, *_WIDTHS, "pooling_mode", "include_prompt"}):
        raise _OtherError(f"its pooling says `{other[0]}`")
    if next((config[name] for name in _WIDTHS if name in config), None) != width:
        raise _OtherError("its pooling is of another width than its transformer")
    modes = _modes(config)
    if modes == ("mean",):
        return "mean"
    if modes == ("cls",):
        return "cls"
    raise _OtherError(f"its pooling is {' and '.join(modes)}")


def _modes(config: Mapping[str, Any]) -> tuple[str, ...]:
    given = config.get("pooling_mode")
    if given is None:
        return tuple(mode for name, mode in _POOLINGS.items() if config.get(name)) or ("mean",)
    return tuple(map(str, given)) if isinstance(given, list) else (str(given),)


def _dimensions(folder: Folder) -> int | None:
    """Return the width after the last step that sets one."""
    for kind, where in reversed(folder.modules):
        config = folder.data(_in(where, "config.json"))
        if kind == "Dense":
            return _known(config.get("out_features"))
        if kind == "Pooling":
            width = next((config[name] for name in _WIDTHS if name in config), None)
            return _known(width * len(_modes(config)) if type(width) is int else None)
    return None


def _known(found: object) -> int | None:
    return found if type(found) is int else None


def _longest(folder: Folder, base: str, config: Mapping[str, Any]) -> int | None:
    """Return how many word pieces are read: what the step says, else its tokenizer, else its places."""
    given = folder.data(_in(base, "sentence_bert_config.json")).get("max_seq_length")
    told = folder.data(_in(base, "tokenizer_config.json")).get("model_max_length")
    for found in (given, told, config.get("max_position_embeddings")):
        if type(found) is int and 0 < found < _ENDLESS:
            return found
    return None
