"""What gives a secret or a person away: shapes, the words beside them, check digits. Tables; `redaction` applies them.

One of a rule's hints is in every line that can match: in the line in lower case, with every digit as 0. Testing for
them first is what makes this fast, and so is a pattern that begins with a class of characters (which the engine scans
for) and only then looks behind it. Nothing here backtracks further than its bounds say.
"""

import re
from collections.abc import Callable
from ipaddress import ip_address
from math import log2
from typing import NamedTuple

PERSONAL = frozenset({"email", "iban", "card", "bsn", "phone", "ip"})
"""Kinds that tell who or where somebody is; every other kind opens something."""
LONG = "\0"  # the hint of rules that need 40 characters in one piece


class Rule(NamedTuple):
    """Find one kind by its pattern; the group `secret` is what is taken out, if it is `sure`."""

    kind: str
    pattern: re.Pattern[str]
    hints: tuple[str, ...]
    sure: Callable[[re.Match[str]], bool] | None = None
    particular: bool = False

    @property
    def alike(self) -> bool:
        """Return whether lines of one shape all match the pattern or none does.

        A shape shows neither which digit stands where, nor which digits and letters make up a hexadecimal id in lower
        case; a pattern that tells the latter apart is particular.
        """
        return not self.particular and not re.search(r"[0-9]", re.sub(r"0-9|\{[0-9,]+\}", "", self.pattern.pattern))


KEY_BEGINS = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)?-----")
KEY_BLOCK = re.compile(
    KEY_BEGINS.pattern
    + r"(?:[A-Za-z0-9+/=\s\\:,.()>|\"'-]{0,40000}?-----END (?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)?-----"
    r"|(?:[A-Za-z0-9+/=]|\\+[nr]|[\r\n](?:[>|] ?)?(?=[A-Za-z0-9+/=]{16}))*)"
)
KEY_LINE = re.compile(r"[\s>|]*(?:[A-Za-z0-9+/=]{1,200}|[A-Za-z-]{1,30}: .{0,200}|)\s*")


def _token(kind: str, pattern: str, *hints: str) -> Rule:
    return Rule(kind, re.compile(rf"(?<![A-Za-z0-9])(?P<secret>{pattern})(?![A-Za-z0-9])"), hints)


# Keys whose value is secret, as they stand in settings, JSON, query strings, command lines and headers.
_STRONG = (
    r"pass[-_ ]?(?:word|wd|phrase|code)?s?|pwd|pw|wachtwoord|passwort|pgpassword|mysql_pwd|redis_?auth|sshpass"
    r"|db_?pass|auth_?pass|user_?pass|admin_?pass"
)
_WEAK = (
    r"(?:[a-z0-9]{1,20}[-_. ]){0,3}[-_. ]?"
    r"(?:(?:client|app|shared|consumer|api|web|signing|encryption|master|secret|aws|oauth[0-9]?|auth|refresh|session"
    r"|security|bearer|slack|github|gitlab|bot|webhook)[-_. ]?){0,2}"
    r"(?:secret[-_. ]?string|secret|token|api[-_. ]?key|access[-_. ]?key|private[-_. ]?key|account[-_. ]?key"
    r"|secret[-_. ]?key|signing[-_. ]?key|encryption[-_. ]?key|auth[-_. ]?key|credentials?|sessionid|session[-_. ]?id"
    r"|jsessionid|connection[-_. ]?string)"
)
_OF = r"(?:[0-9]{1,3}|[-_.](?:[0-9]{1,3}|prod|prd|staging|test|dev|old|new|current|previous|hash|base))?"
_ASSIGNED = r"""\\*["'`*]{0,3}\s{0,40}(?::=|=>|[:=])\*{0,2}\s{0,40}(?:\\*[bru]?["'`]|\[(?=\s?["']))?"""
# In quotes, to the quote's end or, of a line that was cut, to the line's; else up to what ends a value, but a mark
# after which no other name and value follow is a part of it.
_VALUE = (
    r"""(?P<secret>(?<=\\["'])[^"'\\\n]{1,4096}(?=\\|$)"""
    r"""|(?<=")(?:[^"\\\n]|\\.){1,4096}(?=["\n]|$)|(?<=')(?:[^'\\\n]|\\.){1,4096}(?=['\n]|$)"""
    r"""|(?<=`)[^`\n]{1,4096}|(?<=\[)\s?["'][^\]\n]{1,4096}"""
    r"""|(?<!["'`])[^\s"'`\\,;&<>(){}]{1,4096}(?:[,;&][^\s"'`\\,;&<>(){}=:]{1,64}(?=["']?(?:\s|$))){0,1})"""
)


def _assigned(keys: str, kind: str, sure: Callable[[re.Match[str]], bool], *hints: str) -> Rule:
    return Rule(kind, re.compile(rf"(?i)(?<![a-z])(?:{keys}){_OF}{_ASSIGNED}{_VALUE}"), hints, sure)


def _told_apart(keys: str, kind: str, sure: Callable[[re.Match[str]], bool], *hints: str) -> Rule:
    """Find what stands in an element of that name, or as the value beside it: `{"name": "TOKEN", "value": …}`."""
    beside = (
        r"""\\*["']\s{0,4},\s{0,4}\\*["']\w{0,16}value\\*["']\s{0,4}[:=]\s{0,4}\\*["']|</\w{1,16}>\s{0,4}<value>|>"""
    )
    return Rule(
        kind, re.compile(rf"(?i)(?<![a-z:])(?:{keys}){_OF}(?:{beside})(?P<secret>[^\"'<\\\n]{{1,4096}})"), hints, sure
    )


_NO_SECRETS = frozenset(
    {
        "true", "false", "none", "null", "nil", "yes", "no", "undefined", "empty", "required", "optional", "missing",
        "invalid", "expired", "incorrect", "wrong", "set", "unset", "not", "is", "was", "are", "the", "a", "an", "and",
        "or", "for", "to", "in", "of", "string", "str", "bytes", "int", "bool", "object", "redacted", "hidden",
        "masked", "default", "denied", "rejected", "accepted", "revoked", "refreshed", "valid", "must", "unknown",
        "failed", "error", "unexpected", "too", "cannot", "could", "has", "have", "from", "with", "does", "should",
    }
)  # fmt: skip
_VARIABLE = re.compile(
    r"\$(?:[{(].*|(?-i:[A-Z_][A-Z0-9_]*|[a-z_]+|[0-9@*#]))|%(?:[sdrv]|\(.*|[a-z_]+%)|[#@]?[{<].*"
    r"|x{3,}|\.{3,}|\*+|-+|arn:aws[a-z-]*:.*|[a-z0-9_.]+\(.*",
    re.IGNORECASE,
)


def _is_password(found: re.Match[str]) -> bool:
    secret = found["secret"].strip()
    return len(secret) >= 3 and secret.lower().rstrip(".,:;!") not in _NO_SECRETS and not _VARIABLE.fullmatch(secret)


def _is_token(found: re.Match[str]) -> bool:
    secret = found["secret"].strip()
    if len(secret) < 8 or secret.lower() in _NO_SECRETS or _VARIABLE.fullmatch(secret):
        return False
    return bool(re.search(r"[0-9]", secret) or len(secret) >= 16 or re.search(r"[A-Z]", secret)) and " " not in secret


def _is_no_number(found: re.Match[str]) -> bool:
    return not found["secret"].isdigit() and _is_password(found)


def _is_said(found: re.Match[str]) -> bool:
    return found["secret"].lower().rstrip(".,:;!") not in _NO_SECRETS and len(found["secret"]) >= 4


def _is_bearer(found: re.Match[str]) -> bool:
    return len(found["secret"]) >= 8 and bool(re.search(r"[0-9=._-]|[a-z][A-Z]", found["secret"]))


def _is_aws_secret(found: re.Match[str]) -> bool:
    secret = found["secret"]
    if secret.count("/") > 4 or not all(re.search(shape, secret) for shape in ("[a-z]", "[A-Z]", "[0-9]")):
        return False
    shares = [secret.count(character) / len(secret) for character in set(secret)]
    return -sum(share * log2(share) for share in shares) >= 4.5


# Numbers with check digits.


def _digits(text: str) -> list[int]:
    return [int(character) for character in text if character in "0123456789"]


def _is_card(found: re.Match[str]) -> bool:
    digits = _digits(found["secret"])
    odd, even = digits[-1::-2], digits[-2::-2]
    return len(set(digits)) > 1 and (sum(odd) + sum(sum(divmod(2 * digit, 10)) for digit in even)) % 10 == 0


_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
    "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29,
    "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24,
    "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
    "YE": 30,
}  # fmt: skip  # ISO 13616, the registry's lengths


def _is_iban(found: re.Match[str]) -> bool:
    bare = re.sub(r"[ -]", "", found["secret"]).upper()
    return int("".join(str(int(character, 36)) for character in bare[4:] + bare[:4])) % 97 == 1


def _account_numbers() -> str:
    """Return the pattern of what follows country and check digits: as long as that country's numbers are."""
    countries: dict[int, list[str]] = {}
    for country, length in _IBAN_LENGTHS.items():
        countries.setdefault(length, []).append(country)
    return "|".join(
        rf"(?<=(?:{'|'.join(named)})[0-9]{{2}})(?:[ -]?[A-Z0-9]){{{length - 4}}}"
        for length, named in sorted(countries.items())
    )


_ASSIGNED_TO = re.compile(r"""[A-Za-z_][\\"']{0,4}\s{0,2}[:=#]\s{0,2}[\\"']{0,4}$""")
_OF_A_PERSON = re.compile(
    r"(?i)bsn|burger|sofi|ssn|citizen|social|national|person|patient|klant|client|customer|holder|tax|fiscal|identity"
)
_MEASURED = re.compile(
    r"(?i)\b(?:bytes?|size|rows?|count|offset|lines?|length|total|records?|duration|elapsed|took|memory|heap|pid|port"
    r"|version|build|number|index|position|sum|value|read|wrote|written|scanned|id|of|version|at|limit)\s{1,2}$"
)
_UNIT = re.compile(r"(?i)\s?(?:bytes?|[kmgt]i?b|b|m?s|ns|us|rows?|records?|lines?|files?|items?|objects?|events?)\b")


def _is_bsn(found: re.Match[str]) -> bool:
    digits = _digits(found["secret"])
    total = sum(digit * weight for digit, weight in zip(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True))
    if total % 11 or len(set(digits)) == 1:
        return False
    before = found.string[max(0, found.start() - 32) : found.start()]
    if _ASSIGNED_TO.search(before):
        return _OF_A_PERSON.search(before) is not None
    return not _MEASURED.search(before) and not _UNIT.match(found.string, found.end())


def _is_phone(found: re.Match[str]) -> bool:
    return 8 <= len(_digits(found["secret"])) <= 15


def _is_address(found: re.Match[str]) -> bool:
    try:
        address = ip_address(found["secret"])
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)


_OPENING = rf"(?:[a-z0-9]{{1,20}}[-_.]){{0,3}}[a-z0-9]{{0,24}}?(?:{_STRONG})"
_OPENING_HINTS = ("pass", "pwd", "pw", "wachtwoord", "redis")
_SECRET_HINTS = ("secret", "token", "key", "credential", "session", "connection")
_PASSWORD = _assigned(_OPENING, "password", _is_password, *_OPENING_HINTS)
_SECRET = _assigned(rf"(?<!:)(?:{_WEAK})", "secret", _is_token, *_SECRET_HINTS)
NAMED = (_PASSWORD, _SECRET)
"""The rules that a name before the value decides."""

RULES: tuple[Rule, ...] = (
    Rule("private-key", re.compile(rf"(?P<secret>{KEY_BLOCK.pattern})"), ("-----begin",)),
    _token("private-key", r"AGE-SECRET-KEY-1[A-Z0-9]{40,}", "age-secret-key-"),
    # Addresses that open something by themselves.
    Rule(
        "presigned",
        re.compile(
            r"(?P<url>\b(?:https?|s3)://[^\s\"'<>?]{1,1024}\?)"
            r"(?P<secret>(?=[^\s\"'<>]{0,1024}?(?:X-Amz-|X-Goog-)?(?:Signature|Credential|sig)=)[^\s\"'<>]{1,4096})",
            re.IGNORECASE,
        ),
        ("signature=", "credential=", "sig="),
    ),
    Rule(
        "webhook",
        re.compile(
            r"https://(?:hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/"
            r"|(?:canary\.|ptb\.)?discord(?:app)?\.com/api/webhooks/"
            r"|[a-z0-9-]{1,60}\.webhook\.office\.com/)(?P<secret>[^\s\"'<>]{6,400})"
        ),
        ("hooks.slack", "/api/webhooks/", "webhook.office"),
    ),
    Rule(
        "password",
        re.compile(
            r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,30}://[^\s/:@\"'<>]{0,128}:(?P<secret>[^\s/\"'<>]{1,256}?)@(?=[^@\s]*(?:[\s/\"'<>?,;]|$))"
        ),
        ("://",),
    ),
    Rule(
        "password",
        re.compile(r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,30}://[^\s/:@\"'<>]{0,128}:(?P<secret>[^\s@\"'<>]{1,256})@"),
        ("://",),
    ),
    # Tokens that can be told by their shape.
    _token("aws-key", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}", "akia", "asia", "abia", "acca"),
    _token("session-token", r"(?:IQoJ|FwoG|FQoG|AQoD)[A-Za-z0-9+/=%_-]{40,}", "iqoj", "fwog", "fqog", "aqod"),
    _token("jwt", r"eyJ[A-Za-z0-9_=-]{6,}\.[A-Za-z0-9_=-]{2,}(?:\.[A-Za-z0-9_.+/=-]*)?", "eyj"),
    _token("slack-token", r"(?:xox[a-z](?:\.xox[a-z])?|xapp|xwfp)-[A-Za-z0-9-]{8,}", "xox", "xapp-", "xwfp-"),
    _token(
        "github-token",
        r"gh[pousr]_[A-Za-z0-9_]{20,}|github_pat_[A-Za-z0-9_]{20,}",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
    ),
    _token(
        "gitlab-token",
        r"(?:gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct|wt)-[A-Za-z0-9_.-]{16,}|GR1348941[A-Za-z0-9_-]{16,})",
        "gl",
        "gr0000000",
    ),
    _token("openai-key", r"sk-(?!(?:ant|or)-)[A-Za-z0-9_-]{20,}", "sk-"),
    _token(
        "model-key",
        r"sk-(?:ant|or)-[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{30,}|r8_[A-Za-z0-9]{30,}"
        r"|gsk_[A-Za-z0-9]{40,}|xai-[A-Za-z0-9]{40,}",
        "sk-ant-",
        "sk-or-",
        "hf_",
        "r0_",
        "gsk_",
        "xai-",
    ),
    _token("stripe-key", r"(?:[rsp]k_(?:live|test)_|whsec_)[A-Za-z0-9]{10,}", "k_live_", "k_test_", "whsec_"),
    _token(
        "package-token",
        r"pypi-AgE[A-Za-z0-9_-]{20,}|npm_[A-Za-z0-9]{30,}|rubygems_[0-9a-f]{40,}"
        r"|dckr_pat_[A-Za-z0-9_-]{20,}|cio[A-Za-z0-9]{32}",
        "pypi-age",
        "npm_",
        "rubygems_",
        "dckr_pat_",
        "cio",
    ),
    _token("sendgrid-key", r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}", "sg."),
    _token("telegram-token", r"[0-9]{8,10}:[A-Za-z0-9_-]{35}", "00000000:"),
    _token(
        "google-key",
        r"AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}"
        r"|1//0[A-Za-z0-9_-]{30,}",
        "aiza",
        "ya00.",
        "gocspx-",
        "0//0",
    ),
    _token("discord-token", r"[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}", LONG),
    Rule("twilio-key", re.compile(r"(?P<secret>SK(?<![A-Za-z0-9]..)[0-9a-f]{32})(?![A-Za-z0-9])"), ("sk",)),
    _token("mailchimp-key", r"[0-9a-f]{32}-us[0-9]{1,2}", "-us0"),
    _token("square-key", r"sq0[a-z]{3}-[A-Za-z0-9_-]{20,}|EAAA[A-Za-z0-9_-]{56,}", "sq0", "eaaa"),
    _token("shop-key", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}", "shpat_", "shpca_", "shppa_", "shpss_"),
    _token(
        "platform-token",
        r"do[opr]_v1_[0-9a-f]{40,}|dapi[0-9a-f]{32}(?:-[0-9])?|lin_api_[A-Za-z0-9]{32,}"
        r"|ATATT3[A-Za-z0-9_=-]{40,}|hv[sb]\.[A-Za-z0-9_-]{20,}|gl(?:sa|c)_[A-Za-z0-9_+/=]{30,}"
        r"|[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{40,}|NRAK-[A-Z0-9]{20,}"
        r"|AKCp[A-Za-z0-9]{10,}|PMAK-[0-9a-f]{24}-[0-9a-f]{30,}|secret_[A-Za-z0-9]{43}"
        r"|ntn_[A-Za-z0-9]{40,}|figd_[A-Za-z0-9_-]{30,}|dt0[a-z][0-9]{2}\.[A-Z0-9]{20,}\.[A-Z0-9]{40,}"
        r"|sntrys_[A-Za-z0-9_=+/-]{30,}|pul-[0-9a-f]{40}|EZ[AT]K[0-9a-f]{54}",
        "_v0_",
        "dapi",
        "lin_api_",
        "atatt0",
        "hvs.",
        "hvb.",
        "atlasv0",
        "nrak-",
        "akcp",
        "gls",
        "glc",
        "pmak-",
        "ntn_",
        "figd_",
        "dt0",
        "sntrys_",
        "pul-",
        "ezak",
        "eztk",
    ),
    # Values told by the key before them.
    Rule(
        "authorization",
        re.compile(
            r"(?i)(?:(?:authorization|x-auth|auth)[\\\"']{0,4}\s{0,2}[:=]\s{0,2}[\\\"']{0,4}(?:Basic|Bearer|Token|Negotiate|ApiKey|Digest)?|\bBearer|\bBasic)"
            r"[\s:]{1,3}[\\\"']{0,4}(?P<secret>[A-Za-z0-9_.~+/=-]{8,4096})"
        ),
        ("authorization", "x-auth", 'auth"', "auth:", "auth=", "auth :", "bearer", "basic "),
        _is_bearer,
    ),
    Rule(
        "aws-secret",
        re.compile(
            r"(?i)(?:aws|amazon|secret|access)[a-z0-9_. -]{0,24}(?:key|secret|pw|token)?"
            r"[\\\"']{0,4}\s{0,4}(?:=>|:=|[:=,\s])\s{0,4}[\\\"']{0,4}"
            r"(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
        ),
        ("aws", "amazon", "secret", "access"),
        _is_aws_secret,
    ),
    Rule(
        "aws-secret",
        re.compile(r"(?<![A-Za-z0-9/+=_.:-])(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=_.-])"),
        (LONG,),
        _is_aws_secret,
    ),
    *NAMED,
    _told_apart(_OPENING, "password", _is_password, *_OPENING_HINTS),
    _told_apart(_WEAK, "secret", _is_token, *_SECRET_HINTS),
    Rule(
        "password",
        re.compile(
            r"\[(?:password|secret|aws-secret)(?:#[0-9]{1,7})?\][\"']?\s{1,4}[-=]>\s{1,4}[\"']?(?P<secret>[^\s\"']{3,4096})"
        ),
        ("->", "=>"),
        _is_password,
    ),
    Rule(
        "password",
        re.compile(
            r"(?i)(?:[\s\[,\"']|^)--?(?:[a-z0-9]{1,20}[-_]){0,3}(?:pass(?:word|wd|phrase)?|secret|token|api-?key)"
            r"(?:[\"']\s{0,4},\s{0,4}|\s{1,4})[\"']?(?P<secret>[^\s\"'-][^\s\"']{2,256})"
        ),
        ("-pass", "-secret", "-token", "-api", "_pass", "_secret", "_token", "_api"),
        _is_password,
    ),
    Rule(
        "password",
        re.compile(r"(?i)\s(?:-u|--user)[ =][\"']?[^\s:\"']{1,64}:(?P<secret>[^\s\"'/]{3,256})"),
        (" -u", "--user"),
        _is_no_number,
    ),
    Rule(
        "password",
        re.compile(
            r"(?i)\b(?:identified\s{1,4}by|password)\s{1,4}\\?(?P<quote>[\"'])(?P<secret>[^\"'\\]{3,256})\\?(?P=quote)"
        ),
        ("identified", "password"),
        _is_password,
    ),
    Rule(
        "secret",
        re.compile(
            r"(?i)\bcookie\\?[\"']?\s{0,4}[:=]\s{0,4}\\?[\"']?(?P<secret>[^\s\"'\\=]{1,128}=[^\"'\\\n]{6,4096})"
        ),
        ("cookie",),
    ),
    Rule(
        "password",
        re.compile(
            r"(?i)\b(?:password|passwd|passphrase|wachtwoord|passcode|pin)\s(?:is|was|to|->)\s[\"']?(?P<secret>[^\s\"']{4,256})"
        ),
        ("pass", "wachtwoord", "pin"),
        _is_said,
    ),
    # People.
    Rule(
        "email",
        re.compile(
            r"(?<![\w.%+-])(?P<secret>[\w.%+'-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24})"
            r"(?![A-Za-z0-9@]|-[0-9])"
        ),
        ("@",),
    ),
    Rule(
        "iban",
        re.compile(rf"(?P<secret>[A-Z](?<![A-Za-z0-9].)[A-Z][0-9]{{2}}(?:{_account_numbers()}))(?![A-Za-z0-9])"),
        ("",),
        _is_iban,
    ),
    Rule(
        "iban",
        re.compile(
            rf"(?i)iban\W{{1,6}}(?:\w{{1,12}}\W{{1,3}})?(?P<secret>[A-Z]{{2}}[0-9]{{2}}(?:{_account_numbers()}))(?![a-z0-9])"
        ),
        ("iban",),
        _is_iban,
        particular=True,
    ),
    Rule(
        "card",
        re.compile(
            r"(?P<secret>[2-6](?<![\w.-].)(?:(?<=4)[0-9]{3}|(?<=5)[1-5][0-9]{2}|(?<=2)(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)"
            r"|(?<=6)(?:011|5[0-9]{2}|4[4-9][0-9])|(?<=3)5[0-9]{2})(?:[ -]?[0-9]{4}){3}(?:[0-9]{3})?"
            r"|3(?<![\w.-].)[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}"
            r"|3(?<![\w.-].)(?:0[0-5]|[689][0-9])[0-9][ -]?[0-9]{6}[ -]?[0-9]{4}|4(?<![\w.-].)[0-9]{12})"
            r"(?![\w-])(?!\.[0-9])"
        ),
        ("0000000000000", "0000 0000", "0000-0000"),
        _is_card,
    ),
    Rule(
        "bsn",
        re.compile(
            r"(?P<secret>[0-9](?<![\w.+/-].)(?:[0-9]{8}|[0-9]{3}\.[0-9]{2}\.[0-9]{3}"
            r"|[0-9]{2}[. -][0-9]{3}[. -][0-9]{3}))(?![\w/-])(?!\.[0-9])"
        ),
        ("000000000", "0000.00.000", "000.000.000", "000 000 000", "000-000-000"),
        _is_bsn,
    ),
    Rule(
        "phone",
        re.compile(r"(?P<secret>\+(?<![\w.+/-].)[1-9](?:[ .()/-]{0,2}[0-9]){7,14})(?![\w-])(?![.:][0-9])"),
        ("+0",),
        _is_phone,
    ),
    Rule(
        "phone",
        re.compile(
            r"(?P<secret>\((?<![\w.+/-].)\+?[0-9]{1,4}\)[ .-]?(?:\([0-9]\))?"
            r"[0-9]{1,4}(?:[ .-]?[0-9]{2,4}){1,4})(?![\w-])(?![.:][0-9])"
        ),
        ("(0", "(+0"),
        _is_phone,
    ),
    Rule(
        "phone",
        re.compile(
            r"(?P<secret>0(?<![\w.+:/-].)(?:0[1-9](?:[ .()/-]{0,2}[0-9]){8,13}|6[ -]?(?:[0-9][ -]?){7}[0-9]"
            r"|[1-9][0-9]{0,3}[ -][0-9]{6,8}|[1-9][0-9]{1,4}[ ][0-9]{3,4}[ ][0-9]{3,4}|[1-9](?:[ .][0-9]{2}){4})"
            r"|[2-9](?<![\w.+:/=-].)[0-9]{2}[-.][2-9][0-9]{2}[-.][0-9]{4})(?![\w-])(?![.:][0-9])"
        ),
        (
            "0000000000",
            "00-000",
            "000-000",
            "00 000",
            "000 000",
            "0 00 00",
            "00 00 00",
            ".00.00.00",
            "000.000",
            "0 0 0",
            "00 0 00",
        ),
        _is_phone,
    ),
    Rule(
        "ip",
        re.compile(r"(?P<secret>[0-9](?<![\w.-].)(?:[0-9]{0,2})(?:\.[0-9]{1,3}){3})(?![\w-])(?!\.[0-9])"),
        ("0.0.0", "0.00.0", "0.000.0"),
        _is_address,
    ),
    Rule(
        "ip",
        re.compile(r"(?<![\w:.])(?P<secret>(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4})(?![\w:])(?!\.[0-9])"),
        ("::", ":0000:", ":000:", ":0a", ":a0", ":f"),
        _is_address,
    ),
)
