"""The search for secret values finds each that is planted, and no other."""

from __future__ import annotations

import base64
import gzip
import html
import io
import json
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from canary_search import files, forms, found_in, search

VALUE = 'not a/real+secret"4711"&ü=='


def archive(name: str, content: bytes) -> bytes:
    """A zip archive with one file."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, content)
    return written.getvalue()


def tape(content: bytes) -> bytes:
    """A tar archive with one file."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as packed:
        entry = tarfile.TarInfo("a.txt")
        entry.size = len(content)
        packed.addfile(entry, io.BytesIO(content))
    return written.getvalue()


PLANTED: dict[str, Callable[[str], str | bytes]] = {
    "plain": lambda value: f"key={value}.",
    "JSON": lambda value: json.dumps({"a": value}),
    "JSON in JSON": lambda value: json.dumps(json.dumps([value])),
    "JSON in UTF-8": lambda value: json.dumps({"a": value}, ensure_ascii=False),
    "a part of a URL": lambda value: f"https://x.org/?a={quote(value, safe='')}",
    "a path of a URL": lambda value: f"https://x.org/{quote(value)}",
    "a form": lambda value: f"a={quote_plus(value)}&b=1",
    "HTML": lambda value: f"<p>{html.escape(value)}</p>",
    "Python": lambda value: f"{value!r}",
    "hex": lambda value: value.encode().hex(),
    "HEX": lambda value: f"0x{value.encode().hex().upper()}",
    "hex dump": lambda value: value.encode().hex(" "),
    "UTF-16": lambda value: f"x{value}".encode("utf-16-le"),
    "base64 of Basic authentication": lambda value: base64.b64encode(f"user:{value}".encode()),
    "base64 for URLs": lambda value: base64.urlsafe_b64encode(f"??{value}".encode()),
    "gzip": lambda value: gzip.compress(f"log {value}".encode()),
    "gzip after something": lambda value: b"head" + gzip.compress(value.encode()) + b"tail",
    "zlib": lambda value: zlib.compress(f"log {value}".encode()),
    "zip": lambda value: archive("a.txt", value.encode()),
    "zip in zip": lambda value: archive("a.zip", archive("b.txt", value.encode())),
    "tar.gz": lambda value: gzip.compress(tape(value.encode())),
    "gzip in base64 in JSON": lambda value: json.dumps(
        {"data": base64.b64encode(gzip.compress(f"a log line with {value}".encode())).decode()}
    ),
    "JSON in zip in base64": lambda value: base64.b64encode(
        archive("a.json", json.dumps({"a": value}).encode())
    ),
}


@pytest.mark.parametrize("form", PLANTED)
def test_a_planted_value_is_found(form: str) -> None:
    """In every form, and another value in the same form is not."""
    assert found_in(VALUE, PLANTED[form](VALUE))
    assert not found_in(VALUE, PLANTED[form]("another, of about this length"))


@pytest.mark.parametrize("before", range(7))
@pytest.mark.parametrize("after", range(4))
def test_base64_is_found_at_any_place(before: int, after: int) -> None:
    """Whatever stands before and after it in what was encoded."""
    text = b"x" * before + VALUE.encode() + b"y" * after
    assert found_in(VALUE, base64.b64encode(text))
    assert found_in(VALUE, base64.urlsafe_b64encode(text))
    assert not found_in(VALUE, base64.b64encode(text.replace(b"4711", b"4712")))


def test_the_place_is_told_and_not_the_value(tmp_path: Path) -> None:
    """Names of files are looked at as well."""
    (tmp_path / "not-a-real-name").write_text("")
    (tmp_path / "b.bin").write_bytes(gzip.compress(b"not-a-real-value"))
    (tmp_path / "env.sh").write_text("not-a-real-value")
    values = {"name": "not-a-real-name", "value": "not-a-real-value", "none": "not-a-real-thing"}
    assert search(values, files(tmp_path, but=["env.sh"])) == [
        ("b.bin", "value"),
        ("not-a-real-name", "name"),
    ]


def test_no_form_is_too_short_to_tell() -> None:
    """Each form of a value of eight letters has at least as many."""
    assert min(map(len, forms("a1b2c3d4"))) >= 8
