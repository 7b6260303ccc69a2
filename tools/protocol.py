"""Writes what must say the same as the Python types: docs/protocol.md, two TypeScript files, three tables.

python tools/protocol.py           write them
python tools/protocol.py --check   exit 1 and name those that are stale
"""

import ast
import inspect
import re
import sys
import types
import typing
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

import msgspec

from eyeline import checks, settings
from eyeline.serve import metrics
from eyeline.serve.http import problems
from eyeline.signalling import messages, negotiation, refusals, resume_token, room, seat, session, short_auth_string

ROOT: Final = Path(__file__).parent.parent
NAMED: Final = ("RoomName", "DisplayName", "PeerId", "ResumeToken", "JoinPass", "Payload", "Count", "OwnerKey")
LIMITS: Final[tuple[tuple[types.ModuleType, str], ...]] = (
    (messages, "SUBPROTOCOL"),
    (messages, "MESSAGE_BYTES_MAX"),
    (messages, "PAYLOAD_CHARACTERS_MAX"),
    (session, "HELLO_WITHIN"),
    (session, "PING_AFTER"),
    (session, "SILENCE_MAX"),
    (room, "SEAT_SECONDS"),
    (room, "RETURN_SECONDS"),
    (resume_token, "TOKEN_SECONDS"),
    (seat, "KEPT_SIGNALS"),
    (room, "LOBBY_SESSIONS"),
)


def outputs() -> dict[Path, str]:
    """What each generated file must hold."""
    operate = ROOT / "docs/operate.md"
    page = operate.read_text()
    for name, table in (("settings", settings_table()), ("metrics", metrics_table()), ("checks", checks_table())):
        page = spliced(page, name, table)
    strings = ROOT / "web/app/src/strings"
    return {
        ROOT / "docs/protocol.md": markdown(),
        ROOT / "web/sdk/src/signalling/protocol.ts": typescript(),
        ROOT / "web/sdk/src/verification/emoji.ts": emoji_typescript(),
        strings / "checks.ts": checks_typescript("CHECKS", checks.CHECKS, checks.Check._fields),
        strings / "verdicts.ts": checks_typescript("VERDICTS", checks.VERDICTS, ("message", "visitor")),
        operate: page,
    }


def spliced(page: str, name: str, table: str) -> str:
    """The page with the table between the comments that name it."""
    before, start, rest = page.partition(f"<!-- {name}: written by tools/protocol.py -->\n")
    _, end, after = rest.partition(f"<!-- end of {name} -->")
    if not (start and end):
        raise SystemExit(f"docs/operate.md has no place for the {name}")
    return before + start + table + end + after


def settings_table() -> str:
    """Every setting, with all the ways to say it."""
    text = "| setting | option | variable | allowed | default | meaning |\n| --- | --- | --- | --- | --- | --- |\n"
    for knob in settings.all_settings():
        cells = (f"`{knob.name}`", f"`{knob.flag}`", f"`{knob.variable}`", knob.allowed, knob.default, knob.description)
        text += "| " + " | ".join(_line(cell) for cell in cells) + " |\n"
    return text


def metrics_table() -> str:
    """Every figure of `/metrics`."""
    text = "| name | kind | label | meaning |\n| --- | --- | --- | --- |\n"
    for name, row in metrics.ROWS.items():
        label = f"`{row.label}`: {', '.join(row.values)}" if row.label else ""
        text += f"| `{name}` | {row.kind} | {label} | {_line(row.meaning)} |\n"
    return text


def checks_table() -> str:
    """Every code of the call, of `/test` and of the doctor."""
    text = "| code | what was found | what a visitor can do | what the operator can do |\n| --- | --- | --- | --- |\n"
    for code, check in checks.CHECKS.items():
        text += f"| `{code}` | {check.message} | {check.visitor or 'only the doctor sees it'} | {check.operator} |\n"
    return text


def checks_typescript(name: str, codes: Iterable[checks.CheckCode], fields: tuple[str, ...]) -> str:
    """checks.ts or verdicts.ts: what a visitor's page can find, or a call itself."""
    text = "// Written by tools/protocol.py from src/eyeline/checks.py: change it there.\n\n"
    text += ts_comment("What can keep two people from connecting, by code: what was found, and what to do about it.")
    text += f"export const {name} = {{\n"
    for code in codes:
        said = checks.CHECKS[code]._asdict()
        if said["visitor"] is not None:
            text += f"  '{code}': {{\n" + "".join(f"    {each}: {_quoted(said[each])},\n" for each in fields) + "  },\n"
    if name == "VERDICTS":
        return text + "};\n"  # their type is the SDK's `VerdictCode`
    return text + f"}};\n\nexport type {name.title().removesuffix('s')}Code = keyof typeof {name};\n"


def emoji_typescript() -> str:
    """emoji.ts: what two people compare."""
    text = "// Written by tools/protocol.py from src/eyeline/signalling/short_auth_string.py: change it there.\n\n"
    text += (
        ts_comment(module_docs(short_auth_string)["EMOJI"])
        + "export const EMOJI: readonly (readonly [string, string])[] = [\n"
    )
    text += "".join(f"  ['{symbol}', '{word}'],\n" for symbol, word in short_auth_string.EMOJI)
    return text + "];\n"


def _quoted(text: str) -> str:
    quote = '"' if "'" in text else "'"
    return quote + text + quote


# What the Python source says in words: docstrings of constants and fields are in the syntax tree only.


def docs_of(body: list[ast.stmt]) -> dict[str, str]:
    """Name -> docstring of each assignment or annotated field that is followed by one."""
    found: dict[str, str] = {}
    for statement, after in pairwise(body):
        if not (isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)):
            continue
        if isinstance(statement, ast.AnnAssign):
            found[ast.unparse(statement.target)] = inspect.cleandoc(str(after.value.value))
        elif isinstance(statement, ast.Assign):
            found[ast.unparse(statement.targets[0])] = inspect.cleandoc(str(after.value.value))
    return found


def module_docs(module: types.ModuleType) -> dict[str, str]:
    """The docstrings of a module's constants."""
    return docs_of(ast.parse(inspect.getsource(module)).body)


def field_docs(cls: type) -> dict[str, str]:
    """The docstrings of a struct's fields."""
    [node] = ast.parse(inspect.getsource(cls)).body
    assert isinstance(node, ast.ClassDef)
    return docs_of(node.body)


def words(cls: type) -> str:
    """A class's docstring."""
    return inspect.cleandoc(cls.__doc__ or "")


def structs() -> tuple[type[msgspec.Struct], ...]:
    """The structs that are no messages but parts of them."""
    return (messages.Member, messages.Rules, messages.Knock, messages.IceServer)


# TypeScript


def ts_type(hint: Any) -> str:
    """The TypeScript type of a Python annotation."""
    if getattr(hint, "__name__", None) in NAMED:
        return str(hint.__name__)
    if hint in (str, int, float, bool):
        return {str: "string", int: "number", float: "number", bool: "boolean"}[hint]
    if hint is types.NoneType:
        return "null"
    if hint is refusals.Code:
        return "Code"
    if hint == messages.Permission:
        return "Permission"
    if get_origin(hint) is Literal:
        return " | ".join(f"'{value}'" for value in get_args(hint))
    if get_origin(hint) is tuple:
        return f"readonly {ts_type(get_args(hint)[0])}[]"
    if get_origin(hint) in (types.UnionType, typing.Union):
        return " | ".join(ts_type(part) for part in get_args(hint))
    return str(hint.__name__)


def ts_comment(text: str, indent: str = "") -> str:
    """A TSDoc comment."""
    lines = text.splitlines()
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    return f"{indent}/**\n" + "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines) + f"{indent} */\n"


def ts_struct(cls: type[msgspec.Struct]) -> str:
    """One interface."""
    info, docs = msgspec.inspect.type_info(cls), field_docs(cls)
    assert isinstance(info, msgspec.inspect.StructType)
    hints = typing.get_type_hints(cls, include_extras=True)
    text = ts_comment(words(cls)) + f"export interface {cls.__name__} {{\n"
    if info.tag is not None:
        text += f"  readonly type: '{info.tag}';\n"
    for field in info.fields:
        text += ts_comment(docs[field.name], "  ") if field.name in docs else ""
        optional = "" if field.required else "?"
        hint = hints[field.name]
        if not field.required and info.cls.__struct_config__.omit_defaults:
            if types.NoneType in get_args(hint):
                hint = typing.Union[tuple(part for part in get_args(hint) if part is not types.NoneType)]  # noqa: UP007
            optional = "?"
        elif not field.required:
            optional = ""
        text += f"  readonly {field.encode_name}{optional}: {ts_type(hint)};\n"
    return text + "}\n\n"


def typescript() -> str:
    """protocol.ts."""
    docs = module_docs(messages)
    text = "// Written by tools/protocol.py from src/eyeline/signalling: change it there.\n\n"
    for module, name in LIMITS:
        value = getattr(module, name)
        number = f"'{value}'" if isinstance(value, str) else f"{value:g}"
        text += ts_comment(module_docs(module)[name]) + f"export const {name} = {number};\n\n"
    for name in NAMED:
        base = str if name != "Count" else int
        text += ts_comment(docs[name]) + f"export type {name} = {ts_type(base)};\n\n"
    text += ts_comment(docs["DISPLAY_NAME"])
    text += "// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it may not have\n"
    text += f"export const displayName = /^{messages.DISPLAY_NAME}$/u;\n\n"
    text += ts_comment(docs["PERMISSIONS"])
    text += f"export const PERMISSIONS = [{', '.join(map(_quoted, messages.PERMISSIONS))}] as const;\n\n"
    text += ts_comment("One of {@link PERMISSIONS}.") + "export type Permission = (typeof PERMISSIONS)[number];\n\n"
    codes = "".join(f"\n  | '{code}'" for code in refusals.REFUSALS)
    text += ts_comment("Why the broker says no.") + f"export type Code ={codes};\n\n"
    for cls in (*structs(), *_members(messages.ToBroker), *_members(messages.FromBroker, besides=messages.ToBroker)):
        text += ts_struct(cls)
    for name, union in (("ToBroker", messages.ToBroker), ("FromBroker", messages.FromBroker)):
        text += f"export type {name} = {' | '.join(cls.__name__ for cls in _members(union))};\n\n"
    return text + ts_negotiation()


def ts_negotiation() -> str:
    """The table of perfect negotiation, as the pure machine in negotiation.ts looks it up."""
    text = ts_comment("What a connection is doing about its session description.")
    text += (
        "export type NegotiationState = "
        + " | ".join(f"'{s}'" for s in get_args(negotiation.NegotiationState))
        + ";\n\n"
    )
    text += ts_comment("What can happen to it.")
    text += "export type NegotiationEvent = " + " | ".join(f"'{e}'" for e in get_args(negotiation.Event)) + ";\n\n"
    text += ts_comment("What is to be done then.")
    text += "export type NegotiationAct = " + " | ".join(f"'{a}'" for a in get_args(negotiation.Act)) + ";\n\n"
    text += ts_comment("Perfect negotiation: what to do, and the state after it.")
    text += "export const NEGOTIATION: {\n  readonly [S in NegotiationState]: {\n"
    text += "    readonly [E in NegotiationEvent]: readonly [NegotiationAct, NegotiationState];\n  };\n} = {\n"
    for state in get_args(negotiation.NegotiationState):
        text += f"  {_key(state)}: {{\n"
        for event in get_args(negotiation.Event):
            act, after = negotiation.TRANSITIONS[state, event]
            text += f"    {_key(event)}: ['{act}', '{after}'],\n"
        text += "  },\n"
    return text + "};\n"


def _key(name: str) -> str:
    return name if name.isidentifier() else f"'{name}'"


def _members(union: Any, besides: Any = None) -> list[type[msgspec.Struct]]:
    known = get_args(besides) if besides is not None else ()
    return [cls for cls in get_args(union) if cls not in known]


# Markdown


def markdown() -> str:
    """protocol.md."""
    text = """# The signalling protocol

Written by `tools/protocol.py` from `src/eyeline/signalling`: change it there.

JSON text frames over a WebSocket at `ws` below the address of the site (`wss://meet.example.org/ws`), one message a
frame, told apart by `type`. Unknown fields are ignored. Every refusal has a stable `code` and words for people.

"""
    text += "## Limits\n\n| name | value | meaning |\n| --- | --- | --- |\n"
    for module, name in LIMITS:
        text += f"| `{name}` | `{getattr(module, name)}` | {_line(module_docs(module)[name])} |\n"
    docs = module_docs(messages)
    text += "\n## Types\n\n| type | JSON | meaning |\n| --- | --- | --- |\n"
    for name in NAMED:
        text += f"| `{name}` | {'number' if name == 'Count' else 'string'} | {_line(docs[name])} |\n"
    permissions = " \\| ".join(f"'{word}'" for word in messages.PERMISSIONS)
    text += f"| `Permission` | {permissions} | {_line(docs['PERMISSIONS'])} |\n"
    text += "\n## From a client to the broker\n\n" + "".join(map(_md_struct, _members(messages.ToBroker)))
    text += "## From the broker to a client\n\n"
    text += "".join(map(_md_struct, _members(messages.FromBroker, besides=messages.ToBroker)))
    text += "`ping` and `pong` go both ways.\n\n## Parts of messages\n\n" + "".join(map(_md_struct, structs()))
    return text + _md_refusals() + _md_negotiation()


def _md_struct(cls: type[msgspec.Struct]) -> str:
    info, docs = msgspec.inspect.type_info(cls), field_docs(cls)
    assert isinstance(info, msgspec.inspect.StructType)
    hints = typing.get_type_hints(cls, include_extras=True)
    text = f"### {f'`{info.tag}`' if info.tag else f'`{cls.__name__}`'}\n\n{words(cls)}\n\n"
    if not info.fields:
        return text
    text += "| field | type | meaning |\n| --- | --- | --- |\n"
    for field in info.fields:
        shape = ts_type(hints[field.name]).replace("|", "\\|").replace("readonly ", "")
        text += f"| `{field.encode_name}` | `{shape}` | {_line(docs.get(field.name, ''))} |\n"
    return text + "\n"


def _md_refusals() -> str:
    text = "## Refusals\n\n`refused` with one of these codes, which is also the reason where the socket is closed.\n\n"
    text += "| code | WebSocket close code | words |\n| --- | --- | --- |\n"
    for code, row in refusals.REFUSALS.items():
        text += f"| `{code}` | {row.closes or 'stays open'} | {row.message} |\n"
    text += "\nBefore there is a socket, with an HTTP status and a problem (RFC 9457) that has `code` and `title`:\n\n"
    text += "| code | HTTP status | `Retry-After`, seconds | words |\n| --- | --- | --- | --- |\n"
    for why, (status, retry_after, message) in problems.PROBLEMS.items():
        text += f"| `{why}` | {status} | {retry_after or ''} | {message} |\n"
    return text + "\n"


def _md_negotiation() -> str:
    text = "## Negotiation between two members\n\n" + inspect.cleandoc(negotiation.__doc__ or "") + "\n\n"
    events = get_args(negotiation.Event)
    text += "| state | " + " | ".join(events) + " |\n|" + " --- |" * (len(events) + 1) + "\n"
    for state in get_args(negotiation.NegotiationState):
        cells = [f"{act} → {after}" for act, after in (negotiation.TRANSITIONS[state, event] for event in events)]
        text += f"| **{state}** | " + " | ".join(cells) + " |\n"
    return text


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


def main() -> int:
    """Write, or check."""
    stale = [path for path, text in outputs().items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is stale: run python tools/protocol.py")
        return 1 if stale else 0
    for path, text in outputs().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
