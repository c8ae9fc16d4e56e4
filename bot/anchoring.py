"""The bot's own calls to AWS and the audit's anchors, as the settings name them; loads neither Slack nor the executor.

The bot and `audit verify` both begin here, so that both read the same anchors.
"""

from datetime import timedelta
from pathlib import Path

from bot.aws.clients import Credentials
from bot.aws.plumbing import Plumbed, Plumbing
from bot.domain.audit import TextsOf, Verification
from bot.errors import NotAllowedError
from bot.records.anchors import Anchors, NamedAnchors, folder_anchors
from bot.records.ledger import verify_store
from bot.records.signing import Signer, put_in_place, signer_at, trust_key, trusted_keys
from bot.records.store import Store
from bot.settings import Settings

IN_S3 = "s3://"
ALIVE = timedelta(seconds=10)
"""Who has beaten within so long is taken for alive."""


def plumbing_of(
    settings: Settings, *, endpoint_url: str | None = None, credentials: Credentials | None = None
) -> Plumbing:
    """Return the bot's own calls, on the resources the settings name."""
    platform = settings.the_platform()
    bucket, _, prefix = settings.records.anchors_in_s3.removeprefix(IN_S3).partition("/")
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
    if settings.records.anchors_in_s3:
        return NamedAnchors(put=plumbing.anchor, names=plumbing.anchor_names, get=plumbing.read_anchor)
    return folder_anchors(Path(settings.records.anchors))


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


def rotate_key(settings: Settings) -> tuple[Signer, Path]:
    """Have the audit go on with a new key, and put it in the old one's place; cut off, the next call finishes it.

    Returns:
        The new key, and the file where the old one lies now.

    Raises:
        NotFoundError: no bot was ever started on these records, or the old key's file is not there.
        NotAllowedError: a bot is alive on them, which would go on with the old key; or the file holds another key.
    """
    records = settings.records
    before = Store.read_only(records.url)
    try:
        living = before.living(within=ALIVE)
    finally:
        before.close()
    if living:
        raise NotAllowedError(f"{len(living)} alive on these records, with the old key. Stop it first, then rotate.")
    old = signer_at(records.signing_key, trust=None)
    draft = records.signing_key.with_name(f"{records.signing_key.name}.new")
    plumbing = plumbing_of(settings)
    try:
        store = Store.open(records.url, signer=old, anchors=anchors_of(settings, plumbing))
        try:
            new = _next_key(store, draft, trust=records.trusted_keys)
            store.ledger.rotate(new)
        finally:
            store.close()
    finally:
        plumbing.close()
    return new, put_in_place(draft, records.signing_key, aside=old.key)


def _next_key(store: Store, draft: Path, *, trust: Path) -> Signer:
    """Return the drafted key, made and trusted only once the old one is known to be the audit's."""
    brought_in = draft.exists() and store.ledger.goes_on_with(signer_at(draft, trust=None))
    if not brought_in:
        store.ledger.insist_own_key()
    new = signer_at(draft, trust=trust)
    trust_key(trust, new.public)
    return new


def texts_of(settings: Settings, person: str) -> TextsOf:
    """Return which private texts of the audit are a person's, reading only."""
    store = Store.read_only(settings.records.url)
    try:
        return store.ledger.texts_of(person)
    finally:
        store.close()


def erase_texts(settings: Settings, person: str, *, reason: str) -> TextsOf:
    """Erase the private texts of the audit that are a person's, and return which they were.

    Raises:
        NotFoundError: no bot was ever started on these records, or the audit's key is not there.
        NotAllowedError: a bot is alive on records in SQLite, which one process alone may write.
    """
    records = settings.records
    texts_of(settings, person)  # before records are made where there are none
    signer = signer_at(records.signing_key, trust=None)
    plumbing = plumbing_of(settings)
    try:
        store = Store.open(records.url, signer=signer, anchors=anchors_of(settings, plumbing))
        try:
            return store.ledger.erase(person, reason=reason)
        finally:
            store.close()
    finally:
        plumbing.close()
