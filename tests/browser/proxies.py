"""Reverse proxies that strip a prefix: one in Python, and nginx and Caddy with the lines that README.md shows."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
START_S = 30
HEAD_END = b"\r\n\r\n"
CHUNK = 1 << 16

Proxied = Callable[[str, int, int, Path], AbstractContextManager[None]]
"""Forwards prefix + path at the second port to path at the first, with its files in a folder."""


@contextmanager
def in_python(prefix: str, server: int, port: int, _folder: Path) -> Iterator[None]:
    """Strips ``prefix`` and nothing else, as Traefik does: the bare prefix is forwarded as ``/``, unredirected."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        threading.Thread(target=_accept, args=(listener, prefix, server), daemon=True).start()
        try:
            yield
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # ends the wait in accept()


def _accept(listener: socket.socket, prefix: str, server: int) -> None:
    with suppress(OSError):
        while True:
            browser, _address = listener.accept()
            threading.Thread(target=_forward, args=(browser, prefix, server), daemon=True).start()


def _forward(browser: socket.socket, prefix: str, server: int) -> None:
    """Serves one request: its head is rewritten, then bytes are copied both ways, which covers websockets too."""
    with browser, suppress(OSError):
        received = b""
        while HEAD_END not in received:
            part = browser.recv(CHUNK)
            if not part:
                return
            received += part
        head, _end, body = received.partition(HEAD_END)
        request, *headers = head.decode("latin-1").split("\r\n")
        method, target, version = request.split(" ")
        path, mark, query = target.partition("?")
        if path != prefix and not path.startswith(f"{prefix}/"):
            browser.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        below = path.removeprefix(prefix) or "/"
        if not any(header.lower().startswith("upgrade:") for header in headers):  # one request a connection
            headers = [header for header in headers if not header.lower().startswith("connection:")]
            headers.append("Connection: close")
        headers.append("X-Forwarded-For: 127.0.0.1")
        with socket.create_connection(("127.0.0.1", server)) as upstream:
            lines = [f"{method} {below}{mark}{query} {version}", *headers]
            upstream.sendall("\r\n".join(lines).encode("latin-1") + HEAD_END + body)
            back = threading.Thread(target=_copy, args=(upstream, browser), daemon=True)
            back.start()
            _copy(browser, upstream)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(CHUNK):
            target.sendall(part)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def with_nginx(prefix: str, server: int, port: int, folder: Path) -> Iterator[None]:
    """Runs nginx with the location that README.md shows."""
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        f"http {{\n{temporary}access_log off;\nserver {{\nlisten 127.0.0.1:{port};\n"
        f"{readme_lines('nginx', prefix, server)}}}\n}}\n",
        encoding="utf-8",
    )
    with _running(["nginx", "-p", str(folder), "-e", f"{folder}/error.log", "-c", str(config)], port):
        yield


@contextmanager
def with_caddy(prefix: str, server: int, port: int, folder: Path) -> Iterator[None]:
    """Runs Caddy with the site that README.md shows."""
    site = readme_lines("caddy", prefix, server).replace("rnn.example.org", f"http://127.0.0.1:{port}")
    config = folder / "Caddyfile"
    config.write_text(f"{{\nadmin off\nstorage file_system {folder}\n}}\n{site}", encoding="utf-8")
    with _running(["caddy", "run", "--adapter", "caddyfile", "--config", str(config)], port):
        yield


def readme_lines(proxy: str, prefix: str, server: int) -> str:
    """Return the lines of README.md for ``proxy``, with another prefix and another port of the server."""
    (lines,) = re.findall(rf"```{proxy}\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    return re.sub(r"/rnn\b", prefix, lines).replace("127.0.0.1:8501", f"127.0.0.1:{server}")


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_listening(process, port)
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_until_listening(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} did not listen within {START_S} s")


PROXIES: dict[str, Proxied] = {"python": in_python} | {
    name: proxy for name, proxy in {"nginx": with_nginx, "caddy": with_caddy}.items() if shutil.which(name)
}
"""The proxies of this machine, by name. The one in Python is always there; nginx and Caddy where they are installed."""
