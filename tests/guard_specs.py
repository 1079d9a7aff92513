"""Edits of a whole spec, each with what `verify --base` says of it: what holds a set to less, and controls."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from small_specs import spec_text

from evalspec.after.guard import guard
from evalspec.project import load_spec

ROOT = Path(__file__).parents[1]
Edit = Callable[[dict[str, Any]], object]


@dataclass(frozen=True)
class Row:
    """An edit of the refund example, and words of the sentence that tells of it; none for a control."""

    name: str
    edit: Edit
    says: str = ""


def _gate(name: str, **bounds: Any) -> Edit:
    return lambda spec: spec["gates"][name].update(bounds)


def _without(*keys: str) -> Edit:
    def edit(spec: dict[str, Any]) -> None:
        for key in keys[:-1]:
            spec = spec[key]
        del spec[keys[-1]]

    return edit


def _with(*keys: Any) -> Edit:
    """All keys but the last lead to the place, the last is what stands there then."""

    def edit(spec: dict[str, Any]) -> None:
        for key in keys[:-2]:
            spec = spec.setdefault(key, {}) if spec.get(key) is not None else spec.__setitem__(key, {}) or spec[key]
        spec[keys[-2]] = keys[-1]

    return edit


def _turned(spec: dict[str, Any]) -> None:
    spec["gates"]["top_term_excess"] = {"min": 0.20}


def _waived(until: str) -> Edit:
    return lambda spec: spec.update(waivers=[{"gate": "entropy", "reason": "one more sprint", "until": until}])


def _related(spec: dict[str, Any]) -> None:
    spec["models"]["juror_m"] = {"model": "anthropic/claude-3-5-haiku-20241022"}
    spec["waivers"] = [{"independence": ["juror_m", "bot"], "reason": "no budget", "until": "2027-01-01"}]


def _one_juror(spec: dict[str, Any]) -> None:
    spec["roles"]["jury"] = ["juror_g"]
    del spec["models"]["juror_m"]


def _warned(spec: dict[str, Any]) -> None:
    spec.update(purpose="smoke", independence="warn")  # a launch is strict


def _untrained(spec: dict[str, Any]) -> None:
    del spec["sources"]["training"], spec["screen"]["training_overlap"]


GUARD_ROWS: tuple[Row, ...] = (
    Row("a threshold lowered", _gate("real_share", min=0.3), "gate `real_share`: min `0.35` is now `0.3`"),
    Row("a threshold raised past", _gate("term_mix", max=0.3), "gate `term_mix`: max `0.25` is now `0.3`"),
    Row("a band widened", _gate("entropy", within=0.2), "gate `entropy`: within `0.15` is now `0.2`"),
    Row("a change allowed", _gate("persona_drift", change=0.05), "gate `persona_drift`: change `0.005` is now `0.05`"),
    Row("a direction turned", _turned, "gate `top_term_excess`: max `0.2` is now `no bound`"),
    Row("one of two bounds removed", _without("gates", "survival", "max"), "gate `survival`: max `0.85` is now"),
    Row("a gate removed", _without("gates", "ambiguous"), "gate `ambiguous` is gone"),
    Row("a gate switched off", _gate("term_mix", severity="off"), "severity `error` is now `off`"),
    Row("a gate made a warning", _gate("real_share", severity="warning"), "severity `error` is now `warning`"),
    Row("a default gate switched off", _with("gates", "seeds", {"severity": "off"}), "gate `seeds`: severity"),
    Row("fewer seeds asked for", _with("gates", "seeds", {"min": 10}), "gate `seeds`: min `50` is now `10"),
    Row(
        "another slice",
        _gate("ambiguous", where={"policy": "delay"}),
        "gate `ambiguous` looks at something else: where",
    ),
    Row("a gate no longer by slice", _without("gates", "survival", "by"), "gate `survival` looks at something"),
    Row("another measure under the name", _gate("ambiguous", measure="share"), "looks at something else: measure"),
    Row("a waiver added", _waived("2027-01-01"), "new waiver of `gate entropy` until `2027-01-01`"),
    Row("related models waived", _related, "new waiver of `independence"),
    Row("another family of jurors", _with("models", "juror_m", {"model": "openai/gpt-4o"}), "jury: "),
    Row("a juror less", _one_juror, "jury: "),
    Row("relation of models only warned of", _warned, "independence `strict` is now `warn`"),
    Row("another purpose", _with("purpose", "smoke"), "purpose `launch` is now `smoke`"),
    Row(
        "fewer real cases",
        _with("mix", "shares", {"seed": 0.26, "mutation": 0.28, "prompted": 0.20, "persona": 0.15, "redteam": 0.05,
                                "golden": 0.06}),
        "cases from users and experts",
    ),
    Row(
        "fewer attacks",
        _with("mix", "shares", {"seed": 0.36, "mutation": 0.20, "prompted": 0.20, "persona": 0.15, "redteam": 0.03,
                                "golden": 0.06}),
        "cases of attacks",
    ),
    Row("a smaller set", _with("mix", "size", 160), "the set is smaller: `200` cases are now `160`"),
    Row("personal data let in", _with("sources", "production", "pii", "allow"), "personal data of `production`"),
    Row("labels nobody verified", _without("sources", "golden", "verified_by"), "labels of `golden` are no longer"),
    Row("a training source gone", _untrained, "training source `training` is gone"),
    Row("more children of a parent", _with("pools", "mutation", "per_parent", 4), "of one parent may now be `4`"),
    Row("near-duplicates let in", _with("screen", "near_duplicate", {"lexical": 0.95}), "screen `near_lexical`"),
    Row("texts further from users", _with("screen", "seed_distance", {"far": 1.0}), "screen `seed_far`"),
    Row("trained-on texts let in", _with("screen", "training_overlap", {"cosine": 0.99, "ngram": 13}),
        "screen `training_cosine`"),
    Row("fewer reviewed", _with("review", "require", "prompted", 0.5), "people decide less of pool `prompted`"),
    Row("fewer read by two", _with("review", "overlap", 0.0), "fewer cases are read by two"),
    Row("no guidelines", _without("review", "guidelines"), "people decide without guidelines"),
    Row("an attack gone", _without("pools", "redteam", "attacks", "override"), "attack `override` is gone"),
    Row("a level gone", _without("axes", "user_type", "power_user"), "level of user_type `power_user` is gone"),
    Row("a voice gone", lambda spec: (_without("personas", "retiree")(spec),
        _with("pools", "persona", "personas", ["lowercase_poweruser"])(spec)), "persona `retiree` is gone"),
    Row("attacks kept longer", _with("pools", "redteam", "rotate_after", "365d"), "gate `age"),
    Row("other rows made into attacks", _without("pools", "redteam", "exclude"), "pool `redteam` is made from other"),
    Row("fewer hard negatives", _with("pools", "redteam", "hard_negatives", 0.1), "negatives `0.25` are now `0.1`"),
    Row("another random state", _with("random_state", 7), "random_state `20260301` is now `7`"),
    # Controls: the same, or more.
    Row("nothing", lambda spec: None),
    Row("a description", _with("description", "Another sentence.")),
    Row("a threshold raised", _gate("real_share", min=0.4)),
    Row("a cap lowered", _gate("term_mix", max=0.2)),
    Row("a band narrowed", _gate("entropy", within=0.1)),
    Row("a warning made an error", _gate("coverage", severity="error")),
    Row("a gate added", _with("gates", "more", {"measure": "real_share", "min": 0.2})),
    Row("a bigger set", _with("mix", "size", 220)),
    Row("more reviewed", _with("review", "require", "mutation", 0.5)),
    Row("more read by two", _with("review", "overlap", 0.3)),
    Row("near-duplicates held closer", _with("screen", "near_duplicate", {"lexical": 0.8})),
    Row("personal data refused", _with("sources", "production", "pii", "block")),
    Row("fewer children of a parent", _with("pools", "mutation", "per_parent", 1)),
    Row("one more attack", _with("pools", "redteam", "attacks", "policy_pressure", {"toward": ["refund"]})),
    Row("a renamed voice", lambda spec: (spec["personas"].update(elder=spec["personas"].pop("retiree")),
        _with("pools", "persona", "personas", ["elder", "lowercase_poweruser"])(spec))),
)  # fmt: skip


def words_of(row: Row, folder: Path) -> list[str]:
    """Every sentence that comparing the example before and after an edit gives."""
    source = ROOT / "specs" / "refund.yaml"
    if not folder.exists():
        (folder / "refund").parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source.with_suffix(""), folder / "refund")
    before = yaml.safe_load(source.read_text("utf-8"))
    after = copy.deepcopy(before)
    row.edit(after)
    specs = []
    for data in (before, after):
        (folder / "refund.yaml").write_text(spec_text(data), "utf-8")
        specs.append(load_spec(str(folder / "refund.yaml")).spec)
    return [one.said.plain for one in guard(*specs)]
