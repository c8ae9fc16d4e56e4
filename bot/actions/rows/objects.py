"""Rows on the lake's objects in S3: which versions there are, copies inside the lake, tags, delete markers."""

from bot.actions.rows.patterns import ETAG, FILE, MARK, OWNER, PARTITION, RUN_ID, SET_ASIDE, VERSION
from bot.domain.action import Allowed, Each, Fields, Fixed, Match, Replay, Row, Whole
from bot.domain.runbook import Risk

RUN_FILE = PARTITION + "run_id=" + RUN_ID + "/" + FILE
CURRENT_FILE = PARTITION + "current/" + FILE
POINTER_KEY = PARTITION + r"_LATEST\.json"
STATE_KEY = "<tfstate_keys>"

_ETAG = Match(pattern=ETAG)
_VERSION = Match(pattern=VERSION)
_SILVER = Match(pattern="<silver_bucket>")
_QUARANTINE = Match(pattern="<quarantine_bucket>")
_ALGORITHM = "ServerSideEncryptionConfiguration.Rules[].ApplyServerSideEncryptionByDefault.SSEAlgorithm"
_COPIED = {"CopyObjectResult.ETag": "text", "VersionId": "text?"}
_COPYING = ("s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectTagging", "s3:PutObject", "s3:PutObjectTagging")


def _versions(row: str, title: str, bucket: str, prefix: str) -> Row:
    return Row(
        id=row,
        service="s3",
        operation="list_object_versions",
        title=title,
        allows={
            "Bucket": Match(pattern=bucket),
            "Prefix": Match(pattern=prefix),
            "MaxKeys": Whole(least=1, most=1000),
            "KeyMarker": MARK,
            "VersionIdMarker": _VERSION,
            "ExpectedBucketOwner": OWNER,
        },
        required=("Bucket", "Prefix", "ExpectedBucketOwner"),
        resource="s3://{Bucket}/{Prefix}",
        keep={
            "Versions[].Key": "text",
            "Versions[].VersionId": "text",
            "Versions[].ETag": "text",
            "Versions[].Size": "number",
            "Versions[].IsLatest": "truth",
            "Versions[].LastModified": "time",
            "DeleteMarkers[].Key": "text",
            "DeleteMarkers[].VersionId": "text",
            "DeleteMarkers[].IsLatest": "truth",
            "DeleteMarkers[].LastModified": "time",
            "NextKeyMarker": "text?",
            "NextVersionIdMarker": "text?",
        },
        most_kept=1_048_576,
        iam=("s3:ListBucketVersions",),
    )


def _copy(row: str, title: str, *, bucket: str, source: str, target: str, created: bool) -> Row:
    """Return a row that copies inside one bucket; `created` wants that there is nothing at the target yet."""
    only_new: dict[str, Allowed] = {"IfNoneMatch": Fixed(value="*")} if created else {}
    return Row(
        id=row,
        service="s3",
        operation="copy_object",
        title=title,
        allows={
            "Bucket": Match(pattern=bucket),
            "Key": Match(pattern=target),
            "CopySource": Fields(
                fields={"Bucket": Match(pattern=bucket), "Key": Match(pattern=source), "VersionId": _VERSION},
                required=("Bucket", "Key"),
            ),
            "CopySourceIfMatch": _ETAG,
            "ExpectedBucketOwner": OWNER,
            "ExpectedSourceBucketOwner": OWNER,
            **only_new,
        },
        required=(
            "Bucket",
            "Key",
            "CopySource",
            "CopySourceIfMatch",
            "ExpectedBucketOwner",
            "ExpectedSourceBucketOwner",
            *only_new,
        ),
        resource="s3://{Bucket}/{Key}",
        risk=Risk.CHANGE,
        replay=Replay.SAFE,
        keep=_COPIED,
        iam=_COPYING,
    )


ROWS: tuple[Row, ...] = (
    Row(
        id="s3.head",
        service="s3",
        operation="head_object",
        title="See which version of an object is there",
        allows={
            "Bucket": Match(pattern="<silver_bucket>|<quarantine_bucket>"),
            "Key": Match(
                pattern=f"{RUN_FILE}|{CURRENT_FILE}|{POINTER_KEY}|(?:quarantine|condemned){SET_ASIDE}",
            ),
            "ExpectedBucketOwner": OWNER,
        },
        required=("Bucket", "Key", "ExpectedBucketOwner"),
        resource="s3://{Bucket}/{Key}",
        keep={"ETag": "text", "VersionId": "text?", "ContentLength": "number", "LastModified": "time"},
        iam=("s3:GetObject", "s3:ListBucket"),
    ),
    Row(
        id="s3.folders",
        service="s3",
        operation="list_objects_v2",
        title="List the folders under a prefix of the lake",
        allows={
            "Bucket": Match(pattern="<bronze_bucket>|<silver_bucket>|<quarantine_bucket>"),
            "Prefix": Match(pattern=r"(?:bronze|silver|quarantine)/(?:[A-Za-z0-9_=-]+/)*"),
            "Delimiter": Fixed(value="/"),
            "ContinuationToken": MARK,
            "ExpectedBucketOwner": OWNER,
        },
        required=("Bucket", "Prefix", "Delimiter", "ExpectedBucketOwner"),
        resource="s3://{Bucket}/{Prefix}",
        keep={"CommonPrefixes[].Prefix": "text", "NextContinuationToken": "text?"},
        most_kept=524_288,
        iam=("s3:ListBucket",),
    ),
    _versions("s3.versions_pointer", "List the versions of a pointer", "<silver_bucket>", POINTER_KEY),
    _versions(
        "s3.versions_artifact",
        "List the versions of code that was deployed",
        "<artifacts_bucket>",
        r"etl/[A-Za-z0-9_./-]{0,200}",
    ),
    _versions("s3.versions_tfstate", "List the versions of Terraform's state", "<tfstate_bucket>", STATE_KEY),
    Row(
        id="s3.versioning",
        service="s3",
        operation="get_bucket_versioning",
        title="See whether a bucket keeps every version",
        allows={
            "Bucket": Match(pattern="<bronze_bucket>|<silver_bucket>|<quarantine_bucket>|<artifacts_bucket>"),
            "ExpectedBucketOwner": OWNER,
        },
        required=("Bucket", "ExpectedBucketOwner"),
        resource="s3://{Bucket}",
        keep={"Status": "text?"},
        absent=("NoSuchBucket",),
        iam=("s3:GetBucketVersioning",),
    ),
    Row(
        id="s3.encryption",
        service="s3",
        operation="get_bucket_encryption",
        title="See with which kind of key a bucket encrypts what is written to it",
        allows={"Bucket": _SILVER, "ExpectedBucketOwner": OWNER},
        required=("Bucket", "ExpectedBucketOwner"),
        resource="s3://{Bucket}",
        keep={_ALGORITHM: "text?"},
        absent=("ServerSideEncryptionConfigurationNotFoundError",),
        iam=("s3:GetEncryptionConfiguration",),
    ),
    Row(
        id="s3.tags",
        service="s3",
        operation="get_object_tagging",
        title="Read the tags of rows set aside",
        allows={
            "Bucket": _QUARANTINE,
            "Key": Match(pattern=f"quarantine{SET_ASIDE}"),
            "VersionId": _VERSION,
            "ExpectedBucketOwner": OWNER,
        },
        required=("Bucket", "Key", "ExpectedBucketOwner"),
        resource="s3://{Bucket}/{Key}",
        keep={"VersionId": "text?", "TagSet[].Key": "text", "TagSet[].Value": "text"},
        absent=("NoSuchVersion",),
        iam=("s3:GetObjectTagging", "s3:GetObjectVersionTagging"),
    ),
    _copy(
        "s3.copy_current",
        "Copy a run's file to where readers look",
        bucket="<silver_bucket>",
        source=RUN_FILE,
        target=CURRENT_FILE,
        created=False,
    ),
    _copy(
        "s3.copy_condemned",
        "Copy rows set aside to the condemned",
        bucket="<quarantine_bucket>",
        source=f"quarantine{SET_ASIDE}",
        target=f"condemned{SET_ASIDE}",
        created=True,
    ),
    Row(
        id="s3.tag_condemned",
        service="s3",
        operation="put_object_tagging",
        title="Mark rows set aside as condemned",
        allows={
            "Bucket": _QUARANTINE,
            "Key": Match(pattern=f"quarantine{SET_ASIDE}"),
            "VersionId": _VERSION,
            "Tagging": Fields(
                fields={
                    "TagSet": Each(
                        of=Fields(
                            fields={
                                "Key": Match(pattern=r"[A-Za-z0-9_.:-]{1,128}"),
                                "Value": Match(pattern=r"[A-Za-z0-9_.:=+@ -]{0,256}"),
                            },
                            required=("Key", "Value"),
                        ),
                        most=10,
                    )
                },
                required=("TagSet",),
            ),
            "ExpectedBucketOwner": OWNER,
        },
        required=("Bucket", "Key", "VersionId", "Tagging", "ExpectedBucketOwner"),
        resource="s3://{Bucket}/{Key}",
        risk=Risk.CHANGE,
        replay=Replay.SAFE,
        keep={"VersionId": "text?"},
        iam=("s3:PutObjectTagging", "s3:PutObjectVersionTagging"),
    ),
    Row(
        id="s3.remove_marker",
        service="s3",
        operation="delete_object",
        title="Remove a delete marker, so that what lies below it is there again",
        allows={
            "Bucket": _SILVER,
            "Key": Match(pattern=f"{POINTER_KEY}|{CURRENT_FILE}"),
            "VersionId": _VERSION,
            "ExpectedBucketOwner": OWNER,
        },
        required=("Bucket", "Key", "VersionId", "ExpectedBucketOwner"),
        resource="s3://{Bucket}/{Key}",
        risk=Risk.CHANGE,
        replay=Replay.SAFE,
        keep={"DeleteMarker": "truth?", "VersionId": "text"},
        iam=("s3:DeleteObjectVersion",),
    ),
    Row(
        id="s3.hide_left_over",
        service="s3",
        operation="delete_object",
        title="Take a file no longer promoted out of readers' sight; every version of it stays",
        allows={
            "Bucket": _SILVER,
            "Key": Match(pattern=CURRENT_FILE),
            "IfMatch": _ETAG,
            "ExpectedBucketOwner": OWNER,
        },
        required=("Bucket", "Key", "IfMatch", "ExpectedBucketOwner"),
        resource="s3://{Bucket}/{Key}",
        risk=Risk.CHANGE,
        replay=Replay.ONCE,
        keep={"DeleteMarker": "truth", "VersionId": "text"},
        iam=("s3:DeleteObject",),
    ),
    Row(
        id="s3.rollback_tfstate",
        service="s3",
        operation="copy_object",
        title="Put an older version of Terraform's state on top",
        allows={
            "Bucket": Match(pattern="<tfstate_bucket>"),
            "Key": Match(pattern=STATE_KEY),
            "CopySource": Fields(
                fields={
                    "Bucket": Match(pattern="<tfstate_bucket>"),
                    "Key": Match(pattern=STATE_KEY),
                    "VersionId": _VERSION,
                },
                required=("Bucket", "Key", "VersionId"),
            ),
            "CopySourceIfMatch": _ETAG,
            "IfMatch": _ETAG,
            "ExpectedBucketOwner": OWNER,
            "ExpectedSourceBucketOwner": OWNER,
        },
        required=(
            "Bucket",
            "Key",
            "CopySource",
            "CopySourceIfMatch",
            "IfMatch",
            "ExpectedBucketOwner",
            "ExpectedSourceBucketOwner",
        ),
        resource="s3://{Bucket}/{Key}",
        risk=Risk.DESTRUCTIVE,
        replay=Replay.SAFE,
        keep=_COPIED,
        iam=_COPYING,
    ),
)
