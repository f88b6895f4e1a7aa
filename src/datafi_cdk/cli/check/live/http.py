"""Sends one HTTP/1.1 request over a connection that is there already."""

from __future__ import annotations

import http.client
import socket
from dataclasses import dataclass

from .dial import SECONDS, UnreachableError

_MOST_BYTES = 4096


@dataclass(frozen=True)
class Answer:
    """An answer.

    Args:
        status: Its status.
        location: Where it redirects to; empty if nowhere.
        text: How its body begins.
    """

    status: int
    location: str
    text: str


def get(
    connection: socket.socket, host: str, path: str = "/", *, seconds: float = SECONDS
) -> Answer:
    """Send a GET request, and close the connection.

    Args:
        connection: The connection.
        host: What stands in the header Host.
        path: The path.
        seconds: How long the answer may take.

    Raises:
        UnreachableError: What answers is no HTTP, or nothing answers.
    """
    client = http.client.HTTPConnection(host)
    client.sock = connection
    connection.settimeout(seconds)
    try:
        client.request("GET", path, headers={"User-Agent": "datafi-cdk-check"})
        response = client.getresponse()
        text = response.read(_MOST_BYTES).decode(errors="replace")
        return Answer(response.status, response.getheader("Location", ""), text)
    except TimeoutError:
        reason = f"does not answer within {seconds:.0f} s"
        raise UnreachableError(reason, "see the target's health in the EC2 console") from None
    except (OSError, http.client.HTTPException) as error:
        reason = f"answers no HTTP ({type(error).__name__})"
        raise UnreachableError(reason, "see what listens there") from None
    finally:
        client.close()
        connection.close()
