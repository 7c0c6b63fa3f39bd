"""Share: the link is the run, each file is what the core makes of it, and a file that cannot be changes nothing."""

from __future__ import annotations

import io
import struct
from urllib.parse import parse_qsl, urlsplit

import pytest

from pages.ui.share.files import FILES
from pages.ui.share.link import qr_png
from rnn_core import RunConfig, Trainer
from rnn_core.checkpoint import to_safetensors
from rnn_core.config import Cell, Head, Task
from tests.pages.conftest import HOSTILE, Open, Screen

CONFIG = RunConfig("hello! world", task=Task.NEXT, cell=Cell.GRU, head=Head.LINEAR, seed=3)
REACHED = 9


def opened(open_screen: Open) -> Screen:
    screen = open_screen("share", CONFIG.to_query() | {"epoch": str(REACHED)})
    assert screen.errors == []
    return screen


def link(screen: Screen) -> str:
    (code,) = screen.app.get_by_key("share_link").code
    return str(code.value)


def upload(screen: Screen, name: str, data: bytes) -> None:
    screen.widget("upload").set_value((name, data, "application/octet-stream"))
    screen.run()


def test_the_link_is_the_run(open_screen: Open) -> None:
    screen = opened(open_screen)
    query = dict(parse_qsl(urlsplit(link(screen)).query))
    assert query == CONFIG.to_query() | {"epoch": str(REACHED)}
    again = open_screen("train", query)
    assert again.runs[CONFIG].epoch == REACHED


def test_the_cursor_is_in_the_link_as_far_as_the_text_has_it(open_screen: Open) -> None:
    screen = open_screen("share", CONFIG.to_query() | {"t": "10", "unit": "2"})
    assert dict(parse_qsl(urlsplit(link(screen)).query)) == CONFIG.to_query() | {"t": "10", "unit": "2"}
    screen.enter(text="hello")
    query = CONFIG.to_query() | {"text": "hello", "unit": "2"}
    assert dict(parse_qsl(urlsplit(link(screen)).query)) == query


def test_what_is_to_be_hidden_and_opened_is_in_the_link(open_screen: Open) -> None:
    screen = opened(open_screen)
    screen.enter(link_hides=["seed", "optimizer"], link_page="memory")
    address = urlsplit(link(screen))
    assert dict(parse_qsl(address.query))["hide"] == "seed,optimizer"
    assert address.path.endswith("/memory")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_in_the_link_to_the_letter(open_screen: Open, text: str) -> None:
    config = RunConfig(text, head=Head.LINEAR)
    screen = open_screen("share", config)
    assert RunConfig.from_query(dict(parse_qsl(urlsplit(link(screen)).query))) == config


def test_a_link_that_is_too_long_for_a_code_says_so(open_screen: Open) -> None:
    assert qr_png("x" * 3_000) is None
    screen = open_screen("share", RunConfig("가나다라" * 120, head=Head.LINEAR))
    assert any("too long for a QR code" in words for words in screen.words("qr"))


def test_a_code_is_a_png_large_enough_for_a_projector() -> None:
    png = qr_png("http://localhost:8501/train?cell=gru")
    assert png is not None
    assert png.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", png[16:24])
    assert width == height >= 200


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_there_is_a_button_for_each_file(open_screen: Open, file: object) -> None:
    screen = opened(open_screen)
    labels = [button.proto.label for button in screen.app.get("download_button")]
    assert labels == [one.name for one in FILES]
    run = screen.runs[CONFIG]
    made = file.made(run)  # type: ignore[attr-defined]
    assert len(made) > 100


def test_a_run_that_is_brought_back_goes_on_as_if_it_had_never_been_away(open_screen: Open) -> None:
    trainer = Trainer(CONFIG)
    trainer.run(REACHED)
    screen = open_screen("share")
    upload(screen, "run.safetensors", to_safetensors(trainer))
    assert screen.errors == []
    screen.go("train")
    assert screen.live("live_status")["text"].startswith(f"epoch {REACHED} · loss {trainer.now.loss_nats:.4f}")
    screen.press("Step")
    trainer.step()
    run = screen.runs[CONFIG]
    assert (run.now, run.history) == (trainer.now, trainer.history)


def test_a_config_that_is_brought_back_is_the_experiment(open_screen: Open) -> None:
    screen = open_screen("share")
    upload(screen, "config.json", CONFIG.to_json().encode())
    assert screen.errors == []
    assert list(screen.runs)[-1] == CONFIG
    assert screen.widget("seed").value == 3


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("run.safetensors", b""),
        ("run.safetensors", b"PK\x03\x04 a zip"),
        ("run.safetensors", b"\x80\x04\x95 a pickle"),
        ("run.safetensors", struct.pack("<Q", 100_000_000) + b"{}"),
        ("config.json", b"[" * 100_000),
        ("config.json", b'{"text": "a", "bogus": 1}'),
        ("config.json", b"\xff\xfe"),
    ],
    ids=["empty", "zip", "pickle", "a header of 100 MB", "a bomb", "an unknown key", "no text"],
)
def test_a_file_that_cannot_be_changes_nothing_and_says_why(open_screen: Open, name: str, data: bytes) -> None:
    screen = opened(open_screen)
    before = link(screen)
    upload(screen, name, data)
    assert screen.errors == ["Nothing was changed."]
    assert any("must" in words for words in screen.app.text.values)
    assert link(screen) == before
    assert screen.runs[CONFIG].epoch == REACHED


def test_no_file_is_made_before_it_is_asked_for(open_screen: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_args: object, **_options: object) -> str:
        raise AssertionError("nobody asked for it")

    for name in ("to_script", "to_notebook", "to_safetensors", "history_csv", "history_parquet"):
        monkeypatch.setattr(f"pages.ui.share.files.{name}", asked)
    opened(open_screen)


def test_the_files_say_where_the_run_is(open_screen: Open) -> None:
    run = opened(open_screen).runs[CONFIG]
    made = {file.name: file.made(run) for file in FILES}
    assert RunConfig.from_json(str(made["config.json"])) == CONFIG
    assert str(made["history.csv"]).count("\n") == REACHED + 2
    assert io.BytesIO(bytes(made["history.parquet"])).getvalue().startswith(b"PAR1")  # type: ignore[arg-type]


LONG = RunConfig("\n".join(["가나다라" * 32] * 16), head=Head.LINEAR, hidden_size=4)


@pytest.mark.parametrize(("epoch", "file"), [("0", "config.json"), ("2", "run.safetensors")])
def test_a_run_whose_link_is_too_long_has_a_file_in_its_place(open_screen: Open, epoch: str, file: str) -> None:
    screen = open_screen("share", LONG.to_query() | {"epoch": epoch})
    assert not screen.has("share_link")
    (warning,) = [one.value for one in screen.app.warning if "no link" in one.value]
    assert "this browser only" in warning
    labels = {button.key: button.proto.label for button in screen.app.get("download_button")}
    assert labels["instead_of_link"] == file


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_a_link_to_this_machine_says_so_and_names_its_address(
    open_screen: Open, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setattr("pages.ui.share.link.lan_address", lambda: "192.168.7.5")
    screen = open_screen("share", CONFIG, url=f"http://{host}:8501/share")
    (warning,) = [one.value for one in screen.app.warning if "this machine" in one.value]
    assert "nobody else can open" in warning
    (others,) = screen.app.get_by_key("share_reach").code
    assert others.value.startswith("http://192.168.7.5:8501/train?")
    assert link(screen).startswith(f"http://{host}:8501/train?")


def test_where_the_server_is_for_this_machine_only_no_address_is_named(
    open_screen: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.ui.share.link.lan_address", lambda: None)
    screen = open_screen("share", CONFIG, url="http://localhost:8501/share")
    assert any("accepts no connection" in one.value for one in screen.app.warning)
    assert list(screen.app.get_by_key("share_reach").code) == []
    assert not open_screen("share", CONFIG, url="http://classroom.example.org/share").has("share_reach")
