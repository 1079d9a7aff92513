"""The question to a juror about an output that people have judged already."""

from __future__ import annotations

from evalspec.catalog.prompts import builtin_prompt
from evalspec.model.case import Anchor, input_json
from evalspec.model.spec import Spec
from evalspec.registry import juror
from evalspec.text.prompts import render_own


@juror("anchor", version=1)
def anchor(anchor: Anchor, spec: Spec, nonce: str) -> str:
    """Ask whether an anchor's output passes."""
    return render_own(
        builtin_prompt("juror_anchor"),
        {
            "task": {"instructions": spec.task.instructions or "(not described)"},
            "nonce": nonce,
            "data": {"input": input_json(anchor.input), "output": anchor.output},
        },
    )
