"""Where the service is: hosts by region and partition, and the region as the user has set it."""

from __future__ import annotations

import os
import re
from configparser import ConfigParser, Error
from pathlib import Path

from jackfield.errors import BadConfig, ErrorInfo
from jackfield.plugin import ProviderSettings
from jackfield_bedrock.families import region_of

RUNTIME, CONTROL, AGENTS, MANTLE = "bedrock-runtime", "bedrock", "bedrock-agent-runtime", "bedrock-mantle"

# What a region begins with -> the domain of its partition, and the one that also speaks IPv6.
_PARTITIONS: tuple[tuple[str, str, str], ...] = (
    ("cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    ("us-iso-", "c2s.ic.gov", "api.aws.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov", "api.aws.scloud"),
    ("eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    ("us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    ("eusc-", "amazonaws.eu", "api.amazonwebservices.eu"),
    ("", "amazonaws.com", "api.aws"),
)
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z0-9]+){1,3}-\d{1,2}")
_YES = frozenset({"1", "true", "yes", "on"})


def endpoint(service: str, region: str, *, fips: bool = False, dual_stack: bool = False) -> str:
    """The address of a service in a region."""
    _, plain, dual = next(row for row in _PARTITIONS if region.startswith(row[0]))
    if service == MANTLE:
        dual_stack = True  # it has no other name
    return f"https://{service}{'-fips' if fips else ''}.{region}.{dual if dual_stack else plain}"


def chosen_endpoint(service: str, settings: ProviderSettings, model: str = "") -> str:
    """The address of a service as the user has set it: an address of its own, or one by region."""
    chosen = settings.chosen
    fips, dual_stack = yes(chosen.get("fips")), yes(chosen.get("dual_stack"))
    if not settings.base_url:
        return endpoint(service, region_set(settings, model), fips=fips, dual_stack=dual_stack)
    for name, asked in (("fips", fips), ("dual_stack", dual_stack)):
        if asked:
            msg = f"`{name}` and an address of your own exclude each other"
            raise BadConfig(ErrorInfo("config", msg, provider=settings.provider))
    return settings.base_url


def yes(word: str | None) -> bool:
    """Whether a setting is switched on."""
    return (word or "").strip().lower() in _YES


def region_set(settings: ProviderSettings, model: str = "") -> str:
    """The region: the user's setting, that of the user's profile, or the one an ARN names."""
    region = settings.chosen.get("region") or _region_of_profile(settings) or region_of(model)
    if not region:
        msg = "no region is set for `bedrock`; nothing was sent"
        hint = "set `AWS_REGION`, or `region` under `[providers.bedrock]`"
        raise BadConfig(ErrorInfo("config", msg, provider=settings.provider, hint=hint))
    if _REGION.fullmatch(region) is None:
        msg = f"`{region:.40}` is no region: they look like `us-east-1`"
        raise BadConfig(ErrorInfo("config", msg, provider=settings.provider))
    return region


def _region_of_profile(settings: ProviderSettings) -> str:
    """The region that the shared configuration of the vendor's tools states, read without any of them."""
    file = Path(os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config").expanduser()
    name = settings.chosen.get("profile") or "default"
    sections = ("default",) if name == "default" else (f"profile {name}", name)
    parser = ConfigParser(default_section="", interpolation=None, strict=False)
    try:
        parser.read(file, "utf-8")
    except (Error, OSError, UnicodeDecodeError):
        return ""  # whoever needs the credentials in it will tell
    return next((parser[name]["region"] for name in sections if parser.has_option(name, "region")), "")
