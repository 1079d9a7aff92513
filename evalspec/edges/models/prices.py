"""What a question costs at most and a reply cost: whole millionths of a dollar, from list prices per million tokens.

A budget is held against what a question may cost at most, so the prompt counts a token a byte (no tokenizer makes
more) and the reply all the tokens it may have.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from evalspec.model.asking import Reply, Request

TOKENS_AROUND_A_MESSAGE = 16  # roles and separators; chat templates of the open models use 3 to 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPrice:
    """Dollars per million tokens, and where the figure is from."""

    prompt: float
    completion: float
    source: str

    def highest(self, request: Request) -> int:
        """Return the most that a question can cost, in millionths of a dollar; `max_tokens` is always stated."""
        written = sum(len(content.encode("utf-8", "surrogatepass")) for _, content in request.messages)
        prompt = written + TOKENS_AROUND_A_MESSAGE * len(request.messages)
        reply = int(str(request.params["max_tokens"]))
        return self._price(prompt, reply)

    def actual(self, request: Request, reply: Reply) -> int:
        """Return what a reply cost; an endpoint that counted nothing is taken at the most it can have cost."""
        if not reply.usage.prompt and not reply.usage.completion:
            return self.highest(request)
        return self._price(reply.usage.prompt, reply.usage.completion)

    def _price(self, prompt: int, completion: int) -> int:
        # Dollars per million tokens are millionths of a dollar a token.
        return math.ceil(prompt * self.prompt + completion * self.completion)


FREE = ListPrice(prompt=0.0, completion=0.0, source="a server of your own")
