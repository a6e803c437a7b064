"""SVG by hand: a picture as text, with nothing in it that changes from one time to the next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape as html

from nettrain.errors import escape

STYLE = """\
text { font: 12px system-ui, "Segoe UI", "DejaVu Sans", Helvetica, Arial, sans-serif; fill: #24292f }
.title { font-size: 15px; font-weight: 600 }
.faint { fill: #6e7781 }
.axis { stroke: #d0d7de; stroke-width: 1; fill: none }"""


def picture(width: float, height: float, title: str, style: str, body: Iterable[str]) -> str:
    """A whole file, so many pixels wide and high, on white."""
    w, h = number(width), number(height)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img">'
    lines = [
        head,
        f"<title>{words(title)}</title>",
        f"<style>\n{STYLE}\n{style}\n</style>",
        f'<rect width="{w}" height="{h}" fill="#ffffff"/>',
        *body,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def text(x: float, y: float, said: str, kind: str = "", anchor: str = "start") -> str:
    """Words at a place: their start, middle or end."""
    named = f' class="{kind}"' if kind else ""
    where = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{number(x)}" y="{number(y)}"{named}{where}>{words(said)}</text>'


def box(x: float, y: float, width: float, height: float, kind: str, radius: float = 0) -> str:
    """A rectangle, with round corners if a radius is given."""
    size = f'width="{number(width)}" height="{number(height)}"'
    return f'<rect class="{kind}" x="{number(x)}" y="{number(y)}" {size} rx="{number(radius)}"/>'


def line(points: Sequence[tuple[float, float]], kind: str) -> str:
    """Straight lines from point to point."""
    return f'<polyline class="{kind}" points="{" ".join(f"{number(x)},{number(y)}" for x, y in points)}"/>'


def path(steps: str, kind: str) -> str:
    """A path as SVG writes it."""
    return f'<path class="{kind}" d="{steps}"/>'


def dot(x: float, y: float, radius: float, kind: str) -> str:
    """A filled circle."""
    return f'<circle class="{kind}" cx="{number(x)}" cy="{number(y)}" r="{number(radius)}"/>'


def number(value: float) -> str:
    """A coordinate: at most two decimals."""
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def words(said: str) -> str:
    """Text from outside that is no markup."""
    return html(escape(said), quote=True)
