"""Gap: versions, labels and generated names of SSM parameters.

A parameter keeps 100 versions, and who made each; labels are checked and can be taken off; and a
name that CloudFormation makes up has no slash, so that an ARN made of it holds. See
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_UnlabelParameterVersion.html
"""

from __future__ import annotations

import json
import re
import secrets
import threading
from typing import Any

from .registry import Created, Handler, Properties

Request = dict[str, Any]

PARAMETER = "AWS::SSM::Parameter"

_KEPT_VERSIONS = 100
_LABELS_OF_A_VERSION = 10
_LABEL = re.compile(r"(?!\d|aws|ssm)[\w.-]{1,100}", re.ASCII | re.IGNORECASE)


def wrap_parameter(handler: Handler) -> Handler:
    """A handler that makes up names as CloudFormation does."""

    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        name = properties.get("Name") or f"CFN-{logical_id}-{secrets.token_urlsafe(9)}"
        created: Created = handler["create"](logical_id, {**properties, "Name": name}, stack_name)
        return created

    return {"create": create}


def complete() -> None:
    """Put the missing action and the missing rules into ministack's Parameter Store."""
    from ministack.core.iam_evaluator import request_caller_arn
    from ministack.services import ssm

    lock = threading.Lock()
    put, label, handle_request = (
        ssm._put_parameter,
        ssm._label_parameter_version,
        ssm.handle_request,
    )

    def put_within_limit(request: Request) -> Any:
        history = ssm._parameter_history.get(request.get("Name"), [])
        full = len(history) >= _KEPT_VERSIONS
        if full and history[0]["Labels"] and request.get("Overwrite"):
            return _error(
                "ParameterMaxVersionLimitExceeded",
                f"You attempted to create a new version of {request['Name']} by calling the"
                f" PutParameter API with the overwrite flag. Version {history[0]['Version']}, the"
                " oldest version, can't be deleted because it has a label associated with it."
                " Move the label to another version of the parameter, and try again.",
            )
        response = put(request)
        if response[0] == 200 and full:
            del history[0]
        return response

    def put_kept(request: Request) -> Any:
        with lock:
            return put_within_limit(request)

    def label_valid(request: Request) -> Any:
        valid = [name for name in request["Labels"] if _LABEL.fullmatch(name)]
        entry = _version(request)
        if entry and len({*entry["Labels"], *valid}) > _LABELS_OF_A_VERSION:
            return _error(
                "ParameterVersionLabelLimitExceeded",
                "A parameter version can have a maximum of 10 labels.",
            )
        status, headers, body = label({**request, "Labels": valid})
        if status == 200:
            answer = json.loads(body)
            answer["InvalidLabels"] = [name for name in request["Labels"] if name not in valid]
            return _answer(answer)
        return status, headers, body

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Any:
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        if action == "UnlabelParameterVersion":
            return unlabel(json.loads(body))
        response = await handle_request(method, path, headers, body, query)
        if action == "PutParameter" and response[0] == 200:
            newest = ssm._parameter_history[json.loads(body)["Name"]][-1]
            newest["LastModifiedUser"] = request_caller_arn(headers, query)
        return response

    ssm._put_parameter = put_kept
    ssm._label_parameter_version = label_valid
    ssm.handle_request = handle


def unlabel(request: Request) -> Any:
    """Answer UnlabelParameterVersion."""
    from ministack.services import ssm

    name, version = request["Name"], request["ParameterVersion"]
    if name not in ssm._parameter_history:
        return _error("ParameterNotFound", f"Parameter {name} not found")
    entry = _version(request)
    if entry is None:
        return _error("ParameterVersionNotFound", f"Version {version} of {name} not found")
    removed = [label for label in request["Labels"] if label in entry["Labels"]]
    entry["Labels"] = [label for label in entry["Labels"] if label not in removed]
    if version == ssm._parameters[name]["Version"]:
        ssm._parameters[name]["Labels"] = list(entry["Labels"])
    invalid = [label for label in request["Labels"] if label not in removed]
    return _answer({"RemovedLabels": removed, "InvalidLabels": invalid})


def _version(request: Request) -> dict[str, Any] | None:
    from ministack.services import ssm

    history: list[dict[str, Any]] = ssm._parameter_history.get(request["Name"], [])
    wanted = request.get("ParameterVersion") or (history[-1]["Version"] if history else None)
    return next((entry for entry in history if entry["Version"] == wanted), None)


def _answer(answer: dict[str, Any]) -> Any:
    from ministack.core.responses import json_response

    return json_response(answer)


def _error(code: str, message: str) -> Any:
    from ministack.core.responses import error_response_json

    return error_response_json(code, message, 400)
