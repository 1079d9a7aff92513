"""What is wrong with the meaning of a spec: the C codes of the table in `codes.py`, as title and explanation."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

RESOLVE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "C201": (
            "shares do not add up",
            "The shares of a mix are decimals that sum to exactly 1; they are added as decimals, not as floats. Lower "
            "or raise one by the difference, or give counts instead: `mix: {cases: {seed: 80, prompted: 36}}`.",
        ),
        "C202": (
            "pool without a share",
            "A pool that no share names would be made and thrown away. Give it a share, take it away, or say "
            "`trial: true` to make and read it without counting it.",
        ),
        "C203": (
            "share without a pool",
            "A share names a pool, or a technique, which is then a pool with all its defaults.",
        ),
        "C204": (
            "name that does not resolve",
            "Every name that a spec uses must be declared in it: sources, axes and their levels, personas, models, "
            "pools, facts, key-term groups and expected parts.",
        ),
        "C205": (
            "no such kind",
            "`kind` says which entry of the catalogue a source, pool, part, operator, relation or attack is; it is "
            "left out when the name is one. A gate says `measure` instead. `evalspec catalog` lists them.",
        ),
        "C207": (
            "option that is not taken",
            "An operator, attack, check, model or style has options of its own, each with a type. `evalspec catalog` "
            "shows them with their defaults. Endpoints and keys of models stand in the user config, never in a spec.",
        ),
        "C208": (
            "key without effect",
            "Every key of a spec changes the result or is refused, so that nobody believes in a setting that does "
            "nothing. Take the key away, or give what it needs to have an effect.",
        ),
        "C209": (
            "something is missing",
            "The entry cannot be made without what is named, and no default would be an honest guess.",
        ),
        "C211": (
            "not what the task expects",
            "`task.expected` names the parts of a good output. With a list of labels, or with exactly one label "
            "part, a "
            "bare label will do; otherwise write part and value. A label must be one of the part's values.",
        ),
        "C212": (
            "two levels settle the same thing",
            "Two levels of one cell give the same expected part, the same fact, or different behaviours, and nothing "
            "says which of them holds. Settle the cell: `cells: [{where: {...}, expected: ...}]`.",
        ),
        "C213": (
            "fact without a clear form",
            "A fact is exactly one of `range` (with a `limit` inside it, when a label hangs on one), `values`, "
            "`pattern` "
            "or `absent`.",
        ),
        "C214": (
            "level narrows a fact to what it cannot be",
            "A level or cell may narrow a fact to part of its range, to some of its values, or to texts that match its "
            "pattern.",
        ),
        "C215": (
            "pattern that is refused",
            "Patterns run over every text. They are made of classes, groups, choices and counts; a repeated group may "
            "not itself repeat or choose, because such patterns can run for ever.",
        ),
        "C216": (
            "slice that is not there",
            "`where`, `exclude` and `by` name an axis, a label part, a metadata column, or one of language, persona, "
            "pool, track, operator, attack, relation, behaviour and provenance. Rows of a source have labels, columns, "
            "language and behaviour; cells have the axes of their pool.",
        ),
        "C217": (
            "reserved name",
            "Every case has a language, persona, pool, track, operator, attack, relation, behaviour and provenance; no "
            "axis, column or expected part may take one of these names.",
        ),
        "C218": (
            "one name for two things",
            "A slice is an axis, a label part or a column. A column with the name of an axis is that axis; any other "
            "shared name could mean two things.",
        ),
        "C219": (
            "not a name",
            "Names are lower-case letters, digits and `_`, start with a letter and have at most 24 characters. A "
            "spec's "
            "name is its file's.",
        ),
        "C220": (
            "case ids would be too long",
            "A case id is made of the names of pool, levels or operator, and of a key; it has at most 64 characters, "
            "so "
            "that every runner and file system takes it. Shorten the names.",
        ),
        "C221": (
            "path that is refused",
            "Paths are relative to the spec and stay inside its folder, with `/` between folders. `*` matches inside "
            "one folder, and only for sources.",
        ),
        "C222": (
            "too many axes or cells",
            "A pool crosses two axes, at most three: every further axis multiplies what people must read. Fold the "
            "rest "
            "into personas, or leave cells out with `exclude`.",
        ),
        "C223": (
            "source cannot be guessed",
            "`from` defaults to the only source of the fitting kind. With none or several, the spec has to say.",
        ),
        "C224": (
            "wrong kind of thing",
            "The name resolves, and to something that cannot stand here: a mutation pool takes production rows, "
            "context names documents, a relation moves a fact of its own form.",
        ),
        "C225": (
            "nobody to write",
            "A pool that a model writes needs a generator: `roles.generator`, or its own. `builtin/grammar` with a "
            "grammar file needs no key and no network.",
        ),
        "C226": (
            "gate without a sound bound",
            "A gate has a `min`, `max`, `within` (relative to the seeds) or `change` (since the base lock), inside the "
            "range of its measure. Shares run from 0 to 1.",
        ),
        "C227": (
            "waiver of nothing",
            "A waiver names one gate or one pair of models, gives a reason, and ends on a real day.",
        ),
        "C228": (
            "purpose asks for more",
            "`launch` needs production cases and strict independence; `bootstrap` needs anchors and five checks; "
            "`smoke` asks for neither, and its report says that no launch may rest on it.",
        ),
        "C229": (
            "no budget",
            "As soon as `build` calls a model that costs money, the spec says how many dollars one build may cost. It "
            "is a hard stop.",
        ),
        "C231": (
            "not a spec to extend",
            "`extends` names one spec in the same folder that itself extends nothing. An entry replaces an entry "
            "whole, "
            "an empty one takes it away.",
        ),
        "C232": (
            "no cell is meant",
            "What settles a cell must match one that the pool has, and `where` and `exclude` must leave the pool some.",
        ),
        "C233": (
            "numbers that contradict the mix",
            "A pool makes what the mix has it owe. `per_cell` and an attack's count are written only to ask for "
            "more; a "
            "ceiling below what is owed leaves the share unmet.",
        ),
        "C290": (
            "lock that GitHub folds",
            "GitHub takes a few file names for the locks of package managers and hides their diffs, so that nobody "
            "reviews them.",
        ),
    }
)
