"""Who and what is in the local Slack: people, groups, channels, commands and the app. Values only."""

from bot.domain.value import Value

DEFAULT_EVENTS = frozenset(
    {
        "app_home_opened",
        "app_mention",
        "message.im",
        "pin_added",
        "pin_removed",
        "reaction_added",
        "reaction_removed",
    }
)


class Human(Value):
    """Describe one account; bots and guests are accounts too."""

    id: str
    name: str
    real_name: str
    team_id: str | None = None
    """None: this workspace; else the team of somebody from outside."""
    is_bot: bool = False
    is_guest: bool = False
    deleted: bool = False
    note: str = ""
    tz: str = "Europe/Amsterdam"


SLACKBOT = Human(id="USLACKBOT", name="slackbot", real_name="Slackbot", is_bot=True)
"""Who says that a command failed; no app can look it up."""


class Group(Value):
    """Describe a user group; its handle is what people type after the @."""

    id: str
    handle: str
    name: str
    members: tuple[str, ...] = ()
    disabled: bool = False


class Channel(Value):
    """Describe a channel or a direct message with the bot."""

    id: str
    name: str
    members: tuple[str, ...] = ()
    is_private: bool = False
    is_im: bool = False
    is_ext_shared: bool = False
    environment_note: str = ""


class Command(Value):
    """Describe one registered slash command; with `escapes` a mention typed after it reaches the app as an id."""

    command: str
    usage: str = ""
    description: str = ""
    escapes: bool = False


class BotApp(Value):
    """Describe the installed app and what it subscribes to."""

    app_id: str = "A0RUNBOOK"
    bot_id: str = "B0RUNBOOK"
    user_id: str = "U0RUNBOOK"
    name: str = "runbook-bot"
    events: frozenset[str] = DEFAULT_EVENTS


class Workspace(Value):
    """Hold everything the local Slack is started with."""

    team_id: str = "T0LAKE"
    team_name: str = "Lake"
    domain: str = "lake"
    app: BotApp = BotApp()
    people: tuple[Human, ...] = ()
    groups: tuple[Group, ...] = ()
    channels: tuple[Channel, ...] = ()
    commands: tuple[Command, ...] = ()

    def accounts(self) -> tuple[Human, ...]:
        """Return everybody, the app's own bot user first."""
        app = self.app
        own = Human(id=app.user_id, name=app.name, real_name=app.name, is_bot=True)
        return (own, *self.people)

    def account(self, user_id: str) -> Human | None:
        """Return the account with that id, or None."""
        return next((human for human in self.accounts() if human.id == user_id), None)

    def group(self, name: str) -> Group | None:
        """Return the group with that id or handle, or None."""
        return next((group for group in self.groups if name in (group.id, group.handle)), None)

    def rooms(self) -> tuple[Channel, ...]:
        """Return the channels, then one direct message with the bot per human."""
        return (*self.channels, *(self.direct(human.id) for human in self.people if not human.is_bot))

    def direct(self, user_id: str) -> Channel:
        """Return the direct message between that person and the bot."""
        members = (user_id, self.app.user_id)
        return Channel(id=f"D{user_id[1:]}", name="directmessage", members=members, is_im=True)

    def channel(self, name: str) -> Channel | None:
        """Find a room by id, by #name, or by the id of the person on the other side."""
        plain = name.removeprefix("#")
        for room in self.rooms():
            if room.id == name or (not room.is_im and room.name == plain):
                return room
            if room.is_im and room.members[0] == name:
                return room
        return None

    def handles_of(self, user_id: str) -> tuple[str, ...]:
        """Return the handles of the groups that person is in."""
        return tuple(group.handle for group in self.groups if user_id in group.members)

    def with_group(self, handle: str, members: tuple[str, ...]) -> "Workspace":
        """Return the workspace with that group's members replaced."""
        groups = tuple(
            group.model_copy(update={"members": members}) if group.handle == handle else group for group in self.groups
        )
        return self.model_copy(update={"groups": groups})

    def with_channel(self, channel: Channel) -> "Workspace":
        """Return the workspace with that channel added or replaced."""
        others = tuple(known for known in self.channels if known.id != channel.id)
        return self.model_copy(update={"channels": (*others, channel)})
