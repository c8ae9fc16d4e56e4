"""A draft as files: one entry for each form, made when somebody wants it."""

from collections.abc import Callable, Mapping

from bot.domain.postmortem.draft import Draft, DraftView
from bot.errors import UnavailableError


class DraftViews:
    """Satisfy the Documents port."""

    def view(self, form: str, draft: Draft) -> DraftView:
        """Return the draft in that form.

        Raises:
            UnavailableError: there is no such form.
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
    told = draft.model_dump_json(include={"label", "title", "since", "until", "edition", "document", "edits", "seal"})
    return DraftView(ending="json", title=_titled(draft), text=told)


FORMS: Mapping[str, Callable[[Draft], DraftView]] = {"md": _markdown, "json": _json}
