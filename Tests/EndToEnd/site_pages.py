"""A site for the recorder: pages of the tests' own, and a proxy of the same origin that passes what it records on."""

import http.server
import threading


class Site:
    """Serves pages by path; what lies below /reeld/ goes to a daemon, unless there is an outage."""

    def __init__(self, daemon, pages: dict[str, str]):
        self.daemon, self.pages = daemon, pages
        self.is_out = False
        # Answers to give instead of the daemon's, in turn: (status, body).
        self.instead: list[tuple[int, bytes]] = []
        self.posts: list[tuple[str, dict, bytes]] = []
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                path = self.path.split("?")[0]
                if path.startswith("/reeld/"):
                    return self.passed("GET", None)
                text = site.pages.get(path)
                self.answer(200 if text is not None else 404, (text or "nothing").encode(), "text/html; charset=utf-8")

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                if not self.path.startswith("/reeld/"):
                    return self.answer(500, b"no", "text/plain")
                site.posts.append((self.path, dict(self.headers), body))
                self.passed("POST", body)

            def passed(self, method, body):
                if site.is_out:
                    self.close_connection = True
                    return self.connection.close()
                if method == "POST" and site.instead:
                    status, text = site.instead.pop(0)
                    return self.answer(status, text, "application/problem+json")
                names = ("Content-Type", "Authorization", "Reeld-Writer", "Reeld-Batch", "Content-Encoding")
                headers = {name: self.headers[name] for name in names if self.headers[name]}
                answer = site.daemon.ask(method, self.path.removeprefix("/reeld"), body, headers)
                self.answer(answer.status, answer.body, answer.headers["Content-Type"])

            def answer(self, status, body, content_type):
                self.send_response(status)
                self.send_header("Content-Type", content_type or "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
