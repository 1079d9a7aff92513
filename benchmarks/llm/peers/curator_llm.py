"""curator.LLM on its OpenAI backend, its limits of tokens and requests a minute out of the way."""

from __future__ import annotations

import os
import sys
from typing import Any

from items import MODEL, read_job, write_texts

job = read_job(sys.argv[1])
os.environ |= {
    "CURATOR_CACHE_DIR": f"{job['folder']}/cache",
    "CURATOR_DISABLE_RICH_DISPLAY": "1",
    "TELEMETRY_ENABLED": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "OPENAI_API_KEY": "sk-none",
    "HF_HUB_OFFLINE": "1",
}

from bespokelabs import curator  # noqa: E402


class Writer(curator.LLM):
    """One message a row."""

    def prompt(self, row: dict[str, Any]) -> str:
        """Return the question as it is."""
        return row["question"]

    def parse(self, row: dict[str, Any], response: str) -> dict[str, Any]:
        """Return the text beside its place."""
        return {"at": row["at"], "text": response}


writer = Writer(
    model_name=MODEL,
    backend="openai",
    generation_params={"max_tokens": 200},
    backend_params={
        "base_url": job["url"],
        "api_key": "sk-none",
        "max_concurrent_requests": job["jobs"],
        "max_requests_per_minute": 1_000_000,
        "max_tokens_per_minute": 1_000_000_000,
        "require_all_responses": False,
    },
)
found = writer([{"at": at, "question": one} for at, one in enumerate(job["questions"])])
rows = getattr(found, "dataset", found)
texts: dict[int, str] = {row["at"]: row["text"] for row in rows}
write_texts(job, [texts.get(at) for at in range(len(job["questions"]))])
