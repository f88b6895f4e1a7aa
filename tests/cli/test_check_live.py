"""`datafi-cdk check --live`, against a load balancer on loopback."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest

from .authority import Authority
from .front import FIXED, GrpcBackend, Listener, Reply
from .in_process import run
from .name_server import NameServer

ROOT = "edge.example.com"
PING = "/coordinator.Coordinator/Ping"
SERVERS = {f"{name}.{ROOT}" for name in ("es", "fn", "co")}
CONFIG = f"""\
deployment_name: acme
dns: {{root_domain: {ROOT}}}
edge_servers:
  long_running: [{{name: es}}]
  serverless:
    - name: fn
      image_tag: v1
      ecr_repository_arn: arn:aws:ecr:us-east-1:111111111111:repository/es
coordinator:
  ecr_repository_arn: arn:aws:ecr:us-east-1:111111111111:repository/co
  secret_arn: arn:aws:secretsmanager:us-east-1:111111111111:secret:co-AbCdEf
"""


def healthy(host: str, path: str) -> Reply:
    """What the load balancer of a healthy deployment answers on port 443."""
    if host == f"update.{ROOT}":
        return Reply(401 if path in ("/es", "/co") else 404)
    return Reply(200) if host in SERVERS else Reply(404, FIXED)


def redirected(host: str, path: str) -> Reply:
    """What it answers on port 80."""
    return Reply(301, location=f"https://{host}:443{path}")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that nobody trusts unless told to."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def backend() -> Iterator[GrpcBackend]:
    """The gRPC servers of a healthy deployment."""
    made = GrpcBackend({PING: grpc.StatusCode.OK})
    yield made
    made.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory with a configuration."""
    (tmp_path / "datafi.yaml").write_text(CONFIG)
    return tmp_path


class Trial:
    """Starts listeners with changes, and runs the command against them."""

    def __init__(
        self, folder: Path, authority: Authority, backend: GrpcBackend, stack: ExitStack
    ) -> None:
        self.folder, self.authority, self._stack = folder, authority, stack
        self._common: dict[str, Any] = {
            "certificate": authority.certificate(f"*.{ROOT}", ROOT),
            "grpc_port": backend.port,
        }

    def listen(self, **changes: Any) -> int:
        """A port that is as that of a healthy deployment, but for the changes."""
        listener = Listener(**{"reply": healthy, **self._common, **changes})
        self._stack.callback(listener.close)
        return listener.port

    def plain(self, reply: Callable[[str, str], Reply] = redirected) -> int:
        """A port 80."""
        return self.listen(reply=reply, certificate=None)

    def run(
        self, *options: str, http: int = 0, https: int = 0, grpc: int = 0, fails: int = 0
    ) -> list[dict[str, Any]]:
        """What the command finds with these ports, by default those of a healthy deployment."""
        ports = {
            80: http or self.plain(),
            443: https or self.listen(),
            50051: grpc or self.listen(),
        }
        to = [f"--connect-to=:{port}:127.0.0.1:{other}" for port, other in ports.items()]
        bundle = f"--ca-bundle={self.authority.file}"
        done = run("check", "--live", "--json", bundle, *to, *options, cwd=self.folder, fails=fails)
        assert done.err == ""
        return list(done.json["findings"])

    def failures(self, **ports: int) -> dict[str, str]:
        """What fails with these ports, the text by subject."""
        found = self.run(fails=3, **ports)
        return {each["subject"]: each["text"] for each in found if each["status"] == "fail"}


@pytest.fixture
def trial(folder: Path, authority: Authority, backend: GrpcBackend) -> Iterator[Trial]:
    """Listeners that end with the test."""
    with ExitStack() as stack:
        yield Trial(folder, authority, backend, stack)


def unused_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def test_finds_a_healthy_deployment_healthy(trial: Trial) -> None:
    """Every name and port passes, and a server on Lambda is asked for no gRPC."""
    found = trial.run()
    assert {each["status"] for each in found} == {"pass"}
    texts: dict[str, list[str]] = {}
    for each in found:
        texts.setdefault(each["subject"], []).append(each["text"])
    assert texts[f"es.{ROOT}:443"] == [
        "the certificate is valid for 90 more days",
        "speaks HTTP/2 (ALPN h2)",
        "the server answers, 200",
        "gRPC: /AWS.ALB/healthcheck answers 12",
    ]
    assert f"gRPC: {PING} answers 0" in texts[f"co.{ROOT}:50051"]
    assert texts[f"es.{ROOT}:80"] == ["redirects to HTTPS for good"]
    assert texts[f"*.{ROOT}:443"] == ["a name without a server gets the fixed 404"]
    assert texts[f"update.{ROOT}/es"] == ["refuses who has no key, 401"]
    assert f"fn.{ROOT}:443" in texts
    assert f"fn.{ROOT}:50051" not in texts


def test_tells_of_an_expired_certificate(trial: Trial) -> None:
    """It is shown with its names and its end."""
    port = trial.listen(certificate=trial.authority.certificate(f"*.{ROOT}", days=-2))
    failures = trial.failures(https=port)
    assert failures[f"es.{ROOT}:443"].startswith(f"the certificate has expired: *.{ROOT}, until 20")


def test_warns_of_a_certificate_that_ends_soon(trial: Trial) -> None:
    """A certificate near its end is no failure."""
    port = trial.listen(certificate=trial.authority.certificate(f"*.{ROOT}", days=5))
    found = trial.run(https=port)
    warnings = {each["subject"] for each in found if each["status"] == "warn"}
    assert warnings == {f"{name}.{ROOT}:443" for name in ("es", "fn", "co")}


def test_tells_of_a_certificate_for_other_names(trial: Trial) -> None:
    """The names that it is for are shown."""
    port = trial.listen(certificate=trial.authority.certificate("www.example.org"))
    failures = trial.failures(grpc=port)
    assert "is for other names: www.example.org" in failures[f"es.{ROOT}:50051"]
    assert f"es.{ROOT}:443" not in failures


def test_tells_of_an_authority_that_is_not_trusted(trial: Trial, tmp_path: Path) -> None:
    """A certificate of an unknown authority is told apart from one for another name."""
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other", "Other authority")
    port = trial.listen(certificate=other.certificate(f"*.{ROOT}"))
    failures = [each for each in trial.run(https=port, fails=3) if each["status"] == "fail"]
    (found,) = [each for each in failures if each["subject"] == f"es.{ROOT}:443"]
    assert "the certificate is not trusted" in found["text"]
    assert "if it was imported without its chain" in found["remedy"]


def test_takes_the_authorities_of_the_environment(trial: Trial) -> None:
    """SSL_CERT_FILE counts where --ca-bundle is not given."""
    ports = {80: trial.plain(), 443: trial.listen(), 50051: trial.listen()}
    to = [f"--connect-to=:{port}:127.0.0.1:{other}" for port, other in ports.items()]
    env = {"SSL_CERT_FILE": str(trial.authority.file)}
    run("check", "--live", *to, cwd=trial.folder, env=env)


def test_tells_of_a_port_without_http2(trial: Trial) -> None:
    """Without h2 in ALPN there is no gRPC."""
    failures = trial.failures(grpc=trial.listen(protocols=["http/1.1"]))
    assert failures[f"es.{ROOT}:50051"] == "speaks http/1.1 in place of HTTP/2 (ALPN)"


def test_tells_of_a_missing_redirect(trial: Trial) -> None:
    """Port 80 that answers itself is told, and one that redirects elsewhere."""
    failures = trial.failures(http=trial.plain(lambda _host, _path: Reply(200)))
    assert failures[f"es.{ROOT}:80"] == f"answers 200, not 301 to https://es.{ROOT}/"
    elsewhere = trial.plain(lambda _host, _path: Reply(301, location="https://example.org/"))
    failures = trial.failures(http=elsewhere)
    assert "answers 301 to https://example.org/" in failures[f"co.{ROOT}:80"]


def test_tells_of_a_server_without_a_rule(trial: Trial) -> None:
    """The fixed 404 of the load balancer is none of the server's answers."""
    port = trial.listen(reply=lambda _host, _path: Reply(404, FIXED))
    failures = trial.failures(https=port)
    assert failures[f"es.{ROOT}:443"] == "the load balancer answers that no server is there"
    assert failures[f"update.{ROOT}/es"] == "the load balancer has no update API there"


def test_lets_a_server_answer_404_itself(trial: Trial) -> None:
    """A server without a page at / is there all the same."""
    port = trial.listen(
        reply=lambda host, path: Reply(404, "no page") if host in SERVERS else healthy(host, path)
    )
    found = trial.run(https=port)
    assert "the server answers, 404" in [each["text"] for each in found]


def test_tells_of_a_rule_that_takes_every_name(trial: Trial) -> None:
    """A name that no server has is to get the fixed 404."""
    port = trial.listen(
        reply=lambda host, path: healthy(host, path) if host.startswith("update") else Reply(200)
    )
    failures = trial.failures(https=port)
    assert failures == {f"*.{ROOT}:443": "a name without a server gets 200, not the fixed 404"}


def test_tells_of_servers_without_a_healthy_target(trial: Trial) -> None:
    """503 is told for HTTP and for gRPC."""
    port = trial.listen(
        reply=lambda host, path: Reply(503) if host in SERVERS else healthy(host, path)
    )
    failures = trial.failures(https=port, grpc=trial.listen(http2_status=503))
    assert failures[f"es.{ROOT}:443"] == "503: no server is healthy behind it"
    assert failures[f"es.{ROOT}:50051"] == "gRPC: 503, no server is healthy behind it"


def test_tells_of_a_web_acl_that_lets_no_grpc_through(trial: Trial) -> None:
    """Its 403 says nothing about the server's health."""
    failures = trial.failures(grpc=trial.listen(http2_status=403))
    assert failures[f"es.{ROOT}:50051"] == "gRPC: 403, from what speaks no gRPC"


def test_waits_for_a_server_on_lambda_to_start(trial: Trial) -> None:
    """Its first answer takes longer than that of a server that runs."""

    def cold(host: str, path: str) -> Reply:
        if host.startswith("fn."):
            time.sleep(5.5)
        return healthy(host, path)

    assert {each["status"] for each in trial.run(https=trial.listen(reply=cold))} == {"pass"}


def test_tells_where_the_log_of_a_server_on_lambda_is(trial: Trial) -> None:
    """It has no task and no health check."""
    port = trial.listen(
        reply=lambda host, path: Reply(502) if host.startswith("fn.") else healthy(host, path)
    )
    (found,) = [each for each in trial.run(https=port, fails=3) if each["status"] == "fail"]
    assert found["remedy"] == "see the log of its function"


def test_does_not_take_the_fixed_404_for_a_grpc_answer(trial: Trial) -> None:
    """A gRPC client makes 12 of the load balancer's 404, which an edge server answers too."""
    failures = trial.failures(grpc=trial.listen(http2_status=404))
    assert failures[f"es.{ROOT}:50051"] == "gRPC: the load balancer answers that no server is there"


def test_tells_of_a_wrong_grpc_code(trial: Trial) -> None:
    """A coordinator whose Ping fails is told with the code."""
    sick = GrpcBackend({PING: grpc.StatusCode.INTERNAL})
    try:
        failures = trial.failures(grpc=trial.listen(grpc_port=sick.port))
    finally:
        sick.stop()
    assert failures == {f"co.{ROOT}:50051": f"gRPC: {PING} answers 13 (INTERNAL), not 0"}


def test_follows_the_health_check_of_the_configuration(trial: Trial) -> None:
    """Method and codes are those that the load balancer asks for."""
    config = trial.folder / "datafi.yaml"
    check = "grpc_health_check: {path: /a.B/C, codes: 10-12}"
    config.write_text(CONFIG.replace("{name: es}", f"{{name: es, {check}}}"))
    assert "gRPC: /a.B/C answers 12" in [each["text"] for each in trial.run()]


def test_tells_of_an_update_api_that_is_open(trial: Trial) -> None:
    """An update API that answers without a key is told."""
    port = trial.listen(
        reply=lambda host, path: Reply(200) if path == "/es" else healthy(host, path)
    )
    failures = trial.failures(https=port)
    assert failures == {f"update.{ROOT}/es": "answers 200 without a key, not 401"}


def test_tells_where_nothing_listens(trial: Trial) -> None:
    """A refused connection is told, once for each name and port."""
    failures = trial.failures(grpc=unused_port())
    assert failures == {
        f"{name}.{ROOT}:50051": "the connection is refused" for name in ("es", "co")
    }


def test_tells_of_a_port_that_says_nothing(trial: Trial) -> None:
    """Something that takes connections and never answers does not hold the command up."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        failures = trial.failures(grpc=silent.getsockname()[1])
    assert failures[f"es.{ROOT}:50051"] == "connects, and then says nothing for 5 s"


def test_tells_of_a_port_without_tls(trial: Trial) -> None:
    """HTTP where HTTPS must be is told."""
    failures = trial.failures(grpc=trial.plain())
    assert failures[f"es.{ROOT}:50051"].startswith("connects, and does not speak TLS")


def test_tells_of_names_that_are_not_there(folder: Path) -> None:
    """Names that do not resolve are told, in private mode with where they do."""
    with NameServer({}) as names:
        done = run("check", "--live", f"--resolver={names.address}", cwd=folder, fails=3)
        assert "there is no such name in the DNS" in done.out
        assert "from the VPC only" not in done.out
        config = folder / "datafi.yaml"
        private = "private: true\nnew_vpc: {nat_gateways: 1}\n"
        arn = "arn:aws:acm:us-east-1:111111111111:certificate/a-b"
        dns = f"root_domain: {ROOT}, certificate_arn: '{arn}'"
        config.write_text(private + CONFIG.replace(f"root_domain: {ROOT}", dns))
        done = run("check", "--live", f"--resolver={names.address}", "--json", cwd=folder, fails=3)
    (remedy,) = {each["remedy"] for each in done.json["findings"] if each["status"] == "fail"}
    assert "from the VPC only" in remedy


def test_resolves_names_with_the_resolver(folder: Path, authority: Authority) -> None:
    """The addresses are those of --resolver, and are connected to."""
    addresses = {(f"{name}.{ROOT}", "A"): ["127.0.0.1"] for name in ("es", "fn", "co", "update")}
    with NameServer(addresses) as names:
        to = [f"--connect-to=:{port}::{unused_port()}" for port in (80, 443, 50051)]
        options = (f"--resolver={names.address}", "--json", *to)
        done = run("check", "--live", *options, cwd=folder, fails=3)
    found = {(each["subject"], each["text"]) for each in done.json["findings"]}
    assert (f"es.{ROOT}", "is at 127.0.0.1") in found
    assert (f"es.{ROOT}:443", "the connection is refused") in found


@pytest.mark.parametrize(
    ("options", "words", "code"),
    [
        (["--live", "--connect-to=es:443"], "--connect-to must be", 1),
        (["--live", "--ca-bundle=nowhere.pem"], "got nowhere.pem", 1),
        (["--live", "--ca-bundle=datafi.yaml"], "got datafi.yaml", 1),
        (["--live", "--resolver=dns.example.com"], "--resolver must be an IP address", 1),
        (["--live", "--offline"], "exclude each other", 2),
        (["--connect-to=::a:"], "need --live", 2),
    ],
)
def test_refuses_options_that_cannot_be(
    folder: Path, options: list[str], words: str, code: int
) -> None:
    """Each is told in one sentence."""
    assert words in run("check", *options, cwd=folder, fails=code).err
