"""The keys that configuration may have: one table for files, one for what the environment may say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jackfield.config.bounds import origin_of
from jackfield.config.budgets import budgets_table
from jackfield.config.cache import cache_table
from jackfield.config.ledger import NOT_IN_PROJECTS as NO_LEDGER_IN_PROJECTS
from jackfield.config.ledger import ledger, tags
from jackfield.config.limits import limits_table, tiers_table
from jackfield.config.resilience import breaker_table, retry_table, stage
from jackfield.config.routes import routes_table, routing_table
from jackfield.config.state import state_table
from jackfield.config.telemetry import telemetry_table
from jackfield.profile.schema import (
    Check,
    Problems,
    Table,
    boolean,
    choice,
    each,
    free,
    headers,
    integer,
    join,
    suggestion,
    text,
    texts,
)
from jackfield.secret import Secret
from jackfield.types.requests import LONGEST

TRANSPORTS = ("auto", "httpx", "httpx2", "aiohttp")
ENVIRONMENT = "environment"


def seconds(raw: object, path: str, problems: Problems) -> float | None:
    """A time in seconds."""
    if isinstance(raw, (int, float)) and not isinstance(raw, bool) and 0 < raw <= LONGEST:
        return float(raw)
    problems.append(f"{path}: must be a number of seconds above 0 and up to a year")
    return None


def keys(raw: object, path: str, problems: Problems) -> Any:
    """One key or several; the problem never shows any of them."""
    several = raw if isinstance(raw, (list, tuple)) else (raw,)
    if several and all(isinstance(item, (str, Secret)) for item in several):
        return tuple(several)
    problems.append(f"{path}: must be a key, or an array of keys")
    return None


def proxy(raw: object, path: str, problems: Problems) -> str:
    """A proxy's address, or ``environment``; the problem does not show it, as it may hold a password."""
    value = text(raw, path, problems).strip()
    if value != ENVIRONMENT and not origin_of(value).startswith("http://"):
        problems.append(
            f"{path}: must be `http://host:port`, or `environment` for what the usual variables say"
        )
    return value


def hosts(raw: object, path: str, problems: Problems) -> tuple[str, ...]:
    """Hosts, which are meant over https, or addresses without a path."""
    found = texts(raw, path, problems)
    for item in found:
        if origin_of(item).rpartition("://")[2] != item.rpartition("://")[2].lower() or not item:
            problems.append(f"{path}: must be hosts, or addresses such as `http://localhost:8000`")
    return found


# What every provider's table may hold. The names are those of ``profile.RESERVED_SETTINGS``.
PROVIDER_KEYS: Mapping[str, Check] = {
    "allow_hosts": hosts,
    "api_key": keys,
    "base_url": text,
    "command": text,
    "compliance": texts,
    "default_model": text,
    "headers": headers,
    "max_retries": integer,
    "one_account": boolean,
    "timeout": seconds,
    "wire": text,
}

# What a project's file may not say of a provider, and why. Whoever clones a repository runs with the keys
# of his own store: what came with the code must not send them elsewhere, nor run a command.
_NOT_IN_PROJECTS: Mapping[str, str] = {
    "allow_hosts": "a project must not widen where a user's key may go",
    "api_key": "a credential does not belong in a project; `jackfield keys set` stores it",
    "base_url": "a project must not redirect a user's key",
    "command": "a project must not run commands",
    "compliance": "a project must not vouch for a user's contracts",
    "headers": "a project must not add to what a user's key is sent with",
    "one_account": "a project cannot know whose a user's keys are",
}


def provider_id(name: str) -> str:
    """A provider's name as ids are written."""
    return name.strip().lower().replace("_", "-").replace(" ", "-")


def _provider(raw: object, path: str, problems: Problems) -> dict[str, Any]:
    """One provider's table; keys of its own are checked when its profile is at hand."""
    found: dict[str, Any] = {}
    for name, value in free(raw, path, problems).items():
        if value is None:
            continue
        check = PROVIDER_KEYS.get(name, _own)
        found[name] = check(value, join(path, name), problems)
    return found


def _own(raw: object, path: str, problems: Problems) -> object:
    """A setting of the provider's own."""
    if isinstance(raw, (dict, list, tuple)):
        problems.append(f"{path}: must be a single value")
        return ""
    return raw if isinstance(raw, (str, Secret)) else _written(raw)


def _written(raw: object) -> str:
    """A number or boolean as it is written in a header."""
    return str(raw).lower() if isinstance(raw, bool) else str(raw)


def _providers(raw: object, path: str, problems: Problems) -> dict[str, Any]:
    """The providers' tables by id, however their names are spelt."""
    tables = free(raw, path, problems).items()
    return {provider_id(name): _provider(value, join(path, name), problems) for name, value in tables}


def _ids(raw: object, path: str, problems: Problems) -> tuple[str, ...]:
    """Names of providers or extensions."""
    return tuple(provider_id(name) for name in texts(raw, path, problems))


def _pins(raw: object, path: str, problems: Problems) -> dict[str, str]:
    """Distributions by the id, or ``id.face``, that they are to answer for."""
    return {provider_id(name): value for name, value in each(text)(raw, path, problems).items()}


FILE = Table(
    {
        "default": text,
        "prefer": _pins,
        "block": _ids,
        "providers": _providers,
        "timeout": seconds,
        "max_retries": integer,
        "transport": choice(*TRANSPORTS),
        "proxy": proxy,
        "routes": routes_table,
        "routing": routing_table,
        "telemetry": telemetry_table,
        "limits": limits_table,
        "tiers": tiers_table,
        "budgets": budgets_table,
        "state": state_table,
        "cache": cache_table,
        "breaker": breaker_table,
        "retry": retry_table,
        "stage": stage,
        "ledger": ledger,
        "tags": tags,
    }
)

NOT_IN_PROJECTS_TOP: Mapping[str, str] = {
    "proxy": "a project must not choose who carries a user's calls",
    "telemetry": "a project must not choose who is told of a user's calls",
    "prefer": "a project must not choose whose code sees a user's key",
    "state": "a project must not choose where a user's prompts and answers are shared",
    "ledger": NO_LEDGER_IN_PROJECTS,
}


def refused_in_project(table: Mapping[str, Any]) -> Problems:
    """What a project's file says and may not say."""
    problems = [f"{key}: not allowed here: {why}" for key, why in NOT_IN_PROJECTS_TOP.items() if key in table]
    providers = table.get("providers")
    for name, own in (providers if isinstance(providers, dict) else {}).items():
        for key, why in _NOT_IN_PROJECTS.items():
            if isinstance(own, dict) and key in own:
                problems.append(f"providers.{name}.{key}: not allowed here: {why}")
    return problems


def unknown_keys(table: Mapping[str, Any], path: str, known: tuple[str, ...]) -> Problems:
    """The keys of a provider's table that neither every provider has nor this one."""
    return [
        f"{join(path, name)}: unknown key{suggestion(name, known)}" for name in table if name not in known
    ]
