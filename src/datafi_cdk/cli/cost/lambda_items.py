"""The items of edge servers that run on Lambda."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .items import Assumptions, Item, Made, NotEstimated, Range, counted, number, of_type, section
from .services import log_months

FUNCTIONS = "Functions of servers"
FUNCTION = "AWS::Lambda::Function"

_DEFAULT_MIB = Decimal(128)
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"""


@dataclass(frozen=True)
class ServerFunction:
    """An edge server on Lambda.

    Args:
        memory_gb: GB of its memory.
        arm: Whether it runs on ARM.
        log_months: Months that its logs are kept, 12 if for ever.
        in_vpc: Whether what it sends leaves through a VPC.
    """

    memory_gb: Decimal
    arm: bool
    log_months: Decimal
    in_vpc: bool


def server_functions(made: list[Made]) -> list[ServerFunction]:
    """The functions that are edge servers: those made of a container image."""
    return [
        ServerFunction(
            (number(function.properties.get("MemorySize")) or _DEFAULT_MIB) / 1024,
            function.properties.get("Architectures") == ["arm64"],
            log_months(section(function.properties.get("LoggingConfig")).get("LogGroup"), made),
            "VpcConfig" in function.properties,
        )
        for function in of_type(made, FUNCTION)
        if function.properties.get("PackageType") == "Image"
    ]


def lambda_items(
    made: list[Made], functions: Sequence[ServerFunction], assumptions: Assumptions
) -> Iterator[Item | NotEstimated]:
    """Requests to servers on Lambda, and how long these run."""
    if functions:
        requests = assumptions.requests * len(functions)
        what = f"requests to {counted(len(functions), 'server')}"
        yield Item(FUNCTIONS, what, Range.exactly(requests), "lambda.request", usage=True)
    for arm in (False, True):
        memory = [function.memory_gb for function in functions if function.arm == arm]
        seconds = sum(memory, Decimal(0)) * assumptions.requests * assumptions.request_seconds
        if memory:
            what = f"run time of {counted(len(memory), 'server')}" + (" on ARM" if arm else "")
            price_id = f"lambda.{'arm' if arm else 'x86'}.compute"
            yield Item(FUNCTIONS, what, Range.exactly(seconds), price_id, usage=True)
    others = len(of_type(made, FUNCTION)) - len(functions)
    if others:
        yield NotEstimated(
            counted(others, "function") + " of updates and deployments",
            "they run for seconds at each, which is less than a cent a month",
        )
