"""A small project whose grid a model writes, and a scripted endpoint that writes it: what the tape's tests stand on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evalspec.digests import digest_text
from tests.model_server import Act, Asked
from tests.small_specs import small_spec, write_project

NOUNS = ("kettle", "lamp", "pram", "jacket", "chair", "plate", "cable", "parcel", "clock", "sofa", "carpet", "mirror")
ACTS = ("arrived cracked", "never came", "smells odd", "has no manual", "is the wrong size", "stopped on day two")
ENDS = ("who do I call", "what now", "send someone", "I leave on Friday", "my aunt wanted it", "money back then")


def model_spec(**more: Any) -> dict[str, Any]:
    """The small spec, its grid written by a model on this machine."""
    given = {"seeds": 6, "children": 2, "prompted": 6} | more
    spec = small_spec(**given)
    spec["models"] = {"writer": {"model": "hosted_vllm/small-writer", "family": "house"}}
    return spec


def write_model_project(folder: Path, **more: Any) -> str:
    """Write the project and return the spec's path."""
    return write_project(folder, model_spec(**more))


def text_for(asked: Asked) -> str:
    """A message that only this question gets."""
    number = int(digest_text(json.dumps(asked.body["messages"]) + str(asked.number))[:8], 16)
    noun, act, end = NOUNS[number % 12], ACTS[number // 12 % 6], ENDS[number // 72 % 6]
    return f"The {noun} {act}, order {number % 9973}. {end}?"


def writes(asked: Asked) -> Act:
    """A good reply."""
    return Act(text=json.dumps({"message": text_for(asked)}, ensure_ascii=False), served="small-writer-2026")


def replies_on(folder: Path) -> list[Mapping[str, Any]]:
    """The lines of all segments of a project's tape, headers left out."""
    paths = sorted((folder / "small" / "tape").glob("*.jsonl"))
    return [json.loads(line) for path in paths for line in path.read_text("utf-8").split("\n")[1:] if line]
