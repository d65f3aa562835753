"""A control plane of Kubernetes on this machine: etcd, API server, controllers, scheduler, and nodes that only pretend
(kwok). Everything listens on 127.0.0.1, lies in one folder, and goes with the `with` block."""

import os
import pathlib
import signal
import socket
import subprocess
import time

READY_S = 120
STOP_S = 20

OPENSSL_EXTENSIONS = """\
[server]
subjectAltName = DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:10.96.0.1
extendedKeyUsage = serverAuth
[client]
extendedKeyUsage = clientAuth
"""

CLIENTS = {
    "admin": "/O=system:masters/CN=admin",
    "controller-manager": "/CN=system:kube-controller-manager",
    "scheduler": "/CN=system:kube-scheduler",
    "kwok": "/O=system:masters/CN=kwok-controller",
}


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class ControlPlane:
    def __init__(self, tools, folder):
        self.bin = pathlib.Path(tools) / "bin"
        self.stages = pathlib.Path(tools) / "stages.yaml"
        self.folder = pathlib.Path(folder)
        self.processes = []
        self.api, self.etcd, self.peer, self.manager, self.scheduling, self.kwok = free_ports(6)

    def __enter__(self):
        try:
            self._certificates()
            for name in CLIENTS:
                self._kubeconfig(name)
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *error):
        self._stop()

    # ---- keys

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *map(str, arguments)], cwd=self.folder, check=True, capture_output=True)

    def _certificate(self, name, subject, kind):
        self._openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject)
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
                      "-days", "2", "-extfile", "extensions", "-extensions", kind, "-out", f"{name}.crt")

    def _certificates(self):
        (self.folder / "extensions").write_text(OPENSSL_EXTENSIONS, encoding="utf-8")
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                      "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=stockbus-k8s-apply")
        self._certificate("server", "/CN=kube-apiserver", "server")
        for name, subject in CLIENTS.items():
            self._certificate(name, subject, "client")
        self._openssl("genrsa", "-out", "accounts.key", "2048")
        self._openssl("rsa", "-in", "accounts.key", "-pubout", "-out", "accounts.pub")

    def _kubeconfig(self, name):
        path = self.folder / f"{name}.kubeconfig"
        path.write_text(
            "apiVersion: v1\nkind: Config\ncurrent-context: it\n"
            f"clusters: [{{name: it, cluster: {{server: 'https://127.0.0.1:{self.api}', "
            f"certificate-authority: {self.folder}/ca.crt}}}}]\n"
            f"users: [{{name: {name}, user: {{client-certificate: {self.folder}/{name}.crt, "
            f"client-key: {self.folder}/{name}.key}}}}]\n"
            f"contexts: [{{name: it, context: {{cluster: it, user: {name}}}}}]\n", encoding="utf-8")
        return path

    # ---- processes

    def _launch(self, name, *arguments):
        with open(self.folder / f"{name}.log", "wb") as log:
            process = subprocess.Popen([str(self.bin / name), *map(str, arguments)], stdout=log, stderr=log,
                                       cwd=self.folder, env={"PATH": os.environ["PATH"], "HOME": str(self.folder)})
        self.processes.append((name, process))

    def _start(self):
        here = self.folder
        self._launch("etcd", "--unsafe-no-fsync", "--log-level", "warn", "--data-dir", here / "etcd",
                     "--listen-client-urls", f"http://127.0.0.1:{self.etcd}",
                     "--advertise-client-urls", f"http://127.0.0.1:{self.etcd}",
                     "--listen-peer-urls", f"http://127.0.0.1:{self.peer}",
                     "--initial-advertise-peer-urls", f"http://127.0.0.1:{self.peer}",
                     "--initial-cluster", f"default=http://127.0.0.1:{self.peer}")
        self._launch("kube-apiserver", "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
                     f"--secure-port={self.api}", f"--etcd-servers=http://127.0.0.1:{self.etcd}",
                     "--endpoint-reconciler-type=none", "--service-cluster-ip-range=10.96.0.0/16",
                     "--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
                     "--allow-privileged=true", "--anonymous-auth=false", "--profiling=false",
                     "--client-ca-file=ca.crt", "--tls-cert-file=server.crt", "--tls-private-key-file=server.key",
                     "--service-account-issuer=https://kubernetes.default.svc",
                     "--service-account-key-file=accounts.pub", "--service-account-signing-key-file=accounts.key")
        self.await_that("the API server is ready", lambda: self.kubectl("get", "--raw", "/readyz", check=False).returncode == 0)
        for name, short, port in (("kube-controller-manager", "controller-manager", self.manager),
                                  ("kube-scheduler", "scheduler", self.scheduling)):
            kubeconfig = here / f"{short}.kubeconfig"
            extra = [] if short == "scheduler" else [
                "--use-service-account-credentials=true", "--service-account-private-key-file=accounts.key",
                "--root-ca-file=ca.crt", "--cluster-signing-cert-file=ca.crt", "--cluster-signing-key-file=ca.key"]
            self._launch(name, "--leader-elect=false", "--bind-address=127.0.0.1", f"--secure-port={port}",
                         "--kube-api-qps=300", "--kube-api-burst=600", f"--kubeconfig={kubeconfig}",
                         f"--authentication-kubeconfig={kubeconfig}", f"--authorization-kubeconfig={kubeconfig}", *extra)
        self._launch("kwok", "--manage-all-nodes=true", "--node-ip=127.0.0.1", "--cidr=10.244.0.0/16",
                     f"--kubeconfig={here}/kwok.kubeconfig", f"--config={self.stages}",
                     f"--server-address=127.0.0.1:{self.kwok}")
        self.await_that("namespaces have accounts",
                        lambda: self.kubectl("get", "serviceaccount", "default", check=False).returncode == 0)

    def _stop(self):
        for _, process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for _, process in reversed(self.processes):
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    # ---- use

    def await_that(self, what, condition, limit_s=READY_S):
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            gone = [name for name, process in self.processes if process.poll() is not None]
            if gone:
                tail = (self.folder / f"{gone[0]}.log").read_text(errors="replace").splitlines()[-5:]
                raise RuntimeError(f"{gone[0]} ended: " + "\n".join(tail))
            if condition():
                return
            time.sleep(0.2)
        raise TimeoutError(f"not within {limit_s} s: {what}")

    def kubectl(self, *arguments, check=True, text=None):
        done = subprocess.run(
            [str(self.bin / "kubectl"), f"--kubeconfig={self.folder}/admin.kubeconfig", f"--cache-dir={self.folder}/cache", *map(str, arguments)],
            input=text, capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            raise RuntimeError(f"kubectl {' '.join(map(str, arguments[:4]))}: {done.stderr.strip()}")
        return done
