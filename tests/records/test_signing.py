import stat
from pathlib import Path

import pytest

from bot.domain.audit import key_id
from bot.errors import InvalidError, NotFoundError
from bot.records.signing import is_signature, signer_at, trust_key, trusted_keys


def test_the_first_start_makes_a_key_only_its_owner_can_read_and_trusts_it(tmp_path: Path) -> None:
    path, trust = tmp_path / "keys" / "audit.key", tmp_path / "trust.pub"

    made = signer_at(path, trust=trust)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert trusted_keys(trust) == (made.public,)
    assert made.key == key_id(made.public)
    again = signer_at(path, trust=trust)
    assert again.public == made.public
    assert trusted_keys(trust) == (made.public,)
    assert sorted(one.name for one in path.parent.iterdir()) == ["audit.key"]


def test_a_signature_is_that_of_one_key_over_one_message(tmp_path: Path) -> None:
    one = signer_at(tmp_path / "one", trust=tmp_path / "trust")
    other = signer_at(tmp_path / "other", trust=tmp_path / "trust")

    signature = one.sign(b"message")

    assert is_signature(one.public, b"message", signature)
    assert not is_signature(one.public, b"massage", signature)
    assert not is_signature(other.public, b"message", signature)
    assert trusted_keys(tmp_path / "trust") == (one.public, other.public)


@pytest.mark.parametrize("signature", ["", "zz", "00", "é" * 128, "0" * 128])
def test_whatever_is_malformed_is_no_signature(tmp_path: Path, signature: str) -> None:
    signer = signer_at(tmp_path / "one", trust=tmp_path / "trust")

    assert not is_signature(signer.public, b"message", signature)
    assert not is_signature("not a key", b"message", signer.sign(b"message"))


def test_a_key_that_others_can_read_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "audit.key"
    signer_at(path, trust=tmp_path / "trust")
    path.chmod(0o640)

    with pytest.raises(InvalidError, match="chmod 600"):
        signer_at(path, trust=tmp_path / "trust")


def test_a_spoilt_key_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "audit.key"
    path.write_text("oops")
    path.chmod(0o600)

    with pytest.raises(InvalidError, match="no key"):
        signer_at(path, trust=tmp_path / "trust")

    assert path.read_text() == "oops"


def test_a_trust_file_may_hold_remarks_and_nothing_else_but_keys(tmp_path: Path) -> None:
    trust = tmp_path / "trust"
    trust.write_text("# of 2026\n\n" + "a" * 64 + "  # ours\n")
    trust_key(trust, "b" * 64)
    assert trusted_keys(trust) == ("a" * 64, "b" * 64)

    trust.write_text("x\n")
    with pytest.raises(InvalidError, match="64 hex digits"):
        trusted_keys(trust)
    with pytest.raises(NotFoundError):
        trusted_keys(tmp_path / "none")
