"""An AWS that refuses the calls it is told to refuse, in front of the embedded one."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import Request, urlopen

from datafi_cdk.local import EmbeddedAws

Refuses = Callable[[str, dict[str, Any]], bool]


@contextmanager
def failing_aws(aws: EmbeddedAws, refuses: Refuses) -> Iterator[tuple[dict[str, str], list[str]]]:
    """Stand in front of the embedded AWS.

    Args:
        aws: The embedded AWS.
        refuses: Tells by the name of an operation and its parameters whether it is refused.

    Yields:
        The environment of a command that uses it, and the operations that were let through.
    """
    passed: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            operation = self.headers.get("X-Amz-Target", "").partition(".")[2]
            parameters = json.loads(body) if operation else {}
            if refuses(operation, parameters):
                self._answer(400, json.dumps({"__type": "AccessDeniedException"}).encode())
                return
            passed.append(operation)
            headers = {name: value for name, value in self.headers.items() if name != "Host"}
            request = Request(aws.endpoint + self.path, body, headers)  # noqa: S310
            try:
                with urlopen(request) as response:  # noqa: S310
                    self._answer(response.status, response.read())
            except OSError as error:
                self._answer(error.code, error.read())  # type: ignore[attr-defined]

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        endpoint = f"http://127.0.0.1:{server.server_port}"
        yield {**aws.environment(), "AWS_ENDPOINT_URL": endpoint}, passed
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
