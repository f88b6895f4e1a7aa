"""The entry point, wired from its environment, and what ships in the zip."""

from __future__ import annotations

import ast
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

ASSET = Path(__file__).parents[3] / "lambda_assets" / "update_api"
SETTINGS = {
    "SERVICES": json.dumps(
        {"clusters": ["c"], "stacks": ["Edge"], "services": [["es", "ES", 0, "s", 0, "/p"]]}
    ),
    "API_KEY_SECRET_ARN": "arn",
}


@pytest.fixture
def entry(asset: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module `handler`, imported with all settings and no credentials."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    for name, module in vars(asset).items():
        monkeypatch.setitem(sys.modules, name, module)
    spec = importlib.util.spec_from_file_location("update_api_entry", ASSET / "handler.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_handler_answers(entry: Any, capsys: Any) -> None:
    """Built from its environment, it answers and writes one line of JSON."""
    context = SimpleNamespace(aws_request_id="request-7")
    assert entry.handler({"httpMethod": "PUT"}, context)["statusCode"] == 405
    assert json.loads(capsys.readouterr().out)["requestId"] == "request-7"


def test_clients_give_up_soon(entry: Any) -> None:
    """Short time-outs and few attempts, so that a caller gets an answer."""
    config = entry._CLIENT_CONFIG
    assert (config.connect_timeout, config.read_timeout) == (1, 4)
    assert config.retries == {"mode": "standard", "total_max_attempts": 3}


def test_the_time_in_answers_is_utc(asset: Any) -> None:
    """The clock that is used where none is injected knows its zone."""
    assert asset.update_application.utc_now().isoformat().endswith("+00:00")


@pytest.mark.parametrize("name", SETTINGS)
def test_a_missing_setting_is_named(asset: Any, name: str) -> None:
    """Seen while Lambda initializes the function, before the first request."""
    environ = {key: value for key, value in SETTINGS.items() if key != name}
    with pytest.raises(KeyError, match=name):
        asset.settings.Settings.from_environment(environ)


def test_a_parameter_that_is_named_after_its_stack_is_told_by_its_end(asset: Any) -> None:
    """A function's environment is small."""
    document = {
        "clusters": ["c"],
        "stacks": ["Edge", "Other"],
        "services": [["es", "ES", 0, "s", 1, "Es"], ["co", "CO", 0, "t", 0, ""]],
    }
    environ = SETTINGS | {"SERVICES": json.dumps(document)}
    found = asset.settings.Settings.from_environment(environ).services
    assert (found["es"].stack_name, found["es"].parameter) == ("Other", "/datafi/Other/Es")
    assert (found["co"].stack_name, found["co"].parameter) == ("Edge", "")


def test_events_are_told_from_requests(entry: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event is acted on and has no answer; what a caller sends stays inside a request."""
    handled = []
    monkeypatch.setattr(entry._events, "handle", lambda event, _: handled.append(event))
    context = SimpleNamespace(aws_request_id="request-7")
    event = {"detail-type": "ECS Deployment State Change", "source": "aws.ecs"}
    assert entry.handler(event, context) is None
    assert entry.handler({"redeploy": ["es"]}, context) is None
    body = json.dumps({"detail-type": "x", "redeploy": ["es"]})
    assert entry.handler({"httpMethod": "PUT", "body": body}, context)["statusCode"] == 405
    assert handled == [event, {"redeploy": ["es"]}]


def test_uses_nothing_but_the_runtime() -> None:
    """The zip holds its own modules; beyond them, the standard library and botocore."""
    own = {path.stem for path in ASSET.glob("*.py")}
    imported = set()
    for path in ASSET.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0
                imported.add(str(node.module).partition(".")[0])
            elif isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
    assert imported - own - sys.stdlib_module_names == {"botocore"}
    assert not own & sys.stdlib_module_names


def test_leaves_no_trace_in_the_interpreter(asset: SimpleNamespace) -> None:
    """Other tests find neither the asset's folder nor its modules."""
    assert str(ASSET) not in sys.path
    assert not set(vars(asset)) & set(sys.modules)


def test_values_that_are_secret_have_no_repr(asset: Any) -> None:
    """Neither a request nor the key shows what it holds."""
    event = {"headers": {"x-api-key": "canary"}, "body": "canary"}
    request = asset.http_message.HttpRequest.from_event(event)
    assert "canary" not in repr(request)
