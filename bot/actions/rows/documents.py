"""Rows on control documents in S3: breaker files, pointers, what a finished run says of itself."""

from bot.actions.rows.patterns import (
    BREAKER_KEY,
    ETAG,
    EXECUTION,
    LISTED_PREFIX,
    MOMENT,
    NOTHING,
    OWNER,
    PAGE_MARK,
    PARTITION,
    RUN_ID,
    SOURCE_KEY,
)
from bot.domain.action import Allowed, AnyOf, Document, Fixed, Match, OneOf, Replay, Row, Text, Whole
from bot.domain.runbook import Risk

BREAKER_FIELDS: dict[str, Allowed] = {
    "pipeline": Match(pattern="<pipelines>"),
    "state": OneOf(values=("CLOSED", "OPEN", "HALF_OPEN")),
    "opened_at": AnyOf(of=(Match(pattern=MOMENT), NOTHING)),
    "error_type": AnyOf(of=(Match(pattern=r"[A-Z_]{1,40}"), NOTHING)),
    "count": AnyOf(of=(Whole(least=0, most=1_000_000_000), NOTHING)),
    "window_s": Whole(least=1, most=86_400),
    "threshold": Whole(least=1, most=1_000_000),
    "run_id": AnyOf(of=(Match(pattern=RUN_ID), NOTHING)),
    "changed_by": Match(pattern=r"R-[0-9]{1,9}"),
    "reason": AnyOf(of=(Text(most=500), NOTHING)),
}
_BREAKER_KINDS = {
    "pipeline": "text",
    "state": "text",
    "opened_at": "text",
    "error_type": "text",
    "count": "number",
    "window_s": "number",
    "threshold": "number",
    "run_id": "text",
    "changed_by": "text",
    "reason": "text",
}
POINTER_FIELDS: dict[str, Allowed] = {
    "run_id": Match(pattern=RUN_ID),
    "execution_arn": EXECUTION,
    "promoted_at": Match(pattern=MOMENT),
    "output_prefix": Match(pattern=PARTITION + "run_id=" + RUN_ID + "/"),
    "current_prefix": Match(pattern=PARTITION + "current/"),
    "schema_version": Match(pattern=r"v[0-9]{1,3}"),
    "files_copied": Whole(least=0, most=1_000_000),
}
_POINTER_KINDS = {
    "run_id": "text",
    "execution_arn": "text",
    "promoted_at": "text",
    "output_prefix": "text",
    "current_prefix": "text",
    "schema_version": "text",
    "files_copied": "number",
}
_SUCCESS_KINDS = {
    "run_id": "text",
    "execution_arn": "text",
    "completed_at": "text",
    "schema_version": "text",
    "metrics": "map",
    "quarantine_by_reason": "map",
    "has_critical_errors": "truth",
    "promotion_allowed": "truth",
}


def _reading_document(row: str, title: str, bucket: str, key: str, kinds: dict[str, str]) -> Row:
    return Row(
        id=row,
        service="s3",
        operation="get_object",
        title=title,
        allows={"Bucket": Match(pattern=bucket), "Key": Match(pattern=key), "ExpectedBucketOwner": OWNER},
        required=("Bucket", "Key", "ExpectedBucketOwner"),
        resource="s3://{Bucket}/{Key}",
        keep={
            "ETag": "text",
            "VersionId": "text?",
            "LastModified": "time",
            **{f"Body.{field}": f"{kind}?" for field, kind in kinds.items()},
        },
        iam=("s3:GetObject", "s3:ListBucket"),
    )


def _putting_pointer(row: str, title: str, precondition: str, value: Allowed) -> Row:
    return Row(
        id=row,
        service="s3",
        operation="put_object",
        title=title,
        allows={
            "Bucket": Match(pattern="<silver_bucket>"),
            "Key": Match(pattern=PARTITION + r"_LATEST\.json"),
            "Body": Document(
                fields=POINTER_FIELDS,
                required=("run_id", "promoted_at", "output_prefix", "current_prefix", "schema_version"),
            ),
            "ContentType": Fixed(value="application/json"),
            precondition: value,
            "ExpectedBucketOwner": OWNER,
        },
        required=("Bucket", "Key", "Body", "ContentType", precondition, "ExpectedBucketOwner"),
        resource="s3://{Bucket}/{Key}",
        risk=Risk.CHANGE,
        replay=Replay.SAFE,
        keep={"ETag": "text", "VersionId": "text?"},
        iam=("s3:PutObject",),
    )


ROWS: tuple[Row, ...] = (
    _reading_document("s3.get_breaker", "Read a breaker file", "<artifacts_bucket>", BREAKER_KEY, _BREAKER_KINDS),
    _reading_document(
        "s3.get_pointer",
        "Read which run readers are given",
        "<silver_bucket>",
        PARTITION + r"_LATEST\.json",
        _POINTER_KINDS,
    ),
    _reading_document(
        "s3.get_success",
        "Read what a finished run says of itself",
        "<silver_bucket>",
        PARTITION + "run_id=" + RUN_ID + "/_SUCCESS",
        _SUCCESS_KINDS,
    ),
    Row(
        id="s3.list",
        service="s3",
        operation="list_objects_v2",
        title="List objects under a prefix of the lake",
        allows={
            "Bucket": Match(pattern="<bronze_bucket>|<silver_bucket>|<quarantine_bucket>|<artifacts_bucket>"),
            "Prefix": Match(pattern=LISTED_PREFIX),
            "MaxKeys": Whole(least=1, most=1000),
            "ContinuationToken": Match(pattern=PAGE_MARK),
            "ExpectedBucketOwner": OWNER,
        },
        required=("Bucket", "Prefix", "ExpectedBucketOwner"),
        resource="s3://{Bucket}/{Prefix}",
        keep={
            "Contents[].Key": "text?",
            "Contents[].Size": "number?",
            "Contents[].ETag": "text?",
            "Contents[].LastModified": "time?",
            "NextContinuationToken": "text?",
        },
        most_kept=1_048_576,
        iam=("s3:ListBucket",),
    ),
    Row(
        id="s3.head_source",
        service="s3",
        operation="head_object",
        title="See which version of a source file is there",
        allows={
            "Bucket": Match(pattern="<bronze_bucket>"),
            "Key": Match(pattern=SOURCE_KEY),
            "ExpectedBucketOwner": OWNER,
        },
        required=("Bucket", "Key", "ExpectedBucketOwner"),
        resource="s3://{Bucket}/{Key}",
        keep={"ETag": "text", "VersionId": "text?", "ContentLength": "number", "LastModified": "time"},
        iam=("s3:GetObject", "s3:ListBucket"),
    ),
    Row(
        id="s3.put_breaker",
        service="s3",
        operation="put_object",
        title="Replace a breaker file, if it is still the one that was seen",
        allows={
            "Bucket": Match(pattern="<artifacts_bucket>"),
            "Key": Match(pattern=BREAKER_KEY),
            "Body": Document(
                fields=BREAKER_FIELDS, required=("pipeline", "state", "changed_by", "threshold", "window_s")
            ),
            "ContentType": Fixed(value="application/json"),
            "IfMatch": Match(pattern=ETAG),
            "ExpectedBucketOwner": OWNER,
        },
        required=("Bucket", "Key", "Body", "ContentType", "IfMatch", "ExpectedBucketOwner"),
        resource="s3://{Bucket}/{Key}",
        risk=Risk.CHANGE,
        replay=Replay.SAFE,
        keep={"ETag": "text", "VersionId": "text?"},
        iam=("s3:PutObject",),
    ),
    _putting_pointer(
        "s3.put_pointer", "Point readers to another run, if nobody else has", "IfMatch", Match(pattern=ETAG)
    ),
    _putting_pointer("s3.create_pointer", "Make the pointer anew, if there is none", "IfNoneMatch", Fixed(value="*")),
)
