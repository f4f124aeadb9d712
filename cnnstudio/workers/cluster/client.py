"""Ray's Jobs API over HTTP with a token: what is needed of it, without Ray."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from typing import Any, Final, Literal, TypeVar
from urllib.parse import quote

import msgspec

from cnnstudio.core.clusters import Cluster, is_loopback
from cnnstudio.core.problems import ProblemError
from cnnstudio.workers.cluster import cluster_problems as problems
from cnnstudio.workers.cluster.tokens import read_token

SECONDS: Final = 30.0
LARGEST_PACKAGE: Final = 100 << 20
"""Bytes of a body that Ray takes."""
Status = Literal["PENDING", "RUNNING", "STOPPED", "SUCCEEDED", "FAILED"]
OVER: Final = ("STOPPED", "SUCCEEDED", "FAILED")
_T = TypeVar("_T")


class RayVersion(msgspec.Struct, frozen=True):
    """What runs at an address; `session_name` is another one after each start."""

    ray_version: str
    session_name: str = ""


class ClusterJob(msgspec.Struct, frozen=True):
    """A job there; times are milliseconds since the epoch. `metadata` is what it was submitted with."""

    status: Status
    submission_id: str | None = None
    message: str | None = None
    start_time: int | None = None
    end_time: int | None = None
    metadata: dict[str, str] | None = None

    @property
    def is_over(self) -> bool:
        return self.status in OVER


class _Logs(msgspec.Struct, frozen=True):
    logs: str = ""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirection would carry the token to another host."""

    def redirect_request(self, *_arguments: Any) -> None:
        return None


class JobsClient:
    """Every method raises ProblemError: unreachable, wrong token, unknown job, or what the cluster answered."""

    def __init__(self, address: str, token: str = "") -> None:
        if not token and not is_loopback(address):
            raise ProblemError(problems.token_missing(address))
        self.address = address
        self._token = token
        self._opener = urllib.request.build_opener(_NoRedirect)

    def version(self) -> RayVersion:
        return self._get("/api/version", RayVersion)

    def has_package(self, name: str) -> bool:
        try:
            self._request("GET", f"/api/packages/gcs/{quote(name)}")
        except _StatusError as status_error:
            if status_error.status == 404:
                return False
            raise ProblemError(self._refusal(status_error)) from None
        return True

    def put_package(self, name: str, data: bytes) -> None:
        self._checked("PUT", f"/api/packages/gcs/{quote(name)}", data, "application/octet-stream", seconds=300.0)

    def submit(self, job: str, entrypoint: str, package: str, environment: dict[str, str], metadata: dict[str, str]) -> None:
        """Start `entrypoint` with the id `job` in the folder that the package is unpacked to."""
        body = {"submission_id": job, "entrypoint": entrypoint, "metadata": metadata,
                "runtime_env": {"working_dir": f"gcs://{package}", "env_vars": environment}}
        self._checked("POST", "/api/jobs/", msgspec.json.encode(body), "application/json", seconds=120.0)

    def job(self, job: str) -> ClusterJob:
        """Raises ProblemError (cluster_no_job) where it is not known there."""
        return self._get(f"/api/jobs/{quote(job)}", ClusterJob, job)

    def jobs(self) -> list[ClusterJob]:
        return self._get("/api/jobs/", list[ClusterJob])

    def logs(self, job: str) -> str:
        return self._get(f"/api/jobs/{quote(job)}/logs", _Logs, job).logs

    def stop(self, job: str) -> None:
        self._checked("POST", f"/api/jobs/{quote(job)}/stop", b"", "application/json", job)

    # ---------------------------------------------------------------------------------------------

    def _get(self, path: str, kind: type[_T], job: str = "") -> _T:
        data = self._checked("GET", path, None, "", job)
        try:
            return msgspec.json.decode(data, type=kind)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            raise ProblemError(problems.not_ray(self.address, data[:2000].decode("utf-8", "replace"))) from None

    def _checked(self, method: str, path: str, body: bytes | None, kind: str, job: str = "", seconds: float = SECONDS) -> bytes:
        try:
            return self._request(method, path, body, kind, seconds)
        except _StatusError as status_error:
            if status_error.status == 404 and job and "does not exist" in status_error.answer:
                raise ProblemError(problems.no_job(self.address, job)) from None
            raise ProblemError(self._refusal(status_error)) from None

    def _refusal(self, status_error: _StatusError) -> Any:
        status, answer = status_error.status, status_error.answer
        if status in (401, 403):
            return problems.token_wrong(self.address) if self._token else problems.token_wanted(self.address)
        if status in (404, 405) or 300 <= status < 400:
            return problems.not_ray(self.address, answer)
        return problems.refused(self.address, status, answer)

    def _request(self, method: str, path: str, body: bytes | None = None, kind: str = "", seconds: float = SECONDS) -> bytes:
        request = urllib.request.Request(self.address + path, data=body, method=method)
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        if kind:
            request.add_header("Content-Type", kind)
        try:
            with self._opener.open(request, timeout=seconds) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as http_error:
            with http_error:
                text = http_error.read(100_000).decode("utf-8", "replace")
            raise _StatusError(http_error.code, text) from None
        except urllib.error.URLError as url_error:
            reason = url_error.reason if isinstance(url_error.reason, BaseException) else url_error
            raise ProblemError(problems.unreachable(self.address, reason)) from None
        except (OSError, http.client.HTTPException) as err:
            raise ProblemError(problems.unreachable(self.address, err)) from None


class _StatusError(Exception):
    """An answer that is not 200."""

    def __init__(self, status: int, answer: str) -> None:
        super().__init__(status)
        self.status, self.answer = status, answer


def client_of(cluster: Cluster) -> JobsClient:
    """The client of a cluster with its token. Raises ProblemError (cluster_no_token)."""
    return JobsClient(cluster.address, read_token(cluster.name))
