"""Which family a model is of, read from its name, and which models are related."""

from __future__ import annotations

from pathlib import Path

import pytest

import evalspec
from evalspec.model.source import SourceFile
from evalspec.stages.families import Placed, place, place_stated, read_table, related
from evalspec.stages.parse import parse_data

_FILE = Path(evalspec.__file__).parent / "catalog" / "families.yaml"
TABLE = read_table(parse_data(SourceFile(path="families.yaml", text=_FILE.read_text("utf-8"))).data)

# Checked by hand against model cards and reports: name, family, other families whose weights it carries, teachers.
NAMES = """
openai/gpt-4o                                         gpt
openrouter/openai/gpt-4o:extended                     gpt
azure/gpt-4o-2024-08-06                               gpt
chatgpt-4o-latest                                     gpt
gpt-35-turbo                                          gpt
gpt-4.1-mini                                          gpt
openai/gpt-5-2026-02-01                               gpt
o1                                                    gpt
o1-mini                                               gpt
openai/o3                                             gpt
openai/o4-mini-2025-04-16                             gpt
openai.gpt-oss-120b-1:0                               gpt
text-davinci-003                                      gpt
gpt2                                                  gpt
ft:gpt-4o-mini-2024-07-18:acme::abc123                gpt
openai/ft:gpt-4o:acme:helper:9x                       gpt
gpt-4o-2024-08-06.ft-deadbeef                         gpt
EleutherAI/gpt-j-6b                                   eleuther
EleutherAI/gpt-neox-20b                               eleuther
cerebras/Cerebras-GPT-13B                             cerebras-gpt
gpt4all-13b-snoozy                                    gpt4all   llama     gpt
anthropic/claude-sonnet-4-20250514                    claude
claude-3-5-sonnet-20241022                            claude
anthropic.claude-v2:1                                 claude
bedrock/us.anthropic.claude-3-5-sonnet-20241022-v2:0  claude
vertex_ai/claude-3-5-sonnet@20240620                  claude
databricks/databricks-claude-3-7-sonnet               claude
arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-3-haiku-20240307-v1:0 claude
gemini/gemini-2.5-pro                                 gemini
models/gemini-2.0-flash-exp                           gemini
vertex_ai/publishers/google/models/gemini-1.5-pro@001 gemini
google/gemma-2-27b-it                                 gemma     -         gemini
codegemma-7b                                          gemma     -         gemini
chat-bison@002                                        palm
x-ai/grok-4                                           grok
us.amazon.nova-lite-v1:0                              nova
amazon.titan-text-express-v1                          titan
cohere.command-r-plus-v1:0                            command
command-r-08-2024                                     command
CohereForAI/aya-expanse-32b                           command
CohereForAI/aya-101                                   command   flan
ai21.jamba-1-5-large-v1:0                             jamba
ai21.j2-ultra-v1                                      jurassic
writer.palmyra-x5-v1:0                                palmyra
meta-llama/Llama-3.3-70B-Instruct                     llama
together_ai/meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo llama
groq/llama-3.3-70b-versatile                          llama
accounts/fireworks/models/llama-v3p1-405b-instruct    llama
meta.llama3-1-70b-instruct-v1:0                       llama
ollama/llama3.1:8b-instruct-q4_K_M                    llama
cloudflare/@cf/meta/llama-3-8b-instruct               llama
unsloth/Meta-Llama-3.1-8B-bnb-4bit                    llama
hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M     llama
codellama/CodeLlama-34b-Instruct-hf                   llama
TinyLlama/TinyLlama-1.1B-Chat-v1.0                    tinyllama
openlm-research/open_llama_7b                         open-llama
mistral/mistral-large-2411                            mistral
mistral.mistral-large-2402-v1:0                       mistral
mistralai/Mixtral-8x7B-Instruct-v0.1                  mistral
open-mixtral-8x22b                                    mistral
codestral-latest                                      mistral
mistral-nemo                                          mistral
nvidia/mistral-nemo-minitron-8b                       mistral
TheBloke/Mistral-7B-Instruct-v0.2-GPTQ                mistral
qwen/qwen3-235b                                       qwen
dashscope/qwen-max                                    qwen
Qwen/QwQ-32B                                          qwen
bartowski/Qwen_QwQ-32B-GGUF                           qwen
deepseek/deepseek-chat-v3.1                           deepseek
us.deepseek.r1-v1:0                                   deepseek
deepseek-r1-distill-qwen-32b                          deepseek  qwen
groq/deepseek-r1-distill-llama-70b                    deepseek  llama
deepseek-ai/DeepSeek-R1-0528-Qwen3-8B                 deepseek  qwen
ollama/deepseek-r1:32b                                deepseek  qwen
ollama/deepseek-r1:70b                                deepseek  llama
ollama/deepseek-r1:671b                               deepseek
microsoft/mai-ds-r1:free                              mai       deepseek
microsoft/phi-4                                       phi       -         gpt
microsoft/Phi-3-mini-4k-instruct                      phi       -         gpt
Phind/Phind-CodeLlama-34B-v2                          phind     llama
01-ai/yi-large                                        yi
zhipu/glm-4.6                                         glm
chatglm3-6b                                           glm
moonshotai/kimi-k2:free                               kimi
moonshotai/kimi-dev-72b                               kimi      qwen
minimax/minimax-m1                                    minimax
baidu/ernie-4.5-300b-a47b                             ernie
ibm-granite/granite-3.3-8b-instruct                   granite
watsonx/ibm/granite-13b-chat-v2                       granite
NousResearch/Hermes-3-Llama-3.1-405B                  hermes    llama     gpt
NousResearch/Nous-Hermes-13b                          hermes    llama     gpt
TheBloke/Nous-Hermes-2-Mixtral-8x7B-DPO-AWQ           hermes    mistral   gpt
TheBloke/Nous-Hermes-2-Yi-34B-AWQ                     hermes    yi        gpt
bartowski/NousResearch_Hermes-4-14B                   hermes    qwen      gpt
teknium/OpenHermes-2.5-Mistral-7B                     hermes    mistral   gpt
lmsys/vicuna-13b-v1.5                                 vicuna    llama     gpt
WizardLM/WizardLM-13B-V1.2                            wizardlm  llama     gpt
microsoft/wizardlm-2-8x22b                            wizardlm  mistral   gpt
WizardLMTeam/WizardCoder-15B-V1.0                     wizardlm  starcoder gpt
HuggingFaceH4/zephyr-7b-beta                          zephyr    mistral   gpt
HuggingFaceH4/zephyr-7b-gemma-v0.1                    zephyr    gemma     gemini,gpt
stabilityai/stablelm-zephyr-3b                        stablelm
berkeley-nest/Starling-LM-7B-alpha                    starling  mistral,openchat gpt
openchat/openchat-3.5-0106                            openchat  mistral   gpt
Open-Orca/Mistral-7B-OpenOrca                         orca      mistral   gpt
microsoft/Orca-2-13b                                  orca      llama     gpt
cognitivecomputations/dolphin-2.9-llama3-8b           dolphin   llama     gpt
ollama/dolphin-mixtral:8x7b                           dolphin   mistral   gpt
dolphin-2.6-phi-2                                     dolphin   phi       gpt
allenai/llama-3.1-tulu-3-70b                          tulu      llama     gpt
allenai/tulu-2-dpo-70b                                tulu      llama     gpt
allenai/OLMo-2-1124-13B                               olmo
nvidia/llama-3.1-nemotron-70b-instruct                nemotron  llama
nvidia/Llama-3_3-Nemotron-Super-49B-v1                nemotron  llama
nvidia/nemotron-4-340b-instruct                       nemotron
upstage/solar-10.7b-instruct-v1.0                     solar     mistral   gpt
upstage/solar-pro-preview-instruct                    solar     phi       gpt
perplexity/sonar-pro                                  sonar     llama
perplexity/llama-3.1-sonar-large-128k-online          sonar     llama
perplexity/sonar-reasoning                            sonar     deepseek
perplexity/r1-1776                                    sonar     deepseek
anthracite-org/magnum-v4-72b                          magnum    qwen      claude
simplescaling/s1-32B                                  s1        qwen      deepseek,gemini
novasky-ai/Sky-T1-32B-Preview                         sky-t1    qwen
"""

ROWS = [line.split() for line in NAMES.strip().splitlines()]


@pytest.mark.parametrize(("name", "family", "others"), [(row[0], row[1], row[2:]) for row in ROWS])
def test_a_name_is_placed_however_it_is_hosted(name: str, family: str, others: list[str]) -> None:
    """Hosts, accounts, regions, dates, packing, fine-tunes and distillations do not hide what a model is."""
    weights, taught = (set(one.split(",")) - {"-"} for one in (*others, "-", "-")[:2])

    placed = place(name, TABLE)

    assert placed is not None
    assert (placed.family, set(placed.weights), set(placed.taught_by)) == (family, {family} | weights, taught)


def test_every_row_of_the_hand_made_table_is_read() -> None:
    """At least 80 names are checked, each once."""
    assert len({row[0] for row in ROWS}) == len(ROWS) >= 80


@pytest.mark.parametrize(
    "name",
    [
        "azure/prod-chat",
        "acme/support-bot",
        "openrouter/auto",
        "o10-foo",
        "philosopher-7b",
        "novascotia-7b",
        "llamas",
        "",
    ],
)
def test_a_name_that_says_nothing_is_not_guessed(name: str) -> None:
    """A deployment's own name, or a word that merely begins like a family, places nothing."""
    assert place(name, TABLE) is None


def _place(name: str) -> Placed:
    placed = place(name, TABLE)
    assert placed is not None
    return placed


@pytest.mark.parametrize(
    ("left", "right", "how"),
    [
        ("openai/gpt-4o", "azure/gpt-4o-2024-08-06", "same model"),
        ("anthropic/claude-sonnet-4-20250514", "bedrock/eu.anthropic.claude-sonnet-4-20250514-v1:0", "same model"),
        ("mistral/mistral-large-2411", "mistral.mistral-large-2402-v1:0", "same model"),
        ("meta-llama/Llama-3.1-8B-Instruct", "hf.co/x/Llama-3.1-8B-Instruct-GGUF:Q4_K_M", "same model"),
        ("accounts/fireworks/models/llama-v3p1-405b-instruct", "meta-llama/Llama-3.1-405B-Instruct", "same model"),
        ("ft:gpt-4o:acme::abc", "ft:gpt-4o:acme::abc", "same model"),
        ("ft:gpt-4o:acme::abc", "gpt-4o-2024-08-06", "inheritance"),
        ("ft:gpt-4o:acme::abc", "ft:gpt-4o:other::xyz", "inheritance"),
        ("openai/gpt-4o", "openai/o3", "same family"),
        ("mistral/mistral-large-2411", "mistralai/Mixtral-8x7B-Instruct-v0.1", "same family"),
        ("deepseek-r1-distill-qwen-32b", "deepseek/deepseek-chat", "same family"),
        ("deepseek-r1-distill-qwen-32b", "qwen/qwen3-235b", "inheritance"),
        ("deepseek-r1-distill-qwen-32b", "groq/deepseek-r1-distill-llama-70b", "same family"),
        ("deepseek-r1-distill-qwen-32b", "kimi-dev-72b", "inheritance"),
        ("NousResearch/Hermes-3-Llama-3.1-405B", "meta-llama/Llama-3.1-405B", "inheritance"),
        ("NousResearch/Hermes-3-Llama-3.1-405B", "allenai/tulu-2-dpo-70b", "inheritance"),
        ("NousResearch/Hermes-3-Llama-3.1-405B", "openai/gpt-4o", "inheritance"),
        ("HuggingFaceH4/zephyr-7b-beta", "mistral/mistral-large-2411", "inheritance"),
        ("google/gemma-2-27b-it", "gemini/gemini-2.5-pro", "inheritance"),
        ("microsoft/phi-4", "openai/gpt-4o", "inheritance"),
        ("upstage/solar-pro-preview-instruct", "microsoft/phi-4", "inheritance"),
        ("perplexity/sonar-pro", "meta-llama/Llama-3.3-70B-Instruct", "inheritance"),
        ("perplexity/sonar-reasoning", "deepseek/deepseek-reasoner", "inheritance"),
        # A common teacher relates nobody, and neither does a vendor, an architecture or a name.
        ("microsoft/phi-4", "HuggingFaceH4/zephyr-7b-beta", None),
        ("amazon.titan-text-express-v1", "amazon.nova-pro-v1:0", None),
        ("TinyLlama/TinyLlama-1.1B-Chat-v1.0", "meta-llama/Llama-3.1-8B", None),
        ("mistral-nemo", "nvidia/nemotron-4-340b-instruct", None),
        ("EleutherAI/gpt-j-6b", "openai/gpt-4o", None),
        ("deepseek/deepseek-chat", "qwen/qwen3-235b", None),
        ("gemini/gemini-2.5-pro", "anthropic/claude-opus-4", None),
        ("builtin/grammar", "builtin/grammar", None),
        ("builtin/grammar", "openai/gpt-4o", None),
    ],
)
def test_how_two_models_are_related(left: str, right: str, how: str | None) -> None:
    """The closest relation is named, and it is the same from both sides."""
    one, other = _place(left), _place(right)

    assert (related(one, other), related(other, one)) == (how, how)


def test_every_family_is_reached_by_the_names_it_declares() -> None:
    """A beginning in the registry places a model of that name in its own family."""
    wrong = {
        name: found.family if (found := place(name, TABLE)) else None
        for family in TABLE.families.values()
        for name in (*family.names, *(one for one, _ in family.on))
        if (found := place(name, TABLE)) is None or found.family != family.name
    }

    assert wrong == {}


def test_relation_is_symmetric_and_holds_with_oneself() -> None:
    """Over all families: related(a, b) is related(b, a), and a model is the same as itself."""
    placed = [_place(one.names[0]) for one in TABLE.families.values()]

    assert all(related(a, b) == related(b, a) for a in placed for b in placed)
    assert all(related(a, a) == "same model" for a in placed)


def test_a_stated_family_stands_for_a_model_that_nobody_knows() -> None:
    """A family of the registry brings its lineage; a vendor means its first family; any other stands for itself."""
    assert related(place_stated("acme/bot", "hermes", TABLE), _place("meta-llama/Llama-3-8b")) == "inheritance"
    assert related(place_stated("acme/bot", "openai", TABLE), _place("o3-mini")) == "same family"
    assert related(place_stated("acme/bot", "acme", TABLE), place_stated("acme/other", "acme", TABLE)) == "same family"
    assert related(place_stated("acme/bot", "acme", TABLE), _place("o3-mini")) is None
