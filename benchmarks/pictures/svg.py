"""Plain SVG, byte for byte the same on every machine: no font is measured, every coordinate has one decimal.

A picture brings its own ground and colours, for a light and a dark page.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH = 760
# Name, light, dark. The pair of good and bad stays apart for eyes that do not tell red from green, and by its shape.
COLOURS = (
    ("ground", "#ffffff", "#161b22"),
    ("edge", "#d0d7de", "#3d444d"),
    ("ink", "#1f2328", "#f0f3f6"),
    ("soft", "#59636e", "#9ea7b3"),
    ("good", "#0a69da", "#58a6ff"),
    ("bad", "#bc4c00", "#f0883e"),
    ("zone", "#ffebe0", "#3b2314"),
    ("bar", "#afb8c1", "#59636e"),
    ("band", "#d7f0df", "#16351f"),
)
FONT = "-apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"


def _style() -> str:
    def rules(place: int) -> str:
        return "".join(
            f".f-{row[0]}{{fill:{row[place]}}}.s-{row[0]}{{stroke:{row[place]};fill:none}}" for row in COLOURS
        )

    sizes = "text{font-family:" + FONT + "}.t{font-size:19px;font-weight:600}.m{font-size:13px}.s{font-size:12px}"
    return f"<style>{sizes}.b{{font-weight:600}}{rules(1)}@media (prefers-color-scheme:dark){{{rules(2)}}}</style>"


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def text(x: float, y: float, said: str, *, css: str = "m f-ink", anchor: str = "start") -> str:
    """Return one line of text."""
    where = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{_n(x)}" y="{_n(y)}" class="{css}"{where}>{escape(said, quote=False)}</text>'


def rect(x: float, y: float, width: float, height: float, css: str, radius: float = 0) -> str:
    """Return a filled box."""
    rounded = f' rx="{_n(radius)}"' if radius else ""
    return f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" class="f-{css}"{rounded}/>'


def line(x: float, y: float, to_x: float, to_y: float, css: str, *, width: float = 1, dashed: bool = False) -> str:
    """Return a stroke."""
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    ends = f'x1="{_n(x)}" y1="{_n(y)}" x2="{_n(to_x)}" y2="{_n(to_y)}"'
    return f'<line {ends} class="s-{css}" stroke-width="{_n(width)}"{dash}/>'


def dot(x: float, y: float) -> str:
    """Return the mark of a good set: a disc."""
    return f'<circle cx="{_n(x)}" cy="{_n(y)}" r="6" class="f-good"/>'


def diamond(x: float, y: float) -> str:
    """Return the mark of a bad set: a square on its corner."""
    points = ((x, y - 7.5), (x + 7.5, y), (x, y + 7.5), (x - 7.5, y))
    return f'<polygon points="{" ".join(f"{_n(a)},{_n(b)}" for a, b in points)}" class="f-bad"/>'


def picture(title: str, parts: Sequence[str], height: float) -> str:
    """Put parts on their ground; the title is read out by a screen reader."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {_n(height)}" width="{WIDTH}" '
    head += f'height="{_n(height)}" role="img" aria-label="{escape(title)}">'
    edge = f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{_n(height - 1)}" rx="8" class="f-ground"/>'
    rim = f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{_n(height - 1)}" rx="8" class="s-edge"/>'
    return "\n".join([head, _style(), edge, rim, *parts, "</svg>", ""])
