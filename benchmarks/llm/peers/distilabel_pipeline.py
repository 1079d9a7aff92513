"""distilabel: a pipeline of one generation step, batches of the number at once, with its own cache."""

from __future__ import annotations

import os
import sys

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}

from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration
from items import MODEL, read_job, write_texts


def main() -> None:
    """Run the pipeline; guarded, as its steps are processes of their own."""
    job = read_job(sys.argv[1])
    rows = [{"at": at, "instruction": one} for at, one in enumerate(job["questions"])]
    with Pipeline(name="bench", cache_dir=f"{job['folder']}/cache") as pipeline:
        load = LoadDataFromDicts(data=rows, batch_size=job["jobs"])
        llm = OpenAILLM(model=MODEL, base_url=job["url"], api_key="sk-none", generation_kwargs={"max_new_tokens": 200})
        write = TextGeneration(llm=llm, input_batch_size=job["jobs"])
        load >> write
    found = pipeline.run(use_cache=True)
    texts = {row["at"]: row["generation"] for row in found["default"]["train"]}
    write_texts(job, [texts.get(at) for at in range(len(rows))])


if __name__ == "__main__":
    main()
