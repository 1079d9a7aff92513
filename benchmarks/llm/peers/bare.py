"""A bare HTTP client: aiohttp, so many at once, no retries and nothing kept."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import aiohttp
from items import MODEL, read_job, write_texts


async def ask_all(job: Any) -> list[str | None]:
    """Return the texts in the order of the questions; None for what failed."""
    gate = asyncio.Semaphore(job["jobs"])
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=job["jobs"])) as session:

        async def ask(question: str) -> str | None:
            body = {"model": MODEL, "messages": [{"role": "user", "content": question}], "max_tokens": 200}
            async with gate:
                try:
                    async with session.post(f"{job['url']}/chat/completions", json=body) as response:
                        response.raise_for_status()
                        return (await response.json())["choices"][0]["message"]["content"]
                except (aiohttp.ClientError, ValueError):
                    return None

        return await asyncio.gather(*(ask(one) for one in job["questions"]))


job = read_job(sys.argv[1])
write_texts(job, asyncio.run(ask_all(job)))
