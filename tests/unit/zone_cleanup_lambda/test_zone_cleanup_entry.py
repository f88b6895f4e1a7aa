"""The entry point, the request that carries an answer, and what ships in the zip."""

from __future__ import annotations

import ast
import importlib.util
import json
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType, SimpleNamespace
from typing import Any
from urllib.error import HTTPError

import pytest
from datafi_cdk import zone_cleanup

ASSET = Path(__file__).parents[3] / "lambda_assets" / "zone_cleanup"


class Receiver(BaseHTTPRequestHandler):
    """Keeps what it is sent; refuses the path `/refused`."""

    received: list[tuple[str, dict[str, str], Any]]

    def do_PUT(self) -> None:
        """Take an answer."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.received.append((self.path, dict(self.headers), body))
        self.send_response(403 if self.path == "/refused" else 200)
        self.end_headers()

    def log_message(self, *_arguments: Any) -> None:
        """Write nothing."""


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    """A server that takes answers, as S3 does."""
    Receiver.received = []
    with HTTPServer(("127.0.0.1", 0), Receiver) as made:
        thread = Thread(target=made.serve_forever, args=(0.02,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def entry(asset: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module `cleanup_handler`, imported as Lambda does, without credentials."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    for name, module in vars(asset).items():
        monkeypatch.setitem(sys.modules, name, module)
    spec = importlib.util.spec_from_file_location(
        "zone_cleanup_entry", ASSET / "cleanup_handler.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_handler_answers(entry: Any, server: HTTPServer) -> None:
    """A creation is answered at the URL of the request."""
    event = {
        "RequestType": "Create",
        "RequestId": "r",
        "StackId": "s",
        "LogicalResourceId": "l",
        "ResponseURL": f"http://127.0.0.1:{server.server_port}/answer?Signature=a%2Bb",
        "ResourceProperties": {"HostedZoneId": "Z123"},
    }
    entry.handler(event, SimpleNamespace(log_stream_name="stream"))
    ((path, headers, body),) = Receiver.received
    assert path == "/answer?Signature=a%2Bb"
    assert headers["Content-Type"] == ""
    assert body["Status"] == "SUCCESS"


def test_a_refused_answer_is_an_error(asset: Any, server: HTTPServer) -> None:
    """An answer that is not taken is not taken for sent."""
    with pytest.raises(HTTPError, match="403") as refused:
        asset.response_url.put(f"http://127.0.0.1:{server.server_port}/refused", {})
    refused.value.close()


def test_clients_give_up_soon(entry: Any) -> None:
    """Short time-outs and few attempts, so that the function can still answer."""
    config = entry._CLIENT_CONFIG
    assert (config.connect_timeout, config.read_timeout) == (2, 5)
    assert config.retries == {"mode": "standard", "total_max_attempts": 3}


def test_function_and_construct_mean_the_same_mark(asset: Any) -> None:
    """The tag that the construct sets is the one that the function looks for."""
    assert asset.validation_records.MARK == zone_cleanup._MARK


def test_uses_nothing_but_the_runtime() -> None:
    """The zip holds its own modules; beyond them, the standard library and boto3."""
    own = {path.stem for path in ASSET.glob("*.py")}
    imported = set()
    for path in ASSET.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0
                imported.add(str(node.module).partition(".")[0])
            elif isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
    assert imported - own - sys.stdlib_module_names == {"boto3", "botocore"}
    assert not own & sys.stdlib_module_names


def test_no_two_lambdas_have_a_module_of_the_same_name() -> None:
    """Type checks find modules by their bare names."""
    names = [path.stem for path in ASSET.parent.glob("*/*.py")]
    assert len(names) == len(set(names))


def test_leaves_no_trace_in_the_interpreter(asset: SimpleNamespace) -> None:
    """Other tests find neither the asset's folder nor its modules."""
    assert str(ASSET) not in sys.path
    assert not set(vars(asset)) & set(sys.modules)
