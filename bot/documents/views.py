"""A draft as files: one entry for each form, made when somebody wants it; what draws is loaded only then."""

from collections.abc import Callable, Mapping

from bot.documents.chart import alt
from bot.domain.chart import Chart
from bot.domain.postmortem.draft import Draft, DraftView
from bot.errors import UnavailableError


class DraftViews:
    """Satisfy the Documents port."""

    def picture(self, chart: Chart) -> DraftView:
        """Return a chart as a picture."""
        from bot.documents.painting import png  # noqa: PLC0415 - loaded when something is drawn

        return DraftView(ending="png", title=chart.title, data=png(chart), alt=alt(chart))

    def view(self, form: str, draft: Draft) -> DraftView:
        """Return the draft in that form.

        Raises:
            UnavailableError: there is no such form, or nothing to draw.
        """
        make = FORMS.get(form)
        if make is None:
            raise UnavailableError(f"A post-mortem cannot be made as {form!a}.")
        return make(draft)


def _titled(draft: Draft) -> str:
    return f"Post-mortem of {draft.label}, edition {draft.edition}"


def _markdown(draft: Draft) -> DraftView:
    return DraftView(ending="md", title=_titled(draft), text=draft.text)


def _json(draft: Draft) -> DraftView:
    whole = {"label", "title", "since", "until", "edition", "document", "edits", "struck", "seal"}
    told = draft.model_dump_json(include=whole)
    return DraftView(ending="json", title=_titled(draft), text=told)


def _chart(draft: Draft) -> DraftView:
    if draft.chart is None:
        raise UnavailableError(f"There is nothing to draw of {draft.label}.")
    return DraftView(ending="png", title=f"{draft.label} at a glance", data=_png(draft), alt=alt(draft.chart))


def _html(draft: Draft) -> DraftView:
    from bot.documents.page import page  # noqa: PLC0415 - loaded when somebody wants it

    told = alt(draft.chart) if draft.chart else ""
    return DraftView(ending="html", title=_titled(draft), text=page(draft.text, picture=_png(draft), alt=told))


def _docx(draft: Draft) -> DraftView:
    from bot.documents.word import word  # noqa: PLC0415 - loaded when somebody wants it

    told = alt(draft.chart) if draft.chart else ""
    return DraftView(ending="docx", title=_titled(draft), data=word(draft.text, picture=_png(draft), alt=told))


def _png(draft: Draft) -> bytes:
    from bot.documents.painting import png  # noqa: PLC0415 - loaded when somebody wants it

    return png(draft.chart) if draft.chart else b""


FORMS: Mapping[str, Callable[[Draft], DraftView]] = {
    "md": _markdown,
    "json": _json,
    "chart": _chart,
    "html": _html,
    "docx": _docx,
}
