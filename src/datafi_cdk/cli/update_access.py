"""How the update API of a server is asked: which address, with which key, by which way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from ..config import DatafiEdgeConfig
from ..errors import CommandError
from .aws_access import AwsAccess
from .aws_errors import error_code, is_denied
from .options import DEFAULT_CONFIG
from .update_address import UpdateAddress, find_addresses
from .update_client import RequestHook, UpdateClient

if TYPE_CHECKING:
    from ..local import EmbeddedAws


class UpdateAccess:
    """The update APIs of the deployments that a command works on.

    Args:
        config_path: A datafi.yaml that says which deployment. If it is the default one and not
            there, all deployments of the region count.
        stack_name: The one stack to look at. Default: all of them.
        profile: As for `AwsAccess`.
        region: As for `AwsAccess`.
        local: As for `AwsAccess`.

    Raises:
        InvalidInputError: The configuration has faults.
        CommandError: There is no such stack, or no embedded AWS.
    """

    def __init__(
        self,
        *,
        config_path: Path,
        stack_name: str | None,
        profile: str | None,
        region: str | None,
        local: bool,
    ) -> None:
        """Look the addresses up."""
        config = _config(config_path)
        self._aws = AwsAccess(
            profile=profile,
            region=region,
            config_region=config.aws.region if config and config.aws else None,
            local=local,
        )
        self.addresses = find_addresses(
            self._aws,
            stack_name=stack_name,
            root_domain=config.dns.root_domain if config else None,
        )

    @property
    def place(self) -> str:
        """Where the addresses were looked for."""
        return f"account {self._aws.account}, region {self._aws.region}"

    def address(self, service: str) -> UpdateAddress:
        """The address of one server.

        Args:
            service: The server's name.

        Raises:
            CommandError: There is none, or several deployments have a server of that name.
        """
        named = [address for address in self.addresses if address.service == service]
        if len(named) == 1:
            return named[0]
        if named:
            stacks = " and ".join(address.stack_name for address in named)
            raise CommandError(f"{service} is in the stacks {stacks}; choose one with --stack")
        names = ", ".join(address.service for address in self.addresses) or "none"
        raise CommandError(
            f"{self.place} has no update API of a server {service!r}, but of {names};"
            " deploy it first, or choose another --region, --profile or --stack"
        )

    @property
    def poll_seconds(self) -> float:
        """How long to wait before a rollout is looked at again."""
        return 0.2 if self._aws.embedded else 2.0

    def client(self, address: UpdateAddress) -> UpdateClient:
        """A client of one of the update APIs.

        Args:
            address: One of `addresses`.

        Raises:
            CommandError: The secret with its key is gone, may not be read or holds none, or there
                is no load balancer.
        """
        embedded = self._aws.embedded
        way = {"reach": _way(embedded, address)} if embedded else {}
        return UpdateClient(address.url, authenticate=self._authentication(address), **way)

    def _authentication(self, address: UpdateAddress) -> RequestHook:
        if address.secret_arn is None:
            return self._sign
        secrets = self._aws.client("secretsmanager")
        try:
            answer = secrets.get_secret_value(SecretId=address.secret_arn)
        except secrets.exceptions.ClientError as error:
            which = f"the secret {address.secret_arn}, which holds the key of {address.url}"
            if is_denied(error):
                raise CommandError(
                    f"these credentials may not call GetSecretValue on {which};"
                    " use others, or have it allowed"
                ) from None
            if error_code(error) == "ResourceNotFoundException":
                raise CommandError(f"{which}, is gone; deploy again, or restore it") from None
            raise
        # The update API takes the white space around it off as well. Of what a header cannot hold,
        # the error of the HTTP client would show the value.
        key = answer.get("SecretString", "").strip()
        if not key.isprintable() or not key:
            raise CommandError(
                f"the secret {address.secret_arn} must hold the key of {address.url} as one line of"
                f" text; give it a new one with: datafi-cdk secrets rotate update-secret"
                f" {address.service}"
            )

        def add_key(request: httpx.Request) -> None:
            request.headers["x-api-key"] = key

        return add_key

    def _sign(self, request: httpx.Request) -> None:
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        signed = AWSRequest(
            method=request.method,
            url=str(request.url),
            data=request.content,
            headers={"content-type": "application/json"},
        )
        SigV4Auth(self._aws.credentials, "lambda", self._aws.region).add_auth(signed)
        request.headers.update(dict(signed.headers.items()))


def _config(path: Path) -> DatafiEdgeConfig | None:
    if path == DEFAULT_CONFIG and not path.exists():
        return None
    return DatafiEdgeConfig.from_file(path)


def _way(embedded: EmbeddedAws, address: UpdateAddress) -> RequestHook:
    """Lead requests to where the embedded AWS serves load balancers and function URLs."""
    host = urlsplit(address.url).netloc
    if ".lambda-url." in host:
        prefix = f"/_aws/lambda-url/{host.partition('.')[0]}"
    else:
        prefix = f"/_alb/{embedded.load_balancer_name(address.load_balancer_dns_name)}"

    def lead(request: httpx.Request) -> None:
        request.url = httpx.URL(embedded.endpoint + prefix + request.url.path)
        request.headers["host"] = f"{host}:443" if prefix.startswith("/_alb/") else host

    return lead
