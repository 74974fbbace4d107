"""What personal data looks like: a pattern that narrows, in linear time, and a validator that decides."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlops.adapters.personal import is_email, is_number_of, is_phone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_DIGITS = re.compile(r"\D")


@dataclass(frozen=True)
class Finder:
    """One kind of personal data.

    Attributes
    ----------
    pattern
        Of RE2's dialect; what it finds is handed to `is_valid`.
    least_share
        The share of what looks like it that must be valid before a column is taken for it: a check digit of one
        in ten is passed by every tenth number that means something else.
    """

    kind: str
    pattern: str
    is_valid: Callable[[str], bool]
    least_share: float = 0.0

    def found_in(self, text: str) -> Iterator[str]:
        """Yield what is valid in a text."""
        yield from (match for match in self.candidates(text) if self.is_valid(match))

    def candidates(self, text: str) -> Iterator[str]:
        """Yield what looks like it in a text."""
        yield from (found[0] for found in re.finditer(self.pattern, text))


def _is_card(text: str) -> bool:
    digits = _DIGITS.sub("", text)
    return _CARD.fullmatch(digits) is not None and len(set(digits)) > 1 and is_number_of(digits, "luhn")


# Visa, Mastercard, American Express, Discover, Diners Club, JCB, UnionPay: prefix and length.
_CARD = re.compile(
    r"4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2(?:2[2-9]|[3-6]\d|7[01]|720)\d{12,13}|3[47]\d{13}"
    r"|6(?:011|5\d\d|4[4-9]\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11}|35\d{14}|62\d{14,17}"
)
# RE2 can't look behind: the sign before a number is part of what is found, and taken off before it is validated.
_NO_DECIMALS = r"(?:^|[^\w.])"
BARE_SHARE = 0.5
_NATIONAL = {
    "us.ssn": r"\b\d{3}-\d{2}-\d{4}\b",
    "es.dni": r"\b\d{8}-?[A-Z]\b",
    "es.nie": r"\b[XYZ]-?\d{7}-?[A-Z]\b",
    "it.codicefiscale": r"\b[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]\b",
    "fr.nir": r"\b[12] ?\d{2} ?\d{2} ?\d{2} ?\d{3} ?\d{3} ?\d{2}\b",
    "br.cpf": r"\b\d{3}\.\d{3}\.\d{3}-\d{2}\b",
    "in_.aadhaar": r"\b[2-9]\d{3} \d{4} \d{4}\b",
    "in_.pan": r"\b[A-Z]{5}\d{4}[A-Z]\b",
    "fi.hetu": r"\b\d{6}[-+A]\d{3}[0-9A-Z]\b",
    "se.personnummer": r"\b\d{6}[-+]\d{4}\b",
    "pl.pesel": rf"{_NO_DECIMALS}\d{{11}}\b",
    "de.idnr": rf"{_NO_DECIMALS}[1-9]\d ?\d{{3}} ?\d{{3}} ?\d{{3}}\b",
    "za.idnr": rf"{_NO_DECIMALS}\d{{13}}\b",
    "mx.curp": r"\b[A-Z]{4}\d{6}[HM][A-Z]{5}[0-9A-Z]\d\b",
}
_BARE = ("pl.pesel", "de.idnr", "za.idnr", "fr.nir")  # numbers without letters or signs: many others look like them


_IBAN = r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"


def finders(regions: Sequence[str]) -> Sequence[Finder]:
    """Return the finders; `regions` (`US`, `DE`) are those in which numbers of phones are also known without a `+`."""
    return [
        Finder("email", r"[^\s@<>()\[\],;:\"'=]+@[^\s@<>()\[\],;:\"'/]+\.[A-Za-z]{2,}", is_email),
        Finder("phone", _phone_pattern(regions), lambda text: is_phone(text, regions)),
        Finder("payment_card", rf"{_NO_DECIMALS}\d(?:[ -]?\d){{12,18}}\b", _is_card, least_share=0.4),
        Finder("iban", _IBAN, lambda text: is_number_of(text, "iban")),
        *(Finder(f"national_id[{name}]", pattern, _national(name), least_share=BARE_SHARE if name in _BARE else 0.2)
          for name, pattern in _NATIONAL.items()),
    ]  # fmt: skip


def _national(name: str) -> Callable[[str], bool]:
    return lambda text: is_number_of(re.sub(r"^[^\w+]", "", text), name)


def _phone_pattern(regions: Sequence[str]) -> str:
    international = r"\+\d[\d ()./-]{6,18}\d"
    national = r"\(?\b0?\d{2,5}\)?[ ./-]\d{2,5}(?:[ ./-]?\d{2,5}){1,3}\b"
    return f"{international}|{national}" if regions else international


# Names of columns that say what is in them: each word, or words in this order, in any way of writing.
_NAMES = {
    "name": "first_name last_name full_name given_name surname family_name maiden_name middle_name forename nachname "
    "vorname nom prenom apellido customer_name patient_name user_name username",
    "email": "email e_mail mail_address email_address",
    "phone": "phone telephone mobile cell_phone phone_number tel fax",
    "address": "address street street_address home_address postcode postal_code zip zip_code zipcode house_number",
    "birth": "birth birthday birth_date date_of_birth dob birthdate geburtsdatum place_of_birth",
    "national_id": "ssn social_security national_id passport passport_number tax_id nino driver_license "
    "drivers_license id_card identity_number insurance_number",
    "payment": "iban credit_card card_number payment_card bank_account account_number cvv cvc",
    "network": "ip_address ip mac_address device_id imei",
    "sensitive": "religion ethnicity race sexual_orientation political_party trade_union health diagnosis disability",
    "location": "latitude longitude gps home_location",
}
_BY_WORDS = {tuple(name.split("_")): kind for kind, names in _NAMES.items() for name in names.split()}


def kind_of_name(column: str) -> str:
    """Return the kind of personal data that a column's name says it holds, empty for none.

    >>> kind_of_name("DateOfBirth"), kind_of_name("customer_email"), kind_of_name("tailnum"), kind_of_name("precip")
    ('birth', 'email', '', '')
    """
    words = tuple(word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", column))
    spans = (words[start:end] for start in range(len(words)) for end in range(len(words), start, -1))
    return next((_BY_WORDS[span] for span in spans if span in _BY_WORDS), "")
