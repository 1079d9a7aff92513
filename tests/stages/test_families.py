"""Which family a model is of, read from its name, and which models are related."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import evalspec
from evalspec.model.source import SourceFile
from evalspec.stages.families import Placed, names_one_model, place, place_stated, read_table, related
from evalspec.stages.model_names import snapshot
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
nvidia/Llama-3_3-Nemotron-Super-49B-v1                nemotron  llama     deepseek,qwen
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
qwencloud/qwen3-max                                   qwen
gradient_ai/openai-o3-mini                            gpt
gradient_ai/alibaba-qwen3-32b                         qwen
mistral/zai-glm-5-2                                   glm
azure_ai/FW-GPT-OSS-120B                              gpt
snowflake/snowflake-llama-3.3-70b                     llama
databricks/system.ai.deepseek-v4-flash-0731           deepseek
sagemaker/meta-textgeneration-llama-2-70b-b-f         llama
novita/deepseek/deepseek-r1/community                 deepseek
in.moonshotai.kimi-k3                                 kimi
bedrock/us-gov-west-1/anthropic.claude-3-5-sonnet-20240620-v1:0 claude
bedrock/*/1-month-commitment/cohere.command-text-v14  command
apac.amazon.nova-pro-v1:0                             nova
cohere/command                                        command
vertex_ai/mistral-large@2411-001                      mistral
vertex_ai/gemini-2.5-flash@default                    gemini
gemini/gemini-gemma-2-27b-it                          gemma     -         gemini
openrouter/meta-llama/llama-3.3-70b-instruct:free     llama
openrouter/deepseek/deepseek-r1-distill-llama-70b:free deepseek llama
openrouter/qwen/qwq-32b:nitro                         qwen
ollama/qwen2.5-coder:32b-instruct-q4_K_M              qwen
ollama/deepseek-r1:32b-qwen-distill-q4_K_M            deepseek  qwen
ollama/deepseek-r1:8b                                 deepseek  llama,qwen
llamagate/deepseek-r1-8b                              deepseek  llama,qwen
ollama/gpt-oss:20b                                    gpt
groq/openai/gpt-oss-safeguard-20b                     gpt
groq/gemma2-9b-it                                     gemma     -         gemini
replicate/meta/meta-llama-3-70b-instruct              llama
replicate/anthropic/claude-4.5-sonnet                 claude
together_ai/deepseek-ai/DeepSeek-V3                   deepseek
fireworks_ai/accounts/fireworks/models/qwen2p5-coder-32b qwen
fireworks_ai/accounts/fireworks/models/cogito-671b-v2-p1 cogito deepseek
deepcogito/cogito-v1-preview-qwen-14b                 cogito    qwen
fireworks_ai/accounts/fireworks/models/openorca-7b    orca      mistral   gpt
fireworks_ai/accounts/fireworks/models/nous-capybara-7b-v1p9 hermes mistral gpt
NousResearch/Nous-Capybara-34B                        hermes    yi        gpt
ollama/nous-hermes2:10.7b                             hermes    mistral,solar gpt
lambda_ai/hermes3-405b                                hermes    llama     gpt
nousresearch/hermes-4.3-36b                           hermes    doubao    gpt
nousresearch/deephermes-3-mistral-24b-preview         hermes    mistral   gpt
dolphin3.0-r1-mistral-24b                             dolphin   mistral   gpt
cognitivecomputations/dolphin-2.9.2-qwen2-72b         dolphin   qwen      gpt
WizardLMTeam/WizardCoder-Python-34B-V1.0              wizardlm  llama     gpt
WizardLMTeam/WizardCoder-33B-V1.1                     wizardlm  deepseek  gpt
openchat/openchat-3.6-8b-20240522                     openchat  llama     gpt
microsoft/Phi-4-mini-reasoning                        phi       -         deepseek,gpt
microsoft/Phi-4-reasoning-plus                        phi       -         gpt
baichuan-inc/Baichuan-M2-32B                          baichuan  qwen
baichuan-inc/Baichuan2-13B-Chat                       baichuan
internlm/internlm2_5-20b-chat                         internlm
OpenGVLab/InternVL3-78B                               intern-vl qwen
OpenGVLab/InternVL3-9B                                intern-vl internlm
openbmb/MiniCPM-V-4_5                                 minicpm   qwen
openbmb/MiniCPM4-8B                                   minicpm
llama3.1-nemotron-70b-instruct-fp8                    nemotron  llama
nvidia/NVIDIA-Nemotron-Nano-9B-v2                     nemotron  -         deepseek,qwen
nvidia/OpenReasoning-Nemotron-32B                     nemotron  qwen      deepseek
meta-llama/Llama-Prompt-Guard-2-86M                   prompt-guard
meta-llama/Llama-Guard-4-12B                          llama
watsonx/ibm/granite-ttm-512-96-r2                     granite-ttm
upstage/Solar-Open-100B                               solar-open
perplexity/sonar-medium-online                        sonar     mistral
perplexity/pplx-70b-online                            sonar     llama
liuhaotian/llava-v1.6-34b                             llava     yi        gpt
SkunkworksAI/BakLLaVA-1                               llava     mistral   gpt
allenai/Molmo-7B-O-0924                               molmo     olmo
allenai/Molmo-7B-D-0924                               molmo     qwen
allenai/olmOCR-7B-0725-FP8                            olmocr    qwen
featherless-ai/Qwerky-72B                             rwkv      qwen
RWKV/rwkv-6-world-7b                                  rwkv
Sao10K/L3.1-70B-Euryale-v2.2                          euryale   llama
anthracite-org/magnum-v4-12b                          magnum    mistral   claude
volcengine/doubao-seed-2-0-pro-260215                 doubao
ByteDance-Seed/Seed-OSS-36B-Instruct                  doubao
ByteDance-Seed/UI-TARS-1.5-7B                         ui-tars   qwen
tencent/hunyuan-a13b-instruct                         hunyuan
stepfun/step-3.7-flash                                step
stepfun-ai/step3                                      step
LGAI-EXAONE/EXAONE-3.5-32B-Instruct                   exaone
rekaai/reka-flash-3                                   reka
tiiuae/falcon-180B-chat                               falcon
mosaicml/mpt-30b-chat                                 mpt
stabilityai/stablelm-2-12b-chat                       stablelm
databricks/databricks-dbrx-instruct                   dbrx
zai/glm-4.5-flash                                     glm
inclusionai/ling-3.0-flash                            ling
xiaomimimo/mimo-v2-flash                              mimo
inception/mercury-coder-small                         mercury
LiquidAI/LFM2-8B-A1B                                  lfm
gigachat/GigaChat-2-Max                               gigachat
sdaia/allam-1-13b-instruct                            allam     llama
core42/jais-13b-chat                                  jais
prometheus-eval/prometheus-7b-v2.0                    prometheus mistral  gpt
flowaicom/Flow-Judge-v0.1                             flow-judge phi      gpt
sarvamai/sarvam-translate                             sarvam    gemma     gemini
speakleash/Bielik-11B-v2.3-Instruct                   bielik    mistral
mistralai/Ministral-8B-Instruct-2410                  mistral
mistral/magistral-medium-latest                       mistral
ovhcloud/mamba-codestral-7B-v0.1                      mistral
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
    """At least 150 names are checked, each once."""
    assert len({row[0] for row in ROWS}) == len(ROWS) >= 150


@pytest.mark.parametrize(
    "name",
    [
        "azure/prod-chat",
        "acme/support-bot",
        "o10-foo",
        "philosopher-7b",
        "novascotia-7b",
        "llamas",
        "",
        # Words that begin like a family's names.
        "command-center-7b",
        "seed-helper",
        "step-by-step-7b",
        "titan-chat",
        "arctic-fox",
        "mercury-bot",
        "o1x",
        "gpts",
        "qwenish-7b",
        # A family with several bases, and a name that states none.
        "magnum-7b",
        "dolphin-x1",
        "hermes-5",
        "cogito:latest",
        "snorkel-7b",
        # Names that hide what stands behind them.
        "azure/chat-latest",
        "azure/my-deployment",
        "azure_ai/model-router",
        "openrouter/auto",
        "perplexity/sonar-deep-research",
        "upstage/solar-pro2",
        "nvidia/Nemotron-Content-Safety-3.5",
        "together-ai-8.1b-21b",
        "microsoft_365_copilot/chat",
        "fireworks_ai/accounts/fireworks/routers/auto",
        "accounts/acme/deployedModels/prod-1",
        "openai/ft:acme",
        "ft:",
        "/",
        ":free",
    ],
)
def test_a_name_that_says_nothing_is_not_guessed(name: str) -> None:
    """A deployment's own name, or a word that merely begins like a family, places nothing."""
    assert place(name, TABLE) is None


@given(
    st.lists(
        st.sampled_from(
            [
                *"-./:_@ ",
                "ft:",
                "-latest",
                "-v1:0",
                "us.",
                "openai-",
                "fw-",
                "llama",
                "gpt-4o",
                "-2024-08-06",
                "7b",
                "é",
            ]
        ),
        max_size=40,
    ).map("".join)
)
def test_any_name_is_read(name: str) -> None:
    """Whatever a spec or an endpoint gives for a name, it is placed or it is not; a name is always itself."""
    placed = place(name, TABLE)

    assert placed is None or placed.family in TABLE.families
    assert names_one_model(name, name, TABLE)
    assert snapshot(name).isdigit() or snapshot(name) == ""


@pytest.mark.parametrize("ending", ["-latest", "ai-", "openai-", "1-", "-q4_k_m", "2024", "@", "_"])
def test_a_name_longer_than_any_tells_nothing(ending: str) -> None:
    """Endings come off one by one, so that a name of a megabyte would take hours to read."""
    assert place("gpt-4o" + ending * 200_000, TABLE) is None
    assert not names_one_model("gpt-4o" + ending * 200_000, "gpt-4o", TABLE)
    assert snapshot("gpt-4o" + ending * 200_000) == ""


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
    """A beginning in the registry places a model of that name in its own family, or in none where it states no base."""
    wrong = {}
    for one in TABLE.beginnings:
        placed = place(one.text.rstrip("$"), TABLE)
        if (placed.family if placed else None) != (one.family if one.bases is not None else None):
            wrong[one.text] = placed

    assert wrong == {}


def test_every_family_can_be_had() -> None:
    """No entry is without a model: each family places at least one of the names checked by hand or declared."""
    names = [*(row[0] for row in ROWS), *(f"{one.text.rstrip('$')}-llama" for one in TABLE.beginnings)]

    assert {placed.family for name in names if (placed := place(name, TABLE))} == set(TABLE.families)


def test_relation_is_symmetric_and_holds_with_oneself() -> None:
    """Over all families: related(a, b) is related(b, a), and a model is the same as itself."""
    placed = [_place(row[0]) for row in ROWS]

    assert all(related(a, b) == related(b, a) for a in placed for b in placed)
    assert all(related(a, a) == "same model" for a in placed)


def test_a_stated_family_stands_for_a_model_that_nobody_knows() -> None:
    """A family of the registry brings its lineage; a vendor means its first family; any other stands for itself."""
    assert related(place_stated("acme/bot", "hermes", TABLE), _place("meta-llama/Llama-3-8b")) == "inheritance"
    assert related(place_stated("acme/bot", "openai", TABLE), _place("o3-mini")) == "same family"
    assert related(place_stated("acme/bot", "acme", TABLE), place_stated("acme/other", "acme", TABLE)) == "same family"
    assert related(place_stated("acme/bot", "acme", TABLE), _place("o3-mini")) is None


def test_a_stated_family_of_several_bases_is_taken_to_have_all_of_them() -> None:
    """Strict where the spec says `dolphin` and no more: it may be a tuned Llama."""
    assert related(place_stated("acme/bot", "magnum", TABLE), _place("qwen/qwen3-235b")) == "inheritance"
    assert related(place_stated("acme/bot", "magnum", TABLE), _place("01-ai/yi-large")) == "inheritance"


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("gpt-4o-2024-08-06", "20240806"),
        ("vertex_ai/claude-3-5-sonnet@20240620", "20240620"),
        ("anthropic/claude-sonnet-4-20250514", "20250514"),
        ("us.anthropic.claude-3-5-sonnet-20241022-v2:0", "20241022"),
        ("gpt-4-0613", "0613"),
        ("mistral-large-2411", "2411"),
        ("command-r-08-2024", "082024"),
        ("deepseek-v3-0324:free", "0324"),
        ("gemini-2.5-pro-preview-05-06", "0506"),
        ("vertex_ai/gemini-2.5-flash@default", ""),
        ("gpt-4o", ""),
        ("llama-3.1-8b-instruct", ""),
    ],
)
def test_the_snapshot_of_a_name(name: str, date: str) -> None:
    """The date that a name ends in, without the way it is written."""
    assert snapshot(name) == date
