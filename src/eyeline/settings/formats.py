"""The formats of settings: what a text must look like, as types that msgspec checks."""

from typing import Annotated

from msgspec import Meta

PortNumber = Annotated[int, Meta(ge=0, le=65535)]
_NAME = r"[A-Za-z0-9._-]{1,253}"
_IPV6 = r"(?=[^:]*:[^:]*:)[0-9A-Fa-f:.]{2,45}"
HostOrAddress = Annotated[str, Meta(pattern=rf"^({_NAME}|{_IPV6})$", title="a host name or an IP address")]
ListenAddress = Annotated[
    str, Meta(pattern=rf"^({_NAME}|{_IPV6}(%[A-Za-z0-9._-]{{1,32}})?)$", title="a host name or an IP address")
]
PortRange = Annotated[str, Meta(pattern=r"^[0-9]{4,5}-[0-9]{4,5}$")]
_AT = rf"({_NAME}|\[{_IPV6}\])(:[0-9]{{1,5}})?"
TurnUrl = Annotated[str, Meta(pattern=rf"^(turns?:{_AT}(\?transport=(udp|tcp))?|stuns?:{_AT})$")]
NetworkRange = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f.:]{2,45}(/[0-9]{1,3})?$")]
SiteName = Annotated[str, Meta(pattern=r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]{0,58}[^\s\x00-\x1f\x7f])?\Z")]
LINK_WORDS = "a URL that starts with https:, http: or mailto:"
PagesUrl = Annotated[str, Meta(pattern=rf"^https?://{_AT}(/[A-Za-z0-9._~/-]{{0,200}})?$")]
RootPath = Annotated[
    str, Meta(pattern=r"^(?=.{2,200}\Z)(/(?!\.\.?(/|\Z))[A-Za-z0-9._~-]+)+/?\Z", title="a path such as /calls")
]
LinkUrl = Annotated[str, Meta(pattern=r"^(https?://|mailto:)[^\s\x00-\x1f\x7f\"'<>\\^`{|}]{3,500}\Z", title=LINK_WORDS)]
_SECURE = rf"(https://{_AT}|http://(localhost|127\.0\.0\.1)(:[0-9]{{1,5}})?)"
ApiUrl = Annotated[str, Meta(pattern=rf"^{_SECURE}/[A-Za-z0-9._~/?&=%-]{{0,500}}\Z")]
DomainName = Annotated[
    str, Meta(pattern=r"^(?=.{1,253}\Z)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,62}\Z")
]
EmailAddress = Annotated[str, Meta(pattern=r"^[^\s\x00-\x1f\x7f@,]{1,64}@[A-Za-z0-9.-]{1,253}\Z")]
DirectoryUrl = Annotated[str, Meta(pattern=rf"^https://{_AT}/[!-~]{{0,500}}\Z")]
OriginUrl = Annotated[str, Meta(pattern=rf"^https?://{_AT}\Z")]
