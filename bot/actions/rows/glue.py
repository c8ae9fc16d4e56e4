"""Rows on the catalogue of tables and partitions, and on Glue jobs."""

from bot.actions.rows.patterns import MARK, NAME, PARTITION
from bot.domain.action import Allowed, AnyOf, Each, Fields, Map, Match, OneOf, Replay, Row, Whole
from bot.domain.runbook import Risk

COLUMN = r"[a-z_][a-z0-9_]{0,127}"
TYPE = r"[a-z][a-z0-9_]{0,30}(?:[(<][a-z0-9_:,()<> ]{1,400}[)>])?"
VALUE = r"[A-Za-z0-9_-]{1,64}"
# Names of arguments that this bot neither reads out nor sends.
HUSH = r"(?i:.*(?:secret|passw|token|credential|api.?key|private).*)"

_DATABASE = Match(pattern="<database>")
_TABLE = Match(pattern="<tables>")
_JOB = Match(pattern="<jobs>")
_JOB_RUN = Match(pattern=r"jr_[A-Za-z0-9_-]{1,200}|[0-9a-f-]{36}")
_NUMBER = Whole(least=0, most=1_000_000)
_TRUTH = OneOf(values=(True, False))
_PROPERTIES = Map(keys=Match(pattern=r"[A-Za-z0-9_.:-]{1,255}"), of=Match(pattern=r"[ -~]{0,2048}"), most=60)
_COLUMNS = Each(
    of=Fields(
        fields={"Name": Match(pattern=COLUMN), "Type": Match(pattern=TYPE), "Comment": Match(pattern=r"[ -~]{0,255}")},
        required=("Name", "Type"),
    ),
    most=500,
)
_STORAGE = Fields(
    fields={
        "Columns": _COLUMNS,
        "Location": Match(pattern=r"s3://<silver_bucket>/silver/(?:[A-Za-z0-9_=-]+/)*[A-Za-z0-9_=-]*"),
        "InputFormat": Match(pattern=r"[A-Za-z0-9_.$]{1,200}"),
        "OutputFormat": Match(pattern=r"[A-Za-z0-9_.$]{1,200}"),
        "Compressed": _TRUTH,
        "NumberOfBuckets": Whole(least=-1, most=100_000),
        "SerdeInfo": Fields(
            fields={
                "Name": Match(pattern=r"[A-Za-z0-9_. -]{0,200}"),
                "SerializationLibrary": Match(pattern=r"[A-Za-z0-9_.$]{1,200}"),
                "Parameters": _PROPERTIES,
            }
        ),
        "BucketColumns": Each(of=Match(pattern=COLUMN), most=20),
        "SortColumns": Each(of=Fields(fields={"Column": Match(pattern=COLUMN), "SortOrder": _NUMBER}), most=20),
        "Parameters": _PROPERTIES,
        "StoredAsSubDirectories": _TRUTH,
    },
    required=("Columns", "Location"),
)
_TABLE_INPUT = Fields(
    fields={
        "Name": _TABLE,
        "Description": Match(pattern=r"[ -~]{0,2048}"),
        "Owner": Match(pattern=r"[A-Za-z0-9_.@ -]{0,255}"),
        "Retention": _NUMBER,
        "StorageDescriptor": _STORAGE,
        "PartitionKeys": _COLUMNS,
        "TableType": OneOf(values=("EXTERNAL_TABLE",)),
        "Parameters": _PROPERTIES,
    },
    required=("Name", "StorageDescriptor", "PartitionKeys"),
)
_PARTITION_VALUES = Each(of=Match(pattern=VALUE), most=5)


def _stored(path: str) -> dict[str, str]:
    """Return what is kept of a storage descriptor; `Others` names what this bot would drop."""
    below = f"{path}.StorageDescriptor"
    return {
        f"{below}.Columns[].Name": "text",
        f"{below}.Columns[].Type": "text",
        f"{below}.Columns[].Comment": "text?",
        f"{below}.Columns[].*": "names",
        f"{below}.Location": "text?",
        f"{below}.InputFormat": "text?",
        f"{below}.OutputFormat": "text?",
        f"{below}.Compressed": "truth?",
        f"{below}.NumberOfBuckets": "number?",
        f"{below}.SerdeInfo.Name": "text?",
        f"{below}.SerdeInfo.SerializationLibrary": "text?",
        f"{below}.SerdeInfo.Parameters": "map?",
        f"{below}.BucketColumns[]": "text?",
        f"{below}.SortColumns[].Column": "text",
        f"{below}.SortColumns[].SortOrder": "number",
        f"{below}.Parameters": "map?",
        f"{below}.StoredAsSubDirectories": "truth?",
        f"{below}.*": "names",
    }


def _described(path: str) -> dict[str, str]:
    return {
        f"{path}.Name": "text",
        f"{path}.Description": "text?",
        f"{path}.Owner": "text?",
        f"{path}.Retention": "number?",
        f"{path}.PartitionKeys[].Name": "text",
        f"{path}.PartitionKeys[].Type": "text",
        f"{path}.PartitionKeys[].Comment": "text?",
        f"{path}.TableType": "text?",
        f"{path}.Parameters": "map?",
        f"{path}.VersionId": "text?",
        f"{path}.UpdateTime": "time?",
        f"{path}.*": "names",
        **_stored(path),
    }


_TABLES: tuple[Row, ...] = (
    Row(
        id="glue.table",
        service="glue",
        operation="get_table",
        title="Read a table of the catalogue",
        allows={"DatabaseName": _DATABASE, "Name": _TABLE},
        required=("DatabaseName", "Name"),
        resource="glue:{DatabaseName}/{Name}",
        keep=_described("Table"),
        most_kept=524_288,
        absent=("EntityNotFoundException",),
        iam=("glue:GetTable",),
    ),
    Row(
        id="glue.table_versions",
        service="glue",
        operation="get_table_versions",
        title="List the versions a table has had",
        allows={
            "DatabaseName": _DATABASE,
            "TableName": _TABLE,
            "MaxResults": Whole(least=1, most=100),
            "NextToken": MARK,
        },
        required=("DatabaseName", "TableName", "MaxResults"),
        resource="glue:{DatabaseName}/{TableName}",
        keep={"TableVersions[].VersionId": "text", **_described("TableVersions[].Table"), "NextToken": "text?"},
        most_kept=4_194_304,
        absent=("EntityNotFoundException",),
        iam=("glue:GetTableVersions",),
    ),
    Row(
        id="glue.update_table",
        service="glue",
        operation="update_table",
        title="Replace a table's description, keeping the one it has as a version",
        allows={
            "DatabaseName": _DATABASE,
            "TableInput": _TABLE_INPUT,
            "VersionId": Match(pattern=r"[0-9]{1,20}"),
            "SkipArchive": OneOf(values=(False,)),
        },
        required=("DatabaseName", "TableInput", "SkipArchive"),
        resource="glue:{DatabaseName}/tables",
        risk=Risk.CHANGE,
        replay=Replay.ONCE,
        iam=("glue:UpdateTable",),
    ),
    Row(
        id="glue.partitions",
        service="glue",
        operation="get_partitions",
        title="List a table's partitions",
        allows={
            "DatabaseName": _DATABASE,
            "TableName": _TABLE,
            "Expression": Match(
                pattern=rf"{COLUMN}='{VALUE}'(?: AND {COLUMN}='{VALUE}'){{0,4}}",
            ),
            "ExcludeColumnSchema": OneOf(values=(True,)),
            "MaxResults": Whole(least=1, most=1000),
            "NextToken": MARK,
        },
        required=("DatabaseName", "TableName", "MaxResults"),
        resource="glue:{DatabaseName}/{TableName}",
        keep={
            "Partitions[].Values[]": "text",
            "Partitions[].StorageDescriptor.Location": "text?",
            "NextToken": "text?",
        },
        most_kept=1_048_576,
        absent=("EntityNotFoundException",),
        iam=("glue:GetPartitions",),
    ),
    Row(
        id="glue.create_partitions",
        service="glue",
        operation="batch_create_partition",
        title="Add partitions to a table; those it has are left",
        allows={
            "DatabaseName": _DATABASE,
            "TableName": _TABLE,
            "PartitionInputList": Each(
                of=Fields(
                    fields={"Values": _PARTITION_VALUES, "StorageDescriptor": _STORAGE},
                    required=("Values", "StorageDescriptor"),
                ),
                most=100,
            ),
        },
        required=("DatabaseName", "TableName", "PartitionInputList"),
        resource="glue:{DatabaseName}/{TableName}/partitions",
        risk=Risk.CHANGE,
        replay=Replay.SAFE,
        keep={"Errors[].PartitionValues[]": "text", "Errors[].ErrorDetail.ErrorCode": "text"},
        iam=("glue:BatchCreatePartition",),
    ),
    Row(
        id="glue.delete_partitions",
        service="glue",
        operation="batch_delete_partition",
        title="Take partitions out of the catalogue; their objects stay",
        allows={
            "DatabaseName": _DATABASE,
            "TableName": _TABLE,
            "PartitionsToDelete": Each(
                of=Fields(fields={"Values": _PARTITION_VALUES}, required=("Values",)),
                most=25,
            ),
        },
        required=("DatabaseName", "TableName", "PartitionsToDelete"),
        resource="glue:{DatabaseName}/{TableName}/partitions",
        risk=Risk.DESTRUCTIVE,
        replay=Replay.SAFE,
        keep={"Errors[].PartitionValues[]": "text", "Errors[].ErrorDetail.ErrorCode": "text"},
        iam=("glue:BatchDeletePartition",),
    ),
)

_ARGUMENT = Match(pattern=rf"(?!{HUSH})--?[A-Za-z0-9_-]{{1,100}}")
_ARGUMENTS = Map(keys=_ARGUMENT, of=Match(pattern=r"[ -~]{0,512}"), most=60)
_JOB_UPDATE: dict[str, Allowed] = {
    "JobMode": Match(pattern=r"[A-Z]{1,20}"),
    "JobRunQueuingEnabled": _TRUTH,
    "Description": Match(pattern=r"[ -~]{0,2048}"),
    "LogUri": Match(pattern=r"[ -~]{0,400}"),
    "Role": AnyOf(of=(Match(pattern="<roles>"), Match(pattern=r"arn:aws:iam::<account>:role/<roles>"))),
    "ExecutionProperty": Fields(fields={"MaxConcurrentRuns": Whole(least=1, most=1000)}),
    "Command": Fields(
        fields={
            "Name": OneOf(values=("glueetl", "pythonshell")),
            "ScriptLocation": Match(
                pattern=r"s3://<artifacts_bucket>/etl/(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*/)*[A-Za-z0-9_-][A-Za-z0-9_.-]*"
            ),
            "PythonVersion": Match(pattern=r"[0-9.]{1,5}"),
        },
        required=("Name", "ScriptLocation"),
    ),
    "DefaultArguments": _ARGUMENTS,
    "NonOverridableArguments": _ARGUMENTS,
    "Connections": Fields(fields={"Connections": Each(of=Match(pattern=NAME), most=10)}),
    "MaxRetries": Whole(least=0, most=10),
    "Timeout": Whole(least=1, most=100_000),
    "MaxCapacity": AnyOf(of=(_NUMBER, OneOf(values=(0.0625,)))),
    "WorkerType": Match(pattern=r"[A-Za-z0-9._]{1,20}"),
    "NumberOfWorkers": Whole(least=1, most=1000),
    "SecurityConfiguration": Match(pattern=NAME),
    "NotificationProperty": Fields(fields={"NotifyDelayAfter": Whole(least=1, most=100_000)}),
    "GlueVersion": Match(pattern=r"[0-9.]{1,10}"),
    "ExecutionClass": OneOf(values=("FLEX", "STANDARD")),
    "MaintenanceWindow": Match(pattern=r"[A-Za-z]{3}:[0-9]{1,2}"),
}
_JOB_RUN_KINDS = {
    "Id": "text",
    "JobName": "text?",
    "JobRunState": "text",
    "Attempt": "number?",
    "PreviousRunId": "text?",
    "StartedOn": "time?",
    "CompletedOn": "time?",
    "ExecutionTime": "number?",
    "ErrorMessage": "text?",
}

_JOBS: tuple[Row, ...] = (
    Row(
        id="glue.job",
        service="glue",
        operation="get_job",
        title="Read how a job is set up",
        allows={"JobName": _JOB},
        required=("JobName",),
        resource="glue:job/{JobName}",
        keep={
            "Job.Name": "text",
            "Job.JobMode": "text?",
            "Job.JobRunQueuingEnabled": "truth?",
            "Job.Description": "text?",
            "Job.LogUri": "text?",
            "Job.Role": "text?",
            "Job.LastModifiedOn": "time?",
            "Job.ExecutionProperty.MaxConcurrentRuns": "number?",
            "Job.Command.Name": "text",
            "Job.Command.ScriptLocation": "text?",
            "Job.Command.PythonVersion": "text?",
            "Job.Command.*": "names",
            "Job.DefaultArguments": "map?",
            "Job.NonOverridableArguments": "map?",
            "Job.Connections.Connections[]": "text",
            "Job.MaxRetries": "number?",
            "Job.Timeout": "number?",
            "Job.MaxCapacity": "number?",
            "Job.WorkerType": "text?",
            "Job.NumberOfWorkers": "number?",
            "Job.SecurityConfiguration": "text?",
            "Job.NotificationProperty.NotifyDelayAfter": "number?",
            "Job.GlueVersion": "text?",
            "Job.ExecutionClass": "text?",
            "Job.MaintenanceWindow": "text?",
            "Job.*": "names",
        },
        absent=("EntityNotFoundException",),
        iam=("glue:GetJob",),
    ),
    Row(
        id="glue.update_job",
        service="glue",
        operation="update_job",
        title="Replace how a job is set up",
        allows={"JobName": _JOB, "JobUpdate": Fields(fields=_JOB_UPDATE, required=("Role", "Command"))},
        required=("JobName", "JobUpdate"),
        resource="glue:job/{JobName}",
        risk=Risk.CHANGE,
        replay=Replay.ONCE,
        keep={"JobName": "text"},
        iam=("glue:UpdateJob", "iam:PassRole"),
    ),
    Row(
        id="glue.job_run",
        service="glue",
        operation="get_job_run",
        title="See how a job's run stands",
        allows={"JobName": _JOB, "RunId": _JOB_RUN},
        required=("JobName", "RunId"),
        resource="glue:job/{JobName}/{RunId}",
        keep={f"JobRun.{name}": kind for name, kind in _JOB_RUN_KINDS.items()},
        absent=("EntityNotFoundException",),
        iam=("glue:GetJobRun",),
    ),
    Row(
        id="glue.job_runs",
        service="glue",
        operation="get_job_runs",
        title="List a job's runs, newest first",
        allows={"JobName": _JOB, "MaxResults": Whole(least=1, most=200)},
        required=("JobName", "MaxResults"),
        resource="glue:job/{JobName}",
        keep={f"JobRuns[].{name}": kind for name, kind in _JOB_RUN_KINDS.items()},
        most_kept=524_288,
        absent=("EntityNotFoundException",),
        iam=("glue:GetJobRuns",),
    ),
    Row(
        id="glue.stop_job_run",
        service="glue",
        operation="batch_stop_job_run",
        title="Stop a job's run",
        allows={"JobName": _JOB, "JobRunIds": Each(of=_JOB_RUN, most=1)},
        required=("JobName", "JobRunIds"),
        resource="glue:job/{JobName}/runs",
        risk=Risk.CONTROL,
        replay=Replay.ONCE,
        keep={
            "SuccessfulSubmissions[].JobRunId": "text",
            "Errors[].JobRunId": "text",
            "Errors[].ErrorDetail.ErrorCode": "text",
        },
        iam=("glue:BatchStopJobRun",),
    ),
    Row(
        id="glue.start_job",
        service="glue",
        operation="start_job_run",
        title="Start a job",
        allows={
            "JobName": _JOB,
            "Arguments": Map(
                keys=Match(pattern=r"--(?:run-key|partition|schema-version|source-run)"),
                of=Match(pattern=rf"{VALUE}|{PARTITION}"),
                most=4,
            ),
        },
        required=("JobName", "Arguments"),
        resource="glue:job/{JobName}",
        risk=Risk.CHANGE,
        replay=Replay.ONCE,
        keep={"JobRunId": "text"},
        iam=("glue:StartJobRun",),
    ),
)

ROWS: tuple[Row, ...] = (*_TABLES, *_JOBS)
