"""What the names, keys and marks in calls look like; shared by the tables of rows."""

from bot.domain.action import Fixed, Match, Named, OneOf, Text, Whole

BREAKER_KEY = r"control/circuit_breaker/<pipelines>\.json"
RUN_ID = r"[A-Za-z0-9_-]{1,80}"
FOLDERS = r"(?:[a-z0-9_-]+/)*"
PARTITION = rf"silver/{FOLDERS}year=[0-9]{{4}}/month=[0-9]{{2}}/schema_v=v[0-9]{{1,3}}/"
FILE = r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*"
SOURCE_KEY = rf"bronze/{FOLDERS}ingest_date=[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}/{FILE}"
LISTED_PREFIX = r"(?:bronze|silver|quarantine|condemned|control)/(?:[A-Za-z0-9_=-]+/)*[A-Za-z0-9_=-]*"
SET_ASIDE = rf"/(?:[A-Za-z0-9_=-]+/)*{FILE}"
ETAG = r'"[0-9a-f]{32}(?:-[0-9]{1,5})?"'
VERSION = r"[A-Za-z0-9._-]{1,1024}"
PAGE_MARK = r"[A-Za-z0-9+/=_.:@|-]{1,4096}"
MOMENT = r"[0-9TZ:.+-]{1,35}"
DERIVED = r"[0-9a-f]{32,64}"  # what a service deduplicates on, from run and step
NAME = r"[A-Za-z0-9_.-]{1,128}"
FROM_2020_S, TO_2100_S = 1_577_836_800, 4_102_444_800

OWNER = Fixed(value="<account>")
MACHINE = Named(prefix="arn:aws:states:<region>:<account>:stateMachine:", of=Match(pattern="<machines>"))
EXECUTION = Match(pattern=r"arn:aws:states:<region>:<account>:execution:<machines>:" + RUN_ID)
NOTHING = OneOf(values=(None,))
SECONDS = Whole(least=FROM_2020_S, most=TO_2100_S)
MILLIS = Whole(least=FROM_2020_S * 1000, most=TO_2100_S * 1000)
MARK = Match(pattern=PAGE_MARK)
WORDS = Text(most=500)
