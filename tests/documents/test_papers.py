import io
import re
import subprocess
import sys
from pathlib import Path

from docx import Document

from bot.documents.chart import alt
from bot.documents.page import page
from bot.documents.painting import png
from bot.documents.word import word
from bot.domain.postmortem.markdown import written
from tests.documents.scene import chart
from tests.domain.postmortem.inc7 import document

MARKDOWN = written(document())


def test_a_page_links_every_mark_to_its_row() -> None:
    made = page(MARKDOWN)

    wanted, there = set(re.findall(r'href="#(e\d+)"', made)), set(re.findall(r'<tr id="(e\d+)">', made))
    assert wanted == {"e1", "e2", "e3", "e4", "e5", "e6", "e7"}
    assert wanted <= there
    assert "&lt;a id" not in made


def test_a_mark_in_somebodys_words_is_no_link_and_no_tag_is_let_through() -> None:
    hostile = document().model_copy(update={"title": "<script>alert(1)</script> [E1] \ue000E1\ue001"})

    made = page(written(hostile))

    assert "<script" not in made
    assert "<title>INC-7 · &lt;script" in made
    heading = made.partition("<h1>")[2].partition("</h1>")[0]
    assert "href" not in heading
    assert "| [E1] *twice*" in made


def test_a_page_needs_nothing_else_and_runs_nothing() -> None:
    made = page(MARKDOWN, picture=png(chart()), alt='a "peak" & more')

    assert "default-src 'none'" in made
    assert set(re.findall(r'(?:src|href)="([a-z]+:)', made)) <= {"data:", "https:"}
    assert 'alt="a &quot;peak&quot; &amp; more"' in made
    assert made.index("<img") < made.index("<h2>")


def test_a_word_file_holds_headings_sentences_tables_and_the_picture_with_its_words() -> None:
    made = Document(io.BytesIO(word(MARKDOWN, picture=png(chart()), alt=alt(chart()))))

    said = [one.text for one in made.paragraphs]
    assert said[0] == "INC-7 · transactions load halted"
    assert "612 of 10,000 rows went to quarantine. [E3]" in said
    assert alt(chart()) in said
    assert [len(table.rows) for table in made.tables] == [5, 8]
    assert made.tables[0].rows[3].cells[1].text == "Q-9 approved as platform."
    assert len(made.inline_shapes) == 1


def test_what_can_be_opened_can_be_opened_from_word_and_nothing_that_is_no_web_address() -> None:
    link = "https://lake.example/archives/C1/p1?thread_ts=1.2&cid=C1"
    first, *others = document().timeline
    told = document().model_copy(update={"timeline": (first.model_copy(update={"link": link}), *others)})

    made = Document(io.BytesIO(word(written(told) + "\n[run](javascript:alert) [open](file:///etc/passwd)\n")))

    (opened,) = made.tables[0].rows[1].cells[3].paragraphs[0].hyperlinks
    assert (opened.text, opened.url) == (first.source, link)
    assert {one.url for paragraph in made.paragraphs for one in paragraph.hyperlinks} == {""}


def test_a_mark_in_a_word_file_leads_to_its_row() -> None:
    made = Document(io.BytesIO(word(MARKDOWN)))

    wanted = {one.fragment for paragraph in made.paragraphs for one in paragraph.hyperlinks}
    there = {str(name) for name in made.element.xpath("//w:tc//w:bookmarkStart/@w:name")}
    assert wanted == {"e1", "e2", "e3", "e4", "e5", "e6", "e7"}
    assert wanted <= there
    assert "<a id" not in "".join(cell.text for row in made.tables[1].rows for cell in row.cells)


def test_a_word_file_takes_any_text() -> None:
    hostile = document().model_copy(update={"title": "a\x00b\x1b <w:p/> &amp;"})

    made = Document(io.BytesIO(word(written(hostile))))

    assert "<w:p/>" in made.paragraphs[0].text


def test_the_painter_and_the_writer_are_loaded_only_when_something_is_drawn() -> None:
    code = "import sys, bot.documents.chart, bot.cli; print({'PIL', 'docx'} & set(sys.modules))"

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2], check=True
    )

    assert done.stdout.strip() == "set()"
