"""Charts as SVG, in plain Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log10
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 320, 64, 40, 150, 48
COLOURS = ("#3b6fb5", "#c8553d", "#4a9c6d", "#8e6bb0", "#b58a2b", "#5b6470")
Line = Sequence[tuple[float, float]]


class Frame:
    """Both axes with powers of ten: crowds and tables grow in multiples."""

    def __init__(self, lines: Mapping[str, Line]) -> None:
        xs = [log10(x) for line in lines.values() for x, _ in line]
        ys = [log10(max(y, 1e-6)) for line in lines.values() for _, y in line]
        self.x0, self.x1 = min(xs), max(max(xs), min(xs) + 0.1)
        self.y0, self.y1 = min(ys) - 0.1, max(ys) + 0.1

    def x(self, value: float) -> float:
        return LEFT + (log10(value) - self.x0) / (self.x1 - self.x0) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        share = (log10(max(value, 1e-6)) - self.y0) / (self.y1 - self.y0)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def y_ticks(self) -> list[float]:
        steps = (1, 2, 5)
        ticks = [step * 10.0**power for power in range(-6, 9) for step in steps]
        return [tick for tick in ticks if self.y0 <= log10(tick) <= self.y1]


def text(x: float, y: float, words: str, anchor: str = "middle", more: str = "") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" {more}>{words}</text>'


def drawn(frame: Frame, name: str, line: Line, colour: str) -> list[str]:
    points = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in line)
    dots = [f'<circle cx="{frame.x(x):.1f}" cy="{frame.y(y):.1f}" r="3" fill="{colour}"/>' for x, y in line]
    last_x, last_y = line[-1]
    label = text(frame.x(last_x) + 8, frame.y(last_y) + 4, name, "start", f'fill="{colour}"')
    return [f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>', *dots, label]


def svg(title: str, x_name: str, lines: Mapping[str, Line]) -> str:
    """One line for each name, with its points (x, y); both above 0."""
    frame = Frame(lines)
    parts = [text(WIDTH / 2, 22, title, more='font-weight="bold"'), text(WIDTH / 2 - 40, HEIGHT - 8, x_name)]
    for tick in frame.y_ticks():
        at = frame.y(tick)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
        parts.append(text(LEFT - 8, at + 4, f"{tick:,g}", "end"))
    for value in sorted({x for line in lines.values() for x, _ in line}):
        parts.append(text(frame.x(value), HEIGHT - BOTTOM + 18, f"{value:,.0f}"))
    for number, (name, line) in enumerate(lines.items()):
        parts += drawn(frame, name, line, COLOURS[number % len(COLOURS)])
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}"'
    style = 'font-family="sans-serif" font-size="12" fill="#333"><rect width="100%" height="100%" fill="#fff"/>'
    return f"{head} {style}\n" + "\n".join(parts) + "\n</svg>\n"


def write(name: str, title: str, x_name: str, lines: Mapping[str, Line]) -> None:
    (DOCS / name).write_text(svg(title, x_name, lines), encoding="utf-8")


def write_growth(points: Sequence[tuple[float, float, float]]) -> None:
    """`points`: users, jobs per second, p95 in seconds."""
    lines = {"jobs per second": [(x, y) for x, y, _ in points], "p95 (s)": [(x, y) for x, _, y in points]}
    write("performance-users.svg", "Provider 0.5 s, one worker of 64 threads", "users at once", lines)
