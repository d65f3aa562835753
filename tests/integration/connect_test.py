#!/usr/bin/env python3
"""docs/connect.md does what it says: connect_test.py DIR

Its blocks are taken in their order, in a folder beside DIR: ```yaml NAME, ```json NAME and ```csv NAME are files, ```sh is
run, ```text is what that prints; ```yaml without a name stands in the spec as it is. One line per check: `ok name` or
`not ok name`, then `N passed, N failed`.
"""

import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.suite import ROOT, Report, expect  # noqa: E402

PAGE = ROOT / "docs/connect.md"
SPEC = ROOT / "docs/examples/house-shop.yaml"


def blocks():
    """(heading, kind, name, text)"""
    heading = ""
    for found in re.finditer(r"^## ([^\n]*)$|^```(\w+)(?: (\S+))?\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL):
        heading = found[1] or heading
        if found[2]:
            yield heading, found[2], found[3], found[4]


def run(folder, script):
    programs = ROOT / os.environ.get("BUILD", "build/release") / "bin"
    environment = dict(os.environ, PATH=f"{programs}:{os.environ['PATH']}", SUITE_BIN=str(programs))
    done = subprocess.run(["bash", "-c", "exec 2>&1\n" + script], cwd=folder, env=environment, capture_output=True, text=True,
                          timeout=900)
    return done.stdout


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "var/test").resolve().parent / "test-connect"
    report = Report(folder / "var/house")
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    folder.mkdir(parents=True)
    for name in ("docs", "deploy"):
        (folder / name).symlink_to(ROOT / name)
    spec = SPEC.read_text()
    printed = None
    try:
        for number, (heading, kind, name, text) in enumerate(blocks()):
            if name:
                (folder / name).write_text(text)
            elif kind == "sh":
                expect(printed is None, f"{heading}: commands without an output before block {number}")
                printed = run(folder, text)
            elif kind == "text":
                with report.test(f"{heading}: {text.splitlines()[0][:60]}"):
                    expect(printed == text, f"printed:\n{printed}")
                printed = None
            else:
                with report.test(f"{heading}: the spec has {text.split()[0]}"):
                    expect(text in spec, text)
    finally:
        if (folder / "var/house").exists():
            for server in ("suite", "broker", "database"):
                subprocess.run([str(ROOT / "deploy/local" / server), "stop" if server == "suite" else "remove",
                                str(folder / "var/house")], capture_output=True)
    expect(printed is None, "the last commands have no output")
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
