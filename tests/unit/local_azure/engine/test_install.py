import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local_azure.engine import cache, install
from local_azure.engine.errors import NotReached

pytestmark = pytest.mark.usefixtures("machine")

ARCHIVE = "/pulumi-v3.259.0-linux-x64.tar.gz"
CHECKSUMS = "/pulumi-3.259.0-checksums.txt"


def archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as files:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(name)
            files.addfile(member, io.BytesIO(name.encode()))
    return buffer.getvalue()


def checksums(content: bytes) -> bytes:
    return f"{hashlib.sha256(content).hexdigest()}  {ARCHIVE[1:]}\n{'0' * 64}  other.tar.gz\n".encode()


class Releases(ThreadingHTTPServer):
    """Serves what `files` holds."""

    files: dict[str, bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Releases

    def do_GET(self) -> None:
        content = self.server.files.get(self.path)
        self.send_response(404 if content is None else 200)
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, format: str, *arguments: object) -> None:
        """The tests' output stays clean."""


@pytest.fixture(autouse=True)
def linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "target", lambda: ("linux", "amd64"))


@pytest.fixture
def releases() -> Iterator[Releases]:
    with Releases(("127.0.0.1", 0), Handler) as server:
        server.files = {}
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_the_release_is_unpacked_into_the_cache_without_the_hosts_of_other_languages(releases: Releases) -> None:
    content = archive("pulumi/pulumi", "pulumi/pulumi-language-python", "pulumi/pulumi-language-go")
    releases.files = {ARCHIVE: content, CHECKSUMS: checksums(content)}
    install.install(releases.url)
    directory = cache.release_directory()
    assert sorted(file.name for file in directory.iterdir()) == ["pulumi", "pulumi-language-python"]
    assert (directory / "pulumi").stat().st_mode & 0o777 == 0o755


def test_a_release_that_is_not_what_its_checksum_says_is_refused(releases: Releases) -> None:
    releases.files = {ARCHIVE: archive("pulumi/pulumi"), CHECKSUMS: checksums(b"something else")}
    with pytest.raises(NotReached, match="SHA-256"):
        install.install(releases.url)
    assert not cache.release_directory().exists()


def test_a_release_without_a_checksum_is_refused(releases: Releases) -> None:
    releases.files = {ARCHIVE: archive("pulumi/pulumi"), CHECKSUMS: b""}
    with pytest.raises(NotReached, match="does not list"):
        install.install(releases.url)


def test_an_archive_that_lacks_the_language_host_is_refused(releases: Releases) -> None:
    content = archive("pulumi/pulumi")
    releases.files = {ARCHIVE: content, CHECKSUMS: checksums(content)}
    with pytest.raises(NotReached, match="no pulumi-language-python"):
        install.install(releases.url)


def test_an_archive_that_is_none_is_refused(releases: Releases) -> None:
    releases.files = {ARCHIVE: b"<html>", CHECKSUMS: checksums(b"<html>")}
    with pytest.raises(NotReached, match="cannot be read"):
        install.install(releases.url)


def test_a_member_that_points_outside_stays_inside(releases: Releases) -> None:
    content = archive("../../pulumi", "/tmp/pulumi-language-python")  # noqa: S108  no file is made there
    releases.files = {ARCHIVE: content, CHECKSUMS: checksums(content)}
    install.install(releases.url)
    assert (cache.release_directory() / "pulumi").read_text() == "../../pulumi"


def test_a_host_that_is_not_reached_is_said_so() -> None:
    with pytest.raises(NotReached, match="is not reached"):
        install.install("https://get.pulumi.invalid")


def test_a_resolver_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "_REACHED_SECONDS", 0.05)
    answered = threading.Event()
    monkeypatch.setattr(install, "_fetch", lambda *_: answered.wait() and b"")
    with pytest.raises(NotReached, match="no answer"):
        install.install("https://get.pulumi.invalid")
    answered.set()
