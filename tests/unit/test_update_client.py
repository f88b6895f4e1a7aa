"""The client of the update API, where it needs no AWS."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from datafi_cdk.cli.update_client import UpdateClient

RECEIPT = {"message": "es already runs v2.", "requestId": "1"}


def test_the_embedded_aws_is_reached_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment gets nothing that is for this machine, the key least of all."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            body = json.dumps(RECEIPT).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.handle_request).start()

        def reach(request: httpx.Request) -> None:
            request.url = httpx.URL(f"http://127.0.0.1:{server.server_port}/es")

        url = "https://update.edge.example.com/es"
        with UpdateClient(url, authenticate=lambda _request: None, reach=reach) as client:
            assert client.update("v2", force=False, dry_run=False) == RECEIPT
