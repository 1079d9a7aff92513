"""Who takes part: how each is prepared, started and read."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.llm import ours
from benchmarks.llm.envs import ENVIRONMENTS, Made, encodings, make
from benchmarks.llm.peers.items import question

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One row of the table."""

    name: str  # as the table says it
    script: str | None = None  # of peers/; None: our own code
    environment: str | None = None
    whole: bool = False  # evalspec's command line: a spec in, a lock out
    litellm: bool = False  # evalspec asking through litellm
    keeps: bool = True  # it has a store on disk; without one a second run asks everything again by construction
    many: bool = (
        True  # takes part with a thousand at once; a spec of 8,000 described cells is over the 1 MB it may have
    )


CONTENDERS: Mapping[str, Contender] = {
    "evalspec": Contender(name="evalspec build, spec to lock", whole=True, many=False),
    "asking": Contender(name="evalspec, asking alone"),
    "through": Contender(name="evalspec, asking alone, through litellm", environment="litellm", litellm=True),
    "bare": Contender(name="a bare client", script="bare.py", environment="bare", keeps=False),
    "litellm": Contender(name="litellm alone", script="litellm_alone.py", environment="litellm", keeps=False),
    "curator": Contender(name="curator", script="curator_llm.py", environment="curator"),
    "datadesigner": Contender(name="data-designer", script="data_designer_text.py", environment="datadesigner"),
    "distilabel": Contender(name="distilabel", script="distilabel_pipeline.py", environment="distilabel"),
    "ragas": Contender(name="ragas' LLM and cache", script="ragas_cache.py", environment="ragas"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A process to be started and timed."""

    line: Sequence[str]
    folder: Path
    environment: Mapping[str, str]


class Runner:
    """One contender in one folder that outlives its runs; a class because the folder and the job belong together."""

    def __init__(self, contender: Contender, made: Made | None, folder: Path, url: str, jobs: int) -> None:
        """`made` is the peer's environment; None is ours."""
        self.contender = contender
        self._made = made
        self._folder = folder
        self._url = url
        self._jobs = jobs
        folder.mkdir(parents=True, exist_ok=True)

    def prepare(self, wanted: Sequence[str]) -> Start:
        """Write what the contender reads, and return how it is started."""
        home = self._folder / "home"
        home.mkdir(exist_ok=True)
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        base = {**kept, "HOME": str(home), "PYTHONPATH": "", "PYTHONHASHSEED": "0"}
        if self.contender.whole:
            ours.prepare(self._folder, wanted)
            environment = base | ours.environment(self._url, self._folder) | {"PYTHONPATH": str(ROOT)}
            return Start(line=ours.command(self._jobs), folder=self._folder, environment=environment)
        job = {
            "url": self._url,
            "jobs": self._jobs,
            "folder": str(self._folder),
            "out": str(self._folder / "out.json"),
            "questions": [question(name) for name in wanted],
            "litellm": self.contender.litellm,
        }
        path = self._folder / "job.json"
        path.write_text(json.dumps(job), "utf-8")
        python = self._made.python if self._made else sys.executable
        if self.contender.script is None:
            line = [python, "-m", "benchmarks.llm.asker", str(path)]
            return Start(line=line, folder=self._folder, environment=base | {"PYTHONPATH": str(ROOT)})
        if self.contender.environment == "curator" and (found := encodings(python)):
            base["TIKTOKEN_CACHE_DIR"] = found  # it would download it
        line = [python, str(HERE / "peers" / self.contender.script), str(path)]
        return Start(line=line, folder=self._folder, environment=base)

    def forget(self) -> None:
        """Remove what the last run left as its result, so that an old one is never read for a new one."""
        (self._folder / "out.json").unlink(missing_ok=True)

    def texts(self, wanted: Sequence[str]) -> Sequence[str | None]:
        """Return what the last run gave, in the order of the items."""
        if self.contender.whole:
            return ours.texts(self._folder, wanted)
        path = self._folder / "out.json"
        return json.loads(path.read_text("utf-8")) if path.exists() else [None] * len(wanted)


def environments(names: Sequence[str], folder: Path) -> dict[str, Made]:
    """Make what the contenders need."""
    needed = {CONTENDERS[name].environment for name in names} - {None}
    return {name: make(name, folder) for name in ENVIRONMENTS if name in needed}
