"""Objects under a prefix, page by page; shared by the actions on S3."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from bot.actions.parameters import Returns
from bot.domain.action import Look
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError

PAGE = 1000
MOST_PAGES = 20
AT_ONCE = 8  # as many as a client keeps connections for


class Object(Returns):
    """Hold one object's metadata."""

    key: str
    size: int
    etag: str
    modified: str


class Listing(Returns):
    """Hold objects by key; `complete` says whether every key was looked at."""

    objects: tuple[Object, ...]
    complete: bool


def rows_of(value: JsonValue) -> list[JsonObject]:
    """Return the objects of a list in an answer; an answer without it has none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def pages(look: Look, bucket: str, prefix: str, *, most: int = MOST_PAGES) -> Iterator[tuple[list[Object], bool]]:
    """Yield each page of objects, and whether more follow."""
    more: JsonObject = {}
    for _ in range(most):
        page = look("s3.list", Bucket=bucket, Prefix=prefix, MaxKeys=PAGE, **more)
        token = page.get("NextContinuationToken")
        yield [object_of(one) for one in rows_of(page.get("Contents"))], bool(token)
        if not token:
            return
        more = {"ContinuationToken": token}


def listed(look: Look, bucket: str, prefix: str, *, most: int = MOST_PAGES) -> Listing:
    """Return the objects under the prefix."""
    objects: list[Object] = []
    complete = True
    for page, more in pages(look, bucket, prefix, most=most):
        objects += page
        complete = not more
    return Listing(objects=tuple(objects), complete=complete)


def all_listed(look: Look, bucket: str, prefix: str) -> tuple[Object, ...]:
    """Return every object under the prefix.

    Raises:
        InvalidError: there are more than can be looked at.
    """
    found = listed(look, bucket, prefix)
    if not found.complete:
        raise InvalidError(f"{prefix} holds more than {PAGE * MOST_PAGES} objects; that is more than this step can do.")
    return found.objects


def looks(look: Look, row: str, params: Sequence[JsonObject]) -> Iterator[JsonObject]:
    """Yield the answers of one row, in order, several asked for at a time."""
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="look") as pool:
        yield from pool.map(lambda one: look(row, **one), params)


def object_of(one: JsonObject) -> Object:
    """Return an object of a listing."""
    return Object(
        key=str(one["Key"]), size=int(str(one["Size"])), etag=str(one["ETag"]), modified=str(one["LastModified"])
    )
