"""FunctionSettings: what the user says of the functions that the library makes."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs

from .dead_letters import dead_letter_faults
from .errors import Fault
from .subnets import function_subnet_faults
from .synthesis import concrete
from .validation import interface_faults, number_faults, type_faults

_MOST_AT_ONCE = 100_000


@dataclass(frozen=True, kw_only=True)
class FunctionSettings:
    """The arguments of a construct that are about its function; `None` is "not given"."""

    vpc: ec2.IVpc | None = None
    vpc_subnets: ec2.SubnetSelection | None = None
    dead_letter_queue: sqs.IQueue | None = None
    encryption_key: kms.IKey | None = None
    reserved_concurrent_executions: int | None = None

    def faults(self) -> list[Fault]:
        """Values that cannot work."""
        key = self.encryption_key
        return [
            *self._network_faults(),
            *dead_letter_faults(self.dead_letter_queue),
            *(
                interface_faults("encryption_key", key, "key_arn", "a key of KMS (IKey)")
                if key is not None
                else []
            ),
            *concurrency_faults(self.reserved_concurrent_executions),
        ]

    def _network_faults(self) -> list[Fault]:
        if self.vpc is None:
            if self.vpc_subnets is None:
                return []
            allowed, remedy = "left out where there is no vpc", "hand in the vpc as well"
            return [Fault("vpc_subnets", allowed, "given", remedy)]
        faults = interface_faults("vpc", self.vpc, "vpc_id", "a VPC (IVpc)")
        if self.vpc_subnets is not None:
            faults += type_faults(
                "vpc_subnets", self.vpc_subnets, ec2.SubnetSelection, "an ec2.SubnetSelection"
            )
        return faults or function_subnet_faults(self.vpc, self.vpc_subnets)


def concurrency_faults(reserved: int | None) -> list[Fault]:
    """How many requests a function answers at once."""
    return number_faults("reserved_concurrent_executions", concrete(reserved), 1, _MOST_AT_ONCE)
