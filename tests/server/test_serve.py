"""Claims about `semdraw serve` as a process: how it starts, what it says, how it ends, and that nothing leaves."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from semdraw.cli.main import run
from semdraw.commands import SetSeed
from semdraw.protocol import Applied, Edit, Hello, Welcome
from tests.server.living import Painter

# The command line in a process that notes every attempt to reach another machine.
WATCHED = """
import sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        far = isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1")
    else:
        far = event in ("socket.getaddrinfo", "socket.gethostbyname") and arguments[0] not in ("127.0.0.1", "::1")
    if far:
        print("LEAVES", event, arguments, file=sys.stderr, flush=True)
sys.addaudithook(watch)
{planted}
from semdraw.cli.main import run
sys.exit(run(sys.argv[1:]))
"""


@contextmanager
def process(*arguments: str, planted: str = "", **environment: str) -> Generator[subprocess.Popen[str]]:
    """`semdraw ARGUMENTS`, watched; killed at the end if it still lives."""
    own = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "SEMDRAW_"))}
    command = [sys.executable, "-c", WATCHED.format(planted=planted), *arguments]
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**own, **environment}
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.kill()
        child.communicate()


def address_of(child: subprocess.Popen[str]) -> str:
    """The address that the server prints when it is ready."""
    assert child.stdout is not None
    for line in child.stdout:
        if found := re.search(r"Open (http://\S+)", line):
            return found[1]
    raise AssertionError(child.stderr.read() if child.stderr else "it ended")


def paint(address: str) -> None:
    """One edit and its settled picture."""
    with connect(f"ws{address[4:]}ws", additional_headers={"Origin": address.rstrip("/")}) as ws:
        painter = Painter(ws)
        painter.say(Hello(version=1))
        painter.hear_a(Welcome)
        painter.settled(0, timeout_s=60)
        painter.say(Edit(seq=1, command=SetSeed(seed=1)))
        painter.hear_a(Applied)
        painter.settled(1, timeout_s=30)


@pytest.mark.slow
def test_nothing_leaves_the_machine_while_serving_and_painting_and_the_end_is_clean(model: Path) -> None:
    with process("serve", "--model", str(model), "--port", "0", "--no-open") as child:
        address = address_of(child)
        paint(address)
        host = address.removeprefix("http://").rstrip("/")
        page = http.client.HTTPConnection(host, timeout=30)
        page.request("GET", "/")
        assert page.getresponse().status == 200
        with connect(f"ws{address[4:]}ws", additional_headers={"Origin": address.rstrip("/")}) as ws:
            child.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed):
                ws.recv(30)
        out, err = child.communicate(timeout=60)
        assert child.returncode == 0, err
        assert "semdraw has ended" in out
        assert "LEAVES" not in err
        assert "Traceback" not in err


def test_an_attempt_to_leave_would_be_noticed() -> None:
    planted = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 9))"
    with process("--version", planted=planted) as child:
        assert "LEAVES" in child.communicate(timeout=60)[1]


@pytest.mark.slow
def test_with_a_token_the_printed_address_holds_a_key_and_the_token_is_never_shown(model: Path) -> None:
    token = "a-secret-that-must-not-show"
    arguments = ("serve", "--model", str(model), "--port", "0", "--no-open", "--host", "0.0.0.0")
    with process(*arguments, SEMDRAW_TOKEN=token) as child:
        address = address_of(child)
        assert "/enter?key=" in address
        host, _, path = address.removeprefix("http://").partition("/")
        page = http.client.HTTPConnection(host, timeout=30)
        page.request("GET", "/api/models")
        refused = page.getresponse()
        assert (refused.status, token.encode() in refused.read()) == (401, False)
        page.request("GET", f"/{path}")
        entered = page.getresponse()
        entered.read()
        cookie = (entered.getheader("Set-Cookie") or "").partition(";")[0]
        page.request("GET", "/api/models", headers={"Cookie": cookie})
        assert page.getresponse().status == 200
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
        assert child.returncode == 0
        assert "The next visitor comes in at" in out
        assert token not in out + err


def test_a_taken_port_is_told_with_a_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run(["serve", "--port", str(port), "--no-open"]) == 2
    said = capsys.readouterr().err
    assert f"port {port} is taken" in said
    assert f"--port {port + 1}" in said


def test_an_address_of_another_machine_cannot_be_served(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--host", "192.0.2.1", "--token", "x" * 20, "--no-open"]) == 2
    assert "leave --host out" in capsys.readouterr().err


def test_a_device_that_is_not_there_ends_before_anything_is_served(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["serve", "--model", str(model), "--device", "abacus", "--port", "0", "--no-open"]) == 1
    assert "'abacus' is not known" in capsys.readouterr().err


def test_a_model_that_is_not_there_ends_before_anything_is_served(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--model", "/nowhere", "--port", "0", "--no-open"]) == 1
    assert "no model" in capsys.readouterr().err
