"""Put together what `check --live` looks with: the gate, the bot's own queues, and Slack where a token is set."""

from collections.abc import Callable
from datetime import UTC, datetime

from bot.actions.catalogue import CATALOGUE
from bot.anchoring import plumbing_of
from bot.aws.clients import Credentials, refuse_redirects
from bot.aws.cloud import AwsCloud
from bot.domain.action import Looking
from bot.domain.reading import read_runbook
from bot.records.library import FolderLibrary
from bot.settings import Settings, environment
from bot.usecases.drift import Found, Survey


def survey(
    settings: Settings,
    *,
    endpoint_url: str | None = None,
    credentials: Credentials | None = None,
    members: Callable[[str], frozenset[str]] | None = None,
) -> Found:
    """Return what settings and runbooks name and the account does not have; nothing is changed, nothing is kept.

    Args:
        endpoint_url: where AWS is, when it is not the real one; neither environment nor bot.toml can set it.
        members: who is in a role; None asks Slack if there is a token.

    Raises:
        UnavailableError: AWS or Slack did not answer.
    """
    if endpoint_url is None:
        refuse_redirects(environment())
    platform = settings.the_platform()
    cloud = AwsCloud(catalogue=CATALOGUE, platform=platform, endpoint_url=endpoint_url, credentials=credentials)
    plumbing = plumbing_of(settings, endpoint_url=endpoint_url, credentials=credentials)
    try:
        return Survey(
            look=Looking(catalogue=CATALOGUE, platform=platform, perform=cloud.look),
            runbooks=FolderLibrary(settings.runbooks, read=read_runbook).runbooks(),
            policy=settings.the_policy(),
            belongings=plumbing,
            members=members or _members(settings),
            now=datetime.now(UTC),  # noqa: TID251 - no records, so no clock of theirs; it only bounds a minute of log
        ).found()
    finally:
        cloud.close()
        plumbing.close()


def _members(settings: Settings) -> Callable[[str], frozenset[str]] | None:
    token = settings.slack.bot_token.get_secret_value()
    if not token:
        return None
    from bot.slack.chat import web_client  # noqa: PLC0415 - Slack's client is loaded only where there is a token
    from bot.slack.directory import SlackDirectory, patient  # noqa: PLC0415 - see above

    client = patient(web_client(token, base_url=None))
    return SlackDirectory(client=client, policy=settings.the_policy(), team=settings.slack.team).members
