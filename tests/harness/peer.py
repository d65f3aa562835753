"""A marketplace of a test's own: a small HTTP server that answers as the test says, late, wrongly or not at all."""

import http.server
import json
import threading
import urllib.parse


class Peer:
    """Each request leads to answer(method, path, query, headers, body), which gives a status and what becomes JSON."""

    def __init__(self):
        self.lock = threading.Lock()
        peer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                peer.handle(self)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, method, path, query, headers, body):
        raise NotImplementedError

    def handle(self, request):
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        url = urllib.parse.urlsplit(request.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        status, shown = self.answer(request.command, url.path, query, request.headers, body)
        text = json.dumps(shown).encode()
        try:
            request.send_response(status)
            request.send_header("Content-Type", "application/json")
            request.send_header("Content-Length", str(len(text)))
            request.end_headers()
            request.wfile.write(text)
        except OSError:
            pass  # who asked was killed
