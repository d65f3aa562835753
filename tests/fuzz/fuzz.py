#!/usr/bin/env python3
"""Runs the fuzz targets below BUILD/tests/fuzz, as many at once as there are cores, each for --seconds.

Seeds are the fixtures of every kind, cut as tests/fuzz/fuzz.h says, so that a new kind is fuzzed from its own
payloads; what earlier runs found stays in var/fuzz/corpus. Every input has a bound: 10 s, 512 MB, 64 KB. A crash, a leak
or a bound that is broken is a failure, and its input is left in var/fuzz/found, named by the target.
"""

import argparse
import gzip
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPUS = ROOT / "var" / "fuzz" / "corpus"
FOUND = ROOT / "var" / "fuzz" / "found"
BYTES_MAX = 65536
INPUT_SECONDS_MAX = 10
INPUT_MB_MAX = 512
# What goes into which target; every fixture is a seed of those that read bodies.
BODIES = ("notification", "signature", "answer", "read", "snapshot")


def seeds_of_kind(folder):
    """(kind, argument, headers, body) of every file that holds a body."""
    kind = folder.parent.name
    hints = ["", "order:1", "200"]
    formats = re.findall(r"\.([a-z_0-9]+)\.rows$", "\n".join(str(p) for p in folder.glob("*.rows")), re.M)
    for path in sorted(folder.iterdir()):
        if path.suffix in (".events", ".expect", ".headers", ".requests", ".rows", ".targets", ".walk", ".md"):
            continue
        if not path.is_file() or path.stat().st_size > BYTES_MAX:
            continue
        header_file = path.with_suffix(".headers")
        headers = header_file.read_bytes() if header_file.exists() else b""
        for argument in hints + sorted(set(formats)):
            yield kind, argument, headers, path.read_bytes()
    for path in sorted(folder.glob("*.expect")):
        expect = json.loads(path.read_text())
        headers = "".join(f"{name}: {value}\n" for name, value in expect.get("headers", {}).items()).encode()
        body = expect.get("body_file")
        if body and (folder / body).is_file():
            yield kind, str(expect.get("status", 200)), headers, (folder / body).read_bytes()


def write_seed(target, index, data):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"seed-{index:05}").write_bytes(data)


def packed(body, index):
    """In turn: gzip, a zip archive, as it is."""
    if index % 3 == 0:
        return gzip.compress(body, mtime=0)
    if index % 3 == 1:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("report.txt", body)
        return out.getvalue()
    return body


def write_seeds(targets):
    index = 0
    for folder in sorted(ROOT.glob("channels/*/fixtures")):
        for kind, argument, headers, body in seeds_of_kind(folder):
            cut = f"{kind} {argument}\n".encode() + headers + b"\n" + body
            for target in targets:
                if target in BODIES and len(cut) <= BYTES_MAX:
                    write_seed(target, index, cut)
                elif target in ("json", "xml"):
                    write_seed(target, index, body)
                elif target == "pack":
                    write_seed(target, index, packed(body, index))
            index += 1
        spec = folder / "spec.yaml"
        if "yaml" in targets and spec.exists():
            write_seed("yaml", index, spec.read_bytes())
            index += 1
    for path in sorted(ROOT.glob("deploy/**/channels*.yaml")):
        if "yaml" in targets:
            write_seed("yaml", index, path.read_bytes())
            index += 1


def dictionary(target):
    words = {folder.parent.name for folder in ROOT.glob("channels/*/fixtures")}
    for path in ROOT.glob("channels/*/fixtures/*.headers"):
        words.update(line.split(": ")[0] for line in path.read_text().splitlines())
    for path in ROOT.glob("channels/*/fixtures/*.json"):
        words.update(re.findall(r'"([A-Za-z_][A-Za-z_0-9]{1,40})"\s*:', path.read_text(errors="replace")))
    file = CORPUS / f"{target}.dict"
    file.write_text("".join(f'"{word}"\n' for word in sorted(words) if re.fullmatch(r"[ -!#-\[\]-~]+", word)))
    return file


class Run:
    def __init__(self, build, target, seconds):
        self.target = target
        FOUND.mkdir(parents=True, exist_ok=True)
        self.log = FOUND / f"{target}.log"
        self.began = time.monotonic()
        env = dict(os.environ, ASAN_OPTIONS="detect_leaks=1:allocator_may_return_null=0", UBSAN_OPTIONS="print_stacktrace=1")
        command = [build / "tests" / "fuzz" / f"{target}_fuzz", f"-max_total_time={seconds}", f"-max_len={BYTES_MAX}",
                   f"-timeout={INPUT_SECONDS_MAX}", f"-rss_limit_mb={INPUT_MB_MAX}", f"-dict={dictionary(target)}",
                   f"-artifact_prefix={FOUND}/{target}-", "-malloc_limit_mb=64", "-print_final_stats=1", CORPUS / target]
        with open(self.log, "w") as log:
            self.process = subprocess.Popen([str(part) for part in command], cwd=ROOT, stdout=log, stderr=log, env=env)

    def end(self):
        """The verdict, once it has ended."""
        text = self.log.read_text(errors="replace")
        figures = dict(re.findall(r"stat::(\w+):\s+(\d+)", text))
        covered = re.findall(r"cov: (\d+)", text)
        if self.process.returncode == 0:
            print(f"ok {self.target}: {figures.get('number_of_executed_units', '?')} inputs in "
                  f"{time.monotonic() - self.began:.0f} s, {covered[-1] if covered else '?'} edges, at most "
                  f"{figures.get('peak_rss_mb', '?')} MB", flush=True)
            return True
        print(f"not ok {self.target}: exit {self.process.returncode}; the input stands in {FOUND}", flush=True)
        at = re.search(r"^.*(==ERROR: |runtime error: |Assertion `|SUMMARY: ).*$", text, re.M)
        print("    " + "\n    ".join(text[at.start():].splitlines()[:40] if at else text.splitlines()[-40:]), flush=True)
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "fuzz")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("targets", nargs="*")
    arguments = parser.parse_args()
    build = arguments.build if arguments.build.is_absolute() else ROOT / arguments.build
    built = sorted(path.name.removesuffix("_fuzz") for path in build.glob("tests/fuzz/*_fuzz"))
    targets = arguments.targets or built
    if not targets or set(targets) - set(built):
        sys.exit(f"fuzz: want some of {' '.join(built) or '(nothing is built)'}")
    for target in targets:
        (CORPUS / target).mkdir(parents=True, exist_ok=True)
    write_seeds(targets)
    print(f"[fuzz] {len(targets)} targets, {arguments.seconds} s each, {os.cpu_count()} at once", flush=True)
    waiting, running, failed = list(targets), [], 0
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            running.append(Run(build, waiting.pop(0), arguments.seconds))
        time.sleep(0.2)
        for run in [run for run in running if run.process.poll() is not None]:
            running.remove(run)
            failed += not run.end()
    print(f"{len(targets) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
