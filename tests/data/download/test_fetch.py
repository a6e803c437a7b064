"""Files over the network, from a server that does what servers do: all of the file and nothing else, or one line."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback import OTHER_ADDRESS, Server

from nettrain.data.download import connection, fetch
from nettrain.data.download.fetch import Begun, Came, Fact, Setback, There, Whole, download
from nettrain.data.download.sets import SETS, DataSet, Remote
from nettrain.errors import DataError, EnvironmentFault, NettrainError

DATA = hashlib.shake_256(b"a file").digest(300_000)
OTHER = bytes(byte ^ 1 for byte in DATA)
LABELS = b"a small file"
FILE = Remote("images.gz", len(DATA), hashlib.sha256(DATA).hexdigest())
SMALL = Remote("labels.gz", len(LABELS), hashlib.sha256(LABELS).hexdigest())
KEPT = "are kept in {}.partial, and the same command goes on from there"
ELSE = "try again later, or --from another address"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("served")
    (folder / FILE.name).write_bytes(DATA)
    (folder / SMALL.name).write_bytes(LABELS)
    for number in range(40):  # the server counts by address
        (folder / f"{number}.gz").write_bytes(DATA)
    with Server(folder) as running:
        yield running


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    monkeypatch.setattr(fetch, "PAUSES", (0.01, 0.01, 0.01))
    server.asked()


def wanted(server: Server, *ways: str, name: str = FILE.name) -> DataSet:
    """A set of one file that the server has, in these ways one after another."""
    places = tuple(f"{server.address}/{way}/" for way in ways)
    return DataSet("", "", places, (Remote(name, FILE.size, FILE.sha256),))


def facts(found: Iterator[Fact]) -> list[Fact]:
    """All but the pieces."""
    return [fact for fact in found if not isinstance(fact, Came)]


def refused(found: Iterator[Fact], kind: type[NettrainError]) -> list[str]:
    with pytest.raises(kind) as caught:
        list(found)
    return [str(fault) for fault in caught.value.faults]


def test_every_row_of_the_table_is_complete_and_of_https() -> None:
    for row in SETS.values():
        assert row.files
        assert row.what
        assert len({file.name for file in row.files}) == len(row.files)
        for place in row.places:
            assert place.startswith("https://")
            assert place.endswith("/")
            assert connection.host_of(place).endswith(":443")
        for file in row.files:
            assert len(bytes.fromhex(file.sha256)) == 32
            assert file.size > 0


def test_a_set_comes_whole_into_a_folder_that_is_made(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    both = DataSet("", "", (f"{server.address}/whole/",), (FILE, SMALL))
    assert facts(download(both, str(folder))) == [
        Begun(f"{folder}/images.gz.partial", 0, len(DATA)),
        Whole(f"{folder}/images.gz", len(DATA)),
        Begun(f"{folder}/labels.gz.partial", 0, len(LABELS)),
        Whole(f"{folder}/labels.gz", len(LABELS)),
    ]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"images.gz": DATA, "labels.gz": LABELS}
    server.asked()
    assert list(download(both, str(folder))) == [There(f"{folder}/images.gz"), There(f"{folder}/labels.gz")]
    assert server.asked() == []


def test_what_breaks_off_goes_on_where_it_was(server: Server, tmp_path: Path) -> None:
    row = wanted(server, "cut-100000")
    found = facts(download(row, str(tmp_path)))
    address = f"{row.places[0]}images.gz"
    assert found == [
        Begun(f"{tmp_path}/images.gz.partial", 0, 300_000),
        Setback(address, "broke off after 100,000 of 300,000 bytes", "asks again in 0.01 s"),
        Begun(f"{tmp_path}/images.gz.partial", 100_000, 300_000),
        Setback(address, "broke off after 200,000 of 300,000 bytes", "asks again in 0.01 s"),
        Begun(f"{tmp_path}/images.gz.partial", 200_000, 300_000),
        Whole(f"{tmp_path}/images.gz", 300_000),
    ]
    asked = [(request.get("Range"), request.get("If-Range")) for request in server.asked()]
    assert asked == [(None, None), ("bytes=100000-", '"this"'), ("bytes=200000-", '"this"')]
    assert [path.name for path in tmp_path.iterdir()] == ["images.gz"]
    assert (tmp_path / "images.gz").read_bytes() == DATA


def test_another_call_goes_on_where_one_was_left(server: Server, tmp_path: Path) -> None:
    begun = download(wanted(server, "whole"), str(tmp_path))
    while not isinstance(next(begun), Came):
        pass
    begun.close()  # as when the process ends
    half = (tmp_path / "images.gz.partial").stat().st_size
    assert 0 < half < len(DATA)
    assert not (tmp_path / "images.gz").exists()
    server.asked()
    found = facts(download(wanted(server, "whole"), str(tmp_path)))
    assert found[0] == Begun(f"{tmp_path}/images.gz.partial", half, len(DATA))
    assert [request["Range"] for request in server.asked()] == [f"bytes={half}-"]
    assert [path.name for path in tmp_path.iterdir()] == ["images.gz"]


def test_a_part_that_is_all_there_is_not_asked_for_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "images.gz.partial").write_bytes(DATA)
    assert facts(download(wanted(server, "whole"), str(tmp_path))) == [Whole(f"{tmp_path}/images.gz", len(DATA))]
    assert server.asked() == []


@pytest.mark.parametrize("left", [OTHER, OTHER[:1000], DATA + b"more", b""])
def test_a_part_of_something_else_does_no_harm(server: Server, tmp_path: Path, left: bytes) -> None:
    (tmp_path / "images.gz.partial").write_bytes(left)
    list(download(wanted(server, "whole"), str(tmp_path)))
    assert (tmp_path / "images.gz").read_bytes() == DATA
    assert [path.name for path in tmp_path.iterdir()] == ["images.gz"]


@pytest.mark.parametrize("note", [b"\xff", b"a\nb", b"x" * 5000, b'"another"'])
def test_a_note_of_something_else_does_no_harm(server: Server, tmp_path: Path, note: bytes) -> None:
    (tmp_path / "images.gz.partial").write_bytes(DATA[:1000])
    (tmp_path / "images.gz.partial.etag").write_bytes(note)
    list(download(wanted(server, "whole"), str(tmp_path)))
    assert (tmp_path / "images.gz").read_bytes() == DATA
    assert [path.name for path in tmp_path.iterdir()] == ["images.gz"]


@pytest.mark.parametrize(
    ("way", "begun"),
    [
        ("changed-5000", [0, 0]),  # the server says so, and sends all
        ("mixed-5000", [0, 5000, 0]),  # it does not, and the SHA-256 does
        ("stubborn-200000", [0, 0]),  # and cannot go on at all: see below
        ("weak-200000", [0, 200_000]),  # a weak ETag is no name for bytes
    ],
)
def test_a_file_that_changes_meanwhile(server: Server, tmp_path: Path, way: str, begun: list[int]) -> None:
    found = download(wanted(server, way, name="1.gz"), str(tmp_path))
    if way.startswith("stubborn"):
        (line,) = refused(found, EnvironmentFault)
        assert line == (
            f"{server.address}/{way}/1.gz: broke off after 200,000 of 300,000 bytes; "
            f"0.2 MB {KEPT.format(tmp_path / '1.gz')}"
        )
        return
    assert [fact.start for fact in found if isinstance(fact, Begun)] == begun
    assert (tmp_path / "1.gz").read_bytes() == DATA


def test_a_server_that_recovers(server: Server, tmp_path: Path) -> None:
    row = wanted(server, "broken-2")
    again = Setback(f"{row.places[0]}images.gz", "answers HTTP 500 (Internal Server Error)", "asks again in 0.01 s")
    begun, whole = Begun(f"{tmp_path}/images.gz.partial", 0, 300_000), Whole(f"{tmp_path}/images.gz", 300_000)
    assert facts(download(row, str(tmp_path))) == [again, again, begun, whole]
    assert (tmp_path / "images.gz").read_bytes() == DATA


def test_a_slow_server_is_waited_for_while_something_comes(server: Server, tmp_path: Path) -> None:
    found = facts(download(wanted(server, "slow-20"), str(tmp_path), seconds=0.5))
    assert [type(fact) for fact in found] == [Begun, Whole]


def test_silence_has_an_end(server: Server, tmp_path: Path) -> None:
    found = facts(download(wanted(server, "silent-1000"), str(tmp_path), seconds=0.2))
    assert found[1] == Setback(
        f"{server.address}/silent-1000/images.gz", "nothing came for 0.2 seconds", "asks again in 0.01 s"
    )
    assert found[2] == Begun(f"{tmp_path}/images.gz.partial", 1000, 300_000)
    assert (tmp_path / "images.gz").read_bytes() == DATA


BROKEN = {  # how the server behaves: the exit code, and what is said of it
    "missing": (5, f"answers HTTP 404 (Not Found); {ELSE}"),
    "broken-99": (5, f"answers HTTP 500 (Internal Server Error); {ELSE}"),
    "busy-0": (5, f"answers HTTP 503 (Service Unavailable); {ELSE}"),
    "mute": (5, f"nothing came for 0.2 seconds; {ELSE}"),
    "nonsense": (5, f"its answer is not HTTP: 'hello'; {ELSE}"),
    "packed": (5, f"sends the file packed (gzip), though that was not asked for; {ELSE}"),
    "round": (5, f"redirects more than 5 times; {ELSE}"),
    "nowhere": (5, f"redirects to 'http://[::1', which is no address; {ELSE}"),
    "file": (
        5,
        f"redirects to 'file:///etc/passwd'; expected https://..., or http:// on this very machine (127.0.0.1); {ELSE}",
    ),
    "plain": (
        5,
        "redirects to 'http://example.com/x'; expected https://..., or http:// on this very machine (127.0.0.1); "
        + ELSE,
    ),
    "longer": (3, f"has 300,001 bytes, expected 300,000; {ELSE}"),
    "shorter": (3, f"has 299,999 bytes, expected 300,000; {ELSE}"),
    "unsaid-1": (3, f"has more than the 300,000 bytes that were expected; {ELSE}"),
    "other": (
        3,
        f"is another file: its SHA-256 is {hashlib.sha256(OTHER).hexdigest()}, expected {FILE.sha256}; {ELSE}",
    ),
}


@pytest.mark.parametrize("way", BROKEN)
def test_what_is_not_the_file_never_gets_its_name(server: Server, tmp_path: Path, way: str) -> None:
    code, said = BROKEN[way]
    with pytest.raises(NettrainError) as caught:
        list(download(wanted(server, way), str(tmp_path), seconds=0.2))
    assert caught.value.lines() == [f"nettrain: error: {server.address}/{way}/images.gz: {said}"]
    assert caught.value.code == code
    assert list(tmp_path.iterdir()) == []


def test_a_redirect_is_followed_to_known_hosts_only(server: Server, tmp_path: Path) -> None:
    list(download(wanted(server, "there"), str(tmp_path)))
    assert (tmp_path / "images.gz").read_bytes() == DATA
    assert [request["path"] for request in server.asked()] == ["/there/images.gz", "/whole/images.gz"]
    away = f"http://{OTHER_ADDRESS}:{server.address.rpartition(':')[2]}/whole/1.gz"
    (line,) = refused(download(wanted(server, "elsewhere", name="1.gz"), str(tmp_path)), EnvironmentFault)
    said = f"redirects to {away!r}, a host that is not known to have the file; {ELSE}"
    assert line == f"{server.address}/elsewhere/1.gz: {said}"
    assert [request["path"] for request in server.asked()] == ["/elsewhere/1.gz"]


def test_the_next_address_is_asked_where_one_fails(server: Server, tmp_path: Path) -> None:
    row = wanted(server, "missing", "other", "whole")
    found = facts(download(row, str(tmp_path)))
    assert found == [
        Setback(f"{row.places[0]}images.gz", "answers HTTP 404 (Not Found)", "asks the next address"),
        Begun(f"{tmp_path}/images.gz.partial", 0, 300_000),
        Setback(
            f"{row.places[1]}images.gz",
            f"is another file: its SHA-256 is {hashlib.sha256(OTHER).hexdigest()}, expected {FILE.sha256}",
            "asks the next address",
        ),
        Begun(f"{tmp_path}/images.gz.partial", 0, 300_000),
        Whole(f"{tmp_path}/images.gz", 300_000),
    ]


def test_a_part_is_gone_on_with_at_the_next_address(server: Server, tmp_path: Path) -> None:
    row = wanted(server, "stubborn-100000", "whole")
    begun = [fact.start for fact in download(row, str(tmp_path)) if isinstance(fact, Begun)]
    assert begun[-1] == 100_000
    assert (tmp_path / "images.gz").read_bytes() == DATA


def test_where_every_address_fails_each_has_its_line(server: Server, tmp_path: Path) -> None:
    lines = refused(download(wanted(server, "other", "missing"), str(tmp_path)), EnvironmentFault)
    assert len(lines) == 2
    assert lines[0].startswith(f"{server.address}/other/images.gz: is another file: ")
    assert lines[1] == f"{server.address}/missing/images.gz: answers HTTP 404 (Not Found); {ELSE}"


def test_nobody_there(tmp_path: Path) -> None:
    row = DataSet("", "", ("http://127.0.0.1:9/",), (FILE,))
    (line,) = refused(download(row, str(tmp_path)), EnvironmentFault)
    assert line == f"http://127.0.0.1:9/images.gz: no connection: connection refused; {ELSE}"


def test_a_mirror_takes_the_place_of_all_addresses(server: Server, tmp_path: Path) -> None:
    row = DataSet("", "", ("https://never.invalid/",), (FILE,))
    for mirror in (f"{server.address}/whole", f"{server.address}/whole/"):
        folder = tmp_path / str(len(mirror))
        list(download(row, str(folder), mirror))
        assert (folder / "images.gz").read_bytes() == DATA


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://example.com/", "expected https://..., or http:// on this very machine (127.0.0.1)"),
        ("ftp://127.0.0.1/", "expected https://..., or http:// on this very machine (127.0.0.1)"),
        ("file:///data", "expected https://..., or http:// on this very machine (127.0.0.1)"),
        ("example.com", "expected https://..., or http:// on this very machine (127.0.0.1)"),
        ("http://127.0.0.1.example.com/", "expected https://..., or http:// on this very machine (127.0.0.1)"),
        ("https://me:secret@example.com/", "expected an address without name and password"),
    ],
)
def test_an_address_that_may_not_be_asked(address: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"^expected") as caught:
        connection.host_of(address)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://Example.com/x", "example.com:443"),
        ("https://example.com:8443/x", "example.com:8443"),
        ("http://127.0.0.1:8000/", "127.0.0.1:8000"),
        ("http://127.3.2.1/", "127.3.2.1:80"),
        ("http://[::1]:8000/", "::1:8000"),
        ("http://localhost/", "localhost:80"),
    ],
)
def test_an_address_that_may_be_asked(address: str, host: str) -> None:
    assert connection.host_of(address) == host


def test_what_is_there_and_is_another_stays(server: Server, tmp_path: Path) -> None:
    for there in (b"mine", OTHER):
        (tmp_path / "images.gz").write_bytes(there)
        (line,) = refused(download(wanted(server, "whole"), str(tmp_path)), DataError)
        said = "is there already, and is another file; move it away, or choose another --output"
        assert line == f"{tmp_path}/images.gz: {said}"
        assert (tmp_path / "images.gz").read_bytes() == there
    assert server.asked() == []


def test_one_process_at_a_time(server: Server, tmp_path: Path) -> None:
    begun = download(wanted(server, "whole"), str(tmp_path))
    next(begun)
    (line,) = refused(download(wanted(server, "whole"), str(tmp_path)), EnvironmentFault)
    assert line == f"{tmp_path}/images.gz.partial: is being written by another process; wait for it to end"
    list(begun)
    assert (tmp_path / "images.gz").read_bytes() == DATA


def test_a_disk_without_room_is_seen_before_anything_comes(server: Server, tmp_path: Path) -> None:
    huge = DataSet("", "", (f"{server.address}/whole/",), (Remote("images.gz", 10**18, FILE.sha256),))
    (line,) = refused(download(huge, str(tmp_path)), EnvironmentFault)
    assert line.startswith(f"{tmp_path}/images.gz.partial: 1000000000.0 GB are to come, but ")
    assert line.endswith(" are free on the disk; free some space, or choose another --output")
    assert server.asked() == []
    assert list(tmp_path.iterdir()) == []
