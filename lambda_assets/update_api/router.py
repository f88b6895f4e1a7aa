"""Leads requests that name no service in their path to the function of the one they mean.

A load balancer cannot route by a body. Callers that know of one edge server only, or say
`"target": "CO"`, post to `/`. The router checks no key: the function that it leads to does, on the
request as it came.

IAM: `lambda:InvokeFunction` on these functions.
https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol

from api_errors import AwsFault, Refusal
from aws_call import aws_call
from http_message import Answer, HttpRequest
from json_body import decoded, json_object
from request_log import shortened

EDGE_SERVER = "ES"
_INVOKE = "lambda:InvokeFunction"


class LambdaClient(Protocol):
    """What is used of a Lambda client. The arguments' names are AWS's."""

    def invoke(self, **parameters: Any) -> dict[str, Any]:
        """Invoke a function."""


class Router:
    """Finds the service that a request means, and hands on what its function answers.

    Args:
        functions: The functions by kind (`ES` or `CO`) and then by service.
        client: Client for Lambda.
        log: Takes one entry for each request.
    """

    def __init__(
        self,
        functions: Mapping[str, Mapping[str, str]],
        client: LambdaClient,
        log: Callable[[Mapping[str, object]], None],
    ) -> None:
        """Keep the parts."""
        self._functions = functions
        self._client = client
        self._log = log

    def answer(self, event: Mapping[str, Any], request_id: str) -> dict[str, Any]:
        """Answer one request and log it."""
        request = HttpRequest.from_event(event)
        entry: dict[str, object] = {
            "requestId": request_id,
            "caller": request.caller,
            "method": shortened(request.method),
        }
        try:
            answer = self._routed(request, event, entry)
        except Refusal as refusal:
            body = {"error": refusal.status.phrase, "message": refusal.message}
            made = Answer(refusal.status, body, refusal.headers)
            answer = made.to_event(multi_value=request.multi_value)
        except AwsFault as fault:
            entry.update(fault=fault.action, code=fault.code, awsRequestId=fault.aws_request_id)
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            body = {"error": status.phrase, "message": f"{fault}.", "requestId": request_id}
            answer = Answer(status, body).to_event(multi_value=request.multi_value)
        entry["status"] = answer["statusCode"]
        self._log(entry)
        return answer

    def _routed(
        self, request: HttpRequest, event: Mapping[str, Any], entry: dict[str, object]
    ) -> dict[str, Any]:
        if request.method != "POST":
            allow = {"allow": "POST"}
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "The method must be POST.", allow)
        service, function = self._target(_kind(request))
        entry["service"] = service
        answer = aws_call(
            _INVOKE,
            self._client.invoke,
            FunctionName=function,
            Payload=json.dumps({**event, "path": f"/{service}"}),
        )
        if answer.get("FunctionError"):
            raise AwsFault(_INVOKE, str(answer["FunctionError"]))
        try:
            handed_on = json.loads(answer["Payload"].read())
        except ValueError as error:
            raise AwsFault(_INVOKE, "UnreadablePayload") from error
        if not isinstance(handed_on, dict) or "statusCode" not in handed_on:
            raise AwsFault(_INVOKE, "NoAnswer")
        return handed_on

    def _target(self, kind: object) -> tuple[str, str]:
        """The one service of a kind; without a kind, the only edge server."""
        wanted = EDGE_SERVER if kind is None else kind
        services = self._functions.get(wanted, {}) if isinstance(wanted, str) else {}
        if len(services) == 1:
            return next(iter(services.items()))
        paths = ", ".join(f"/{name}" for kind in self._functions.values() for name in kind)
        what = "Several servers are meant" if services else "No server is meant"
        raise Refusal(HTTPStatus.BAD_REQUEST, f"{what}: send the request to one of {paths}.")


def _kind(request: HttpRequest) -> object:
    """What the body says of the kind; a body that cannot be read is refused by the function."""
    try:
        return json_object(decoded(request)).get("target")
    except Refusal:
        return None
