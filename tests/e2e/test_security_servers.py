"""What only the real web servers show: headers of proxies, bodies without a length, bytes that are no HTTP, starts."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.services import ROOT, AppProcesses, Process

pytestmark = pytest.mark.e2e
HOST = "pictures.example.com"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
CHUNKED = FORM + b"Transfer-Encoding: chunked\r\n"
HTTPS = b"X-Forwarded-Proto: https\r\nX-Forwarded-For: 203.0.113.1\r\n"


def ask(method: str, path: str, body: bytes = b"", head: bytes = HTTPS, host: str = HOST) -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n".encode() + head + b"\r\n" + body


def send(site: Process, data: bytes) -> str:
    """All that comes back until the server hangs up; empty when nobody listens."""
    parts, answer = urlsplit(site.url), b""
    try:
        with socket.create_connection((str(parts.hostname), int(parts.port or 0)), 10) as line:
            line.sendall(data)
            while chunk := line.recv(65536):
                answer += chunk
    except ConnectionError:  # a server may hang up on a body that it does not want
        pass
    return answer.decode("utf-8", "replace")


def status(site: Process, data: bytes) -> int:
    return int(send(site, data)[9:12] or 0)


@pytest.fixture(scope="module", params=["embedded", "web"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """waitress and gunicorn, as they stand behind a proxy that speaks https."""
    app = AppProcesses(
        tmp_path_factory.mktemp("site"), HTTPS="on", TRUSTED_PROXIES=1, ALLOWED_HOSTS=HOST, WEB_CONCURRENCY=1
    )
    app.manage("migrate")
    process: Process = getattr(app, request.param)()
    process.wait_for(lambda: status(process, ask("GET", "/healthz", head=b"")) == 200, 30, "health on plain http")
    yield process
    app.kill_all()


def test_behind_a_proxy_https_is_no_endless_redirect(site: Process) -> None:
    answer = send(site, ask("GET", "/"))
    assert answer.startswith("HTTP/1.1 200") and "Strict-Transport-Security: max-age=31536000" in answer
    assert "visitor=" in answer and answer.count("; Secure") == answer.count("Set-Cookie:")


def test_plain_http_leads_to_https(site: Process) -> None:
    answer = send(site, ask("GET", "/gallery/?q=1", head=b""))
    assert answer.startswith("HTTP/1.1 301") and f"Location: https://{HOST}/gallery/?q=1" in answer


def test_a_made_up_host_is_refused(site: Process) -> None:
    assert status(site, ask("GET", "/", host="evil.example")) == 400
    assert "evil.example" not in send(site, ask("GET", "/", head=HTTPS + b"X-Forwarded-Host: evil.example\r\n"))


def test_no_header_moves_the_site(site: Process) -> None:
    moved = ask("GET", "/elsewhere/admin/login/", head=HTTPS + b"SCRIPT_NAME: /elsewhere\r\n")
    assert (status(site, moved), status(site, ask("GET", "/elsewhere/admin/login/"))) == (404, 404)


def test_the_servers_tell_nothing_about_themselves(site: Process) -> None:
    answer = send(site, ask("GET", "/")).lower()
    assert "waitress" not in answer and "python/" not in answer and "django/" not in answer


@pytest.mark.parametrize("size", [200_000, 1_000_000, 3_000_000])
def test_a_large_body_is_a_413(site: Process, size: int) -> None:
    head = HTTPS + FORM + f"Content-Length: {size}\r\n".encode()
    assert status(site, ask("POST", "/generate/", b"x" * size, head)) in {413, 0 if size > 2_000_000 else 413}


def test_a_body_without_a_length_is_read_whole_or_refused(site: Process) -> None:
    small = ask("POST", "/generate/", b"8\r\nprompt=x\r\n0\r\n\r\n", HTTPS + CHUNKED)
    large = ask("POST", "/generate/", b"10000\r\n" + b"x" * 65536 + b"\r\n" + b"0\r\n\r\n", HTTPS + CHUNKED)
    assert {status(site, small), status(site, large)} <= {400, 403, 411, 413}


@pytest.mark.parametrize("path", ["/", "/nowhere", "/healthz", "/static/nothing"])
def test_nothing_of_an_answer_to_head_stands_before_the_next_answer(site: Process, path: str) -> None:
    head = ask("HEAD", path).replace(b"Connection: close\r\n", b"")
    answer = send(site, head + ask("GET", "/healthz"))
    first, _, rest = answer.partition("\r\n\r\n")
    assert "Content-Length: " in first and rest.startswith("HTTP/1.1 200")


def test_a_length_and_chunks_at_once_are_refused(site: Process) -> None:
    """Proxies and servers must not differ about where a request ends."""
    both = HTTPS + CHUNKED + b"Content-Length: 5\r\n"
    answer = send(site, ask("POST", "/generate/", b"0\r\n\r\nGET /gallery/ HTTP/1.1\r\n\r\n", both))
    assert answer.count("HTTP/1.1 ") == 1 and int(answer[9:12]) in {400, 403}


NONSENSE = {
    "no http": b"\x16\x03\x01\x02\x00\x01\xfc\r\n\r\n",
    "a line break in a path": b"GET /\nX: y HTTP/1.1\r\nHost: a\r\n\r\n",
    "a NUL in a header": ask("GET", "/", head=b"X-A: a\0b\r\n"),
    "a NUL in the path": ask("GET", "/%00", head=HTTPS),
    "no text in the path": ask("GET", "/%ff%fe/", head=HTTPS),
    "raw bytes in the path": b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "a charset that is none": ask("GET", "/gallery/?q=%ff", head=HTTPS + b"Content-Type: a/b; charset=hex\r\n"),
    "too many fields": ask("GET", "/gallery/?" + "a=1&" * 1200, head=HTTPS + b"Content-Type: a/b; charset=idna\r\n"),
    "a length that is none": ask("POST", "/generate/", b"x", HTTPS + FORM + b"Content-Length: -5\r\n"),
    "a long address": ask("GET", "/?" + "a" * 20_000),
    "many headers": ask("GET", "/", head=b"".join(b"X-%d: a\r\n" % number for number in range(5000))),
    "an unknown method": ask("BREW", "/"),
    "a whole address": ask("GET", "http://evil.example/"),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_gets_no_answer_of_500_and_the_next_one_is_served(site: Process, name: str) -> None:
    assert status(site, NONSENSE[name]) in {0, *range(200, 500), 501}
    assert status(site, ask("GET", "/healthz")) == 200


def test_x_forwarded_for_is_believed_only_as_far_as_the_proxy_wrote_it(site: Process) -> None:
    """What stands before the last hop came from the visitor, and changes nothing."""
    head = b"X-Forwarded-Proto: https\r\nX-Forwarded-For: %d.1.1.1, 203.0.113.77\r\n"
    tries = [FORM + head % number + b"Content-Length: 0\r\n" for number in range(1, 13)]
    page = send(site, ask("GET", "/login/"))
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    cookie = page.partition("csrftoken=")[2].partition(";")[0]
    extra = f"Cookie: csrftoken={cookie}\r\nX-CSRFToken: {token}\r\nReferer: https://{HOST}/\r\n".encode()
    assert [status(site, ask("POST", "/login/", head=head + extra)) for head in tries] == [200] * 10 + [429] * 2


# The start


@pytest.mark.parametrize("command", [["manage.py", "check"], ["manage.py", "serve"], ["-c", "import config.wsgi"]])
def test_bad_settings_stop_the_start_with_their_sentences(command: list[str], tmp_path: Path) -> None:
    bad = {
        "RATE_LIMIT": "often",
        "ALLOWED_HOSTS": "https://a.example",
        "CSRF_TRUSTED_ORIGINS": "a.example",
        "DATABASE_URL": "postgres://app:pa55word@[nonsense",
        "REDIS_URL": "redis://host:port",
        "TRUSTED_PROXIES": "many",
        "GALLERY": "open",
        "MEDIA_ROOT": str(ROOT / "manage.py" / "media"),
        "HF_TOKEN_FILE": str(tmp_path / "none"),
    }
    env = AppProcesses(tmp_path / "app").settings | {"HF_TOKEN": ""} | bad
    done = subprocess.run([sys.executable, *command], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    said = done.stdout + done.stderr
    assert done.returncode != 0 and "Traceback" not in said and "pa55word" not in said
    assert [name for name in bad if name not in said] == []


def test_a_site_with_settings_as_on_a_public_server_passes_djangos_own_checks(tmp_path: Path) -> None:
    app = AppProcesses(tmp_path, HTTPS="on", ALLOWED_HOSTS=HOST, TRUSTED_PROXIES=1)
    assert "no issues" in app.manage("check", "--deploy", "--fail-level", "WARNING")


@pytest.mark.parametrize(
    ("host", "expected"),
    [("HEROKU_APP_DEFAULT_DOMAIN_NAME", "my-app.herokuapp.com"), ("REPLIT_DOMAINS", "a.replit.app,b.example.com")],
)
def test_a_hosts_own_variables_are_picked_up(host: str, expected: str, tmp_path: Path) -> None:
    app = AppProcesses(tmp_path, **{host: expected})
    names = "s.ALLOWED_HOSTS, s.CSRF_TRUSTED_ORIGINS, s.HTTPS, s.TRUSTED_PROXIES"
    said = app.manage("shell", "--no-imports", "-c", f"from django.conf import settings as s; print({names})")
    for name in expected.split(","):
        assert f"'{name}'" in said and f"'https://{name}'" in said
    assert said.strip().endswith("True 1")
