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
        "M205": (
            "answered by a model of another family",
            "The endpoint says that a model of another family wrote the replies than the one that was asked. Whether "
            "generator, jury and subject are independent was judged by what was asked, so the set would claim what is "
            "not so. Ask an endpoint that has the model, or name under `models` what really answers. Where it is "
            "meant, give the model that answers an alias and waive the pair: `independence: [writer, answers]`. See "
            "docs/families.md.",
        ),
        "M206": (
            "answered by another model",
            "The endpoint says that another model wrote the replies than the one that was asked: of the same family, "
            "or one that the registry does not know. Gateways do that when a model is retired or busy. The lock names "
            "both.",
        ),
        "M207": (
            "answered by another snapshot",
            "The replies of one model come from more than one dated snapshot, or from another one than was asked. The "
            "cases of the set were then written, or judged, by models that may differ. Name the dated snapshot under "
            "`models` to ask for one.",
        ),
        "M160": (
            "questions that wait in a batch",
            "`build --batch` sends what is missing in batches, which OpenAI and Anthropic answer within a day at half "
            "the price, and ends with exit 1. A later `build` collects what has come; with `--batch` it sends what "
            "expired, failed or follows from the replies in another batch. Nothing is asked twice, and the budget "
            "holds.",
        ),
        "M121": (
            "two cells, one prompt",
            "The prompt of the pool says nothing by which its cells or personas differ, so the model is asked the same "
            "for all of them, and what comes back stands in a cell that nobody described. Use `cell.levels` and "
            "`persona` in the template, or describe the levels.",
        ),
        "M122": (
            "a juror no better than a coin",
            "On the anchors, whose verdicts people gave, the juror is right at most as often as chance (balanced "
            "accuracy of 0.5, over ten anchors or more). Its opinions flag nothing and count for nothing; the report "
            "still shows its record. Name another model, or mend the anchors.",
        ),
        "M151": (
            "a stranger's files may not ask models",
            "Under `pull_request_target`, and on a pull request from a fork, everything in the checkout is a "
            "stranger's: a build there asks no model. `verify` and `build --locked` need none. A maintainer reads the "
            "change and builds its commit in a trusted workflow; or names the whole hash of the commit that was read "
            "with `--i-trust-this-ref`, which holds while exactly that commit is checked out.",
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
        "M321": (
            "a model without a known price",
            "A budget can hold only what can be counted, so a build asks no model whose list price nobody knows. "
            "Prices come from the spec, from litellm's table where litellm is installed (the file is read, nothing is "
            "fetched), and from a small dated table of our own; servers of your own are free. State it in the spec: "
            "`models: {writer: {model: acme/one, price: {prompt: 0.27, completion: 1.10}}}`, in dollars per million "
            "tokens. A price changes no case: no lock becomes stale by it.",
        ),
        "M322": (
            "a model that costs money here, and no budget",
            "By its name the model runs on a server of your own, but your user config sends it to one that is not "
            "marked `local: true`, and it has a price. Add `budget: {usd: 5}` to the spec, or mark the endpoint as "
            "your own.",
        ),
        "M323": (
            "an endpoint that counts more than it was allowed",
            "Before a question is sent, the most it can cost is reserved: a token for each byte of the prompt, and all "
            "of `max_tokens`. This endpoint reported more, so it does not keep to `max_tokens`, or puts a long prompt "
            "of its own in front, and the real figure passes the budget. It is recorded as it is, nothing more is "
            "sent, and all replies are kept. Raise the budget, or ask another endpoint.",
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
        "T707": (
            "no reply to be forgotten",
            "`evalspec tape forget` takes replies out of the private journal, so that a build asks anew: after a "
            "gateway answered with another model, for example. Either none of the replies that the spec asks for now "
            "is meant, or those that are stand on the tape, which is published and never edited: delete the file that "
            "is named and build again, or drop the case in the ledger.",
        ),
    }
)
