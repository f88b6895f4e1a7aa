"""A load balancer on loopback: TLS with ALPN, HTTP/1.1 of its own, gRPC of a server behind it."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import h2.config
import h2.connection
import h2.events

FIXED = "There is no server at this address."


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    body: str = ""
    location: str = ""


class GrpcBackend(grpc.GenericRpcHandler):  # type: ignore[misc]
    """A gRPC server without TLS; methods that it does not know it answers with 12.

    Args:
        codes: What it answers by method.
    """

    def __init__(self, codes: Mapping[str, grpc.StatusCode]) -> None:
        self.codes = dict(codes)
        self._server = grpc.server(ThreadPoolExecutor(4), handlers=[self])
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def service(self, details: Any) -> Any:
        """What handles a method."""
        code = self.codes.get(details.method)
        if code is None:
            return None

        def answer(_message: bytes, context: Any) -> bytes:
            if code is not grpc.StatusCode.OK:
                context.abort(code, "as told")
            return b""

        return grpc.unary_unary_rpc_method_handler(answer)

    def stop(self) -> None:
        """End it."""
        self._server.stop(None).wait()


class Listener:
    """A port on loopback that answers each connection in a thread.

    Args:
        reply: What it answers to a host and a path.
        certificate: Certificate and key of TLS. Default: no TLS.
        protocols: What it speaks, for ALPN.
        grpc_port: Where HTTP/2 goes on to. Default: nowhere.
        http2_status: What it answers to HTTP/2 itself, in place of going on. Default: see above.
    """

    def __init__(
        self,
        reply: Callable[[str, str], Reply],
        *,
        certificate: Path | None = None,
        protocols: Sequence[str] = ("h2", "http/1.1"),
        grpc_port: int | None = None,
        http2_status: int | None = None,
    ) -> None:
        self._reply = reply
        self._grpc_port = grpc_port
        self._http2_status = http2_status
        self._tls: ssl.SSLContext | None = None
        if certificate:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate)
            self._tls.set_alpn_protocols(list(protocols))
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        # Closing alone leaves a thread that waits for the next connection.
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        with suppress(OSError):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                protocol = getattr(connection, "selected_alpn_protocol", lambda: None)()
                if protocol != "h2":
                    self._http1(connection)
                elif self._http2_status:
                    _http2(connection, self._http2_status)
                elif self._grpc_port:
                    _join(connection, self._grpc_port)

    def _http1(self, connection: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            part = connection.recv(4096)
            if not part:
                return
            request += part
            if not request[:1].isalpha():
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                return
        first, *lines = request.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines if line)
        reply = self._reply(headers["host"], first.split()[1])
        location = f"Location: {reply.location}\r\n" if reply.location else ""
        head = f"HTTP/1.1 {reply.status} Told\r\n{location}Content-Length: {len(reply.body)}"
        connection.sendall(f"{head}\r\nConnection: close\r\n\r\n{reply.body}".encode())


def _join(connection: socket.socket, port: int) -> None:
    """Send on what comes, in both directions."""
    with socket.create_connection(("127.0.0.1", port)) as behind:
        back = threading.Thread(target=_pump, args=(behind, connection), daemon=True)
        back.start()
        _pump(connection, behind)
        back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _http2(connection: socket.socket, status: int) -> None:
    """Answer each request of HTTP/2 with a status, as a load balancer does that has no target."""
    state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    state.initiate_connection()
    connection.sendall(state.data_to_send())
    while data := connection.recv(65536):
        for event in state.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                headers = [(":status", str(status)), ("content-type", "text/plain")]
                state.send_headers(event.stream_id, headers, end_stream=True)
        connection.sendall(state.data_to_send())
