"""The table of diagnostic codes: a letter for the stage, three digits, a title and what `explain` prints.

Letters: Y parse, S validate, C resolve, I import and snapshots, X expand, M models, V review, G gate, L lock,
R results, A audits, T tape and journal, E edges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from evalspec.codes_of_audit import AUDIT
from evalspec.codes_of_build import BUILD
from evalspec.codes_of_import import IMPORT
from evalspec.codes_of_models import MODELS
from evalspec.codes_of_resolve import RESOLVE
from evalspec.codes_of_results import RESULTS


@dataclass(frozen=True, slots=True)
class Code:
    """One row of the table."""

    title: str
    text: str


_PARSE: dict[str, Code] = {
    "Y001": Code(
        "file is not UTF-8",
        "Specs and their inputs are text in UTF-8. Editors on Windows may save Latin-1 or UTF-16; choose UTF-8 there.",
    ),
    "Y002": Code(
        "duplicate key",
        "A mapping names each key once. YAML tools silently keep the last one, so one of the two would be lost.",
    ),
    "Y003": Code(
        "not YAML",
        "The text breaks the rules of YAML at this place: a bracket is not closed, a line is indented by another "
        "amount than its neighbours, or a colon is missing. The place is where reading stopped; the cause may be the "
        "line above.",
    ),
    "Y004": Code("tab as indentation", "YAML indents with spaces. Let the editor turn tabs into spaces."),
    "Y005": Code(
        "value needs quotes",
        "A value that holds a colon and a space, or starts with @ ` % * & ! | >, means something else to YAML. "
        "Put it in quotes, or write it as a block that starts with a `|`.",
    ),
    "Y006": Code("quote is not closed", "A quoted text starts here and no quote of the same kind ends it."),
    "Y007": Code(
        "template is not quoted",
        "Two opening braces start a mapping inside a mapping in YAML. A template stands in quotes or in a block.",
    ),
    "Y008": Code(
        "YAML tag",
        "A spec is data only. Tags such as !!python or !include make YAML tools run code or read files; none is read.",
    ),
    "Y009": Code(
        "anchor or alias",
        "A spec says each thing where it stands: `&name` and `*name` are not read, also because a few lines of them "
        "grow to gigabytes. Use `extends` to share a spec, and write the rest out.",
    ),
    "Y010": Code("merge key", "`<<` copies entries of another mapping in YAML 1.1. Write the entries out."),
    "Y011": Code("key is not a string", "Every key is text. Quote a key that YAML reads as a number, boolean or null."),
    "Y012": Code("several documents", "A file holds one document. Remove what stands after `---`."),
    "Y013": Code("file is empty", "There is nothing in the file but space or comments."),
    "Y014": Code("spec is not a mapping", "A spec is a mapping of keys: `version`, `sources`, `mix` and so on."),
    "Y015": Code(
        "control character",
        "Control characters can rewrite what a terminal shows. Only tabs and line ends are read.",
    ),
    "Y016": Code(
        "invisible character",
        "Bidirectional overrides, tag characters and separators change what a reviewer sees against what is read.",
    ),
    "Y017": Code("byte order mark", "The file starts with U+FEFF. Save it as UTF-8 without BOM."),
    "Y018": Code("file is too large", "A spec may have 1 MiB. Texts and rows stand in files of their own."),
    "Y019": Code("nested too deep", "The language is about eight levels deep; the reader stops at 32."),
    "Y020": Code("too many values", "The reader stops at 50,000 entries. Rows belong into a source."),
    "Y021": Code(
        "number is too long", "Numbers of more than 18 digits are not kept exactly by every reader. Quote ids."
    ),
    "Y022": Code("number is not finite", "NaN and infinities pass every bound and make no sense in a spec."),
    "Y023": Code("merge-conflict marker", "A merge of git was not finished in this file."),
    "Y024": Code("Git LFS pointer", "The file in the working copy is a pointer. `git lfs pull` fetches the file."),
    "Y025": Code("YAML directive", "%YAML and %TAG lines are not read; the language is YAML 1.2 without them."),
    "Y026": Code(
        "unknown escape",
        "In double quotes a backslash starts an escape. Regular expressions stand in single quotes.",
    ),
    "Y030": Code(
        "YAML 1.1 reads this differently",
        "Specs are read by the rules of YAML 1.2, where only true and false are booleans and 017 is 17. Many tools "
        "still follow YAML 1.1 and read a boolean, a date, an octal or a base-60 number. Quotes settle it for all.",
    ),
}

_VALIDATE: dict[str, Code] = {
    "S101": Code(
        "unknown key",
        "The language has no such key at this place. Every key changes the result or is refused, so a typo cannot "
        "pass unseen. Inside braces a comma ends a value: text with a comma is quoted there.",
    ),
    "S102": Code(
        "operational key",
        "Nothing operational is in a spec: endpoints, workers, retries and caches do not decide the bytes of the lock. "
        "They are flags, or entries of the user's configuration `~/.config/evalspec/config.yaml`.",
    ),
    "S103": Code("wrong type", "The value has another type than the language asks for at this place."),
    "S104": Code("missing key", "A key without a default is not there."),
    "S105": Code("not one of the choices", "The value must be one of a short list of words."),
    "S106": Code(
        "not a name",
        "Names become parts of case ids: a lower-case letter, then up to 23 lower-case letters, digits or underscores.",
    ),
    "S107": Code("wrong form", "The text does not have the form that is asked for, such as a date `2026-12-31`."),
    "S108": Code("empty", "A text, list or mapping is there and nothing is in it. Leave the key out or fill it."),
    "S109": Code("wrong length", "A list or text has more or fewer entries than the language allows."),
    "S110": Code(
        "out of range", "A number is below the lowest or above the highest value. Shares are decimals from 0 to 1."
    ),
    "S111": Code("listed twice", "A list names the same thing twice."),
    "S112": Code(
        "keys do not go together", "Two keys say the same thing in two ways and only one of them may be there."
    ),
    "S113": Code(
        "credential in the spec",
        "Keys and passwords never stand in a spec, which is committed and published. They come from the environment. "
        "If the value was ever committed or shared, revoke it.",
    ),
    "S115": Code(
        "key in the text of a spec",
        "A text of the spec holds a key or token in the format of a common issuer. A spec is committed and published: "
        "take the key out and revoke it if the file was shared. The value is never shown.",
    ),
    "S114": Code("version of the language", "This evalspec reads version 1 of the spec language."),
}

_RESOLVE: dict[str, Code] = {code: Code(*row) for code, row in RESOLVE.items()}

_IMPORT: dict[str, Code] = {code: Code(*row) for code, row in IMPORT.items()}
_BUILD: dict[str, Code] = {code: Code(*row) for code, row in BUILD.items()}
_ASKING: dict[str, Code] = {code: Code(*row) for code, row in MODELS.items()}
_RESULTS: dict[str, Code] = {code: Code(*row) for code, row in {**RESULTS, **AUDIT}.items()}

_MODELS: dict[str, Code] = {
    "M101": Code(
        "unknown key in a grammar",
        "A grammar file holds `language`, `rules`, `languages`, `levels`, `lengths`, `personas`, `cells` and "
        "`conversation`; see docs/grammar.md. Check the spelling.",
    ),
    "M102": Code(
        "shape of a grammar",
        "A rule is a text or a list of texts; an entry may be `{text: ..., weight: 3}`. A text that starts with `{` "
        "must be in quotes, or YAML reads a mapping.",
    ),
    "M103": Code(
        "unknown rule",
        "A template names a rule, or a kind of fragment, that the grammar does not have. A fragment leans on the rule "
        "of its kind, which is used when no real user's phrase is at hand.",
    ),
    "M104": Code(
        "braces that cannot be read",
        "`{name}`, `{fact.NAME}` and `{fragment.KIND}` are references, `{a|b}` is a choice and may nest. Braces stand "
        "for nothing else, so a text cannot contain one.",
    ),
    "M105": Code("rules in a circle", "A rule leads back to itself, so that no text would ever end. Break the circle."),
    "M106": Code("unused rule", "No message can reach this rule. Reference it, or take it out."),
    "M107": Code(
        "a cell that the grammar cannot write",
        "In this cell some rule has no alternative that can be used, a fact is never stated, or the persona's style "
        "is not reached. The hint says which rule to add.",
    ),
    "M120": Code(
        "prompt template",
        "Prompts may use names, attributes, `for`, `if` and a short list of filters; calls, macros, assignments and "
        "arithmetic are refused, and what is not given is an error. See docs/grammar.md.",
    ),
    "M201": Code(
        "unknown model",
        "The registry of families does not know this model, so nothing can be said of its independence. State what it "
        "is or was tuned from: `models: {bot: {model: acme/support, family: llama}}`. Hosts, dates, quantisations and "
        "`ft:` fine-tunes of known models are recognised without it.",
    ),
    "M202": Code(
        "related models",
        "A model judges better what it, its teacher or its relatives wrote, and finds their questions "
        "easy. Generator, jury, subject and what wrote the training data must not be the same model, inherit from each "
        "other or be of one family. Choose another model, waive the pair with a reason and a last day, or say "
        "`independence: warn`.",
    ),
    "M203": Code(
        "stated family does not fit",
        "The family that the spec states is not what the registry knows of this model. Leave `family` out where the "
        "model is known; a family that the registry does not know counts as related to nobody else.",
    ),
    "M204": Code(
        "waiver without effect",
        "The waiver names two models that are not related in these roles, and of which neither answers for the other, "
        "so it changes nothing. Take it out.",
    ),
}

_EDGES: dict[str, Code] = {
    "E901": Code(
        "file not found",
        "A file that the spec or the command line names is not there. Paths in a spec are relative to it.",
    ),
    "E902": Code(
        "not a regular file", "Folders, pipes, devices and sockets are not read: a spec may come from a stranger."
    ),
    "E903": Code(
        "path leaves the project",
        "Inputs of a spec stand inside the project, also after links are followed. Raw data elsewhere comes in by "
        "`evalspec import SPEC SOURCE --from PATH`, which samples and scrubs it.",
    ),
    "E904": Code("file too large", "The file is over the limit that keeps a build within the memory of a laptop."),
    "E905": Code("not UTF-8", "Every text is UTF-8. Save the file again in that encoding."),
    "E906": Code("cannot be read", "The operating system refused to read the file: a permission or a disk fault."),
    "E908": Code(
        "extra missing", "This needs a library that the core does without; the message says how to install it."
    ),
    "E909": Code(
        "not a spec",
        "Every command takes the spec, `NAME.yaml`, and finds its lock and report beside it. This file is one "
        "of those.",
    ),
    "E907": Code(
        "cannot be written",
        "The operating system refused to write; the old file, if any, is as it was. Where the message says that the "
        "disk does not confirm it, the new file stands there, and a power cut could bring the old one back.",
    ),
}

_REVIEW: dict[str, Code] = {
    "V401": Code("ledger line cannot be read", "Every line of a ledger is one JSON object."),
    "V402": Code("key twice", "A key stands twice on one line of the ledger, so readers would disagree on its value."),
    "V403": Code("unknown key", "A ledger line has a fixed set of keys; others would be read by nobody."),
    "V404": Code("key missing", "A decision names its case, its digest, a verdict, who decided, and the day."),
    "V405": Code("wrong value", "A value on a ledger line has another type or form than its key asks for."),
    "V406": Code(
        "decision incomplete",
        "A drop or a retirement needs a reason code, so that the report can say what goes wrong; a fix needs the text "
        "or the label that it puts in place.",
    ),
    "V407": Code(
        "decision says too much", "Only a fix changes a text or a label; a keep is for the candidate as written."
    ),
    "V408": Code(
        "supersedes names no such line",
        "An adjudication names lines about the same case and the same text, by their digests, and the ledger is "
        "append-only: the lines it names are still there.",
    ),
    "V409": Code(
        "line in another's file", "Each reviewer has one file, `ledger/NAME.jsonl`, so that branches never conflict."
    ),
    "V410": Code(
        "fix does not fit",
        "A fix gives a text for a text, messages for a conversation, and a label that `task.expected` knows.",
    ),
    "V411": Code(
        "no such candidate",
        "The case is not among the candidates of this spec: its slot was not planned, or it was dropped before review.",
    ),
    "V412": Code(
        "already decided",
        "This reviewer, or somebody else, has a decision in force about this text. `--supersedes` records an "
        "adjudication that takes the place of every line in force; a second blind reading needs another reviewer and "
        "`--blind`.",
    ),
    "V413": Code(
        "changed since it was read",
        "The decision names the digest of a text or label that is no longer the candidate's. Read it again: "
        "`evalspec review list SPEC`.",
    ),
    "V414": Code(
        "last line of a ledger cut off",
        "The file ends in the middle of a line, as a copy that was broken off leaves it; evalspec itself writes a "
        "ledger whole or not at all. The line does not count. The next `evalspec review record` of that reviewer "
        "takes it out and keeps what there was of it under `.evalspec/NAME/torn/`.",
    ),
    "V450": Code(
        "the set waits for people",
        "A case that would be in the set is undecided, was decided for an earlier text, or is disputed. No lock is "
        "written until people decide; `evalspec review list SPEC` shows what waits, in order, and "
        "`evalspec build SPEC --partial` locks the approved cases as a labelled trial.",
    ),
}

CODES: Mapping[str, Code] = MappingProxyType(
    dict(
        sorted(
            {
                **_PARSE,
                **_VALIDATE,
                **_RESOLVE,
                **_IMPORT,
                **_BUILD,
                **_MODELS,
                **_ASKING,
                **_REVIEW,
                **_RESULTS,
                **_EDGES,
            }.items()
        )
    )
)
