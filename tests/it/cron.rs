//! Crontab lines against what another library and another language's zones say of them: `cron/make.py` wrote the table.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use sendplan::schedule::Series;

fn series(line: &str, zone: &str) -> Series {
    Series { cron: line.parse().unwrap(), zone: zone.parse().unwrap(), until: None, except: BTreeSet::new() }
}

#[test]
fn every_occurrence_is_that_of_the_table() {
    let table = include_str!("cron/table.tsv");
    let (mut rows, mut wrong) = (0, Vec::new());
    for row in table.lines().filter(|row| !row.starts_with('#')) {
        let cells: Vec<&str> = row.split('\t').collect();
        let series = series(cells[0], cells[1]);
        let after: DateTime<Utc> = cells[2].replace('Z', ":00Z").parse().unwrap();
        let found: Vec<String> = series
            .after(after)
            .take(2)
            .flat_map(|one| [one.local.to_string(), one.instant().format("%Y-%m-%dT%H:%MZ").to_string()])
            .collect();
        rows += 1;
        if found != cells[3..] {
            wrong.push(format!("{row}\n  ours: {found:?}"));
        }
    }
    assert!(rows >= 2_000, "{rows} rows");
    assert!(wrong.is_empty(), "{} of {rows} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// The days from 2026 to 2037 in which the clocks of a zone change, as midnights of UTC.
fn changes(zone: Tz) -> impl Iterator<Item = DateTime<Utc>> {
    let first = Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap();
    let offset = move |at: &DateTime<Utc>| zone.offset_from_utc_datetime(&at.naive_utc()).fix();
    (0..12 * 365 + 3)
        .map(move |day| first + TimeDelta::days(day))
        .filter(move |day| offset(day) != offset(&(*day + TimeDelta::days(1))))
}

#[test]
fn fault_65_a_daily_time_fires_once_a_day_in_every_zone_at_every_change_of_clocks() {
    let mut seen = 0;
    for zone in TZ_VARIANTS {
        for line in ["30 1 * * *", "30 2 * * *"] {
            let series = series(line, zone.name());
            for change in changes(zone) {
                let (from, to) = (change - TimeDelta::days(2), change + TimeDelta::days(3));
                let found: Vec<_> = series.after(from).take_while(|one| one.instant() <= to).collect();
                let dates: Vec<NaiveDate> =
                    found.iter().map(|one| one.local.to_string()[..10].parse().unwrap()).collect();
                let what = format!("{line} in {zone} around {change}: {found:?}");
                assert!(dates.windows(2).all(|pair| pair[0].succ_opt() == Some(pair[1])), "{what}");
                assert!(found.windows(2).all(|pair| pair[0].instant() < pair[1].instant()), "{what}");
                assert!((4..=6).contains(&found.len()), "{what}");
                let shown = |at: DateTime<Utc>| at.with_timezone(&zone).naive_local();
                // At the time it names, or at the first instant after a gap.
                let right = |one: &sendplan::schedule::Moment| {
                    let (named, at) = (one.local.to_string(), one.instant());
                    let clock = shown(at).format("%Y-%m-%dT%H:%M").to_string();
                    clock == named
                        || (clock > named
                            && shown(at - TimeDelta::minutes(1)).format("%Y-%m-%dT%H:%M").to_string() < named)
                };
                assert!(found.iter().all(right), "{what}");
                seen += 1;
            }
        }
    }
    assert!(seen > 5_000, "{seen}");
}
