"""A version in a parameter reaches the image, as a tag or as a digest, with every deployment."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from datafi_cdk.local import CdkCli, EmbeddedAws

DIGEST = f"sha256:{'a1' * 32}"
APP = """
import sys
from aws_cdk import App, Stack, Tags
from aws_cdk import aws_certificatemanager as acm, aws_ec2 as ec2, aws_ecs as ecs
from datafi_cdk import EdgeDns, EdgeServer, SharedIngress

tag, cpu, owner = sys.argv[1:]
app = App()
stack = Stack(app, "Live")
arn = "arn:aws:acm:us-east-1:000000000000:certificate/1a2b3c4d-0000-4000-8000-000000000000"
dns = EdgeDns(
    stack,
    "Dns",
    root_domain="edge.example.com",
    certificate=acm.Certificate.from_certificate_arn(stack, "Certificate", arn),
    enable_hosted_zone=False,
)
vpc = ec2.Vpc(stack, "Vpc", max_azs=2, nat_gateways=1)
EdgeServer(
    stack,
    "Es",
    cluster=ecs.Cluster(stack, "Cluster", vpc=vpc),
    ingress=SharedIngress(stack, "Ingress", vpc=vpc, dns=dns, deletion_protection=False),
    name="es",
    image_tag=tag,
    cpu=int(cpu),
)
Tags.of(app).add("owner", owner)
app.synth()
"""
PARAMETER = "/datafi/Live/Es"


class Deployment:
    """One edge server, deployed by the `cdk` command."""

    def __init__(self, aws: EmbeddedAws, folder: Path) -> None:
        self.aws = aws
        self.folder = folder
        (folder / "app.py").write_text(APP)

    def cdk(self, tag: str = "latest", cpu: int = 512, owner: str = "data") -> CdkCli:
        """The `cdk` command for the code with this tag."""
        command = f"{sys.executable} app.py {tag} {cpu} {owner}"
        return CdkCli(self.aws, self.folder, app=command)

    def deploy(self, tag: str, cpu: int = 512, owner: str = "data") -> str:
        """Deploy the code with this tag, and tell the image that the service then runs."""
        self.cdk(tag, cpu, owner).deploy()
        ecs = self.aws.client("ecs")
        (cluster,) = [arn for arn in ecs.list_clusters()["clusterArns"] if "Live" in arn]
        (arn,) = ecs.list_services(cluster=cluster)["serviceArns"]
        (service,) = ecs.describe_services(cluster=cluster, services=[arn])["services"]
        running = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])
        (container,) = running["taskDefinition"]["containerDefinitions"]
        return str(container["image"])

    def roll_out(self, version: str) -> None:
        """Write the version as the update API does."""
        self.aws.client("ssm").put_parameter(Name=PARAMETER, Value=version, Overwrite=True)

    def live(self) -> str:
        """What the parameter holds."""
        return str(self.aws.client("ssm").get_parameter(Name=PARAMETER)["Parameter"]["Value"])

    def destroy(self) -> None:
        """Delete both stacks."""
        self.cdk().destroy()


def test_a_digest_that_was_rolled_out_stays_when_tags_of_the_app_change(
    embedded_aws: EmbeddedAws, tmp_path: Path
) -> None:
    """CloudFormation hands tags on to resources, which it then writes anew."""
    made = Deployment(embedded_aws, tmp_path)
    made.cdk().bootstrap()
    assert made.deploy("latest") == "datafi/es:latest"
    assert made.live() == "latest"
    made.roll_out(DIGEST)
    assert made.deploy("latest", cpu=1024, owner="other") == f"datafi/es@{DIGEST}"
    assert made.live() == DIGEST
    made.destroy()
    ssm: Any = embedded_aws.client("ssm")
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        made.live()


@pytest.mark.parametrize("version", ["v2", DIGEST])
def test_the_template_joins_the_version_by_what_it_is(
    embedded_aws: EmbeddedAws, version: str
) -> None:
    """CloudFormation takes a split list to join, and splits before a digest only."""
    joined = {"Fn::Join": ["", ["registry.example.com:5000/es:", {"Ref": "Live"}]]}
    template = {
        "Parameters": {
            "Live": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/acme/es"}
        },
        "Resources": {"Cluster": {"Type": "AWS::ECS::Cluster"}},
        "Outputs": {
            "Image": {"Value": {"Fn::Join": ["@sha256:", {"Fn::Split": [":sha256:", joined]}]}}
        },
    }
    embedded_aws.client("ssm").put_parameter(
        Name="/acme/es", Value=version, Type="String", Overwrite=True
    )
    cloudformation = embedded_aws.client("cloudformation")
    name = f"joined-{version[:2]}"
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1}
    )
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    (output,) = stack["Outputs"]
    mark = "@" if version == DIGEST else ":"
    assert output["OutputValue"] == f"registry.example.com:5000/es{mark}{version}"
    cloudformation.delete_stack(StackName=name)
