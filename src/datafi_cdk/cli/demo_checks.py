"""What `datafi-cdk demo` demands of a deployment. Each check raises if it does not hold."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import LocalAwsError
from ..local import EmbeddedAws, LoadBalancerResponse
from .deployment import Deployment
from .live_routes import live_image_tag

NEW_TAG = "v2"

_UNKNOWN_HOST = "There is no server at this address."
_WRONG_KEY = "not-the-key"


def check_redirect(deployment: Deployment) -> None:
    """Plain HTTP is redirected for good, to the same address on HTTPS."""
    path = "/a?b=c"
    response = deployment.send("GET", deployment.server, 80, path)
    location = response.headers.get("location")
    expected = f"https://{deployment.server}.{deployment.root_domain}:443{path}"
    if (response.status, location) != (301, expected):
        raise _unexpected(f"301 with the location {expected}", response, f" to {location}")


def check_unknown_host(deployment: Deployment) -> None:
    """A host that no server has claimed gets the fixed response, on both ports with TLS."""
    for port in (443, 50051):
        response = deployment.send("GET", "nobody", port)
        if (response.status, response.body) != (404, _UNKNOWN_HOST):
            raise _unexpected(f"404 with the fixed response on port {port}", response)


def check_server_is_routed(deployment: Deployment) -> None:
    """The server's name leads to its target groups, on both ports.

    The simulated containers register with none, for which a load balancer answers 503.
    """
    for port in (443, 50051):
        response = deployment.send("GET", deployment.server, port)
        if response.status != 503 or "target" not in response.body:
            raise _unexpected(f"503 of an empty target group on port {port}", response)


def check_wrong_key(deployment: Deployment) -> None:
    """A wrong key is refused, and the tag stays."""
    before = live_image_tag(deployment.aws, deployment.server)
    response = deployment.update(_WRONG_KEY, NEW_TAG)
    if response.status != 401:
        raise _unexpected("401", response)
    after = live_image_tag(deployment.aws, deployment.server)
    if after != before:
        raise LocalAwsError(f"a refused update must leave the tag {before}, but it is {after}")


def check_update(deployment: Deployment) -> None:
    """The right key moves the server to another tag."""
    response = deployment.update(deployment.update_key(), NEW_TAG)
    if response.status != 200:
        raise _unexpected("200", response)
    check_live_tag(deployment)


def check_live_tag(deployment: Deployment) -> None:
    """The server runs the tag that it was updated to."""
    after = live_image_tag(deployment.aws, deployment.server)
    if after != NEW_TAG:
        raise LocalAwsError(f"the live tag must be {NEW_TAG} after the update, but it is {after}")


def check_nothing_is_left(before: Mapping[str, set[str]], aws: EmbeddedAws) -> None:
    """What is there is what was there before the deployment.

    Args:
        before: The inventory of then.
        aws: The embedded AWS.

    Raises:
        LocalAwsError: With what is left, by kind.
    """
    left = {
        kind: sorted(names - before[kind])
        for kind, names in inventory(aws).items()
        if names - before[kind]
    }
    if left:
        listed = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in left.items())
        raise LocalAwsError(f"cdk destroy must delete everything, but left {listed}")


def inventory(aws: EmbeddedAws) -> dict[str, set[str]]:
    """What is there, by kind: everything that a deployment makes and AWS does not keep.

    Left out are task definition revisions, which cost nothing.

    Args:
        aws: The embedded AWS.
    """
    client = aws.client
    elbv2, ec2 = client("elbv2"), client("ec2")
    secrets = client("secretsmanager").list_secrets(IncludePlannedDeletion=True)
    listed = {
        "stacks": (client("cloudformation").describe_stacks()["Stacks"], "StackName"),
        "load balancers": (elbv2.describe_load_balancers()["LoadBalancers"], "LoadBalancerName"),
        "target groups": (elbv2.describe_target_groups()["TargetGroups"], "TargetGroupName"),
        "hosted zones": (client("route53").list_hosted_zones()["HostedZones"], "Id"),
        "certificates": (
            client("acm").list_certificates()["CertificateSummaryList"],
            "CertificateArn",
        ),
        "secrets": (secrets["SecretList"], "Name"),
        "parameters": (client("ssm").describe_parameters()["Parameters"], "Name"),
        "event rules": (client("events").list_rules()["Rules"], "Name"),
        "buckets": (client("s3").list_buckets()["Buckets"], "Name"),
        "functions": (client("lambda").list_functions()["Functions"], "FunctionName"),
        "log groups": (client("logs").describe_log_groups()["logGroups"], "logGroupName"),
        "roles": (client("iam").list_roles()["Roles"], "RoleName"),
        "VPCs": (ec2.describe_vpcs()["Vpcs"], "VpcId"),
        "security groups": (ec2.describe_security_groups()["SecurityGroups"], "GroupId"),
        "addresses": (ec2.describe_addresses()["Addresses"], "AllocationId"),
    }
    found = {kind: {entry[key] for entry in entries} for kind, (entries, key) in listed.items()}
    found["clusters"] = set(client("ecs").list_clusters()["clusterArns"])
    return found


def _unexpected(expected: str, response: LoadBalancerResponse, detail: str = "") -> LocalAwsError:
    return LocalAwsError(
        f"the load balancer must answer {expected}, "
        f"but answered {response.status}{detail}: {response.body[:200]}"
    )
