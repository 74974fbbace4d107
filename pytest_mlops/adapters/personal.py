"""python-stdnum, phonenumbers and email-validator: whether a text really is what it looks like. No network is asked."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from pytest_mlops.core.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType


def is_number_of(text: str, kind: str) -> bool:
    """Say whether python-stdnum's module of a kind (`luhn`, `iban`, `us.ssn`) takes a text for valid."""
    return bool(_module(f"stdnum.{kind}", "python-stdnum").is_valid(text))


def is_email(text: str) -> bool:
    """Say whether a text is an e-mail address; its domain is not looked up."""
    library = _module("email_validator", "email-validator")
    try:
        # Addresses at example.org and the like are none of anybody, but a column of them is one of e-mail all the same.
        library.validate_email(text, check_deliverability=False, test_environment=True)
    except library.EmailNotValidError:
        return _is_at_special_domain(text)
    return True


def _is_at_special_domain(text: str) -> bool:
    name, _, domain = text.rpartition("@")
    return bool(name) and domain.lower().endswith((".test", ".example", ".invalid", ".local", ".localhost"))


def is_phone(text: str, regions: Sequence[str]) -> bool:
    """Say whether a text is a valid number: an international one, or one as it is written in some regions."""
    library = _module("phonenumbers", "phonenumbers")
    for region in (None, *regions):
        try:
            if library.is_valid_number(library.parse(text, region)):
                return True
        except library.NumberParseException:
            continue
    return False


def _module(name: str, library: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError as exc:
        raise MissingExtra(needs="finding personal data", library=library, extra="privacy") from exc
