"""Finds addresses, connects and speaks TLS, and tells why where that fails.

Sockets go straight to the address: no proxy is asked.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from ....errors import CommandError
from ...connect_to import ConnectTo, connect_target
from ..finding import NotCheckedError
from ..resolver import Resolver

SECONDS = 5.0
"""How long anything may take."""

_LEAST_SECONDS = 1.0
_PRIVATE = "; in private mode names and addresses are reached from the VPC only: try it from there"
_EXPIRED, _NO_ISSUER, _OTHER_NAME = 10, 20, 62
"""What OpenSSL calls a certificate that is expired, of an unknown issuer, or for another name.

Source: https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/
"""


class UnreachableError(Exception):
    """A name, address or port that cannot be used.

    Args:
        reason: Why.
        remedy: What to do about it.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        """Keep both."""
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


@dataclass(frozen=True)
class Dialer:
    """Connects as the options say.

    Args:
        rules: The options `--connect-to`.
        ca_bundle: The authorities that are trusted. Default: SSL_CERT_FILE, or the system's.
        resolver: Who is asked for names. Default: the system, with its hosts file.
        private: Whether the names are of private addresses.
    """

    rules: Sequence[ConnectTo] = ()
    ca_bundle: Path | None = None
    resolver: Resolver | None = None
    private: bool = False

    @cached_property
    def tls(self) -> dict[bool, ssl.SSLContext]:
        """What is spoken and trusted: with `True` HTTP/2 before HTTP/1.1, with `False` HTTP/1.1.

        Raises:
            CommandError: The file of authorities is none.
        """
        return {True: self._tls("h2", "http/1.1"), False: self._tls("http/1.1")}

    def _tls(self, *protocols: str) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.ca_bundle)
        except OSError:
            raise CommandError(
                f"--ca-bundle must be a file with certificates in PEM, got {self.ca_bundle};"
                " check the path"
            ) from None
        context.set_alpn_protocols(protocols)
        return context

    def goes_elsewhere(self, host: str, port: int) -> bool:
        """Whether a connection leads to another host by `--connect-to`."""
        return connect_target(self.rules, host, port)[0] != host

    def addresses(self, host: str) -> list[str]:
        """The addresses of a name.

        Args:
            host: The name, or an address.

        Raises:
            UnreachableError: It has none.
        """
        if self.resolver and not _is_address(host):
            try:
                found = self.resolver.addresses(host)
            except NotCheckedError as error:
                raise UnreachableError(error.reason, self._in_vpc(error.remedy)) from None
        else:
            found = self._system_addresses(host)
        if not found:
            remedy = "see that the zone is delegated and has the record, and deploy"
            raise UnreachableError("there is no such name in the DNS", self._in_vpc(remedy))
        return found

    def _system_addresses(self, host: str) -> list[str]:
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            if error.errno in (socket.EAI_AGAIN, socket.EAI_FAIL):
                remedy = self._in_vpc("check the network, or ask another with --resolver")
                raise UnreachableError("the DNS does not answer", remedy) from None
            return []
        return list(dict.fromkeys(str(each[4][0]) for each in found))

    def connect(self, host: str, port: int) -> socket.socket:
        """A connection to the first address that takes one; all of them share the time.

        Args:
            host: The name.
            port: The port.

        Raises:
            UnreachableError: None does.
        """
        to_host, to_port = connect_target(self.rules, host, port)
        addresses = self.addresses(to_host)
        errors: list[OSError] = []
        for address in addresses:
            seconds = max(SECONDS / len(addresses), _LEAST_SECONDS)
            try:
                connection = socket.create_connection((address, to_port), seconds)
            except OSError as failure:
                errors.append(failure)
            else:
                connection.settimeout(SECONDS)
                return connection
        # An address of a kind that this machine does not speak says the least.
        error = min(errors, key=_by_meaning)
        if isinstance(error, ConnectionRefusedError):
            remedy = "see that the load balancer has a listener on it"
            raise UnreachableError("the connection is refused", remedy)
        if isinstance(error, TimeoutError):
            remedy = "see that allowed_cidrs and the security group let this address in"
            reason = f"no connection within {SECONDS:.0f} s"
            raise UnreachableError(reason, self._in_vpc(remedy))
        reason = f"there is no way to it ({error.strerror or type(error).__name__})"
        raise UnreachableError(reason, self._in_vpc("check the network"))

    def connect_tls(self, host: str, port: int, *, http2: bool) -> ssl.SSLSocket:
        """A connection with TLS, whose certificate is valid for the name.

        Args:
            host: The name.
            port: The port.
            http2: Whether HTTP/2 is offered beside HTTP/1.1.

        Raises:
            UnreachableError: There is none, or the certificate is not valid.
        """
        plain = self.connect(host, port)
        try:
            return self.tls[http2].wrap_socket(plain, server_hostname=host)
        except ssl.SSLCertVerificationError as error:
            plain.close()
            raise self._certificate_fault(error, host, port) from None
        except TimeoutError:
            plain.close()
            reason = f"connects, and then says nothing for {SECONDS:.0f} s"
            raise UnreachableError(reason, "see what listens there") from None
        except OSError as error:
            plain.close()
            reason = f"connects, and does not speak TLS ({getattr(error, 'reason', None) or 'cut'})"
            remedy = "see that the listener's protocol is HTTPS"
            raise UnreachableError(reason, remedy) from None

    def _certificate_fault(
        self, error: ssl.SSLCertVerificationError, host: str, port: int
    ) -> UnreachableError:
        about = self._about_certificate(host, port)
        if error.verify_code == _EXPIRED:
            return UnreachableError(f"the certificate has expired{about}", "renew it")
        if error.verify_code == _OTHER_NAME:
            remedy = "name a certificate for the root domain and its wildcard"
            return UnreachableError(f"the certificate is for other names{about}", remedy)
        remedy = "use a public certificate, or name the authority with --ca-bundle"
        if error.verify_code == _NO_ISSUER:
            remedy += "; if it was imported without its chain, import it with that"
        reason = f"the certificate is not trusted ({error.verify_message}){about}"
        return UnreachableError(reason, remedy)

    def _about_certificate(self, host: str, port: int) -> str:
        """What a certificate that is not valid says of itself."""
        from cryptography import x509

        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        try:
            with self.connect(host, port) as plain:
                wrapped = context.wrap_socket(plain, server_hostname=host)
                with wrapped:
                    data = wrapped.getpeercert(binary_form=True)
            certificate = x509.load_der_x509_certificate(data or b"")
            extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        except (OSError, ValueError, UnreachableError, x509.ExtensionNotFound):
            return ""
        names = ", ".join(extension.value.get_values_for_type(x509.DNSName))
        return f": {names}, until {certificate.not_valid_after_utc:%Y-%m-%d}"

    def _in_vpc(self, remedy: str) -> str:
        return remedy + (_PRIVATE if self.private else "")


def days_left(connection: ssl.SSLSocket) -> int:
    """For how many days the certificate of a connection is valid still."""
    certificate = connection.getpeercert() or {}
    end = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    return (end - datetime.now(UTC)).days


def _by_meaning(error: OSError) -> int:
    return 0 if isinstance(error, ConnectionRefusedError) else 1 + (type(error) is not TimeoutError)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
