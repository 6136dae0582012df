"""The `[connection]` of a mapping file: the settings of its connector, with secrets looked up and never written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, get_args
from zoneinfo import available_timezones

from pydantic import BaseModel, SecretStr, ValidationError

from hub.mapping.located import Path as Way
from hub.mapping.problem import did_you_mean, in_words, nearest
from hub.mapping.section import Section
from hub.mapping.source import Source

#: Returns the value of a secret, or None when nobody has it; raises OSError when it cannot be read.
Secrets = Callable[[str], str | None]
_PREFIX: Final = "secret:"
#: What people write for a currency, in small letters.
_CURRENCIES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("€", "euro", "euros", "eur"), "EUR"),
    **dict.fromkeys(("$", "us$", "dollar", "dollars", "us dollar", "usd"), "USD"),
    **dict.fromkeys(("£", "pound", "pounds", "sterling", "gbp", "ukp"), "GBP"),
    **dict.fromkeys(("¥", "yen", "jpy"), "JPY"),
    **dict.fromkeys(("rmb", "yuan", "cny"), "CNY"),
    **dict.fromkeys(("sfr", "fr.", "franken", "chf"), "CHF"),
    **dict.fromkeys(("zł", "zl", "zloty", "pln"), "PLN"),
}


def read_settings(
    source: Source, models: Mapping[str, type[BaseModel]], secrets: Secrets
) -> tuple[str, BaseModel | None]:
    """Return the connector's name and its checked settings; None when they cannot be used."""
    section = Section(source, ("connection",))
    if "connector" not in section.data:
        source.report(("connection",), f"[connection] needs a connector{did_you_mean('', models)}")
        return "", None
    name = section.choice("connector", models, "")
    model = models.get(name)
    if model is None:
        return name, None
    values = {key: value for key, value in section.data.items() if key != "connector"}
    resolved = _resolved(source, ("connection",), values, model, secrets)
    return name, checked(source, ("connection",), model, resolved)


def checked(source: Source, way: Way, model: type[BaseModel], values: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Return the values as a record of the model, or None after noting each thing that it refuses."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        for each in error.errors():
            why = f"{in_words(each)}{_suggested(each['loc'], each.get('input'))}"
            _note(source, way, model, each["loc"], each["type"], why)
        return None


def _note(source: Source, way: Way, model: type[BaseModel], loc: Way, kind: str, why: str) -> None:
    section, name = ".".join(map(str, way)), ".".join(map(str, loc))
    if kind == "extra_forbidden":
        source.report((*way, *loc), f"unknown setting {str(loc[-1])!r}{did_you_mean(str(loc[-1]), _names(model, loc))}")
    elif kind == "missing":
        source.report((*way, *loc[:-1]), f"[{section}] needs {name!r}")
    else:
        source.report((*way, *loc), f"{section}.{name}: {why}", value=True)


def _suggested(loc: Way, value: object) -> str:
    """Return the time zone or the currency that was probably meant; pydantic knows neither."""
    name = loc[-1] if loc else ""
    if name not in ("timezone", "currency") or not isinstance(value, str):
        return ""
    if name == "currency":
        meant = _CURRENCIES.get(value.strip().casefold())
        return f"; did you mean {meant!r}?" if meant else ""
    zones = sorted(available_timezones())
    city = value.strip().replace(" ", "_").casefold()
    meant = next((zone for zone in zones if zone.casefold().endswith(f"/{city}")), None) or nearest(value, zones)
    return f"; did you mean {meant!r}?" if meant else ""


def _names(model: type[BaseModel], loc: Way) -> list[str]:
    """Return the settings that may stand where the unknown one does."""
    for part in loc[:-1]:
        if isinstance(part, int):  # a place in a list of the same
            continue
        info = model.model_fields.get(str(part))
        inner = None if info is None else _model_in(info.annotation)
        if inner is None:
            return []
        model = inner
    return list(model.model_fields)


def _resolved(
    source: Source, way: Way, values: Mapping[str, Any], model: type[BaseModel], secrets: Secrets
) -> dict[str, Any]:
    """Return the values with every `secret:name` looked up."""
    result = dict(values)
    for key, value in values.items():
        info = model.model_fields.get(key)
        if info is None:
            continue
        inner = _model_in(info.annotation)
        if inner is not None and isinstance(value, dict):
            result[key] = _resolved(source, (*way, key), value, inner, secrets)
        elif _is_secret(info.annotation):
            result[key] = _secret(source, (*way, key), value, secrets)
        elif isinstance(value, str) and value.startswith(_PREFIX):
            message = f"{key} is not a secret and cannot be looked up; write its value, or put the secret elsewhere"
            source.report((*way, key), message, value=True)
    return result


def _secret(source: Source, way: Way, value: object, secrets: Secrets) -> SecretStr:
    name = value.removeprefix(_PREFIX) if isinstance(value, str) and value.startswith(_PREFIX) else ""
    if not name:
        message = (
            f'{way[-1]} is a secret and is never written here: put it in the secrets folder and write "secret:NAME"'
        )
        source.report(way, message, value=True)
        return SecretStr("")
    try:
        found = secrets(name)
    except OSError as error:
        message = f"secret {name!r} cannot be read: {error}; let whoever runs the hub read it"
    else:
        message = f"secret {name!r} is not known: `crossdock secret set {name}`, or put it in the environment"
        if found is not None:
            return SecretStr(found)
    source.report(way, message, value=True)
    return SecretStr("")


def _is_secret(annotation: Any) -> bool:  # noqa: ANN401 - a type expression may be anything
    return annotation is SecretStr or any(_is_secret(each) for each in get_args(annotation))


def _model_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - a type expression may be anything
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((each for each in get_args(annotation) if isinstance(each, type) and issubclass(each, BaseModel)), None)
