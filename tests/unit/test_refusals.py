"""Every refusal of every construct: with its place, what may stand there, and what to do."""

from collections.abc import Callable
from typing import Any

import pytest
from datafi_cdk import (
    Coordinator,
    DatafiEdgeStack,
    EdgeDns,
    EdgeServer,
    EdgeStorage,
    InvalidInputError,
    SharedIngress,
    UpdateApi,
    UpdateRouter,
)
from aws_cdk import Duration, SecretValue, Stack, Token
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_route53 as route53
from aws_cdk.assertions import Template
from constructs import Construct
from deployment import (
    CANARY,
    CERTIFICATE_ARN,
    ROOT_DOMAIN,
    SERVICE,
    TASK_DEFINITION,
    Surroundings,
    container,
    deployed,
    existing_vpc,
    new_app,
    new_stack,
    properties,
    secret,
    surroundings,
)

# Two names whose HTTP rules get one priority under `ROOT_DOMAIN`.
CLASHING = ("es-175", "es-261")


def edge_dns(**arguments: Any) -> EdgeDns:
    """An EdgeDns with these arguments."""
    return EdgeDns(new_stack(), "Dns", **{"root_domain": ROOT_DOMAIN, **arguments})


def with_zone_but_none_enabled() -> EdgeDns:
    """An EdgeDns with a zone that is not to be used."""
    stack = new_stack()
    return EdgeDns(
        stack,
        "Dns",
        root_domain=ROOT_DOMAIN,
        certificate=acm.Certificate.from_certificate_arn(stack, "Brought", CERTIFICATE_ARN),
        hosted_zone=route53.HostedZone.from_hosted_zone_id(stack, "Zone", "Z123"),
        enable_hosted_zone=False,
    )


def shared_ingress(idle_timeout: Duration) -> SharedIngress:
    """A SharedIngress with this idle timeout."""
    stack = new_stack()
    dns = EdgeDns(stack, "Dns", root_domain=ROOT_DOMAIN)
    return SharedIngress(
        stack, "Ingress", vpc=existing_vpc(stack), dns=dns, idle_timeout=idle_timeout
    )


def edge_server(
    made: Surroundings | None = None, construct_id: str = "Es", **arguments: Any
) -> Any:
    """An edge server with these arguments."""
    made = made or surroundings()
    return EdgeServer(made.stack, construct_id, **{**made.around, "name": "es", **arguments})


def edge_server_with_secret(**arguments: Any) -> EdgeServer:
    """An edge server with a secret and these arguments."""
    made = surroundings()
    return edge_server(made, secret=secret(made.stack, "es"), **arguments)


def coordinator(
    made: Surroundings | None = None, construct_id: str = "Co", **arguments: Any
) -> Any:
    """A coordinator with these arguments."""
    made = made or surroundings()
    needed = {
        key: secret(made.stack, f"{construct_id}-{key}")
        for key in ("registry_credentials", "secret")
        if key not in arguments
    }
    return Coordinator(made.stack, construct_id, **{**made.around, **needed, **arguments})


def two_edge_servers(first: str, second: str) -> None:
    """Two edge servers on one ingress."""
    made = surroundings()
    edge_server(made, "First", name=first)
    edge_server(made, "Second", name=second)


def edge_server_with_long_domain() -> None:
    """An edge server under a domain so long that its host name does not fit into a rule."""
    stack = new_stack()
    dns = EdgeDns(
        stack,
        "Dns",
        root_domain=f"{'a' * 60}.{'b' * 60}.example.com",
        certificate=acm.Certificate.from_certificate_arn(stack, "Brought", CERTIFICATE_ARN),
        enable_hosted_zone=False,
    )
    ingress = SharedIngress(stack, "Ingress", vpc=existing_vpc(stack), dns=dns)
    ingress.claim_name(stack, "es")


def two_coordinators() -> None:
    """Two coordinators with different names on one ingress."""
    made = surroundings()
    coordinator(made, "First", name="co-1")
    coordinator(made, "Second", name="co-2")


def update_api(count: int = 1, **arguments: Any) -> None:
    """An update API for `count` services."""
    made = surroundings()
    services = [edge_server(made, f"Es{index}", name=f"es{index}") for index in range(count)]
    UpdateApi(made.stack, "Updates", **{"ingress": made.ingress, "services": services, **arguments})


def two_update_apis_for_one_server() -> None:
    """Two update APIs of one ingress for the same server."""
    made = surroundings()
    server = edge_server(made)
    for name in ("a", "b"):
        UpdateApi(made.stack, f"Up-{name}", ingress=made.ingress, services=[server])


def two_rules_for_one_host() -> None:
    """Two gRPC rules for the same host."""
    made = surroundings()
    targets = elbv2.ApplicationTargetGroup(
        made.stack, "Targets", vpc=made.vpc, port=80, target_type=elbv2.TargetType.IP
    )
    for name in ("First", "Second"):
        scope = Construct(made.stack, name)
        made.ingress.add_grpc_rules(scope, hosts=["a.b"], target_group=targets)


def vpc_with(scope: Construct, vpc_id: str, *kinds: str) -> ec2.IVpc:
    """An existing VPC with these kinds of subnets only."""
    subnets = {f"{kind}_subnet_ids": ["subnet-a", "subnet-b"] for kind in kinds}
    tables = {f"{kind}_subnet_route_table_ids": ["rtb-a", "rtb-b"] for kind in kinds}
    zones = ["a", "b"]
    return ec2.Vpc.from_vpc_attributes(
        scope, vpc_id, vpc_id=vpc_id, availability_zones=zones, **subnets, **tables
    )


def ingress_in(*kinds: str) -> SharedIngress:
    """A load balancer in a VPC with these kinds of subnets only."""
    stack = new_stack()
    dns = EdgeDns(stack, "Dns", root_domain=ROOT_DOMAIN)
    return SharedIngress(stack, "Ingress", vpc=vpc_with(stack, "vpc-1", *kinds), dns=dns)


def server_in_another_vpc() -> None:
    """A cluster whose VPC is not that of the ingress."""
    made = surroundings()
    vpc = vpc_with(made.stack, "vpc-2", "public", "private")
    cluster = ecs.Cluster(made.stack, "Elsewhere", vpc=vpc)
    EdgeServer(made.stack, "Es", cluster=cluster, ingress=made.ingress, name="es")


def server_in_public_subnets() -> None:
    """A cluster whose VPC has public subnets only, as the default VPC of an account."""
    ingress = ingress_in("public")
    stack = Stack.of(ingress)
    cluster = ecs.Cluster(stack, "Cluster", vpc=ingress.vpc)
    EdgeServer(stack, "Es", cluster=cluster, ingress=ingress, name="es")


def server_with_a_tag_of_deployment() -> None:
    """A server whose tag, and so the variable of its key, is not known yet."""
    tag = Token.as_string({"Ref": "Tag"})
    edge_server_with_secret(image_tag=tag)


LABEL = "one DNS label (1 to 63 of a-z, 0-9 and -, no - at an end)"
DOMAIN = (
    "a domain name in lower case with at least two labels, of which the last has letters only, "
    "and no dot at its end"
)
REFERENCE = "a secret of Secrets Manager (ISecret)"

REFUSALS: list[tuple[Callable[[], Any], str, str, str, str]] = [
    # What is made; then place, what is allowed, what was given, and a word of the remedy.
    *(
        (
            lambda domain=domain: edge_dns(root_domain=domain),
            "Test/Dns: root_domain",
            DOMAIN,
            given,
            "example.com",
        )
        for domain, given in {
            "Edge.example.com": "'Edge.example.com'",
            "localhost": "'localhost'",
            "example.com.": "'example.com.'",
            "a..b": "'a..b'",
            "*.example.com": "'*.example.com'",
            "": "''",
        }.items()
    ),
    (
        lambda: edge_dns(enable_hosted_zone=False),
        "Test/Dns: certificate",
        "given if enable_hosted_zone is False",
        "nothing",
        "hand in an issued certificate",
    ),
    (
        with_zone_but_none_enabled,
        "Test/Dns: hosted_zone",
        "left out if enable_hosted_zone is False",
        "a zone",
        "leave one",
    ),
    *(
        (
            lambda seconds=seconds: shared_ingress(Duration.seconds(seconds)),
            "Test/Ingress: idle_timeout",
            "from 1 to 4000",
            str(seconds),
            "choose a number",
        )
        for seconds in (0, 4001)
    ),
    *(
        (lambda name=name: edge_server(name=name), "Test/Es: name", LABEL, repr(name), "'es'")
        for name in ("", "Es", "-es", "es-", "a.b", "es_1", "a" * 64)
    ),
    *(
        (
            lambda name=name: edge_server(name=name),
            "Test/Es: name",
            "other than those of the update API",
            repr(name),
            "choose another name",
        )
        for name in ("update", "df-update")
    ),
    (
        lambda: two_edge_servers("es", "es"),
        "Test/Second: name",
        "the only one of its kind on Test/Ingress",
        "'es', which Test/First has",
        "choose another name",
    ),
    (edge_server_with_long_domain, "Test: name", "at most 128 characters", "(136)", "shorter"),
    (
        lambda: two_edge_servers(*CLASHING),
        "Test/Second: http_rule_priority",
        "the only one of its kind on port 443 of Test/Ingress",
        f"'es-261.{ROOT_DOMAIN}', which 'es-175.{ROOT_DOMAIN}' has",
        "choose another name",
    ),
    (
        two_rules_for_one_host,
        "Test/Second: grpc_rule_priority",
        "port 50051",
        "'a.b'",
        "remove one",
    ),
    (
        lambda: edge_server(cpu=300),
        "Test/Es: cpu",
        "one of 256, 512, 1024, 2048, 4096, 8192, 16384",
        "300",
        "choose a number of CPU units",
    ),
    (
        lambda: edge_server(cpu=512, memory_limit_mib=512),
        "Test/Es: memory_limit_mib",
        "1024 to 4096 in steps of 1024 with cpu 512",
        "512",
        "another cpu",
    ),
    *(
        (
            lambda count=count: edge_server(desired_count=count),
            "Test/Es: desired_count",
            "from 0 to 5000",
            str(count),
            "choose a number",
        )
        for count in (-1, 5001)
    ),
    *(
        (
            lambda tag=tag: edge_server(image_tag=tag),
            "Test/Es: image_tag",
            "an image tag",
            repr(tag),
            "'latest'",
        )
        for tag in ("", "datafi/es:next", ".hidden", "-v")
    ),
    (
        lambda: edge_server(environment={"EDGE_KEY": CANARY}),
        "Test/Es: environment.EDGE_KEY",
        "taken from a secret",
        "a plain value that is not shown",
        "name EDGE_KEY in secret_variables",
    ),
    (
        lambda: edge_server(environment={"1ST": "x"}),
        "Test/Es: environment",
        "named with A-Z, a-z, 0-9 and _",
        "a name that is not shown",
        "rename",
    ),
    (
        lambda: edge_server(secret_variables=["KEY"]),
        "Test/Es: secret_variables",
        "left out where there is no secret",
        "a secret's fields",
        "hand in the secret",
    ),
    (
        lambda: edge_server_with_secret(secret_variables={"KEY": ""}),
        "Test/Es: secret_variables.KEY",
        "the name of a field",
        "''",
        "name a field",
    ),
    (
        lambda: edge_server_with_secret(secret_variables=["A-B"]),
        "Test/Es: secret_variables",
        "named with A-Z, a-z, 0-9 and _",
        "a name that is not shown",
        "rename",
    ),
    (
        lambda: edge_server_with_secret(
            secret_variables=["JWT_JWKS"], environment={"JWT_JWKS": CANARY}
        ),
        "Test/Es: secret_variables.JWT_JWKS",
        "given once",
        "both",
        "remove it from environment",
    ),
    (
        lambda: edge_server(secret=CANARY),
        "Test/Es: secret",
        REFERENCE,
        "a value of type str",
        "store it in Secrets Manager",
    ),
    (
        lambda: coordinator(secret=CANARY),
        "Test/Co: secret",
        REFERENCE,
        "a value of type str",
        "store it in Secrets Manager",
    ),
    (
        lambda: coordinator(registry_credentials=CANARY),
        "Test/Co: registry_credentials",
        REFERENCE,
        "a value of type str",
        "store it in Secrets Manager",
    ),
    *(
        (
            lambda registry=registry: coordinator(registry=registry),
            "Test/Co: registry",
            "the host of a registry",
            repr(registry),
            "'datafi.azurecr.io'",
        )
        for registry in ("https://datafi.azurecr.io", "datafi.azurecr.io/co", "", "UPPER.io")
    ),
    *(
        (
            lambda port=port: coordinator(http_port=port),
            "Test/Co: http_port",
            "from 1 to 65535",
            str(port),
            "choose a number",
        )
        for port in (0, 65536)
    ),
    (
        two_coordinators,
        "Test/Second: ingress",
        "one without a coordinator, and Test/Ingress has one",
        "a second one beside Test/First",
        "an ingress of its own",
    ),
    (
        lambda: ingress_in("private"),
        "Test/Ingress: vpc",
        "one with public subnets in two availability zones",
        "in 0",
        "with its public subnets",
    ),
    (
        server_in_another_vpc,
        "Test/Es: cluster",
        "in the VPC of the ingress (Test/Vpc)",
        "one in Test/vpc-2",
        "give both the same VPC",
    ),
    (
        server_in_public_subnets,
        "Test/Es: vpc_subnets",
        "private, or assign_public_ip given",
        "public ones",
        "give the VPC private subnets",
    ),
    (
        server_with_a_tag_of_deployment,
        "Test/Es: secret_variables",
        "given if the tag of the image is not known",
        "nothing",
        "name the fields",
    ),
    (
        lambda: edge_server(environment={"TIMEOUT": 1200}),
        "Test/Es: environment.TIMEOUT",
        "a string",
        "a value that is not shown",
        "put it in quotes",
    ),
    (
        lambda: update_api(0),
        "Test/Updates: services",
        "a list of 1 to 40 of EdgeServer and Coordinator",
        "0",
        "hand in the servers on Fargate that it updates",
    ),
    (
        lambda: update_api(secret=CANARY),
        "Test/Updates: secret",
        REFERENCE,
        "a value of type str",
        "store it in Secrets Manager",
    ),
    (
        two_update_apis_for_one_server,
        "Test/Up-b: services",
        "those that no other update API updates",
        "Test/Es, which Test/Up-a updates",
        "leave it out",
    ),
]


@pytest.mark.parametrize(
    ("make", "place", "allowed", "given", "remedy"),
    [
        pytest.param(*refusal, id=f"{index} {refusal[1]}")
        for index, refusal in enumerate(REFUSALS, start=1)
    ],
)
def test_refuses(
    make: Callable[[], Any], place: str, allowed: str, given: str, remedy: str
) -> None:
    """One fault says where, what may stand there, what stands there, and what to do."""
    with pytest.raises(InvalidInputError) as refusal:
        make()
    (fault,) = refusal.value.faults
    assert fault.place.startswith(place)
    assert allowed in fault.allowed
    assert given in fault.given
    assert remedy in fault.remedy
    message = str(refusal.value)
    assert message == f"{fault.place} must be {fault.allowed}, got {fault.given}; {fault.remedy}."
    assert CANARY not in message


PASTED: dict[str, Callable[[], Any]] = {
    "secret": lambda: edge_server(secret=CANARY),
    "coordinator's secret": lambda: coordinator(secret=CANARY),
    "registry_credentials": lambda: coordinator(registry_credentials=CANARY),
    "update API's secret": lambda: update_api(secret=CANARY),
    "environment": lambda: edge_server(environment={"KEY": CANARY, f"KEY={CANARY}": "x"}),
    "secret_variables": lambda: edge_server_with_secret(secret_variables=[CANARY]),
    "variable": lambda: edge_server_with_secret(secret_variables={CANARY: ""}),
    "registry": lambda: coordinator(registry=f"https://user:{CANARY}@datafi.azurecr.io"),
}


@pytest.mark.parametrize("make", PASTED.values(), ids=PASTED)
def test_refuses_a_plain_secret_without_showing_it(make: Callable[[], Any]) -> None:
    """Wherever somebody pastes a secret's value, no message shows it, nor any error before it."""
    with pytest.raises(Exception) as refusal:
        make()
    error: BaseException | None = refusal.value
    while error is not None:
        assert CANARY not in f"{error} {error.args}"
        error = error.__cause__ or error.__context__
    assert isinstance(refusal.value, InvalidInputError)


def places(make: Callable[[], Any]) -> set[str]:
    """The places of all faults of one refusal."""
    with pytest.raises(InvalidInputError) as refusal:
        make()
    assert len(str(refusal.value).splitlines()) == len(refusal.value.faults)
    return {fault.place for fault in refusal.value.faults}


def test_refuses_with_every_fault_of_a_server() -> None:
    """All arguments that cannot work are told at once, the name among them."""
    wrong = {
        "name": "Bad",
        "cpu": 300,
        "desired_count": -1,
        "image_tag": "a:b",
        "secret": CANARY,
        "environment": {"KEY": CANARY},
    }
    arguments = {"environment.KEY" if key == "environment" else key for key in wrong}
    assert places(lambda: edge_server(**wrong)) == {f"Test/Es: {key}" for key in arguments}


def test_refuses_with_every_fault_of_a_coordinator() -> None:
    """What a coordinator has of its own is told together with what every server has."""
    wrong = {"cpu": 300, "http_port": 0, "registry": "a/b", "registry_credentials": CANARY}
    assert places(lambda: coordinator(**wrong)) == {f"Test/Co: {key}" for key in wrong}


def test_refuses_a_second_coordinator_as_such() -> None:
    """A second coordinator of the same name is told that it is the second: no name helps it."""
    made = surroundings()
    coordinator(made, "First")
    assert "Test/Second: ingress" in places(lambda: coordinator(made, "Second"))


def test_refuses_with_every_fault_of_names_and_update_api() -> None:
    """EdgeDns and UpdateApi tell all faults at once."""
    assert places(lambda: edge_dns(root_domain="x", enable_hosted_zone=False)) == {
        "Test/Dns: root_domain",
        "Test/Dns: certificate",
    }
    assert places(lambda: update_api(0, secret=CANARY, allowed_tags=["v 1"])) == {
        "Test/Updates: secret",
        "Test/Updates: services",
        "Test/Updates: allowed_tags",
    }


def test_refuses_an_idle_timeout_of_broken_seconds() -> None:
    """A duration that is no whole number of seconds is refused like any other value."""
    (place,) = places(lambda: shared_ingress(Duration.millis(1500)))
    assert place.startswith("Test/Ingress: idle_timeout")


def test_refuses_a_root_domain_too_long_for_a_new_certificate() -> None:
    """ACM takes 64 characters as the first name of a certificate; an existing one may have more."""
    long = f"{'a' * 53}.example.com"
    assert edge_dns(root_domain=long[1:]).certificate
    assert places(lambda: edge_dns(root_domain=long)) == {"Test/Dns: root_domain"}
    stack = new_stack()
    existing = acm.Certificate.from_certificate_arn(stack, "Brought", CERTIFICATE_ARN)
    assert EdgeDns(stack, "Dns", root_domain=long, certificate=existing).root_domain == long


def test_a_refused_name_can_be_claimed_by_another() -> None:
    """What is refused claims nothing."""
    made = surroundings()
    with pytest.raises(InvalidInputError):
        edge_server(made, "Refused", cpu=300)
    assert edge_server(made, "Accepted").host == f"es.{ROOT_DOMAIN}"


def test_tokens_pass_in_a_server() -> None:
    """Values that are known only at deployment are not refused, and reach the template."""
    text, number = Token.as_string({"Ref": "Text"}), Token.as_number({"Ref": "Number"})
    made = surroundings()
    edge_server(
        made,
        name=text,
        image_tag=text,
        cpu=number,
        memory_limit_mib=number,
        desired_count=number,
        environment={"TIMEOUT": text},
    )
    template = Template.from_stack(made.stack)
    assert properties(template, SERVICE)["DesiredCount"] == {"Ref": "Number"}
    assert container(template)["Image"] == {"Fn::Join": ["", ["datafi/es:", {"Ref": "Text"}]]}
    assert properties(template, TASK_DEFINITION)["Memory"] is not None


def test_tokens_pass_in_a_coordinator() -> None:
    """Registry and HTTP port, too, may be known only at deployment."""
    text, number = Token.as_string({"Ref": "Text"}), Token.as_number({"Ref": "Number"})
    made = surroundings()
    coordinator(made, registry=text, http_port=number)
    definition = container(deployed(made.stack))
    assert definition["Image"] == {"Fn::Join": ["", [{"Ref": "Text"}, "/co:latest"]]}
    assert definition["PortMappings"][0]["ContainerPort"] == {"Ref": "Number"}


def test_tokens_pass_in_names_and_ingress() -> None:
    """Root domain and idle timeout, too, may be known only at deployment."""
    assert edge_dns(root_domain=Token.as_string({"Ref": "Domain"})).name_servers
    seconds = Duration.seconds(Token.as_number({"Ref": "Seconds"}))
    assert shared_ingress(seconds).load_balancer


def server_of_another_ingress() -> None:
    """An update API whose service is behind another load balancer."""
    made, other = surroundings(), ingress_in("public", "private")
    UpdateApi(Stack.of(other), "Updates", ingress=other, services=[edge_server(made)])


def router_without_update_apis() -> None:
    """A router that leads nowhere."""
    made = surroundings()
    UpdateRouter(made.stack, "Router", ingress=made.ingress, update_apis=[])


def two_ingresses_of_one_dns() -> None:
    """Two load balancers that would have the same names."""
    made = surroundings()
    dns = EdgeDns(made.stack, "Names", root_domain=ROOT_DOMAIN)
    for name in ("First", "Second"):
        SharedIngress(made.stack, name, vpc=made.vpc, dns=dns)


def dns_with_zone(zone_name: str) -> EdgeDns:
    """Names in the zone of this name."""
    stack = new_stack()
    zone = route53.HostedZone.from_hosted_zone_attributes(
        stack, "Zone", hosted_zone_id="Z123", zone_name=zone_name
    )
    return EdgeDns(stack, "Dns", root_domain=ROOT_DOMAIN, hosted_zone=zone)


def dns_with_private_zone() -> EdgeDns:
    """Names in a private zone, which cannot validate a certificate."""
    stack = new_stack()
    vpc = existing_vpc(stack)
    zone = route53.PrivateHostedZone(stack, "Zone", zone_name=ROOT_DOMAIN, vpc=vpc)
    return EdgeDns(stack, "Dns", root_domain=ROOT_DOMAIN, hosted_zone=zone)


def ingress_in_one_zone() -> SharedIngress:
    """A load balancer in a VPC with one public subnet."""
    stack = new_stack()
    dns = EdgeDns(stack, "Dns", root_domain=ROOT_DOMAIN)
    return SharedIngress(stack, "Ingress", vpc=ec2.Vpc(stack, "Vpc", max_azs=1), dns=dns)


CANNOT_WORK: list[tuple[Callable[[], Any], str]] = [
    (server_of_another_ingress, "Test/Updates: services"),
    (router_without_update_apis, "Test/Router: update_apis"),
    (two_ingresses_of_one_dns, "Test/Second: dns"),
    (lambda: dns_with_zone("other.example.org"), "Test/Dns: hosted_zone"),
    (dns_with_private_zone, "Test/Dns: hosted_zone"),
    (ingress_in_one_zone, "Test/Ingress: vpc"),
    (lambda: coordinator(http_port=50051), "Test/Co: http_port"),
    (lambda: edge_server(name=None), "Test/Es: name"),
    (lambda: edge_server(cpu=None), "Test/Es: cpu"),
    (lambda: edge_server(memory_limit_mib=None), "Test/Es: memory_limit_mib"),
    (lambda: edge_server(removal_policy=None), "Test/Es: removal_policy"),
    (lambda: edge_server(environment=["a=b"]), "Test/Es: environment"),
    (lambda: edge_server(cluster="cluster"), "Test/Es: cluster"),
    (lambda: edge_server(ingress="ingress"), "Test/Es: ingress"),
    (lambda: edge_server(cloud_map_namespace="internal"), "Test/Es: cloud_map_namespace"),
    (lambda: edge_server(secret=SecretValue.unsafe_plain_text(CANARY)), "Test/Es: secret"),
    (lambda: edge_server_with_secret(secret_variables=5), "Test/Es: secret_variables"),
    (lambda: edge_server_with_secret(secret_variables={"KEY"}), "Test/Es: secret_variables"),
    (lambda: coordinator(registry=None), "Test/Co: registry"),
    (lambda: coordinator(ingress="ingress"), "Test/Co: ingress"),
    (lambda: coordinator(registry_credentials=None), "Test/Co: registry_credentials"),
    (lambda: edge_dns(root_domain=None), "Test/Dns: root_domain"),
    (lambda: edge_dns(hosted_zone="Z123"), "Test/Dns: hosted_zone"),
    (lambda: edge_dns(certificate=CERTIFICATE_ARN), "Test/Dns: certificate"),
    (lambda: EdgeStorage(new_stack(), "Data", bucket="bucket"), "Test/Data: bucket"),
    (lambda: DatafiEdgeStack(new_app(), "Edge", config="datafi.yaml"), "Edge: config"),
    (lambda: edge_server(memory_limit_mib="2048"), "Test/Es: memory_limit_mib"),
    (lambda: edge_server(cpu="1024"), "Test/Es: cpu"),
    (lambda: edge_server(desired_count="1"), "Test/Es: desired_count"),
    (lambda: edge_server(desired_count=1.5), "Test/Es: desired_count"),
    (lambda: edge_server(desired_count=True), "Test/Es: desired_count"),
    (lambda: edge_server(image_tag=5), "Test/Es: image_tag"),
    (lambda: edge_server(name=5), "Test/Es: name"),
    (lambda: edge_server_with_secret(secret_variables=[1]), "Test/Es: secret_variables"),
    (lambda: edge_server(environment={1: "x"}), "Test/Es: environment"),
    (lambda: edge_server(storage="bucket"), "Test/Es: storage"),
    (lambda: coordinator(registry=5), "Test/Co: registry"),
    (lambda: shared_ingress(60), "Test/Ingress: idle_timeout"),
    (lambda: edge_dns(root_domain=5), "Test/Dns: root_domain"),
    (lambda: update_api(services="es"), "Test/Updates: services"),
    (lambda: update_api(services=5), "Test/Updates: services"),
]


@pytest.mark.parametrize(
    ("make", "place"),
    [
        pytest.param(*entry, id=f"{index} {entry[1]}")
        for index, entry in enumerate(CANNOT_WORK, start=1)
    ],
)
def test_refuses_what_cannot_work(make: Callable[[], Any], place: str) -> None:
    """None, other types and contradictions are faults, not errors from deep within the CDK."""
    assert places(make) == {place}


def test_takes_the_zone_of_a_parent() -> None:
    """The zone may be that of the root domain or of any domain above it."""
    for zone_name in (ROOT_DOMAIN, ROOT_DOMAIN.partition(".")[2]):
        assert dns_with_zone(zone_name).name_servers is None


def test_known_part_of_a_half_known_pair_is_checked() -> None:
    """A number of CPU units that Fargate lacks is refused even if the memory is not known yet."""
    unknown = Token.as_number({"Ref": "Memory"})
    assert places(lambda: edge_server(cpu=300, memory_limit_mib=unknown)) == {"Test/Es: cpu"}
