"""Rows and parameters against botocore's own service model, offline."""

from collections.abc import Iterable, Iterator
from functools import cache

from botocore.model import OperationModel, ServiceModel
from botocore.validate import ParamValidator

from bot.aws.models import core_session
from bot.domain.action import Row
from bot.domain.value import JsonObject


def row_problems(rows: Iterable[Row]) -> list[str]:
    """Return what is wrong with rows: unknown operations, parameters or answers, and open required ones."""
    return [f"{row.id}: {problem}" for row in rows if row.of_aws for problem in _row_problems(row)]


def param_problems(row: Row, params: JsonObject) -> str | None:
    """Return what botocore finds wrong with the parameters of a call to AWS, or None."""
    if not row.of_aws:
        return None
    shape = _operation(row.service, row.operation)
    if shape is None or shape.input_shape is None:
        return f"AWS has no operation {row.service}.{row.operation} that takes parameters"
    # botocore writes the source of a copy as text itself, before it validates.
    flat = {name: "source" if name == "CopySource" and isinstance(v, dict) else v for name, v in params.items()}
    found = ParamValidator().validate(flat, shape.input_shape)
    return found.generate_report() if found.has_errors() else None


def _row_problems(row: Row) -> Iterator[str]:
    operation = _operation(row.service, row.operation)
    if operation is None:
        yield f"AWS has no operation {row.service}.{row.operation}"
        return
    members = set(operation.input_shape.members) if operation.input_shape else set()
    for name in sorted(set(row.allows) - members):
        yield f"{row.operation} has no parameter {name}"
    for name in sorted(set(row.required) - set(row.allows)):
        yield f"{name} is required but not allowed"
    needed = set(operation.input_shape.required_members) if operation.input_shape else set()
    for name in sorted(needed - set(row.required)):
        yield f"{row.operation} needs {name}, which the row does not require"
    if "ExpectedBucketOwner" in members - set(row.required):
        yield "ExpectedBucketOwner must be required"
    answers = set(operation.output_shape.members) if operation.output_shape else set()
    for path in row.keep:
        head = path.split(".")[0].rstrip("[]")
        if head not in answers:
            yield f"{row.operation} answers no {head}"


def _operation(service: str, operation: str) -> OperationModel | None:
    wanted = operation.replace("_", "")
    model = _service(service)
    for name in model.operation_names:
        if name.lower() == wanted:
            return model.operation_model(name)
    return None


@cache
def _service(service: str) -> ServiceModel:
    return core_session().get_service_model(service)
