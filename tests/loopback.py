"""A web server on this machine, in a process of its own, that behaves as the first part of the path says.

``http://127.0.0.1:PORT/cut-5000/FILE`` is a file of the folder of which each answer ends after 5,000 bytes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.request import ProxyHandler, build_opener

OTHER_ADDRESS = "127.0.0.2"  # of the same machine, so that what goes there is seen


class Server:
    """The server, from here: its address, and what it was asked."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, str(Path(__file__)), str(folder)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.address = f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def asked(self) -> list[dict[str, str]]:
        """The requests since the last call of this: host, path, and the headers that matter."""
        with build_opener(ProxyHandler({})).open(f"{self.address}/log", timeout=30) as answer:
            found: list[dict[str, str]] = json.load(answer)
            return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    folder: Path
    seen: ClassVar[list[dict[str, str]]] = []
    times: ClassVar[Counter[str]] = Counter()

    def do_GET(self) -> None:
        if self.path == "/log":
            said = json.dumps(Handler.seen).encode()
            Handler.seen.clear()
            self.answer(said)
            return
        named = {name: self.headers[name] for name in ("Host", "Range", "If-Range") if name in self.headers}
        Handler.seen.append({"path": self.path, **named})
        Handler.times[self.path] += 1
        _, how, name = self.path.split("/", 2)
        kind, _, number = how.partition("-")
        WAYS[kind](self, (self.folder / name).read_bytes(), number)

    def answer(self, data: bytes, *, tag: str = '"this"', ranges: bool = True, most: int | None = None) -> None:
        """A file, or the part that was asked for; the connection ends after ``most`` bytes."""
        start, wanted = 0, self.headers.get("Range", "")
        if ranges and wanted and self.headers.get("If-Range", tag) == tag:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if start >= len(data) > 0:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(data)}")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        if tag:
            self.send_header("ETag", tag)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        self.wfile.write(data[start:][:most])

    def refuse(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def first(self) -> bool:
        """Whether this address is asked for the first time."""
        return Handler.times[self.path] == 1

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _swapped(data: bytes) -> bytes:
    """Another file of the same length."""
    return bytes(byte ^ 1 for byte in data)


def _unsaid(handler: Handler, data: bytes, more: str) -> None:
    """So many bytes too many, of which no header tells."""
    handler.refuse(200)
    handler.wfile.write(data + bytes(int(more)))


def _silent(handler: Handler, data: bytes, after: str) -> None:
    """Some bytes, and then nothing; the next time all is well."""
    if not handler.first():
        handler.answer(data)
        return
    handler.answer(data, most=int(after))
    handler.wfile.flush()
    time.sleep(600)


def _slow(handler: Handler, data: bytes, pieces: str) -> None:
    """In so many pieces, with pauses."""
    handler.refuse(200, Content_Length=str(len(data)), ETag='"this"')
    size = -(-len(data) // int(pieces))
    for start in range(0, len(data), size):
        handler.wfile.write(data[start : start + size])
        time.sleep(0.05)


def _mute(handler: Handler, data: bytes, number: str) -> None:
    time.sleep(600)


def _mixed(handler: Handler, data: bytes, most: str) -> None:
    """A server that does not say that it has another file by now."""
    if handler.first():
        handler.answer(_swapped(data), tag="", most=int(most))
    else:
        handler.answer(data, tag="")


def _changed(handler: Handler, data: bytes, most: str) -> None:
    """One that says so."""
    if handler.first():
        handler.answer(_swapped(data), tag='"old"', most=int(most))
    else:
        handler.answer(data, tag='"new"')


def _moved(handler: Handler, place: str) -> None:
    """A redirect with a body that nobody should wait for."""
    handler.refuse(302, Location=place, Content_Length=str(10**12))
    handler.wfile.write(bytes(1000))


def _there(handler: Handler, data: bytes, number: str) -> None:
    _moved(handler, handler.path.replace("/there/", "/whole/"))


def _elsewhere(handler: Handler, data: bytes, number: str) -> None:
    port, name = handler.headers["Host"].partition(":")[2], handler.path.rpartition("/")[2]
    _moved(handler, f"http://{OTHER_ADDRESS}:{port}/whole/{name}")


def _broken(handler: Handler, data: bytes, times: str) -> None:
    if Handler.times[handler.path] <= int(times):
        handler.refuse(500)
    else:
        handler.answer(data)


WAYS: dict[str, Callable[[Handler, bytes, str], None]] = {
    "whole": lambda handler, data, number: handler.answer(data),
    "weak": lambda handler, data, number: handler.answer(data, tag='W/"this"', most=int(number)),
    "cut": lambda handler, data, number: handler.answer(data, most=int(number)),
    "once": lambda handler, data, number: handler.answer(data, most=int(number) if handler.first() else None),
    "stubborn": lambda handler, data, number: handler.answer(data, ranges=False, most=int(number)),
    "other": lambda handler, data, number: handler.answer(_swapped(data)),
    "longer": lambda handler, data, number: handler.answer(data + b"x"),
    "shorter": lambda handler, data, number: handler.answer(data[:-1]),
    "missing": lambda handler, data, number: handler.refuse(404),
    "busy": lambda handler, data, number: handler.refuse(503, Retry_After=number),
    "file": lambda handler, data, number: _moved(handler, "file:///etc/passwd"),
    "plain": lambda handler, data, number: _moved(handler, "http://example.com/x"),
    "round": lambda handler, data, number: _moved(handler, handler.path),
    "nowhere": lambda handler, data, number: _moved(handler, "http://[::1"),
    "packed": lambda handler, data, number: handler.refuse(200, Content_Encoding="gzip"),
    "nonsense": lambda handler, data, number: handler.wfile.write(b"hello\r\n\r\n") and None,
    "unsaid": _unsaid,
    "silent": _silent,
    "slow": _slow,
    "mute": _mute,
    "mixed": _mixed,
    "changed": _changed,
    "there": _there,
    "elsewhere": _elsewhere,
    "broken": _broken,
}


def main() -> None:
    Handler.folder = Path(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port = server.server_address[1]
    with suppress(OSError):  # not every system has more than one address of itself
        threading.Thread(target=ThreadingHTTPServer((OTHER_ADDRESS, port), Handler).serve_forever, daemon=True).start()
    print(port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
