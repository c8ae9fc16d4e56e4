"""A post-mortem as a Slack canvas, and a canvas read back: Slack takes Markdown and gives HTML.

A canvas bears a mark of what it said when it was written, its tables aside. Where its words give another mark somebody
has edited it, and it is not written over before that was taken in.
"""

import re
from hashlib import sha256
from html.parser import HTMLParser

from bot.domain.postmortem.importing import above, letters, parts
from bot.domain.postmortem.markdown import unanchored
from bot.errors import InvalidError

MOST_CELLS = 300  # of one table; Slack refuses the whole canvas for one more
MARK = re.compile(r"[*_]{0,2}A view of the draft; canvas mark ([0-9a-f]{16})[*_]{0,2}")
HEADINGS = {"h1": "# ", "h2": "## ", "h3": "### ", "h4": "### ", "h5": "### ", "h6": "### "}
_ROW = re.compile(r"\|\s*([DE]\d{1,5})\s*\|.*\]\((https?://[^()\s]+)\) \|")
_CITED = re.compile(r"(?<!\\)\[([DE]\d{1,5})\](?![(\[:])")
_A_MARK = re.compile(r"\[?([DE]\d{1,5})\]?")
_CELL = re.compile(r"(?<!\\)\|")


def canvas_of(text: str) -> str:
    """Return the text as Slack's canvases take it, with its mark at the end.

    A canvas has no places within it that could be led to, so `[E4]` opens there what its row of evidence opens.
    """
    lines: list[str] = []
    table: list[str] = []
    bare = unanchored(text)
    opens = {row[1]: row[2] for line in bare.splitlines() if (row := _ROW.fullmatch(line))}

    def opening(found: re.Match[str]) -> str:
        return f"[\\[{found[1]}\\]]({opens[found[1]]})" if found[1] in opens else found[0]

    for line in (*_CITED.sub(opening, bare).splitlines(), ""):
        if line.startswith("|"):
            table.append(line)
            continue
        lines += _tables(table)
        table = []
        lines.append(line.replace("![", "!\\["))  # a picture here is a mention or a card of something else
    return "\n".join(lines).rstrip() + f"\n\n---\n\n_A view of the draft; canvas mark {mark_of(text)}_\n"


def mark_of(text: str) -> str:
    """Return a mark of what stands there, tables and title aside: letters and digits count, how they are set does not.

    Raises:
        InvalidError: the text has a section twice.
    """
    told = (*above(text), *(line for title, body in parts(text).items() for line in (title, *body.splitlines())))
    words = "".join(letters(MARK.sub("", line)) for line in told if not line.lstrip().startswith("|"))
    return sha256(words.encode()).hexdigest()[:16]


def is_as_written(text: str) -> bool:
    """Return whether a canvas that was read back says what it said when it was written."""
    found = MARK.findall(text)
    try:
        return len(found) == 1 and mark_of(text) == found[0]
    except InvalidError:
        return False


def markdown_of(page: str) -> str:
    """Return a canvas's HTML as Markdown of the same words, without its mark's own line."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.text()


def unmarked(text: str) -> str:
    """Return a canvas's Markdown without its mark."""
    return MARK.sub("", text).rstrip() + "\n"


def _tables(rows: list[str]) -> list[str]:
    """Return a table as tables that are small enough, each with the head of the first."""
    if len(rows) < 3:
        return rows
    width = max(1, len(_CELL.split(rows[0])) - 2)
    most = max(1, MOST_CELLS // width - 1)
    found: list[str] = []
    for begin in range(2, len(rows), most):
        found += [*([""] if found else []), rows[0], rows[1], *rows[begin : begin + most]]
    return found


class _Reader(HTMLParser):
    """Gather lines of Markdown from the tags that a canvas is made of; what else there is counts as its text."""

    QUIET = frozenset({"head", "style", "script", "title"})
    SET = {"b": "**", "strong": "**", "i": "*", "em": "*", "s": "~~", "del": "~~", "strike": "~~", "code": "`"}

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line = ""
        self._lead = ""
        self._cells: list[str] | None = None
        self._headed = False
        self._quiet = 0
        self._links: list[tuple[str, int]] = []

    def text(self) -> str:
        """Return what was gathered."""
        self._end()
        return "\n".join(self._lines).strip() + "\n"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line, a cell or a setting."""
        known = dict(attrs)
        if tag in self.QUIET:
            self._quiet += 1
        elif tag in HEADINGS:
            self._begin(HEADINGS[tag])
        elif tag == "li":
            ticks = {"checked": "[x] ", "unchecked": "[ ] "}
            self._begin("- " + next((ticks[one] for one in (known.get("class") or "").split() if one in ticks), ""))
        elif tag in {"p", "div", "blockquote", "pre", "ul", "ol", "hr"}:
            if self._cells is None and not (self._lead and not self._line):
                self._begin("")
        elif tag == "br":
            self._line += " " if self._cells is not None or self._lead else "\n"
        elif tag == "table":
            self._begin("")
            self._headed = False
        elif tag == "tr":
            self._cells = []
            self._line = ""
        elif tag in self.SET:
            self._line += self.SET[tag]
        elif tag == "a":
            self._links.append((known.get("href") or "", len(self._line)))
            self._line += "["

    def handle_endtag(self, tag: str) -> None:
        """End it."""
        if tag in self.QUIET:
            self._quiet = max(0, self._quiet - 1)
        elif tag in {"td", "th"} and self._cells is not None:
            self._cells.append(" ".join(self._line.split()).replace("|", "\\|"))
            self._line = ""
        elif tag == "tr" and self._cells is not None:
            self._row(self._cells)
            self._cells = None
        elif tag in self.SET:
            self._line += self.SET[tag]
        elif tag == "a" and self._links:
            address, begin = self._links.pop()
            mark = _A_MARK.fullmatch(self._line[begin + 1 :].strip())
            self._line = f"{self._line[:begin]}[{mark[1]}]" if mark else f"{self._line}]({address})"
        elif tag in HEADINGS or tag in {"li", "p", "div", "blockquote", "pre", "table"}:
            self._close()

    def handle_data(self, data: str) -> None:
        """Take words."""
        if not self._quiet:
            self._line += data

    def _row(self, cells: list[str]) -> None:
        self._lines.append(f"| {' | '.join(cells)} |")
        if not self._headed:
            self._lines.append("|" + "---|" * len(cells))
        self._headed = True

    def _close(self) -> None:
        if self._cells is None:
            self._end()

    def _begin(self, lead: str) -> None:
        self._end()
        self._lead = lead
        if lead.startswith("#"):
            self._lines.append("")

    def _end(self) -> None:
        for line in self._line.splitlines():
            if line.strip():
                words = " ".join(line.split())
                self._lines.append(self._lead + re.sub(r"^\*([^*]+)\*$", r"_\1_", words))  # as prompts are set
                self._lead = ""
        if self._line.strip() and not self._lines[-1].startswith("- "):
            self._lines.append("")
        self._line, self._lead = "", ""
