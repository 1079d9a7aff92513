"""A model that a spec brings: its folder held against the digests that the spec names, then loaded, by what it is.

Nothing reaches for a network, no pickle is read and no code of the folder runs.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np

from evalspec.diagnostics import Exit
from evalspec.edges.files import read_bytes
from evalspec.edges.meaning.about import LEAST, MOST, About, about
from evalspec.edges.meaning.bert import Bert, Floats, Model, Told, of_unit_length
from evalspec.edges.meaning.folder import Folder, read_folder, refuse, weights_digest
from evalspec.model.embedders import OwnModel
from evalspec.text.meaning import MEANING_VERSION, SCALE

PASS_NEEDS = ("safetensors", "threadpoolctl", "tokenizers")
LIBRARY_NEEDS = ("sentence_transformers", "torch", "transformers")
_LIBRARY_PACKAGES = ("sentence-transformers", "transformers")
_MAX_WEIGHTS = 8 << 30  # of the pass in NumPy, which holds them in memory twice while it loads
_PREFIXES = ("", "bert.")  # of the names in a file that was saved with a head on top
_PANIC = "PanicException"  # of the tokenizer's library, and no Exception
_ASKED = "evalspec catalog embedder"
_BATCH = 32  # what sentence-transformers takes unless told otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A model of a spec and what stands in its folder, settings checked and weights not read yet."""

    name: str
    own: OwnModel
    folder: Folder
    about: About

    @property
    def key(self) -> str:
        """Everything that decides a vector beside the text."""
        told = self.about
        made_by = " ".join(f"{one} {version(one)}" for one in _LIBRARY_PACKAGES) if told.shape is None else "evalspec"
        return (
            f"own revision {self.own.revision!r} weights {self.own.weights} settings {self.own.settings} "
            f"made by {made_by} pieces {told.longest} scale {SCALE} version {MEANING_VERSION}"
        )


def needed(told: About) -> tuple[str, ...]:
    """Return the modules that run a model."""
    return PASS_NEEDS if told.shape else LIBRARY_NEEDS


def missing(told: About) -> tuple[str, ...]:
    """Return the modules that would run a model and are not installed; none of them is imported."""
    return tuple(name for name in needed(told) if find_spec(name) is None)


def opened(name: str, own: OwnModel, folder: str, root: str) -> Own:
    """Read the settings of a spec's model and hold them against the spec: X503 to X506 where something is wrong.

    `folder` is where the model stands, `root` what no link in it may leave.
    """
    found = read_folder(folder, root, own.at)
    _same(name, own, found, "settings", own.settings, found.settings_digest)
    _same_revision(name, own, found)
    told = about(found, own.at)
    if lacking := missing(told):
        refuse(
            "X503",
            f"the spec names the embedder `{name}`, and this is not installed: {', '.join(lacking)}",
            folder,
            own.at,
            hint=f"pip install {' '.join(PASS_NEEDS)}" if told.shape else "pip install 'evalspec[semantic]'",
            exit=Exit.ENVIRONMENT,
        )
    return Own(name=name, own=own, folder=found, about=told)


def _same(name: str, own: OwnModel, folder: Folder, what: str, named: str, found: str) -> None:
    if named != found:
        refuse(
            "X504",
            f"the {what} of `{name}` are not those that the spec names: their sha256 is {found}",
            folder.path,
            own.at,
            hint=f"`{_ASKED} {folder.path}` says what stands there; vectors of another model are another space",
            exit=Exit.ENVIRONMENT,
        )


def _same_revision(name: str, own: OwnModel, folder: Folder) -> None:
    """Refuse a folder that says itself which revision it is, as a download leaves it, and says another."""
    stated = stated_revision(folder)
    if stated is not None and stated != own.revision:
        refuse(
            "X504",
            f"`{name}` was downloaded as revision `{stated}`, and the spec names `{own.revision}`",
            folder.path,
            own.at,
            hint="name the revision that it is, or download the one that is named",
            exit=Exit.ENVIRONMENT,
        )


def stated_revision(folder: Folder) -> str | None:
    """Return the commit that a download into a folder has noted beside it, or None."""
    path = os.path.join(folder.path, ".cache", "huggingface", "download", f"{folder.weights[0]}.metadata")
    if not os.path.isfile(path):
        return None
    lines = read_bytes(path, root=folder.root).decode("utf-8", "replace").splitlines()
    return lines[0].strip() if lines else None


def loaded(one: Own) -> Model:
    """Check the weights and load the model."""
    if one.about.shape is None:
        _same(one.name, one.own, one.folder, "weights", one.own.weights, weights_digest(one.folder))
        return Library(one)
    path = one.folder.at(one.folder.weights[0])
    raw = read_bytes(path, root=one.folder.root, limit=_MAX_WEIGHTS)
    # Of the very bytes that are used: between two reads somebody could put others in their place.
    _same(one.name, one.own, one.folder, "weights", one.own.weights, hashlib.sha256(raw).hexdigest())
    try:
        tensors = _tensors(raw)
        base = one.folder.modules[0][1]
        text = one.folder.settings[f"{base}/tokenizer.json" if base else "tokenizer.json"].decode("utf-8")
        model = Bert(tensors, text, one.about.shape)
        model.vectors(["", "one"])  # a tokenizer that no text can go through is told now, and not in the midst
        return model
    except MemoryError:
        raise
    except BaseException as error:  # the libraries that read both raise what they like
        if not isinstance(error, Exception) and type(error).__name__ != _PANIC:
            raise
        message = f"`{one.name}` could not be loaded: {type(error).__name__}: {error}"
        refuse("X506", message, one.folder.path, one.own.at)


def _tensors(raw: bytes) -> Mapping[str, Floats]:
    """Return the tensors of a safetensors file in float32, by their names without a prefix."""
    import safetensors

    read: Any = safetensors.deserialize  # without types
    found: dict[str, Floats] = {}
    for name, tensor in read(raw):
        values = _floats(tensor)
        if values is not None:
            found[name] = values.reshape(tensor["shape"])
    prefix = next((one for one in _PREFIXES if f"{one}embeddings.LayerNorm.weight" in found), "")
    return {name.removeprefix(prefix): values for name, values in found.items()}


def _floats(tensor: Mapping[str, Any]) -> Floats | None:
    kind, data = tensor["dtype"], tensor["data"]
    if kind in ("F32", "F16"):
        return np.frombuffer(data, dtype="<f4" if kind == "F32" else "<f2").astype(np.float32)
    if kind == "BF16":  # the upper half of a float
        return (np.frombuffer(data, dtype="<u2").astype(np.uint32) << 16).view(np.float32)
    return None  # positions that older versions kept as whole numbers


class Library:
    """A model that sentence-transformers runs, on the processor; a class because it is worth keeping."""

    def __init__(self, one: Own) -> None:
        # Before the import, which reads them once.
        os.environ.update({"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"})
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        os.environ.setdefault("TQDM_DISABLE", "1")
        from sentence_transformers import SentenceTransformer

        try:
            self._model = SentenceTransformer(
                os.path.abspath(one.folder.path),
                device="cpu",
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True, "dtype": "float32"},
            )
            self._dimensions = int(self._model.encode(["one"], show_progress_bar=False).shape[1])
        except MemoryError:
            raise
        except Exception as error:  # whatever the library makes of a folder that it cannot read
            message = f"`{one.name}` could not be loaded by sentence-transformers: {type(error).__name__}: {error}"
            refuse("X506", message, one.folder.path, one.own.at)
        if not LEAST <= self._dimensions <= MOST or self._dimensions != one.about.dimensions:
            message = f"`{one.name}` gives vectors of {self._dimensions:,} dimensions"
            refuse("X506", message, one.folder.path, one.own.at, hint=f"{LEAST} to {MOST:,} are taken")

    @property
    def dimensions(self) -> int:
        """How many components a vector has."""
        return self._dimensions

    def vectors(self, texts: Sequence[str], told: Told = lambda count: None) -> Floats:
        """Return one row of unit length a text, as the library reads it."""
        clean = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        rows = np.empty((len(clean), self._dimensions), dtype=np.float32)
        # The longest together, so that little is padded.
        order = sorted(range(len(clean)), key=lambda at: -len(clean[at]))
        for start in range(0, len(order), _BATCH):
            some = order[start : start + _BATCH]
            rows[some] = self._model.encode(
                [clean[at] for at in some], batch_size=_BATCH, show_progress_bar=False, convert_to_numpy=True
            )
            told(len(some))
        return of_unit_length(rows)
