"""What a question costs at most and a reply cost: whole millionths of a dollar, from list prices per million tokens.

A budget is held against what a question may cost at most, so the prompt counts a token a byte (no tokenizer makes
more) and the reply all the tokens it may have, what a model thinks included. A price is the spec's, else litellm's
table where it is installed (the file is read, litellm is not imported), else that of a small table of our own; a
server of one's own is free. What nobody knows is asked for, and nothing is sent until then.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from evalspec.model.asking import Reply, Request

TOKENS_AROUND_A_MESSAGE = 16  # roles and separators; chat templates of the open models use 3 to 10
TOKENS_OF_A_HOST = 256  # what a host puts in front unasked: the longest template seen, of gpt-oss, has about 70
LITELLM_TABLE = "model_prices_and_context_window_backup.json"
MILLION = 1_000_000
_FLOAT_NOISE = 6  # digits of a millionth of a dollar kept before rounding up: 100 x 1.1 is 110, not 111
# What litellm names the price of a prompt beyond so many tokens; then the reply costs more too.
_TIER = "input_cost_per_token_above_"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPrice:
    """Dollars per million tokens, and where the figure is from."""

    prompt: float
    completion: float
    source: str
    per_call: float = 0.0  # dollars, whatever the call says
    # Tokens of a prompt beyond which all of a call costs more, and what it costs then; lowest bound first.
    longer: tuple[tuple[int, float, float], ...] = ()

    @property
    def is_free(self) -> bool:
        """True where no call costs anything."""
        return not (self.prompt or self.completion or self.per_call or self.longer)

    def highest(self, request: Request) -> int:
        """Return the most that a question can cost, in millionths of a dollar; `max_tokens` is always stated."""
        return self._price(most_prompt_tokens(request), most_reply_tokens(request))

    def actual(self, request: Request, reply: Reply) -> int:
        """Return what a reply cost; a side that the endpoint did not count is taken at the most it can have been."""
        prompt = reply.usage.prompt or most_prompt_tokens(request)
        wrote = bool(reply.text) or reply.problem is not None or not reply.usage.prompt
        completion = reply.usage.completion or (most_reply_tokens(request) if wrote else 0)
        return self._price(prompt, completion)

    def of_tokens(self, prompt: int, completion: int) -> int:
        """Return what a call of so many tokens costs, in millionths of a dollar."""
        return self._price(prompt, completion)

    def _price(self, prompt: int, completion: int) -> int:
        # Dollars per million tokens are millionths of a dollar a token.
        for_prompt, for_reply = self.prompt, self.completion
        for bound, dearer_prompt, dearer_reply in self.longer:
            if prompt > bound:
                for_prompt, for_reply = max(for_prompt, dearer_prompt), max(for_reply, dearer_reply)
        amount = prompt * for_prompt + completion * for_reply + self.per_call * MILLION
        return math.ceil(round(amount, _FLOAT_NOISE))


FREE = ListPrice(prompt=0.0, completion=0.0, source="a server of your own")


def prompt_bytes(request: Request) -> int:
    """Return how many bytes a question's messages have."""
    return sum(len(content.encode("utf-8", "surrogatepass")) for _, content in request.messages)


def most_prompt_tokens(request: Request) -> int:
    """Return the most tokens that a prompt can be counted as: one a byte, and what is put around and before it."""
    return prompt_bytes(request) + TOKENS_AROUND_A_MESSAGE * len(request.messages) + TOKENS_OF_A_HOST


def most_reply_tokens(request: Request) -> int:
    """Return the most tokens that a reply may have; with a model that thinks, its thinking included."""
    return int(str(request.params["max_tokens"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTable:
    """Prices by a model's name, and where they are from."""

    entries: Mapping[str, ListPrice]
    source: str


def litellm_table(wanted: Iterable[str]) -> PriceTable | None:
    """Return what litellm's offline table says of some models, or None where litellm is not installed.

    The file is found and read without importing litellm, which takes seconds and looks for the network.
    """
    try:
        found = find_spec("litellm")
    except (ImportError, ValueError):
        return None
    for folder in (found.submodule_search_locations or ()) if found else ():
        path = os.path.join(folder, LITELLM_TABLE)
        try:
            with open(path, encoding="utf-8") as file:
                data = json.load(file)
        except (OSError, ValueError):  # of another version, or half installed: as if it were not there
            continue
        return read_litellm(data, wanted, _litellm_source()) if isinstance(data, dict) else None
    return None


def read_litellm(data: Mapping[str, Any], wanted: Iterable[str], source: str) -> PriceTable:
    """Read some models out of litellm's table."""
    entries: dict[str, ListPrice] = {}
    for name in wanted:
        price = _litellm_price(_litellm_entry(data, name), source)
        if price is not None:
            entries[name] = price
    return PriceTable(entries=entries, source=source)


def own_table(data: Mapping[str, Any]) -> PriceTable:
    """Read our own table, `catalog/prices.yaml`."""
    source = f"evalspec's table of {data['date']}"
    entries = {
        name: ListPrice(
            prompt=float(one["prompt"]),
            completion=float(one["completion"]),
            source=source,
            longer=_longer_of(one.get("longer")),
        )
        for name, one in data["models"].items()
    }
    return PriceTable(entries=entries, source=source)


def _longer_of(given: Mapping[str, Any] | None) -> tuple[tuple[int, float, float], ...]:
    if given is None:
        return ()
    return ((int(given["from"]), float(given["prompt"]), float(given["completion"])),)


def _litellm_source() -> str:
    from importlib.metadata import PackageNotFoundError, version  # slow to import, and seldom needed

    try:
        return f"the table of litellm {version('litellm')}"
    except PackageNotFoundError:
        return "litellm's table"


def _litellm_entry(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return litellm's entry for a model: under its whole name, or without the prefix where that is its provider."""
    entry = data.get(name)
    if isinstance(entry, dict):
        return entry
    prefix, mark, rest = name.partition("/")
    entry = data.get(rest) if mark else None
    return entry if isinstance(entry, dict) and entry.get("litellm_provider") == prefix else {}


def _litellm_price(entry: Mapping[str, Any], source: str) -> ListPrice | None:
    """Return the price of an entry, or None where it gives none that a call can be priced by.

    Two zeros are no price: they stand for what is free, for what is billed by the hour, and for what nobody filled in.
    """
    prompt, completion = _per_million(entry, "input_cost_per_token"), _per_million(entry, "output_cost_per_token")
    if prompt is None or completion is None or (not prompt and not completion):
        return None
    thought = _per_million(entry, "output_cost_per_reasoning_token") or 0.0
    fee = entry.get("input_cost_per_request")
    longer = []
    for key in entry:
        bound = key.removeprefix(_TIER).removesuffix("k_tokens")
        dearer = _per_million(entry, key) if key.startswith(_TIER) and bound.isdecimal() else None
        if dearer is not None:
            reply = _per_million(entry, f"output_cost_per_token_above_{bound}k_tokens")
            longer.append((int(bound) * 1000, dearer, max(thought, completion if reply is None else reply)))
    return ListPrice(
        prompt=prompt,
        completion=max(completion, thought),  # one count holds both, so all of it is taken at the dearer price
        source=source,
        per_call=float(fee) if isinstance(fee, int | float) else 0.0,
        longer=tuple(sorted(longer)),
    )


def _per_million(entry: Mapping[str, Any], key: str) -> float | None:
    value = entry.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value) or value < 0:
        return None
    return round(value * MILLION, 9)
