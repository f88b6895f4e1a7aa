"""What the update Lambda and a whole deployment cost, on the embedded AWS."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from datafi_cdk.bundled import bundled
from datafi_cdk.local import CdkCli, EmbeddedAws

from .processes import run_python
from .sampling import medians_of

_WARM_REQUESTS = 20
_STACK = "DatafiEdge"

_HANDLER = """
import json, sys, time
from types import SimpleNamespace

sys.path.insert(0, {folder!r})
start = time.perf_counter()
import handler

imported = time.perf_counter()
context = SimpleNamespace(aws_request_id="benchmark")
event = {{
    "httpMethod": "GET",
    "path": "/es",
    "headers": {{"x-api-key": {key!r}}},
    "body": "",
    "isBase64Encoded": False,
}}
times, out, sys.stdout = [], sys.stdout, open("/dev/null", "w")
for _ in range({requests} + 1):
    before = time.perf_counter()
    answer = handler.handler(event, context)
    times.append((time.perf_counter() - before) * 1000)
    assert answer["statusCode"] == 200, answer["statusCode"]
warm = sorted(times[1:])
figures = {{
    "cold import ms": (imported - start) * 1000,
    "first request ms": times[0],
    "warm request ms": warm[len(warm) // 2],
}}
out.write(json.dumps(figures))
"""


def measure_deployments(runs: int) -> dict[str, dict[str, float]]:
    """Deploy the quickstart, each time to a new embedded AWS, and ask its update Lambda.

    The Lambda's handler runs in a process of its own, with the variables of the deployed function,
    and its calls go to the embedded AWS: what is measured is its own time and that of these calls,
    and not Lambda's for starting an environment.

    Args:
        runs: How often each is measured.
    """
    deployed = {"deployment": _measured_deployment}
    return medians_of(deployed, runs)


def _measured_deployment() -> dict[str, float]:
    with EmbeddedAws() as aws:
        cdk = CdkCli(aws, bundled("examples/quickstart"), app=f"{sys.executable} app.py")
        cdk.bootstrap()
        start = time.perf_counter()
        cdk.deploy()
        seconds = time.perf_counter() - start
        return {"cdk deploy ms": seconds * 1000, **_measured_lambda(aws)}


def _measured_lambda(aws: EmbeddedAws) -> dict[str, float]:
    resources = aws.client("cloudformation").describe_stack_resources(StackName=_STACK)
    names = {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for each in resources["StackResources"]
    }
    name = next(names[each] for each in names if each.startswith("UpdateApiesFunction"))
    function = aws.client("lambda").get_function_configuration(FunctionName=name)
    variables: dict[str, Any] = function["Environment"]["Variables"]
    secret = aws.client("secretsmanager").get_secret_value(SecretId=variables["API_KEY_SECRET_ARN"])
    folder = str(Path(str(bundled("lambda_assets/update_api"))).resolve())
    code = _HANDLER.format(folder=folder, key=secret["SecretString"], requests=_WARM_REQUESTS)
    figures: dict[str, float] = json.loads(
        run_python(
            code,
            AWS_ENDPOINT_URL=aws.endpoint,
            AWS_REGION=aws.region,
            AWS_ACCESS_KEY_ID="test",
            AWS_SECRET_ACCESS_KEY="test",  # noqa: S106
            **variables,
        ).output
    )
    return figures
