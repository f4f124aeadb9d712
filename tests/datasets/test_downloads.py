"""Downloading collections from a server on this machine: progress, resume, mirrors, checksums, no connection."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import os
import struct
import tarfile
import threading

import cv2
import msgspec
import numpy as np
import pytest

from cnnstudio.core import fetching
from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.sources.downloads import DATASETS, Dataset, Remote, fetch_dataset
from tests.datasets.test_archives import files, tarred, zipped
from tests.datasets.test_arrays import GREY, LABELS

RANDOM = np.random.default_rng(5)


class Server(http.server.BaseHTTPRequestHandler):
    """Serves `content` by path with ranges; `cut` breaks off so many answers after a few bytes."""

    content: dict[str, bytes] = {}
    asked: list[tuple[str, str | None]] = []
    cut = 0
    url = ""

    def do_GET(self):
        wanted = self.headers.get("Range")
        Server.asked.append((self.path, wanted))
        body = Server.content.get(self.path)
        if body is None:
            self.send_error(404)
            return
        begin = int(wanted[6:-1]) if wanted else 0
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(body) - begin))
        self.end_headers()
        if Server.cut:
            Server.cut -= 1
            self.wfile.write(body[begin:begin + len(body) // 3])
            self.wfile.flush()
            self.connection.close()
        else:
            self.wfile.write(body[begin:])

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(fetching, "_PAUSE_SECONDS", 0.01)
    Server.content, Server.asked, Server.cut = {}, [], 0
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    Server.url = f"http://127.0.0.1:{running.server_port}"
    yield Server
    running.shutdown()
    running.server_close()


def remote(name: str, data: bytes, split=None, *mirrors: str) -> Remote:
    Server.content[f"/{name}"] = data
    return Remote(name=name, urls=(*mirrors, f"{Server.url}/{name}"), bytes=len(data),
                  sha256=hashlib.sha256(data).hexdigest(), split=split)


def dataset(form: str, *remotes: Remote, **values) -> Dataset:
    base = DATASETS["mnist"]
    return msgspec.structs.replace(base, id="small", form=form, files=remotes, class_names=(), **values)


def idx(array: np.ndarray) -> bytes:
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return gzip.compress(head + array.astype(np.uint8).tobytes())


def mnist() -> Dataset:
    return dataset("idx", remote("train-images-idx3-ubyte.gz", idx(GREY)), remote("train-labels-idx1-ubyte.gz", idx(LABELS)),
                   remote("t10k-images-idx3-ubyte.gz", idx(GREY[:2])), remote("t10k-labels-idx1-ubyte.gz", idx(LABELS[:2])))


@pytest.mark.usefixtures("server")
def test_mnist_is_fetched_and_written(tmp_path):
    seen, phases = [], []
    offer = mnist()
    target = fetch_dataset(offer, tmp_path / "out", tmp_path / "cache", lambda *item: seen.append(item),
                           on_phase=lambda text: phases.append(text.en))
    assert len(files(target)) == 8
    assert phases == ["Downloading", "Writing the pictures"]
    assert (offer.bytes, offer.bytes) in seen
    assert seen[-1] == (8, 8)
    assert not (tmp_path / "cache" / "downloads" / "small").exists()


def test_a_broken_connection_is_tried_again_from_where_it_broke(server, tmp_path):
    offer = mnist()
    server.cut = 2
    assert len(files(fetch_dataset(offer, tmp_path / "out", tmp_path / "cache"))) == 8
    assert [wanted for _path, wanted in server.asked if wanted]


def test_what_came_before_a_failure_is_kept(server, tmp_path):
    offer = mnist()
    whole = dict(server.content)
    del server.content["/t10k-labels-idx1-ubyte.gz"]
    with pytest.raises(ProblemError) as problem:
        fetch_dataset(offer, tmp_path / "out", tmp_path / "cache")
    assert problem.value.problems[0].code == "download_failed"
    assert not (tmp_path / "out").exists()
    server.content, server.asked = whole, []
    Server.content = whole
    Server.asked = []
    fetch_dataset(offer, tmp_path / "out", tmp_path / "cache")
    assert [path for path, _wanted in Server.asked] == ["/t10k-labels-idx1-ubyte.gz"]


def test_mirrors_checksums_and_no_connection(server, tmp_path):
    data = zipped(tmp_path / "a.zip", ["wrap/cat/1.png", "wrap/dog/1.png"]).read_bytes()
    mirrored = dataset("archive", remote("a.zip", data, None, f"{server.url}/gone", "http://127.0.0.1:9/a.zip"))
    assert files(fetch_dataset(mirrored, tmp_path / "out", tmp_path / "cache")) == {"cat/1.png", "dog/1.png"}
    wrong = dataset("archive", msgspec.structs.replace(remote("b.zip", data), sha256="0" * 64))
    offline = dataset("archive", msgspec.structs.replace(remote("c.zip", data), urls=("http://127.0.0.1:9/c.zip",)))
    for item, code in ((wrong, "wrong_checksum"), (offline, "offline")):
        with pytest.raises(ProblemError) as problem:
            fetch_dataset(item, tmp_path / "no", tmp_path / "cache")
        assert problem.value.problems[0].code == code
        assert problem.value.problems[0].where.area == "dataset"
        assert not (tmp_path / "no").exists()


@pytest.mark.usefixtures("server")
def test_cancelling_keeps_the_beginning_and_goes_on(tmp_path):
    data = zipped(tmp_path / "a.zip", ["cat/1.png"], os.urandom(400_000)).read_bytes()
    offer = dataset("archive", remote("a.zip", data))
    calls = []

    def stop():
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_dataset(offer, tmp_path / "out", tmp_path / "cache", check=stop)
    assert not (tmp_path / "out").exists()
    assert files(fetch_dataset(offer, tmp_path / "out", tmp_path / "cache")) == {"cat/1.png"}
    assert Server.asked[-1][1] is not None


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("labels", [1, 2])
def test_cifar_in_its_binary_form(tmp_path, labels):
    pictures = RANDOM.integers(0, 256, (4, 3, 32, 32), np.uint8)
    numbers = np.array([[7, 1], [8, 0], [7, 1], [8, 1]], np.uint8)[:, :labels]
    numbers = numbers[:, ::-1] if labels == 1 else numbers
    wanted = numbers[:, -1] % 2
    numbers = np.concatenate([numbers[:, :-1], wanted[:, None]], axis=1)
    data = np.concatenate([numbers, pictures.reshape(4, -1)], axis=1).astype(np.uint8).tobytes()
    one = len(data) // 4
    names = b"airplane\nfrog\n"
    parts = [("data_batch_1.bin", data[:2 * one]), ("data_batch_2.bin", data[2 * one:3 * one]),
             ("test_batch.bin", data[3 * one:]), ("batches.meta.txt", names), ("fine_label_names.txt", names)]
    path = tarred(tmp_path / "c.tar.gz", [(tarfile.TarInfo(f"cifar/{name}"), content) for name, content in parts])
    offer = dataset("cifar100" if labels == 2 else "cifar10", remote("c.tar.gz", path.read_bytes()))
    target = fetch_dataset(offer, tmp_path / "out", tmp_path / "cache")
    assert len(files(target)) == 4
    label = ("airplane", "frog")[int(wanted[3])]
    written = cv2.imread(str(target / "test" / label / "000000.png"))[:, :, ::-1]
    assert (written == pictures[3].transpose(1, 2, 0)).all()


@pytest.mark.usefixtures("server")
def test_archives_of_splits_become_split_folders(tmp_path):
    parts = [remote("train.zip", zipped(tmp_path / "1.zip", ["train/a/1.png", "train/b/1.png"]).read_bytes(), "train"),
             remote("test.zip", zipped(tmp_path / "2.zip", ["rps-test/a/1.png", "rps-test/b/1.png"]).read_bytes(), "test")]
    target = fetch_dataset(dataset("archive", *parts, folder_names={"a": "Aa"}), tmp_path / "out", tmp_path / "cache")
    assert files(target) == {"train/Aa/1.png", "train/b/1.png", "test/Aa/1.png", "test/b/1.png"}


def test_every_entry_is_whole():
    for entry in DATASETS:
        assert entry.files
        assert all(len(file.sha256) == 64 and file.bytes > 0 and file.urls for file in entry.files)
        assert entry.label.es
        assert entry.help.es != entry.help.en
        assert not entry.class_names or len(entry.class_names) == entry.classes
    assert [entry.id for entry in DATASETS if entry.keras] == ["mnist", "fashion_mnist", "cifar10", "cifar100"]
