"""A lake whose nightly load has halted itself, and that can be put back as it stood then without starting over."""

from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.circuit_breaker import BAD_FILE, break_, correct_source


class Halted:
    """Keep what a story may change, to put it back for the next; takes a lake that was just started."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self._breaker = b""
        self._bad = ""
        self._files: dict[str, bytes] = {}
        self._halt()

    def start_over(self) -> None:
        """Seed the lake anew, break it, and have the file corrected."""
        self.lake.resume()
        self.lake.reset()
        self._halt()

    def _halt(self) -> None:
        break_(self.lake)
        correct_source(self.lake)
        names, s3 = self.lake.names, self.lake.clients.s3
        self._breaker = s3.get_object(Bucket=names.artifacts_bucket, Key=names.breaker_key)["Body"].read()
        self._bad = names.raw_key(self.lake.clock.now().date(), BAD_FILE).partition(BAD_FILE)[0] + BAD_FILE
        self._files = {key: self._raw(key) for key in self._keys()}

    def put_back(self) -> None:
        """Undo what the last story did to breaker, schedule, raw files, executions and clock."""
        lake, names = self.lake, self.lake.names
        lake.resume()
        running = lake.clients.sfn.list_executions(stateMachineArn=names.state_machine_arn, statusFilter="RUNNING")
        for one in running["executions"]:
            lake.clients.sfn.stop_execution(executionArn=one["executionArn"])
        lake.clients.s3.put_object(Bucket=names.artifacts_bucket, Key=names.breaker_key, Body=self._breaker)
        lake.clients.events.enable_rule(Name=names.schedule_rule)
        for key in self._keys():
            if key not in self._files:
                lake.clients.s3.delete_object(Bucket=names.bronze_bucket, Key=key)
        for key, body in self._files.items():
            lake.clients.s3.put_object(Bucket=names.bronze_bucket, Key=key, Body=body)
        lake.clock.reset()

    def _keys(self) -> list[str]:
        found = self.lake.clients.s3.list_objects_v2(Bucket=self.lake.names.bronze_bucket, Prefix=self._bad)
        return [one["Key"] for one in found.get("Contents", [])]

    def _raw(self, key: str) -> bytes:
        return self.lake.clients.s3.get_object(Bucket=self.lake.names.bronze_bucket, Key=key)["Body"].read()
