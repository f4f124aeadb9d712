"""Who may use the service: hosts, origins and tokens."""

from __future__ import annotations

import pytest

from tests.workers.service.fakes import client

TOKEN = "s3cret-" * 4
BEARER = {"authorization": f"Bearer {TOKEN}"}
IMAGE = {"content-type": "image/png"}


@pytest.mark.parametrize(("host", "status"), [
    ("localhost", 200), ("LOCALHOST:9", 200), ("127.0.0.1:8000", 200), ("[::1]:8000", 200), ("127.0.0.7", 200),
    ("evil.example", 403), ("127.0.0.1.evil.example", 403), ("localhost.evil.example:80", 403), ("", 403), ("10.0.0.1", 403)])
def test_without_a_token_only_this_computer_is_answered(host, status):
    """A page whose name is made to point to 127.0.0.1 sends that name."""
    with client(host="127.0.0.7") as service:
        response = service.get("/model", headers={"host": host})
    assert response.status_code == status
    assert status == 200 or response.json()["problem"]["code"] == "unknown_host"


@pytest.mark.parametrize(("origin", "status"), [
    ("http://localhost:8000", 200), ("https://localhost:8000", 200), ("http://evil.example", 403), ("null", 403),
    ("http://localhost:3000", 403), ("http://localhost:8000.evil.example", 403)])
def test_pages_of_other_sites_are_refused(origin, status):
    with client() as service:
        response = service.post("/predict", content=b"a", headers={**IMAGE, "origin": origin})
    assert response.status_code == status
    assert "access-control-allow-origin" not in response.headers


def test_a_site_that_is_allowed_may_use_the_service_from_its_pages():
    with client(allow_origins=("https://example.org",), token=TOKEN) as service:
        asked = service.options("/predict", headers={"origin": "https://example.org", "access-control-request-method": "POST"})
        assert asked.status_code == 204
        assert asked.headers["access-control-allow-origin"] == "https://example.org"
        assert "Authorization" in asked.headers["access-control-allow-headers"]
        answer = service.post("/predict", content=b"a", headers={**IMAGE, **BEARER, "origin": "https://example.org"})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "https://example.org")
        assert "Origin" in answer.headers["vary"]
        other = service.options("/predict", headers={"origin": "https://evil.example"})
        assert other.status_code == 403 and "access-control-allow-origin" not in other.headers
        assert service.post("/predict", content=b"a", headers={**IMAGE, "origin": "https://example.org"}).status_code == 401


@pytest.mark.parametrize("given", [
    None, "", "Bearer", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", TOKEN, "Bearer ñ"])
def test_without_the_right_token_nothing_is_told(given):
    with client(token=TOKEN) as service:
        for method, path in (("POST", "/predict"), ("GET", "/model"), ("GET", "/metrics"), ("GET", "/nothing")):
            response = service.request(method, path, content=b"a" if method == "POST" else None, headers={
                **IMAGE, **({} if given is None else {"authorization": given.encode()})})
            assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
            assert TOKEN not in response.text


def test_with_the_token_it_answers_by_every_name_and_the_page_is_open():
    with client(token=TOKEN) as service:
        for host in ("localhost", "models.example.org"):
            headers = {**IMAGE, **BEARER, "host": host}
            assert service.post("/predict", content=b"a", headers=headers).status_code == 200
        for path in ("/", "/health", "/docs", "/docs/openapi.json", "/assets/service.js"):
            response = service.get(path)
            assert response.status_code == 200
            assert TOKEN not in response.text
        assert "security" in service.get("/docs/openapi.json").json()


def test_every_answer_tells_browsers_to_be_careful():
    with client() as service:
        for path in ("/", "/model", "/nothing", "/assets/service.css"):
            headers = service.get(path).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cross-origin-resource-policy"] == "same-origin"
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
