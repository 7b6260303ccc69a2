"""Settings from flags, environment variables, the config file and defaults."""

import sys
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


def test_environment_variable_names_the_config_file(tmp_path: Path) -> None:
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
        ("site_name", "", "1 to 60 characters"),
        ("site_name", "x" * 61, "1 to 60 characters"),
        ("site_name", "Tea\nSociety", "1 to 60 characters"),
        ("imprint_url", "javascript:alert(1)", "a URL that starts with https:, http: or mailto:"),
        ("imprint_url", "https://example.org/\n", "a URL that starts with https:, http: or mailto:"),
        ("contact_url", "me@example.org", "a URL that starts with https:, http: or mailto:"),
        ("contact_url", "https://", "a URL that starts with https:, http: or mailto:"),
        ("allowed_origins", "example.org", "at most 100 web origins such as https://example.org"),
        ("allowed_origins", "https://*", "at most 100 web origins such as https://example.org"),
        ("allowed_origins", "https://a;script-src", "at most 100 web origins such as https://example.org"),
    ],
)
def test_error_for_an_invalid_value_names_its_source_and_the_allowed_values(
    name: str, value: str, allowed: str
) -> None:
    variable = f"EYELINE_{name.upper()}"
    assert refusal(environ={variable: value}) == f"{name} is {value!r} from {variable}, but must be {allowed}."


def test_error_for_an_invalid_flag_names_the_flag() -> None:
    assert (
        refusal({"stun_port": "x"}) == "stun_port is 'x' from --stun-port, but must be a whole number from 0 to 65535."
    )


def test_error_for_an_invalid_value_in_the_file_names_the_file(tmp_path: Path) -> None:
    config = written(tmp_path, "port = true")
    assert refusal(config=config) == f"port is True in {config}, but must be a whole number from 0 to 65535."


def test_error_for_an_unknown_key_suggests_the_nearest_setting(tmp_path: Path) -> None:
    config = written(tmp_path, "stun-port = 3478")
    assert refusal(config=config) == f"Unknown setting 'stun-port' in {config}; did you mean stun_port?"


def test_error_for_an_unknown_variable_suggests_the_nearest_setting() -> None:
    words = refusal(environ={"EYELINE_PROT": "80"})
    assert words == "Unknown setting 'EYELINE_PROT' in the environment; did you mean EYELINE_PORT?"


def test_kubernetes_service_variables_are_ignored() -> None:
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


def test_port_of_a_hosting_platform_is_used_unless_ours_is_set(tmp_path: Path) -> None:
    config = written(tmp_path, "port = 1")
    assert read({}, {"PORT": "10000"}, config).port == 10000
    assert read({}, {"PORT": "10000", "EYELINE_PORT": "8443"}).port == 8443
    assert read({}, {"PORT": "10000", "EYELINE_PORT": "tcp://10.96.0.7:8000"}).port == 10000
    assert read({}, {"PORT": ""}).port == Settings().port


def test_malformed_port_of_a_platform_is_reported_by_its_own_name() -> None:
    assert refusal(environ={"PORT": "http"}) == "port is 'http' from PORT, but must be a whole number from 0 to 65535."


@pytest.mark.parametrize(
    "url", ["http://turn.example.org/credentials", "https://turn.example.org/a b", "https://turn.example.org"]
)
def test_turn_api_that_would_show_its_token_or_is_malformed_is_refused(url: str) -> None:
    assert "must be a URL such as" in refusal({"turn_api": url, "turn_api_token": "token"})


def test_turn_api_needs_its_token_and_the_reverse() -> None:
    url = "https://turn.example.org/credentials"
    assert refusal({"turn_api": url}) == "turn_api is set but turn_api_token is not: credentials need both."
    assert refusal({"turn_api_token": "token"}).startswith("turn_api_token is set but turn_api is not")


def test_on_a_platform_only_routers_at_private_addresses_are_trusted() -> None:
    assert {str(proxy) for proxy in Settings(platform="http").proxies()} >= {"10.0.0.0/8", "fc00::/7"}
    assert all(proxy.is_private or str(proxy) == "100.64.0.0/10" for proxy in Settings(platform="http").proxies())
    own = Settings(platform="http", trusted_proxies=("203.0.113.7",))
    assert [str(proxy) for proxy in own.proxies()] == ["203.0.113.7/32"]
    assert Settings().proxies() == ()


@pytest.mark.parametrize("variable", ["EYELINE_SERVICE_NAME", "EYELINE_PORT_STUN", "EYELINE_PORTS"])
def test_variables_that_only_resemble_kubernetes_ones_are_rejected(variable: str) -> None:
    assert refusal(environ={variable: "1"}).startswith(f"Unknown setting '{variable}' in ")


def test_single_value_in_the_file_where_an_array_is_needed_is_told_so(tmp_path: Path) -> None:
    single = refusal(config=written(tmp_path, 'domains = "meet.example.org"'))
    assert "but must be an array of at most 100 names" in single
    assert "array" not in refusal(config=written(tmp_path, 'domains = ["https://meet.example.org"]'))


def test_missing_or_malformed_config_file_is_reported_in_one_sentence(tmp_path: Path) -> None:
    assert "can't be read: No such file" in refusal(config=tmp_path / "nothing.toml")
    words = refusal(config=written(tmp_path, "port = \n= 3"))
    assert "isn't valid TOML" in words
    assert "\n" not in words


@pytest.mark.parametrize(("given", "missing"), [("cert", "key"), ("key", "cert")])
def test_certificate_and_key_must_both_be_set(given: str, missing: str) -> None:
    assert refusal({given: "some.pem"}) == f"{given} is set but {missing} is not: HTTPS needs both or neither."


def test_own_and_self_signed_certificate_are_mutually_exclusive() -> None:
    assert "set only one of them" in refusal({"cert": "c.pem", "key": "k.pem", "tls": "self-signed"})


def test_origins_are_separated_by_commas_in_the_environment_and_listed_elsewhere(tmp_path: Path) -> None:
    config = written(tmp_path, 'allowed_origins = ["https://a.example", "https://b.example"]')
    listed = read({}, {}, config).allowed_origins
    assert listed == read({}, {"EYELINE_ALLOWED_ORIGINS": "https://a.example, https://b.example"}).allowed_origins
    assert listed == read({"allowed_origins": ["https://a.example", "https://b.example"]}, {}).allowed_origins


def test_data_dir_follows_xdg_and_expands_home() -> None:
    assert read({}, {"XDG_DATA_HOME": "/data"}).data_dir == Path("/data/eyeline")
    assert read({}, {"XDG_DATA_HOME": "relative"}).data_dir == Path.home() / ".local/share/eyeline"
    assert read({}, {"EYELINE_DATA_DIR": "~/calls"}).data_dir == Path.home() / "calls"


def test_long_value_is_truncated_in_the_error() -> None:
    assert len(refusal({"port": "9" * 5000})) < 200


def test_every_setting_documents_its_meaning_and_allowed_values() -> None:
    assert [knob.name for knob in all_settings()] == list(Settings.__struct_fields__)
    assert all(knob.description and knob.allowed for knob in all_settings())
    assert len({knob.flag for knob in all_settings()}) == len(all_settings())


@given(st.dictionaries(st.sampled_from([knob.variable for knob in all_settings()]), st.text()))
def test_any_environment_gives_settings_or_a_one_line_error(environ: dict[str, str]) -> None:
    try:
        words = repr(read({}, environ))
    except SetupError as error:
        words = str(error)
    assert words
    assert "\n" not in words


@pytest.mark.parametrize("proxy", ["10.0.0.0/33", "1.2.3", "::ffff::1", "300.1.1.1"])
def test_invalid_proxy_network_prevents_startup(proxy: str) -> None:
    assert refusal({"trusted_proxies": [proxy]}).startswith("trusted_proxies is invalid: ")


@pytest.mark.parametrize(
    "url", ["turn:2001:db8::5:3478", "turn:turn.example:80:3478", "stun:turn.example?transport=udp", "turn:a b"]
)
def test_turn_url_that_browsers_would_reject_prevents_startup(url: str) -> None:
    assert refusal({"turn_urls": [url], "turn_secret": "secret.txt"}).startswith("turn_urls is ")


@pytest.mark.parametrize("url", ["turns:[2001:db8::5]:5349?transport=tcp", "turn:192.0.2.5", "stun:turn.example:3478"])
def test_turn_url_that_browsers_accept_is_accepted(url: str) -> None:
    assert read({"turn_urls": [url], "turn_secret": "secret.txt"}, {}).turn_urls == (url,)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({}, ""),
        ({"root_path": "/calls"}, "/calls"),
        ({"root_path": "/our/calls/"}, "/our/calls"),
        ({"public_url": "https://example.org/calls/"}, "/calls"),
        ({"public_url": "https://example.org/calls", "root_path": "/calls/"}, "/calls"),
    ],
)
def test_pages_are_below_the_root_path_or_the_path_in_the_public_url(given: dict[str, object], path: str) -> None:
    assert read(given, {}).pages_path() == path


@pytest.mark.parametrize(
    "path",
    ["", "/", "calls", "//evil.example", "/a//b", "/..", "/a/./b", "/a b", "/a\n", '/"', "/%2e", "/" + "a" * 200],
)
def test_root_path_that_is_no_plain_path_prevents_startup(path: str) -> None:
    assert refusal({"root_path": path}).startswith("root_path is ")


def test_root_path_must_be_that_of_the_public_url() -> None:
    said = refusal({"root_path": "/calls", "public_url": "https://example.org/"})
    assert said == "root_path is '/calls', but public_url is 'https://example.org/', without that path."


@pytest.mark.parametrize("name", ["meet.example.org", "192.0.2.5", "2001:db8::5", "::ffff:192.0.2.5", "localhost"])
def test_public_address_may_be_a_host_name_or_an_ip_address(name: str) -> None:
    assert read({"public_address": name}, {}).public_address == name


@pytest.mark.parametrize("alone", [{"turn_urls": ["turn:turn.example"]}, {"turn_secret": "secret.txt"}])
def test_turn_servers_and_their_secret_must_both_be_set(alone: dict[str, object]) -> None:
    [name] = alone
    assert refusal(alone).startswith(f"{name} is set but turn_")


def test_repeatable_settings_have_a_singular_flag() -> None:
    assert {knob.name: knob.flag for knob in all_settings() if knob.repeats} == {
        "allowed_hosts": "--allowed-host",
        "allowed_origins": "--allowed-origin",
        "trusted_proxies": "--trusted-proxy",
        "relay_allow": "--relay-allow",
        "turn_urls": "--turn-url",
        "domains": "--domain",
    }


def test_domains_move_the_port_to_443_unless_it_is_set() -> None:
    domains = ("meet.example.org", "xn--mnchen-3ya.example")
    assert read({"domains": domains}, {}) == read({"domains": domains, "port": "443"}, {})
    assert read({"domains": domains}, {"EYELINE_PORT": "8443"}).port == 8443
    assert read({}, {}).port == 8000


@pytest.mark.parametrize("domain", ["192.0.2.5", "*.example.org", "localhost", "https://example.org", "a..b", "a.b\n"])
def test_domain_is_a_name_in_dns(domain: str) -> None:
    assert "domains is" in refusal({"domains": (domain,)})


@pytest.mark.parametrize("domain", ["müller.example", "Müller.Example", "mu\N{COMBINING DIAERESIS}ller.example"])
def test_international_domain_is_refused_with_its_ascii_form(domain: str) -> None:
    ends = "An international name is given in its ASCII form: xn--mller-kva.example."
    assert refusal({"domains": ("meet.example.org", domain)}).endswith(ends)
    assert read({"domains": ("xn--mller-kva.example",)}, {}).domains == ("xn--mller-kva.example",)


def test_international_domain_without_an_ascii_form_is_refused_with_the_general_one() -> None:
    assert refusal({"domains": (f"{'ü' * 80}.example",)}).endswith("in its ASCII form: xn--....")


def test_international_domain_is_refused_with_the_general_form_where_idna_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "idna", None)
    assert refusal({"domains": ("müller.example",)}).endswith("in its ASCII form: xn--....")


@pytest.mark.parametrize("other", [{"tls": "self-signed"}, {"cert": "c.pem", "key": "k.pem"}])
def test_domains_exclude_another_certificate(other: dict[str, object]) -> None:
    assert refusal({"domains": ("meet.example.org",), **other}).endswith("set only one of them.")


def test_user_without_a_home_must_name_a_data_dir(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("os.getuid", lambda: 2**31 - 2)
    assert refusal() == "data_dir has no default, since this user has no home: set it with --data-dir."
    assert read({"data_dir": str(tmp_path)}, {}).data_dir == tmp_path


def test_home_of_an_unknown_user_is_rejected() -> None:
    assert refusal({"data_dir": "~nobody-of-this-name/x"}).startswith(
        "data_dir is '~nobody-of-this-name/x' from --data-"
    )
    assert refusal(environ={"EYELINE_CONFIG": "~nobody-of-this-name/x"}).startswith("EYELINE_CONFIG is ")
