"""What an embedded AWS is, shows and refuses."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from datafi_cdk.errors import LocalAwsError
from datafi_cdk.local import EmbeddedAws


@pytest.fixture(scope="module")
def another() -> Iterator[EmbeddedAws]:
    """An embedded AWS for which nothing is left at its default."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with EmbeddedAws(port=port, account="111122223333", region="eu-west-1") as aws:
        assert aws.port == port
        yield aws


def test_answers_for_the_account_and_region_it_was_given(another: EmbeddedAws) -> None:
    """The account and the region are the ones asked for."""
    assert another.client("sts").get_caller_identity()["Account"] == "111122223333"
    topic = another.client("sns").create_topic(Name="news")["TopicArn"]
    assert topic == "arn:aws:sns:eu-west-1:111122223333:news"


def test_answers_for_its_defaults(embedded_aws: EmbeddedAws) -> None:
    """Without an account or region, it is account 000000000000 in us-east-1."""
    topic = embedded_aws.client("sns").create_topic(Name="news")["TopicArn"]
    assert topic == "arn:aws:sns:us-east-1:000000000000:news"


def test_two_run_side_by_side_and_share_nothing(
    embedded_aws: EmbeddedAws, another: EmbeddedAws
) -> None:
    """A second embedded AWS has another port and none of the first one's buckets."""
    embedded_aws.client("s3").create_bucket(Bucket="only-in-the-first")
    assert another.endpoint != embedded_aws.endpoint
    assert another.client("s3").list_buckets()["Buckets"] == []


def test_listens_on_loopback_only(embedded_aws: EmbeddedAws) -> None:
    """No other address of the machine answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # Connecting a datagram socket sends nothing; it only picks the outgoing address.
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address besides loopback")
        address = probe.getsockname()[0]
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((address, embedded_aws.port), timeout=5)


def test_refuses_a_port_in_use(embedded_aws: EmbeddedAws) -> None:
    """A port in use is named, with what to do."""
    with pytest.raises(LocalAwsError, match=f"port {embedded_aws.port} .*in use.*choose another"):
        EmbeddedAws(port=embedded_aws.port).start()


def test_refuses_a_port_that_cannot_exist() -> None:
    """A port past the last one is named."""
    with pytest.raises(LocalAwsError, match=r"port 70000 .*at most 65535"):
        EmbeddedAws(port=70000).start()


@pytest.mark.parametrize("account", ["1", "12345678901a", ""])
def test_refuses_an_account_that_is_no_account(account: str) -> None:
    """An account number has twelve digits."""
    with pytest.raises(LocalAwsError, match="12 digits"):
        EmbeddedAws(account=account)


def test_refuses_to_start_twice(embedded_aws: EmbeddedAws) -> None:
    """A running one says where it runs."""
    with pytest.raises(LocalAwsError, match=f"already runs at {embedded_aws.endpoint}"):
        embedded_aws.start()


def test_refuses_questions_before_it_runs() -> None:
    """The endpoint of one that does not run is an error, not a guess."""
    with pytest.raises(LocalAwsError, match="does not run"):
        EmbeddedAws().endpoint  # noqa: B018


def test_starts_again_with_a_clean_state() -> None:
    """Nothing of the first run is left for the second."""
    aws = EmbeddedAws()
    with aws:
        aws.client("s3").create_bucket(Bucket="gone")
    with aws:
        assert aws.client("s3").list_buckets()["Buckets"] == []
    aws.stop()


@pytest.mark.parametrize("package", ["ministack", "boto3"])
def test_names_the_extra_when_a_package_is_missing(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the extra, the message is the command that installs it."""
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(LocalAwsError, match=rf"{package}.*pip install 'datafi-cdk\[cli,local\]'"):
        EmbeddedAws().start()


def test_is_imported_without_its_extras() -> None:
    """Importing the package loads neither ministack nor boto3 nor aws_cdk."""
    code = (
        "import sys, datafi_cdk.local;"
        "sys.exit(bool({'ministack', 'boto3', 'aws_cdk'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_commands_see_no_aws_but_this_one(
    embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No variable of the user's AWS is passed on; endpoint, dummy keys and region are set."""
    for name in (
        "AWS_PROFILE",
        "AWS_SESSION_TOKEN",
        "AWS_ENDPOINT_URL_S3",
        "AWS_ROLE_ARN",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ):
        monkeypatch.setenv(name, "real")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("NO_PROXY", "intranet")
    monkeypatch.setenv("UNRELATED", "kept")
    environment = embedded_aws.environment()
    assert {name: value for name, value in environment.items() if name.startswith("AWS_")} == {
        "AWS_ENDPOINT_URL": embedded_aws.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    assert environment["NO_PROXY"] == "intranet,127.0.0.1,localhost"
    assert environment["UNRELATED"] == "kept"
    assert Path(environment["JSII_NODE"]).is_file()


def test_the_server_sees_nothing_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither credentials, nor AWS or ministack settings, nor the home directory reach it."""
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real-session-token")
    monkeypatch.setenv("AWS_PROFILE", "real-profile")
    monkeypatch.setenv("PERSIST_STATE", "1")
    monkeypatch.setenv("SERVICES", "s3")
    with EmbeddedAws() as aws:
        variables = Path("/proc").glob("*/environ")
        directory = str(aws.log_path.parent)
        servers = [
            text
            for path in variables
            if f"HOME={directory}" in (text := _environment_of(path)).split("\0")
        ]
        assert aws.client("sqs").list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200
    if not Path("/proc").exists():
        pytest.skip("processes' environments are readable on Linux only")
    assert servers
    assert not any("real-" in text for text in servers)
    assert all("PERSIST_STATE=0" in text for text in servers)


def _environment_of(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def test_its_log_is_at_hand(embedded_aws: EmbeddedAws) -> None:
    """The log's last lines can be put into an error message."""
    embedded_aws.client("ssm").put_parameter(Name="/logged", Value="x", Type="String")
    assert len(embedded_aws.log_tail(1).splitlines()) == 1
    assert "/logged" in embedded_aws.log_tail()
    assert embedded_aws.log_path.is_file()
