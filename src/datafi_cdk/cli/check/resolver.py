"""Asks the DNS."""

from __future__ import annotations

import re

from ...errors import CommandError
from .finding import NotCheckedError

_SECONDS = 5.0
_DNS_PORT = 53
_SERVER = re.compile(
    r"\[(?P<bracketed>[^\[\]]+)\](:(?P<port>[0-9]+))?"
    r"|(?P<plain>[^:\[\]]+)(:(?P<plain_port>[0-9]+))?"
    r"|(?P<ipv6>[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)"
)


class NoServerAnswersError(NotCheckedError):
    """A name whose own name servers give no answer, or one that the resolver does not ask for."""


class Resolver:
    """Whoever answers for names: the system's resolver, or another.

    Args:
        server: Another one as HOST or HOST:PORT; an IPv6 address is in brackets if a port follows.
            Default: the system's.

    Raises:
        CommandError: It is no address, or has no such port.
    """

    def __init__(self, server: str | None = None) -> None:
        """Find out whom to ask; nothing is sent."""
        from dns.exception import DNSException
        from dns.resolver import Resolver as DnsResolver

        self.server = server
        try:
            self._resolver = DnsResolver(configure=server is None)
            if server is not None:
                host, port = _host_and_port(server)
                self._resolver.nameservers = [host]
                self._resolver.port = port
        except (DNSException, ValueError):
            given = f"--resolver must be an IP address, with or without a port, got {server}"
            if server is None:
                given = "this machine has no DNS resolver"
            raise CommandError(f"{given}; write it as 192.0.2.53 or 192.0.2.53:53") from None
        self._resolver.lifetime = _SECONDS

    def name_servers(self, name: str) -> set[str]:
        """The name servers that the DNS gives for a name, in lower case and without the dot.

        Args:
            name: The name.

        Returns:
            Them; none if it is no zone of its own.

        Raises:
            NoServerAnswersError: The name servers that the DNS leads to do not answer for it.
            NotCheckedError: The DNS does not answer.
        """
        return {server.rstrip(".").lower() for server in self._look_up(name, "NS")}

    def addresses(self, name: str) -> list[str]:
        """The IPv4 and IPv6 addresses of a name; none if there are none.

        Args:
            name: The name.

        Raises:
            NotCheckedError: The DNS does not answer.
        """
        return [*self._look_up(name, "A"), *self._look_up(name, "AAAA")]

    def _look_up(self, name: str, kind: str) -> list[str]:
        from dns.exception import DNSException
        from dns.resolver import NXDOMAIN, NoAnswer, NoNameservers

        try:
            answer = self._resolver.resolve(f"{name}.", kind)
        except (NXDOMAIN, NoAnswer):
            return []
        except NoNameservers:
            reason = f"the DNS cannot answer for {name}"
            remedy = "check the delegation of its parents, or ask another with --resolver"
            raise NoServerAnswersError(reason, remedy) from None
        except (DNSException, OSError):
            reason = f"no resolver answered within {_SECONDS:.0f} s"
            remedy = "check the network, or ask another with --resolver"
            raise NotCheckedError(reason, remedy) from None
        return [record.to_text() for record in answer]


def _host_and_port(server: str) -> tuple[str, int]:
    match = _SERVER.fullmatch(server)
    if match is None:
        raise ValueError(server)
    host = match["bracketed"] or match["plain"] or match["ipv6"]
    port = match["port"] or match["plain_port"]
    number = int(port) if port else _DNS_PORT
    if not 1 <= number <= 65535:
        raise ValueError(port)
    return host, number
