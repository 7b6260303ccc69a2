"""Every knob, from wherever it comes."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eyeline.errors import SetupError
from eyeline.settings import Settings, all_settings, read


def refusal(
    flags: dict[str, Any] | None = None, environ: dict[str, str] | None = None, config: Path | None = None
) -> str:
    with pytest.raises(SetupError) as refused:
        read(flags or {}, environ or {}, config)
    return str(refused.value)


def written(folder: Path, text: str) -> Path:
    path = folder / "eyeline.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_flag_beats_environment_beats_file_beats_default(tmp_path: Path) -> None:
    config = written(tmp_path, "port = 1\nstun_port = 2\nroom_capacity = 3")
    settings = read({"port": "7"}, {"EYELINE_PORT": "8", "EYELINE_STUN_PORT": "9"}, config)
    assert (settings.port, settings.stun_port, settings.room_capacity) == (7, 9, 3)
    assert settings.log_level == Settings().log_level


def test_environment_names_the_file(tmp_path: Path) -> None:
    config = written(tmp_path, 'public_address = "meet.example.org"')
    assert read({}, {"EYELINE_CONFIG": str(config)}).public_address == "meet.example.org"


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("port", "65536", "a whole number from 0 to 65535"),
        ("stun_port", "http", "a whole number from 0 to 65535"),
        ("room_capacity", "1", "a whole number from 2 to 12"),
        ("log_level", "loud", "debug, info, warning or error"),
        ("tls", "on", "off or self-signed"),
        ("host", "", "a host name or an IP address"),
        ("host", "localhost:8000", "a host name or an IP address"),
        ("public_address", "meet.example.org:8000", "a host name or an IP address"),
        ("public_address", "192.0.2.5:3478", "a host name or an IP address"),
        ("public_address", "[2001:db8::5]", "a host name or an IP address"),
        ("public_address", "fe80::1%eth0", "a host name or an IP address"),
        ("data_dir", "", "a folder"),
        ("allowed_origins", "example.org", "at most 100 web origins such as https://example.org"),
    ],
)
def test_wrong_value_is_named_with_its_source_and_what_is_allowed(name: str, value: str, allowed: str) -> None:
    words = refusal(environ={f"EYELINE_{name.upper()}": value})
    assert words.startswith(f"{name} is ")
    assert repr(value) in words
    assert words.endswith(f" from EYELINE_{name.upper()}, but must be {allowed}.")


def test_wrong_flag_is_named_as_it_was_given() -> None:
    assert (
        refusal({"stun_port": "x"}) == "stun_port is 'x' from --stun-port, but must be a whole number from 0 to 65535."
    )


def test_wrong_value_in_the_file_is_named_with_the_file(tmp_path: Path) -> None:
    config = written(tmp_path, "port = true")
    assert refusal(config=config) == f"port is True in {config}, but must be a whole number from 0 to 65535."


def test_unknown_key_in_the_file_is_named_with_the_nearest_right_one(tmp_path: Path) -> None:
    config = written(tmp_path, "stun-port = 3478")
    assert refusal(config=config) == f"There is no setting 'stun-port', but it is in {config}; is stun_port meant?"


def test_unknown_variable_is_named_with_the_nearest_right_one() -> None:
    words = refusal(environ={"EYELINE_PROT": "80"})
    assert words == "There is no setting 'EYELINE_PROT', but it is in the environment; is EYELINE_PORT meant?"


def test_what_kubernetes_tells_of_a_service_of_our_name_is_no_setting() -> None:
    links = {
        "EYELINE_SERVICE_HOST": "10.96.0.7",
        "EYELINE_SERVICE_PORT": "8000",
        "EYELINE_SERVICE_PORT_HTTP": "8000",
        "EYELINE_PORT": "tcp://10.96.0.7:8000",
        "EYELINE_PORT_8000_TCP": "tcp://10.96.0.7:8000",
        "EYELINE_PORT_8000_TCP_PROTO": "tcp",
        "EYELINE_PORT_8000_TCP_PORT": "8000",
        "EYELINE_PORT_8000_TCP_ADDR": "10.96.0.7",
    }
    links |= {name.replace("EYELINE_", "EYELINE_STUN_", 1): value for name, value in links.items()}
    assert read({}, links | {"HOME": "/"}) == read({}, {"HOME": "/"})
    assert read({}, links | {"EYELINE_PORT": "udp://10.96.0.7:3478"}).port == Settings().port
    assert {knob.variable for knob in all_settings()} & links.keys() == {"EYELINE_PORT", "EYELINE_STUN_PORT"}


@pytest.mark.parametrize("variable", ["EYELINE_SERVICE_NAME", "EYELINE_PORT_STUN", "EYELINE_PORTS"])
def test_what_only_looks_like_it_is_named(variable: str) -> None:
    assert refusal(environ={variable: "1"}).startswith(f"There is no setting '{variable}', but ")


def test_file_that_is_missing_or_no_toml_is_one_sentence(tmp_path: Path) -> None:
    assert "can't be read: No such file" in refusal(config=tmp_path / "nothing.toml")
    words = refusal(config=written(tmp_path, "port = \n= 3"))
    assert "is not TOML" in words
    assert "\n" not in words


@pytest.mark.parametrize(("given", "missing"), [("cert", "key"), ("key", "cert")])
def test_certificate_and_key_come_together(given: str, missing: str) -> None:
    assert refusal({given: "some.pem"}) == f"{given} is set but {missing} is not: HTTPS needs both or neither."


def test_own_and_self_signed_certificate_exclude_each_other() -> None:
    assert "give one or the other" in refusal({"cert": "c.pem", "key": "k.pem", "tls": "self-signed"})


def test_origins_are_separated_by_commas_in_the_environment_and_listed_elsewhere(tmp_path: Path) -> None:
    config = written(tmp_path, 'allowed_origins = ["https://a.example", "https://b.example"]')
    listed = read({}, {}, config).allowed_origins
    assert listed == read({}, {"EYELINE_ALLOWED_ORIGINS": "https://a.example, https://b.example"}).allowed_origins
    assert listed == read({"allowed_origins": ["https://a.example", "https://b.example"]}, {}).allowed_origins


def test_data_lies_where_xdg_says_and_home_is_spelled_out() -> None:
    assert read({}, {"XDG_DATA_HOME": "/data"}).data_dir == Path("/data/eyeline")
    assert read({}, {"XDG_DATA_HOME": "relative"}).data_dir == Path.home() / ".local/share/eyeline"
    assert read({}, {"EYELINE_DATA_DIR": "~/calls"}).data_dir == Path.home() / "calls"


def test_long_value_is_cut_in_the_sentence() -> None:
    assert len(refusal({"port": "9" * 5000})) < 200


def test_every_knob_says_what_it_is_and_what_it_takes() -> None:
    assert [knob.name for knob in all_settings()] == list(Settings.__struct_fields__)
    assert all(knob.description and knob.allowed for knob in all_settings())
    assert len({knob.flag for knob in all_settings()}) == len(all_settings())


@given(st.dictionaries(st.sampled_from([knob.variable for knob in all_settings()]), st.text()))
def test_any_environment_gives_settings_or_one_sentence(environ: dict[str, str]) -> None:
    try:
        words = repr(read({}, environ))
    except SetupError as error:
        words = str(error)
    assert words
    assert "\n" not in words


@pytest.mark.parametrize("proxy", ["10.0.0.0/33", "1.2.3", "::ffff::1", "300.1.1.1"])
def test_proxy_that_is_no_network_stops_the_start(proxy: str) -> None:
    assert refusal({"trusted_proxies": [proxy]}).startswith("trusted_proxies is wrong: ")


@pytest.mark.parametrize(
    "url", ["turn:2001:db8::5:3478", "turn:turn.example:80:3478", "stun:turn.example?transport=udp", "turn:a b"]
)
def test_turn_server_that_browsers_would_refuse_stops_the_start(url: str) -> None:
    assert refusal({"turn_urls": [url], "turn_secret": "secret.txt"}).startswith("turn_urls is ")


@pytest.mark.parametrize("url", ["turns:[2001:db8::5]:5349?transport=tcp", "turn:192.0.2.5", "stun:turn.example:3478"])
def test_turn_server_may_be_named_as_browsers_take_it(url: str) -> None:
    assert read({"turn_urls": [url], "turn_secret": "secret.txt"}, {}).turn_urls == (url,)


@pytest.mark.parametrize("name", ["meet.example.org", "192.0.2.5", "2001:db8::5", "::ffff:192.0.2.5", "localhost"])
def test_public_address_is_a_name_or_an_address_of_either_family(name: str) -> None:
    assert read({"public_address": name}, {}).public_address == name


@pytest.mark.parametrize("alone", [{"turn_urls": ["turn:turn.example"]}, {"turn_secret": "secret.txt"}])
def test_turn_servers_and_their_secret_come_together(alone: dict[str, object]) -> None:
    [name] = alone
    assert refusal(alone).startswith(f"{name} is set but turn_")


def test_settings_that_repeat_have_a_flag_for_one() -> None:
    assert {knob.name: knob.flag for knob in all_settings() if knob.repeats} == {
        "allowed_origins": "--allowed-origin",
        "trusted_proxies": "--trusted-proxy",
        "relay_allow": "--relay-allow",
        "turn_urls": "--turn-url",
    }


def test_who_has_no_home_is_asked_for_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("os.getuid", lambda: 2**31 - 2)
    assert refusal() == "data_dir has no default, since this user has no home: name a folder by --data-dir."
    assert read({"data_dir": str(tmp_path)}, {}).data_dir == tmp_path


def test_a_home_that_nobody_has_is_no_place() -> None:
    assert refusal({"data_dir": "~nobody-of-this-name/x"}).startswith(
        "data_dir is '~nobody-of-this-name/x' from --data-"
    )
    assert refusal(environ={"EYELINE_CONFIG": "~nobody-of-this-name/x"}).startswith("EYELINE_CONFIG is ")
