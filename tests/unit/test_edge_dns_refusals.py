"""Every refusal of EdgeDns: zones, VPC, role and certificate, alone and together."""

from collections.abc import Callable
from typing import Any

import pytest
from datafi_cdk import EdgeDns, InvalidInputError
from aws_cdk import RemovalPolicy, Stack, Token
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_route53 as route53
from deployment import ACCOUNT, CERTIFICATE_ARN, ROOT_DOMAIN, existing_vpc, new_stack

PARENT_DOMAIN = ROOT_DOMAIN.partition(".")[2]


class Brought:
    """Makes, in one stack, what can be handed in."""

    def __init__(self) -> None:
        """With an empty stack."""
        self.stack: Stack = new_stack()

    def zone(self, zone_name: str | None = PARENT_DOMAIN) -> route53.IHostedZone:
        """A zone of this name, or one of which the id alone is known."""
        zone_id = f"Z{len(self.stack.node.children)}"
        if zone_name is None:
            return route53.HostedZone.from_hosted_zone_id(self.stack, zone_id, zone_id)
        return route53.HostedZone.from_hosted_zone_attributes(
            self.stack, zone_id, hosted_zone_id=zone_id, zone_name=zone_name
        )

    def vpc(self) -> ec2.IVpc:
        """A VPC."""
        return self.stack.node.try_find_child("Vpc") or existing_vpc(self.stack)

    def private_zone(self) -> route53.IHostedZone:
        """A private zone of the root domain."""
        return route53.PrivateHostedZone(
            self.stack, "Private", zone_name=ROOT_DOMAIN, vpc=self.vpc()
        )

    def imported_private_zone(self) -> route53.IHostedZone:
        """A private zone of which the id alone is known."""
        return route53.PrivateHostedZone.from_private_hosted_zone_id(
            self.stack, "Imported", "ZPRIVATE"
        )

    def certificate(self) -> acm.ICertificate:
        """A certificate."""
        return acm.Certificate.from_certificate_arn(self.stack, "Certificate", CERTIFICATE_ARN)

    def role(self) -> iam.IRole:
        """A role."""
        arn = f"arn:aws:iam::{ACCOUNT}:role/delegate"
        return iam.Role.from_role_arn(self.stack, "Role", arn)


ELSEWHERE = "left out if enable_hosted_zone is False"
VALIDATION = "or a validation_zone to validate a new one through"
HOLDING = f"the zone of {ROOT_DOMAIN} or of a parent of it"
ONE_OUT = "leave one of the two out"

REFUSALS: list[tuple[str, Callable[[Brought], dict[str, Any]], str, str, str, str]] = [
    # What is wrong, the arguments; then place, what is allowed, what was given, and the remedy.
    (
        "private zone without certificate",
        lambda brought: {"private_zone_vpc": brought.vpc()},
        "certificate",
        "given if the zone is private, through which ACM cannot validate a new one",
        "nothing",
        VALIDATION,
    ),
    (
        "brought private zone without certificate",
        lambda brought: {"hosted_zone": brought.private_zone()},
        "hosted_zone",
        "a public zone, through which ACM validates a new certificate",
        "a private one",
        VALIDATION,
    ),
    (
        "imported private zone without certificate",
        lambda brought: {"hosted_zone": brought.imported_private_zone()},
        "hosted_zone",
        "a public zone, through which ACM validates a new certificate",
        "a private one",
        VALIDATION,
    ),
    (
        "no zone and no certificate",
        lambda _: {"enable_hosted_zone": False},
        "certificate",
        "given if enable_hosted_zone is False",
        "nothing",
        VALIDATION,
    ),
    (
        "private zone for the validation",
        lambda brought: {
            "private_zone_vpc": brought.vpc(),
            "validation_zone": brought.private_zone(),
        },
        "validation_zone",
        "a public zone",
        "a private one",
        "hand in the public zone",
    ),
    (
        "private parent zone",
        lambda brought: {"parent_zone": brought.imported_private_zone()},
        "parent_zone",
        "a public zone",
        "a private one",
        "hand in the public zone",
    ),
    *(
        (
            f"{argument} elsewhere",
            lambda brought, argument=argument: {
                argument: brought.zone("other.example.org"),
                **({"enable_hosted_zone": False} if argument == "validation_zone" else {}),
            },
            argument,
            HOLDING,
            "that of other.example.org",
            "hand in the zone that holds it",
        )
        for argument in ("hosted_zone", "parent_zone", "validation_zone")
    ),
    (
        "zone whose name only ends alike",
        lambda brought: {"parent_zone": brought.zone(PARENT_DOMAIN[1:])},
        "parent_zone",
        HOLDING,
        f"that of {PARENT_DOMAIN[1:]}",
        "hand in the zone that holds it",
    ),
    *(
        (
            f"parent zone of the root domain, {zone_name}",
            lambda brought, zone_name=zone_name: {"parent_zone": brought.zone(zone_name)},
            "parent_zone",
            f"the zone of a parent of {ROOT_DOMAIN}",
            f"that of {ROOT_DOMAIN} itself",
            "hand in that of the parent, or this one as hosted_zone",
        )
        for zone_name in (ROOT_DOMAIN, f"{ROOT_DOMAIN.upper()}.")
    ),
    (
        "parent zone with a brought zone",
        lambda brought: {"hosted_zone": brought.zone(), "parent_zone": brought.zone()},
        "parent_zone",
        "left out with a hosted_zone",
        "a zone",
        ONE_OUT,
    ),
    (
        "parent zone with a private zone",
        lambda brought: {
            "private_zone_vpc": brought.vpc(),
            "parent_zone": brought.zone(),
            "certificate": brought.certificate(),
        },
        "parent_zone",
        "left out with a private zone",
        "a zone",
        ONE_OUT,
    ),
    (
        "VPC with a brought zone",
        lambda brought: {"hosted_zone": brought.zone(), "private_zone_vpc": brought.vpc()},
        "private_zone_vpc",
        "left out with a hosted_zone",
        "a VPC",
        ONE_OUT,
    ),
    *(
        (
            f"{argument} though the names are kept elsewhere",
            lambda brought, argument=argument, kind=kind: {
                argument: getattr(brought, kind)(),
                "certificate": brought.certificate(),
                "enable_hosted_zone": False,
            },
            argument,
            ELSEWHERE,
            given,
            ONE_OUT,
        )
        for argument, kind, given in (
            ("hosted_zone", "zone", "a zone"),
            ("parent_zone", "zone", "a zone"),
            ("private_zone_vpc", "vpc", "a VPC"),
        )
    ),
    (
        "role without parent zone",
        lambda brought: {"delegation_role": brought.role()},
        "delegation_role",
        "left out without a parent_zone",
        "a role",
        "hand in the parent_zone as well",
    ),
    (
        "validation zone with a certificate",
        lambda brought: {
            "enable_hosted_zone": False,
            "certificate": brought.certificate(),
            "validation_zone": brought.zone(),
        },
        "validation_zone",
        "left out with a certificate",
        "a zone",
        ONE_OUT,
    ),
    *(
        (
            f"validation zone with a new public zone, parent zone {with_parent}",
            lambda brought, with_parent=with_parent: {
                "validation_zone": brought.zone(),
                **({"parent_zone": brought.zone()} if with_parent else {}),
            },
            "validation_zone",
            "left out with a new public zone",
            "a zone",
            "leave it out, as that zone serves",
        )
        for with_parent in (False, True)
    ),
    *(
        (
            f"{argument} of another type",
            lambda _, argument=argument, more=more: {argument: "text", **more},
            argument,
            allowed,
            "a value of type str",
            f"hand in {allowed}",
        )
        for argument, allowed, more in (
            ("hosted_zone", "a hosted zone (IHostedZone)", {}),
            ("parent_zone", "a hosted zone (IHostedZone)", {}),
            ("validation_zone", "a hosted zone (IHostedZone)", {"enable_hosted_zone": False}),
            ("certificate", "a certificate (ICertificate)", {}),
        )
    ),
    (
        "VPC of another type",
        lambda brought: {"private_zone_vpc": "vpc-1", "certificate": brought.certificate()},
        "private_zone_vpc",
        "a VPC (IVpc)",
        "a value of type str",
        "hand in a VPC (IVpc)",
    ),
    (
        "role of another type",
        lambda brought: {"parent_zone": brought.zone(), "delegation_role": "role"},
        "delegation_role",
        "a role (IRole)",
        "a value of type str",
        "hand in a role (IRole)",
    ),
    (
        "no removal policy",
        lambda _: {"removal_policy": None},
        "removal_policy",
        "a RemovalPolicy",
        "None",
        "hand in a RemovalPolicy",
    ),
    (
        "snapshot",
        lambda _: {"removal_policy": RemovalPolicy.SNAPSHOT},
        "removal_policy",
        "one of RETAIN, RETAIN_ON_UPDATE_OR_DELETE and DESTROY",
        "SNAPSHOT",
        "choose one of these",
    ),
    *(
        (
            f"{argument} of another type",
            lambda brought, argument=argument: {
                argument: "no",
                "certificate": brought.certificate(),
            },
            argument,
            "True or False",
            "a value of type str",
            "hand in True or False",
        )
        for argument in ("enable_hosted_zone", "record_per_service")
    ),
    (
        "zone of a VPC",
        lambda brought: {
            "hosted_zone": route53.HostedZone(
                brought.stack, "Mine", zone_name="example.com", vpcs=[existing_vpc(brought.stack)]
            )
        },
        "hosted_zone",
        "a public zone, through which ACM validates a new certificate",
        "a private one",
        "validation_zone",
    ),
]


def refusal(make: Callable[[Brought], dict[str, Any]]) -> InvalidInputError:
    """The error that these arguments cause."""
    brought = Brought()
    arguments = make(brought)
    with pytest.raises(InvalidInputError) as raised:
        EdgeDns(brought.stack, "Dns", root_domain=ROOT_DOMAIN, **arguments)
    return raised.value


@pytest.mark.parametrize(
    ("make", "place", "allowed", "given", "remedy"),
    [pytest.param(*entry[1:], id=entry[0]) for entry in REFUSALS],
)
def test_refuses(
    make: Callable[[Brought], dict[str, Any]], place: str, allowed: str, given: str, remedy: str
) -> None:
    """One fault, with its place, what may stand there, what stands there and what to do."""
    (fault,) = refusal(make).faults
    assert (fault.place, fault.allowed) == (f"Test/Dns: {place}", allowed)
    assert fault.given == given
    assert remedy in fault.remedy


def test_refuses_with_every_fault_of_names() -> None:
    """All that cannot work is told at once."""

    def make(brought: Brought) -> dict[str, Any]:
        return {
            "hosted_zone": brought.zone("other.example.org"),
            "private_zone_vpc": brought.vpc(),
            "parent_zone": brought.zone("other.example.org"),
            "delegation_role": "role",
            "certificate": 5,
            "validation_zone": brought.zone(),
            "removal_policy": None,
        }

    places = [fault.place.removeprefix("Test/Dns: ") for fault in refusal(make).faults]
    assert set(places) == set(make(Brought()))


ACCEPTED: dict[str, Callable[[Brought], dict[str, Any]]] = {
    "parent zone known by its id": lambda brought: {"parent_zone": brought.zone(None)},
    "brought zone known by its id": lambda brought: {"hosted_zone": brought.zone(None)},
    "brought public zone with a validation zone": lambda brought: {
        "hosted_zone": brought.zone(),
        "validation_zone": brought.zone(None),
    },
    "private zone with certificate": lambda brought: {
        "hosted_zone": brought.private_zone(),
        "certificate": brought.certificate(),
    },
    "names elsewhere with a validation zone": lambda brought: {
        "enable_hosted_zone": False,
        "validation_zone": brought.zone(None),
    },
    "delegation with a certificate": lambda brought: {
        "parent_zone": brought.zone(),
        "certificate": brought.certificate(),
    },
}


@pytest.mark.parametrize("make", ACCEPTED.values(), ids=ACCEPTED)
def test_accepts_what_only_resembles(make: Callable[[Brought], dict[str, Any]]) -> None:
    """Neighbours of what is refused are made."""
    brought = Brought()
    assert EdgeDns(brought.stack, "Dns", root_domain=ROOT_DOMAIN, **make(brought)).certificate


def test_refuses_a_number_that_is_known_at_deployment_as_the_domain() -> None:
    """CDK itself would tell of its own arguments only."""
    with pytest.raises(InvalidInputError, match="root_domain must be a domain name"):
        EdgeDns(new_stack(), "Dns", root_domain=Token.as_number({"Ref": "Number"}))  # type: ignore[arg-type]
