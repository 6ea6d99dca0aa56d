"""Pictograms inside the page: Font Awesome's, read from its package; a picture's size in words and as an outline."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

DRAWING = re.compile(r'viewBox="([\d. ]+)".*?(<path .*)</svg>', re.DOTALL)
LONG_SIDE = 20


@lru_cache(maxsize=256)
def drawing(name: str) -> tuple[str, str]:
    """The view box and the paths of an icon. Raises FileNotFoundError for a name that the package does not have."""
    svg = files("fontawesome") / "static" / "fontawesome" / "svgs" / "solid" / f"{name}.svg"
    found = DRAWING.search(svg.read_text(encoding="utf-8"))
    if not found:
        raise ValueError(f"{name}.svg is not a drawing that can be put into a page")
    return found[1], found[2]


@register.simple_tag
def icon(name: str) -> SafeString:
    """`{% icon "star" %}`: for the eye only, as tall as the text around it."""
    box, paths = drawing(name)
    return format_html(
        '<svg class="icon" width="20" height="16" viewBox="{}" fill="currentColor" aria-hidden="true">{}</svg>',
        box,
        mark_safe(paths),  # noqa: S308  the package's own file
    )


@register.simple_tag
def icon_sheet(names: str) -> SafeString:
    """`{% icon_sheet "star pen" %}`: icons that `icon_ref` shows as often as a page needs them."""
    symbols = format_html_join(
        "",
        '<symbol id="icon-{}" viewBox="{}">{}</symbol>',
        ((name, box, mark_safe(paths)) for name in names.split() for box, paths in [drawing(name)]),  # noqa: S308
    )
    return format_html('<svg class="icon-sheet" width="0" height="0" aria-hidden="true">{}</svg>', symbols)


@register.simple_tag
def icon_ref(name: str) -> SafeString:
    """`{% icon_ref "star" %}`: an icon of the page's `icon_sheet`."""
    return format_html(
        '<svg class="icon" width="20" height="16" fill="currentColor" aria-hidden="true"><use href="#icon-{}"/></svg>',
        name,
    )


@register.filter
def sides(size: str) -> str:
    """`{{ "832x1216"|sides }}`: as people read it, "832 × 1216"."""
    return str(size).replace("x", " × ")


@register.simple_tag
def shape(size: str) -> SafeString:
    """`{% shape "832x1216" %}`: the outline of a picture of that size."""
    width, height = (int(side) for side in size.split("x"))
    scale = LONG_SIDE / max(width, height, 1)
    wide, tall = round(width * scale, 1), round(height * scale, 1)
    return format_html(
        '<svg class="shape" width="24" height="24" viewBox="0 0 24 24" aria-hidden="true">'
        '<rect x="{}" y="{}" width="{}" height="{}" rx="2"/></svg>',
        (24 - wide) / 2,
        (24 - tall) / 2,
        wide,
        tall,
    )
