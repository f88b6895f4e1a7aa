"""What cdk-nag's rule packs say of network, load balancer, buckets, logs and tasks."""

import json
import re
from pathlib import Path
from typing import Any

import cdk_nag
import pytest
from datafi_cdk import EdgeDns, EdgeNetwork, EdgeServer, EdgeStorage, SharedIngress
from aws_cdk import App, Stack, Validations
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_kms as kms
from deployment import CERTIFICATE_ARN, ROOT_DOMAIN, secret

OWN = re.compile(r"(VPC|EC2|EC23|ELB|ALB|S3|S1\b|CloudWatchLogGroup|WAF|ECS|KMS)")
DEFAULT_PACKS = ("AwsSolutionsChecks", "ServerlessChecks")
ALL_PACKS = (*DEFAULT_PACKS, "NIST80053R5Checks", "HIPAASecurityChecks", "PCIDSS321Checks")


def compose(stack: Stack, **hardened: Any) -> None:
    """A server with all that it needs, in a stack of its own."""
    key = kms.Key(stack, "Key", enable_key_rotation=True) if hardened else None
    network = EdgeNetwork(stack, "Network", encryption_key=key)
    dns = EdgeDns(
        stack,
        "Dns",
        root_domain=ROOT_DOMAIN,
        certificate=acm.Certificate.from_certificate_arn(stack, "Certificate", CERTIFICATE_ARN),
        enable_hosted_zone=False,
    )
    ingress = SharedIngress(
        stack, "Ingress", vpc=network.vpc, dns=dns, encryption_key=key, **hardened
    )
    cluster = ecs.Cluster(
        stack, "Cluster", vpc=network.vpc, container_insights_v2=ecs.ContainerInsights.ENABLED
    )
    for name, bucket in (("es", ingress.server_access_logs_bucket), ("es2", None)):
        EdgeServer(
            stack,
            name,
            cluster=cluster,
            ingress=ingress,
            name=name,
            secret=secret(stack, name),
            storage=EdgeStorage(
                stack, f"{name}-data", encryption_key=key, server_access_logs_bucket=bucket
            ),
            encryption_key=key,
        )


def findings(packs: tuple[str, ...], outdir: Path, **hardened: Any) -> set[str]:
    """The rules of this module's concern that the composition breaks."""
    app = App(outdir=str(outdir), analytics_reporting=False)
    compose(Stack(app, "Test"), **hardened)
    Validations.of(app).add_plugins(*(getattr(cdk_nag, pack)() for pack in packs))
    try:
        app.synth()
    except RuntimeError as error:
        assert str(error).startswith("ValidationFailed")
    reports = json.loads((outdir / "validation-report.json").read_text())["pluginReports"]
    return {
        violation["ruleName"]
        for report in reports
        for violation in report["violations"]
        if OWN.match(name_of(violation["ruleName"]))
    }


def name_of(rule: str) -> str:
    """The name of a rule, without its pack and what it was found in."""
    return rule.partition("[")[0].rpartition("-")[2]


@pytest.fixture(scope="module")
def hardened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The assembly with all switches on, under all five packs."""
    outdir = tmp_path_factory.mktemp("hardened")
    assert findings(ALL_PACKS, outdir, web_acl=True) == set()
    return outdir


def test_nothing_is_found_by_default(tmp_path: Path) -> None:
    """The packs for every application find nothing."""
    assert findings(DEFAULT_PACKS, tmp_path) == set()


def test_every_switch_is_needed(tmp_path: Path) -> None:
    """Without a log and a web ACL, the packs find just that."""
    found = findings(ALL_PACKS, tmp_path, web_acl=False, access_logs=False)
    assert {name_of(rule) for rule in found} == {"ALBWAFEnabled", "ELB2", "ELBLoggingEnabled"}


def test_what_is_accepted_is_found_with_all_switches_on(hardened: Path) -> None:
    """Few rules, each on the resources that it is about."""
    reports = json.loads((hardened / "validation-report.json").read_text())["pluginReports"]
    accepted = {
        (name_of(violation["ruleName"]), construct["constructPath"])
        for report in reports
        for violation in report["suppressedViolations"]
        for construct in violation["violatingConstructs"]
    }
    buckets = {
        "Test/Ingress/AccessLogs/Resource",
        "Test/Ingress/ServerAccessLogs/Resource",
        "Test/es2-data/ServerAccessLogs/Resource",
    }
    data = {"Test/es-data/Bucket/Resource", "Test/es2-data/Bucket/Resource"}
    own = {(rule, path) for rule, path in accepted if OWN.match(rule)}
    assert own == {
        ("EC23", "Test/Ingress/SecurityGroup/Resource"),
        ("ECS2", "Test/es/TaskDefinition/Resource"),
        ("ECS2", "Test/es2/TaskDefinition/Resource"),
        ("ELBv2ACMCertificateRequired", "Test/Ingress/LoadBalancer/RedirectListener/Resource"),
        *(("S3BucketReplicationEnabled", path) for path in buckets | data),
        *(("S3DefaultEncryptionKMS", path) for path in buckets),
        *(
            ("VPCNoUnrestrictedRouteToIGW", f"Test/Network/Vpc/PublicSubnet{number}/DefaultRoute")
            for number in (1, 2)
        ),
    }
