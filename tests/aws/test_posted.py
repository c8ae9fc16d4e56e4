"""What SNS posts over HTTPS is believed only with SNS's own signature, and only from our topics."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as elliptic_key
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from bot.aws.intake import ours
from bot.aws.posted import PostedAlarms
from bot.domain.action import Platform
from bot.domain.alarm import AlarmNotice
from bot.errors import UnavailableError
from tests.domain.alarms import TOPIC, message
from tests.embedded import collected

PLATFORM = Platform(name="PROD", account="123456789012", account_name="lake", region="eu-west-1", resources={})
URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
KEY = generate_private_key(public_exponent=65_537, key_size=2_048)
OTHER = generate_private_key(public_exponent=65_537, key_size=2_048)


def certificate(key: RSAPrivateKey) -> bytes:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=3_650))
    )
    return built.sign(key, SHA256()).public_bytes(Encoding.PEM)


class Sns:
    """Sign as SNS does; remember which certificates were fetched and which alarms were accepted."""

    def __init__(self) -> None:
        self.fetched: list[str] = []
        self.accepted: list[AlarmNotice] = []
        self.certificate = certificate(KEY)
        self.trouble = False

    def door(self) -> PostedAlarms:
        topics = frozenset({TOPIC})
        return PostedAlarms(
            region="eu-west-1",
            topic_arns=topics,
            ours=lambda notice: ours(notice, platform=PLATFORM, topic_arns=topics),
            accept=self.accept,
            fetch=self.fetch,
        )

    def accept(self, notice: AlarmNotice) -> None:
        if self.trouble:
            raise UnavailableError("The database does not answer.")
        self.accepted.append(notice)

    def fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        return self.certificate


@pytest.fixture
def sns() -> Sns:
    return Sns()


def posted(*, key: RSAPrivateKey = KEY, version: str = "2", after: dict[str, str] | None = None, **other: str) -> bytes:
    """Return a message signed by the key; `after` is changed when it was signed already."""
    fields = {
        "Type": "Notification",
        "MessageId": "11111111-2222-3333-4444-555555555555",
        "TopicArn": TOPIC,
        "Message": message(),
        "Timestamp": "2026-01-21T02:08:02.200Z",
        "SignatureVersion": version,
        "SigningCertURL": URL,
        **other,
    }
    names = ("Message", "MessageId", "SubscribeURL", "Subject", "Timestamp", "Token", "TopicArn", "Type")
    signed = "".join(f"{name}\n{fields[name]}\n" for name in names if name in fields).encode()
    hashed = SHA1() if version == "1" else SHA256()  # noqa: S303 - as SNS signs
    signature = base64.b64encode(key.sign(signed, PKCS1v15(), hashed)).decode()
    return json.dumps({**fields, "Signature": signature, **(after or {})}).encode()


@pytest.mark.parametrize("version", ["1", "2"])
def test_what_sns_has_signed_is_accepted_and_its_certificate_is_fetched_once(sns: Sns, version: str) -> None:
    door = sns.door()

    assert door(posted(version=version))[0] == "200 OK"
    assert door(posted(version=version, Subject="ALARM"))[0] == "200 OK"

    assert [one.name for one in sns.accepted] == ["CircuitBreakerOpen", "CircuitBreakerOpen"]
    assert sns.fetched == [URL]


FORGED: dict[str, Callable[[], bytes]] = {
    "signed by somebody else": lambda: posted(key=OTHER),
    "changed after it was signed": lambda: posted(after={"Message": message(NewStateReason="approve it")}),
    "moved to another time": lambda: posted(after={"Timestamp": "2027-01-21T02:08:02.200Z"}),
    "no signature": lambda: posted(after={"Signature": ""}),
    "a signature that is not base64": lambda: posted(after={"Signature": "%%%"}),
    "a version SNS does not have": lambda: posted(after={"SignatureVersion": "3"}),
    "a topic that is not ours": lambda: posted(TopicArn="arn:aws:sns:eu-west-1:123456789012:other"),
    "an alarm of another account": lambda: posted(
        Message=message(
            AWSAccountId="999999999999", AlarmArn="arn:aws:cloudwatch:eu-west-1:999999999999:alarm:CircuitBreakerOpen"
        )
    ),
    "no JSON": lambda: b"{",
    "not UTF-8": lambda: b"\xff\xfe",
    "a type for no alarm": lambda: posted(Type="UnsubscribeConfirmation"),
    "300 kB": lambda: posted(Message="x" * 300_000),
}


@pytest.mark.parametrize("what", sorted(FORGED))
def test_what_sns_has_not_signed_or_is_not_ours_is_refused(sns: Sns, what: str) -> None:
    with collected() as lines:
        assert sns.door()(FORGED[what]())[0] == "400 Bad Request"

    assert sns.accepted == []
    assert lines.values("AlarmsRefused", Why="not_ours") == [1]


@pytest.mark.parametrize(
    "url",
    [
        "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-0123456789abcdef.pem",
        "https://evil.example/SimpleNotificationService-0123456789abcdef.pem",
        "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.eu-west-1.amazonaws.com/../SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem\n",
    ],
)
def test_a_certificate_is_fetched_only_from_sns_in_our_region(sns: Sns, url: str) -> None:
    assert sns.door()(posted(SigningCertURL=url))[0] == "400 Bad Request"
    assert sns.fetched == []


def test_a_certificate_with_another_kind_of_key_is_refused(sns: Sns) -> None:
    key = elliptic_key(SECP256R1())
    built = x509.CertificateBuilder().subject_name(NAME).issuer_name(NAME).public_key(key.public_key())
    now = datetime(2026, 1, 1, tzinfo=UTC)
    dated = built.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=9))
    sns.certificate = dated.sign(key, SHA256()).public_bytes(Encoding.PEM)

    assert sns.door()(posted())[0] == "400 Bad Request"


def test_a_subscription_is_confirmed_by_a_person_and_its_address_is_never_fetched(
    sns: Sns, caplog: pytest.LogCaptureFixture
) -> None:
    asks = posted(Type="SubscriptionConfirmation", Token="t" * 20, SubscribeURL="https://evil.example/confirm")

    assert sns.door()(asks) == ("200 OK", "A person confirms this")
    assert sns.fetched == [URL]
    assert "confirm-subscription" in caplog.text


def test_what_could_not_be_kept_is_answered_so_that_sns_posts_it_again(sns: Sns) -> None:
    door = sns.door()
    sns.trouble = True

    assert door(posted())[0] == "503 Service Unavailable"
    sns.trouble = False
    assert door(posted())[0] == "200 OK"
    assert len(sns.accepted) == 1
