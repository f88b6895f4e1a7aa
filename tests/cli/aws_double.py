"""An HTTP server on loopback that plays one AWS API, for what the embedded AWS does not have."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, str, str]
"""Status, content type and body."""

ELASTIC_IPS = "L-0263D0A3"
_JSON = "application/x-amz-json-1.1"


class AwsDouble:
    """Answers every request.

    Args:
        reply: What it answers to the header X-Amz-Target and the body of a request.
    """

    def __init__(self, reply: Callable[[str, bytes], Reply]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, kind, text = reply(self.headers.get("X-Amz-Target", ""), body)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    def __enter__(self) -> AwsDouble:
        """Begin to answer."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def service_quotas(values: Mapping[str, float]) -> AwsDouble:
    """Plays Service Quotas, which knows elastic IPs by their default only.

    Args:
        values: The quotas by their codes; they may change.
    """

    def reply(operation: str, body: bytes) -> Reply:
        code = json.loads(body)["QuotaCode"]
        if code == ELASTIC_IPS and operation.endswith(".GetServiceQuota"):
            return 400, _JSON, json.dumps({"__type": "NoSuchResourceException"})
        dimensions = {"Service": "Fargate", "Resource": "vCPU", "Class": code}
        quota: dict[str, Any] = {
            "QuotaCode": code,
            "Value": values[code],
            "UsageMetric": {
                "MetricNamespace": "AWS/Usage",
                "MetricName": "ResourceCount",
                "MetricDimensions": dimensions,
                "MetricStatisticRecommendation": "Maximum",
            },
        }
        return 200, _JSON, json.dumps({"Quota": quota})

    return AwsDouble(reply)


def refusing(code: str) -> AwsDouble:
    """Plays the query APIs of an AWS that refuses everything with one code.

    Args:
        code: The code, such as ExpiredToken.
    """
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>told</Message></Error>"
    text = f"<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>"
    return AwsDouble(lambda _operation, _body: (403, "text/xml", text))
