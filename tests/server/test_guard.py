"""Claims about who may speak to the server at all."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Message

from semdraw.server.app import create_app
from semdraw.server.guard import ENTRANCE, Access, AccessError, Keys, is_loopback
from tests.server.doors import HOST, ORIGIN, PORT, TOKEN, guard, scope_of, status_of, studio


# ---- Host ----
@pytest.mark.parametrize(
    "host", [HOST, "localhost:8765", "LocalHost:1", "localhost", "[::1]:8765", "127.0.0.1"]
)
def test_this_machine_s_own_names_pass(host: str) -> None:
    assert status_of(guard(), scope_of(headers=[("Host", host)])) == 200


FOREIGN_HOSTS = [
    "evil.test",
    "evil.test:8765",
    "localhost.evil.test",
    "evil-localhost",
    "localhost.",
    "127.0.0.1.",
    "127.0.0.1.nip.io",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "127.0.0.2",
    "0.0.0.0",
    "[::]",
    "::1",
    "[::ffff:127.0.0.1]",
    "[::1",
    "localhost:99999",
    "localhost:",
    "localhost:80:80",
    "localhost:evil",
    "localhost@evil.test",
    "evil.test@localhost",
    "localhost/evil",
    "localhost evil.test",
    "localhost, evil.test",
    "local host",
    "xn--lcalhost-54a",
    "ｌocalhost".encode().decode("latin-1"),
    "",
    " localhost",
    "localhost\t",
]


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_foreign_names_are_refused(host: str) -> None:
    assert status_of(guard(), scope_of(headers=[("Host", host)])) == 421
    assert status_of(guard(), scope_of(kind="websocket", headers=[("Host", host), ("Origin", ORIGIN)])) == 421


@pytest.mark.parametrize(
    "headers", [[], [("Host", HOST), ("Host", HOST)], [("Host", HOST), ("Host", "evil.test")]]
)
def test_a_request_names_one_host_exactly(headers: list[tuple[str, str]]) -> None:
    assert status_of(guard(), scope_of(headers=headers)) == 421


def test_a_name_that_was_added_passes_and_may_stand_behind_tls() -> None:
    door = create_app(studio(), Access.at("127.0.0.1", allowed=["Paint.Example"], token=TOKEN))
    bearer = ("Authorization", f"Bearer {TOKEN}")
    for origin in ("http://paint.example", "https://paint.example"):
        headers = [("Host", "paint.example"), ("Origin", origin)]
        assert status_of(door, scope_of(kind="websocket", headers=[*headers, bearer])) == 200
        assert status_of(door, scope_of(kind="websocket", headers=headers)) == 401
    assert status_of(door, scope_of(headers=[("Host", "other.example"), bearer])) == 421


@pytest.mark.parametrize("name", ["paint.example.org", "192.168.1.5", "localhost.example"])
def test_a_name_that_others_may_know_needs_a_token(name: str) -> None:
    with pytest.raises(AccessError, match=f"{name}, so a token is needed: add --token"):
        Access.at("127.0.0.1", allowed=[name])
    assert Access.at("127.0.0.1", allowed=[name], token=TOKEN).token == TOKEN


@pytest.mark.parametrize("name", ["localhost", "127.0.0.2", "[::1]"])
def test_another_name_of_this_machine_alone_needs_none(name: str) -> None:
    assert Access.at("127.0.0.1", allowed=[name]).token is None


def test_the_address_that_was_connected_to_is_an_own_name() -> None:
    scope = scope_of(headers=[("Host", "192.168.1.5:8765"), ("Origin", "http://192.168.1.5:8765")])
    assert status_of(guard(), {**scope, "server": ("192.168.1.5", PORT)}) == 200
    assert status_of(guard(), {**scope, "server": ("192.168.1.6", PORT)}) == 421


# ---- Origin ----
FOREIGN_ORIGINS = [
    "null",
    "",
    "http://evil.test",
    "https://evil.test",
    "http://evil.test:8765",
    "http://localhost:8765",  # another name of this machine is another origin
    "http://[::1]:8765",
    "https://127.0.0.1:8765",
    "http://127.0.0.1",
    "http://127.0.0.1:80",
    "http://127.0.0.1:87650",
    "http://127.0.0.1:3000",
    "http://127.0.0.1:8765/",
    "http://127.0.0.1:8765/page",
    "http://127.0.0.1:8765.evil.test",
    "http://127.0.0.1:8765@evil.test",
    "http://evil.test/127.0.0.1:8765",
    "http://user@127.0.0.1:8765",
    "HTTP://127.0.0.1:8765",
    "http://127.0.0.1:8765 ",
    " http://127.0.0.1:8765",
    "http://127.0.0.1:8765, http://evil.test",
    "http://127.0.0.1:8765 http://evil.test",
    "http:127.0.0.1:8765",
    "//127.0.0.1:8765",
    "127.0.0.1:8765",
    "ws://127.0.0.1:8765",
    "file://",
    "chrome-extension://abcdefgh",
    "http://127.0.0.2:8765",
    "http://0.0.0.0:8765",
    "http://2130706433:8765",
    "http://127.1:8765",
    "http://127.0.0.1.:8765",
    "http://xn--127-xyz:8765",
    "http://evil.test#http://127.0.0.1:8765",
    "http://evil.test?http://127.0.0.1:8765",
    "http://127.0.0.1:08765",
    "http://*",
    "*",
]


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_foreign_pages_are_refused(origin: str, kind: str) -> None:
    assert status_of(guard(), scope_of(kind=kind, headers=[("Host", HOST), ("Origin", origin)])) == 403


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_the_page_s_own_origin_passes(kind: str) -> None:
    assert status_of(guard(), scope_of(kind=kind, headers=[("Host", HOST), ("Origin", ORIGIN)])) == 200


def test_two_origins_are_none() -> None:
    headers = [("Host", HOST), ("Origin", ORIGIN), ("Origin", "http://evil.test")]
    assert status_of(guard(), scope_of(headers=headers)) == 403


def test_without_an_origin_one_may_look_but_not_touch() -> None:
    headers = [("Host", HOST)]
    assert status_of(guard(), scope_of(headers=headers)) == 200
    assert status_of(guard(), scope_of(method="POST", headers=headers)) == 403
    assert status_of(guard(), scope_of(kind="websocket", headers=headers)) == 403


def test_a_program_without_an_origin_shows_the_token() -> None:
    door = guard(token=TOKEN)
    bearer = [("Host", HOST), ("Authorization", f"Bearer {TOKEN}")]
    cookie = [("Host", HOST), ("Cookie", f"{Access(token=TOKEN).cookie}={TOKEN}")]
    assert status_of(door, scope_of(kind="websocket", headers=bearer)) == 200
    assert status_of(door, scope_of(kind="websocket", headers=cookie)) == 403, (
        "a browser sends cookies by itself"
    )


# ---- Token ----
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([], 401),
        ([("Authorization", f"Bearer {TOKEN}")], 200),
        ([("Authorization", f"bearer {TOKEN}")], 401),
        ([("Authorization", f"Bearer {TOKEN}x")], 401),
        ([("Authorization", f"Bearer {TOKEN[:-1]}")], 401),
        ([("Authorization", "Bearer ")], 401),
        ([("Authorization", f"Basic {TOKEN}")], 401),
        ([("Authorization", "Bearer \xe9")], 401),
        ([("Cookie", f"{Access(token=TOKEN).cookie}={TOKEN}")], 200),
        ([("Cookie", f'other={{"a":1, "b"}}; x y=z; {Access(token=TOKEN).cookie}={TOKEN}; lone')], 200),
        ([("Cookie", f"semdraw={TOKEN}")], 401),
        ([("Cookie", f"{Access(token=TOKEN).cookie}=x")], 401),
        ([("Cookie", "\x00;;==")], 401),
    ],
)
def test_with_a_token_only_who_shows_it_passes(headers: list[tuple[str, str]], status: int) -> None:
    assert status_of(guard(token=TOKEN), scope_of(headers=[("Host", HOST), *headers])) == status


@pytest.mark.parametrize(
    ("address", "alone"),
    [
        ("127.0.0.1", True),
        ("127.3.2.1", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.5", False),
        ("paint.example", False),
        ("", False),
        ("localhost.example", False),
    ],
)
def test_beyond_this_machine_nothing_is_served_without_a_token(address: str, alone: bool) -> None:
    assert is_loopback(address) is alone
    assert Access.at(address, token=TOKEN).token == TOKEN
    if alone:
        assert Access.at(address).token is None
    else:
        with pytest.raises(AccessError, match="add --token"):
            Access.at(address)


@pytest.mark.parametrize("token", ["", "short", "pässwörter-sind-lang", "new\nline-in-a-token"])
def test_a_weak_token_is_refused(token: str) -> None:
    with pytest.raises(AccessError, match="at least 16"):
        Access.at("0.0.0.0", token=token)


def test_a_key_opens_once_and_brings_a_strict_cookie() -> None:
    keys = Keys()
    announced: list[str] = []
    keys.announce = announced.append
    client = TestClient(create_app(studio(), Access(token=TOKEN), keys), base_url=ORIGIN)
    path = keys.path
    entered = client.get(path)
    assert entered.status_code == 200
    assert "HttpOnly" in entered.headers["set-cookie"]
    assert "SameSite=strict" in entered.headers["set-cookie"]
    assert TOKEN not in entered.text
    assert client.get("/api/models").status_code == 200
    stranger = TestClient(client.app, base_url=ORIGIN)
    assert stranger.get(path).status_code == 403, "the key was used"
    assert stranger.get("/api/models").status_code == 401
    assert announced == [keys.path]
    assert stranger.get(keys.path).status_code == 200, "the next key is another one"


@pytest.mark.parametrize(
    "query", ["", "?key=", "?key=x", "?key=" + "x" * 500, "?key=a&key=b", "?token=" + TOKEN]
)
def test_a_wrong_key_opens_nothing(query: str) -> None:
    client = TestClient(guard(token=TOKEN), base_url=ORIGIN)
    answer = client.get(ENTRANCE + query)
    assert answer.status_code in {403, 422}
    assert "set-cookie" not in answer.headers


def test_without_a_token_there_is_no_entrance() -> None:
    keys = Keys()
    client = TestClient(create_app(studio(), Access(), keys), base_url=ORIGIN)
    assert client.get(keys.path).status_code == 403


# ---- headers ----
@pytest.mark.parametrize(
    ("path", "host", "status"),
    [
        ("/healthz", HOST, 503),
        ("/", HOST, 200),
        ("/none", HOST, 404),
        ("/", "evil.test", 421),
        ("/boom", HOST, 500),
    ],
)
def test_every_answer_carries_the_protective_headers(path: str, host: str, status: int) -> None:
    door = guard()
    assert isinstance(door.app, FastAPI)

    async def boom() -> None:
        raise ValueError("inner words")

    door.app.router.routes.insert(0, Route("/boom", boom))
    client = TestClient(door, base_url=ORIGIN, raise_server_exceptions=False)
    answer = client.get(path, headers={"Host": host})
    assert answer.status_code == status
    policy = answer.headers["content-security-policy"]
    for rule in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert rule in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "inner words" not in answer.text


def test_a_refused_socket_is_closed_before_it_opens() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    call = guard()(scope_of(kind="websocket", path="/ws", headers=[("Host", "evil.test")]), receive, send)
    with pytest.raises(StopIteration):
        call.send(None)
    assert [message["type"] for message in sent] == ["websocket.close"]
