from bot.aws.model import param_problems, row_problems
from bot.domain.action import Match, Row, Text


def row(operation: str, keep: dict[str, str] | None = None, **allows: Match) -> Row:
    return Row(id="r", service="s3", operation=operation, title="", allows=allows, resource="x", keep=keep or {})


def test_what_aws_does_not_have_is_named() -> None:
    anything = Match(pattern=".*")

    problems = row_problems(
        [
            row("get_objekt"),
            row("get_object", Bucket=anything, Key=anything, Buckett=anything, keep={"Bodyy": "text"}),
        ]
    )

    assert problems == [
        "r: AWS has no operation s3.get_objekt",
        "r: get_object has no parameter Buckett",
        "r: get_object needs Bucket, which the row does not require",
        "r: get_object needs Key, which the row does not require",
        "r: ExpectedBucketOwner must be required",
        "r: get_object answers no Bodyy",
    ]


def test_a_parameter_of_another_type_is_found_offline() -> None:
    found = Row(
        id="r", service="events", operation="disable_rule", title="", allows={"Name": Text(most=9)}, resource="x"
    )

    assert param_problems(found, {"Name": "a"}) is None
    assert "Name" in (param_problems(found, {"Name": 7}) or "")
    assert "Nope" in (param_problems(found, {"Name": "a", "Nope": "x"}) or "")
