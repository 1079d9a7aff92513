"""A lock of two cases, one of them a chat, and two drops, for tests of layout and faults."""

from __future__ import annotations

from dataclasses import replace

from builders import make_case

from evalspec.model.case import Drop, EvalSet, Lineage, Message, ReviewMark
from evalspec.model.outcome import Lock
from evalspec.stages.lock import lock

CHAT_CASE = make_case(
    id="seed.0a1b2c3d4e5f",
    pool="seed",
    technique="seed",
    provenance="prod",
    track="wild",
    input=(
        Message(role="user", content="where is it????"),
        Message(role="assistant", content="Sorry about that! Which order is it?"),
        Message(role="assistant", content="", tool_calls=({"name": "find", "arguments": {"order_id": "4481"}},)),
        Message(role="tool", content='{"state": "lost"}'),
        Message(role="user", content="4481. ordered 9 days ago\nkid's birthday was, i'm done\nsend me my money"),
    ),
    expected={
        "decision": "refund",
        "tool_calls": [{"name": "issue_refund", "arguments": {"order_id": "4481"}}],
    },
    expected_by="verified:support_leads",
    lineage=Lineage(pool="seed", source="production"),
    metadata={"channel": "web"},
)


def small_lock() -> Lock:
    """Two cases, one of them a chat, and two drops."""
    grid = make_case(
        input="two lines\nof text",
        behaviour="challenge",
        premise="no such thing",
        checks=("valid_json", {"max_chars": 200}),
        lineage=Lineage(pool="prompted", cell={"user": "new", "policy": "delay"}, facts={"days": 12}),
        review=ReviewMark(verdict="keep", by=("ann",)),
    )
    drop = Drop(id="prompted.new.delay.02", stage="screen", reason="near_duplicate", pool="prompted", stratum="x",
                other="prompted.new.delay.01", value=0.9)  # fmt: skip
    other = replace(drop, id="prompted.new.delay.03", stage="review", reason="unnatural", other=None, value=None,
                    detail="ann")  # fmt: skip
    header = {
        "name": "small",
        "purpose": "launch",
        "inputs": {"ledger": {"decisions": 2, "digest": "b"}, "production": {"rows": 1, "digest": "a"}},
        "operators": [],
        "models": [{"role": "generator", "model": "test/writer", "family": "test"}],
    }
    return lock(EvalSet(cases=(grid, CHAT_CASE), drops=(drop, other)), header)
