"""How constructs refuse input: with the path of the construct, and all faults at once."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from aws_cdk import Duration, IResource, RemovalPolicy, Token
from aws_cdk import aws_ec2 as ec2
from constructs import Construct, IConstruct

from .errors import Fault, InvalidInputError
from .places import path_of, root_of, stack_of
from .validation import located, number_faults, type_faults

_Value = TypeVar("_Value", str, int, float)
_SELECTED: WeakKeyDictionary[ec2.IVpc, dict[str, list[ec2.ISubnet]]] = WeakKeyDictionary()
"""The subnets that servers of a VPC have been given so far, by what was said of them."""
_MARK_IN_STRING = "${Token["
_MARK_IN_LIST = "#{Token["
_TOKENS_ARE_LESS = -1e200


def concrete(value: _Value | None) -> _Value | None:
    """The value, or `None` if it is known only at deployment (an unresolved token).

    A value that no token can be is as it is; CDK could not even be asked about it.
    """
    return None if _may_be_token(value) and Token.is_unresolved(value) else value


def concrete_text(value: str | None) -> str | None:
    """The same of text; what is no text stays, to be refused: numbers may be tokens, too."""
    return concrete(value) if isinstance(value, str) else value


def _may_be_token(value: object) -> bool:
    """Whether it is worth to ask CDK, which marks a string and takes a huge negative number."""
    if isinstance(value, str):
        return _MARK_IN_STRING in value
    return isinstance(value, int | float) and -math.inf < value < _TOKENS_ARE_LESS


def is_token_list(value: object) -> bool:
    """Whether a list is known only at deployment, as a parameter's is: CDK marks its one entry."""
    return (
        isinstance(value, list | tuple)
        and all(isinstance(entry, str) for entry in value)
        and any(_MARK_IN_LIST in entry for entry in value)
        and Token.is_unresolved(list(value))
    )


def other_app_faults(construct: Construct, **arguments: IConstruct | None) -> list[Fault]:
    """Constructs of another app than that of a construct, to which CDK cannot refer."""
    if not any(arguments.values()):
        return []
    root = root_of(construct)
    allowed = "of the same app"
    remedy = "import what is deployed by another app, with a from_… method"
    return [
        Fault(argument, allowed, f"{path_of(value)} of another app", remedy)
        for argument, value in arguments.items()
        if value is not None and root_of(value) is not root
    ]


def elsewhere_faults(construct: Construct, **resources: IResource | None) -> list[Fault]:
    """Resources of another app, or of another region than a construct, in which AWS takes none.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
    """
    faults = other_app_faults(construct, **resources)
    if faults or not any(resources.values()):
        return faults
    here = concrete(stack_of(construct).region)
    if here is None:
        return []
    for argument, resource in resources.items():
        there = None if resource is None else concrete(resource.env.region)
        if there is not None and there != here:
            allowed = f"in the region of the stack ({here})"
            remedy = f"hand in one of {here}"
            faults.append(Fault(argument, allowed, f"one in {there}", remedy))
    return faults


def seconds_faults(argument: str, value: Duration | None, lowest: int, highest: int) -> list[Fault]:
    """A whole number of seconds within bounds, both included.

    CDK cannot convert one that is known only at deployment.
    """
    if value is None:
        return []
    if value.is_unresolved():
        if value.unit_label() == "seconds":
            return []
        given = f"a token of {value.unit_label()}"
        return [Fault(argument, "in seconds, if a token", given, "write it as Duration.seconds(…)")]
    milliseconds = int(value.to_milliseconds())
    seconds = milliseconds // 1000 if milliseconds % 1000 == 0 else milliseconds / 1000
    return number_faults(f"{argument} in seconds", seconds, lowest, highest)


def removal_policy_faults(removal_policy: RemovalPolicy) -> list[Fault]:
    """What becomes of zones, buckets, logs, keys and secrets, of none of which is a snapshot.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
    """
    faults = type_faults("removal_policy", removal_policy, RemovalPolicy, "a RemovalPolicy")
    if removal_policy == RemovalPolicy.SNAPSHOT:
        allowed = "one of RETAIN, RETAIN_ON_UPDATE_OR_DELETE and DESTROY"
        faults.append(Fault("removal_policy", allowed, "SNAPSHOT", "choose one of these"))
    return faults


def refuse(construct: Construct, faults: Iterable[Fault]) -> None:
    """Raise `InvalidInputError` for a construct if there is any fault."""
    found = list(faults)
    if found:
        raise InvalidInputError(located(f"{path_of(construct)}: ", found))


def range_of(vpc: ec2.IVpc) -> str:
    """The IPv4 range of a VPC, which is in the template already where the app makes the VPC.

    Written out, it can be told apart from the whole internet, and no other stack asks the VPC.

    Raises:
        RuntimeError: The VPC is imported without it.
    """
    made = vpc.node.default_child
    known = made.cidr_block if isinstance(made, ec2.CfnVPC) else None
    return known or vpc.vpc_cidr_block


def select_subnets(vpc: ec2.IVpc, selection: ec2.SubnetSelection) -> list[ec2.ISubnet]:
    """The subnets of a VPC that a selection means.

    CDK selects them unless they are given. It would want to know the zone of each, which an
    imported subnet need not tell.

    Raises:
        RuntimeError: The VPC has no such subnets.
    """
    if selection.subnets is not None:
        return list(selection.subnets)
    said: dict[str, Any] = {
        "availability_zones": selection.availability_zones,
        "one_per_az": selection.one_per_az,
        "subnet_filters": selection.subnet_filters,
        "subnet_group_name": selection.subnet_group_name,
        "subnet_type": selection.subnet_type,
    }
    if selection.subnet_filters is not None:
        return list(vpc.select_subnets(**said).subnets)
    known = _SELECTED.setdefault(vpc, {})
    if repr(said) not in known:
        known[repr(said)] = list(vpc.select_subnets(**said).subnets)
    return list(known[repr(said)])
