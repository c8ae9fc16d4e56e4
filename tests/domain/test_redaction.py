"""Secrets and people leave the text, everything else stays, and the same thing keeps its placeholder."""

import json
import re
from base64 import b64encode
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.giveaways import RULES
from bot.domain.redaction import PLACEHOLDER, Redactor, for_eyes, redact, redacted, secrets_in
from bot.domain.value import JsonValue

# Put together here, so that no scanner of this repository finds a token that is none.
LETTERS = "hK3nQ9rT2vX5zB8dG1jM4pS7wY0aC6eF" * 4
HEX = "0f3a9c5e7b1d" * 6


def token(length: int) -> str:
    return LETTERS[:length]


SECRETS = {
    "aws-key": [f"AKIA{'IOSFODNN7EXAMPLE'}", f"assumed with ASIA{'IOSFODNN7EXAMPLF'},"],
    "aws-secret": [
        f"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/{'bPxRfiCYEXAMPLEKEY'}",
        f'{{"SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/{"bPxRfiCYEXAMPLEKEY"}"}}',
        f"leaked: wJalrXUtnFEMI/K7MDENG/{'bPxRfiCYEXAMPLEKEY'}",
    ],
    "session-token": [f"SessionToken: IQoJb3JpZ2luX2Vj{token(60)}"],
    "jwt": [f"token eyJhbGciOiJIUzI1NiJ9.eyJzdWIi{token(20)}.{token(43)}", f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIi{token(20)}"],
    "slack-token": [f"xoxb-123456789012-{token(24)}", f"xapp-1-A012-{token(12)}", f"xoxe.xoxp-1-{token(30)}"],
    "github-token": [f"ghp_{token(36)}", f"github_pat_{token(22)}_{token(59)}", f"ghs_{token(36)}"],
    "gitlab-token": [f"glpat-{token(20)}", f"GR1348941{token(20)}"],
    "openai-key": [f"sk-proj-{token(48)}", f"sk-{token(48)}"],
    "model-key": [f"sk-ant-api03-{token(90)}", f"hf_{token(34)}"],
    "stripe-key": [f"sk_live_{token(24)}", f"rk_test_{token(24)}", f"whsec_{token(32)}"],
    "package-token": [f"pypi-AgEIcHlwaS5vcmc{token(80)}", f"npm_{token(36)}"],
    "sendgrid-key": [f"SG.{token(22)}.{token(43)}"],
    "telegram-token": [f"110201543:{token(35)}"],
    "google-key": [f"AIza{token(35)}", f"ya29.{token(40)}", f"GOCSPX-{token(28)}"],
    "twilio-key": [f"SK{HEX[:32]}"],
    "mailchimp-key": [f"{HEX[:32]}-us12"],
    "square-key": [f"sq0csp-{token(43)}"],
    "shop-key": [f"shpat_{HEX[:32]}"],
    "platform-token": [f"dop_v1_{HEX[:64]}", f"hvs.{token(24)}", f"dapi{HEX[:32]}", f"glsa_{token(32)}"],
    "discord-token": [f"M{token(23)}.{token(6)}.{token(27)}"],
    "webhook": ["https://hooks.slack.com/services/T0000/B0000/XXXXXXXX"],
    "presigned": [
        "https://b.s3.amazonaws.com/k.csv?X-Amz-Credential=x%2F2026&X-Amz-Signature=abcdef0123",
        "https://a.blob.core.windows.net/c?sv=2020-02-10&sig=abc%3D",
    ],
    "authorization": ["Authorization: Basic dXNlcjpwYXNzd29yZA==", "authorization: Bearer abcdef0123456789"],
    "password": [
        "postgres://admin:s3cr3t@db.example.com:5432/lake",
        "redis://:hunter2@cache:6379",
        "https://user:p@ss:w0rd@example.com/x",
        "jdbc:postgresql://h/db?user=u&password=hunter2&ssl=true",
        "Server=tcp:x;User Id=sa;Password=Pa$$w0rd!;Encrypt=True",
        'password: "correct horse battery staple"',
        r"{\"password\":\"hunter2\"}",
        "{'db_password': 'hunter2'}",
        "export PGPASSWORD=hunter2",
        "mysql --password hunter2",
        "the password is hunter2",
        "wachtwoord: welkom01",
    ],
    "secret": [
        "client_secret=abc123def456",
        'api_key: "0123456789abcdef"',
        "X-Api-Key: abcdef0123456789",
        f"AccountKey={token(86)}==;EndpointSuffix=x",
        "refresh-token = 'Zm9vYmFyYmF6cXV4'",
    ],
    "private-key": [
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\nabc=\n-----END RSA PRIVATE KEY-----",
        r"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r\n-----END OPENSSH PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----MIIEowIBAAKC",
    ],
    "iban": [
        "NL91ABNA0417164300",
        "to NL91 ABNA 0417 1643 00.",
        "GB82 WEST 1234 5698 7654 32",
        "iban nl91abna0417164300",
    ],
    "bsn": ["111222333", "BSN: 123456782", '"bsn":"123456782"', "customer_bsn=123456782", "1112.22.333"],
    "card": ["4111 1111 1111 1111", "5500-0000-0000-0004", "card=340000000000009", "30569309025904"],
    "email": ["jan.de.vries@example.nl", "mail ana@example.co.uk,", '"email":"a+b@x.io"'],
    "phone": [
        "+31 6 12345678",
        "tel:+31612345678",
        "0031 6 1234 5678",
        "06-12345678",
        "0612345678",
        "020-1234567",
        "+44 20 7946 0958",
        "+1 (415) 555-0132",
        "(415) 555-0132",
        "+49 30 901820",
        "01 23 45 67 89",
    ],
    "ip": ["10.0.0.5", "from 192.168.1.20:443", "[2001:db8::1]:443", "2001:0db8:85a3:0000:0000:8a2e:0370:7334"],
}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in SECRETS.items() for text in texts])
def test_a_secret_leaves_and_its_kind_stays(kind: str, text: str) -> None:
    found = redact(text)

    assert f"[{kind}#1]" in found.text
    assert found.counts == {kind: 1}


HUNTER = "hunter2Zz1"
HOOK = "https://hooks.slack.com/services/T0000/B0000/XXXXXXXX"
KEY = "-----BEGIN PRIVATE KEY-----\n> MIIEowIBAAKCAQEA7bq0\n> -----END PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        (f"GET /login?next=password%3D{HUNTER}", HUNTER),
        (quote(json.dumps({"password": HUNTER})), HUNTER),
        (quote(quote(f"password={HUNTER}")), HUNTER),
        ("user=ana%40example.com", "ana%40"),
        (quote(HOOK, safe=""), "XXXXXXXX"),
        (HOOK.replace("/", r"\/"), "XXXXXXXX"),
        (rf'{{"pass\u0077ord":"{HUNTER}"}}', HUNTER),
        (rf"password\u003d{HUNTER}", HUNTER),
        (f"&quot;password&quot;:&quot;{HUNTER}&quot;", HUNTER),
        (f"password=&#39;{HUNTER}&#39;", HUNTER),
        (rf"ghp\_{token(36)}", token(36)),
        (b64encode(f"password={HUNTER} ".encode()).decode(), "cGFzc3dvcmQ9"),
        ("".join(chr(ord(one) + 0xFEE0) for one in f"password={HUNTER}"), "\uff48\uff55\uff4e\uff54"),
        (f"\u201cpassword\u201d: \u201c{HUNTER}\u201d", HUNTER),
        ("paid with 4111\u00a01111\u00a01111\u00a01111", "1111\u00a01111"),
        (f"<password>{HUNTER}</password>", HUNTER),
        (f"<name>fs.s3a.secret.key</name><value>{HUNTER}</value>", HUNTER),
        (f'{{"name":"DB_PASSWORD","value":"{HUNTER}"}}', HUNTER),
        (f"**password:** `{HUNTER}`", HUNTER),
        (f'master_password                = "{HUNTER}"', HUNTER),
        (f'~ password = "{HUNTER}" -> "{HUNTER}New"', HUNTER),
        (f"['--db-password', '{HUNTER}']", HUNTER),
        (f"load --db-password {HUNTER}", HUNTER),
        (f"curl -u ana:{HUNTER} host", HUNTER),
        (f"CREATE USER x IDENTIFIED BY '{HUNTER}'", HUNTER),
        (f'"passwords":["{HUNTER}","{HUNTER}2"]', HUNTER),
        (f'"password":"{HUNTER}', HUNTER),
        (f'"password":"it\'s {HUNTER}"', HUNTER),
        (f"password=${HUNTER}", HUNTER),
        (f"password=hun,{HUNTER}", HUNTER),
        (f"myApplicationDatabasePassword={HUNTER}", HUNTER),
        (f"PASSWORD_PROD={HUNTER}", HUNTER),
        (f"slackSigningSecret: {HUNTER}", HUNTER),
        (f'{{"SecretString":"{HUNTER}"}}', HUNTER),
        (f"Set-Cookie: sid={HUNTER}; Path=/", HUNTER),
        ("s3://lake/users/ana@example.com_2026.csv", "ana@"),
        ("_ana@example.com_", "ana@"),
        (f"> {KEY}", "MIIEow"),
    ],
)
def test_no_spelling_and_no_place_hides_a_secret(text: str, gone: str) -> None:
    shown = redact(text).text

    assert gone not in shown
    assert PLACEHOLDER.search(shown)


def test_every_kind_that_is_looked_for_is_tried_here() -> None:
    assert {rule.kind for rule in RULES} == set(SECRETS)


@pytest.mark.parametrize(
    "text",
    [
        '{"timestamp":"2026-01-21T02:07:31.120Z","level":"ERROR","message":"failed: CURRENCY_ERROR","n":612}',
        "run_id 20260121T020000Z took 1737424051123 ms",
        "arn:aws:iam::123456789012:role/etl",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf",
        "8a533bf9-bd12-4608-a8eb-606890982448 3eb1acadd537d37e306a0696a41fb11e 1234567890abcdef",
        "commit 0123456789abcdef0123456789abcdef01234567",
        "lake/silver/transactions/year=2026/month=01/day=21/run_id=20260121T020000Z/part-00000.parquet",
        "java.util::List std::vector<int> at 12:34:56",
        "token expired; password incorrect; the password is required; secret not found; NextToken missing",
        "password=${platform.password} token: <none> secret: ****",
        "read 123456782 bytes, size=123456782, offset 4111111111111112, seatNo=388817927",
        "127.0.0.1:8065 0.0.0.0 [::]:80",
        "TokenServiceImpl#95 attempt 3 of 5, page 100-200-3000",
        "authorization failed; Basic checks passed; basic authentication failed; bearer of news",
        "AccessDenied: s3:PutObject on arn:aws:s3:::lake-quarantine/quarantine/x",
        "sha256:" + HEX[:64],
        "s3://lake/a%20b/part%3D1.csv?x=%7B%7D 100\\/200 &lt;none&gt; \uff08ok\uff09",
        b64encode(b"nothing but ordinary words, said twice").decode(),
        "NextToken=AAAAbbbb11112222 ClientRequestToken=0123456789abcdef0123 max_tokens=2048 token_count: 12345678",
        "password=$DB_PASSWORD password=%s password={{password}} password=$(cat x) docker run -u 1000:1000",
        '{"name":"INPUT_KEY","value":"bronze/f-0193.csv.gz"} pkg@1.2.3-beta',
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text).text == text


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("NL91ABNA0417164300", "NL92ABNA0417164300"),
        ("4111 1111 1111 1111", "4111 1111 1111 1112"),
        ("bsn 123456782", "bsn 123456783"),
        ("10.0.0.255", "10.0.0.256"),
    ],
)
def test_check_digits_decide(right: str, wrong: str) -> None:
    assert redact(right).text != right
    assert redact(wrong).text == wrong


def test_the_same_thing_keeps_its_placeholder_within_one_job() -> None:
    redactor = Redactor()

    lines = [redactor.clean(f"{who}@example.com wrote") for who in ("ana", "bo", "ana")]

    assert lines == ["[email#1] wrote", "[email#2] wrote", "[email#1] wrote"]
    assert redactor.counts == {"email": 3}


def test_a_line_of_a_known_shape_is_still_looked_at_where_digits_decide() -> None:
    redactor = Redactor()

    texts = [redactor.clean(f"paid with {card}") for card in ("1111111111111111", "9999999999999995")]

    assert texts == ["paid with 1111111111111111", "paid with 9999999999999995"]
    assert redactor.clean("paid with 4111111111111111") == "paid with [card#1]"


def test_ids_that_differ_in_every_line_do_not_hide_what_differs_beside_them() -> None:
    redactor = Redactor()
    iban = "de89370400440532013000"

    texts = [redactor.clean(f"iban {one} of a1b2c3d4") for one in ("12ab370400440532013000", iban, "4111111111111111")]

    assert texts[0] == "iban 12ab370400440532013000 of a1b2c3d4"
    assert texts[1:] == ["iban [iban#1] of a1b2c3d4", "iban [card#1] of a1b2c3d4"]


def test_a_private_key_over_many_lines_of_a_stream_becomes_one_placeholder() -> None:
    lines = [
        "before\n",
        "-----BEGIN RSA PRIVATE KEY-----\n",
        "Proc-Type: 4,ENCRYPTED\n",
        "\n",
        *(f"{token(64)}\n" for _ in range(20)),
        "-----END RSA PRIVATE KEY-----\n",
        "after ana@example.com\n",
    ]

    assert "".join(Redactor().lines(lines)) == "before\n[private-key#1]\nafter [email#1]\n"


def test_a_key_that_never_ends_does_not_swallow_what_follows() -> None:
    lines = ["-----BEGIN PRIVATE KEY-----\n", f"{token(64)}\n", "ERROR something else happened\n", "and more\n"]

    text = "".join(Redactor().lines(lines))

    assert text.endswith("ERROR something else happened\nand more\n")
    assert token(64) not in text


def test_digits_behind_an_iban_do_not_hide_it() -> None:
    assert redact("NL91ABNA0417164300 0031 6 1234 5678").text == "[iban#1] [phone#1]"


PIECES = st.sampled_from([one for texts in SECRETS.values() for one in texts] + ["plain words", "=", "password", '"'])


@settings(deadline=None)
@given(st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=6))
def test_redacting_again_changes_nothing(pieces: list[str]) -> None:
    once = redact(" ".join(pieces)).text

    assert redact(once).text == once


PARTS = st.sampled_from(
    [
        "a",
        "xz",
        "+",
        "@",
        ".",
        ":",
        "=",
        " ",
        "-",
        "iban ",
        "4111",
        "de89",
        "06",
        "b" * 9,
        "c1" * 8,
        "0a" * 11,
        "f3" * 5,
    ]
)


@given(
    parts=st.lists(PARTS, max_size=10), digits=st.lists(st.sampled_from("0123456789abcdef"), min_size=60, max_size=60)
)
@settings(deadline=None)
def test_what_was_seen_before_never_changes_what_is_found(parts: list[str], digits: list[str]) -> None:
    line = "".join(parts)
    twin = "".join(digit if one in "0123456789" else one for one, digit in zip(line, digits, strict=False)) + line[60:]
    redactor = Redactor()
    redactor.clean(line)

    found = redactor.clean(twin)

    assert PLACEHOLDER.sub("[]", found) == PLACEHOLDER.sub("[]", redact(twin).text)


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "1",
        "a1",
        "a_",
        "12.",
        "http://a?",
        "x://a:b",
        "password=",
        "eyJa.",
        "+1 ",
        "::",
        "%25",
        "A1b2",
        "\\",
        "password>",
        "> a",
    ],
)
def test_hostile_lines_are_redacted_in_bounded_time(unit: str) -> None:
    line = "password token sig= @ " + unit * (20_000 // len(unit))

    assert len(redact(line).text) > 0


def test_placeholders_are_words_that_nothing_else_looks_like() -> None:
    assert re.fullmatch(PLACEHOLDER, "[email#1]")
    assert not PLACEHOLDER.search("[not one] [email#0] [x#1]")


@pytest.mark.parametrize(
    "value",
    [
        {"--db_password": "hunter2"},
        {"DefaultArguments": {"--db-password": "hunter2"}},
        {"passwords": ["hunter2"]},
        ["--db_password", "hunter2"],
        {"command": ["load", "--db_password", "hunter2"]},
        {"who": "password=hunter2"},
        {"note": "x" * 70_000 + " password=hunter2"},
        {"name": "DB_PASSWORD", "value": "hunter2"},
        {"ParameterKey": "DbPassword", "ParameterValue": "hunter2"},
        {"password": {"value": "hunter2"}},
        "pass\u200bword=hunter2",
    ],
)
def test_a_secret_is_known_by_its_name_an_option_or_its_list_however_it_is_wrapped(value: JsonValue) -> None:
    assert secrets_in(value) == {"password"}
    assert "hunter2" not in json.dumps(redacted(value))


@pytest.mark.parametrize("value", [{"who": "ana@lake.example"}, ["--rows", "6123"], {"keys": ["a/b.parquet"]}, 7, None])
def test_a_person_and_an_ordinary_value_are_no_secret(value: JsonValue) -> None:
    assert secrets_in(value) == frozenset()
    assert redacted(value) == value


def test_texts_that_stand_apart_do_not_say_who_is_the_same() -> None:
    apart = [for_eyes(text) for text in ("ana@example.com asked", "bo@example.com asked", "as [email#1] said")]

    assert apart == ["[email] asked", "[email] asked", "as [email] said"]


def test_within_one_job_a_placeholder_without_a_number_is_left_as_it_is() -> None:
    assert Redactor().clean("password=[password] mail [email]") == "password=[password] mail [email]"


def test_a_line_is_searched_whole_where_one_of_its_shape_looked_alike_and_gave_nothing_away() -> None:
    redactor = Redactor()

    assert redactor.clean("klant 123456789 belde") == "klant 123456789 belde"
    assert redactor.clean("klant 111222333 belde") == "klant [bsn#1] belde"
    assert redactor.clean("klant 123456788 belde") == "klant 123456788 belde"


def test_what_stands_after_a_find_is_found_in_the_second_line_of_a_shape_too() -> None:
    redactor = Redactor()

    for number, old, new in ((1, "hunter21", "hunter22"), (3, "hunter23", "hunter24")):
        assert (
            redactor.clean(f'~ password = "{old}" -> "{new}"')
            == f'~ password = "[password#{number}]" -> "[password#{number + 1}]"'
        )
