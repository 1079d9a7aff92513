"""How often a text in its own language is said to be in another: false alarms cost replies that were paid for.

The same utterances in 13 languages (xSID, translated by people); every ordered pair is a spec of two languages.

Run with EVALSPEC_SHARED naming the shared folder: python -m benchmarks.jury.languages
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from itertools import permutations
from pathlib import Path

from evalspec.text.language import guess_language, is_in_another

LANGUAGES = ("ar", "da", "de", "en", "id", "it", "ja", "kk", "nl", "no", "sr", "tr", "zh")
AS_ONE = frozenset({("da", "no"), ("no", "da")})  # their small words are the same
LONG = 12  # words
MOST = 0.01  # false alarms, of any pair


def main() -> int:
    """Print false alarms and catches, pooled and for the worst pairs; 1 when a pair has more than one in a hundred."""
    texts: dict[str, list[str]] = defaultdict(list)
    folder = Path(os.environ["EVALSPEC_SHARED"]) / "data" / "xsid"
    for line in (folder / "utterances.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        texts[row["lang"]].append(row["text"])
    false: dict[tuple[str, str], float] = {}
    guessed: dict[tuple[str, str], float] = {}
    caught: dict[tuple[str, str], float] = {}
    longer: dict[tuple[str, str], float | None] = {}
    for own, other in permutations(LANGUAGES, 2):
        if (own, other) in AS_ONE:
            continue
        allowed = (own, other)
        false[allowed] = sum(is_in_another(text, own, allowed) for text in texts[own]) / len(texts[own])
        guessed[allowed] = sum(guess_language(text, allowed) == other for text in texts[own]) / len(texts[own])
        theirs = [text for text in texts[other] if len(text.split()) >= LONG]
        longer[allowed] = sum(is_in_another(text, own, allowed) for text in theirs) / len(theirs) if theirs else None
        caught[allowed] = sum(is_in_another(text, own, allowed) for text in texts[other]) / len(texts[other])
    for own, other in sorted(false, key=lambda pair: -false[pair])[:5]:
        print(f"{own} taken for {other}: {false[own, other]:.4f} (by a plain guess {guessed[own, other]:.4f})")
    count = len(false)
    print(f"false alarms {sum(false.values()) / count:.5f}, by a plain guess {sum(guessed.values()) / count:.5f}")
    print(f"texts in the other language that are caught {sum(caught.values()) / count:.3f}")
    long = [rate for rate in longer.values() if rate is not None]
    print(f"of those of {LONG} words or more {sum(long) / len(long):.3f}")
    return 1 if max(false.values()) > MOST else 0


if __name__ == "__main__":
    sys.exit(main())
