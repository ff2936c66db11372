"""Writes table.tsv: what cronsim and Python's zones say of crontab lines, for tests/it/cron.rs to compare with.

python3 -m venv env && env/bin/pip install cronsim==2.8 tzdata==2025.2
PYTHONTZPATH= env/bin/python tests/it/cron/make.py > tests/it/cron/table.tsv

cronsim only says when a wall clock shows what a line wants; which instant that is comes from zoneinfo: of a time
that comes twice the first, of one that is skipped the first minute after the gap, and one occurrence an instant.
"""

import random
import sys
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
from zoneinfo import ZoneInfo

from cronsim import CronSim

LINES = """
0 9 * * *; 30 2 * * *; 30 1 * * *; 0 0 * * *; 59 23 * * *; */15 * * * *; */30 * * * *; 7 * * * *; 0 */2 * * *
0 9 * * MON-FRI; 0 9 * * mon,wed,fri; 0 9 * * 0; 0 9 * * 7; 0 9 * * 6-7; 15 10 * * SAT,SUN; 0 8-18/5 * * 1-5
0 9 1 * *; 0 9 13 * FRI; 0 9 */2 * FRI; 0 9 1,15 * MON; 0 9 31 * *; 0 9 L * *; 0 9 L 2 *; 0 9 29 2 *; 0 9 30 4,6,9,11 *
0 9 * * 5#2; 0 9 * * 1#1; 0 9 * * 5L; 0 9 * * 0L; 0 12 1 JAN *; 0 12 25 dec *; 0 0 1 1 *; 0,30 2 * * *; 0 2,3 * * *
10-20/3 1-4 * * *; 45 23 * * SUN; 5 4 * 3,10 SUN; 0 3 25-31 3 SUN; 0 1 25-31 10 SUN; 0 9 10-20 * *; 20 14 1-7 * *
"""

ZONES = """
UTC Africa/Nairobi Africa/Lagos Africa/Casablanca Africa/Cairo Europe/Berlin Europe/London Europe/Dublin
America/New_York America/Sao_Paulo America/St_Johns America/Santiago America/Havana America/Asuncion Asia/Kolkata
Asia/Beirut Asia/Gaza Australia/Lord_Howe Australia/Sydney Pacific/Auckland Pacific/Chatham Pacific/Kiritimati
""".split()

UTC = timezone.utc
MINUTE = timedelta(minutes=1)


def instant(local, zone):
    """Of a wall clock's time."""
    while True:
        found = local.replace(tzinfo=zone).astimezone(UTC)
        if found.astimezone(zone).replace(tzinfo=None) == local:
            return found
        local += MINUTE


def following(line, zone, after, n):
    """The next occurrences: pairs of a local time and an instant."""
    start = after.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0) - timedelta(days=2)
    found = []
    for local in CronSim(line.upper(), start):
        at = instant(local, zone)
        if at <= after:
            continue
        if found and found[-1][1] == at:
            found.pop()
        elif len(found) == n:
            return found
        found.append((local, at))
    return found


def transitions(zone, year):
    """The instants of a year at which the clocks of a zone change."""
    at, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    while at < end:
        later = at + timedelta(hours=1)
        if at.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
            yield later
        at = later


def main():
    dice = random.Random(20261122)
    lines = [line.strip() for row in LINES.strip().splitlines() for line in row.split(";")]
    print(f"# cronsim {version('cronsim')}, tzdata {version('tzdata')}: line, zone, after, then twice local time and instant")
    for name in ZONES:
        zone = ZoneInfo(name)
        changes = [change for year in (2026, 2027, 2031) for change in transitions(zone, year)]
        for line in lines:
            instants = [datetime(2026, 1, 1, tzinfo=UTC) + MINUTE * dice.randrange(12 * 365 * 24 * 60)]
            if changes:
                instants += [dice.choice(changes) + MINUTE * dice.randrange(-180, 120) for _ in range(2)]
            for after in instants:
                cells = [line, name, f"{after:%Y-%m-%dT%H:%MZ}"]
                for local, at in following(line, zone, after, 2):
                    cells += [f"{local:%Y-%m-%dT%H:%M}", f"{at:%Y-%m-%dT%H:%MZ}"]
                print("\t".join(cells))


if __name__ == "__main__":
    sys.exit(main())
