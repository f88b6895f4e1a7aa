"""Shell files are read as a shell reads them, without running anything."""

import os
import shlex
import stat
import subprocess
import threading
from pathlib import Path

import pytest
from datafi_cdk import DatafiError
from datafi_cdk.cli.secrets.env_file import add_to_env_file, as_lines, parse_env, read_env_file
from hypothesis import given, settings
from hypothesis import strategies as st

CANARY = "not-a-real-value"
TEXT = st.text(st.characters(exclude_characters="\0\r", exclude_categories=("Cs",)))
SHELL_CHARACTERS = st.text(st.sampled_from("ab =#'\"\\$`~!;&|<>(){}*?[]\n\t:/+"))


def shell(script: str) -> dict[str, str]:
    """What a real shell makes of a script: the variables whose names start with V."""
    done = subprocess.run(
        ["sh", "-c", f"{script}\nenv -0"], capture_output=True, env={"PATH": os.environ["PATH"]}
    )
    assert done.returncode == 0, done.stderr
    pairs = (entry.partition("=") for entry in done.stdout.decode().split("\0"))
    return {name: value for name, _, value in pairs if name.startswith("V")}


@given(st.dictionaries(st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True), TEXT))
def test_reads_what_it_writes(values: dict[str, str]) -> None:
    """Whatever the values are, the file gives them back."""
    values.pop("_", None)
    assert parse_env(as_lines(values), "env.sh") == values


@settings(max_examples=60, deadline=None)
@given(SHELL_CHARACTERS)
def test_agrees_with_a_shell_or_refuses(text: str) -> None:
    """What it reads of any text is what a shell would have read, never something else."""
    script = f"export V1={text}"
    try:
        read = parse_env(script, "env.sh")
    except DatafiError:
        return
    done = subprocess.run(["sh", "-n", "-c", script], capture_output=True)
    assert done.returncode == 0, done.stderr
    assert {name: value for name, value in read.items() if name.startswith("V")} == shell(script)


@pytest.mark.parametrize(
    ("script", "value"),
    [
        ("V=plain", "plain"),
        ("export V=plain", "plain"),
        ("  export\tV=plain  # comment", "plain"),
        ("V='single $HOME `id` \"'", 'single $HOME `id` "'),
        ('V="double \\" \\$ \\` \\\\ \\n \'"', "double \" $ ` \\ \\n '"),
        ("V=a'b'\"c\"\\ d", "abc d"),
        ("V=a#b", "a#b"),
        ("V=", ""),
        ("V=''", ""),
        ("V='two\nlines'", "two\nlines"),
        ("V=one\\\ntwo", "onetwo"),
        ('V="one\\\ntwo"', "onetwo"),
        ("# V=no\n\nV=yes\n", "yes"),
        ("V=first\nV=second", "second"),
        ("V=yes\nexport V", "yes"),
        ("A=1 V=2", "2"),
        ("V=a=b==", "a=b=="),
    ],
)
def test_reads_as_a_shell(script: str, value: str) -> None:
    """Each way of writing a value is read as a shell reads it."""
    assert parse_env(script, "env.sh")["V"] == value
    assert shell(f"{script}\nexport V")["V"] == value


def test_reads_windows_line_ends() -> None:
    """A file that was saved on Windows gives the same values."""
    assert parse_env("A=1\r\nB='2'\r\n", "env.sh") == {"A": "1", "B": "2"}


@pytest.mark.parametrize(
    "value",
    [
        f"$({CANARY})",
        f'"$({CANARY})"',
        f"`{CANARY}`",
        f'"`{CANARY}`"',
        f"${CANARY}",
        f'"${{CANARY}}{CANARY}"',
        f"{CANARY}; id",
        f"{CANARY} && id",
        f"{CANARY} | id",
        f"({CANARY})",
        f"<({CANARY})",
        f"'{CANARY}",
        f'"{CANARY}',
        f"~/{CANARY}",
        f"$'{CANARY}'",
    ],
)
def test_refuses_what_is_not_plain(value: str) -> None:
    """What a shell would expand or run is refused with its line, without its text."""
    with pytest.raises(DatafiError) as caught:
        parse_env(f"A=1\n# two\nexport B={value}\n", "env.sh")
    assert str(caught.value).startswith("env.sh:3: ")
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    "line", [f"echo {CANARY}", f"source {CANARY}", f"A+={CANARY}", f"A={CANARY} id"]
)
def test_refuses_commands(line: str) -> None:
    """A line that is no assignment is refused."""
    with pytest.raises(DatafiError, match=r"env\.sh:1: only NAME=value") as caught:
        parse_env(line, "env.sh")
    assert CANARY not in str(caught.value)


def test_refuses_every_line_at_once() -> None:
    """All lines that are wrong are told together."""
    with pytest.raises(DatafiError) as caught:
        parse_env("A=$X\nB=1\nC=`id`\nid\n", "env.sh")
    assert [line.split(" ")[0] for line in str(caught.value).splitlines()] == [
        "env.sh:1:",
        "env.sh:3:",
        "env.sh:4:",
    ]


def test_runs_nothing(tmp_path: Path) -> None:
    """Reading a file with commands leaves no trace of them."""
    trace = tmp_path / "trace"
    file = tmp_path / "env.sh"
    file.write_text(f"A=$(touch {trace})\nB=`touch {trace}`\ntouch {trace}\n")
    with pytest.raises(DatafiError):
        read_env_file(file)
    assert not trace.exists()


def test_refuses_a_missing_file_and_bytes(tmp_path: Path) -> None:
    """A file that is not there, or is no text, is told in one sentence."""
    with pytest.raises(DatafiError, match="is not there; check the path"):
        read_env_file(tmp_path / "env.sh")
    (tmp_path / "env.sh").write_bytes(b"A=\xff")
    with pytest.raises(DatafiError, match="must be in UTF-8"):
        read_env_file(tmp_path / "env.sh")


def test_adds_for_its_user_alone(tmp_path: Path) -> None:
    """The file is made with mode 0600, keeps what it holds, and gets that mode."""
    file = tmp_path / "env.sh"
    add_to_env_file(file, {"A": "it's"})
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_text("# mine\nA=1")
    file.chmod(0o644)
    add_to_env_file(file, {"B": "2"})
    assert file.read_text() == "# mine\nA=1\nexport B=2\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_refuses_to_overwrite(tmp_path: Path) -> None:
    """A name that the file has is refused, and none of the others is written."""
    file = tmp_path / "env.sh"
    file.write_text(f"A={CANARY}\n")
    with pytest.raises(DatafiError, match="has A already") as caught:
        add_to_env_file(file, {"B": "2", "A": "new"})
    assert CANARY not in str(caught.value)
    assert file.read_text() == f"A={CANARY}\n"


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    """Who adds at the same time waits: every value is there afterwards."""
    file = tmp_path / "env.sh"
    names = [f"V{number}" for number in range(20)]
    threads = [threading.Thread(target=add_to_env_file, args=(file, {n: n})) for n in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_env_file(file) == {name: name for name in names}
    assert list(tmp_path.iterdir()) == [file]


def test_quotes_for_a_shell() -> None:
    """A shell that runs the written lines has the same values."""
    values = {"V1": 'it\'s $HOME `id` "x" \\ #\n!', "V2": ""}
    assert shell(as_lines(values)) == values
    assert shlex.split(as_lines(values))
