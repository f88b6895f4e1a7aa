"""Whatever a file holds, it is a configuration or refused in our own words, soon."""

from __future__ import annotations

import resource
import time
from io import StringIO
from pathlib import Path

import pytest
from datafi_cdk import DatafiEdgeConfig, InvalidInputError
from config_values import CANARY
from configurations import plausible
from examples import CONFIGURATIONS, profile
from hypothesis import given
from hypothesis import strategies as st
from refusals import unused
from ruamel.yaml import YAML

_SECONDS = 60
_BYTES = 300 * 1024 * 1024
_LAUGHS = "\n".join(
    ["a0: &a0 [x]", *(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30))]
)
_LEVELS = range(1, 30)
_LISTS = ", ".join(f"&a{i} [" + f"*a{i - 1}, " * 9 + "]" for i in range(1, 20))
_KEYS = f"? [&a0 [x], {_LISTS}]\n: 1"
_FRAGMENTS = [
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\0",
    b"\x80",
    b"\xc3",
    b"\t",
    b"\r",
    b"\n",
    b"\n---\n",
    b"\n...\n",
    b"%YAML 1.1\n---\n",
    b"&a ",
    b"*a",
    b"<<: *a",
    b"!!python/object:os.system ",
    b"!!binary ",
    b"!!set ",
    b"!!omap ",
    b"!x ",
    b"!!int ",
    b"!!float ",
    b"? ",
    b": ",
    b"- ",
    b"[",
    b"]",
    b"{",
    b"}",
    b"'",
    b'"',
    b"|\n",
    b">\n",
    b"#",
    b"@",
    b"`",
    b"%",
    b",",
    b"~",
    b"\\x",
    b'"\\U00110000"',
    b"1" * 5000,
    b"1e999999",
    b"0x" + b"f" * 100,
    b".inf",
    b".nan",
    b"2024-02-30",
    b"[" * 300,
    b"{a: " * 300,
    b"- " * 300,
    "\N{SNOWMAN}".encode(),
    "\u2028".encode(),
    CANARY.encode(),
]
_FILES: dict[str, bytes] = {
    "empty": b"",
    "a comment": b"# nothing",
    "UTF-16": "deployment_name: acme".encode("utf-16"),
    "UTF-32": "deployment_name: acme".encode("utf-32"),
    "latin-1": "deployment_name: \N{LATIN SMALL LETTER U WITH DIAERESIS}".encode("latin-1"),
    "NUL": b"deployment_name: a\0",
    "no end": b"deployment_name: 'a",
    "lists of lists of aliases": _LAUGHS.encode(),
    "keys of lists of aliases": _KEYS.encode(),
    "merged mappings of aliases": "\n".join(
        [
            "a0: &a0 {x: 1}",
            *(f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}" for i in _LEVELS),
        ]
    ).encode(),
    "a list in itself": b"a: &a [*a]",
    "a mapping in itself": b"a: &a {b: *a}",
    "deep": b"[" * 200_000,
    "deep aliases": "\n".join(
        ["a0: &a0 x", *(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 200))]
    ).encode(),
    "too long": b"#" * 300_000,
    "many entries": b"[" + b"1," * 110_000 + b"]",
    "a tag": b"a: !!python/object:os.system x",
    "a key twice": b"deployment_name: a\ndeployment_name: b",
    "an alias of nothing": b"a: *b",
    "a list as a key": b"? [a]\n: b",
}


def read(path: Path | str) -> str:
    """What a file is refused with; nothing if it is taken."""
    started, most = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        DatafiEdgeConfig.from_file(path)
        text = ""
    except InvalidInputError as error:
        text = str(error)
        assert text.strip()
    assert time.process_time() - started < _SECONDS
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - most) * 1024
    assert grown < _BYTES
    return text


@pytest.mark.parametrize("content", _FILES.values(), ids=_FILES)
def test_refuses_files_that_are_none(tmp_path: Path, used: set[object], content: bytes) -> None:
    """What is no YAML, or explodes, is refused within seconds."""
    file = tmp_path / "datafi.yaml"
    file.write_bytes(content)
    assert " must be " in read(file)


def test_refuses_paths_to_other_things(tmp_path: Path, used: set[object]) -> None:
    """What is no readable file is refused: a folder, nothing, an endless device, no path."""
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path in (
        tmp_path,
        tmp_path / "none",
        loop,
        "/dev/zero",
        "/dev/null",
        "a\0b",
        "",
        "x" * 5000,
    ):
        assert " must be " in read(path), path


def test_any_bytes(tmp_path: Path, used: set[object]) -> None:
    """A configuration with other bytes somewhere in it is refused, or it is still one."""
    file = tmp_path / "datafi.yaml"
    count = 0

    @profile(CONFIGURATIONS // 2)
    @given(
        plausible(),
        st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(_FRAGMENTS)), max_size=3),
        st.binary(max_size=20),
    )
    def prove(data: object, inserted: list[tuple[int, bytes]], tail: bytes) -> None:
        nonlocal count
        text = StringIO()
        YAML(typ="safe", pure=True).dump(data, text)
        content = text.getvalue().encode()
        for position, fragment in inserted:
            at = position % (len(content) + 1)
            content = content[:at] + fragment + content[at:]
        file.write_bytes(content + tail)
        read(file)
        count += 1

    prove()
    assert count >= CONFIGURATIONS // 2


def test_every_refusal_of_a_file_was_used(used: set[tuple[str, int]]) -> None:
    """Each place that refuses a file was come to by one of the tests above."""
    if len(used) > 1:
        assert unused(used, ["config_file"]) == []
