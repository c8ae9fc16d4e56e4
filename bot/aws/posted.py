"""Alarms that SNS posts to us over HTTPS, where there is no queue: believed only with SNS's own signature.

What is signed is rebuilt from the message; the certificate is fetched only from SNS's own host in our region. A
subscription is confirmed by a person: its address is never fetched.
"""

import base64
import binascii
import logging
import re
import threading
from collections.abc import Callable, Mapping

from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, HTTPClientError
from botocore.httpsession import URLLib3Session
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509 import load_pem_x509_certificate

from bot.domain.action import shown
from bot.domain.alarm import MOST_CHARACTERS, AlarmNotice, alarm_notice
from bot.domain.metrics import ALARMS_REFUSED, measured
from bot.domain.strictjson import parse_object
from bot.domain.value import JsonObject
from bot.errors import EdgeError, InvalidError, UnavailableError

log = logging.getLogger(__name__)

FETCH_TIMEOUT_S = 3
MOST_CERTIFICATE = 16_384  # bytes
MOST_CERTIFICATES = 8
_SIGNED: Mapping[str, tuple[str, ...]] = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_HASHES = {"1": SHA1, "2": SHA256}

Fetch = Callable[[str], bytes]
Answer = tuple[str, str]
"""HTTP status and words."""


class PostedAlarms:
    """Take what SNS posts; each message is accepted before it is answered, and comes again if it was not."""

    def __init__(
        self,
        *,
        region: str,
        topic_arns: frozenset[str],
        ours: Callable[[AlarmNotice], AlarmNotice],
        accept: Callable[[AlarmNotice], None],
        fetch: Fetch | None = None,
    ) -> None:
        """Take who says whether an alarm is ours, and what keeps it."""
        host = re.escape(f"sns.{region}.amazonaws.com")
        self._certificate = re.compile(rf"https://{host}/SimpleNotificationService-[0-9a-f]{{16,64}}\.pem", re.ASCII)
        self._topic_arns = topic_arns
        self._ours = ours
        self._accept = accept
        self._fetch = fetch or fetched
        self._guard = threading.Lock()
        self._keys: dict[str, RSAPublicKey] = {}

    def __call__(self, body: bytes) -> Answer:
        """Return what SNS is answered; only a 2xx keeps it from posting the same again."""
        try:
            return self._taken(body)
        except InvalidError as error:
            told = measured((ALARMS_REFUSED, 1), Why="not_ours")
            log.warning("A posted message was refused.", extra={"reason": error.words, **told})
            return "400 Bad Request", "Refused"
        except EdgeError as error:
            log.warning("A posted message could not be checked or kept; it comes again.", extra={"why": error.words})
            return "503 Service Unavailable", "Try again"

    def _taken(self, body: bytes) -> Answer:
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InvalidError("It is not UTF-8.") from error
        message = parse_object(text, most=MOST_CHARACTERS)
        topic = _text(message, "TopicArn")
        if topic not in self._topic_arns:
            raise InvalidError(f"It came through the topic {shown(topic)}, which is not one of ours.")
        self._verify(message)
        if message.get("Type") == "SubscriptionConfirmation":
            told = {"topic": topic, "with": _text(message, "Token")}  # a field named like a secret is not logged
            log.warning("A topic wants to post here; confirm it with: aws sns confirm-subscription.", extra=told)
            return "200 OK", "A person confirms this"
        self._accept(self._ours(alarm_notice(text)))
        return "200 OK", "Accepted"

    def _verify(self, message: JsonObject) -> None:
        names = _SIGNED.get(_text(message, "Type"))
        hashed = _HASHES.get(_text(message, "SignatureVersion"))
        if names is None or hashed is None:
            raise InvalidError("It is of a type, or signed in a way, that SNS does not use for alarms.")
        signed = "".join(f"{name}\n{_text(message, name)}\n" for name in names if name in message).encode()
        try:
            signature = base64.b64decode(_text(message, "Signature"), validate=True)
            self._key(_text(message, "SigningCertURL")).verify(signature, signed, PKCS1v15(), hashed())
        except (InvalidSignature, binascii.Error, ValueError) as error:
            raise InvalidError("Its signature is not SNS's.") from error

    def _key(self, url: str) -> RSAPublicKey:
        if not self._certificate.fullmatch(url):
            raise InvalidError(f"Its signing certificate is said to be at {shown(url)}, which is not SNS.")
        with self._guard:
            known = self._keys.get(url)
        if known is not None:
            return known
        key = load_pem_x509_certificate(self._fetch(url)).public_key()
        if not isinstance(key, RSAPublicKey):
            raise InvalidError("Its signing certificate holds no RSA key.")
        with self._guard:
            if len(self._keys) >= MOST_CERTIFICATES:
                self._keys.clear()
            self._keys[url] = key
        return key


def fetched(url: str) -> bytes:
    """Return a certificate from SNS's own host, over verified TLS, without following redirects.

    Raises:
        UnavailableError: it did not come.
    """
    try:
        answer = URLLib3Session(timeout=FETCH_TIMEOUT_S).send(AWSRequest(method="GET", url=url).prepare())
    except (BotoCoreError, HTTPClientError, OSError) as error:
        raise UnavailableError("SNS did not give its certificate.") from error
    if answer.status_code != 200 or len(answer.content) > MOST_CERTIFICATE:
        raise UnavailableError(f"SNS answered {answer.status_code} for its certificate.")
    return bytes(answer.content)


def _text(message: JsonObject, name: str) -> str:
    value = message.get(name)
    return value if isinstance(value, str) else ""
