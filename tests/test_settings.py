"""Settings come from one file, are checked, and hold no secret; secrets come from elsewhere."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest

from vendash.errors import SettingsError, VendashError
from vendash.identity import Identity, find_identity
from vendash.settings import Settings, VtnSettings, load_settings, settings_file
from vendash.vtn.server.options import TABLE, VtnOptions, read_options

SECRET = "hunter2-is-the-secret"
SHIPPED = Path(__file__).parent.parent / "config" / "vendash.toml"


def written(folder: Path, text: str) -> Path:
    path = folder / "vendash.toml"
    path.write_text(text, encoding="utf-8")
    return path


def uncommented(folder: Path) -> Path:
    """The shipped file with all its settings in force."""
    lines = SHIPPED.read_text().splitlines()
    return written(folder, "\n".join(one.removeprefix("#") for one in lines if one[:2] != "# "))


def test_the_shipped_file_has_every_setting_commented_with_its_default(tmp_path: Path) -> None:
    assert load_settings(SHIPPED).vtn == VtnSettings()
    path = uncommented(tmp_path)
    document = tomllib.loads(path.read_text())
    defaults = msgspec.to_builtins(VtnSettings())
    assert document["vtn"] == defaults
    assert set(document) == {*Settings.__struct_fields__, TABLE} - {"file"}
    assert load_settings(path).vtn == VtnSettings()


def test_it_has_every_option_of_the_embedded_vtn_too_and_that_can_read_it(tmp_path: Path) -> None:
    path = uncommented(tmp_path)
    table = tomllib.loads(path.read_text())[TABLE]
    assert set(table) == set(VtnOptions.__struct_fields__)
    assert table["state"] == ""  # for none
    assert msgspec.structs.replace(read_options(path, {}, ()), state=None) == VtnOptions()


def test_without_a_file_there_are_the_defaults(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings(None, {}) == Settings()


def test_the_file_is_the_given_one_then_the_environments_then_the_folders(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, home: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    users = home / "config" / "vendash" / "vendash.toml"
    assert settings_file(None, {}) is None
    users.parent.mkdir(parents=True)
    users.touch()
    assert settings_file(None, {}) == users
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "vendash.toml").touch()
    assert settings_file(None, {}) == Path("config/vendash.toml")
    environ = {"VENDASH_CONFIG": "/other.toml"}
    assert settings_file(None, environ) == Path("/other.toml")
    assert settings_file(Path("mine.toml"), environ) == Path("mine.toml")


def test_settings_are_read_with_their_types(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '\ufeff[vtn]\nurl = "https://h/p"\nhold_seconds = 0\ninsecure = true\nauthority = "vtn"\n',
    )
    vtn = load_settings(path).vtn
    assert (vtn.url, vtn.hold_seconds, vtn.insecure, vtn.authority) == (
        "https://h/p", 0.0, True, "vtn",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[vtn]\nspeed = 1", "[vtn] speed is not a setting: [vtn] knows url, dialect,"),
        ("[vnt]\n", "'vnt' is not a section: there is [vtn]"),
        ("vtn = 1", "write [vtn]"),
        ("[vtn]\nurl = 1", "[vtn] url has to be an address"),
        ('[vtn]\ninsecure = "yes"', "[vtn] insecure has to be true or false"),
        ("[vtn]\ninsecure = 1", "[vtn] insecure has to be true or false"),
        ("[vtn]\nhold_seconds = -1", "has to be seconds from 0 to 3,600"),
        ("[vtn]\nhold_seconds = nan", "has to be seconds from 0 to 3,600"),
        ("[vtn]\ntimeout = 0", "has to be seconds from 0.1 to 600"),
        ('[vtn]\nauth = "magic"', 'has to be "auto", "form"'),
        ('[vtn]\nauthority = "nobody"', 'has to be "operator" or "vtn"'),
        (f'[vtn]\nclient_secret = "{SECRET}"', "put it into secrets.toml beside it (chmod 600)"),
        (f'[vtn]\npassword = "{SECRET}"', "secrets.toml"),
        (f'[vtn]\nbearer_token = "{SECRET}"', "secrets.toml"),
        ("[vtn\n", "is not a TOML file"),
        ("[vtn]\nurl = \x1b", "is not a TOML file"),
        ("a = " + "[" * 5000, "is not a TOML file"),
    ],
)
def test_a_bad_setting_is_one_sentence_with_file_and_key(
    tmp_path: Path, text: str, sentence: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(SettingsError) as error:
        load_settings(path)
    said = str(error.value)
    assert sentence in said
    assert str(path) in said
    assert said.endswith(".")
    assert said.isprintable()
    assert SECRET not in said
    assert error.value.exit_code == 2


def test_a_named_file_that_is_not_there_or_no_text_is_said(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(SettingsError, match="cannot be read"):
            load_settings(path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="not a TOML file"):
        load_settings(tmp_path / "binary")


# --- who we are ----------------------------------------------------------------------------------


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(written(tmp_path, '[vtn]\nclient_id = "of the file"\n'))


def secrets(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "secrets.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_environment_wins_over_systemd_and_that_over_the_file(
    settings: Settings, tmp_path: Path
) -> None:
    secrets(tmp_path, '[vtn]\nclient_secret = "third"\n')
    assert find_identity(settings, {}) == Identity(client_id="of the file", client_secret="third")
    (tmp_path / "oauth_client_secret").write_text("second\n")
    systemd = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert find_identity(settings, systemd).client_secret == "second"
    environ = {**systemd, "OAUTH_CLIENT_ID": "me", "OAUTH_CLIENT_SECRET": "first"}
    assert find_identity(settings, environ) == Identity(client_id="me", client_secret="first")
    places = [find_identity(settings, given).words for given in ({}, systemd, environ)]
    shown = [str(tmp_path / "secrets.toml"), "systemd's credentials", "the environment"]
    assert [words.partition(" from ")[2] for words in places] == [f"{one}." for one in shown]


def test_secrets_that_others_can_read_are_refused(settings: Settings, tmp_path: Path) -> None:
    path = secrets(tmp_path, f'[vtn]\nclient_secret = "{SECRET}"\n', 0o644)
    with pytest.raises(VendashError, match="chmod 600") as error:
        find_identity(settings, {})
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        f"client_secret = {SECRET}",
        f'client_secret = "{SECRET}"',
        f'[vtn]\nsecret = "{SECRET}"',
        "[vtn]\nclient_secret = 7",
        f'[other]\nx = "{SECRET}"',
        f'vtn = "{SECRET}"',
    ],
)
def test_a_wrong_file_of_secrets_is_said_without_them(
    settings: Settings, tmp_path: Path, text: str
) -> None:
    path = secrets(tmp_path, text)
    with pytest.raises(SettingsError) as error:
        find_identity(settings, {})
    assert str(path) in str(error.value)
    assert SECRET not in str(error.value)


def test_a_file_of_secrets_can_be_named_and_then_has_to_be_there(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, '[vtn]\nsecrets_file = "mine.toml"\n'))
    with pytest.raises(SettingsError, match=r"no file .*mine\.toml"):
        find_identity(settings, {})
    secrets(tmp_path, '[vtn]\nbearer_token = "b"\n').rename(tmp_path / "mine.toml")
    assert find_identity(settings, {}) == Identity(bearer_token="b")


@pytest.mark.parametrize(
    ("auth", "environ", "who"),
    [
        ("auto", {}, Identity()),
        ("auto", {"VENDASH_BEARER_TOKEN": "b"}, Identity(bearer_token="b")),
        ("none", {"OAUTH_CLIENT_ID": "i", "OAUTH_CLIENT_SECRET": "s"}, Identity()),
        (
            "bearer",
            {"VENDASH_BEARER_TOKEN": "b", "OAUTH_CLIENT_ID": "i", "OAUTH_CLIENT_SECRET": "s"},
            Identity(bearer_token="b"),
        ),
        (
            "basic",
            {"VENDASH_BEARER_TOKEN": "b", "OAUTH_CLIENT_ID": "i", "OAUTH_CLIENT_SECRET": "s"},
            Identity(client_id="i", client_secret="s"),
        ),
    ],
)
def test_auth_says_what_is_shown(
    tmp_path: Path, auth: str, environ: dict[str, str], who: Identity
) -> None:
    settings = load_settings(written(tmp_path, f'[vtn]\nauth = "{auth}"\n'))
    assert find_identity(settings, environ) == who


@pytest.mark.parametrize(
    ("auth", "environ", "sentence"),
    [
        ("bearer", {}, "VENDASH_BEARER_TOKEN"),
        ("form", {}, "OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET"),
        ("auto", {"OAUTH_CLIENT_ID": "i"}, "OAUTH_CLIENT_SECRET is not set"),
        ("auto", {"OAUTH_CLIENT_SECRET": SECRET}, "OAUTH_CLIENT_ID is not set"),
    ],
)
def test_half_of_what_is_needed_is_an_error_that_names_the_other_half(
    tmp_path: Path, auth: str, environ: dict[str, str], sentence: str
) -> None:
    settings = load_settings(written(tmp_path, f'[vtn]\nauth = "{auth}"\n'))
    with pytest.raises(VendashError, match=sentence) as error:
        find_identity(settings, environ)
    assert SECRET not in str(error.value)


def test_no_secret_is_in_a_repr() -> None:
    identity = Identity(client_id="me", client_secret=SECRET, bearer_token=SECRET)
    assert SECRET not in repr(identity)
