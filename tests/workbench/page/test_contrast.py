"""The page's colours, as its style sheet has them: text and the edges of fields stand out from their ground."""

import re
from pathlib import Path

import pytest

from bot import workbench

SHEET = Path(workbench.__file__).parent / "page" / "styles" / "base.css"
TEXT, EDGE = 4.5, 3.0
"""What WCAG 2.2 AA asks for."""


def tokens(sheet: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", sheet))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("shown", "grounds", "least"),
    [
        ("ink", ("ground", "paper", "sunk"), TEXT),
        ("ink-2", ("ground", "paper", "sunk"), TEXT),
        ("ink-3", ("ground", "paper", "sunk", "accent-soft"), TEXT),
        ("link", ("ground", "paper", "sunk", "tag-soft"), TEXT),
        ("rail-ink", ("rail", "rail-here"), TEXT),
        ("rail-dim", ("rail",), TEXT),
        ("accent", ("paper", "accent-soft"), TEXT),
        ("accent-ink", ("accent",), TEXT),
        ("danger", ("paper",), TEXT),
        ("danger-ink", ("danger",), TEXT),
        ("warn-ink", ("warn-soft",), TEXT),
        ("good-ink", ("good-soft",), TEXT),
        ("tag-ink", ("tag-soft",), TEXT),
        ("code-ink", ("paper", "sunk"), TEXT),
        ("focus", ("ground", "paper", "sunk"), EDGE),
        ("edge", ("paper",), EDGE),
    ],
)
def test_what_is_shown_stands_out_from_its_ground(
    shown: str, grounds: tuple[str, ...], least: float, *, dark: bool
) -> None:
    light, _, other = SHEET.read_text(encoding="utf-8").partition("@media (prefers-color-scheme: dark)")
    colours = tokens(light) | (tokens(other) if dark else {})

    assert [ground for ground in grounds if contrast(colours[shown], colours[ground]) < least] == []
