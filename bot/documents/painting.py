"""A drawing as a PNG. The only module that imports Pillow; its own font comes with it, so no system font is needed."""

import io
from functools import cache
from typing import assert_never

from PIL import Image, ImageDraw, ImageFont

from bot.documents.chart import BADGE, SMALL, WIDTH, Area, Badge, Box, Drawing, Ink, Stroke, Words, drawn
from bot.domain.chart import Chart

FINE = 2  # painted so many times larger and made smaller: smooth edges
DASH = 14


def png(chart: Chart) -> bytes:
    """Return the chart as a PNG, 1,080 pixels wide."""
    drawing = drawn(chart)
    paper = Image.new("RGB", (WIDTH * FINE, drawing.height * FINE), Ink.PAPER)
    _paint(ImageDraw.Draw(paper), drawing)
    image = paper.resize((WIDTH, drawing.height), Image.Resampling.LANCZOS)
    kept = io.BytesIO()
    image.save(kept, format="PNG")
    return kept.getvalue()


def _paint(pen: ImageDraw.ImageDraw, drawing: Drawing) -> None:
    for mark in drawing.marks:
        match mark:
            case Box(x, y, right, bottom, ink):
                pen.rectangle([x * FINE, y * FINE, right * FINE, bottom * FINE], fill=ink.value)
            case Area(points, ink):
                pen.polygon([(x * FINE, y * FINE) for x, y in points], fill=ink.value)
            case Stroke():
                _stroke(pen, mark)
            case Words():
                _words(pen, mark)
            case Badge(x, y, number, ink):
                around = [(x - BADGE) * FINE, (y - BADGE) * FINE, (x + BADGE) * FINE, (y + BADGE) * FINE]
                pen.ellipse(around, fill=ink.value)
                _words(pen, Words(x, y, str(number), Ink.PAPER, size=SMALL, anchor="m", heavy=True))
            case _:
                assert_never(mark)


def _stroke(pen: ImageDraw.ImageDraw, mark: Stroke) -> None:
    width = round(mark.width * FINE)
    points = [(x * FINE, y * FINE) for x, y in mark.points]
    if not mark.dashed:
        pen.line(points, fill=mark.ink.value, width=width, joint="curve")
        return
    (x, y), (end, _) = points[0], points[-1]
    while x < end:
        pen.line([(x, y), (min(x + DASH * FINE, end), y)], fill=mark.ink.value, width=width)
        x += 2 * DASH * FINE


def _words(pen: ImageDraw.ImageDraw, mark: Words) -> None:
    pen.text(
        (mark.x * FINE, mark.y * FINE),
        mark.text,
        fill=mark.ink.value,
        font=_font(mark.size * FINE),
        anchor=f"{mark.anchor}m",
        stroke_width=FINE // 2 if mark.heavy else 0,
        stroke_fill=mark.ink.value if mark.heavy else None,
    )


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
