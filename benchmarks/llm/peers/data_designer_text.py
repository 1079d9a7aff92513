"""data-designer: one LLM column over a data frame of questions, resumed where it can."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["NEMO_TELEMETRY_ENABLED"] = "false"

import data_designer.config as dd
import pandas as pd
from data_designer.interface import DataDesigner
from items import MODEL, read_job, write_texts

job = read_job(sys.argv[1])
provider = dd.ModelProvider(name="house", endpoint=job["url"], provider_type="openai", api_key="sk-none")
model = dd.ModelConfig(
    alias="writer",
    model=MODEL,
    provider="house",
    inference_parameters=dd.ChatCompletionInferenceParams(max_parallel_requests=job["jobs"], max_tokens=200),
)
frame = pd.DataFrame({"at": range(len(job["questions"])), "question": job["questions"]})
config = dd.DataDesignerConfigBuilder(model_configs=[model])
config.with_seed_dataset(dd.DataFrameSeedSource(df=frame), sampling_strategy=dd.SamplingStrategy.ORDERED)
config.add_column(dd.LLMTextColumnConfig(name="text", prompt="{{ question }}", model_alias="writer"))
designer = DataDesigner(artifact_path=Path(job["folder"]) / "artifacts", model_providers=[provider])
made = designer.create(config, num_records=len(frame), dataset_name="bench", resume=dd.ResumeMode.IF_POSSIBLE)
found = made.load_dataset()
texts = dict(zip(found["at"], found["text"], strict=True))
write_texts(job, [texts.get(at) for at in range(len(frame))])
