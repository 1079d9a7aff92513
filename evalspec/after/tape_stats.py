"""A tape and what a build used of it, counted: segments, replies, what is withheld, who served, what it took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from evalspec.stages.tape import WITHHELD, Tape


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentStats:
    """One file of the tape."""

    path: str
    size: int  # bytes
    replies: int
    used: int  # replies that the present plan asks for and that count


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeStats:
    """A tape in numbers; counts of replies are of those that count, one to a question."""

    spec: str
    segments: tuple[SegmentStats, ...] = ()
    replies: int = 0
    used: int = 0
    missing: int = 0  # replies that the present plan asks for and the tape does not hold
    twice: int = 0  # replies of a segment to a question that another one answers
    withheld: Mapping[str, int] = field(default_factory=dict)  # by what was found in them
    problems: Mapping[str, int] = field(default_factory=dict)  # replies without a usable text for another reason
    served: Mapping[str, int] = field(default_factory=dict)  # by the model that answered
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def size(self) -> int:
        """The bytes of all segments."""
        return sum(one.size for one in self.segments)

    @property
    def idle(self) -> tuple[str, ...]:
        """The segments none of whose replies is used."""
        return tuple(one.path for one in self.segments if not one.used)


def stats_of(spec: str, tape: Tape, sizes: Mapping[str, int], used: Iterable[str], missing: int) -> TapeStats:
    """Count a tape; `used` are the keys of the replies that the present plan asks for, `sizes` are in bytes."""
    wanted, first = set(used), dict[str, str]()
    for segment in tape.segments:
        for key in segment.replies:
            first.setdefault(key, segment.path)
    replies = tape.replies.values()
    problems = Counter(one.problem for one in replies if one.problem is not None)
    return TapeStats(
        spec=spec,
        segments=tuple(
            SegmentStats(
                path=one.path,
                size=sizes[one.path],
                replies=len(one.replies),
                used=sum(key in wanted and first[key] == one.path for key in one.replies),
            )
            for one in tape.segments
        ),
        replies=len(tape.replies),
        used=len(wanted & tape.replies.keys()),
        missing=missing,
        twice=sum(len(one.replies) for one in tape.segments) - len(tape.replies),
        withheld=_sorted({one.removeprefix(WITHHELD): n for one, n in problems.items() if one.startswith(WITHHELD)}),
        problems=_sorted({one: n for one, n in problems.items() if not one.startswith(WITHHELD)}),
        served=_sorted(Counter(one.served for one in replies)),
        prompt_tokens=sum(one.usage.prompt for one in replies),
        completion_tokens=sum(one.usage.completion for one in replies),
    )


def stats_lines(stats: TapeStats) -> tuple[str, ...]:
    """Return the numbers for people."""
    if not stats.segments:
        asks = f"; the plan asks for {_replies(stats.missing)}" if stats.missing else ""
        return (f"{stats.spec}: no tape{asks}",)
    unused = stats.replies - stats.used
    lines = [
        f"{stats.spec}: {_replies(stats.replies)} in {_segments(len(stats.segments))}, {stats.size:,} bytes",
        f"  used      {stats.used:,} by the present plan, {unused:,} not",
    ]
    if stats.missing:
        lines.append(f"  missing   {stats.missing:,}: evalspec build {stats.spec}")
    if stats.twice:
        lines.append(f"  twice     {_replies(stats.twice)} to a question that another segment answers")
    lines += _row("withheld", stats.withheld) + _row("no text", stats.problems) + _row("served by", stats.served)
    lines.append(f"  tokens    {stats.prompt_tokens:,} of prompts, {stats.completion_tokens:,} of replies")
    lines += ["", "  segment"]
    lines += [
        f"    {one.path}: {_replies(one.replies)}, {one.used:,} used, {one.size:,} bytes" for one in stats.segments
    ]
    if stats.idle and not stats.missing:
        lines += ["", "nobody asks for the replies of these; they may be deleted:", *(f"  {one}" for one in stats.idle)]
    return tuple(lines)


def stats_data(stats: TapeStats) -> dict[str, object]:
    """Return the numbers as JSON data."""
    return {
        "spec": stats.spec,
        "segments": [
            {"path": one.path, "bytes": one.size, "replies": one.replies, "used": one.used} for one in stats.segments
        ],
        "bytes": stats.size,
        "replies": stats.replies,
        "used": stats.used,
        "unused": stats.replies - stats.used,
        "missing": stats.missing,
        "twice": stats.twice,
        "withheld": dict(stats.withheld),
        "problems": dict(stats.problems),
        "served": dict(stats.served),
        "tokens": {"prompt": stats.prompt_tokens, "completion": stats.completion_tokens},
        "idle": list(stats.idle),
    }


def _sorted(counts: Mapping[str, int]) -> Mapping[str, int]:
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _row(label: str, counts: Mapping[str, int]) -> list[str]:
    return [f"  {label:<10}" + ", ".join(f"{count:,} {name}" for name, count in counts.items())] if counts else []


def _replies(count: int) -> str:
    return "1 reply" if count == 1 else f"{count:,} replies"


def _segments(count: int) -> str:
    return "1 segment" if count == 1 else f"{count:,} segments"
