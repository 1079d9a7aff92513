"""Diagnostic codes of asking models: endpoints, calls, money, and the journal and tape that keep what was paid for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

MODELS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "M150": (
            "a reply is missing, and this command asks nobody",
            "`verify` and `build --locked` replay the published replies of the tape; `plan`, `why` and `review` use in "
            "addition what you have paid for on this machine. None of them asks a model. `evalspec build` asks for "
            "what is missing and publishes it; commit the new file under `NAME/tape`.",
        ),
        "M301": (
            "user config that is not understood",
            "`~/.config/evalspec/config.yaml` holds `endpoints` (a name to `base_url`, `key_env`, `local`, `provider` "
            "and `batches`) and `models` (a model's name, or its beginning with `*`, to an endpoint). Anything else is "
            "refused: a typo there would send questions elsewhere. So is a file that others on the machine can write.",
        ),
        "M302": (
            "no key for an endpoint",
            "The endpoint asks for a key and the environment holds none, or one with a space or line end in it. Keys "
            "are read from the environment alone, never from a file of the project, and are never shown.",
        ),
        "M303": (
            "a model that is asked nowhere",
            "A model is named with its provider in front, as in `openai/gpt-4o`, unless `models` in your user config "
            "sends its name somewhere. A name is no address: what looks like one is refused, so that a spec cannot "
            "say where a key goes.",
        ),
        "M305": (
            "a package that asking needs",
            "Builds with models need the extra `llm`: aiohttp for every endpoint that speaks the OpenAI protocol, "
            "litellm for every other provider. `verify`, `build --locked` and everything else work without them.",
        ),
        "M310": (
            "an endpoint's rate limit",
            "The endpoint went on answering 429 for longer than a build waits. Fewer calls at once (`--jobs`) or a "
            "later run help; everything answered so far is kept.",
        ),
        "M311": (
            "an endpoint that fails",
            "The endpoint went on answering with a server error. Everything answered so far is kept, and the next run "
            "asks for the rest.",
        ),
        "M312": (
            "an endpoint that cannot be reached",
            "No connection, or one that broke off. Look at the address and the network; a proxy is taken from the "
            "usual environment variables.",
        ),
        "M313": (
            "no answer in time",
            "The whole answer did not arrive within the deadline of a call, which is by the wall clock: a server that "
            "drips does not reset it.",
        ),
        "M314": (
            "an answer that is none",
            "The endpoint answered with something other than a chat completion, HTML for example. Usually a gateway, a "
            "sign-in page or a wrong `base_url` answers in its place.",
        ),
        "M315": (
            "a key that was refused",
            "The endpoint answered 401 or 403. All calls stopped at the first one; what was paid for is kept.",
        ),
        "M316": (
            "an account without credit",
            "The endpoint answered that the account has no credit or has reached a limit set by its owner. Waiting "
            "does not help, so nothing was tried again.",
        ),
        "M317": (
            "a model that the endpoint does not have",
            "The endpoint answered 404 or 410: the name is misspelled, or the model was retired. A locked set needs "
            "the model no more; `verify` and `build --locked` still work.",
        ),
        "M318": (
            "a question that the endpoint refuses",
            "The endpoint answered 400 or 422: a parameter it does not know, or a prompt longer than its context.",
        ),
        "M320": (
            "the budget is used",
            "`budget.usd` is a hard stop over one build and its resumes. Before a question is sent, the most it can "
            "cost is reserved; if that would pass the budget, nothing more is sent. Everything paid for is kept and "
            "is not asked again. Raise the budget, or make the set smaller.",
        ),
        "T701": (
            "the journal cannot be used",
            "Every paid reply is written to the journal, in your state folder, before it is used. Its disk or its file "
            "refused, so the build stopped asking. What was committed there is safe. The hint says the way out: free "
            "space, wait for another process, upgrade, or move the file away. Keep the journal on a disk of this "
            "machine: its locks do not hold across a network.",
        ),
        "T702": (
            "a segment of the tape that was edited",
            "A file of the tape is named after the digest of its bytes and never changes. This one holds other bytes, "
            "or no replies as evalspec writes them: it was edited, cut short, renamed or merged by hand. Restore it "
            "from git; if a reply is wrong, drop its case in the ledger.",
        ),
        "T703": (
            "a tape of a newer evalspec",
            "The segment states a version that this evalspec does not know. Upgrade to read it.",
        ),
        "T704": (
            "one question, two replies",
            "Two segments hold different replies to the same question, usually since two branches asked it before "
            "they were merged. One of them counts, and everywhere the same one: the spec's own tape goes before that "
            "of the spec it extends, and within a tape the file whose name sorts first. Decisions about cases of the "
            "other replies do not apply any more, and those cases are in the queue again. To let the other file "
            "count, delete the first and build again.",
        ),
        "T705": (
            "something in a tape that is no segment",
            "The folder of a tape holds JSON lines that a build wrote, as regular files, and nothing else is read "
            "there: no link, pipe or folder, no database, no archive, no pickle.",
        ),
        "T706": (
            "replies that are gone from the tape",
            "The commit that the change starts from has segments that are not there now, and the set cannot be made "
            "without their replies. Put the files back. A segment whose replies nobody asks for may go; `evalspec "
            "tape stats` names those.",
        ),
    }
)
