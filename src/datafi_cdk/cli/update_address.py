"""Where the update API of a server is, and who may ask it: read from the stacks' outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..errors import CommandError
from ..output_names import output_prefix
from .aws_access import AwsAccess

_URL = "UpdateUrl"
_SECRET = "UpdateSecretArn"  # noqa: S105 - the name of an output


@dataclass(frozen=True)
class UpdateAddress:
    """The update API of one server.

    Args:
        service: The server's name.
        url: The address of its update API.
        secret_arn: The secret that holds the key. `None`: requests are signed (SigV4).
        stack_name: The stack that has the outputs.
        load_balancer_dns_name: AWS's name of the load balancer, empty if the stack tells none.
    """

    service: str
    url: str
    secret_arn: str | None
    stack_name: str
    load_balancer_dns_name: str = ""


def find_addresses(
    aws: AwsAccess, *, stack_name: str | None = None, root_domain: str | None = None
) -> list[UpdateAddress]:
    """The update APIs of the deployed servers, in the order of stacks and names.

    Args:
        aws: Account and region.
        stack_name: The one stack to look at. Default: all of them.
        root_domain: The root domain that the servers must have. Default: any.

    Raises:
        CommandError: There is no stack of that name.
        botocore.exceptions.ClientError: AWS refuses to tell.
    """
    found = [
        address
        for stack in _stacks(aws, stack_name)
        for address in _addresses(stack["StackName"], _outputs(stack), root_domain)
    ]
    return sorted(found, key=lambda address: (address.stack_name, address.service))


def _stacks(aws: AwsAccess, stack_name: str | None) -> Iterator[dict[str, Any]]:
    from botocore.exceptions import ClientError

    pages = aws.client("cloudformation").get_paginator("describe_stacks")
    try:
        for page in pages.paginate(**({"StackName": stack_name} if stack_name else {})):
            yield from page["Stacks"]
    except ClientError as error:
        if stack_name and error.response["Error"]["Code"] == "ValidationError":
            raise CommandError(
                f"there is no stack {stack_name!r} in {aws.region};"
                " choose another --stack, --region or --profile"
            ) from None
        raise


def _outputs(stack: Mapping[str, Any]) -> dict[str, str]:
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}


def _addresses(
    stack_name: str, outputs: Mapping[str, str], root_domain: str | None
) -> Iterator[UpdateAddress]:
    for key, url in outputs.items():
        service = urlsplit(url).path.strip("/")
        prefix = output_prefix(service)
        if key != f"{prefix}{_URL}":
            continue
        is_of_root = outputs.get(f"{prefix}Url") == f"https://{service}.{root_domain}"
        if root_domain is None or is_of_root:
            yield UpdateAddress(
                service=service,
                url=url,
                secret_arn=outputs.get(f"{prefix}{_SECRET}"),
                stack_name=stack_name,
                load_balancer_dns_name=outputs.get("LoadBalancerDnsName", ""),
            )
