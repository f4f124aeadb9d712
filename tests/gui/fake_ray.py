"""A server that answers like the Jobs API of Ray and runs nothing: tests say what becomes of a job."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec

from cnnstudio.core.checksums import seal_line
from cnnstudio.core.events import Event
from cnnstudio.core.messages import encode_event
from cnnstudio.workers.cluster import layout
from cnnstudio.workers.cluster.layout import FileIndex, Written, job_folder, segment_name
from cnnstudio.workers.cluster.probe import MARK, Host, Probed, own_versions

TOKEN = "secret-token"


class FakeRay:
    """Serves at `address` until `close`. `jobs` are the submitted ones, `storage` the folder they would write into."""

    def __init__(self, storage: Path) -> None:
        self.storage = storage
        self.storage.mkdir(parents=True, exist_ok=True)
        self.version = "2.60.0"
        self.away = False
        """Whether something in between answers that the cluster is not there."""
        self.hosts = (Host(name="10.0.0.1", cpus=8, gpus=1), Host(name="10.0.0.2", cpus=8, gpus=1))
        # What this very Python may lack is there.
        here = {name: version for name, version in own_versions().items() if version}
        self.versions = {"jax": "0.9.0", "fsspec": "2026.1.0", **here, "ray": self.version}
        self.jobs: dict[str, dict[str, Any]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"ray": self}))
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def trainings(self) -> list[str]:
        """The ids of the submitted trainings."""
        return [job for job, facts in self.jobs.items() if facts["metadata"]["cnnstudio"] == "train"]

    def write_events(self, job: str, *events: Event) -> None:
        """What a training writes into the storage."""
        path = self.storage / segment_name(job, 0)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            for event in events:
                file.write(seal_line(encode_event(event)) + b"\n")

    def write_file(self, job: str, name: str, data: bytes) -> None:
        """A file of the run, with the index that tells of it."""
        folder = self.storage / job_folder(job)
        (folder / layout.FILES).mkdir(parents=True, exist_ok=True)
        (folder / layout.FILES / name).write_bytes(data)
        (folder / layout.INDEX).write_bytes(msgspec.json.encode(FileIndex(files={name: Written(len(data), 1)})))

    def commands(self, job: str) -> list[bytes]:
        """What the window sent to a training, in order."""
        folder = self.storage / job_folder(job) / layout.COMMANDS
        return [path.read_bytes() for path in sorted(folder.glob("*.json"))] if folder.is_dir() else []

    def probe_line(self) -> str:
        return MARK + msgspec.json.encode(Probed(python="3.11.7", versions=self.versions, hosts=self.hosts)).decode()


class _Handler(BaseHTTPRequestHandler):
    ray: FakeRay

    def log_message(self, *_arguments: Any) -> None:
        """Says nothing."""

    def _answer(self, body: object, status: int = 200) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _allowed(self) -> bool:
        if self.ray.away:
            self._answer({"error": "bad gateway"}, 502)
            return False
        allowed = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        if not allowed:
            self._answer({"error": "unauthorized"}, 401)
        return allowed

    def do_GET(self) -> None:
        if not self._allowed():
            return
        name = self.path.removeprefix("/api/jobs/")
        if self.path == "/api/version":
            self._answer({"ray_version": self.ray.version, "session_name": "one"})
        elif self.path == "/api/jobs/":
            self._answer([self._facts(job) for job in self.ray.jobs])
        elif self.path.startswith("/api/packages/"):
            self._answer({})
        elif name.removesuffix("/logs") in self.ray.jobs:
            self._answer({"logs": self.ray.probe_line()} if name.endswith("/logs") else self._facts(name))
        else:
            self._answer("Job does not exist", 404)

    def _facts(self, job: str) -> dict[str, Any]:
        facts = self.ray.jobs[job]
        return {"submission_id": job, "status": facts["status"], "metadata": facts["metadata"]}

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self._allowed():
            return
        if self.path.endswith("/stop"):
            self.ray.jobs[self.path.split("/")[-2]]["status"] = "STOPPED"
            self._answer({"stopped": True})
            return
        wanted = json.loads(body)
        checks = wanted["metadata"]["cnnstudio"] == "check"
        self.ray.jobs[wanted["submission_id"]] = {"status": "SUCCEEDED" if checks else "PENDING", **wanted}
        self._answer({"submission_id": wanted["submission_id"]})
