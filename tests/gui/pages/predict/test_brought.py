"""Pictures from a browser or the clipboard: taken where they are there, told where they lie on the web."""

from __future__ import annotations

import base64
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QColor, QGuiApplication, QImage

from cnnstudio.gui.pages.predict.network_view import NetworkView
from cnnstudio.gui.widgets.brought import brought_by
from cnnstudio.gui.widgets.inputs import Switch
from tests.gui.driving import part, says
from tests.gui.pages.predict.test_predict import answered, opened, page  # noqa: F401


@pytest.fixture
def png(tmp_path):
    image = QImage(20, 10, QImage.Format.Format_RGB32)
    image.fill(QColor(200, 30, 40))
    image.save(str(tmp_path / "red.png"))
    return (tmp_path / "red.png").read_bytes()


@pytest.fixture
def web(png):
    """A server with a picture, a page and a picture without an end."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            if self.path.startswith("/gone"):
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(1 << 40 if self.path.startswith("/huge") else len(png)))
            self.end_headers()
            self.wfile.write(png)

        def log_message(self, *_arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    server.asked = asked
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def mime_of(html="", urls=(), text="", image=None) -> QMimeData:
    mime = QMimeData()
    if html:
        mime.setHtml(html)
    if urls:
        mime.setUrls([QUrl(url) for url in urls])
    if text:
        mime.setText(text)
    if image is not None:
        mime.setImageData(image)
    return mime


def test_what_is_brought_is_known(qapp, png):  # noqa: ARG001
    data = "data:image/png;base64," + base64.b64encode(png).decode()
    assert brought_by(mime_of(html=f'<meta><a href="x"><img alt=a src="{data}"></a>')).data == png
    assert brought_by(mime_of(text=data)).suffix == ".png"
    page_and_picture = mime_of(html='<img src="https://a.example/b.jpg?x=1&amp;y=2">', urls=["https://a.example/page"])
    assert brought_by(page_and_picture).url == "https://a.example/b.jpg?x=1&y=2", "the picture, not the page it links to"
    image = QImage(4, 4, QImage.Format.Format_RGB32)
    assert brought_by(mime_of(urls=["https://a.example/b.jpg"], image=image)).image is not None, "what is there is not fetched"
    for nothing in (mime_of(text="hello http://x"), mime_of(html="<b>bold</b>"), mime_of(urls=["ftp://a.example/x.png"]),
                    mime_of(text="data:image/png;base64,!"), mime_of(text="http://[")):
        found = brought_by(nothing)
        assert found is None or not found.url


def test_a_picture_inside_an_address_is_classified(qtbot, page, png):  # noqa: F811
    data = "data:image/png;base64," + base64.b64encode(png).decode()
    assert page.mime_text(mime_of(text=data)) == "Classify"
    assert page.take_mime(mime_of(html=f"<img src='{data}'>"))
    answered(qtbot, page, 1)
    assert Path(page.answers[0].path).read_bytes() == png


def test_a_picture_on_the_web_is_fetched_only_when_the_user_says_so(qtbot, page, web, png):  # noqa: F811
    url = f"http://127.0.0.1:{web.server_port}/some/dog.png?size=2"
    told = []
    page.session.problem_reported.connect(told.append)
    QGuiApplication.clipboard().setMimeData(mime_of(text=url))
    page.paste()
    (message,) = told
    assert "on the web, at 127.0.0.1. Nothing has been fetched." in str(message.text)
    qtbot.wait(50)
    assert not web.asked and not page.answers
    page.session.apply(message.fixes[0])
    answered(qtbot, page, 1)
    assert web.asked == ["/some/dog.png?size=2"]
    assert Path(page.answers[0].path).read_bytes() == png and page.answers[0].name.endswith("dog.png")


@pytest.mark.parametrize(("path", "text"), [("/gone.png", "HTTP 404"), ("/huge.png", "larger than 128 MB")])
def test_what_cannot_be_fetched_is_told(qtbot, page, web, path, text):  # noqa: F811
    told = []
    page.session.problem_reported.connect(told.append)
    page._pictures.incoming.download(f"http://127.0.0.1:{web.server_port}{path}")
    qtbot.waitUntil(lambda: bool(told), timeout=10_000)
    assert text in str(told[0].text)
    assert not list(page.server.paste_folder.iterdir())


def test_the_picture_as_the_network_sees_it(qtbot, page, pictures_folder):  # noqa: F811
    page.take_paths([str(pictures_folder / "dog" / "dog03.png")])
    answered(qtbot, page, 1)
    view = part(page, NetworkView)
    assert view.isVisible() and not view.picture.isVisible()
    part(view, Switch).click()
    qtbot.waitUntil(lambda: view.picture.image is not None)
    assert (view.picture.image.width(), view.picture.image.height()) == (3, 2)
    assert says(view, "3 × 2 pixels, channels: 1")
    page.take_paths([str(pictures_folder / "dog" / "broken.png")])
    answered(qtbot, page, 1)
    assert not view.isVisible()
