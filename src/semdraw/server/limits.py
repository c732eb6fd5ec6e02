"""What one painter, one address and one server may ask for."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from semdraw.server.guard import is_loopback

MAX_BODY_BYTES: Final = 64 * 2**20
HELLO_TIMEOUT_S: Final = 20.0  # a whole document may come along, over a slow line
STALL_S: Final = 30.0

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The figures of one server; tests bring their own.

    flow_rest_s: how long a flow goes on without a word from its painter.
    max_renders, max_renders_per_address: orders for pictures in the background that are not finished.
    is_behind_proxy: whether painters may come through a proxy on this machine. All of them have a loopback address
    then, so only `max_painters` holds for those.
    """

    max_painters: int = 64
    max_painters_per_address: int = 16
    is_behind_proxy: bool = False
    hello_timeout_s: float = HELLO_TIMEOUT_S
    stall_s: float = STALL_S
    flow_rest_s: float = 600.0
    max_renders: int = 32
    max_renders_per_address: int = 8
    messages_per_s: float = 1_000.0
    bytes_per_s: float = 8 * 2**20
    max_hurry_s: float = 10.0
    max_refusals: int = 10
    refusal_window_s: float = 10.0


class Bucket:
    """A token bucket: `pace` says how long to wait before the next message is read."""

    def __init__(self, rate_per_s: float, *, burst: float, clock: Clock = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate_per_s, burst, clock
        self._level = burst
        self._at = clock()

    def pace(self, cost: float) -> float:
        """Seconds to wait for `cost`; it is taken at once, so the next one waits for both."""
        now = self._clock()
        self._level = min(self._burst, self._level + (now - self._at) * self._rate) - cost
        self._at = now
        return max(0.0, -self._level / self._rate)


class Flood:
    """Paces one painter's messages; whoever hurries for too long is told to go."""

    def __init__(self, limits: Limits, *, clock: Clock = time.monotonic) -> None:
        self._messages = Bucket(limits.messages_per_s, burst=limits.messages_per_s, clock=clock)
        self._bytes = Bucket(limits.bytes_per_s, burst=4 * limits.bytes_per_s, clock=clock)
        self._max_hurry_s, self._clock = limits.max_hurry_s, clock
        self._since: float | None = None

    def pace(self, num_bytes: int) -> float:
        """Seconds to wait before the next message."""
        wait_s = max(self._messages.pace(1), self._bytes.pace(num_bytes))
        if wait_s == 0:
            self._since = None
        elif self._since is None:
            self._since = self._clock()
        return wait_s

    @property
    def is_over(self) -> bool:
        return self._since is not None and self._clock() - self._since > self._max_hurry_s


class Patience:
    """Counts refused messages; it ends when too many come within the window."""

    def __init__(self, limits: Limits, *, clock: Clock = time.monotonic) -> None:
        self._times: deque[float] = deque(maxlen=limits.max_refusals)
        self._window_s, self._clock = limits.refusal_window_s, clock

    def ends(self) -> bool:
        """Note one more refusal; whether it was one too many."""
        self._times.append(self._clock())
        return len(self._times) == self._times.maxlen and self._times[-1] - self._times[0] <= self._window_s


class Admission:
    """How many painters there are, in all and per address."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._addresses: Counter[str] = Counter()

    @property
    def num_painters(self) -> int:
        return self._addresses.total()

    @contextmanager
    def admit(self, address: str) -> Generator[str]:
        """Yields why this painter cannot come in, empty when they can."""
        refusal = self._refusal(address)
        if refusal:
            yield refusal
            return
        self._addresses[address] += 1
        try:
            yield ""
        finally:
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]

    def _refusal(self, address: str) -> str:
        if self.num_painters >= self._limits.max_painters:
            return f"this server holds {self._limits.max_painters} painters and is full; try again later"
        is_shared = self._limits.is_behind_proxy and is_loopback(address)
        if not is_shared and self._addresses[address] >= self._limits.max_painters_per_address:
            return (
                f"{self._limits.max_painters_per_address} pages are open from your address; close one of them"
            )
        return ""
