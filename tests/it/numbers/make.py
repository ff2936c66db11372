"""Writes table.tsv: what libphonenumber's Python port says of numbers of every region, for tests/it/numbers.rs.

python3 -m venv env && env/bin/pip install phonenumbers==9.0.42
env/bin/python tests/it/numbers/make.py > tests/it/numbers/table.tsv

The port's metadata is that of the crate (v9.0.42). A line `@KE` names the region by which the numbers after it are
read; then a number a line, and behind a tab what it is in E.164: `=` for the text itself, `-` for no valid number.
"""

import random

import phonenumbers as lib
from phonenumbers import PhoneNumberFormat as Form

EACH = 420
TYPES = range(0, 11)


def known_numbers(region):
    """The examples of every type of number that the region has."""
    found = []
    for kind in TYPES:
        number = lib.example_number_for_type(region, kind)
        if number is not None:
            found.append(number)
    return found


def spellings(number):
    """As people write it."""
    national = lib.format_number(number, Form.NATIONAL)
    e164 = lib.format_number(number, Form.E164)
    plain = "".join(one for one in national if one.isdigit())
    return [
        e164,
        e164[1:],
        "00" + e164[1:],
        "011" + e164[1:],
        lib.format_number(number, Form.INTERNATIONAL),
        national,
        plain,
        "0" + plain,
        plain.removeprefix("0"),
        "(" + plain[:3] + ") " + plain[3:],
        "-".join([plain[:4], plain[4:7], plain[7:]]).strip("-"),
        "+" + str(number.country_code) + " (0) " + str(number.national_number),
    ]


def changed(text, rng):
    """A slip of the finger: a digit more, fewer, or another one."""
    at = rng.randrange(len(text))
    digit = str(rng.randrange(10))
    return [text[:at] + digit + text[at + 1 :], text[:at] + text[at + 1 :], text[:at] + digit + text[at:]][rng.randrange(3)]


def verdict(text, region):
    try:
        number = lib.parse(text, region)
    except lib.NumberParseException:
        return "-"
    if number.extension or not lib.is_valid_number(number):
        return "-"
    e164 = lib.format_number(number, Form.E164)
    return "=" if e164 == text else e164


def main():
    rng = random.Random(20261122)
    regions = sorted(lib.SUPPORTED_REGIONS)
    others = [one for region in regions for one in known_numbers(region)]
    for region in regions:
        print("@" + region)
        texts = dict.fromkeys(text for number in known_numbers(region) for text in spellings(number))
        own = list(texts)
        while len(texts) < EACH:
            kind = rng.randrange(6)
            if kind < 3:
                text = changed(rng.choice(own), rng)
            elif kind == 3:
                text = rng.choice(spellings(rng.choice(others)))
            elif kind == 4:
                text = "".join(str(rng.randrange(10)) for _ in range(rng.randrange(4, 16)))
            else:
                code = lib.country_code_for_region(region)
                text = f"+{code}" + "".join(str(rng.randrange(10)) for _ in range(rng.randrange(4, 13)))
            text = text.strip()
            # What a spreadsheet leaves behind and letters are refused before libphonenumber is asked.
            if text and not any(one.isalpha() for one in text) and not text.endswith(".0"):
                texts[text] = None
        for text in texts:
            print(f"{text}\t{verdict(text, region)}")


main()
