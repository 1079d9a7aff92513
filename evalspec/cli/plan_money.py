"""How `plan` shows what a build costs."""

from __future__ import annotations

from evalspec.edges.models.prices import MILLION
from evalspec.model.cost import Bill, CostLine, PlannedCost

FREE = "0 dollars: every generator is builtin"
OWN = "0 dollars: every model runs on a server of your own"


def money_lines(cost: PlannedCost) -> list[str]:
    """Return the money part of a plan: the sum and a line for each role and model."""
    if not cost.lines:
        return [f"money      {FREE}"]
    least, most, typical = cost.least, cost.most, cost.typical
    if all(one.is_free for one in cost.lines):
        return [f"money      {OWN}", *_table(cost.lines), *_replies(cost)]
    said = f"{dollars(least.cost)} to {dollars(most.cost)}" if most.calls else "nothing is left to ask"
    if typical is not None and most.calls:
        said += f", typically {dollars(typical.cost)}"
    if cost.cap is not None:
        said += f"; budget {dollars(cost.cap)}"
        said += f", of which {dollars(cost.spent)} are spent or reserved" if cost.spent else ""
    return [f"money      {said}", *_table(cost.lines), *_replies(cost)]


def _replies(cost: PlannedCost) -> list[str]:
    """Say what became of the slots whose replies are here: what is useless is asked for again in another slot."""
    if not cost.asked:
        return []
    useless = sum(count for _, count in cost.useless)
    said = f"{cost.asked - useless:,} of {cost.asked:,} slots that were asked for have a candidate"
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in cost.useless)
    return [f"replies    {said}" + (f"; the others: {reasons}" if reasons else "")]


def money_data(cost: PlannedCost) -> dict[str, object]:
    """Return the same as data; dollars are decimal numbers."""
    typical = cost.typical
    return {
        "least": _bill(cost.least),
        "typical": _bill(typical) if typical is not None else None,
        "most": _bill(cost.most),
        "budget_usd": cost.cap / MILLION if cost.cap is not None else None,
        "spent_usd": cost.spent / MILLION,
        "replies": {"slots": cost.asked, "useless": dict(cost.useless)},
        "models": [
            {
                "role": one.role,
                "model": one.model,
                "price": one.price,
                "from_tape": one.from_tape,
                "from_journal": one.from_journal,
                "least": _bill(one.least),
                "typical": _bill(one.typical) if one.typical is not None else None,
                "most": _bill(one.most),
                "largest_question_usd": one.largest / MILLION,
            }
            for one in cost.lines
        ],
    }


def _bill(bill: Bill) -> dict[str, object]:
    return {
        "calls": bill.calls,
        "prompt_tokens": bill.prompt,
        "completion_tokens": bill.completion,
        "usd": bill.cost / MILLION,
    }


def _table(lines: tuple[CostLine, ...]) -> list[str]:
    head = ("", "model", "calls", "on tape", "in journal", "tokens in", "tokens out", "dollars")
    rows = [
        (
            one.role,
            one.model,
            _range(one.least.calls, one.most.calls),
            f"{one.from_tape:,}",
            f"{one.from_journal:,}",
            _range(one.least.prompt, one.most.prompt),
            _range(one.least.completion, one.most.completion),
            dollars(one.least.cost)
            if one.least == one.most
            else f"{dollars(one.least.cost)} to {dollars(one.most.cost)}",
        )
        for one in lines
    ]
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    shown = []
    for row in (head, *rows):
        left = [f"{cell:<{width}}" for cell, width in zip(row[:2], widths[:2], strict=True)]
        right = [f"{cell:>{width}}" for cell, width in zip(row[2:], widths[2:], strict=True)]
        shown.append("           " + "  ".join([*left, *right]))
    prices = ", ".join(sorted({one.price for one in lines}))
    more = (
        "; the jury's calls follow from what the generator writes" if any(one.role == "jury" for one in lines) else ""
    )
    return [*shown, f"           prices by {prices}{more}"]


def _range(least: int, most: int) -> str:
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def dollars(amount: int) -> str:
    """Spell millionths of a dollar: cents where there are some, more digits below a cent."""
    return f"${amount / MILLION:,.2f}" if amount >= MILLION or not amount else f"${amount / MILLION:.4f}"
