"""A post-mortem's Markdown as a Word file. The only module that imports python-docx."""

import io
import re
from collections.abc import Iterator, Sequence

from docx import Document
from docx.document import Document as Paper
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Inches, Pt
from docx.text.paragraph import Paragraph
from markdown_it import MarkdownIt
from markdown_it.token import Token

PICTURE_WIDTH = Inches(6.2)
_ANCHOR = re.compile(r'<a id="([de]\d{1,5})"></a>')


def word(markdown: str, *, picture: bytes = b"", alt: str = "") -> bytes:
    """Return the file; a picture stands under the heading, with what it shows beneath it."""
    paper = Document()
    paper.styles["Normal"].font.size = Pt(10.5)
    tokens = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).parse(markdown)
    _write(paper, tokens, picture, alt)
    kept = io.BytesIO()
    paper.save(kept)
    return kept.getvalue()


def _write(paper: Paper, tokens: Sequence[Token], picture: bytes, alt: str) -> None:
    style = ["Normal"]
    place = 0
    while place < len(tokens):
        token = tokens[place]
        match token.type:
            case "heading_open":
                _heading(paper, tokens[place + 1], int(token.tag[1:]))
            case "bullet_list_open":
                style.append("List Bullet")
            case "ordered_list_open":
                style.append("List Number")
            case "bullet_list_close" | "ordered_list_close":
                style.pop()
            case "paragraph_open":
                _inline(paper.add_paragraph(style=style[-1]), tokens[place + 1])
                if picture:
                    _picture(paper, picture, alt)
                    picture = b""
            case "fence" | "code_block":
                paper.add_paragraph(token.content.rstrip("\n"))
            case "table_open":
                end = next(at for at in range(place, len(tokens)) if tokens[at].type == "table_close")
                _table(paper, tokens[place:end])
                place = end
            case _:
                pass
        place += 1


def _heading(paper: Paper, inline: Token, level: int) -> None:
    _inline(paper.add_heading(level=min(level - 1, 4)), inline)


def _picture(paper: Paper, picture: bytes, alt: str) -> None:
    shape = paper.add_picture(io.BytesIO(picture), width=PICTURE_WIDTH)
    shape._inline.docPr.set("descr", alt)
    paper.add_paragraph(alt, style="Caption")


def _inline(paragraph: Paragraph, inline: Token) -> None:
    """Add the words of a line, each as bold, slanted or struck as it is; what has an address opens it."""
    on: set[str] = set()
    within = None
    for token in inline.children or ():
        match token.type:
            case "strong_open" | "em_open" | "s_open":
                on.add(token.tag)
            case "strong_close" | "em_close" | "s_close":
                on.discard(token.tag)
            case "link_open" if str(token.attrGet("href")).startswith(("https://", "http://", "#")):
                within = _hyperlink(paragraph, str(token.attrGet("href")))
            case "link_close":
                within = None
            case "text" if place := _ANCHOR.match(token.content):
                _bookmark(paragraph, place[1])
                paragraph.add_run(_allowed(token.content[place.end() :]))
            case "text" | "code_inline":
                content = _allowed(token.content)
                run = paragraph.add_run(
                    f"[{content}]" if within is not None and within.get(qn("w:anchor")) else content
                )
                if within is not None:
                    within.append(run._r)
                run.bold, run.italic, run.font.strike = "strong" in on, "em" in on, "s" in on
            case "softbreak" | "hardbreak":
                paragraph.add_run(" ")
            case _:
                pass


def _hyperlink(paragraph: Paragraph, address: str) -> BaseOxmlElement:
    """Return an element at the paragraph's end in which runs open the address; python-docx makes none itself.

    Args:
        address: of a page, or `#` and the name of a bookmark.
    """
    element: BaseOxmlElement = OxmlElement("w:hyperlink")
    if address.startswith("#"):
        element.set(qn("w:anchor"), address[1:])
    else:
        element.set(qn("r:id"), paragraph.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    paragraph._p.append(element)
    return element


def _bookmark(paragraph: Paragraph, name: str) -> None:
    """Put a bookmark at the paragraph's end; a place's number is the same in its name and in its id."""
    for tag in ("w:bookmarkStart", "w:bookmarkEnd"):
        element: BaseOxmlElement = OxmlElement(tag)
        element.set(qn("w:id"), f"{'de'.index(name[0]) + 1}{name[1:]}")
        if tag == "w:bookmarkStart":
            element.set(qn("w:name"), name)
        paragraph._p.append(element)


def _table(paper: Paper, tokens: Sequence[Token]) -> None:
    rows = list(_rows(tokens))
    if not rows:
        return
    table = paper.add_table(rows=0, cols=len(rows[0]), style="Light List Accent 1")
    for row in rows:
        cells = table.add_row().cells
        for cell, inline in zip(cells, row, strict=False):
            _inline(cell.paragraphs[0], inline)


def _rows(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    row: list[Token] = []
    for token in tokens:
        if token.type == "tr_open":
            row = []
        elif token.type == "inline":
            row.append(token)
        elif token.type == "tr_close":
            yield row


def _allowed(text: str) -> str:
    """Return the text without characters that XML cannot hold."""
    return "".join(character if character >= " " or character == "\t" else "\ufffd" for character in text)
