"""Whom a new message would notify, and why. Pure; edits and ephemerals never come here."""

import re
from collections.abc import Iterable, Iterator

from bot.workbench.slack.events import Payload
from bot.workbench.slack.workspace import Channel, Workspace

_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_GROUP = re.compile(r"<!subteam\^(S[A-Z0-9]+)(?:\|[^>]*)?>")
_EVERYBODY = re.compile(r"<!(?:here|channel|everyone)(?:\|[^>]*)?>")


def notified(
    message: Payload, *, channel: Channel, workspace: Workspace, thread: Iterable[Payload]
) -> tuple[tuple[str, str], ...]:
    """Return (person, why) for everybody the message would notify; why is the strongest reason.

    Only members of the channel are notified, the author and bots never. With blocks, the mentions that
    count are those in the blocks: the top-level text is then only the words of the push message.
    """
    words = " ".join(spoken(message))
    groups = [group for group in workspace.groups if group.id in _GROUP.findall(words) and not group.disabled]
    followers = _followers(thread)
    found: list[tuple[str, str]] = []
    for member in channel.members:
        human = workspace.account(member)
        if human is None or human.is_bot or human.deleted or member == message.get("user"):
            continue
        if member in _PERSON.findall(words) or (_EVERYBODY.search(words) and not channel.is_im):
            found.append((member, "mention"))
        elif any(member in group.members for group in groups):
            found.append((member, "group"))
        elif channel.is_im:
            found.append((member, "dm"))
        elif message.get("thread_ts") and member in followers:
            found.append((member, "thread"))
    return tuple(found)


def spoken(message: Payload) -> Iterator[str]:
    """Yield the texts in which a mention counts."""
    blocks = message.get("blocks") or []
    if not blocks:
        yield str(message.get("text", ""))
    for block in blocks:
        yield from _texts(block)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        yield from _own_texts(value)
        for key in ("text", "fields", "elements", "title", "label"):
            yield from _texts(value.get(key))


def _own_texts(value: Payload) -> Iterator[str]:
    kind = value.get("type")
    if kind in ("mrkdwn", "markdown"):
        yield str(value.get("text", ""))
    elif kind == "user":
        yield f"<@{value.get('user_id')}>"
    elif kind == "usergroup":
        yield f"<!subteam^{value.get('usergroup_id')}>"
    elif kind == "broadcast":
        yield f"<!{value.get('range')}>"


def _followers(thread: Iterable[Payload]) -> set[str]:
    found: set[str] = set()
    for message in thread:
        found.add(str(message.get("user")))
        found.update(_PERSON.findall(" ".join(spoken(message))))
    return found
