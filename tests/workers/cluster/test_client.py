"""Ray's Jobs API over HTTP, and what goes wrong with it, in words."""

from __future__ import annotations

import pytest

from cnnstudio.core.problems import ProblemError
from cnnstudio.workers.cluster.client import JobsClient, client_of
from cnnstudio.workers.cluster.cluster_problems import plain_http
from cnnstudio.workers.cluster.listing import list_jobs, stop_job
from cnnstudio.workers.cluster.package import code_package, send_code
from tests.workers.cluster.fake_ray import TOKEN


def code_of(call):
    with pytest.raises(ProblemError) as raised:
        call()
    return raised.value.problems[0].code


def test_version_and_jobs(ray, cluster):
    client = client_of(cluster)
    assert client.version().ray_version == "2.60.0"
    ray.work = lambda _job: ("FAILED", "broken")
    client.submit("job-1", "python -m x", "package.zip", {"A": "b"}, {"cnnstudio": "train", "run": "r", "ranks": "2"})
    assert ray.jobs["job-1"]["body"]["runtime_env"] == {"working_dir": "gcs://package.zip", "env_vars": {"A": "b"}}
    client.submit("job-2", "python -m y", "package.zip", {}, {})
    [listed] = list_jobs(cluster)
    assert (listed.job, listed.run, listed.ranks, listed.kind) == ("job-1", "r", 2, "train")
    stop_job(cluster, "job-1")
    assert ray.stopped == ["job-1"]
    assert client.job("job-1").is_over


def test_wrong_missing_and_needless_tokens(ray):
    assert JobsClient(ray.address, TOKEN).version()
    assert code_of(JobsClient(ray.address, "wrong").version) == "cluster_token"
    assert code_of(JobsClient(ray.address).version) == "cluster_token"
    ray.token = ""
    assert JobsClient(ray.address).version()


def test_another_computer_without_a_token_is_refused_with_the_reason():
    with pytest.raises(ProblemError) as refused:
        JobsClient("http://10.1.2.3:8265")
    assert refused.value.problems[0].code == "cluster_no_token"
    assert "anybody's code" in refused.value.problems[0].text.en


def test_what_is_not_there_or_something_else_is_told(ray):
    client = JobsClient(ray.address, TOKEN)
    assert code_of(lambda: client.job("gone")) == "cluster_no_job"
    assert code_of(lambda: client.stop("gone")) == "cluster_no_job"
    ray.plain = True
    assert code_of(client.version) == "cluster_not_ray"
    ray.close()
    assert code_of(client.version) == "cluster_unreachable"


def test_the_code_goes_once_and_has_neither_pictures_nor_the_window(ray, cluster):
    client = client_of(cluster)
    name = send_code(client)
    assert list(ray.packages) == [name]
    sent = ray.packages[name]
    ray.packages[name] = b"kept"
    assert send_code(client) == name
    assert ray.packages[name] == b"kept"
    import io
    import zipfile

    names = zipfile.ZipFile(io.BytesIO(sent)).namelist()
    assert "cnnstudio/workers/cluster/driver.py" in names
    assert any(item.startswith("resources/weights/") for item in names)
    assert not any(item.startswith(("cnnstudio/gui/", "resources/sample")) for item in names)
    assert len(code_package().data) < 100 << 20


@pytest.mark.parametrize(("address", "told"), [("http://127.0.0.1:8265", False), ("https://lab:443", False),
                                               ("http://lab:8265", True)])
def test_a_token_that_can_be_listened_to_is_told(address, told):
    assert (plain_http(address) is not None) == told
