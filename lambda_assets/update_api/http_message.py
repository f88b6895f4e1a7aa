"""Requests and answers as a load balancer or a function URL exchanges them with a Lambda.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True)
class HttpRequest:
    """What is used of a request. Holds the caller's key, hence shows neither headers nor body.

    Attributes:
        method: HTTP method, empty if the event has none.
        path: Path, empty if the event has none.
        headers: Headers by lower-case name. Of a repeated one the last value counts, as it does
            for a load balancer without multi-value headers.
        body: The body as it came, maybe in base64.
        is_base64: Whether it is in base64.
        multi_value: Whether the target group uses multi-value headers; the answer must then too.
        caller: Who asks: the address, or with a function URL the ARN that signed the request.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: str = field(repr=False)
    is_base64: bool
    multi_value: bool
    caller: str

    @classmethod
    def from_event(cls, event: object) -> HttpRequest:
        """Read an event. What is missing or not of its type counts as empty; nothing raises."""
        members = _mapping(event)
        context = _mapping(members.get("requestContext"))
        http = _mapping(context.get("http"))
        iam = _mapping(_mapping(context.get("authorizer")).get("iam"))
        multi = _mapping(members.get("multiValueHeaders"))
        given = {**_mapping(members.get("headers")), **{k: _last(v) for k, v in multi.items()}}
        headers = {str(k).lower(): v for k, v in given.items() if isinstance(v, str)}
        return cls(
            method=_text(members.get("httpMethod")) or _text(http.get("method")),
            path=_text(members.get("path")) or _text(members.get("rawPath")),
            headers=headers,
            body=_text(members.get("body")),
            is_base64=members.get("isBase64Encoded") is True,
            multi_value="multiValueHeaders" in members,
            caller=_printable(
                _text(iam.get("userArn")) or _text(http.get("sourceIp")) or _forwarded_for(headers)
            ),
        )


@dataclass(frozen=True)
class Answer:
    """An answer with a JSON body.

    Attributes:
        status: HTTP status.
        body: The members of the JSON object.
        headers: Headers beyond those that every answer has.
    """

    status: HTTPStatus
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_event(self, *, multi_value: bool) -> dict[str, Any]:
        """The answer as the load balancer expects it; a function URL takes it as well."""
        headers = {
            "content-type": "application/json",
            "cache-control": "no-store",
            **self.headers,
        }
        event: dict[str, Any] = {
            "statusCode": int(self.status),
            "statusDescription": f"{int(self.status)} {self.status.phrase}",
            "isBase64Encoded": False,
            "body": json.dumps(self.body),
        }
        if multi_value:
            return {**event, "multiValueHeaders": {k: [v] for k, v in headers.items()}}
        return {**event, "headers": headers}


def _forwarded_for(headers: Mapping[str, str]) -> str:
    """The last of `x-forwarded-for`, which is the one that AWS appends.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html
    """
    return headers.get("x-forwarded-for", "").rpartition(",")[2].strip()


def _printable(text: str) -> str:
    """At most 256 characters of ASCII, so that it fits wherever it is recorded."""
    return "".join(each if " " <= each <= "~" else "?" for each in text[:256])


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _last(value: object) -> object:
    return value[-1] if isinstance(value, list) and value else None
