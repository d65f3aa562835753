"""Stands between the services and the sandbox marketplaces: keeps every request, and answers in their place when told."""

import http.client
import http.server
import json
import select
import socket
import socketserver
import threading
import time


class Request:
    """One request as it came."""

    def __init__(self, channel, method, path, body):
        self.at = time.monotonic()
        self.channel = channel
        self.method = method
        self.path = path
        self.body = body
        self.status = None  # of the answer, once it is known; 0: none was given

    def quantities(self):
        """{item or product id: quantity} that a push asks for; {} for everything else."""
        try:
            body = json.loads(self.body)
        except ValueError:
            return {}
        if "update" in body:
            return {str(one["id"]): one["stock_quantity"] for one in body["update"]}
        entries = body.get("variables", {}).get("input", {}).get("quantities", [])
        return {one["inventoryItemId"].rsplit("/", 1)[1]: one["quantity"] for one in entries}

    def expected(self):
        """{item: quantity that it is compared with} of a Shopify push."""
        entries = json.loads(self.body).get("variables", {}).get("input", {}).get("quantities", [])
        return {one["inventoryItemId"].rsplit("/", 1)[1]: one["changeFromQuantity"] for one in entries}


class Answer:
    def __init__(self, status, body, content_type="text/html", headers=()):
        self.status, self.body, self.content_type, self.headers = status, body.encode(), content_type, dict(headers)


RESET = object()  # the connection ends without an answer
PAGE_403 = Answer(403, "<html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1></body></html>")


def has_given_up(connection):
    """Whether the other side hung up."""
    try:
        readable, _, _ = select.select([connection], [], [], 0)
        return bool(readable) and connection.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True


class Proxy:
    """rules[channel](request) gives None (forward it), an Answer or RESET; it may sleep. What nobody waits for any more
    is not forwarded: it would overtake what came later."""

    def __init__(self, target_port):
        self.target_port = target_port
        self.rules = {}
        self.seen = []
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *arguments):
                pass

            def handle_any(self):
                proxy.handle(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *arguments):  # the other side hung up
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def handle(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        request = Request(handler.path.split("/")[1], handler.command, handler.path, body)
        self.seen.append(request)
        rule = self.rules.get(request.channel)
        answer = rule(request) if rule else None
        if answer is None:
            answer = RESET if has_given_up(handler.connection) else self.forward(handler, body)
        request.status = 0 if answer is RESET else answer.status
        if answer is RESET:
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        handler.send_response(answer.status)
        handler.send_header("Content-Type", answer.content_type)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(answer.body)))
        handler.end_headers()
        handler.wfile.write(answer.body)

    def forward(self, handler, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.target_port, timeout=60)
        headers = {name: value for name, value in handler.headers.items()
                   if name.lower() not in ("connection", "expect")}
        try:
            connection.request(handler.command, handler.path, body=body, headers=headers)
            reply = connection.getresponse()
            answer = Answer(reply.status, "", reply.getheader("Content-Type") or "text/plain",
                            {name: value for name, value in reply.getheaders()
                             if name.lower() not in ("connection", "content-length", "content-type", "date",
                                                     "transfer-encoding", "keep-alive")})
            answer.body = reply.read()
            return answer
        finally:
            connection.close()

    def pushes(self, channel, since=0.0):
        """Requests to write that came to a channel, oldest first."""
        return [one for one in list(self.seen)
                if one.channel == channel and one.at >= since and one.quantities()]
