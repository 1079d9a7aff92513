"""The folder of a model that a spec brings: which of its files decide a vector, and what their digests are.

Weights are safetensors, which hold numbers alone. A pickle runs what it holds when it is read, so none ever is; nor is
code of the folder's own. Every other file that a library could look into counts as a setting.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NoReturn

from evalspec.diagnostics import BuildError, Diagnostic, Exit, Span
from evalspec.edges.files import list_files, open_regular, read_bytes

MODULES = "modules.json"
WEIGHTS = ".safetensors"
PICKLES = (".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth")
# What no library reads to make a vector from safetensors: pages, pictures, programs, weights of other frameworks.
ASIDE = (*PICKLES, ".md", ".py", ".png", ".jpg", ".svg", ".pdf", ".onnx", ".h5", ".msgpack", ".ot", ".tflite")
_PAGES = re.compile(r"(licen[cs]e|notice|readme|usage)(\..*)?", re.IGNORECASE)
_SUBFOLDER = re.compile(r"[A-Za-z0-9][\w.-]*")
_MAX_SETTING = 64 * 1024 * 1024  # a vocabulary of 250,000 pieces with their scores takes 17 MB
_BLOCK = 1 << 20
CONVERT = "take a revision of it that holds `model.safetensors`; `save` of sentence-transformers 3 or newer writes one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """What stands in the folder of a model; names are relative to it, with `/`."""

    path: str
    root: str | None  # what no link may leave
    settings: Mapping[str, bytes]
    weights: tuple[str, ...]
    pickles: tuple[str, ...]  # beside the weights, and never read
    modules: tuple[tuple[str, str], ...]  # kind and subfolder of each step from a text to its vector

    @property
    def settings_digest(self) -> str:
        """The sha256 of what `sha256sum` prints for every file but the weights, in order of names."""
        return _listed({name: hashlib.sha256(raw).hexdigest() for name, raw in self.settings.items()})

    def at(self, name: str) -> str:
        """Return where a file of the folder stands."""
        return os.path.join(self.path, *name.split("/"))

    def data(self, name: str) -> dict[str, Any]:
        """Return a JSON file of the folder, empty when it is not there; what is no mapping is refused."""
        found = self.value(name) if name in self.settings else {}
        if not isinstance(found, dict):
            refuse("X506", f"`{name}` of the model holds no mapping", self.path, None)
        return found

    def value(self, name: str) -> Any:
        """Return what a JSON file of the folder holds."""
        try:
            return json.loads(self.settings[name])
        except (ValueError, RecursionError) as error:
            refuse("X506", f"`{name}` of the model is not JSON: {error}", self.path, None)


def read_folder(path: str, root: str | None, at: Span | None = None) -> Folder:
    """Read what decides a model's vectors but for its weights; X505 where nothing is there, X506 for no model."""
    if not os.path.isdir(path):
        refuse(
            "X505",
            f"there is no folder `{path}`, where the embedder's model is to stand",
            path,
            at,
            hint="put the model there: it is named by its digests, so a copy from anywhere is as good",
            exit=Exit.ENVIRONMENT,
        )
    names = _names(path, root, "", at)
    if MODULES not in names:
        message = f"`{path}` is no model of sentence-transformers: it holds no `{MODULES}`"
        hint = "`SentenceTransformer(PATH).save(FOLDER)` writes one around any model that it can load"
        refuse("X506", message, path, at, hint=hint)
    modules = _modules(path, root, at)
    for _, folder in modules:
        if folder:
            names += [f"{folder}/{name}" for name in _names(os.path.join(path, folder), root, folder, at)]
    weights = tuple(sorted(name for name in names if name.endswith(WEIGHTS)))
    pickles = tuple(sorted(name for name in names if name.endswith(PICKLES)))
    if not weights:
        held = f"only `{pickles[0]}`, a pickle, which runs what it holds" if pickles else "no `model.safetensors`"
        refuse("X506", f"weights are read from safetensors alone, and `{path}` holds {held}", path, at, hint=CONVERT)
    kept = sorted(name for name in names if not name.endswith((WEIGHTS, *ASIDE)) and not _PAGES.fullmatch(_last(name)))
    settings = {name: read_bytes(os.path.join(path, name), root=root, limit=_MAX_SETTING, at=at) for name in kept}
    return Folder(
        path=path, root=root, settings=MappingProxyType(settings), weights=weights, pickles=pickles, modules=modules
    )


def _names(path: str, root: str | None, folder: str, at: Span | None) -> list[str]:
    """Return the names of the regular files of one folder; a step without settings may have none at all."""
    if folder and not os.path.isdir(path):
        return []
    return [_last(one.replace(os.sep, "/")) for one in list_files(os.path.join(path, "*"), root=root, at=at)]


def _last(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def _modules(path: str, root: str | None, at: Span | None) -> tuple[tuple[str, str], ...]:
    """Return kind and subfolder of each step; a kind that is not of sentence-transformers is code of the folder."""
    try:
        listed = json.loads(read_bytes(os.path.join(path, MODULES), root=root, limit=_MAX_SETTING, at=at))
        found = [(str(one["type"]), str(one["path"])) for one in listed]
    except (ValueError, KeyError, TypeError, RecursionError):
        refuse("X506", f"`{MODULES}` of `{path}` does not list the steps of a model", path, at)
    for kind, folder in found:
        if not kind.startswith("sentence_transformers."):
            refuse("X506", f"the model asks for code of its own (`{kind}`), and none is run", path, at)
        if folder and not _SUBFOLDER.fullmatch(folder):
            refuse("X506", f"`{MODULES}` of `{path}` names the folder `{folder}`", path, at)
    return tuple((kind.rpartition(".")[2], folder) for kind, folder in found)


def weights_digest(folder: Folder) -> str:
    """Return the sha256 of the weights: of the one file, else of what `sha256sum` prints for all of them."""
    found = {name: _sha256(folder.at(name), folder.root) for name in folder.weights}
    return next(iter(found.values())) if len(found) == 1 else _listed(found)


def _sha256(path: str, root: str | None) -> str:
    hasher = hashlib.sha256()
    with open_regular(path, root=root) as handle:
        try:
            while block := handle.read(_BLOCK):
                hasher.update(block)
        except OSError as error:
            message = f"`{path}` could not be read: {error.strerror or error}"
            refuse("E906", message, path, None, exit=Exit.ENVIRONMENT)
    return hasher.hexdigest()


def _listed(digests: Mapping[str, str]) -> str:
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    return hashlib.sha256(lines.encode("utf-8")).hexdigest()


def refuse(
    code: str,
    message: str,
    path: str,
    at: Span | None,
    *,
    hint: str | None = None,
    exit: Exit = Exit.INVALID,
) -> NoReturn:
    """Raise one problem of a model, at the spec's word for it where it is known."""
    problem = Diagnostic(
        code=code, severity="error", message=message, span=at, path=None if at else path, hint=hint, exit=exit
    )
    raise BuildError([problem])
