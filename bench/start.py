"""How long semdraw takes to be there: `python bench/start.py [--times 3] [--json bench/results/start.json]`.

`scripts/serve` and a real headless Chromium on this machine, with .venv installed. Seconds from the call of the script
until the page is served, until a stroke on the opened page is echoed, and until the first picture is shown; and how
long `import semdraw` and `semdraw --help` take. Medians over some starts; times are reported, never asserted.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from machine import CHROMIUM, ROOT, circumstances

PICTURE_WITHIN_S = 180.0
IMPORT = "import time; start = time.perf_counter(); import semdraw; print(time.perf_counter() - start)"


def main() -> None:
    options = _options()
    report = {"benchmark": "start", **circumstances(), "times": options.times, **measure(options.times)}
    text = json.dumps(report, indent=2)
    print(text)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(text + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="From the call of scripts/serve to the first picture.")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--json", type=Path, help="also write the report here")
    return parser.parse_args()


def measure(times: int) -> dict[str, Any]:
    """Medians, in seconds; the first start, which warms the disk's cache, does not count."""
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        raise SystemExit("no Chromium found; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        starts = [_start(browser) for _ in range(times + 1)][1:]
        browser.close()
    return {
        "seconds": {key: _median([start[key] for start in starts]) for key in starts[0]},
        "import_s": _median([_import_s() for _ in range(times)]),
        "help_s": _median([_help_s() for _ in range(times)]),
    }


def _start(browser: Any) -> dict[str, float]:
    """One server from its call to its end. `page_…` counts from the opening of the page, the others from the call."""
    called = time.perf_counter()
    command = [str(ROOT / "scripts" / "serve"), "--no-open", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        address = _address(process)
        listening = time.perf_counter()
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(address, wait_until="commit")
        _until(page, "window.semdraw?.scene && document.querySelector('canvas')", process)
        _dab(page)
        _until(page, "window.semdraw.echo_ms.length > 0", process)
        usable = time.perf_counter()
        _until(page, "window.semdraw.frame", process)
        framed = time.perf_counter()
        _until(page, "window.semdraw.isCurrent", process)
        settled = time.perf_counter()
        page.close()
    finally:
        process.terminate()
        process.wait(60)
    return {
        "listening": listening - called,
        "page_usable": usable - listening,
        "usable": usable - called,
        "first_frame": framed - called,
        "settled_frame": settled - called,
    }


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"http://\S+", line):
            return found.group()
    raise SystemExit("the server did not start")


def _dab(page: Any) -> None:
    box = page.locator("canvas").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y)
    page.mouse.up()


def _until(page: Any, expression: str, process: subprocess.Popen[str]) -> None:
    """Polled, since the page allows no evaluated strings."""
    end = time.perf_counter() + PICTURE_WITHIN_S
    while not page.evaluate(f"() => Boolean({expression})"):
        if time.perf_counter() > end or process.poll() is not None:
            raise SystemExit(f"{expression} did not come true")
        time.sleep(0.005)


def _import_s() -> float:
    done = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True)
    return float(done.stdout)


def _help_s() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "semdraw", "--help"], capture_output=True, check=True)
    return time.perf_counter() - started


def _median(values: list[float]) -> float:
    return round(statistics.median(values), 3)


if __name__ == "__main__":
    main()
