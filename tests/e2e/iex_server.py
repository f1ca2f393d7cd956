"""A server that speaks IEX's API on loopback: what it answers is the test's, and it remembers how it was asked."""
import http.server
import json
import pathlib
import threading
import urllib.parse

from harness import SOURCE

RECORDED = SOURCE / "data/iex"


def recorded(name):
    return (RECORDED / f"{name}.json").read_bytes()


class IexServer:
    """`answers[path]`: bytes, or (status, content type, bytes), or a function of the query that gives either."""

    def __init__(self):
        self.answers, self.asked = {}, []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                url = urllib.parse.urlsplit(self.path)
                query = dict(urllib.parse.parse_qsl(url.query))
                server.asked.append((url.path, query))
                answer = server.answers.get(url.path, (404, "text/html; charset=utf-8", b"Unknown symbol"))
                if callable(answer):
                    answer = answer(query)
                if isinstance(answer, bytes):
                    kind = "text/csv" if query.get("format") == "csv" else "application/json"
                    answer = (200, f"{kind}; charset=utf-8", answer)
                status, kind, body = answer
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever, daemon=True)
        self.thread.start()

    def chart(self, symbol, body, range="1m"):
        self.answers[f"/stock/{symbol}/chart/{range}"] = body if isinstance(body, (bytes, tuple)) or callable(body) else json.dumps(body).encode()

    def asked_for(self, part):
        return [path for path, _ in self.asked if part in path]

    def close(self):
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()
