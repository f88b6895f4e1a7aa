"""An update API on HTTPS that answers as it is told, and a proxy that leads every name to it."""

from __future__ import annotations

import json
import select
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from .authority import Authority

Answer = tuple[int, str]
Answering = Callable[[str, str, Mapping[str, str], str], Answer]


def in_json(status: int, **members: Any) -> Answer:
    """An answer of the update API."""
    return status, json.dumps(members)


@contextmanager
def https_front(folder: Path, name: str, answering: Answering) -> Iterator[dict[str, str]]:
    """Serve one name on HTTPS, behind a proxy.

    Args:
        folder: Where the certificate is written.
        name: The host name.
        answering: Takes method, path, headers and body, and answers.

    Yields:
        The environment in which clients reach and trust it.
    """
    authority = Authority(folder)

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            headers = {key.lower(): value for key, value in self.headers.items()}
            status, text = answering(self.command, self.path, headers, body)
            self.send_response(status)
            self.send_header("content-length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = answer

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.certificate(name))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    with server, _proxy(server.server_address[1]) as port:
        try:
            yield {
                "HTTPS_PROXY": f"http://127.0.0.1:{port}",
                "https_proxy": f"http://127.0.0.1:{port}",
                "SSL_CERT_FILE": str(authority.file),
            }
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def _proxy(target: int) -> Iterator[int]:
    """A proxy for CONNECT that leads to one port of this machine, whatever is asked for."""

    class Tunnel(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().strip():
                pass
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with socket.create_connection(("127.0.0.1", target)) as server:
                sides = {self.connection: server, server: self.connection}
                while True:
                    for ready in select.select(list(sides), [], [])[0]:
                        data = ready.recv(65536)
                        if not data:
                            return
                        sides[ready].sendall(data)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Tunnel) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()
