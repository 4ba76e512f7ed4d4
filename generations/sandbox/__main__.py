"""Run the sandbox: `python -m generations.sandbox --port 8001`."""

import argparse
import logging
import signal
import sys
import time
from pathlib import Path

from .app import Sandbox, SandboxSettings


def read_settings(arguments: list[str]) -> SandboxSettings:
    parser = argparse.ArgumentParser(prog="python -m generations.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--data", type=Path, help="keep tasks and clips in this folder")
    parser.add_argument("--seconds-per-task", type=float, default=5.0)
    parser.add_argument("--tiny", action="store_true", help="make clips of 160 pixels, one second")
    given = parser.parse_args(arguments)
    return SandboxSettings(
        host=given.host,
        port=given.port,
        folder=given.data,
        seconds_per_task=given.seconds_per_task,
        tiny=given.tiny,
        in_subprocess=True,
    )


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    settings = read_settings(sys.argv[1:])
    if settings.folder is not None:
        settings.folder.mkdir(parents=True, exist_ok=True)
    received: list[int] = []
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda signal_number, _: received.append(signal_number))
    sandbox = Sandbox(settings)
    sandbox.start()
    sys.stdout.write(f"The sandbox answers at {sandbox.url}\n")
    sys.stdout.flush()
    # A signal that another thread receives does not wake this one, so it asks again and again.
    while not received:
        time.sleep(0.1)
    sandbox.stop()


if __name__ == "__main__":
    main()
