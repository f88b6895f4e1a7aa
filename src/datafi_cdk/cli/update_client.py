"""A client of the update API of one server."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import httpx

from ..errors import CommandError

_SECONDS = 60.0
_REMEDIES: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "one that was just rotated works within half a minute; else deploy"
    " again, so that the function and the stack's output name one secret",
    HTTPStatus.FORBIDDEN: "`datafi-cdk status` tells what is live",
    HTTPStatus.NOT_FOUND: "`datafi-cdk status` lists the servers",
    HTTPStatus.CONFLICT: "`datafi-cdk status` tells how it goes",
}
_REPORT = {"service", "live", "requested", "rolloutState", "tasks", "updates"}
_RECEIPT = {"message", "requestId"}
_OTHER_REMEDY = "docs/updates.md tells what may be asked"
_REMEDY_OF_FAULT = "the log of the update API's function has the request"

RequestHook = Callable[[httpx.Request], None]


class Unreachable(CommandError):
    """The update API gave no answer of its own: it may do so if it is asked again."""


class UpdateClient:
    """Asks one update API.

    Args:
        url: Its address.
        authenticate: Adds the key or the signature to each request.
        reach: Turns a request for the address into one that gets there: for the embedded AWS.
            Default: it is sent as it is, by way of the proxy that the environment names.

    Raises:
        CommandError: The environment names a proxy or certificates that cannot be used.

    Example:
        >>> with UpdateClient("https://update.edge.example.com/es", authenticate) as client:
        ...     client.report()["rolloutState"]
        'COMPLETED'
    """

    def __init__(
        self,
        url: str,
        *,
        authenticate: RequestHook,
        reach: RequestHook | None = None,
    ) -> None:
        """Open nothing yet."""
        self._url = url
        self._authenticate = authenticate
        self._reach = reach
        self._client = _http_client(trust_env=reach is None)

    def __enter__(self) -> UpdateClient:
        """The client itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close the connection."""
        self._client.close()

    def report(self) -> dict[str, Any]:
        """What is live, what was asked for, and how its rollout goes.

        Raises:
            CommandError: The update API refuses, or cannot be reached.
        """
        return self._ask("GET", "", answer=_REPORT)

    def update(self, version: str, *, force: bool, dry_run: bool) -> dict[str, Any]:
        """Roll out a version.

        Args:
            version: A tag, or a digest (`sha256:…`).
            force: Whether also while another rollout goes on, or if it runs already.
            dry_run: Whether to say only what would be done.

        Raises:
            CommandError: The update API refuses, or cannot be reached.
        """
        member = "imageDigest" if version.startswith("sha256:") else "imageTag"
        body = {member: version, "force": force, "dryRun": dry_run}
        return self._ask("POST", "", body, answer=_RECEIPT)

    def roll_back(self, *, force: bool, dry_run: bool) -> dict[str, Any]:
        """Go back to the version that completed before.

        Args:
            force: As for `update`.
            dry_run: As for `update`.

        Raises:
            CommandError: The update API refuses, or cannot be reached.
        """
        body = {"force": force, "dryRun": dry_run}
        return self._ask("POST", "/rollback", body, answer=_RECEIPT)

    def _ask(self, method: str, path: str, body: Any = None, *, answer: set[str]) -> dict[str, Any]:
        """Send a request; `answer` are the members that its answer must have."""
        url = self._url + path
        try:
            request = self._client.build_request(method, url, json=body)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise CommandError(f"the update API's address is no URL, got {url!r}") from None
        if self._reach:
            self._reach(request)
        self._authenticate(request)
        try:
            response = self._client.send(request)
        except httpx.HTTPError as error:
            raise Unreachable(_unreachable(url, error)) from None
        return _answer(url, response, answer)


def _http_client(*, trust_env: bool) -> httpx.Client:
    try:
        return httpx.Client(timeout=_SECONDS, trust_env=trust_env)
    except (ImportError, ValueError, httpx.InvalidURL):
        # Its words may hold the password of a proxy.
        raise CommandError(
            "the proxy of HTTPS_PROXY, HTTP_PROXY or ALL_PROXY must start with http:// or https://;"
            " correct it or unset it, or for socks5:// run: pip install 'httpx[socks]'"
        ) from None
    except OSError:
        raise CommandError(
            "SSL_CERT_FILE and SSL_CERT_DIR must name certificates in PEM, and cannot be read;"
            " correct or unset them"
        ) from None


def _unreachable(url: str, error: httpx.HTTPError) -> str:
    reason = str(error) or type(error).__name__
    if isinstance(error, httpx.TimeoutException):
        reason = "it did not answer in time"
        remedy = "may this machine connect to the load balancer (security group, network)?"
    elif "CERTIFICATE_VERIFY_FAILED" in reason:
        remedy = "`datafi-cdk check --live` tells what is wrong with the certificate"
    else:
        remedy = "`datafi-cdk check --live` tells whether names and ports are reachable"
    return f"{url} could not be reached ({reason}); {remedy}"


def _answer(url: str, response: httpx.Response, members: set[str]) -> dict[str, Any]:
    status = response.status_code
    try:
        body = json.loads(response.text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        message = (
            f"{url} answered {status} and no JSON, so it is no update API that answers;"
            " `datafi-cdk check --live` tells what does"
        )
        # A load balancer answers so while the function is busy or being replaced.
        is_fault = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        raise (Unreachable if is_fault else CommandError)(message)
    if status == HTTPStatus.OK:
        if missing := sorted(members - body.keys()):
            raise CommandError(
                f"{url} answered without {', '.join(missing)}, so it is no update API that answers;"
                " `datafi-cdk check --live` tells what does"
            )
        return body
    # A function URL writes Message.
    said = next((str(body[key]) for key in ("message", "Message", "error") if key in body), "")
    is_fault = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    remedy = _REMEDY_OF_FAULT if is_fault else _REMEDIES.get(status, _OTHER_REMEDY)
    message = f"{url} answered {status}: {said.rstrip('.')}; {remedy}"
    raise (Unreachable if is_fault else CommandError)(message)
