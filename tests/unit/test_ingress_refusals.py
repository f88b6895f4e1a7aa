"""Every refusal of an ingress: with its place, what may stand there, and what to do."""

from collections.abc import Callable
from typing import Any

import pytest
from datafi_cdk import EdgeDns, InvalidInputError, SharedIngress
from aws_cdk import App, Duration, Environment, RemovalPolicy, Stack, Token
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Template
from deployment import (
    ACCOUNT,
    CERTIFICATE_ARN,
    INGRESS_RULE,
    LOAD_BALANCER,
    REGION,
    ROOT_DOMAIN,
    SECURITY_GROUP,
    attributes,
    existing_vpc,
    new_app,
    new_stack,
    properties,
)

ARN = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}"
HTTPS_ARN = f"{ARN}:listener/app/platform/50dc6c49/443"
GRPC_ARN = f"{ARN}:listener/app/platform/50dc6c49/50051"
WEB_ACL_ARN = f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/acl/1a2b"


class Unheard:
    """What no argument takes."""


ODD: tuple[Any, ...] = (Unheard(), 5, "text", b"bytes", {"a": 1}, {1}, (1,), [1], 1.5)
"""Values of every kind, of which each argument takes few."""


def edge_dns(stack: Stack) -> EdgeDns:
    """Names with a new zone."""
    return EdgeDns(stack, "Dns", root_domain=ROOT_DOMAIN)


def new_ingress(**arguments: Any) -> SharedIngress:
    """A new load balancer; a function among the arguments is given the stack."""
    stack = new_stack()
    given = {key: _made(value, stack) for key, value in arguments.items()}
    if "vpc" not in given:
        given["vpc"] = existing_vpc(stack)
    if "dns" not in given:
        given["dns"] = edge_dns(stack)
    return SharedIngress(stack, "Ingress", **given)


def by_attributes(**arguments: Any) -> Any:
    """An existing load balancer, by ARNs."""
    stack = new_stack()
    known: dict[str, Any] = {
        "https_listener_arn": HTTPS_ARN,
        "security_group_ids": ["sg-1"],
        "root_domain": ROOT_DOMAIN,
    }
    given = {key: _made(value, stack) for key, value in {**known, **arguments}.items()}
    return SharedIngress.from_attributes(stack, "Ingress", **given)


def by_listeners(**arguments: Any) -> Any:
    """An existing load balancer, by imported listeners."""
    stack = new_stack()
    known: dict[str, Any] = {"https_listener": listener, "root_domain": ROOT_DOMAIN}
    given = {key: _made(value, stack) for key, value in {**known, **arguments}.items()}
    return SharedIngress.from_listeners(stack, "Ingress", **given)


def _made(value: Any, stack: Stack) -> Any:
    return value(stack) if callable(value) and not isinstance(value, type) else value


def listener(stack: Stack, name: str = "Https") -> elbv2.IApplicationListener:
    """An imported listener."""
    found = stack.node.try_find_child(name)
    group = ec2.SecurityGroup.from_security_group_id(stack, f"{name}Sg", "sg-1")
    return found or elbv2.ApplicationListener.from_application_listener_attributes(
        stack, name, listener_arn=HTTPS_ARN, security_group=group
    )


def both_listeners_the_same() -> None:
    """The listener of HTTPS handed in for gRPC as well."""
    stack = new_stack()
    https = listener(stack)
    SharedIngress.from_listeners(
        stack, "Ingress", https_listener=https, grpc_listener=https, root_domain=ROOT_DOMAIN
    )


def subnet_without_zone(stack: Stack) -> ec2.SubnetSelection:
    """One subnet that is imported by its id only."""
    return ec2.SubnetSelection(subnets=[ec2.Subnet.from_subnet_id(stack, "Subnet", "subnet-1")])


def vpc_without_range(stack: Stack) -> ec2.IVpc:
    """A VPC whose range is not known."""
    return existing_vpc(stack)


def vpc_in_one_zone(stack: Stack) -> ec2.IVpc:
    """A VPC with subnets in one zone."""
    return ec2.Vpc(stack, "Vpc", max_azs=1)


def vpc_in_two_zones(stack: Stack) -> ec2.IVpc:
    """A VPC without IPv6 addresses."""
    return ec2.Vpc(stack, "Vpc", max_azs=2)


def security_groups(count: int) -> Callable[[Stack], list[ec2.ISecurityGroup]]:
    """So many security groups."""
    return lambda stack: [
        ec2.SecurityGroup.from_security_group_id(stack, f"Sg{number}", f"sg-{number}")
        for number in range(count)
    ]


def network_listener(stack: Stack) -> Any:
    """A listener of a network load balancer."""
    return elbv2.NetworkListener.from_network_listener_arn(
        stack, "Nlb", HTTPS_ARN.replace("/app/", "/net/")
    )


REFUSALS: list[tuple[str, Callable[[], Any], str]] = [
    # What is wrong, what is made, and what is said after the path.
    *(
        (
            f"{argument} of another type",
            lambda argument=argument: new_ingress(**{argument: "yes"}),
            f"{argument} must be True or False, got a value of type str; hand in True or False.",
        )
        for argument in (
            "internal",
            "dual_stack",
            "grpc_over_https",
            "deletion_protection",
            "access_logs",
        )
    ),
    ("no vpc", lambda: new_ingress(vpc=None), "vpc must be a VPC (IVpc), got None; hand in a VPC"),
    ("no dns", lambda: new_ingress(dns=None), "dns must be an EdgeDns, got None; hand in an EdgeD"),
    (
        "no policy",
        lambda: new_ingress(ssl_policy="TLS12"),
        "ssl_policy must be an elbv2.SslPolicy, got a value of type str; hand in an elbv2.SslPol",
    ),
    (
        "no duration",
        lambda: new_ingress(idle_timeout=60),
        "idle_timeout must be a Duration, got a value of type int; hand in a Duration.",
    ),
    (
        "no time",
        lambda: new_ingress(idle_timeout=Duration.seconds(0)),
        "idle_timeout in seconds must be a whole number from 1 to 4000, got 0; choose a number in",
    ),
    (
        "too long",
        lambda: new_ingress(idle_timeout=Duration.seconds(4001)),
        "idle_timeout in seconds must be a whole number from 1 to 4000, got 4001; choose",
    ),
    (
        "half a second",
        lambda: new_ingress(idle_timeout=Duration.millis(1500)),
        "idle_timeout must be a whole number of seconds, got 1.500 seconds; round it.",
    ),
    (
        "one zone",
        lambda: new_ingress(vpc=vpc_in_one_zone),
        "vpc must be one with public subnets in two availability zones, got one with public "
        "subnets in 1; hand in the VPC with its public subnets.",
    ),
    (
        "one zone, internal",
        lambda: new_ingress(vpc=vpc_in_one_zone, internal=True),
        "vpc must be one with private subnets in two availability zones, got one with private",
    ),
    (
        "no selection",
        lambda: new_ingress(vpc_subnets=["subnet-1"]),
        "vpc_subnets must be an ec2.SubnetSelection, got a value of type list; hand in an ec2.Sub",
    ),
    (
        "selection of nothing",
        lambda: new_ingress(vpc_subnets=ec2.SubnetSelection(subnet_group_name="Nowhere")),
        "vpc_subnets must be subnets of Test/Vpc, got others (",
    ),
    (
        "one subnet without a zone",
        lambda: new_ingress(vpc_subnets=subnet_without_zone),
        "vpc_subnets must be subnets in two availability zones, got subnets in 1; choose one more",
    ),
    (
        "selection in one zone",
        lambda: new_ingress(
            vpc_subnets=ec2.SubnetSelection(
                subnet_type=ec2.SubnetType.PUBLIC, availability_zones=["a"]
            )
        ),
        "vpc_subnets must be subnets in two availability zones, got subnets in 1; choose one more.",
    ),
    *(
        (
            f"{argument} alone",
            lambda argument=argument: new_ingress(**{argument: "x"}),
            f"{argument} must be a list, got a value of type str; write it in brackets.",
        )
        for argument in ("allowed_cidrs", "allowed_prefix_lists", "allowed_security_groups")
    ),
    (
        "unknown list",
        lambda: new_ingress(allowed_cidrs=Token.as_list({"Ref": "Cidrs"})),
        "allowed_cidrs must be a list whose length is known at synthesis, got an unresolved list; "
        "write the list, whose entries may be known at deployment only.",
    ),
    *(
        (
            f"range {cidr}",
            lambda cidr=cidr: new_ingress(allowed_cidrs=[cidr]),
            "allowed_cidrs must be address ranges that start at their first address, got "
            f"{cidr!r}; write them as '203.0.113.0/24'.",
        )
        for cidr in (
            "10.0.0.0",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "10.0.0.0/255.0.0.0",
            "2001:db8::1/32",
            "::ffff:1.2.3.0/120",
            "fe80::%eth0/64",
            "everybody",
            5,
        )
    ),
    *(
        (
            f"prefix list {given!r}",
            lambda given=given: new_ingress(allowed_prefix_lists=[given]),
            f"allowed_prefix_lists must be ids of managed prefix lists, got {given!r}; copy each",
        )
        for given in ("sg-123", "pl-xyz", "pl-", 5)
    ),
    (
        "no security groups",
        lambda: new_ingress(allowed_security_groups=["sg-1"]),
        "allowed_security_groups must be security groups, got a value of type str; hand in secur",
    ),
    (
        "too many of one family",
        lambda: new_ingress(
            allowed_cidrs=[f"10.{n}.0.0/16" for n in range(18)],
            allowed_prefix_lists=["pl-1"],
            allowed_security_groups=security_groups(2),
        ),
        "allowed_cidrs must be at most 20 ranges of a family, prefix lists and security groups "
        "together, each with a rule for 3 ports, got 21; join ranges, or put them into one",
    ),
    (
        "range of the VPC not known",
        lambda: new_ingress(internal=True, vpc=vpc_without_range),
        "allowed_cidrs must be given where the IPv4 range of the VPC is not known, got nothing",
    ),
    (
        "IPv6 range of the VPC not known",
        lambda: new_ingress(internal=True, dual_stack=True, vpc=vpc_in_two_zones),
        "allowed_cidrs must be given where the IPv6 range of the VPC is not known, got nothing",
    ),
    (
        "no range",
        lambda: new_ingress(allowed_cidrs=[None]),
        "allowed_cidrs must be given, got None; hand in a value or leave the argument out.",
    ),
    (
        "no prefix list",
        lambda: new_ingress(allowed_prefix_lists=[None]),
        "allowed_prefix_lists must be given, got None; hand in a value or leave the argument out.",
    ),
    *(
        (
            f"web ACL {given!r}",
            lambda given=given: new_ingress(web_acl_arn=given),
            f"web_acl_arn must be the ARN of a regional web ACL of AWS WAF (v2), got {given!r}",
        )
        for given in ("acl", WEB_ACL_ARN.replace("regional", "global"), 5)
    ),
    *(
        (
            f"max_rules {given!r}",
            lambda given=given: new_ingress(max_rules=given),
            f"max_rules must be a whole number from 1 to 50000, got {given!r}; choose a number",
        )
        for given in (0, 50001, "100", True, 1.5)
    ),
    (
        "no max_rules",
        lambda: new_ingress(max_rules=None),
        "max_rules must be given, got None; hand in a value or leave the argument out.",
    ),
    (
        "no bucket",
        lambda: new_ingress(access_logs_bucket="logs"),
        "access_logs_bucket must be a bucket (IBucket), got a value of type str; hand in a bucket",
    ),
    *(
        (
            f"bucket with {encryption.name}",
            lambda encryption=encryption: new_ingress(
                access_logs_bucket=lambda stack: s3.Bucket(stack, "Logs", encryption=encryption)
            ),
            "access_logs_bucket must be encrypted with S3-managed keys, as a load balancer writes",
        )
        for encryption in (
            s3.BucketEncryption.KMS,
            s3.BucketEncryption.KMS_MANAGED,
            s3.BucketEncryption.DSSE_MANAGED,
        )
    ),
    (
        "no removal policy",
        lambda: new_ingress(removal_policy="destroy"),
        "removal_policy must be a RemovalPolicy, got a value of type str; hand in a RemovalPolicy.",
    ),
    (
        "snapshot",
        lambda: new_ingress(removal_policy=RemovalPolicy.SNAPSHOT),
        "removal_policy must be one of RETAIN, RETAIN_ON_UPDATE_OR_DELETE and DESTROY, got",
    ),
    (
        "no listener",
        lambda: by_listeners(https_listener=HTTPS_ARN),
        "https_listener must be a listener of an application load balancer (IApplicationListener), "
        "got a value of type str; hand in a listener",
    ),
    (
        "listener of a network load balancer",
        lambda: by_listeners(grpc_listener=network_listener),
        "grpc_listener must be a listener of an application load balancer (IApplicationListener)",
    ),
    (
        "the same listener",
        both_listeners_the_same,
        "grpc_listener must be the listener of port 50051, got that of HTTPS (Test/Https); leave "
        "it out if port 443 alone takes gRPC.",
    ),
    (
        "no load balancer",
        lambda: by_listeners(load_balancer="alb"),
        "load_balancer must be a load balancer (IApplicationLoadBalancer), got a value of type",
    ),
    (
        "records without load balancer",
        lambda: by_listeners(root_domain=None, dns=edge_dns),
        "load_balancer must be given if dns makes records, which lead to it, got nothing; hand in "
        "the load balancer with its DNS name and its canonical hosted zone.",
    ),
    (
        "records without load balancer, by attributes",
        lambda: by_attributes(root_domain=None, dns=edge_dns),
        "load_balancer_arn must be given if dns makes records, which lead to it, got nothing",
    ),
    *(
        (
            f"{argument} {given!r}",
            lambda argument=argument, given=given: by_attributes(**{argument: given}),
            f"{argument} must be the ARN of {kind}an application load balancer, got "
            f"{repr(given)[:80]}",
        )
        for argument, kind in (
            ("https_listener_arn", "a listener of "),
            ("grpc_listener_arn", "a listener of "),
            ("load_balancer_arn", ""),
        )
        for given in ("arn", HTTPS_ARN.replace("/app/", "/net/"), 5)
    ),
    (
        "no listener's ARN",
        lambda: by_attributes(https_listener_arn=None),
        "https_listener_arn must be given, got None; hand in a value or leave the argument out.",
    ),
    (
        "the same ARN",
        lambda: by_attributes(grpc_listener_arn=HTTPS_ARN),
        f"grpc_listener_arn must be the listener of port 50051, got that of HTTPS ({HTTPS_ARN});",
    ),
    *(
        (
            f"security groups {given!r}",
            lambda given=given: by_attributes(security_group_ids=given),
            "security_group_ids must be a list of at least one id of a security group, got "
            f"{said}; copy them from the load balancer, where each starts with sg-.",
        )
        for given, said in (
            ("sg-1", "a value of type str"),
            ([], "an empty list"),
            (None, "None"),
            (["vpc-1"], "'vpc-1'"),
            ([5], "5"),
        )
    ),
    (
        "security group None",
        lambda: by_attributes(security_group_ids=[None]),
        "security_group_ids must be given, got None",
    ),
    (
        "half a load balancer",
        lambda: by_attributes(load_balancer_arn=f"{ARN}:loadbalancer/app/platform/50dc6c49"),
        "load_balancer_arn, load_balancer_dns_name, load_balancer_canonical_hosted_zone_id must be "
        "given together or not at all, got load_balancer_arn only; hand in load_balancer_dns_name "
        "and load_balancer_canonical_hosted_zone_id as well.",
    ),
    *(
        (
            f"{argument} 5",
            lambda argument=argument: by_attributes(**{argument: 5}),
            f"{argument} must be a string, got a value of type int; hand in a string.",
        )
        for argument in ("load_balancer_dns_name", "load_balancer_canonical_hosted_zone_id")
    ),
    *(
        refusal
        for take, name in ((by_attributes, "attributes"), (by_listeners, "listeners"))
        for refusal in (
            (
                f"no names, {name}",
                lambda take=take: take(root_domain=None),
                "root_domain must be given if dns is not, got nothing; hand in one of them.",
            ),
            (
                f"bad domain, {name}",
                lambda take=take: take(root_domain="Edge"),
                "root_domain must be a domain name in lower case with at least two labels",
            ),
            (
                f"names twice, {name}",
                lambda take=take: take(dns=edge_dns),
                "root_domain must be left out if dns is given, got both; leave one of them out.",
            ),
            (
                f"dns of another type, {name}",
                lambda take=take: take(root_domain=None, dns="edge.example.com"),
                "dns must be an EdgeDns, got a value of type str; hand in an EdgeDns.",
            ),
            (
                f"vpc of another type, {name}",
                lambda take=take: take(vpc="vpc-1"),
                "vpc must be a VPC (IVpc), got a value of type str; hand in a VPC (IVpc).",
            ),
            (
                f"dual_stack of another type, {name}",
                lambda take=take: take(dual_stack=1),
                "dual_stack must be True or False, got a value of type int; hand in True or False.",
            ),
            (
                f"grpc_over_https of another type, {name}",
                lambda take=take: take(grpc_over_https=None),
                "grpc_over_https must be True or False, got None; hand in True or False.",
            ),
            (
                f"gRPC nowhere, {name}",
                lambda take=take: take(grpc_over_https=False),
                f"grpc_listener{'_arn' if take is by_attributes else ''} must be given if "
                "grpc_over_https is False, got nothing; hand in the listener of port 50051, or",
            ),
            (
                f"max_rules, {name}",
                lambda take=take: take(max_rules=0),
                "max_rules must be a whole number from 1 to 50000, got 0; choose a number in",
            ),
            *(
                (
                    f"range {given!r}, {name}",
                    lambda take=take, given=given: take(priority_range=given),
                    "priority_range must be two numbers, the lowest and the highest, between 1 and "
                    f"50000, got {said}; write it as (1000, 1999).",
                )
                for given, said in (
                    ((0, 10), "(0, 10)"),
                    ((10, 10), "(10, 10)"),
                    ((20, 10), "(20, 10)"),
                    ((1, 50001), "(1, 50001)"),
                    ((1, 2, 3), "(1, 2, 3)"),
                    ((True, 10), "(True, 10)"),
                    (("1", "9"), "('1', '9')"),
                    ("1000-1999", "a value of type str"),
                    (None, "None"),
                )
            ),
        )
    ),
]


@pytest.mark.parametrize(
    ("make", "message"), [pytest.param(make, said, id=name) for name, make, said in REFUSALS]
)
def test_refuses(make: Callable[[], Any], message: str) -> None:
    """The path, the argument, what it must be, what it is, and the remedy."""
    with pytest.raises(InvalidInputError) as error:
        make()
    assert f"Test/Ingress: {message}" in str(error.value)


def in_europe(make: Callable[[Stack], Any]) -> Callable[[], Any]:
    """Makes something in a stack of another region than the ARNs of these tests."""
    env = Environment(account=ACCOUNT, region="eu-west-1")
    return lambda: make(Stack(new_app(), "Test", env=env))


def ingress_in(stack: Stack, **arguments: Any) -> SharedIngress:
    """A new load balancer in a stack of its own region."""
    dns = arguments.pop("dns", None) or edge_dns(stack)
    return SharedIngress(stack, "Ingress", vpc=existing_vpc(stack), dns=dns, **arguments)


def certificate_elsewhere(stack: Stack) -> None:
    """Names whose certificate is of another region."""
    certificate = acm.Certificate.from_certificate_arn(stack, "Certificate", CERTIFICATE_ARN)
    dns = EdgeDns(stack, "Dns", root_domain=ROOT_DOMAIN, certificate=certificate)
    ingress_in(stack, dns=dns)


def names_elsewhere(stack: Stack) -> None:
    """Names that are made, with their certificate, in another region."""
    env = Environment(account=ACCOUNT, region=REGION)
    ingress_in(stack, dns=edge_dns(Stack(App.of(stack), "Names", env=env)))


def bucket_elsewhere(stack: Stack) -> None:
    """A bucket in another account."""
    env = Environment(account="222222222222", region="eu-west-1")
    logs = s3.Bucket(Stack(App.of(stack), "Logs", env=env), "Logs")
    ingress_in(stack, access_logs_bucket=logs)


@pytest.mark.parametrize(
    ("make", "argument", "part", "given"),
    [
        (certificate_elsewhere, "dns", "region", REGION),
        (names_elsewhere, "dns", "region", REGION),
        (bucket_elsewhere, "access_logs_bucket", "account", "222222222222"),
        (lambda stack: ingress_in(stack, web_acl_arn=WEB_ACL_ARN), "web_acl_arn", "region", REGION),
        (
            lambda stack: SharedIngress.from_attributes(
                stack,
                "Ingress",
                https_listener_arn=HTTPS_ARN,
                security_group_ids=["sg-1"],
                root_domain=ROOT_DOMAIN,
            ),
            "https_listener_arn",
            "region",
            REGION,
        ),
        (
            lambda stack: SharedIngress.from_listeners(
                stack, "Ingress", https_listener=listener(stack), root_domain=ROOT_DOMAIN
            ),
            "https_listener",
            "region",
            REGION,
        ),
    ],
)
def test_refuses_what_is_elsewhere(
    make: Callable[[Stack], Any], argument: str, part: str, given: str
) -> None:
    """Certificates, web ACLs, buckets and listeners are of the load balancer's own region."""
    with pytest.raises(InvalidInputError) as error:
        in_europe(make)()
    assert f"Test/Ingress: {argument} must be in the {part} of the ingress (" in str(error.value)
    assert f"got one in {given}; hand in one of that {part}." in str(error.value)


def plain_listener(stack: Stack) -> None:
    """A listener for HTTP without TLS."""
    alb = elbv2.ApplicationLoadBalancer(stack, "Alb", vpc=existing_vpc(stack))
    plain = alb.add_listener(
        "Plain", port=80, default_action=elbv2.ListenerAction.fixed_response(404)
    )
    SharedIngress.from_listeners(stack, "Ingress", https_listener=plain, root_domain=ROOT_DOMAIN)


def listeners_of_two(stack: Stack) -> None:
    """Listeners of two load balancers of the app."""
    vpc = existing_vpc(stack)
    https, grpc = (
        elbv2.ApplicationLoadBalancer(stack, f"Alb{port}", vpc=vpc).add_listener(
            "Listener",
            port=port,
            protocol=elbv2.ApplicationProtocol.HTTPS,
            certificates=[elbv2.ListenerCertificate.from_arn(CERTIFICATE_ARN)],
            default_action=elbv2.ListenerAction.fixed_response(404),
        )
        for port in (443, 50051)
    )
    SharedIngress.from_listeners(
        stack, "Ingress", https_listener=https, grpc_listener=grpc, root_domain=ROOT_DOMAIN
    )


OTHER_ARN = HTTPS_ARN.replace("/app/", "/app/other-")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (plain_listener, "https_listener must be one that takes HTTPS, got one for HTTP; hand in"),
        (listeners_of_two, "grpc_listener must be of the load balancer of the HTTPS listener, got"),
        (
            lambda _: by_attributes(grpc_listener_arn=OTHER_ARN),
            "grpc_listener_arn must be of the load balancer of the HTTPS listener, got one of",
        ),
        (
            lambda _: by_attributes(
                load_balancer_arn=OTHER_ARN.replace(":listener/", ":loadbalancer/").rpartition("/")[
                    0
                ],
                load_balancer_dns_name="alb.example.com",
                load_balancer_canonical_hosted_zone_id="Z123",
            ),
            "load_balancer_arn must be of the load balancer of the HTTPS listener, got one of",
        ),
    ],
)
def test_refuses_listeners_that_do_not_belong_together(
    make: Callable[[Stack], Any], message: str
) -> None:
    """Both take TLS, and all are of one load balancer."""
    with pytest.raises(InvalidInputError) as error:
        make(new_stack())
    assert f"Test/Ingress: {message}" in str(error.value)


NEW = (
    "vpc",
    "dns",
    "internal",
    "vpc_subnets",
    "allowed_cidrs",
    "allowed_prefix_lists",
    "allowed_security_groups",
    "dual_stack",
    "grpc_over_https",
    "ssl_policy",
    "idle_timeout",
    "deletion_protection",
    "access_logs",
    "access_logs_bucket",
    "web_acl_arn",
    "max_rules",
    "removal_policy",
)
TAKEN = (
    "root_domain",
    "dns",
    "vpc",
    "dual_stack",
    "grpc_over_https",
    "priority_range",
    "max_rules",
)
LISTENERS = ("https_listener", "grpc_listener", "load_balancer")
ATTRIBUTES = (
    "https_listener_arn",
    "grpc_listener_arn",
    "security_group_ids",
    "load_balancer_arn",
    "load_balancer_dns_name",
    "load_balancer_canonical_hosted_zone_id",
)


@pytest.mark.parametrize(
    ("take", "argument"),
    [
        *((new_ingress, argument) for argument in NEW),
        *((by_listeners, argument) for argument in (*LISTENERS, *TAKEN)),
        *((by_attributes, argument) for argument in (*ATTRIBUTES, *TAKEN)),
    ],
)
def test_no_value_of_another_type_reaches_the_cdk(take: Callable[..., Any], argument: str) -> None:
    """Whatever is handed in for an argument, the error is ours and names it."""
    for value in ODD:
        if argument == "max_rules" and value == 5:
            continue
        with pytest.raises(InvalidInputError) as error:
            take(**{argument: value})
        assert argument in str(error.value), value


def test_all_faults_are_said_at_once() -> None:
    """One synthesis shows them all."""
    with pytest.raises(InvalidInputError) as error:
        by_attributes(https_listener_arn="x", security_group_ids=[], max_rules=0, root_domain="x")
    assert len(error.value.faults) == 4


def test_tokens_pass() -> None:
    """What is known at deployment only is taken as it is."""
    stack = new_stack()
    SharedIngress(
        stack,
        "Ingress",
        vpc=existing_vpc(stack),
        dns=edge_dns(stack),
        allowed_cidrs=[Token.as_string({"Ref": "Cidr"})],
        allowed_prefix_lists=[Token.as_string({"Ref": "PrefixList"})],
        web_acl_arn=Token.as_string({"Ref": "WebAcl"}),
        idle_timeout=Duration.seconds(Token.as_number({"Ref": "Seconds"})),
        max_rules=Token.as_number({"Ref": "MaxRules"}),
    )
    template = Template.from_stack(stack)
    rules = properties(template, SECURITY_GROUP, "Ingress")["SecurityGroupIngress"]
    assert [rule["CidrIp"] for rule in rules] == [{"Ref": "Cidr"}] * 3
    others = [rule["Properties"] for rule in template.find_resources(INGRESS_RULE).values()]
    assert [rule["SourcePrefixListId"] for rule in others] == [{"Ref": "PrefixList"}] * 3
    found = attributes(properties(template, LOAD_BALANCER), "LoadBalancerAttributes")
    assert "Seconds" in str(found["idle_timeout.timeout_seconds"])
    association = properties(template, "AWS::WAFv2::WebACLAssociation")
    assert association["WebACLArn"] == {"Ref": "WebAcl"}


def test_as_many_ranges_as_rules_are_taken() -> None:
    """Twenty of each family fit, as AWS counts them apart."""
    made = new_ingress(
        allowed_cidrs=[
            *(f"10.{n}.0.0/16" for n in range(20)),
            *(f"2001:db8:{n}::/48" for n in range(20)),
        ]
    )
    template = Template.from_stack(Stack.of(made))
    rules = properties(template, SECURITY_GROUP, "Ingress")["SecurityGroupIngress"]
    assert len(rules) == 120
    template.resource_count_is(INGRESS_RULE, 0)


def test_the_app_is_left_as_it_was() -> None:
    """A refused ingress is not half made."""
    app = App()
    stack = Stack(app, "Test")
    with pytest.raises(InvalidInputError):
        SharedIngress.from_attributes(
            stack, "Ingress", https_listener_arn="x", security_group_ids=["sg-1"]
        )
    assert Template.from_stack(stack).to_json().get("Resources", {}) == {}
