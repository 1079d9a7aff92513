"""ragas' LLM with its disk cache; the caller holds the number at once."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

os.environ["RAGAS_DO_NOT_TRACK"] = "true"

from items import MODEL, read_job, write_texts
from langchain_core.prompt_values import StringPromptValue
from langchain_openai import ChatOpenAI
from ragas.cache import DiskCacheBackend
from ragas.llms import LangchainLLMWrapper
from ragas.run_config import RunConfig


async def ask_all(job: Any) -> list[str | None]:
    """Return the texts in the order of the questions; None for what failed."""
    chat = ChatOpenAI(model=MODEL, base_url=job["url"], api_key="sk-none", max_tokens=200)
    cache = DiskCacheBackend(cache_dir=f"{job['folder']}/cache")
    llm = LangchainLLMWrapper(chat, run_config=RunConfig(max_workers=job["jobs"]), cache=cache)
    gate = asyncio.Semaphore(job["jobs"])

    async def ask(question: str) -> str | None:
        async with gate:
            try:
                found = await llm.generate(StringPromptValue(text=question))
            except Exception as error:
                print(type(error).__name__, error, file=sys.stderr)
                return None
            return found.generations[0][0].text

    return await asyncio.gather(*(ask(one) for one in job["questions"]))


job = read_job(sys.argv[1])
write_texts(job, asyncio.run(ask_all(job)))
