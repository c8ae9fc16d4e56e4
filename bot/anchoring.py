"""The bot's own calls to AWS and the audit's anchors, as the settings name them; loads neither Slack nor the executor.

The bot and `audit verify` both begin here, so that both read the same anchors.
"""

from pathlib import Path

from bot.aws.clients import Credentials
from bot.aws.plumbing import Plumbed, Plumbing
from bot.domain.audit import Verification
from bot.records.anchors import Anchors, NamedAnchors, folder_anchors
from bot.records.ledger import verify_store
from bot.records.signing import trusted_keys
from bot.settings import Settings

IN_S3 = "s3://"


def plumbing_of(
    settings: Settings, *, endpoint_url: str | None = None, credentials: Credentials | None = None
) -> Plumbing:
    """Return the bot's own calls, on the resources the settings name."""
    platform = settings.the_platform()
    where = settings.records.anchors
    bucket, _, prefix = where.removeprefix(IN_S3).partition("/") if where.startswith(IN_S3) else ("", "", "")
    copy_bucket, _, copy_prefix = settings.records.published_copy.removeprefix(IN_S3).partition("/")
    plumbed = Plumbed(
        account=platform.account,
        region=platform.region,
        queue_url=settings.alarms.queue_url,
        dead_letter_url=settings.alarms.dead_letter_url,
        topics=frozenset(role.page_topic for role in settings.policy.roles.values() if role.page_topic),
        anchors_bucket=bucket or None,
        anchors_prefix=prefix or "audit/anchors/",
        published_bucket=copy_bucket or None,
        published_prefix=f"{copy_prefix.strip('/')}/" if copy_prefix.strip("/") else "",
    )
    return Plumbing(plumbed=plumbed, endpoint_url=endpoint_url, credentials=credentials)


def anchors_of(settings: Settings, plumbing: Plumbing) -> Anchors:
    """Return where the audit's anchors are kept: a folder, or an S3 prefix."""
    where = settings.records.anchors
    if where.startswith(IN_S3):
        return NamedAnchors(put=plumbing.anchor, names=plumbing.anchor_names, get=plumbing.read_anchor)
    return folder_anchors(Path(where))


def verify_audit(settings: Settings, *, every_signature: bool = False) -> Verification:
    """Return whether the audit is whole, by the trusted keys and the anchors, reading only."""
    plumbing = plumbing_of(settings)
    try:
        return verify_store(
            settings.records.url,
            keys=trusted_keys(settings.records.trusted_keys),
            anchors=anchors_of(settings, plumbing),
            every_signature=every_signature,
        )
    finally:
        plumbing.close()
