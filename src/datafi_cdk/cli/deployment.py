"""A deployed `DatafiEdgeStack` on the embedded AWS, as its users meet it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import LocalAwsError
from ..local import EmbeddedAws, LoadBalancerResponse


@dataclass(frozen=True)
class Deployment:
    """A deployment with one edge server, found by its outputs.

    Args:
        aws: The embedded AWS.
        load_balancer_name: Its load balancer.
        root_domain: The domain under which the server has its name.
        server: The name of the edge server.
        update_secret_arn: The secret that holds the key of the update API.
    """

    aws: EmbeddedAws
    load_balancer_name: str
    root_domain: str
    server: str
    update_secret_arn: str

    @classmethod
    def find(cls, aws: EmbeddedAws, stack_name: str, server: str) -> Deployment:
        """Find a deployment by its stack's outputs.

        Args:
            aws: The embedded AWS.
            stack_name: The stack.
            server: The name of the edge server, in letters.

        Raises:
            LocalAwsError: The stack lacks an output, or the load balancer that one names.
        """
        (stack,) = aws.client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        prefix = server.capitalize()
        names = ("LoadBalancerDnsName", f"{prefix}Url", f"{prefix}UpdateSecretArn")
        missing = [name for name in names if name not in outputs]
        if missing:
            raise LocalAwsError(f"the stack {stack_name} has no output {' and no '.join(missing)}")
        dns_name, url, update_secret_arn = (outputs[name] for name in names)
        name = aws.load_balancer_name(dns_name)
        root_domain = url.removeprefix(f"https://{server}.")
        return cls(aws, name, root_domain, server, update_secret_arn)

    def send(
        self,
        method: str,
        name: str,
        port: int,
        path: str = "/",
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
    ) -> LoadBalancerResponse:
        """Send a request through the load balancer.

        Args:
            method: The HTTP method.
            name: The first label of the host name.
            port: The port of the listener.
            path: The path with its query. Default: `/`.
            headers: More headers. Default: none.
            body: The body. Default: none.
        """
        host = f"{name}.{self.root_domain}:{port}"
        return self.aws.load_balancer_request(
            self.load_balancer_name, method, host, path, headers, body
        )

    def update(self, key: str, image_tag: str) -> LoadBalancerResponse:
        """Ask the update API for another tag.

        Args:
            key: The key that is sent.
            image_tag: The tag.
        """
        headers = {"x-api-key": key, "content-type": "application/json"}
        body = json.dumps({"imageTag": image_tag})
        return self.send("POST", "update", 443, f"/{self.server}", headers, body)

    def update_key(self) -> str:
        """The key of the update API, from Secrets Manager."""
        secret = self.aws.client("secretsmanager").get_secret_value(SecretId=self.update_secret_arn)
        return str(secret["SecretString"])
