"""The examples in the docstrings of `datafi_cdk.local` work as they stand there."""

from __future__ import annotations

from pathlib import Path

import pytest
from datafi_cdk import local
from datafi_cdk.local import CdkCli, EmbeddedAws
from docstring_examples import examples, run

EXAMPLES = examples("datafi_cdk.local")
APP = """
from aws_cdk import App, CfnWaitConditionHandle, Stack

app = App()
CfnWaitConditionHandle(Stack(app, "Edge"), "Nothing")
app.synth()
"""


def test_examples_are_found() -> None:
    """Those of classes and of methods."""
    assert "datafi_cdk.local.cdk_cli.CdkCli" in EXAMPLES
    assert "datafi_cdk.local.embedded_aws.EmbeddedAws.load_balancer_request" in EXAMPLES


@pytest.fixture(scope="module")
def redirecting_aws(embedded_aws: EmbeddedAws) -> EmbeddedAws:
    """One in which the load balancer `edge` redirects."""
    elb = embedded_aws.client("elbv2")
    (made,) = elb.create_load_balancer(Name="edge")["LoadBalancers"]
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    elb.create_listener(
        LoadBalancerArn=made["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "redirect", "RedirectConfig": redirect}],
    )
    return embedded_aws


@pytest.mark.parametrize("path", EXAMPLES)
def test_the_embedded_aws_does_what_its_examples_show(
    path: str, redirecting_aws: EmbeddedAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each runs, with a small app where the quickstart is."""
    folder = tmp_path / "examples/quickstart"
    folder.mkdir(parents=True)
    (folder / "app.py").write_text(APP)
    (folder / "cdk.json").write_text('{"app": "python app.py"}')
    monkeypatch.chdir(tmp_path)
    names = {name: getattr(local, name) for name in local.__all__} | {"Path": Path}
    cdk = CdkCli(redirecting_aws, folder)
    run(path, EXAMPLES[path], names | {"aws": redirecting_aws, "cdk": cdk})
