"""What every subcommand does with what goes wrong in it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
import typer
from botocore import exceptions
from botocore.parsers import ResponseParserError
from datafi_cdk.cli import commands
from datafi_cdk.cli.aws_errors import aws_error_sentence
from datafi_cdk.cli.command import command
from datafi_cdk.errors import CommandError
from typer.testing import CliRunner

CANARY = "canary-not-a-real-secret"


def app(error: BaseException) -> typer.Typer:
    """A command that raises."""
    made = typer.Typer()

    @made.command()
    @command
    def fail(word: str = "none") -> None:
        """Raise."""
        raise error

    return made


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (CommandError("no [such] thing; make one"), "error: no [such] thing; make one\n"),
        (FileNotFoundError(2, "No such file or directory", "a.yaml"), "a.yaml: No such file"),
        (OSError(28, "No space left on device"), "No space left on device; check where"),
        (ValueError(CANARY), "error: unforeseen ValueError, a fault of this command; run it again"),
    ],
)
def test_an_error_is_one_sentence(error: Exception, told: str) -> None:
    """Ours is told as it is; the words of one that nobody foresaw may be secret and are not."""
    result = CliRunner().invoke(app(error), [])
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert CANARY not in result.output


def test_debug_shows_the_traceback() -> None:
    """With `--debug` the error itself comes through."""
    result = CliRunner().invoke(app(ValueError("so")), ["--debug"])
    assert isinstance(result.exception, ValueError)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signals_interrupt(number: signal.Signals) -> None:
    """Each way of ending the command lets it clean up, and is its exit code; handlers come back."""
    before = signal.getsignal(number)
    made = typer.Typer()
    cleaned = []

    @made.command()
    @command
    def wait() -> None:
        """End itself."""
        try:
            os.kill(os.getpid(), number)
            signal.pause()
        finally:
            cleaned.append(number)

    result = CliRunner().invoke(made, [])
    assert result.exit_code == 128 + number
    assert result.stderr == "error: interrupted\n"
    assert cleaned == [number]
    assert signal.getsignal(number) == before


def client_error(code: str, message: str = "so it is") -> exceptions.ClientError:
    """What AWS refused."""
    answer = {"Error": {"Code": code, "Message": message}}
    return exceptions.ClientError(answer, "DescribeStacks")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (exceptions.NoCredentialsError(), "no AWS credentials were found; run `aws sso login`"),
        (exceptions.NoRegionError(), "no AWS region is named; add --region"),
        (exceptions.ProfileNotFound(profile="acme"), "(acme) could not be found; `aws configure"),
        (exceptions.UnauthorizedSSOTokenError(), "the AWS sign-in has expired; run `aws sso"),
        (exceptions.EndpointConnectionError(endpoint_url="x"), "AWS could not be reached ("),
        (exceptions.ParamValidationError(report="x"), "AWS could not be asked ("),
        (client_error("ExpiredToken"), "the AWS credentials have expired; run"),
        (client_error("ExpiredTokenException"), "the AWS credentials have expired; run"),
        (client_error("InvalidClientTokenId"), "AWS does not know these credentials; run"),
        (client_error("AuthFailure"), "or enable the region in the account"),
        (client_error("AccessDenied"), "these credentials may not call DescribeStacks; use others"),
        (client_error("Throttling"), "DescribeStacks (Throttling: so it is); change what"),
        (ValueError("Invalid endpoint: x"), "AWS_ENDPOINT_URL must be an address"),
        (ResponseParserError("<html>"), "what answered is not AWS; check AWS_ENDPOINT_URL"),
    ],
)
def test_what_aws_refuses_is_told_with_the_next_step(error: Exception, told: str) -> None:
    """Each error of botocore's is one sentence."""
    sentence = aws_error_sentence(error)
    assert sentence
    assert told in sentence


def test_other_errors_are_not_of_aws() -> None:
    """No sentence is made up for an error that is not botocore's."""
    assert aws_error_sentence(ValueError("x")) is None


@pytest.mark.parametrize(
    "writing", ["print_json(list(range(100_000)))", "console().print('x' * 100_000)"]
)
def test_a_reader_that_has_seen_enough_is_no_error(writing: str) -> None:
    """A closed pipe ends the command without a word."""
    read, write = os.pipe()
    os.close(read)
    code = (
        "import typer\n"
        "from datafi_cdk.cli.command import command\n"
        "from datafi_cdk.cli.output import console, print_json\n"
        "app = typer.Typer()\n"
        f"@app.command()\n@command\ndef show() -> None:\n    {writing}\n"
        "app()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=write, stderr=subprocess.PIPE, text=True
    )
    os.close(write)
    assert done.stderr == ""
    assert done.returncode == 128 + signal.SIGPIPE


@pytest.mark.parametrize(
    "arguments",
    [
        ["keys", "edge", "es"],
        ["keys", "redis", "redis.example.com:6379"],
        ["keys", "make"],
        ["secrets", "check"],
        ["secrets", "import"],
        ["secrets", "rotate", "update-secret", "es"],
    ],
)
def test_an_argument_too_many_is_not_shown(arguments: list[str]) -> None:
    """It may be a secret that belongs into a file, or is typed when asked for."""
    result = CliRunner().invoke(commands.app, [*arguments, CANARY])
    assert result.exit_code == 2
    assert CANARY not in result.output
    assert "takes no more arguments" in result.output
