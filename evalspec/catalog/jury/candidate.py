"""The question to a juror about a candidate."""

from __future__ import annotations

from collections.abc import Sequence

from evalspec.catalog.prompts import builtin_prompt
from evalspec.model.case import Candidate, input_json
from evalspec.model.spec import Spec
from evalspec.registry import juror
from evalspec.text.prompts import render_own


@juror("candidate", version=1)
def candidate(candidate: Candidate, spec: Spec, labels: Sequence[str], nonce: str) -> str:
    """Ask whether a candidate is plausible, in its cell and persona, and which label it should have."""
    lineage = candidate.lineage
    return render_own(
        builtin_prompt("juror_candidate"),
        {
            "task": {"instructions": spec.task.instructions or "(not described)"},
            "labels": list(labels),
            "nonce": nonce,
            "data": {
                "message": input_json(candidate.input),
                "situation": {
                    f"{axis}: {level}": spec.described(axis, level) or "" for axis, level in lineage.cell.items()
                },
                "person": spec.persona(lineage.persona).description if lineage.persona else "",
            },
        },
    )
