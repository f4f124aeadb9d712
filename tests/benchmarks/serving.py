"""The service under many clients: `python -m tests.benchmarks.serving MODEL PICTURES [CLIENTS] [REQUESTS]`.

Throughput, latency and memory, with what waits computed together and one at a time; every answer is compared with that of
`cnnstudio predict`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit


class Load(NamedTuple):
    """What came of many requests: seconds of each, seconds of all, and how many answers were not those of `predict`."""

    latencies: list[float]
    seconds: float
    wrong: int


def expected_answers(model: Path, pictures: Path) -> dict[str, dict[str, Any]]:
    """What `cnnstudio predict --json` says of each picture, by path."""
    done = subprocess.run([sys.executable, "-m", "cnnstudio", "predict", str(model), str(pictures), "--json"],
                          capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["path"]: {name: value for name, value in line.items() if name not in ("path", "left_out")} for line in lines}


@contextmanager
def service(model: Path, *options: str) -> Iterator[str]:
    """The address of a running service."""
    child = subprocess.Popen([sys.executable, "-m", "cnnstudio", "serve", str(model), "--port", "0", "--json", *options],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert child.stdout is not None
    try:
        yield json.loads(child.stdout.readline())["url"]
    finally:
        child.terminate()
        child.wait(60)


def memory(url: str) -> tuple[float, float]:
    """MB of the process that listens, and of the one with the model."""
    with urllib.request.urlopen(f"{url}metrics") as answer:
        text = answer.read().decode()
    found = [re.search(rf"^{name} (.*)$", text, re.MULTILINE) for name in (
        "process_resident_memory_bytes", "cnnstudio_engine_resident_memory_bytes")]
    return tuple(float(match[1]) / 1e6 if match else 0.0 for match in found)  # type: ignore[return-value]


def batch_mean(url: str) -> float:
    """How many pictures were computed together on average."""
    with urllib.request.urlopen(f"{url}metrics") as answer:
        text = answer.read().decode()
    total, count = (float(re.search(rf"^cnnstudio_batch_pictures_{name} (.*)$", text, re.MULTILINE)[1])  # type: ignore[index]
                    for name in ("sum", "count"))
    return total / max(1.0, count)


async def _client(url: str, jobs: Iterator[tuple[str, bytes]], expected: Mapping[str, dict[str, Any]], load: Load,
                  wrong: list[str]) -> None:
    """Sends requests over one connection, the next after each answer."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    for path, content in jobs:
        begin = time.perf_counter()
        writer.write(f"POST /predict?name={quote(path, safe='')} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
                     f"Content-Type: application/octet-stream\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        body = await reader.readexactly(int(length[1]) if length else 0)
        load.latencies.append(time.perf_counter() - begin)
        answer = json.loads(body)
        if answer.pop("path") != path or answer != expected[path]:
            wrong.append(path)
    writer.close()


async def send(url: str, contents: Mapping[str, bytes], expected: Mapping[str, dict[str, Any]], clients: int, requests: int
               ) -> Load:
    """Send so many requests from so many clients."""
    jobs = itertools.islice(itertools.cycle(contents.items()), requests)
    load, wrong = Load([], 0.0, 0), list[str]()
    begin = time.perf_counter()
    await asyncio.gather(*(_client(url, jobs, expected, load, wrong) for _ in range(clients)))
    return load._replace(seconds=time.perf_counter() - begin, wrong=len(wrong))


def main(arguments: Sequence[str]) -> None:
    model, pictures = Path(arguments[0]), Path(arguments[1])
    clients, requests = (int(text) for text in (*arguments[2:4], *("100", "10000")[len(arguments[2:4]):]))
    expected = expected_answers(model, pictures)
    contents = {path: Path(path).read_bytes() for path in expected}
    print(f"{len(contents)} pictures, {clients} clients, {requests} requests, Python {sys.version.split()[0]}\n")
    print("| | pictures/s | median | 95 % | pictures a batch | not as `predict` | memory before and after, MB |")
    print("|---|---|---|---|---|---|---|")
    for name, options in (("what waits together", ()), ("one at a time", ("--max-batch", "1"))):
        with service(model, *options) as url:
            asyncio.run(send(url, contents, expected, clients, min(requests, 500)))
            before = memory(url)
            load = asyncio.run(send(url, contents, expected, clients, requests))
            after = memory(url)
            print(f"| {name} | {requests / load.seconds:.0f} | {1000 * statistics.median(load.latencies):.0f} ms | "
                  f"{1000 * statistics.quantiles(load.latencies, n=20)[-1]:.0f} ms | {batch_mean(url):.1f} | {load.wrong} | "
                  f"{before[0]:.0f} + {before[1]:.0f} and {after[0]:.0f} + {after[1]:.0f} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
