"""Certificates: what is wrong with one is a sentence of its own, and its end is known."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from tests.vtn.certificates import NOW, behind_tls
from tests.vtn.scripted import Asked, Say
from vendash.vtn.client import Vtn
from vendash.vtn.errors import VtnUntrustedError

DAY = datetime.timedelta(days=1)


def empty(asked: Asked) -> Say:
    return Say(200, [])


async def test_a_ca_file_of_ones_own_is_trusted_and_the_end_of_the_certificate_known(
    tmp_path: Path,
) -> None:
    ends = (NOW + 5 * DAY).replace(microsecond=0)
    async with behind_tls(empty, tmp_path, ends=ends) as (server, ca_file):
        vtn = Vtn(server.url, dialect="3.1", ca_file=ca_file, timeout=5.0)
        async with vtn.connect() as connection:
            assert await connection.greet() == "3.1"
    facts = vtn.vitals.snapshot()
    assert facts.certificate_ends == ends
    assert [sentence for sentence in facts.warnings() if "have it renewed" in sentence]
    assert not facts.warnings(ends - 15 * DAY)


@pytest.mark.parametrize(
    ("name", "ends", "trusted", "sentence"),
    [
        ("localhost", NOW - DAY, True, "has expired: have it renewed there"),
        ("other.example.com", None, True, "is for another name: correct the address"),
        ("localhost", None, False, "give the CA file it was signed with"),
    ],
    ids=["expired", "another name", "a stranger's"],
)
async def test_a_bad_certificate_is_one_sentence_and_nothing_is_sent(
    tmp_path: Path, name: str, ends: datetime.datetime | None, trusted: bool, sentence: str
) -> None:
    async with behind_tls(empty, tmp_path, name=name, ends=ends) as (server, ca_file):
        vtn = Vtn(server.url, dialect="3.1", ca_file=ca_file if trusted else None, timeout=5.0)
        async with vtn.connect() as connection:
            with pytest.raises(VtnUntrustedError) as error:
                await connection.greet()
        assert server.asked == []
    assert sentence in str(error.value)
    assert str(error.value).endswith(".")
    assert vtn.vitals.snapshot().error == str(error.value)
