"""A small project in which models write, rewrite, attack and judge, and the endpoint that plays all of them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evalspec.digests import digest_text
from tests.model_server import Act, Asked
from tests.small_specs import small_spec, write_project

NOUNS = ("kettle", "lamp", "pram", "jacket", "chair", "plate", "cable", "parcel", "clock", "sofa", "carpet", "mirror")
ACTS = ("arrived cracked", "never came", "smells odd", "has no manual", "is the wrong size", "stopped on day two")
ENDS = ("who do I call", "what now", "send someone", "I leave on Friday", "my aunt wanted it", "money back then")
GERMAN = "Ich habe die falsche Lampe und will sie nicht. Wann kann ich mein Geld haben und wo ist der Brief?"
MODELS: Mapping[str, Mapping[str, str]] = {
    "writer": {"model": "hosted_vllm/first-writer", "family": "north"},
    "other": {"model": "hosted_vllm/second-writer", "family": "south"},
    "strict": {"model": "hosted_vllm/strict-juror", "family": "east"},
    "mild": {"model": "hosted_vllm/mild-juror", "family": "west"},
    "third": {"model": "hosted_vllm/third-juror", "family": "up"},
}


def judged_spec(*, jury: Sequence[str] = ("strict", "mild"), **more: Any) -> dict[str, Any]:
    """Seeds, children of two operators that ask, a grid of two cells, a varied red team; everything read by people."""
    spec = small_spec(seeds=8, children=4, prompted=6, operators=("paraphrase", "blunt"), require=1)
    spec["models"] = {name: dict(MODELS[name]) for name in ("writer", "other", *jury)}
    spec["roles"] = {"generator": {"writer": 1, "other": 1}, "jury": list(jury)}
    spec["task"]["languages"] = ["en", "de"]
    spec["pools"]["prompted"] |= {"max_per_cell": 12}
    spec["pools"]["redteam"] = {"attacks": {"override": {"toward": ["refund"]}}, "generator": "writer"}
    spec["mix"]["cases"]["redteam"] = 2
    spec["review"]["require"]["redteam"] = 1
    spec["budget"] = {"usd": 1}
    return spec | more


def write_judged(folder: Path, **more: Any) -> str:
    """Write the project and return the spec's path."""
    return write_project(folder, judged_spec(**more))


class Players:
    """What the endpoint does with each question; a class because a cell's first questions are answered badly in turn.

    `cells` maps a level of the axis to what its first slots get, in order; after that every reply is good.
    """

    def __init__(self, cells: Mapping[str, Sequence[str]] | None = None) -> None:
        self.cells = {name: list(acts) for name, acts in (cells or {}).items()}
        self.asked: Counter[str] = Counter()  # by model

    def __call__(self, asked: Asked) -> Act:
        """Answer as the model that was asked would."""
        model, text = str(asked.body["model"]), str(asked.body["messages"][0]["content"])
        self.asked[model] += 1
        if model.endswith("juror"):
            return Act(text=verdict(model, text))
        if text.startswith("You rewrite"):
            return Act(text=rewritten(text))
        level = re.findall(r"- item: (\w+)", text)[0]
        waiting = self.cells.get(level, [])
        if waiting and len(asked.body["messages"]) == 1:
            return broken(waiting.pop(0), asked)
        reply = {"message": said(asked)}
        if '"expected": ...' in text:
            reply["expected"] = "replace" if level == "table" else "refund"
        return Act(text=json.dumps(reply))


def said(asked: Asked) -> str:
    """A message that only this question gets."""
    number = int(digest_text(json.dumps(asked.body["messages"]) + str(asked.number))[:8], 16)
    noun, act, end = NOUNS[number % 12], ACTS[number // 12 % 6], ENDS[number // 72 % 6]
    return f"The {noun} {act}, order {number % 9973}. {end}?"


def broken(kind: str, asked: Asked) -> Act:
    """A reply of one kind that gives no candidate, or not at once."""
    message = {"message": said(asked)}
    return {
        "empty": Act(text=""),
        "filtered": Act(text="", finish="content_filter"),
        "refused": Act(text="I'm sorry, but I can't help with that."),
        "refused_inside": Act(text=json.dumps({"message": "I'm sorry, but I can't assist with that request."})),
        "cut": Act(text='{"message": "the lamp', finish="length"),
        "oversize": Act(text=json.dumps({"message": "the lamp is gone " * 1000})),
        "off_language": Act(text=json.dumps({"message": GERMAN})),
        "off_cell": Act(text=json.dumps({"cell": "boat", **message})),
        "mended": Act(text="Sure! Here is a message: the lamp is gone"),
        "in_talk": Act(text=f"Sure!\n```json\n{json.dumps(message)}\n```\nAnything else?"),
    }[kind]


def rewritten(text: str) -> str:
    """The message with its words in another order of sentences, and a word of its own."""
    original = json.loads(re.findall(r'^"(?:.*)"$', text, re.MULTILINE)[0])
    first, _, rest = original.partition(". ")
    return json.dumps({"message": f"{rest} {first}, honestly." if rest else f"Honestly, {first}"})


def verdict(model: str, text: str) -> str:
    """What a juror says: the strict one doubts every third message, the mild one finds everything in order."""
    form = json.loads(re.findall(r"```json\n(.*?)\n```", text, re.DOTALL)[-1].replace('"pass" or "fail"', '"..."'))
    filled = {name: "yes" for name in form if name != "nonce"}
    if "verdict" in form:
        filled["verdict"] = "pass"
    if "label" in form:
        filled["label"] = "replace" if '"item: table"' in text else "refund"
    if model.endswith("strict-juror") and int(form["nonce"], 16) % 3 == 0:
        filled["plausible"] = "no"
    return "```json\n" + json.dumps({"nonce": form["nonce"], **filled}) + "\n```"
