"""The samples of real sets that the reference values were computed on: unique texts in order of their sha256."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

SEEDS, CASES = 184, 200


def rows(data: Path, name: str) -> Iterator[dict[str, object]]:
    """Read the rows of one JSONL file of a data folder."""
    with (data / f"{name}.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def column(
    name: str, field: str, keep: Callable[[dict[str, object]], bool] = lambda row: True, least: int = 0
) -> Callable[[Path], list[str]]:
    """Return a reader of one column, rows filtered, texts of at least `least` words."""

    def read(data: Path) -> list[str]:
        texts = (row.get(field) for row in rows(data, name) if keep(row))
        return [text for text in texts if isinstance(text, str) and len(text.split()) >= least]

    return read


def paraphrases(name: str) -> Callable[[Path], list[str]]:
    """Return a reader of the first paraphrase of each original."""
    return lambda data: [str(row["paraphrases"][0]) for row in rows(data, name)]  # type: ignore[index]


def questions(author: str) -> Callable[[Path], list[str]]:
    """Return a reader of the questions before their choices; a question that heads them otherwise stays whole."""
    return lambda data: [
        str(row["question"]).split("\n\nChoices")[0]
        for row in rows(data, "model_written_evals/advanced_ai_risk")
        if row["author"] == author
    ]


READERS: dict[str, Callable[[Path], list[str]]] = {
    "abcd": column("abcd/customer_utterances", "text", least=3),
    "hint3": column("hint3/messages", "sentence", lambda row: row["orig_split"] == "test", least=3),
    "banking77": column("banking77/messages", "text"),
    "clinc": column("clinc150/messages", "text", lambda row: row["intent"] != "oos"),
    "multidogo": column(
        "multidogo/openings", "first_request", lambda row: row["domain"] in ("finance", "airline"), least=3
    ),
    "cfpb": column("cfpb_complaints/complaints", "narrative"),
    "hinglish": column("hinglish_top/pairs", "cs_query"),
    "nlupp": column("nlupp/banking", "text"),
    "xsid_de": column("xsid/utterances", "text", lambda row: row["lang"] == "de"),
    "xsid_zh": column("xsid/utterances", "text", lambda row: row["lang"] == "zh"),
    "bitext": column("bitext_customer_service/utterances", "utterance"),
    "cucom": column("cucom_ecommerce/openings", "first_customer_message"),
    "gpt35_issue": column("abcd/issues_llm", "gpt35"),
    "gpt4_issue": column("abcd/issues_llm", "gpt4"),
    "b77_orig": column("gptaug_paraphrases/banking77", "original"),
    "b77_gpt": paraphrases("gptaug_paraphrases/banking77"),
    "clinc_orig": column("gptaug_paraphrases/clinc_oos", "original"),
    "clinc_gpt": paraphrases("gptaug_paraphrases/clinc_oos"),
    "mwe_human": questions("human"),
    "mwe_lm": questions("lm"),
    "star": column("star/openings", "first_customer_message"),
    "sgd": column("sgd/openings", "first_customer_message"),
    "xsid_ja": column("xsid/utterances", "text", lambda row: row["lang"] == "ja"),
    "tau": column("tau_bench/tasks", "instruction"),
}


def sample(data: Path, name: str) -> list[str]:
    """Return the unique non-blank texts of a set in order of their sha256."""
    texts = {text for text in READERS[name](data) if text.strip()}
    return sorted(texts, key=lambda text: sha256(text.encode("utf-8")).hexdigest())
