"""litellm.acompletion with two retries, so many at once; it keeps nothing on disk."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # no download at import

import litellm
from items import MODEL, read_job, write_texts

litellm.suppress_debug_info = True


async def ask_all(job: Any) -> list[str | None]:
    """Return the texts in the order of the questions; None for what failed."""
    gate = asyncio.Semaphore(job["jobs"])

    async def ask(question: str) -> str | None:
        async with gate:
            try:
                reply = await litellm.acompletion(
                    model=f"openai/{MODEL}",
                    api_base=job["url"],
                    api_key="sk-none",
                    messages=[{"role": "user", "content": question}],
                    max_tokens=200,
                    num_retries=2,
                )
            except Exception as error:
                print(type(error).__name__, error, file=sys.stderr)
                return None
            return reply.choices[0].message.content

    return await asyncio.gather(*(ask(one) for one in job["questions"]))


job = read_job(sys.argv[1])
write_texts(job, asyncio.run(ask_all(job)))
