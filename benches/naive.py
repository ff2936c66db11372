"""The plan of benches/plan.rs as a script would do it: csv, phonenumbers and jinja2, one row after the other.

pip install phonenumbers jinja2; python3 benches/naive.py RECIPIENTS.csv prints the messages and the seconds.
"""

import csv
import hashlib
import sys
import time

import jinja2
import phonenumbers

TEMPLATE = (
    "Dear {{ first_name }}, your balance at {{ shop }} in {{ city }} is KES {{ balance }}, due on {{ due }}. "
    "Reply STOP to opt out."
)
BASIC = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = set("\f^{}\\[~]|€")


def segments(text):
    if all(one in BASIC or one in EXTENDED for one in text):
        units = sum(2 if one in EXTENDED else 1 for one in text)
        return 1 if units <= 160 else -(-units // 153)
    units = len(text.encode("utf-16-le")) // 2
    return 1 if units <= 70 else -(-units // 67)


def main(path):
    start = time.perf_counter()
    template = jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(TEMPLATE)
    seen, digest, messages, parts = set(), hashlib.sha256(), 0, 0
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            try:
                number = phonenumbers.parse(row["phone"], "KE")
            except phonenumbers.NumberParseException:
                continue
            if not phonenumbers.is_valid_number(number):
                continue
            address = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            if address in seen:
                continue
            seen.add(address)
            text = template.render(row, shop="Acme")
            parts += segments(text)
            digest.update(f"{row['customer_id']}\0{address}\0{text}".encode())
            messages += 1
    print(f"{messages} messages {time.perf_counter() - start:.3f} s")


main(sys.argv[1])
