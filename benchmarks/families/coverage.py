"""How many of the chat models that litellm lists are placed in a family, and which are left for a spec to state.

Run with: python -m benchmarks.families.coverage [TABLE.json] [--sample N]. Without a path the table of an installed
litellm is read, which is found and not imported. `--sample N` prints N placed names, drawn by keyed hash, with what
was made of each: the sheet on which they are checked by hand. Figures of the last run stand in README.md beside this.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

from evalspec.digests import keyed_hash
from evalspec.project import family_table
from evalspec.stages.families import Placed, place

TABLE = "model_prices_and_context_window_backup.json"
TARGET = 0.95
KEY = "benchmarks/families"


def chat_models(path: Path) -> dict[str, str]:
    """Return the host of every chat model of the table, by its name there."""
    rows = json.loads(path.read_text("utf-8"))
    return {
        name: str(row.get("litellm_provider"))
        for name, row in rows.items()
        if isinstance(row, dict) and row.get("mode") == "chat" and name != "sample_spec"
    }


def installed_table() -> Path | None:
    """Return the offline table of an installed litellm, without importing it."""
    found = find_spec("litellm")
    return Path(found.origin).parent / TABLE if found is not None and found.origin else None


def main() -> int:
    """Print the shares and the unknown names; 1 when fewer are placed than the target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", nargs="?", type=Path, default=installed_table())
    parser.add_argument("--sample", type=int, default=0, metavar="N")
    given = parser.parse_args()
    if given.table is None or not given.table.exists():
        print("no table: name one, or install litellm", file=sys.stderr)
        return 2
    hosts, table = chat_models(given.table), family_table()
    placed = {name: place(name, table) for name in hosts}
    if given.sample:
        known = {name: one for name, one in placed.items() if one is not None}
        for name in sorted(known, key=lambda one: keyed_hash(KEY, one))[: given.sample]:
            print(f"{name:<75} {_spelled(known[name])}")
        return 0
    listed, found = Counter(hosts.values()), Counter(host for name, host in hosts.items() if placed[name])
    print(f"{found.total()} of {listed.total()} chat models placed, {found.total() / listed.total():.1%}")
    print(f"{len({one.family for one in placed.values() if one})} families; {len(table.families)} in the registry")
    for host, count in sorted(listed.items(), key=lambda row: (found[row[0]] - row[1], row[0])):
        unknown = sorted(name for name, other in hosts.items() if other == host and not placed[name])
        print(f"{host:<30} {found[host]:>4} of {count:<4} {', '.join(unknown)}")
    return 0 if found.total() >= TARGET * listed.total() else 1


def _spelled(one: Placed) -> str:
    bases = [base for base in one.weights if base != one.family]
    return (
        one.family
        + (f" < {', '.join(bases)}" if bases else "")
        + (f" (taught by {', '.join(one.taught_by)})" if one.taught_by else "")
    )


if __name__ == "__main__":
    sys.exit(main())
