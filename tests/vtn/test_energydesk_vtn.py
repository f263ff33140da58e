"""The whole registration against an EnergyDesk VTN: no pages, no changes, tokens given once."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from weakref import ref

import pytest

from tests.vtn.ledger import MemoryLedger, fleet
from tests.vtn.scripted import Asked, Say, scripted
from vendash.models import RegistrationStatus, ResourceWork, VenWork, VtnState
from vendash.vtn.auth import Credentials
from vendash.vtn.client import Vtn
from vendash.vtn.dialects.base import Listed
from vendash.vtn.driver import Registrar
from vendash.vtn.errors import VtnAuthError
from vendash.vtn.exchange import carry_out
from vendash.vtn.lists import WholeLists
from vendash.vtn.moves import Create, Held, LookUp, Lost, Missing, Read, Taken
from vendash.vtn.server import Faults, VtnServer, vtn_server
from vendash.vtn.vensecrets import VenSecretFile

VEN = VenWork(name="Køge", client_id="c", revision=1, remote_id=None, doubtful=False)
RESOURCE = ResourceWork(
    key=1,
    resource=fleet(1, 1)[0],
    revision=1,
    ven_remote_id="v1",
    client_id="c",
    remote_id=None,
    doubtful=False,
)


def client(server: VtnServer, folder: Path, *, dialect: str = "") -> Vtn:
    url = f"{server.url}/openadr3"
    return Vtn(
        url,
        credentials=Credentials(server.client_id, server.client_secret),
        token_url=f"{url}/auth/token",
        dialect=dialect,
        timeout=5.0,
        ven_secrets=VenSecretFile(folder / "secrets.json", url),
    )


@pytest.mark.parametrize("dialect", ["", "energydesk"])
async def test_a_fleet_is_registered_and_every_ven_keeps_its_token(
    tmp_path: Path, dialect: str
) -> None:
    async with vtn_server(dialect="energydesk") as server:
        vtn = client(server, tmp_path, dialect=dialect)
        ledger = MemoryLedger(fleet(3, 40))
        summary = await Registrar(ledger, vtn).settle()
        assert (summary.vens.registered, summary.resources.registered) == (3, 120)
        assert ledger.states() == {VtnState.OK}
        async with vtn.connect() as connection:
            assert await connection.count() == (3, 120)
        tokens = {vtn.ven_secrets.token(f"Town{n}") for n in range(3)}
        assert None not in tokens
        assert len(tokens) == 3
        assert vtn.dialect == "energydesk"
        assert vtn.vitals.snapshot().vens_without_token == ()


@pytest.mark.parametrize("body_409", ["problem", "list", "id"])
async def test_lost_answers_leave_nothing_twice_and_a_word_about_tokens_that_are_gone(
    tmp_path: Path, body_409: str
) -> None:
    faults = Faults(fail_after_write=0.3, reset_after_write=0.1, body_409=body_409)  # type: ignore[arg-type]
    async with vtn_server(dialect="energydesk", faults=faults) as server:
        vtn = client(server, tmp_path)
        ledger = MemoryLedger(fleet(8, 20))
        registrar = Registrar(ledger, vtn)
        for _ in range(5):
            await registrar.settle()
            if ledger.states() == {VtnState.OK}:
                break
        assert ledger.states() == {VtnState.OK}
        async with vtn.connect() as connection:
            assert await connection.count() == (8, 160)
        facts = vtn.vitals.snapshot()
        known = {name for name in ledger.vens if vtn.ven_secrets.token(name)}
        assert set(facts.vens_without_token) == set(ledger.vens) - known != set()
        assert any("vendash secret set ven" in sentence for sentence in facts.warnings())
        assert facts.answers < 160 * 3  # a list for many look-ups, not one for each


async def test_a_decision_that_the_vtn_cannot_be_told_is_for_the_operator(tmp_path: Path) -> None:
    async with vtn_server(dialect="energydesk") as server:
        vtn = client(server, tmp_path)
        ledger = MemoryLedger(fleet(1, 2))
        await Registrar(ledger, vtn).settle()
        ledger.decide(1, RegistrationStatus.APPROVED)
        await Registrar(ledger, vtn).settle()
        assert ledger.rows[1].state is VtnState.CONFLICT
        assert "This VTN cannot change a resource" in ledger.rows[1].reason
        assert ledger.rows[2].state is VtnState.OK


async def test_many_look_ups_share_one_list_until_one_of_them_has_been_touched() -> None:
    listed = [{"id": RESOURCE.resource.resource_id, "resource_type": "PV"}]

    def handler(asked: Asked) -> Say:
        return Say(200, listed) if asked.method == "GET" else Say(500)

    async with (
        scripted(handler) as server,
        Vtn(server.url, dialect="energydesk").connect() as connection,
    ):
        for _ in range(5):
            assert isinstance(await carry_out(connection, RESOURCE, LookUp()), Held)
            await carry_out(connection, RESOURCE, Read(RESOURCE.resource.resource_id))
        assert server.count("GET /resources") == 1
        await carry_out(connection, RESOURCE, Create())
        await carry_out(connection, RESOURCE, LookUp())
        assert server.count("GET /resources") == 2


async def test_a_full_vtn_is_asked_for_its_list_once_and_not_after_every_409(
    tmp_path: Path,
) -> None:
    async with vtn_server(dialect="energydesk") as server:
        await Registrar(MemoryLedger(fleet(2, 100)), client(server, tmp_path)).settle()
        server.counters.clear()
        ledger = MemoryLedger(fleet(2, 100))
        vtn = client(server, tmp_path, dialect="energydesk")
        summary = await Registrar(ledger, vtn).settle()
        assert (summary.vens.already, summary.resources.already) == (2, 200)
        assert server.counters.answers["POST /resources 409"] == 200
        assert server.counters.requests["GET /resources"] == 1


async def test_of_a_list_that_is_read_again_and_again_only_the_newest_is_kept() -> None:
    """Of a whole fleet each takes many megabytes."""
    lists, old = WholeLists(), []

    async def read() -> list[Listed]:
        return []

    for _ in range(3):
        old.append(ref(await lists.get("/resources", None, read)))
    gc.collect()
    assert [each() is None for each in old] == [True, True, False]


def test_what_was_done_to_items_is_remembered_no_longer_than_a_list_is_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An engine runs for months, and resources come and go."""
    lists = WholeLists()
    for name in ("first", "second"):
        lists.conflict(name, b'{"id": "i-' + name.encode() + b'"}')
        lists.touched(name)
    assert (lists.told("first"), lists.told("second")) == ("i-first", "i-second")
    monkeypatch.setattr("vendash.vtn.lists.FRESH", 0.0)
    lists.touched("third")
    assert (lists.told("first"), lists.told("second")) == (None, None)


async def test_a_409_for_what_the_list_did_not_show_has_it_read_anew() -> None:
    listed: list[dict[str, str]] = []

    def handler(asked: Asked) -> Say:
        if asked.path == "/vens":
            return Say(200, [{"id": "v1", "ven_name": "Town0"}])
        if asked.method == "GET":
            return Say(200, listed)
        listed.append({"id": RESOURCE.resource.resource_id, "resource_type": "PV"})
        return Say(409)

    async with (
        scripted(handler) as server,
        Vtn(server.url, dialect="energydesk").connect() as connection,
    ):
        assert await carry_out(connection, RESOURCE, LookUp()) == Missing()
        assert isinstance(await carry_out(connection, RESOURCE, Create()), Taken)
        assert isinstance(await carry_out(connection, RESOURCE, LookUp()), Held)
        assert server.count("GET /resources") == 2


async def test_an_id_in_a_409_is_adopted_where_the_vtn_shows_no_list() -> None:
    def handler(asked: Asked) -> Say:
        return Say(404) if asked.method == "GET" else Say(409, {"id": "v7"})

    async with scripted(handler) as server:
        vtn = Vtn(server.url, dialect="energydesk")
        async with vtn.connect() as connection:
            assert isinstance(await carry_out(connection, VEN, Create()), Taken)
            found = await carry_out(connection, VEN, LookUp())
    assert found == Held("v7")
    assert vtn.vitals.snapshot().vens_without_token == ("Køge",)


class Listless:
    """A VTN that takes every name once, shows none, and loses the answer to each first POST."""

    def __init__(self, *, tells_ids: bool) -> None:
        self.tells_ids = tells_ids
        self.made: dict[str, str] = {}

    def __call__(self, asked: Asked) -> Say:
        if asked.method == "GET":
            return Say(200, []) if asked.path == "/programs" else Say(404)
        body = json.loads(asked.body)
        name = body.get("id") or body["ven_name"]
        if name not in self.made:
            self.made[name] = body.get("id") or f"v{len(self.made)}"
            return Say(500)
        return Say(409, {"id": self.made[name]} if self.tells_ids else [])


@pytest.mark.parametrize("tells_ids", [True, False])
async def test_where_the_vtn_shows_no_list_what_is_in_doubt_is_posted_and_its_409_decides(
    tells_ids: bool,
) -> None:
    """Killed after each answer was lost: a look-up finds nothing, and never will."""
    vtn, ledger = Listless(tells_ids=tells_ids), MemoryLedger(fleet(2, 3))
    async with scripted(vtn) as server:
        for _ in range(4):
            await Registrar(ledger, Vtn(server.url, dialect="energydesk"), patience=0).settle()
        vens = {(row.state, row.remote_id) for row in ledger.vens.values()}
        if not tells_ids:
            assert vens == {(VtnState.CONFLICT, None)}
            assert "is taken at the VTN" in ledger.vens["Town0"].reason
            return
        assert vens == {(VtnState.OK, "v0"), (VtnState.OK, "v1")}
        assert ledger.states() == {VtnState.OK}
        assert {r.remote_id for r in ledger.rows.values()} < set(vtn.made.values())
        ledger.decide(1, RegistrationStatus.APPROVED)
        await Registrar(ledger, Vtn(server.url, dialect="energydesk"), patience=0).settle()
    assert ledger.rows[1].state is VtnState.CONFLICT, "nobody has told the VTN"
    assert "shows no list" in ledger.rows[1].reason


async def test_a_list_that_was_there_a_moment_ago_is_no_list_that_never_was() -> None:
    """A proxy may answer 404 while the VTN behind it restarts."""
    statuses = {"GET": iter([200, 404]), "POST": iter([503])}
    async with (
        scripted(lambda asked: Say(next(statuses[asked.method]), [])) as server,
        Vtn(server.url, dialect="energydesk").connect() as connection,
    ):
        assert await carry_out(connection, VEN, LookUp()) == Missing()
        assert isinstance(await carry_out(connection, VEN, Create()), Lost)
        assert isinstance(await carry_out(connection, VEN, LookUp()), Lost)


async def test_a_token_that_cannot_be_kept_is_said_and_not_shown(tmp_path: Path) -> None:
    given = "the-token-given-once"
    (tmp_path / "secrets.json").write_text("{}")
    (tmp_path / "secrets.json").chmod(0o644)
    say = Say(201, {"id": "v1", "ven_name": "Køge", "auth_token": given})
    async with scripted(lambda _: say) as server:
        keeper = VenSecretFile(tmp_path / "secrets.json", server.url)
        vtn = Vtn(server.url, dialect="energydesk", ven_secrets=keeper)
        async with vtn.connect() as connection:
            assert isinstance(await carry_out(connection, VEN, Create()), Held)
        facts = vtn.vitals.snapshot()
        assert "chmod 600" in facts.error
        assert facts.vens_without_token == ("Køge",)
        assert given not in repr(facts) + repr(keeper)
        (tmp_path / "secrets.json").chmod(0o600)
        keeper.keep_token("Ribe", "another")
    assert keeper.token("Køge") == given


async def test_without_a_configured_token_url_it_is_asked_for(tmp_path: Path) -> None:
    vtn = Vtn("http://localhost:1", credentials=Credentials("me", "secret"), dialect="energydesk")
    async with vtn.connect() as connection:
        with pytest.raises(VtnAuthError, match="OAUTHCHECK_ACCESS_TOKEN_OBTAIN_URL"):
            await connection.greet()


async def test_an_answer_with_a_token_that_cannot_be_read_is_not_repeated() -> None:
    say = Say(201, b'{"id": "v1", "auth_token": "the-token-given-once"')  # cut off
    async with (
        scripted(lambda _: say) as server,
        Vtn(server.url, dialect="energydesk").connect() as connection,
    ):
        event = await carry_out(connection, VEN, Create())
    assert event == Lost("The VTN answered 201 with something else.", 201)


@pytest.mark.parametrize(
    "given", ["two words", "t" * 1_000_000, "\x1b[31m"], ids=["words", "long", "escape"]
)
async def test_a_token_that_no_header_can_carry_is_not_kept(given: str) -> None:
    say = Say(201, {"id": "v1", "ven_name": "Køge", "auth_token": given})
    async with scripted(lambda _: say) as server:
        vtn = Vtn(server.url, dialect="energydesk")
        async with vtn.connect() as connection:
            await carry_out(connection, VEN, Create())
    assert vtn.ven_secrets.token("Køge") is None


async def test_a_token_is_kept_for_the_ven_that_was_made_whatever_the_answer_names() -> None:
    def handler(asked: Asked) -> Say:
        made = "r1" if asked.path == "/resources" else "v1"
        return Say(201, {"id": made, "ven_name": "Ribe", "auth_token": f"of-{made}"})

    async with scripted(handler) as server:
        vtn = Vtn(server.url, dialect="energydesk")
        async with vtn.connect() as connection:
            await carry_out(connection, VEN, Create())
            await carry_out(connection, RESOURCE, Create())
    assert (vtn.ven_secrets.token("Køge"), vtn.ven_secrets.token("Ribe")) == ("of-v1", None)
    assert vtn.ven_secrets.token(RESOURCE.resource.resource_id) is None
