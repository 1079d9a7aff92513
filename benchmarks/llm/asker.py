"""evalspec's asking path alone: journal, admission and transport, without the stages around them; JOB -> texts.

Run as a peer is: `python -m benchmarks.llm.asker JOB`, by our own code or, with `litellm` in the job, through
litellm's transport in an environment that has it.
"""

from __future__ import annotations

import sys
from typing import Any

from benchmarks.llm.peers.items import MODEL, read_job, write_texts
from evalspec.edges.models.asking import Asker, Price, Rules, Way
from evalspec.edges.models.journal import Journal
from evalspec.edges.models.prices import FREE
from evalspec.edges.models.transport import Endpoint
from evalspec.model.asking import Request

MAX_TOKENS = 200


def way_of(job: Any) -> Way:
    """Return the transport and the endpoint that the job wants."""
    if job.get("litellm"):
        from evalspec.edges.models.other_providers import OtherProviders

        endpoint = Endpoint(name="peer", base_url=job["url"], key="sk-none", model=f"openai/{MODEL}")
        return Way(transport=OtherProviders(), endpoint=endpoint)
    from evalspec.edges.models.http import HttpTransport

    endpoint = Endpoint(name="house", base_url=job["url"], key="sk-none", model=MODEL)
    return Way(transport=HttpTransport(jobs=job["jobs"]), endpoint=endpoint)


def main() -> None:
    """Ask, and keep the texts."""
    job = read_job(sys.argv[1])
    way = way_of(job)
    rules = Rules(
        plan="bench",
        jobs=job["jobs"],
        cap=None,
        way=lambda model: way,
        price=Price(highest=FREE.highest, actual=FREE.actual),
    )
    journal = Journal(f"{job['folder']}/state")
    asker = Asker(journal, {}, rules, lambda count: None)
    params = {"max_tokens": MAX_TOKENS}
    questions = [
        Request(model=f"house/{MODEL}", messages=(("user", text),), params=params) for text in job["questions"]
    ]
    try:
        write_texts(job, [reply.text for reply in asker.ask(questions)])
    finally:
        asker.close()
        journal.close()


if __name__ == "__main__":
    main()
