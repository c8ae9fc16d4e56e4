from datetime import timedelta

from bot.workbench.lake import metrics
from bot.workbench.lake.lake import Lake


def test_a_metric_is_found_whatever_order_its_dimensions_are_named_in(lake: Lake) -> None:
    now, by = lake.clock.now(), {"Pipeline": "transactions", "Partition": "silver/year=2026/"}
    metrics.put_value(lake.clients.cloudwatch, namespace="Test", metric="Age", by=by, value=7, at=[now])

    for named in (by, dict(reversed(by.items()))):
        found = lake.clients.cloudwatch.get_metric_data(
            MetricDataQueries=[
                {
                    "Id": "m",
                    "MetricStat": {
                        "Metric": {
                            "Namespace": "Test",
                            "MetricName": "Age",
                            "Dimensions": [{"Name": name, "Value": value} for name, value in named.items()],
                        },
                        "Period": 300,
                        "Stat": "Maximum",
                    },
                }
            ],
            StartTime=now - timedelta(minutes=10),
            EndTime=now + timedelta(minutes=10),
        )
        assert [one["Values"] for one in found["MetricDataResults"]] == [[7.0]]
