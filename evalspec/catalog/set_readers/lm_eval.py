"""lm-evaluation-harness: `samples_TASK_TIME.jsonl`, one row a document and filter."""

from __future__ import annotations

from collections.abc import Mapping

from evalspec.catalog.result_readers.reading import mapping
from evalspec.registry import reader

_TEXTS = ("question", "input", "prompt", "query", "text", "instruction", "problem", "ctx", "context", "passage")


def is_sample(value: object) -> bool:
    """Tell a logged sample: a document beside replies or arguments."""
    return (
        isinstance(value, Mapping)
        and isinstance(value.get("doc"), Mapping)
        and any(name in value for name in ("doc_id", "resps", "arguments", "filtered_resps"))
    )


@reader("lm_eval", version=1, title="lm-evaluation-harness samples", recognises=is_sample, repeats=True)
def lm_eval(value: Mapping[str, object]) -> tuple[Mapping[str, object], ...]:
    """Read the document of one sample; where it names no text, the prompt that was sent."""
    doc = dict(mapping(value.get("doc")))
    row: dict[str, object] = {"id": value.get("doc_id"), **doc}
    if "target" not in doc and not isinstance(value.get("target"), Mapping):
        row["target"] = value.get("target")
    if not any(name in doc for name in _TEXTS):
        prompt = _sent(value.get("arguments"))
        row |= {"input": prompt} if prompt else {}
    return ({name: one for name, one in row.items() if one is not None},)


def _sent(arguments: object) -> str | None:
    """Return the text of the first request: `[[prompt, ...], ...]`, or `{gen_args_0: {arg_0: prompt}}`."""
    if isinstance(arguments, Mapping) and arguments:
        arguments = [list(mapping(next(iter(arguments.values()))).values())]
    first = arguments[0] if isinstance(arguments, list) and arguments else None
    text = first[0] if isinstance(first, list) and first else first
    return text if isinstance(text, str) else None
