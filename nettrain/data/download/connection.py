"""The one module that opens a connection: a file is asked for by its address, from a byte on, and comes in pieces."""

from __future__ import annotations

import errno
import http.client
import ipaddress
import re
import socket
import ssl
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.error import URLError
from urllib.parse import SplitResult, urljoin, urlsplit
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

from nettrain.config.words import short, shown
from nettrain.version import __version__

PIECE = 1 << 16  # bytes that are asked of the system at once
REDIRECTS = 5
MOVED = frozenset({301, 302, 303, 307, 308})
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})  # answers that may be another in a while
OFFLINE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN})
_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")


class Trouble(Exception):
    """The file did not come, or not to its end; the message says why.

    ``lasting``: another try would not help. ``wait``: seconds that the server asks for until then. ``over``: what has
    come before is of no use.
    """

    def __init__(self, reason: str, *, lasting: bool = False, wait: float | None = None, over: bool = False) -> None:
        super().__init__(reason)
        self.lasting, self.wait, self.over = lasting, wait, over


class OtherFile(Exception):
    """What is at an address is not the file that was wanted; the message says how that is known."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Bytes of a file from ``start`` on; ``validator`` names this very file to the server, empty if it has no name."""

    start: int
    validator: str
    pieces: Iterator[bytes]


def host_of(address: str) -> str:
    """The host and port of an address that may be asked: https, or http on this machine itself.

    Errors   ValueError says what is wrong with another.
    """
    parts = urlsplit(address)
    if parts.username is not None or parts.password is not None:
        raise ValueError("expected an address without name and password")
    if not parts.hostname or (parts.scheme != "https" and not (parts.scheme == "http" and _is_this_machine(parts))):
        raise ValueError("expected https://..., or http:// on this very machine (127.0.0.1)")
    return f"{parts.hostname}:{parts.port or {'https': 443, 'http': 80}[parts.scheme]}"


@contextmanager
def asked(
    address: str, hosts: Collection[str], size: int, start: int, validator: str, seconds: float
) -> Iterator[Reply]:
    """Ask for a file of ``size`` bytes from ``start`` on; the reply begins there, or else with its first byte.

    Errors   Trouble, here and while pieces are taken; OtherFile if the server says that the file has another size.
    Notes    Only ``hosts`` are asked, wherever an answer redirects to. ``seconds`` is how long nothing may come.
             ``validator`` is what a reply to an earlier call had: if the file is another by now, it comes whole.
    """
    headers = {"User-Agent": f"nettrain/{__version__}"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if validator:
            headers["If-Range"] = validator
    response = _answer(address, hosts, headers, seconds)
    try:
        begins = _begins_at(response, size, start, validator)
        yield Reply(begins, _validator(response), _pieces(response, seconds))
    finally:
        response.close()


def _answer(address: str, hosts: Collection[str], headers: dict[str, str], seconds: float) -> http.client.HTTPResponse:
    """The answer to a request, redirects followed by hand: urllib would read what comes with one, however long."""
    for _ in range(REDIRECTS + 1):
        try:
            host = host_of(address)
        except ValueError as error:
            raise Trouble(f"redirects to {shown(address)}; {error}", lasting=True) from None
        if host not in hosts:
            raise Trouble(f"redirects to {shown(address)}, a host that is not known to have the file", lasting=True)
        with _in_words(seconds):
            response: http.client.HTTPResponse = _opener(address).open(Request(address, headers=headers), None, seconds)
        if response.status not in MOVED:
            return response
        place = response.headers.get("Location", "")
        response.close()
        try:
            address = urljoin(address, place)
        except ValueError:
            raise Trouble(f"redirects to {shown(place)}, which is no address", lasting=True) from None
    raise Trouble(f"redirects more than {REDIRECTS} times", lasting=True)


def _opener(address: str) -> OpenerDirector:
    """What opens an address: nothing but HTTP, certificates checked, through a proxy if the environment names one."""
    opener = OpenerDirector()
    proxies = ProxyHandler({}) if _is_this_machine(urlsplit(address)) else ProxyHandler()
    for handler in (proxies, HTTPHandler(), HTTPSHandler(context=ssl.create_default_context())):
        opener.add_handler(handler)
    return opener


def _is_this_machine(parts: SplitResult) -> bool:
    if parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def _begins_at(response: http.client.HTTPResponse, size: int, start: int, validator: str) -> int:
    """The place in the file where the body of this answer begins."""
    status, headers = response.status, response.headers
    there = _RANGE.fullmatch(headers.get("Content-Range", "")) if status in (206, 416) else None
    length = headers.get("Content-Length", "") if status == 200 else there[2] if there else ""
    if length.isdecimal() and int(length) != size:
        raise OtherFile(f"has {int(length):,} bytes, expected {size:,}")
    if status == 416:
        raise Trouble(f"cannot go on from byte {start:,}", over=True)
    if status not in (200, 206):
        phrase = http.client.responses.get(status) or short(response.reason)
        asks = headers.get("Retry-After", "")
        wait = float(asks) if asks.isdecimal() else None
        raise Trouble(f"answers HTTP {status} ({phrase})", lasting=status not in PASSING, wait=wait)
    if (packed := headers.get("Content-Encoding", "identity")) != "identity":
        raise Trouble(f"sends the file packed ({short(packed)}), though that was not asked for", lasting=True)
    if status == 200:
        return 0
    if there is None or there[1] is None or int(there[1]) != start:
        raise Trouble(f"sends another part than that from byte {start:,} on", over=True)
    if validator.startswith('"') and headers.get("ETag", validator) != validator:
        raise Trouble("has another file by now", over=True)
    return start


def _validator(response: http.client.HTTPResponse) -> str:
    """What names this file, byte for byte: a strong ETag, or else when it was last changed (RFC 9110, 13.1.5)."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified", "")


def _pieces(response: http.client.HTTPResponse, seconds: float) -> Iterator[bytes]:
    """What comes, as it comes: nothing that has arrived waits for more, so that a break loses nothing."""
    while True:
        with _in_words(seconds):
            piece = response.read1(PIECE)
        if not piece:
            return
        yield piece


@contextmanager
def _in_words(seconds: float) -> Iterator[None]:
    """What goes wrong inside becomes Trouble."""
    try:
        yield
    except (OSError, http.client.HTTPException, ValueError) as error:
        cause = error.reason if isinstance(error, URLError) else error
        if isinstance(cause, TimeoutError):
            raise Trouble(f"nothing came for {seconds:g} seconds") from error
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise Trouble(f"its certificate is not trusted: {cause.verify_message}", lasting=True) from error
        if isinstance(cause, socket.gaierror):
            raise Trouble("no address is known for its name; is this machine online?", lasting=True) from error
        if isinstance(cause, http.client.RemoteDisconnected | http.client.IncompleteRead):
            raise Trouble("the connection broke off") from error
        if isinstance(cause, OSError):
            what = (cause.strerror or str(cause) or "no connection").lower()
            raise Trouble(f"no connection: {what}", lasting=cause.errno in OFFLINE) from error
        lasting = isinstance(cause, ValueError) and not isinstance(cause, http.client.HTTPException)
        raise Trouble(f"its answer is not HTTP: {shown(str(cause).strip())}", lasting=lasting) from error
