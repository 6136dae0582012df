"""What may stand under [connection], and how wrong things are told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.files.connector import PLUGIN
from connectors.files.settings import FilesSettings
from hub.contract import Profile
from hub.model.partner import Partner, Role
from hub.wire.exchange import names
from hub.wire.exchange.settings import Ready
from hub.wire.sftp_host_key import checked_host_key, expected_kinds, fingerprint_of

MARK = "SHA256:" + "A" * 43


def settings(**changed: Any) -> FilesSettings:
    return FilesSettings.model_validate({"url": "sftp://acme@files.example.com", **changed})


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://acme@host/", "is not of the form sftp://user@host:22/folder"),
        ("sftp://host/", "is not of the form"),
        ("sftp://acme:word@host/", "a password does not belong into the url"),
        ("sftp://acme@host/?a=b", "no ? and no #"),
        ("sftp://acme@host:port/", "Port"),
    ],
)
def test_a_wrong_url_says_how_one_looks(url: str, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        settings(url=url)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "key", ["SHA1:abc", "ssh-dss AAAA", "files.example.com ssh-ed25519 AAAA", "ssh-ed25519 %%%", ""]
)
def test_a_wrong_host_key_says_how_one_looks(key: str) -> None:
    with pytest.raises(ValidationError, match="is not a host key"):
        settings(host_key=key)


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(ValidationError, match="hostkey"):
        settings(hostkey=MARK)


def test_one_host_key_or_several() -> None:
    assert settings(host_key=MARK).host_key == (MARK,)
    assert settings(host_key=[MARK, MARK + "="]).host_key == (MARK, MARK)


def test_a_partner_is_trusted_to_finish_its_files_only_when_that_was_agreed() -> None:
    assert settings().ready is Ready.STABLE


def test_the_endpoint_is_what_the_url_says() -> None:
    endpoint = settings(url="sftp://acme%40corp@files.example.com:2222/x").endpoint()
    assert (endpoint.host, endpoint.port, endpoint.user) == ("files.example.com", 2222, "acme@corp")
    assert settings().endpoint().port == 22


@pytest.mark.parametrize(
    ("url", "name", "path"),
    [
        ("sftp://a@h/", "/in/x.csv", "/in/x.csv"),
        ("sftp://a@h", "/in/x.csv", "in/x.csv"),
        ("sftp://a@h/base", "/in/x.csv", "/base/in/x.csv"),
        ("sftp://a@h/base/", "in/x.csv", "/base/in/x.csv"),
        ("sftp://a@h/with%20space", "x.csv", "/with space/x.csv"),
    ],
)
def test_names_are_below_the_url(url: str, name: str, path: str) -> None:
    assert settings(url=url).path(name) == path


def test_no_secret_is_in_the_settings_text() -> None:
    told = settings(password="canary-word-1", ssh_key="canary-word-2", ssh_key_password="canary-word-3")
    assert "canary" not in f"{told} {told!r} {told.endpoint()} {told.endpoint()!r} {told.model_dump_json()}"
    assert set(told.secrets()) == {"password", "ssh_key", "ssh_key_password"}


def test_a_profile_without_a_mapping_file_is_refused() -> None:
    profile = Profile(partner=Partner(code="acme", role=Role.SUPPLIER), settings=settings())
    with pytest.raises(TypeError, match="acme"):
        PLUGIN.open(profile, None)  # type: ignore[arg-type]


def test_every_setting_is_explained_in_the_readme(repository: Any) -> None:
    text = (repository / "connectors/files/README.md").read_text()
    missing = [name for name in FilesSettings.model_fields if f"`{name}`" not in text]
    assert missing == []


# --- host keys -------------------------------------------------------------------------------------------------------


def test_a_key_line_has_the_fingerprint_that_ssh_keygen_prints() -> None:
    line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl github.com"
    assert fingerprint_of(checked_host_key(line)) == "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"


def test_key_lines_narrow_what_a_server_is_asked_for_and_a_fingerprint_does_not() -> None:
    line = "ssh-rsa AAAAB3NzaC1yc2E="
    assert expected_kinds([line]) == ("ssh-rsa",)
    assert len(expected_kinds([line, MARK])) > 1
    assert len(expected_kinds([])) > 1


# --- names -----------------------------------------------------------------------------------------------------------

_NAMES = st.text(
    st.characters(codec="ascii", categories=["L", "N", "P"], exclude_characters="/"), min_size=1, max_size=40
)


@given(_NAMES, st.sampled_from(["crossdock", "a", "other_1"]))
def test_a_claim_can_always_be_read_back_and_is_never_waiting(name: str, instance: str) -> None:
    claimed = name + names.claim_suffix(instance)
    assert names.leftover_of(claimed, "*", instance) == name
    assert not names.is_waiting(claimed, "*")
    assert names.leftover_of(claimed, "*", "somebody_else") is None


@given(_NAMES, st.lists(st.text(max_size=20), min_size=2, max_size=5, unique=True))
def test_uploads_of_two_documents_never_share_a_name(name: str, keys: list[str]) -> None:
    parts = {names.part_name(name, key) for key in keys}
    assert len(parts) == len(keys)
    assert not any(names.is_waiting(part, "*") for part in parts)


def test_a_stamp_stands_before_the_ending() -> None:
    assert names.stamped("stock.csv", names.version_stamp(0, b"")) == "stock.19700101T000000Z-e3b0c442.csv"
    assert names.stamped("stock", "1") == "stock.1"


def test_a_pattern_is_matched_by_case() -> None:
    assert names.is_waiting("inventory_1.csv", "inventory*.csv")
    assert not names.is_waiting("INVENTORY.CSV", "inventory*.csv")
