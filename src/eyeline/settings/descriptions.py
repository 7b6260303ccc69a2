"""What people read about each setting, from its type: `--help` and the table in `docs/operate.md` are made of it."""

from msgspec import Struct
from msgspec.inspect import IntType, LiteralType, Metadata, UnionType, VarTupleType, type_info
from msgspec.structs import FieldInfo, fields

from eyeline.errors import LocalError
from eyeline.settings.fields import Settings

PREFIX = "EYELINE_"
"""Of the environment variable of each setting."""


class Setting(Struct, frozen=True):
    """One setting, as documented for people.

    `name` is the key in the file; `allowed` and `default` are text; `repeats` means that the flag may be given more
    than once (in the environment the values are separated by commas).
    """

    name: str
    flag: str
    variable: str
    allowed: str
    default: str
    description: str
    repeats: bool


def all_settings() -> tuple[Setting, ...]:
    """All settings, in the order in which they are documented."""
    return tuple(_setting_of(field) for field in fields(Settings))


def _setting_of(field: FieldInfo) -> Setting:
    info = type_info(field.type)
    assert isinstance(info, Metadata), f"{field.name} has no description"
    words = info.extra_json_schema or {}
    repeats = isinstance(info.type, VarTupleType)
    return Setting(
        name=field.name,
        flag=f"--{_one_of(field.name) if repeats else field.name}".replace("_", "-"),
        variable=f"{PREFIX}{field.name.upper()}",
        allowed=words.get("title") or _allowed(info.type),
        default=_default(field),
        description=words["description"],
        repeats=repeats,
    )


def _one_of(names: str) -> str:
    return f"{names.removesuffix('ies')}y" if names.endswith("ies") else names.removesuffix("s")


def _allowed(kind: object) -> str:
    match kind:
        case IntType(ge=least, le=most):
            return f"a whole number from {least} to {most}"
        case LiteralType(values=values):
            return f"{', '.join(map(str, values[:-1]))} or {values[-1]}"
        case Metadata(type=inner):
            return _allowed(inner)
        case UnionType(types=(inner, *_)):
            return _allowed(inner)
        case _:
            raise LocalError(f"a setting of this kind needs a title: {kind}")


def _default(field: FieldInfo) -> str:
    if field.name == "data_dir":
        return "~/.local/share/eyeline"
    return "" if field.default in (None, ()) else str(field.default)
