from concurrent.futures import ThreadPoolExecutor

from bot.workbench.lake import breaker
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.circuit_breaker import break_
from tests.workbench.lake.driving import ended, good, host_now, land, notices, run, start


def test_start_over_puts_everything_back_at_the_same_address(lake: Lake) -> None:
    address, key = lake.endpoint_url, lake.credentials.access_key_id
    lake.clock.advance(90 * 60)
    break_(lake)
    lake.clients.events.disable_rule(Name=lake.names.schedule_rule)

    lake.reset()

    assert (lake.endpoint_url, lake.credentials.access_key_id) == (address, key)
    assert lake.clock.now() <= host_now()
    assert breaker.read(lake.clients.s3, lake.names).state == "CLOSED"
    assert lake.clients.events.describe_rule(Name=lake.names.schedule_rule)["State"] == "ENABLED"
    assert executions(lake) == []
    states = {found["StateValue"] for found in lake.clients.cloudwatch.describe_alarms()["MetricAlarms"]}
    assert states == {"OK"}


def test_the_same_failure_can_be_played_again_after_start_over(lake: Lake) -> None:
    break_(lake)
    lake.reset()

    break_(lake)

    assert [found["Subject"].split('"')[1] for found in notices(lake, 2)] == list(lake.names.alarms)


def test_a_consumer_that_waited_through_start_over_gets_the_next_alarm(lake: Lake) -> None:
    queue = lake.queue_url(lake.names.failures_queue)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lake.clients.sqs.receive_message, QueueUrl=queue, WaitTimeSeconds=20)

        lake.reset()
        break_(lake)

        assert waiting.result(timeout=30)["Messages"]


def test_messages_from_before_start_over_are_gone(lake: Lake) -> None:
    queue = lake.queue_url(lake.names.failures_queue)
    lake.clients.sqs.send_message(QueueUrl=queue, MessageBody="old")
    lake.clients.sqs.receive_message(QueueUrl=queue)
    lake.clients.sqs.send_message(QueueUrl=queue, MessageBody="older still")

    lake.reset()

    assert "Messages" not in lake.clients.sqs.receive_message(QueueUrl=queue)


def test_start_over_ends_what_still_runs(lake: Lake) -> None:
    lake.pause()
    start(lake, "waiting", raw_key="bronze/none")

    lake.reset()

    key = land(lake, "f-0180", good(lake, "f-0180"))
    assert run(lake, "waiting", raw_key=key)["status"] == "SUCCEEDED"


def test_a_paused_pipeline_does_nothing_until_it_is_resumed(lake: Lake) -> None:
    key = land(lake, "f-0180", good(lake, "f-0180"))
    lake.pause()

    arn = start(lake, "held", raw_key=key)

    queue = lake.queue_url(lake.names.worker_queue)
    taken = lake.clients.sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5, VisibilityTimeout=0)
    assert taken["Messages"]  # it is there for us: nobody else took it
    assert lake.clients.sfn.describe_execution(executionArn=arn)["status"] == "RUNNING"
    lake.resume()
    assert ended(lake, arn)["status"] == "SUCCEEDED"


def executions(lake: Lake) -> list[str]:
    found = lake.clients.sfn.list_executions(stateMachineArn=lake.names.state_machine_arn)
    return [execution["name"] for execution in found["executions"]]
