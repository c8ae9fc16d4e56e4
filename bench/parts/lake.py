"""The local lake alone, with objects set aside, for a bot in another process."""

from pathlib import Path
from tempfile import TemporaryDirectory

from bench.child import Said, answering, quiet
from bot.workbench.clock import Clock
from bot.workbench.guard import seal
from bot.workbench.lake.lake import Lake
from bot.workbench.table import platform_of


def main() -> None:
    """Serve until standard input ends."""
    quiet()
    seal()
    with TemporaryDirectory() as folder:
        lake = Lake(clock=Clock(Path(folder) / "clock.json"))

        def fill(said: Said) -> Said:
            for number in range(int(said["begin"]), int(said["end"])):
                for prefix in ("bare", "listed"):
                    key, body = f"quarantine/{prefix}/part-{number:05}.json", f"row {number}".encode()
                    lake.clients.s3.put_object(Bucket=lake.names.quarantine_bucket, Key=key, Body=body)
            return {}

        def start(_: Said) -> Said:
            lake.start()
            lent = lake.credentials
            return {
                "url": lake.endpoint_url,
                "id": lent.access_key_id,
                "secret": lent.secret_access_key,
                "platform": platform_of(lake).model_dump(mode="json"),
            }

        try:
            answering({"start": start, "fill": fill})
        finally:
            lake.close()


if __name__ == "__main__":
    main()
