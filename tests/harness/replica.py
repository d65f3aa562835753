"""One more process of a program of a suite that runs."""

import os
import pathlib
import signal
import subprocess
import time
import urllib.error
import urllib.request

from .suite import expect, free_port, until

GRACE_S = 75  # the longest that the manifests give
ADDRESSES = ("STOCKBUS_ADMIN_ADDRESS", "STOCKBUS_INGEST_ADDRESS")


class Replica:
    """One more process of a program of the suite, with its settings, on ports of its own."""

    def __init__(self, suite, name):
        self.name = name
        pid = (pathlib.Path(suite.directory) / f"suite/pids/{name}").read_text().strip()
        environment = dict(pair.split("=", 1) for pair in
                           pathlib.Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0") if pair)
        self.ports = {}
        for address in ADDRESSES:
            if address in environment:
                self.ports[address] = free_port()
                environment[address] = f"127.0.0.1:{self.ports[address]}"
        if name != "ingest":
            environment["STOCKBUS_REPLICA"] = f"{name}-{self.ports[ADDRESSES[0]]}"
        self.log = pathlib.Path(suite.directory) / f"suite/logs/{name}-{self.ports[ADDRESSES[0]]}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen([os.readlink(f"/proc/{pid}/exe")], env=environment, stdout=log, stderr=log)
        until(120, self.is_ready, f"another {name} is ready")

    def is_ready(self):
        expect(self.process.poll() is None, f"{self.name} ended: {self.log.read_text()[-1500:]}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[ADDRESSES[0]]}/readyz", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def stop(self):
        """Seconds from SIGTERM to exit 0."""
        start = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = "none in its grace"
        expect(code == 0, f"{self.name}: exit {code}: {self.log.read_text()[-1500:]}")
        return time.monotonic() - start
