"""Where a model is asked: config, environment and table, in this order, and never the spec."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from evalspec.diagnostics import Diagnostic, EvalspecError, Exit
from evalspec.edges.models.endpoints import shown_address
from evalspec.reaching import Reach, Ways, reach

ROOT = Path(__file__).parents[3]
CONFIG = """\
endpoints:
  acme: {base_url: "https://models.acme.example/v1", key_env: ACME_KEY}
  gateway: {base_url: "https://gateway.example", key_env: GATEWAY_KEY, provider: anthropic}
  box: {base_url: "http://10.0.0.7:8000/v1", local: true}
models:
  "acme-*": acme
  claude-house: gateway
"""


def found(tmp_path: Path, config: str | None = CONFIG, **environment: str) -> Reach:
    folder = tmp_path / "config" / "evalspec"
    folder.mkdir(parents=True, exist_ok=True)
    if config is not None:
        (folder / "config.yaml").write_text(config, encoding="utf-8")
        (folder / "config.yaml").chmod(0o644)
    return reach({"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config"), **environment})


def problem(error: EvalspecError) -> Diagnostic:
    (one,) = error.diagnostics
    return one


@pytest.mark.parametrize(
    ("model", "environment", "expected"),
    [
        ("openai/gpt-4o", {"OPENAI_API_KEY": "k"}, ("openai", "https://api.openai.com/v1", "gpt-4o", "k", True)),
        (
            "openai/gpt-4o",
            {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"},
            ("openai", "http://127.0.0.1:9/v1", "gpt-4o", "k", True),
        ),
        (
            "openrouter/a/b:free",
            {"OPENROUTER_API_KEY": "k"},
            ("openrouter", "https://openrouter.ai/api/v1", "a/b:free", "k", True),
        ),
        ("hosted_vllm/org/m", {}, ("hosted_vllm", "http://127.0.0.1:8000/v1", "org/m", None, True)),
        ("llama_cpp/m", {"LLAMA_API_KEY": "k"}, ("llama_cpp", "http://127.0.0.1:8080/v1", "m", "k", True)),
        ("ollama/llama3.2", {}, ("ollama", "http://127.0.0.1:11434/v1", "llama3.2", None, True)),
        ("ollama/m", {"OLLAMA_HOST": "0.0.0.0"}, ("ollama", "http://0.0.0.0:11434/v1", "m", None, True)),
        ("ollama/m", {"OLLAMA_HOST": "http://10.0.0.2:1/v1/"}, ("ollama", "http://10.0.0.2:1/v1", "m", None, True)),
        (
            "ollama_chat/m",
            {"OLLAMA_API_BASE": "https://o.example"},
            ("ollama_chat", "https://o.example/v1", "m", None, True),
        ),
        ("acme/one", {"ACME_KEY": "k"}, ("acme", "https://models.acme.example/v1", "one", "k", True)),
        ("acme-large", {"ACME_KEY": "k"}, ("acme", "https://models.acme.example/v1", "acme-large", "k", True)),
        ("box/one", {}, ("box", "http://10.0.0.7:8000/v1", "one", None, True)),
        (
            "claude-house",
            {"GATEWAY_KEY": "k"},
            ("gateway", "https://gateway.example", "anthropic/claude-house", "k", False),
        ),
        (
            "anthropic/c",
            {"ANTHROPIC_API_KEY": "k"},
            ("anthropic", "https://api.anthropic.com", "anthropic/c", "k", False),
        ),
        ("gemini/g", {"GOOGLE_API_KEY": "k"}, ("gemini", None, "gemini/g", "k", False)),
        ("bedrock/a.b-v1:0", {}, ("bedrock", None, "bedrock/a.b-v1:0", None, False)),
        ("vertex_ai/g@001", {}, ("vertex_ai", None, "vertex_ai/g@001", None, False)),
        ("databricks/x", {}, ("databricks", None, "databricks/x", None, False)),
    ],
)
def test_where_a_model_is_asked(
    tmp_path: Path,
    model: str,
    environment: dict[str, str],
    expected: tuple[str, str | None, str, str | None, bool],
) -> None:
    """The prefix or a route of the user names the host; another protocol goes to litellm with its prefix."""
    one = found(tmp_path, **environment).endpoint(model)
    assert (one.name, one.base_url, one.model, one.key, one.speaks_openai) == expected


def test_config_goes_before_the_table(tmp_path: Path) -> None:
    """A user may send a vendor's prefix through a gateway, and no variable moves it back."""
    config = 'endpoints:\n  openai: {base_url: "https://gateway.example/v1", key_env: GATEWAY_KEY}\n'
    one = found(tmp_path, config, GATEWAY_KEY="g", OPENAI_API_KEY="o", OPENAI_BASE_URL="http://h").endpoint("openai/m")
    assert (one.base_url, one.key) == ("https://gateway.example/v1", "g")


@pytest.mark.parametrize(
    "model",
    [
        "huggingface/https://evil.example/x",
        "openai/../x",
        "gemini/a?key=b",
        "gemini/a#b",
        "openai//x",
        "openai/",
        "/x",
        "openai/a\nb",
        "https://evil.example",
        "gpt-4o",
        "",
    ],
)
def test_a_name_is_no_address(tmp_path: Path, model: str) -> None:
    """A spec is a stranger's: what could become an address is refused, as is a name without provider."""
    with pytest.raises(EvalspecError) as refused:
        found(tmp_path, OPENAI_API_KEY="k", GEMINI_API_KEY="k").endpoint(model)
    assert (problem(refused.value).code, refused.value.exit) == ("M303", Exit.INVALID)


@pytest.mark.parametrize("key", [None, "", " ", "sk-secret\n", "sk secret", " sk-secret", "sk-sécret", "sk\x00"])
def test_a_key_that_is_none_is_refused_before_anything_is_sent(tmp_path: Path, key: str | None) -> None:
    """Missing, blank, with a line end: exit 6, the variable is named, and what it holds is not shown."""
    environment = {} if key is None else {"OPENAI_API_KEY": key}
    with pytest.raises(EvalspecError) as refused:
        found(tmp_path, **environment).endpoint("openai/m")

    one = problem(refused.value)
    assert (one.code, refused.value.exit) == ("M302", Exit.PROVIDER)
    assert "OPENAI_API_KEY" in one.message and "secret" not in f"{one}"


@pytest.mark.parametrize(
    ("config", "line", "col", "said"),
    [
        ("endpoint: {}\n", 1, 1, "no `endpoint`"),
        ("- a\n", 1, 1, "is a mapping of"),
        ("endpoints: [a]\n", 1, 12, "is a mapping from names"),
        ("endpoints:\n  a: text\n", 2, 6, "endpoint `a` is a mapping"),
        ("endpoints:\n  a: {base_url: ftp://x}\n", 2, 17, "begins with http://"),
        ("endpoints:\n  a: {base_url: 'http://'}\n", 2, 17, "and a host"),
        ("endpoints:\n  a: {local: true}\n", 2, 6, "needs a `base_url`"),
        ("endpoints:\n  a: {base_url: http://h, key: sk-1}\n", 2, 27, "no `key`"),
        ("endpoints:\n  a: {base_url: http://h, key_env: sk-1}\n", 2, 36, "not the key"),
        ("endpoints:\n  a: {base_url: http://h, local: yes}\n", 2, 34, "true or false"),
        ("endpoints:\n  a: {base_url: http://h, batches: maybe}\n", 2, 36, "openai or anthropic"),
        ("endpoints:\n  a: {base_url: http://h, provider: 'a/b'}\n", 2, 37, "litellm knows"),
        ("models:\n  x: nowhere\n", 2, 6, "not under `endpoints`"),
    ],
)
def test_what_is_wrong_in_a_config_has_a_place(tmp_path: Path, config: str, line: int, col: int, said: str) -> None:
    """File, line and column, and what would be right."""
    with pytest.raises(EvalspecError) as refused:
        found(tmp_path, config)

    one = problem(refused.value)
    assert one.code == "M301" and said in one.message
    assert one.span is not None and (one.span.line, one.span.col) == (line, col)
    assert one.span.path.endswith("evalspec/config.yaml")


@pytest.mark.parametrize("config", ["a: [", "a: 1\na: 2\n", "x: !tag 1\n", ""])
def test_a_config_is_read_as_strictly_as_a_spec(tmp_path: Path, config: str) -> None:
    """No tag, no duplicate key, no half file."""
    with pytest.raises(EvalspecError) as refused:
        found(tmp_path, config)
    assert problem(refused.value).code.startswith("Y")


def test_a_config_that_others_can_write_is_refused(tmp_path: Path) -> None:
    """They could have keys sent to them; a group may write, since many systems give each user one of their own."""
    found(tmp_path)
    path = tmp_path / "config" / "evalspec" / "config.yaml"
    path.chmod(0o664)
    found(tmp_path, None)
    path.chmod(0o666)
    with pytest.raises(EvalspecError) as refused:
        found(tmp_path, None)
    assert problem(refused.value).code == "M301" and "others can write it" in problem(refused.value).message


def test_no_config_is_fine(tmp_path: Path) -> None:
    """Nothing is asked of a user with the usual variables."""
    assert found(tmp_path, None, MISTRAL_API_KEY="k").endpoint("mistral/m").name == "mistral"


def test_an_address_is_shown_without_what_opens_it() -> None:
    """Names, passwords and queries may be keys."""
    assert shown_address("https://me:secret@h.example:8/v1?key=secret#x") == "https://h.example:8/v1"
    assert shown_address(None) == "the provider's own"


def test_the_packaged_table_asks_nobody_without_a_key() -> None:
    """Every host of a vendor names a variable or credentials; only servers of one's own go without."""
    table = reach({"HOME": os.devnull}).table
    assert all(host.key or host.credentials for host in table.values() if not host.is_local)
    assert all(host.url for host in table.values() if host.provider is None)
    assert {name for name, host in table.items() if host.batches} == {"openai", "anthropic"}


def test_the_page_names_every_host_and_variable() -> None:
    """docs/models.md is where a reader looks for the name of a variable."""
    lines = (ROOT / "docs" / "models.md").read_text(encoding="utf-8").splitlines()
    rows = {name: line for line in lines for name in re.findall(r"`(\w+)/`", line.split("|")[1] if "|" in line else "")}
    for name, host in reach({"HOME": os.devnull}).table.items():
        missing = [one for one in (*host.key, *host.base) if f"`{one}`" not in rows[name]]
        assert not missing, f"{name}: {missing}"


@pytest.mark.parametrize(("model", "package"), [("openai/m", "aiohttp"), ("anthropic/m", "litellm")])
def test_a_missing_package_is_said_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, package: str
) -> None:
    """Exit 10 with the command that installs it; a model of the other transport needs it not."""
    monkeypatch.setattr("evalspec.reaching.find_spec", lambda name: None)
    ways = Ways(found(tmp_path, OPENAI_API_KEY="k", ANTHROPIC_API_KEY="k"), jobs=1)
    with pytest.raises(EvalspecError) as refused:
        ways.of(model)
    one = problem(refused.value)
    assert (one.code, refused.value.exit) == ("M305", Exit.ENVIRONMENT)
    assert f"`{package}`" in one.message and "pip install 'evalspec[llm]'" in str(one.hint)
