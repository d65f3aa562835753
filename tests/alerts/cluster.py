"""What Kubernetes is to the suite: names for its processes, a kubelet that starts again what ended, and what
kube-state-metrics would tell of both.

Nothing here is made up: a Deployment's replicas are available when their /readyz says so, a restart is counted when a process
ended and was started again, a Job has failed when its command did. Only the words are another program's."""

import concurrent.futures
import http.server
import pathlib
import threading
import urllib.request

from harness.replica import ADDRESSES
from harness.suite import until

NAMESPACE = "stockbus"


class Pod:
    def __init__(self, deployment, number, pid_of, port):
        self.deployment = deployment
        self.container = deployment.split("-")[0]
        self.name = f"{deployment}-5d8f7c9b64-{number:05}"
        self.pid_of, self.port = pid_of, port
        self.is_there = True
        self.is_ready = True
        self.restarts = 0

    def lives(self):
        try:
            state = pathlib.Path(f"/proc/{self.pid_of()}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
        except OSError:
            return False
        return state != "Z"

    def look(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=3):
                self.is_ready = True
        except OSError:
            self.is_ready = False

    def target(self):
        meta = "__meta_kubernetes_"
        return {"targets": [f"127.0.0.1:{self.port}"],
                "labels": {meta + "namespace": NAMESPACE, meta + "pod_name": self.name, meta + "pod_phase": "Running",
                           meta + "pod_container_name": self.container, meta + "pod_container_port_name": "admin",
                           meta + "pod_label_app_kubernetes_io_name": "stockbus"}}


class Cluster:
    def __init__(self, suite):
        self.suite = suite
        self.state = pathlib.Path(suite.directory) / "suite"
        self.pods, self.jobs = {}, {}
        self.starting = set()  # deployments whose pod is started again just now
        self.over = threading.Event()
        self.when_changed = lambda targets: None
        for name in ["ingest", "ledger"] + [f"publisher-{channel}" for channel in suite.channels]:
            self.add(name, lambda name=name: (self.state / f"pids/{name}").read_text().strip(),
                     int((self.state / f"ports/{name}-admin").read_text()))
        cluster = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                text = cluster.exposition().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        threading.Thread(target=self.watch, daemon=True).start()

    def add(self, deployment, pid_of, port):
        own = self.pods.setdefault(deployment, [])
        own.append(Pod(deployment, len(own) + 1, pid_of, port))

    def add_replica(self, replica):
        self.add(replica.name, lambda: replica.process.pid, replica.ports[ADDRESSES[0]])

    def all(self):
        return [pod for pods in self.pods.values() for pod in pods]

    def tell(self):
        self.when_changed([pod.target() for pod in self.all() if pod.is_there])

    def watch(self):
        with concurrent.futures.ThreadPoolExecutor(len(self.all()) + 4) as pool:
            while not self.over.wait(0.5):
                list(pool.map(Pod.look, self.all()))
                for deployment, pods in self.pods.items():
                    if pods[0].is_there and deployment not in self.starting and not pods[0].lives():
                        self.starting.add(deployment)
                        pool.submit(self.start_again, deployment)

    # ---- the kubelet

    def start_again(self, deployment):
        """In the same pod; what ends at once is tried again by the next look."""
        self.pods[deployment][0].restarts += 1
        self.suite.script("run", deployment, check=False)
        self.starting.discard(deployment)

    def remove(self, deployment):
        """Its pods are drained and gone, as on a node that is emptied while no other takes them."""
        for pod in self.pods[deployment]:
            pod.is_there = False
        self.tell()
        self.suite.script("halt", deployment)

    def restore(self, deployment):
        self.suite.script("run", deployment)
        for pod in self.pods[deployment]:
            pod.is_there = True
        self.tell()

    def crash(self, deployment):
        """Its process dies. Back when the next one runs."""
        pod = self.pods[deployment][0]
        before = pod.restarts
        self.suite.script("kill", deployment)
        until(120, lambda: pod.restarts > before and pod.lives(), f"{deployment} is started again")

    # ---- kube-state-metrics

    def exposition(self):
        lines = []
        for deployment, pods in self.pods.items():
            ready = sum(pod.is_there and pod.is_ready and pod.lives() for pod in pods)
            lines.append(f'kube_deployment_status_replicas_available{{namespace="{NAMESPACE}",deployment="{deployment}"}} {ready}')
            lines += [f'kube_pod_container_status_restarts_total{{namespace="{NAMESPACE}",pod="{pod.name}",'
                      f'container="{pod.container}"}} {pod.restarts}' for pod in pods if pod.is_there]
        for job, (failed_pods, has_failed) in dict(self.jobs).items():
            lines.append(f'kube_job_status_failed{{namespace="{NAMESPACE}",job_name="{job}"}} {failed_pods}')
            if has_failed:
                lines.append(f'kube_job_failed{{namespace="{NAMESPACE}",job_name="{job}",condition="true"}} 1')
        return "\n".join(lines) + "\n"

    def close(self):
        self.over.set()
        self.server.shutdown()
        self.server.server_close()
