"""A labelled set: columns of personal data as people write it, and columns that only look like it."""

from __future__ import annotations

import random
import uuid

from stdnum import luhn
from stdnum.iso7064 import mod_97_10

# ruff: noqa: E501 - a table
N = 200
FIRST = ["anna", "ben", "chloé", "dmitri", "o'neil", "fatima", "jürgen", "li", "maría", "zoë"]
DOMAINS = ["example.com", "mail.example.org", "uni-köln.de", "company.co.uk", "gmail.com", "test.io"]


def card(draw: random.Random) -> str:
    prefix, length = draw.choice(
        [("4", 16), ("51", 16), ("55", 16), ("37", 15), ("6011", 16), ("3530", 16), ("2221", 16)]
    )
    body = prefix + "".join(draw.choice("0123456789") for _ in range(length - len(prefix) - 1))
    digits: str = body + luhn.calc_check_digit(body)
    return draw.choice([digits, " ".join(digits[at : at + 4] for at in range(0, length, 4)), digits])


def iban(draw: random.Random) -> str:
    # Countries without a check of their own inside the number, which random digits would not meet.
    country, form = draw.choice([("DE", "18n"), ("GB", "4a14n"), ("NL", "4a10n"), ("AT", "16n")])
    if form == "4a14n":
        bban = "".join(draw.choice("ABCDEFGH") for _ in range(4)) + "".join(
            draw.choice("0123456789") for _ in range(14)
        )
    elif form == "4a10n":
        bban = draw.choice(["ABNA", "INGB", "RABO"]) + "".join(draw.choice("0123456789") for _ in range(10))
    else:
        bban = "".join(draw.choice("0123456789") for _ in range(int(form[:-1])))
    check: str = mod_97_10.calc_check_digits(bban + country)
    return country + check + bban


def phone(draw: random.Random) -> str:
    return draw.choice([
        f"+49 30 {draw.randint(200000, 999999)}", f"+1 212-{draw.randint(200, 999)}-{draw.randint(1000, 9999)}",
        f"+44 20 7946 {draw.randint(1000, 9999)}", f"+33 1 {draw.randint(40, 49)} {draw.randint(10, 99)} 12 34",
    ])  # fmt: skip


def dni(draw: random.Random) -> str:
    number = draw.randint(10_000_000, 99_999_999)
    return f"{number}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"


def ssn(draw: random.Random) -> str:
    return f"{draw.randint(1, 665):03d}-{draw.randint(1, 99):02d}-{draw.randint(1, 9999):04d}"


def email(draw: random.Random) -> str:
    name = draw.choice(FIRST)
    return f"{name}{draw.choice(['', '.', '_', '+tag'])}{draw.randint(1, 99)}@{draw.choice(DOMAINS)}"


PERSONAL = {
    "email": (email, "email"), "phone": (phone, "phone"), "card": (card, "payment_card"),
    "iban": (iban, "iban"), "dni": (dni, "national_id[es.dni]"), "ssn": (ssn, "national_id[us.ssn]"),
}  # fmt: skip
HARMLESS = {
    "order_16_digits": lambda draw: "".join(draw.choice("0123456789") for _ in range(16)),
    "order_13_digits": lambda draw: str(draw.randint(10**12, 10**13 - 1)),
    "order_11_digits": lambda draw: str(draw.randint(10**10, 10**11 - 1)),
    "epoch_ms": lambda draw: str(1_700_000_000_000 + draw.randint(0, 10**10)),
    "tailnum": lambda draw: f"N{draw.randint(100, 999)}{draw.choice('ABUW')}{draw.choice('AN')}",
    "sku": lambda draw: f"{draw.choice('ABC')}{draw.choice('XYZ')}-{draw.randint(1000, 99999)}-{draw.randint(10, 99)}",
    "date": lambda draw: f"2013-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}",
    "time": lambda draw: f"2013-01-{draw.randint(1, 28):02d}T{draw.randint(0, 23):02d}:{draw.randint(0, 59):02d}:00Z",
    "amount": lambda draw: f"{draw.randint(1, 999)},{draw.randint(100, 999)}.{draw.randint(10, 99)}",
    "version": lambda draw: f"{draw.randint(0, 9)}.{draw.randint(0, 99)}.{draw.randint(0, 99)}",
    "uuid": lambda draw: str(uuid.UUID(int=draw.getrandbits(128))),
    "sha": lambda draw: f"{draw.getrandbits(160):040x}",
    "share": lambda draw: f"{draw.random():.12f}",
    "handle": lambda draw: f"@{draw.choice(FIRST)}{draw.randint(1, 99)}",
    "url": lambda draw: f"https://example.com/items/{draw.randint(1, 99999)}?page={draw.randint(1, 9)}",
    "coordinates": lambda draw: f"{draw.uniform(-90, 90):.5f} {draw.uniform(-180, 180):.5f}",
    "product_code_8_letter": lambda draw: f"{draw.randint(10_000_000, 99_999_999)}{draw.choice('TRWAGMYFPDXBNJZSQVHLCKE')}",
}  # fmt: skip


def values(make: object, seed: int) -> list[str]:
    """Return a column of one kind."""
    draw = random.Random(seed)  # noqa: S311 - a labelled set, not a secret
    return [make(draw) for _ in range(N)]  # type: ignore[operator]


def sentence(draw: random.Random, value: str) -> str:
    """Return a line of a log that holds a value."""
    return draw.choice(
        [f"user wrote: {value}, again", f"2013-01-02 10:11:12 INFO got <{value}> in 12 ms", f'{{"contact": "{value}"}}']
    )
