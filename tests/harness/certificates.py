"""Certificates, made by openssl."""

import pathlib
import subprocess

from harness.suite import Failure

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise Failure(f"openssl {arguments[0]}: {done.stderr}")


class Authority:
    def __init__(self, folder, name):
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir(parents=True)
        self.path, self.key = self.folder / "ca.crt", self.folder / "ca.key"
        openssl("req", "-x509", *KEY, "-keyout", self.key, "-out", self.path, "-days", "30", "-subj", f"/CN={name}")
        self.text = self.path.read_text()

    def issue(self, name, host=None):
        """(certificate, key) as texts."""
        base = self.folder / name
        request, key, certificate, more = (base.with_suffix(end) for end in (".csr", ".key", ".crt", ".cnf"))
        openssl("req", *KEY, "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        more.write_text(f"subjectAltName=DNS:{host}\n" if host else "basicConstraints=CA:FALSE\n")
        openssl("x509", "-req", "-in", request, "-CA", self.path, "-CAkey", self.key, "-CAcreateserial", "-days", "30",
                "-extfile", more, "-out", certificate)
        return certificate.read_text(), key.read_text()
