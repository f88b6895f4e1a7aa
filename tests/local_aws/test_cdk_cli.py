"""The real `cdk` command deploys, compares and destroys apps on the embedded AWS."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from datafi_cdk.errors import LocalAwsError
from datafi_cdk.local import CdkCli, EmbeddedAws
from datafi_cdk.local.npm_packages import cdk_cli_version

from .conftest import Eventually
from .processes import is_running

pytestmark = pytest.mark.long

MakeCdk = Callable[[str], CdkCli]

_APP = """
from aws_cdk import App, CfnOutput, RemovalPolicy, Stack, Tags
from aws_cdk import aws_certificatemanager as acm, aws_ec2 as ec2, aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2, aws_kms as kms, aws_lambda as lambda_
from aws_cdk import aws_elasticloadbalancingv2_targets as targets, aws_route53 as route53
from aws_cdk import aws_route53_targets as aliases, aws_s3 as s3, aws_secretsmanager as sm
from aws_cdk import aws_servicediscovery as cloud_map, aws_ssm as ssm

app = App()
stack = Stack(app, "Edge")
Tags.of(app).add("team", "data")
vpc = ec2.Vpc(stack, "Vpc", max_azs=2, nat_gateways=1, restrict_default_security_group=True)
vpc.add_flow_log("FlowLog")
vpc.add_interface_endpoint("Ecr", service=ec2.InterfaceVpcEndpointAwsService.ECR)
zone = route53.PublicHostedZone(stack, "Zone", zone_name="edge.example.com")
certificate = acm.Certificate(
    stack, "Certificate", domain_name="*.edge.example.com",
    validation=acm.CertificateValidation.from_dns(zone),
)
bucket = s3.Bucket(
    stack, "Bucket", versioned=True, auto_delete_objects=True,
    removal_policy=RemovalPolicy.DESTROY,
)
secret = sm.Secret(
    stack, "Secret", encryption_key=kms.Key(stack, "Key", removal_policy=RemovalPolicy.DESTROY),
    generate_secret_string=sm.SecretStringGenerator(password_length=40),
)
ssm.StringParameter(stack, "Tag", parameter_name="/edge/tag", string_value="v1")
balancer = elbv2.ApplicationLoadBalancer(stack, "Balancer", vpc=vpc, internet_facing=True)
balancer.add_redirect()
listener = balancer.add_listener(
    "Https", port=443, open=False, certificates=[certificate],
    default_action=elbv2.ListenerAction.fixed_response(404, message_body="no such name"),
)
task = ecs.FargateTaskDefinition(stack, "Task")
task.add_container(
    "es", image=ecs.ContainerImage.from_registry("datafi/es:next"),
    port_mappings=[ecs.PortMapping(container_port=80)],
    secrets={"KEY": ecs.Secret.from_secrets_manager(secret)},
)
service = ecs.FargateService(
    stack, "Service", cluster=ecs.Cluster(stack, "Cluster", vpc=vpc), task_definition=task,
    circuit_breaker=ecs.DeploymentCircuitBreaker(rollback=True), min_healthy_percent=100,
    cloud_map_options=ecs.CloudMapOptions(
        name="es",
        cloud_map_namespace=cloud_map.PrivateDnsNamespace(stack, "Map", name="edge", vpc=vpc),
    ),
)
service.auto_scale_task_count(max_capacity=4).scale_on_cpu_utilization(
    "Cpu", target_utilization_percent=50
)
listener.add_targets(
    "Es", port=80, targets=[service], priority=10,
    conditions=[elbv2.ListenerCondition.host_headers(["es.edge.example.com"])],
)
function = lambda_.Function(
    stack, "Function", runtime=lambda_.Runtime.PYTHON_3_12, handler="index.handler",
    code=lambda_.Code.from_inline(
        "def handler(event, context): return {'statusCode': 200, 'body': event['path']}"
    ),
)
listener.add_targets(
    "Update", targets=[targets.LambdaTarget(function)], priority=20,
    conditions=[
        elbv2.ListenerCondition.host_headers(["update.edge.example.com"]),
        elbv2.ListenerCondition.path_patterns(["/v1/*"]),
    ],
)
route53.ARecord(
    stack, "Name", zone=zone, record_name="*",
    target=route53.RecordTarget.from_alias(aliases.LoadBalancerTarget(balancer)),
)
for name, value in {
    "Balancer": balancer.load_balancer_name,
    "BalancerArn": balancer.load_balancer_arn,
    "Bucket": bucket.bucket_name,
    "Certificate": certificate.certificate_arn,
    "Cluster": service.cluster.cluster_name,
    "DefaultGroup": vpc.vpc_default_security_group,
    "Secret": secret.secret_arn,
    "Service": service.service_name,
    "Address": vpc.public_subnets[0].node.find_child("EIP").ref,
    "ServiceGroup": service.connections.security_groups[0].security_group_id,
    "Vpc": vpc.vpc_id,
    "Zone": zone.hosted_zone_id,
}.items():
    CfnOutput(stack, f"{name}Output", export_name=name, value=value)
app.synth()
"""
_ADDRESS = "Edge/Vpc/PublicSubnet1"
_EMPTY_APP = "from aws_cdk import App, Stack\napp = App()\nStack(app, 'Empty')\napp.synth()\n"


@pytest.fixture(scope="module")
def edge(make_cdk: MakeCdk, embedded_aws: EmbeddedAws) -> Iterator[CdkCli]:
    """A deployed app with what an edge is made of; destroyed in the end, with all its objects."""
    cdk = make_cdk(_APP)
    cdk.bootstrap()
    cdk.deploy()
    yield cdk
    exports = exports_of(embedded_aws)
    s3 = embedded_aws.client("s3")
    for body in (b"1", b"2"):
        s3.put_object(Bucket=exports["Bucket"], Key="twice", Body=body)
    s3.put_object(Bucket=exports["Bucket"], Key="deleted", Body=b"3")
    s3.delete_object(Bucket=exports["Bucket"], Key="deleted")
    remove_validation_record(embedded_aws, exports["Zone"])
    cdk.destroy()
    assert exports["Bucket"] not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    ec2 = embedded_aws.client("ec2")
    addresses = ec2.describe_addresses()["Addresses"]
    assert not [ip for ip in addresses if {"Key": "Name", "Value": _ADDRESS} in ip["Tags"]]
    assert exports["Vpc"] not in [vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]]


def remove_validation_record(aws: EmbeddedAws, zone_id: str) -> None:
    """Delete what ACM leaves in a zone, as long as which it cannot be deleted."""
    route53 = aws.client("route53")
    records = route53.list_resource_record_sets(HostedZoneId=zone_id)["ResourceRecordSets"]
    (validation,) = [record for record in records if record["Type"] == "CNAME"]
    route53.change_resource_record_sets(
        HostedZoneId=zone_id,
        ChangeBatch={"Changes": [{"Action": "DELETE", "ResourceRecordSet": validation}]},
    )


def exports_of(aws: EmbeddedAws) -> dict[str, str]:
    """What the deployed stacks export."""
    exports = aws.client("cloudformation").list_exports()["Exports"]
    return {export["Name"]: export["Value"] for export in exports}


@pytest.fixture
def exports(edge: CdkCli, embedded_aws: EmbeddedAws) -> dict[str, str]:
    """Names and identifiers of what the app made."""
    return exports_of(embedded_aws)


@pytest.mark.parametrize(
    ("host", "path", "status", "body"),
    [
        ("es.edge.example.com:80", "/a?b=1", 301, ""),
        ("nobody.edge.example.com:443", "/", 404, "no such name"),
        ("update.edge.example.com:443", "/v1/x?y=2", 200, "/v1/x"),
        ("update.edge.example.com:443", "/v2", 404, "no such name"),
    ],
)
def test_requests_go_where_the_rules_say(
    embedded_aws: EmbeddedAws,
    exports: dict[str, str],
    host: str,
    path: str,
    status: int,
    body: str,
) -> None:
    """Host, path and port pick redirect, fixed response or the Lambda."""
    answer = embedded_aws.load_balancer_request(
        exports["Balancer"], "POST", host, path, {"x-api-key": "k"}, "{}"
    )
    assert (answer.status, answer.body) == (status, body)
    if status == 301:
        assert answer.headers["location"] == "https://es.edge.example.com:443/a?b=1"


def test_the_default_security_group_is_empty(
    embedded_aws: EmbeddedAws, exports: dict[str, str]
) -> None:
    """The CDK's custom resource really took the default group's rules away."""
    (group,) = embedded_aws.client("ec2").describe_security_groups(
        GroupIds=[exports["DefaultGroup"]]
    )["SecurityGroups"]
    assert (group["IpPermissions"], group["IpPermissionsEgress"]) == ([], [])


def test_the_balancer_may_reach_the_service(
    embedded_aws: EmbeddedAws, exports: dict[str, str]
) -> None:
    """The rule that the CDK made between the two groups is in the service's group."""
    (balancer,) = embedded_aws.client("elbv2").describe_load_balancers(Names=[exports["Balancer"]])[
        "LoadBalancers"
    ]
    (group,) = embedded_aws.client("ec2").describe_security_groups(
        GroupIds=[exports["ServiceGroup"]]
    )["SecurityGroups"]
    (permission,) = group["IpPermissions"]
    assert permission["FromPort"] == 80
    assert [p["GroupId"] for p in permission["UserIdGroupPairs"]] == balancer["SecurityGroups"]


def test_private_subnets_have_a_way_out(embedded_aws: EmbeddedAws, exports: dict[str, str]) -> None:
    """Their routes lead to the one NAT gateway."""
    ec2 = embedded_aws.client("ec2")
    in_vpc = [{"Name": "vpc-id", "Values": [exports["Vpc"]]}]
    (gateway,) = ec2.describe_nat_gateways(Filters=in_vpc)["NatGateways"]
    tables = ec2.describe_route_tables(Filters=in_vpc)["RouteTables"]
    targets = [r.get("NatGatewayId") for table in tables for r in table["Routes"]]
    assert targets.count(gateway["NatGatewayId"]) == 2
    (address,) = ec2.describe_addresses(PublicIps=[exports["Address"]])["Addresses"]
    assert {"Key": "Name", "Value": _ADDRESS} in address["Tags"]


def test_what_is_deployed_is_what_the_app_says(edge: CdkCli) -> None:
    """`cdk diff` sees no difference."""
    assert "There were no differences" in edge.diff("Edge")


def test_the_service_runs(embedded_aws: EmbeddedAws, exports: dict[str, str]) -> None:
    """It reaches its count, with circuit breaker and Cloud Map registry."""
    (service,) = embedded_aws.client("ecs").describe_services(
        cluster=exports["Cluster"], services=[exports["Service"]]
    )["services"]
    assert service["runningCount"] == service["desiredCount"] == 1
    breaker = service["deploymentConfiguration"]["deploymentCircuitBreaker"]
    assert breaker == {"enable": True, "rollback": True}
    (registry,) = service["serviceRegistries"]
    found = embedded_aws.client("servicediscovery").list_services()["Services"]
    assert registry["registryArn"] in [entry["Arn"] for entry in found]


def test_names_and_certificate(embedded_aws: EmbeddedAws, exports: dict[str, str]) -> None:
    """The zone has the alias record, and the certificate is issued."""
    records = embedded_aws.client("route53").list_resource_record_sets(
        HostedZoneId=exports["Zone"]
    )["ResourceRecordSets"]
    (alias,) = [record for record in records if record["Type"] == "A"]
    assert exports["Balancer"].lower() in alias["AliasTarget"]["DNSName"]
    certificate = embedded_aws.client("acm").describe_certificate(
        CertificateArn=exports["Certificate"]
    )["Certificate"]
    assert certificate["Status"] == "ISSUED"


def test_secret_and_parameter(embedded_aws: EmbeddedAws, exports: dict[str, str]) -> None:
    """The secret has a generated value of the asked length; the parameter has its value."""
    secret = embedded_aws.client("secretsmanager").get_secret_value(SecretId=exports["Secret"])
    assert len(secret["SecretString"]) == 40
    parameter = embedded_aws.client("ssm").get_parameter(Name="/edge/tag")["Parameter"]
    assert parameter["Value"] == "v1"


def test_the_app_folder_stays_as_it_was(make_cdk: MakeCdk) -> None:
    """Nothing is written into the user's folder, and lines are passed on as they come."""
    cdk = make_cdk(_EMPTY_APP)
    folder = cdk.app_directory
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert cdk.run("list")[-1] == "Empty"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_every_line_is_passed_on(make_cdk: MakeCdk, embedded_aws: EmbeddedAws) -> None:
    """The callback gets the lines that `run` returns."""
    seen: list[str] = []
    folder = make_cdk(_EMPTY_APP).app_directory
    assert CdkCli(embedded_aws, folder, on_line=seen.append).run("list") == seen != []


def test_a_failing_app_is_told_with_its_last_lines(make_cdk: MakeCdk) -> None:
    """The error holds the app's own words."""
    with pytest.raises(LocalAwsError, match=r"(?s)cdk list failed with exit status 1.*my mistake"):
        make_cdk("raise SystemExit('my mistake')").run("list")


def test_the_app_sees_no_real_aws(
    make_cdk: MakeCdk, monkeypatch: pytest.MonkeyPatch, embedded_aws: EmbeddedAws
) -> None:
    """The app runs in its own folder, with this Python and the embedded AWS' environment."""
    monkeypatch.setenv("AWS_PROFILE", "real")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    cdk = make_cdk(
        "import json, os, sys\n"
        "seen = {k: v for k, v in os.environ.items() if k.startswith(('AWS_', 'CDK_DEFAULT'))}\n"
        "print(json.dumps([os.getcwd(), sys.executable, seen]), file=sys.stderr)\n" + _EMPTY_APP
    )
    (line,) = [line for line in cdk.run("list") if line.startswith('["')]
    folder, python, seen = json.loads(line)
    assert (Path(folder), python) == (cdk.app_directory, sys.executable)
    assert seen["CDK_DEFAULT_ACCOUNT"] == embedded_aws.account
    assert seen["AWS_ENDPOINT_URL"] == embedded_aws.endpoint
    assert "real" not in seen.values()


def test_the_users_cdk_settings_do_not_count(
    make_cdk: MakeCdk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile in ~/.cdk.json or in CDK_PROFILE names an account that is not here."""
    (tmp_path / ".cdk.json").write_text('{"profile": "corp", "toolkitStackName": "Corp"}')
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CDK_PROFILE", "corp")
    cdk = make_cdk("import os, sys\nprint('home', os.environ['HOME'])\n" + _EMPTY_APP)
    cdk.bootstrap()
    assert f"home {tmp_path}" in cdk.run("synth", "--quiet")


def test_refuses_a_folder_without_an_app(embedded_aws: EmbeddedAws, tmp_path: Path) -> None:
    """The message names the file, or the key that it lacks."""
    with pytest.raises(LocalAwsError, match=r"cdk\.json is not there"):
        CdkCli(embedded_aws, tmp_path)
    (tmp_path / "cdk.json").write_text("{}")
    with pytest.raises(LocalAwsError, match=r"cdk\.json must hold the key `app`"):
        CdkCli(embedded_aws, tmp_path)


def test_a_newer_library_is_told_which_command_is_pinned(
    make_cdk: MakeCdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An assembly that the command cannot read is answered with the pinned version."""

    def too_new(*_arguments: Any) -> tuple[int, list[str]]:
        return 1, ["Cloud assembly schema version mismatch: maximum is 55.x.x, found 99.0.0"]

    monkeypatch.setattr("datafi_cdk.local.cdk_cli.run_to_end", too_new)
    with pytest.raises(LocalAwsError, match=rf"aws-cdk@{cdk_cli_version()}"):
        make_cdk(_EMPTY_APP).run("list")


_INTERRUPTED = """
import sys
from pathlib import Path
from datafi_cdk.local import CdkCli, EmbeddedAws
with EmbeddedAws() as aws:
    CdkCli(aws, Path(sys.argv[1]), on_line=lambda line: print(line, flush=True)).run("list")
"""


@pytest.mark.parametrize(
    ("number", "complaint"), [(signal.SIGINT, "KeyboardInterrupt"), (signal.SIGKILL, "")]
)
def test_an_interruption_ends_the_command_and_the_app(
    make_cdk: MakeCdk,
    eventually: Eventually,
    tmp_path: Path,
    number: signal.Signals,
    complaint: str,
) -> None:
    """`cdk` is ended with the app that it runs, and nothing is left, whatever ended its user."""
    app = "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)\n"
    process = subprocess.Popen(
        [sys.executable, "-c", _INTERRUPTED, str(make_cdk(app).app_directory)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert process.stdout is not None
    lines = iter(process.stdout.readline, "")
    pid = next(int(line) for line in lines if line.strip().isdigit())
    assert is_running(pid)
    os.killpg(process.pid, number)
    _output, errors = process.communicate(timeout=90)
    assert errors.strip().splitlines()[-1:] == ([complaint] if complaint else [])
    eventually(lambda: not is_running(pid))
    eventually(lambda: not list(tmp_path.iterdir()))
