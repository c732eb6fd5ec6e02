"""`semdraw serve` as people start it: a process of its own, which a test may end and start again."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from time import monotonic, sleep

STARTED_WITHIN_S = 120.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@dataclass
class Served:
    """One server on one port, for as long as the test likes."""

    options: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "semdraw",
            "serve",
            "--no-open",
            "--port",
            str(self.port),
            *self.options,
        ]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
        self._process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        end = monotonic() + STARTED_WITHIN_S
        while not self._is_well():
            assert self._process.poll() is None, "the server ended by itself"
            assert monotonic() < end, "the server did not start"
            sleep(0.1)

    def stop(self) -> None:
        """As a crash or a pulled plug would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _is_well(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.origin}/healthz", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False
