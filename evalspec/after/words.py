"""Two texts to the words that stayed, were cut and are new; whitespace is kept, so that both texts can be read off."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence

from evalspec.model.diff import FieldEdit, Stretch
from evalspec.text.patterns import lazy_pattern

_TOKEN = lazy_pattern(r"\s+|[\w'’]+|[^\w\s]")
# SequenceMatcher is quadratic, and cubic on texts made to hurt: longer differing middles are shown as a whole.
LONGEST_TOKENS = 1_200

Message = Mapping[str, object]


def inline(before: str, after: str) -> tuple[Stretch, ...]:
    """Return the stretches whose `same` and `cut` spell the text before, and whose `same` and `new` the one after."""
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    old_end, new_end = len(old) - tail, len(new) - tail
    middle = _matched(old[head:old_end], new[head:new_end])
    return _joined([("".join(old[:head]), None, None), *middle, ("".join(old[old_end:]), None, None)])


# A stretch that stayed, or what was cut and what stands there now.
_Step = tuple[str | None, str | None, str | None]


def _shared(old: Sequence[str], new: Sequence[str]) -> int:
    count = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        count += 1
    return count


def _matched(old: Sequence[str], new: Sequence[str]) -> list[_Step]:
    if len(old) > LONGEST_TOKENS or len(new) > LONGEST_TOKENS:
        return [(None, "".join(old), "".join(new))]
    found: list[_Step] = []
    for how, old_at, old_end, new_at, new_end in difflib.SequenceMatcher(None, old, new, False).get_opcodes():
        if how == "equal":
            found.append(("".join(old[old_at:old_end]), None, None))
        else:
            found.append((None, "".join(old[old_at:old_end]), "".join(new[new_at:new_end])))
    return found


def _joined(steps: Sequence[_Step]) -> tuple[Stretch, ...]:
    """Join neighbours; a space between two replaced words belongs to both, or every word would stand alone."""
    merged: list[list[str | None]] = []
    for same, cut, new in steps:
        if same == "" or (same is None and not cut and not new):
            continue
        if same is None and len(merged) > 1 and _is_gap(merged[-1]) and merged[-2][0] is None:
            gap = merged.pop()[0] or ""
            merged[-1] = [None, f"{merged[-1][1]}{gap}{cut}", f"{merged[-1][2]}{gap}{new}"]
        elif same is not None and merged and merged[-1][0] is not None:
            merged[-1][0] = f"{merged[-1][0]}{same}"
        else:
            merged.append([same, cut or "", new or ""])
    found: list[Stretch] = []
    for kept, cut, new in merged:
        if kept is not None:
            found.append(Stretch(how="same", text=kept))
            continue
        found += [Stretch(how="cut", text=cut)] if cut else []
        found += [Stretch(how="new", text=new)] if new else []
    return tuple(found)


def _is_gap(step: Sequence[str | None]) -> bool:
    return step[0] is not None and step[0].isspace() and "\n" not in step[0]


def text_edit(name: str, before: str | None, after: str | None) -> FieldEdit:
    """Return a field that is read word by word."""
    return FieldEdit(name=name, before=before, after=after, words=inline(before or "", after or ""), is_text=True)


def turn_edits(before: Sequence[Message], after: Sequence[Message]) -> tuple[FieldEdit, ...]:
    """Return the turns that were changed, taken out or put in, numbered from 1 as they stand after."""
    old, new = [_key(one) for one in before], [_key(one) for one in after]
    found: list[FieldEdit] = []
    for how, old_at, old_end, new_at, new_end in difflib.SequenceMatcher(None, old, new, False).get_opcodes():
        if how == "equal":
            continue
        gone, come = list(range(old_at, old_end)), list(range(new_at, new_end))
        while gone and come and old[gone[0]][0] == new[come[0]][0]:
            was, now = old[gone.pop(0)], new[come[0]]
            found.append(text_edit(f"turn {come.pop(0) + 1} ({now[0]})", was[1], now[1]))
        found += [text_edit(f"turn {at + 1} before ({old[at][0]})", old[at][1], None) for at in gone]
        found += [text_edit(f"turn {at + 1} ({new[at][0]})", None, new[at][1]) for at in come]
    return tuple(found)


def _key(message: Message) -> tuple[str, str]:
    """Return a turn's role and its text, tool calls and all else spelled under it."""
    rest = {name: value for name, value in message.items() if name not in ("role", "content")}
    content = str(message.get("content", ""))
    return str(message.get("role", "")), content + (f"\n{json.dumps(rest, ensure_ascii=False)}" if rest else "")
