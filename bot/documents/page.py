"""A post-mortem's Markdown as one page of HTML that needs nothing else and runs nothing."""

import base64
import html
import re

from markdown_it import MarkdownIt

_STYLE = """
:root { color-scheme: light dark; }
body { font: 17px/1.55 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem;
  overflow-wrap: break-word; }
h1 { font-size: 1.7rem; line-height: 1.2; } h2 { margin-top: 2.2rem; border-bottom: 1px solid #8884; }
table { border-collapse: collapse; width: 100%; display: block; overflow-x: auto; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #8884; }
td:first-child { white-space: nowrap; } tr:target { background: #fc03; }
a[href^="#"] { font-size: .8em; text-decoration: none; } img { max-width: 100%; height: auto; }
em { opacity: .75; } s { opacity: .6; }
@media print { body { max-width: none; margin: 0; } table { display: table; } }
"""
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_ROW = re.compile(r"<tr>\s*<td>&lt;a id=&quot;[de]\d{1,5}&quot;&gt;&lt;/a&gt;([DE]\d{1,5})</td>")


def page(markdown: str, *, picture: bytes = b"", alt: str = "") -> str:
    """Return the page; marks link to their row of evidence, and a picture is part of the page.

    Args:
        picture: a PNG.
        alt: what it shows, in words.
    """
    body = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).render(markdown)
    body = _ROW.sub(lambda found: f'<tr id="{found[1].lower()}"><td>{found[1]}</td>', body)
    if picture:
        head, end, rest = body.partition("</p>")
        body = f"{head}{end}\n{_figure(picture, alt)}{rest}"
    title = html.escape(_title(markdown))
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )


def _figure(picture: bytes, alt: str) -> str:
    data = base64.b64encode(picture).decode("ascii")
    return f'<p><img src="data:image/png;base64,{data}" alt="{html.escape(alt, quote=True)}"></p>'


def _title(markdown: str) -> str:
    first = next((line for line in markdown.splitlines() if line.startswith("# ")), "# Post-mortem")
    return re.sub(r"\\(.)", r"\1", first[2:]).strip()
