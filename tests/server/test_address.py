"""Under which address other machines reach the server, and the path that all its addresses begin with."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator

import pytest
from streamlit import config

from server.address import base_path, is_loopback, lan_address

Set = Callable[[str, object], None]


@pytest.fixture
def option() -> Iterator[Set]:
    """Sets an option of Streamlit for one test."""
    before = {name: config.get_option(name) for name in ("server.address", "server.baseUrlPath")}
    yield lambda name, value: config.set_option(name, value)
    for name, value in before.items():
        config.set_option(name, value)


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1", "127.1.2.3", "::1"])
def test_a_server_on_this_machine_only_has_no_address_for_others(option: Set, address: str) -> None:
    option("server.address", address)
    assert lan_address() is None


@pytest.mark.parametrize("address", ["192.168.7.5", "classroom.example.org"])
def test_a_server_on_one_address_is_reached_there(option: Set, address: str) -> None:
    option("server.address", address)
    assert lan_address() == address


@pytest.mark.parametrize("address", [None, "", "0.0.0.0", "::"])
def test_a_server_on_all_addresses_is_reached_at_one_that_is_not_loopback(option: Set, address: str | None) -> None:
    option("server.address", address)
    found = lan_address()
    if found is not None:  # None: this machine has no network
        assert not ipaddress.ip_address(found).is_loopback
        assert not ipaddress.ip_address(found).is_unspecified


def test_without_a_network_there_is_no_address(option: Set, monkeypatch: pytest.MonkeyPatch) -> None:
    option("server.address", "0.0.0.0")
    monkeypatch.setattr("server.address._NOWHERE", ("::1", 9))
    assert lan_address() is None


@pytest.mark.parametrize(("given", "path"), [("", ""), ("rnn", "/rnn"), ("/rnn/", "/rnn"), ("teach/rnn", "/teach/rnn")])
def test_the_base_path_begins_with_a_slash_and_ends_with_none(option: Set, given: str, path: str) -> None:
    option("server.baseUrlPath", given)
    assert base_path() == path


@pytest.mark.parametrize("host", ["LOCALHOST", "app.localhost", "localhost.", "[::1]"])
def test_names_of_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["localhost.example.org", "notlocalhost", "10.0.0.1", "127.0.0.1.example.org"])
def test_names_that_are_not_loopback(host: str) -> None:
    assert not is_loopback(host)
