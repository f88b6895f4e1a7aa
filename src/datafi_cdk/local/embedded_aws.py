"""The embedded AWS: ministack in a process of its own, with the gaps filled."""

from __future__ import annotations

import math
import os
import re
import tempfile
from collections.abc import Collection, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from ..errors import LocalAwsError
from .clients import make_client
from .environment import (
    ACCESS_KEY_ID,
    SECRET_ACCESS_KEY,
    command_environment,
    server_environment,
)
from .load_balancer import LoadBalancerResponse, send_request
from .node import find_node
from .npm_packages import npm_packages_directory
from .server_process import listen, start_server, tail
from .supervise import remove_tree
from .supervised import SupervisedProcess

T = TypeVar("T")

_LOG = "server.log"
_ACCOUNT = re.compile(r"[0-9]{12}")


class EmbeddedAws:
    """An AWS on this machine: no account, no Docker, no network.

    ministack runs in a process of its own that listens on 127.0.0.1 only, sees no credentials or
    AWS settings of the user, keeps its state in a temporary directory, and is gone, with all that
    it started, when the block is left or this process ends, whatever ends it. Any number can run
    side by side. Which resource types are only recorded: see `datafi_cdk.local.RECORDED_ONLY`.

    Args:
        port: TCP port to listen on. Default: a free one.
        account: Account number, 12 digits. Default: "000000000000".
        region: Region of the clients and commands made by this object. Default: "us-east-1".
        rollout_seconds: How long an ECS deployment takes until it completes or fails; a rollback
            takes as long again. Default: 0, it has ended when the request is answered.
        failing_tags: Image tags, or digests ("sha256:…"), whose tasks never start: their ECS
            deployments fail, and roll back if the service's circuit breaker says so.
            Default: none.
        enforce_iam: Whether roles and users, so Lambda functions above all, may do only what
            their policies allow. The commands and clients of this object are the account's root
            user, who may do everything. Default: False, everybody may do everything.

    Raises:
        LocalAwsError: The account is not a number of 12 digits, the seconds are negative, or a tag
            has whitespace in it.

    Example:
        >>> from datafi_cdk.local import EmbeddedAws
        >>> with EmbeddedAws(rollout_seconds=2, failing_tags=["v3"], enforce_iam=True) as aws:
        ...     aws.client("s3").create_bucket(Bucket="photos")["Location"]
        '/photos'
    """

    def __init__(
        self,
        *,
        port: int | None = None,
        account: str = "000000000000",
        region: str = "us-east-1",
        rollout_seconds: float = 0,
        failing_tags: Collection[str] = (),
        enforce_iam: bool = False,
    ) -> None:
        """Prepare an embedded AWS; nothing runs before `start()`."""
        if not _ACCOUNT.fullmatch(account):
            raise LocalAwsError(f"account must be a number of 12 digits, got {account!r}")
        if not (math.isfinite(rollout_seconds) and rollout_seconds >= 0):
            raise LocalAwsError(f"rollout_seconds must be 0 or more, got {rollout_seconds!r}")
        if isinstance(failing_tags, str) or any(tag.split() != [tag] for tag in failing_tags):
            raise LocalAwsError(
                f"failing_tags must be a list of image tags or digests, got {failing_tags!r}"
            )
        self.account = account
        self.region = region
        self._rollout_seconds = rollout_seconds
        self._failing_tags = tuple(failing_tags)
        self._enforce_iam = enforce_iam
        self._requested_port = port
        self._port: int | None = None
        self._process: SupervisedProcess | None = None
        self._directory: Path | None = None
        self._clients: dict[str, Any] = {}

    @classmethod
    def attach(cls, port: int, *, account: str, region: str) -> EmbeddedAws:
        """An embedded AWS that another process runs; `stop()` does not end it.

        Args:
            port: The TCP port on 127.0.0.1.
            account: Its account number.
            region: Its region.
        """
        aws = cls(account=account, region=region)
        aws._port = port
        return aws

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1.

        Raises:
            LocalAwsError: The embedded AWS does not run.
        """
        return self._running(self._port)

    @property
    def endpoint(self) -> str:
        """The URL of every AWS API, for `AWS_ENDPOINT_URL`.

        Raises:
            LocalAwsError: The embedded AWS does not run.
        """
        return f"http://127.0.0.1:{self.port}"

    @property
    def log_path(self) -> Path:
        """The file that the server logs to; removed by `stop()`.

        Raises:
            LocalAwsError: The embedded AWS does not run.
        """
        return self._running(self._directory) / _LOG

    def log_tail(self, lines: int = 20) -> str:
        """The last lines that the server logged, for error messages.

        Args:
            lines: How many lines at most. Default: 20.

        Raises:
            LocalAwsError: The embedded AWS does not run.
        """
        return tail(self.log_path, lines)

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            LocalAwsError: It runs already, this is Windows, the extra `local` is not installed,
                there is no Node.js, the port is in use, or the server did not come up; the message
                says which.
        """
        if self._process is not None:
            raise LocalAwsError(f"the embedded AWS already runs at {self.endpoint}; stop it first")
        if os.name != "posix":
            raise LocalAwsError("the embedded AWS runs on Linux and macOS; on Windows use WSL")
        for module in ("ministack", "boto3"):
            if find_spec(module) is None:
                raise LocalAwsError(
                    f"the embedded AWS needs the Python package {module};"
                    " run: pip install 'datafi-cdk[cli,local]'"
                )
        node = find_node()
        with listen(self._requested_port) as listener:
            port = int(listener.getsockname()[1])
            directory = Path(tempfile.mkdtemp(prefix="datafi-cdk-aws-"))
            environment = server_environment(
                port=port,
                account=self.account,
                region=self.region,
                state_directory=directory,
                node=node.executable,
                node_modules=npm_packages_directory() / "node_modules",
                rollout_seconds=self._rollout_seconds,
                failing_tags=self._failing_tags,
                enforce_iam=self._enforce_iam,
            )
            try:
                self._process = start_server(listener, directory, directory / _LOG, environment)
            except BaseException:
                remove_tree(directory)
                raise
        self._port, self._directory = port, directory

    def stop(self) -> None:
        """End the server and all that it started, and remove its state; harmless if stopped.

        Raises:
            LocalAwsError: The server did not end; the message says how to end it.
        """
        process, directory = self._process, self._directory
        self._process = self._directory = self._port = None
        self._clients.clear()
        try:
            if process is not None:
                process.stop()
        finally:
            if directory is not None:
                remove_tree(directory)

    def __enter__(self) -> EmbeddedAws:
        """Start the server."""
        self.start()
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the server."""
        self.stop()

    def environment(self) -> dict[str, str]:
        """The full environment for a command that shall use this AWS, and can reach no other.

        This process' environment without its `AWS_*` and `CDK_*` variables, with the endpoint,
        dummy credentials and the region, with the user's AWS profiles out of sight, and with the
        Node.js of this library for jsii.

        Raises:
            LocalAwsError: The embedded AWS does not run, or there is no Node.js.

        Example:
            >>> aws.environment()["AWS_ENDPOINT_URL"] == aws.endpoint
            True
        """
        return command_environment(
            os.environ,
            endpoint=self.endpoint,
            region=self.region,
            node=find_node().executable,
        )

    def client(self, service_name: str) -> Any:
        """A boto3 client of this AWS, made once for each service.

        Args:
            service_name: As for `boto3.client`, e.g. "ecs" or "elbv2".

        Raises:
            LocalAwsError: The embedded AWS does not run.

        Example:
            >>> aws.client("sts").get_caller_identity()["Account"]
            '000000000000'
        """
        endpoint = self.endpoint
        if service_name not in self._clients:
            self._clients[service_name] = make_client(
                service_name, endpoint, self.region, ACCESS_KEY_ID
            )
        return self._clients[service_name]

    def get_credentials(self) -> Any:
        """The credentials of the account's root user, for requests that boto3 does not sign.

        Example:
            >>> from botocore.auth import SigV4Auth
            >>> from botocore.awsrequest import AWSRequest
            >>> request = AWSRequest("POST", aws.endpoint, data="{}")
            >>> SigV4Auth(aws.get_credentials(), "lambda", aws.region).add_auth(request)
            >>> request.headers["Authorization"].split()[0]
            'AWS4-HMAC-SHA256'
        """
        from botocore.credentials import Credentials

        return Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY)

    def load_balancer_name(self, dns_name: str) -> str:
        """The name of the load balancer to which AWS gave a DNS name.

        Args:
            dns_name: The DNS name, as stacks tell it in an output.

        Raises:
            LocalAwsError: There is none.
        """
        for load_balancer in self.client("elbv2").describe_load_balancers()["LoadBalancers"]:
            if load_balancer["DNSName"] == dns_name:
                return str(load_balancer["LoadBalancerName"])
        raise LocalAwsError(f"there is no load balancer with the DNS name {dns_name!r}")

    def load_balancer_request(
        self,
        load_balancer_name: str,
        method: str,
        host: str,
        path: str = "/",
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
    ) -> LoadBalancerResponse:
        """Send a request through an application load balancer, as a client on the internet would.

        Args:
            load_balancer_name: Name (not ARN) of the load balancer.
            method: HTTP method.
            host: Public name and port of the listener, e.g. "es.example.com:443". The port picks
                the listener; there is no TLS here, whatever the listener's protocol.
            path: Path and query string. Default: `/`.
            headers: Further request headers. Default: none.
            body: Request body. Default: none.

        Returns:
            The answer; a redirect is an answer like any other and is not followed.

        Raises:
            LocalAwsError: The embedded AWS does not run.

        Example:
            >>> aws.load_balancer_request("edge", "GET", "es.example.com:80").status
            301
        """
        return send_request(self.port, load_balancer_name, method, host, path, headers, body)

    @staticmethod
    def _running(value: T | None) -> T:
        if value is None:
            raise LocalAwsError("the embedded AWS does not run; call start() or use `with`")
        return value
