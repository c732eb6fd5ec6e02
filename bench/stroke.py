"""How long a stroke takes to become a picture: `python bench/stroke.py [--json bench/results/stroke.json]`.

A real server with the embedded model and a real headless Chromium on this machine, 256 px, three regions and a
background prompt (the starter scene). Reports milliseconds from the end of a stroke to the first preview and to the
settled picture, the echo of the pen in the page, network rows, decodes and bytes per edit, and what an idle scene
costs. Times are reported, never asserted; the counters are asserted in the tests.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from machine import CHROMIUM, circumstances

IDLE_S = 3.0

# Runs in the page before its own scripts: from a pointer event to the frame that shows it.
WATCH_ECHO = """
window.echo_ms = [];
window.addEventListener("pointermove", (event) => {
  requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => window.echo_ms.push(performance.now() - event.timeStamp);
    channel.port2.postMessage(null);
  });
}, { capture: true });
"""


def main() -> None:
    options = _options()
    before = circumstances()
    with serving(options.model) as address:
        report = {"benchmark": "stroke", **before, **measure(address, options.edits)}
    text = json.dumps(report, indent=2)
    print(text)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(text + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="From the end of a stroke to its picture, in a real browser."
    )
    parser.add_argument("--edits", type=int, default=20)
    parser.add_argument("--model", default="picturebook")
    parser.add_argument("--json", type=Path, help="also write the report here")
    return parser.parse_args()


@contextmanager
def serving(model: str) -> Generator[str]:
    """The address of a server of our own; ended when the work is done."""
    command = [sys.executable, "-u", "-m", "semdraw", "serve", "--no-open", "--port", "0", "--model", model]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if found := re.search(r"http://\S+", line):
                yield found.group()
                return
        raise SystemExit("the server did not start")
    finally:
        process.terminate()
        process.wait(60)  # a busy machine takes its time


def measure(address: str, num_edits: int) -> dict[str, Any]:
    """Paint `num_edits` strokes, each after the picture of the one before has settled."""
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        raise SystemExit("no Chromium found; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.add_init_script(WATCH_ECHO)
        traffic = _count_bytes(page)
        page.goto(address)
        _wait_settled(page)
        before, sent, received = _health(address), traffic["sent"], traffic["received"]
        started = time.perf_counter()
        for number in range(num_edits):
            _stroke(page, number)
            _wait_settled(page)
        wall_s = time.perf_counter() - started
        after = _health(address)
        page.wait_for_timeout(1000 * IDLE_S)
        idle = _health(address)
        latency = page.evaluate("() => window.semdraw.latency")[-num_edits:]
        echo = page.evaluate("() => window.echo_ms")
        browser.close()
    return {
        "scene": "256 px, 3 regions and a background prompt, 4 steps",
        "edits": num_edits,
        "preview_ms": summary([record["preview_ms"] for record in latency]),
        "settled_ms": summary([record["settled_ms"] for record in latency]),
        "echo_ms": summary(echo),
        "per_edit": {
            "rows": (after["rows"] - before["rows"]) / num_edits,
            "decodes": (after["decodes"] - before["decodes"]) / num_edits,
            "bytes_up": round((traffic["sent"] - sent) / num_edits),
            "bytes_down": round((traffic["received"] - received) / num_edits),
        },
        "idle": {"seconds": IDLE_S, "rows": idle["rows"] - after["rows"]},
        "wall_s": round(wall_s, 1),
    }


def _stroke(page: Any, number: int) -> None:
    """A short stroke somewhere in the lower half, of about a third of a second."""
    box = page.locator("[role=application] canvas").first.bounding_box()
    x, y = box["x"] + box["width"] / 2 + 30 * (number % 5), box["y"] + box["height"] / 2 + 12 * (number % 7)
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(20):
        page.mouse.move(x + 3 * step, y + 2 * (step % 5))
        page.wait_for_timeout(16)
    page.mouse.up()


def _wait_settled(page: Any) -> None:
    """Until the picture of everything painted is there; polled, since the page allows no evaluated strings."""
    for _ in range(1200):
        if page.evaluate("() => Boolean(window.semdraw && window.semdraw.isCurrent)"):
            return
        page.wait_for_timeout(50)
    raise SystemExit("no settled picture within a minute")


def _count_bytes(page: Any) -> dict[str, int]:
    traffic = {"sent": 0, "received": 0}

    def count(direction: str, payload: str | bytes) -> None:
        traffic[direction] += len(payload)

    def watch(socket: Any) -> None:
        socket.on("framesent", partial(count, "sent"))
        socket.on("framereceived", partial(count, "received"))

    page.on("websocket", watch)
    return traffic


def _health(address: str) -> dict[str, Any]:
    with urllib.request.urlopen(address.rstrip("/") + "/healthz", timeout=10) as answer:
        return json.load(answer)


def summary(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    last = len(ordered) - 1
    return {
        "p50": round(statistics.median(ordered), 1),
        "p95": round(ordered[round(0.95 * last)], 1),
        "max": round(ordered[last], 1),
    }


if __name__ == "__main__":
    main()
