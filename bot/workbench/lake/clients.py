"""The workbench's own clients of the local lake: typed, signed with the launch key, never anybody's account.

The bot does not use these: it builds its own from its settings, as it would for AWS.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from boto3.session import Session
from botocore.client import BaseClient
from botocore.config import Config

from bot.aws.models import core_session
from bot.errors import EdgeError

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_codebuild import CodeBuildClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_sts import STSClient

_CONFIG = Config(
    connect_timeout=5,
    read_timeout=30,
    max_pool_connections=8,
    retries={"total_max_attempts": 1},
    parameter_validation=True,
    user_agent="runbook-bot-workbench",  # botocore puts a long one together for each request otherwise
)


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Hold what one launch of the lake wants to see in every signature."""

    access_key_id: str
    secret_access_key: str


@dataclass(frozen=True, kw_only=True)
class Connection:
    """Know how to make a client of the lake."""

    session: Session
    endpoint_url: str


@dataclass(frozen=True, kw_only=True)
class Clients:
    """Hold one client per service of the lake; those only a few scenarios need are made when first used."""

    connection: Connection
    athena: "AthenaClient"
    cloudwatch: "CloudWatchClient"
    events: "EventBridgeClient"
    glue: "GlueClient"
    logs: "CloudWatchLogsClient"
    s3: "S3Client"
    sfn: "SFNClient"
    sns: "SNSClient"
    sqs: "SQSClient"
    sts: "STSClient"

    @cached_property
    def codebuild(self) -> "CodeBuildClient":
        """Return the client of the deployment's builds."""
        at = self.connection
        return at.session.client("codebuild", endpoint_url=at.endpoint_url, config=_CONFIG)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """Return the client of the lock table."""
        at = self.connection
        return at.session.client("dynamodb", endpoint_url=at.endpoint_url, config=_CONFIG)

    @cached_property
    def functions(self) -> "LambdaClient":
        """Return the client of the functions and their aliases."""
        at = self.connection
        return at.session.client("lambda", endpoint_url=at.endpoint_url, config=_CONFIG)

    def create_role(self, name: str) -> str:
        """Make a role functions may run as, and return its ARN."""
        at = self.connection
        who = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        policy = {"Version": "2012-10-17", "Statement": [who]}
        iam = at.session.client("iam", endpoint_url=at.endpoint_url, config=_CONFIG)
        return str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(policy))["Role"]["Arn"])

    def close(self) -> None:
        """Give every kept connection back."""
        for client in vars(self).values():
            if isinstance(client, BaseClient):
                client.close()


def connect(*, endpoint_url: str, credentials: Credentials, region: str) -> Clients:
    """Build the clients for one endpoint."""
    session = Session(
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        region_name=region,
        botocore_session=core_session(),
    )
    return Clients(
        connection=Connection(session=session, endpoint_url=endpoint_url),
        athena=session.client("athena", endpoint_url=endpoint_url, config=_CONFIG),
        cloudwatch=session.client("cloudwatch", endpoint_url=endpoint_url, config=_CONFIG),
        events=session.client("events", endpoint_url=endpoint_url, config=_CONFIG),
        glue=session.client("glue", endpoint_url=endpoint_url, config=_CONFIG),
        logs=session.client("logs", endpoint_url=endpoint_url, config=_CONFIG),
        s3=session.client("s3", endpoint_url=endpoint_url, config=_CONFIG),
        sfn=session.client("stepfunctions", endpoint_url=endpoint_url, config=_CONFIG),
        sns=session.client("sns", endpoint_url=endpoint_url, config=_CONFIG),
        sqs=session.client("sqs", endpoint_url=endpoint_url, config=_CONFIG),
        sts=session.client("sts", endpoint_url=endpoint_url, config=_CONFIG),
    )


def require_dummy_account(clients: Clients, *, account: str) -> None:
    """Refuse to go on unless the account that answers is the local lake's.

    Raises:
        EdgeError: another account answered; nothing was changed.
    """
    answered = clients.sts.get_caller_identity()["Account"]
    if answered != account:
        raise EdgeError(
            f"The lake answered as account {answered}, not as the workbench's {account}. "
            "Nothing was changed. Start the workbench again and let it make its own lake."
        )
