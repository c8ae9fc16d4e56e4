"""The row on the platform's own endpoints, which are none of AWS: an address is the settings', never a parameter."""

from bot.domain.action import HTTP, Match, Row

ROWS: tuple[Row, ...] = (
    Row(
        id="http.get",
        service=HTTP,
        operation="get_endpoint",
        title="Ask an endpoint of the platform how it is",
        allows={
            "Endpoint": Match(pattern="<endpoints>"),
            "Field": Match(pattern=r"[a-z][a-z0-9_]{0,39}(?:\.[a-z][a-z0-9_]{0,39}){0,3}"),
        },
        required=("Endpoint",),
        resource="endpoint {Endpoint}",
        keep={"Status": "number", "Milliseconds": "number", "Value": "text?"},
    ),
)
