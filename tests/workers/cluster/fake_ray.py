"""A small server that answers as Ray's Jobs API does, with jobs that are functions of the test."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

TOKEN = "a-token-of-the-tests"


class FakeRay:
    """`work(job)` is called in a thread for every submitted job and returns its state and message."""

    def __init__(self, token: str = TOKEN) -> None:
        self.token = token
        self.version = "2.60.0"
        self.session = "session_1"
        self.packages: dict[str, bytes] = {}
        self.jobs: dict[str, dict] = {}
        self.log = ""
        self.stopped: list[str] = []
        self.work: Callable[[dict], tuple[str, str]] = lambda _job: ("SUCCEEDED", "")
        self.refusal = ""
        """Why no training is taken."""
        self.plain = False
        """Answer everything with a page of another program."""
        handler = type("Handler", (_Handler,), {"ray": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def submit(self, body: dict) -> None:
        job = {"status": "RUNNING", "submission_id": body["submission_id"], "message": "", "metadata": body["metadata"],
               "start_time": 1_700_000_000_000, "end_time": None, "type": "SUBMISSION", "body": body}
        self.jobs[body["submission_id"]] = job

        def run() -> None:
            status, job["message"] = self.work(job)
            job["status"] = status

        threading.Thread(target=run, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    ray: FakeRay

    def log_message(self, *_arguments) -> None:
        pass

    def do_GET(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        ray, parts = self.ray, [unquote(part) for part in self.path.strip("/").split("/")]
        if ray.plain:
            self._send(200, "<html>hello</html>")
            return
        sent = self.headers.get("Authorization", "")
        if ray.token and sent != f"Bearer {ray.token}":
            self._send(403 if sent else 401, "Unauthorized: Missing authentication token")
            return
        match self.command, parts[1:]:
            case "GET", ["version"]:
                self._json({"version": "4", "ray_version": ray.version, "ray_commit": "", "session_name": ray.session})
            case "GET", ["packages", "gcs", name]:
                self._send(200 if name in ray.packages else 404, "")
            case "PUT", ["packages", "gcs", name]:
                ray.packages[name] = body
                self._send(200, "")
            case "POST", ["jobs"] if ray.refusal and "check" not in json.loads(body)["submission_id"]:
                self._send(500, ray.refusal)
            case "POST", ["jobs"]:
                ray.submit(json.loads(body))
                self._json({"submission_id": json.loads(body)["submission_id"]})
            case "GET", ["jobs"]:
                self._json(list(ray.jobs.values()))
            case "GET" | "POST", ["jobs", job, *rest]:
                if job not in ray.jobs:
                    self._send(404, f"Job {job} does not exist")
                elif rest == ["logs"]:
                    self._json({"logs": ray.log})
                elif rest == ["stop"]:
                    ray.stopped.append(job)
                    ray.jobs[job]["status"] = "STOPPED"
                    self._json({"stopped": True})
                else:
                    self._json(ray.jobs[job])
            case _:
                self._send(404, "404: Not Found")

    def _json(self, value) -> None:
        self._send(200, json.dumps(value))

    def _send(self, status: int, text: str) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
