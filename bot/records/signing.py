"""The key that signs the audit, in a file; its public half is in a trust file elsewhere."""

import os
import re
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bot.domain.audit import key_id
from bot.errors import InvalidError, NotFoundError

_KEY_MODE = 0o600
_OTHERS = 0o077


class Signer:
    """Sign with one Ed25519 key."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw().hex()
        self.key = key_id(self.public)

    def sign(self, message: bytes) -> str:
        """Return the signature in hex."""
        return self._private.sign(message).hex()


def signer_at(path: Path, *, trust: Path | None) -> Signer:
    """Return the signer of a key file; the first start makes both files.

    Args:
        path: the key file.
        trust: gets the public key when the key is made; without it, none is made.

    Raises:
        InvalidError: the file can be read by others, or holds no key.
        NotFoundError: there is no such file, and none may be made.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        if trust is None:
            words = f"There is no key of the audit at {path}. Restore it from where you keep your secrets."
            raise NotFoundError(words) from None
        return _made(path, trust=trust)
    with os.fdopen(handle) as file:
        if os.fstat(file.fileno()).st_mode & _OTHERS:
            raise InvalidError(f"Others can read the audit's key: run chmod 600 {path}.")
        text = file.read().strip()
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise InvalidError(f"{path} holds no key of the audit. Restore it from where you keep your secrets.")
    return Signer(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text)))


def _made(path: Path, *, trust: Path) -> Signer:
    private = Ed25519PrivateKey.generate()
    signer = Signer(private)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _KEY_MODE), "w") as file:
        file.write(private.private_bytes_raw().hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # unlike a rename, never over a key that another process made meanwhile
    except FileExistsError:
        return signer_at(path, trust=trust)
    finally:
        draft.unlink()
    trust_key(trust, signer.public)
    return signer


def put_in_place(draft: Path, path: Path, *, aside: str) -> Path:
    """Put a drafted key in the place of the key file, which stays under another name; return that name.

    Args:
        aside: the id of the old key.
    """
    kept = path.with_name(f"{path.name}.{aside}")
    with suppress(FileExistsError):  # it was cut off right here before
        os.link(path, kept)
    draft.replace(path)
    return kept


def trust_key(trust: Path, public: str) -> None:
    """Add a public key to the trust file, one a line."""
    trust.parent.mkdir(parents=True, exist_ok=True)
    known = trusted_keys(trust) if trust.exists() else ()
    if public not in known:
        with trust.open("a", encoding="ascii") as file:
            file.write(f"{public}  # audit key {key_id(public)}\n")


def trusted_keys(trust: Path) -> tuple[str, ...]:
    """Return the public keys of a trust file; `#` begins a remark.

    Raises:
        NotFoundError: there is no such file.
        InvalidError: a line holds no key.
    """
    try:
        lines = trust.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise NotFoundError(
            f"There is no trust file at {trust}; give the one that was made at the first start."
        ) from None
    found = [stripped for line in lines if (stripped := line.partition("#")[0].strip())]
    for one in found:
        if not re.fullmatch(r"[0-9a-f]{64}", one):
            raise InvalidError(f"{trust} has a line that is not a public key of 64 hex digits.")
    return tuple(found)


def is_signature(public: str, message: bytes, signature: str) -> bool:
    """Return whether the public key signed the message; whatever is malformed did not."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True
