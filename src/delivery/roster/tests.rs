//! Whose turn it is, on a clock that nobody waits for.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::campaign::Cap;
use crate::schedule::{Missed, Series};

const SECOND: Duration = Duration::from_secs(1);

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The time since the process began is that since the first of December.
fn now(text: &str) -> Now {
    let utc = at(text);
    Now { elapsed: (utc - at("2026-12-01T00:00:00Z")).to_std().unwrap(), utc }
}

fn cron(line: &str, missed: Missed) -> Plan {
    let series = Series {
        cron: line.parse().unwrap(),
        zone: "UTC".parse().unwrap(),
        until: None,
        except: BTreeSet::new(),
    };
    let late_after = TimeDelta::hours(1);
    let timetable = Timetable { when: When::Series(Box::new(series)), missed, late_after };
    Plan { timetable, window: None, until: None, frequency: Frequency::default() }
}

fn roster(plans: impl IntoIterator<Item = (&'static str, Plan)>) -> Roster {
    let mut roster = Roster::new(false);
    for (name, plan) in plans {
        roster.set_campaign(name, Some(plan));
    }
    roster
}

fn begins(turn: Option<Turn>) -> Option<(String, String)> {
    match turn {
        Some(Turn::Begin { campaign, at }) => Some((campaign, at.local.to_string())),
        _ => None,
    }
}

fn open(id: i64) -> OpenRun {
    OpenRun { id, frequency: Frequency::default(), waits_until: None }
}

fn first(roster: &mut Roster, time: &str) -> Option<(String, String)> {
    begins(roster.next(now(time)))
}

#[test]
fn what_is_due_is_begun_once_and_then_the_next_is_waited_for() {
    let mut roster = roster([("a", cron("0 9 * * *", Missed::Skip))]);
    assert_eq!(first(&mut roster, "2026-12-01T08:59:59Z"), None);
    assert_eq!(roster.quiet_for(now("2026-12-01T08:59:59Z")), Some(SECOND));
    let begun = first(&mut roster, "2026-12-01T09:00:00Z");
    assert_eq!(begun, Some(("a".to_owned(), "2026-12-01T09:00".to_owned())));
    assert_eq!(roster.next(now("2026-12-02T09:00:00Z")), None, "one at a time");
    roster.ended("a", Ended::Done, now("2026-12-01T09:10:00Z"));
    roster.set_runs("a", Some(at("2026-12-01T09:00:00Z")), Vec::new());
    assert_eq!(first(&mut roster, "2026-12-01T09:10:00Z"), None);
    // The clock is set back: nothing that lies behind is begun.
    assert_eq!(first(&mut roster, "2026-12-01T08:00:00Z"), None);
    assert!(first(&mut roster, "2026-12-02T09:00:00Z").is_some());
}

#[test]
fn what_was_begun_goes_on_before_anything_new_and_the_oldest_that_can() {
    let mut roster = roster([("a", cron("0 9 * * *", Missed::Skip))]);
    let waits = OpenRun { waits_until: Some(at("2026-12-01T12:00:00Z")), ..open(7) };
    roster.set_runs("a", None, vec![waits, open(8)]);
    let take_up = |run| Some(Turn::TakeUp { campaign: "a".to_owned(), run });
    assert_eq!(roster.next(now("2026-12-01T09:00:00Z")), take_up(8));
    roster.ended("a", Ended::Done, now("2026-12-01T09:30:00Z"));
    let waits = OpenRun { waits_until: Some(at("2026-12-01T12:00:00Z")), ..open(7) };
    roster.set_runs("a", Some(at("2026-12-01T09:00:00Z")), vec![waits]);
    assert_eq!(roster.next(now("2026-12-01T09:30:00Z")), None, "it waits still");
    assert_eq!(roster.quiet_for(now("2026-12-01T11:00:00Z")), Some(SECOND * 3600));
    assert_eq!(roster.next(now("2026-12-01T12:00:00Z")), take_up(7));
    let waits = OpenRun { waits_until: Some(at("2026-12-02T08:00:00Z")), ..open(7) };
    roster.set_runs("a", Some(at("2026-12-01T09:00:00Z")), vec![waits]);
    roster.ended("a", Ended::Waits, now("2026-12-01T12:00:01Z"));
    assert_eq!(roster.waiting(now("2026-12-01T13:00:00Z"))["a"], Waiting::Until(at("2026-12-02T08:00:00Z")));
}

#[test]
fn while_what_was_begun_waits_the_next_occurrence_comes() {
    let mut roster = roster([("a", cron("0 9 * * *", Missed::Skip))]);
    let waits = OpenRun { waits_until: Some(at("2026-12-02T20:00:00Z")), ..open(7) };
    roster.set_runs("a", Some(at("2026-12-01T09:00:00Z")), vec![waits]);
    assert_eq!(roster.quiet_for(now("2026-12-02T08:00:00Z")), Some(SECOND * 3600));
    assert!(first(&mut roster, "2026-12-02T09:00:00Z").is_some());
}

/// By the clocks of people who are in these zones.
fn by_their_clocks(line: &str, missed: Missed) -> Plan {
    let mut plan = cron(line, missed);
    if let When::Series(series) = &mut plan.timetable.when {
        series.zone = Zone::RECIPIENT;
    }
    plan
}

/// What begins by the clocks of some people, from a time on, when each turn is done at once; and when.
fn begun_by_their_clocks(plan: Plan, zones: &[&str], from: &str, until: &str) -> Vec<(String, String)> {
    let mut roster = roster([("a", plan)]);
    let people: Vec<Vec<Zone>> = zones.iter().map(|zone| vec![zone.parse().unwrap()]).collect();
    let (mut time, mut begun) = (now(from), Vec::new());
    let mut located = false;
    while time.utc < at(until) {
        match roster.next(time) {
            Some(Turn::Begin { .. }) if !located => {
                located = true;
                roster.ended("a", Ended::Located(people.clone()), time);
            }
            Some(Turn::Begin { at, .. }) => {
                begun.push((at.local.to_string(), time.utc.format("%dT%H:%M").to_string()));
                roster.set_runs("a", Some(at.instant()), Vec::new());
                roster.ended("a", Ended::Done, time);
            }
            Some(other) => panic!("{other:?}"),
            None => {
                let quiet = roster.quiet_for(time).expect("it goes out again").max(SECOND);
                time = Now {
                    elapsed: time.elapsed + quiet,
                    utc: time.utc + TimeDelta::from_std(quiet).unwrap(),
                };
            }
        }
    }
    begun
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(local, at)| ((*local).to_owned(), (*at).to_owned())).collect()
}

#[test]
fn an_occurrence_begins_when_it_comes_to_the_first_of_its_people() {
    // Two times a day in New York: when 18:00 has come to the first on earth, it is not even 09:00 there.
    let twice = by_their_clocks("0 9,18 * * *", Missed::Skip);
    let begun =
        begun_by_their_clocks(twice, &["America/New_York"], "2026-12-01T01:00:00Z", "2026-12-03T00:00:00Z");
    let expected = [
        ("2026-12-01T09:00", "01T14:00"),
        ("2026-12-01T18:00", "01T23:00"),
        ("2026-12-02T09:00", "02T14:00"),
        ("2026-12-02T18:00", "02T23:00"),
    ];
    assert_eq!(begun, pairs(&expected));
    // A day is over in Honolulu when the next one has begun at the other end of the earth.
    let daily = || by_their_clocks("0 9 * * *", Missed::Skip);
    let begun =
        begun_by_their_clocks(daily(), &["Pacific/Honolulu"], "2026-12-01T12:00:00Z", "2026-12-03T20:00:00Z");
    let expected = [
        ("2026-12-01T09:00", "01T19:00"),
        ("2026-12-02T09:00", "02T19:00"),
        ("2026-12-03T09:00", "03T19:00"),
    ];
    assert_eq!(begun, pairs(&expected));
    let both = begun_by_their_clocks(
        daily(),
        &["Pacific/Honolulu", "Asia/Tokyo"],
        "2026-12-01T12:00:00Z",
        "2026-12-03T20:00:00Z",
    );
    let first = ("2026-12-01T09:00", "01T12:00");
    let expected = [first, ("2026-12-02T09:00", "02T00:00"), ("2026-12-03T09:00", "03T00:00")];
    assert_eq!(both, pairs(&expected), "the first is too late for Tokyo, and not for Honolulu");
}

#[test]
fn what_was_missed_by_its_people_goes_out_late_or_is_told() {
    let from = "2026-12-02T03:00:00Z";
    // Nobody was there when it was nine in New York on the first; the second has not come yet.
    let mut late = by_their_clocks("0 9 * * *", Missed::Send);
    late.timetable.late_after = TimeDelta::hours(6);
    let mut roster = roster([("a", late.clone())]);
    roster.set_runs("a", Some(at("2026-11-29T19:00:00Z")), Vec::new());
    let Some(Turn::Begin { .. }) = roster.next(now(from)) else { panic!("it asks where they are") };
    let new_york = || Ended::Located(vec![vec!["America/New_York".parse().unwrap()]]);
    roster.ended("a", new_york(), now(from));
    assert_eq!(first(&mut roster, from).unwrap().1, "2026-12-01T09:00", "late");
    let mut roster = Roster::new(false);
    late.timetable.missed = Missed::Fail;
    roster.set_campaign("a", Some(late));
    roster.set_runs("a", Some(at("2026-11-29T19:00:00Z")), Vec::new());
    assert!(roster.next(now(from)).is_some());
    roster.ended("a", new_york(), now(from));
    assert_eq!(first(&mut roster, from), None);
    assert!(
        matches!(roster.notices().as_slice(), [Notice::Missed { at, .. }] if at.local.to_string() == "2026-12-01T09:00")
    );
}

#[test]
fn a_window_is_waited_for() {
    let window = Window::new("10:00".parse().unwrap(), "12:00".parse().unwrap(), "UTC".parse().unwrap());
    let window = Some(window.unwrap());
    let mut roster = roster([("a", Plan { window, ..cron("30 9 * * *", Missed::Skip) })]);
    assert_eq!(first(&mut roster, "2026-12-01T09:30:00Z"), None);
    assert_eq!(roster.quiet_for(now("2026-12-01T09:30:00Z")), Some(SECOND * 1800));
    assert!(first(&mut roster, "2026-12-01T10:00:00Z").is_some());
    roster.ended("a", Ended::Trouble { moved: true }, now("2026-12-01T11:59:30Z"));
    let waits_until = Some(at("2026-12-02T10:00:00Z"));
    roster.set_runs("a", Some(at("2026-12-01T09:30:00Z")), vec![OpenRun { waits_until, ..open(1) }]);
    assert_eq!(roster.next(now("2026-12-01T12:10:00Z")), None);
    assert!(roster.next(now("2026-12-02T10:00:00Z")).is_some());
}

#[test]
fn trouble_is_left_alone_for_longer_each_time_until_somebody_was_reached() {
    let mut roster = roster([("a", cron("0 0 * * *", Missed::Skip)), ("b", cron("0 0 * * *", Missed::Skip))]);
    let start = "2026-12-01T00:00:00Z";
    assert!(roster.next(now(start)).is_some() && roster.next(now(start)).is_some());
    roster.ended("b", Ended::Asked, now(start));
    roster.set_runs("a", Some(at(start)), vec![open(1)]);
    let mut clock = now(start);
    let mut pauses = Vec::new();
    for moved in [false, false, false, false, false, false, false, true, false] {
        roster.ended("a", Ended::Trouble { moved }, clock);
        let pause = roster.members["a"].not_before - clock.elapsed;
        pauses.push(pause.as_secs() / 60);
        clock.elapsed += pause - SECOND;
        clock.utc += TimeDelta::from_std(pause - SECOND).unwrap();
        assert!(!matches!(roster.next(clock), Some(turn) if turn.campaign() == "a"));
        clock.elapsed += SECOND;
        clock.utc += TimeDelta::seconds(1);
        while roster.next(clock).is_some_and(|turn| turn.campaign() != "a") {}
        assert!(roster.members["a"].busy.is_some());
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30, 1, 2]);
    // Somebody has touched its files.
    roster.ended("a", Ended::Trouble { moved: false }, clock);
    roster.set_campaign("a", None);
    assert!(roster.next(clock).is_some());
    let mut once = Roster::new(true);
    once.set_campaign("a", Some(cron("0 0 * * *", Missed::Skip)));
    assert!(once.next(now(start)).is_some());
    once.ended("a", Ended::Trouble { moved: true }, now(start));
    assert_eq!(once.next(now("2026-12-30T00:00:00Z")), None, "once is once");
}

#[test]
fn a_paused_campaign_waits_and_a_cancelled_one_is_closed() {
    let mut roster = roster([("a", cron("0 9 * * *", Missed::Skip))]);
    let hold = |kind| BTreeMap::from([("a".to_owned(), kind)]);
    roster.set_holds(&hold(HoldKind::Paused));
    assert_eq!(roster.next(now("2026-12-01T09:00:00Z")), None);
    let waiting = roster.waiting(now("2026-12-01T09:00:00Z"))["a"];
    assert_eq!(waiting, Waiting::Held { kind: HoldKind::Paused, has_work: true });
    roster.set_holds(&hold(HoldKind::Cancelled));
    let cancel = Turn::Cancel { campaign: "a".to_owned() };
    assert_eq!(roster.next(now("2026-12-01T09:00:00Z")), Some(cancel));
    roster.set_holds(&BTreeMap::new());
    roster.ended("a", Ended::Done, now("2026-12-01T09:00:01Z"));
    assert!(first(&mut roster, "2026-12-01T09:00:02Z").is_some(), "the next occurrence is another one");
}

#[test]
fn runs_that_ask_whom_the_other_reached_never_go_together_and_nobody_is_overtaken() {
    let rule = |once_per: Option<&str>, cap: bool| Frequency {
        once_per: once_per.map(|word| OncePer::of(word.to_owned())),
        cap: cap.then(|| Cap { messages: 2, per: "7d".parse().unwrap() }),
        exclude: Vec::new(),
    };
    let plan = |line, frequency| Plan { frequency, ..cron(line, Missed::Skip) };
    let mut roster = roster([
        ("a", plan("0 9 * * *", rule(Some("sale"), false))),
        ("b", plan("1 9 * * *", rule(Some("sale"), false))),
        ("c", plan("2 9 * * *", rule(None, false))),
        ("d", plan("3 9 * * *", rule(None, true))),
        ("e", plan("4 9 * * *", rule(None, false))),
        ("f", plan("0 9 * * *", rule(Some("campaign"), false))),
    ]);
    let begun = |roster: &mut Roster, minute: u32| {
        let time = format!("2026-12-01T09:{minute:02}:00Z");
        let mut names = String::new();
        while let Some(turn) = roster.next(now(&time)) {
            names.push_str(turn.campaign());
        }
        names
    };
    assert_eq!(begun(&mut roster, 0), "af");
    assert_eq!(begun(&mut roster, 1), "", "b asks whom a reaches");
    assert_eq!(begun(&mut roster, 2), "c");
    assert_eq!(begun(&mut roster, 3), "");
    assert_eq!(begun(&mut roster, 4), "", "d counts everybody, and was there before e");
    let last = at("2026-12-01T09:04:00Z");
    let end = |roster: &mut Roster, name: &str| {
        roster.ended(name, Ended::Done, now("2026-12-01T09:05:00Z"));
        roster.set_runs(name, Some(last), Vec::new());
    };
    end(&mut roster, "a");
    assert_eq!(begun(&mut roster, 5), "b");
    for name in ["b", "c", "f"] {
        end(&mut roster, name);
    }
    assert_eq!(begun(&mut roster, 6), "d");
    end(&mut roster, "d");
    assert_eq!(begun(&mut roster, 7), "e");
}

#[test]
fn whom_another_campaign_reached_is_not_asked_while_that_one_is_sent() {
    let but_not = |name: &str| Frequency { exclude: vec![name.to_owned()], ..Frequency::default() };
    let plan = |line, frequency| Plan { frequency, ..cron(line, Missed::Skip) };
    for (first_rule, second_rule) in
        [(Frequency::default(), but_not("a")), (but_not("b"), Frequency::default())]
    {
        let mut roster = roster([
            ("a", plan("0 9 * * *", first_rule)),
            ("b", plan("0 9 * * *", second_rule)),
            ("c", plan("0 9 * * *", but_not("d"))),
        ]);
        let time = now("2026-12-01T09:00:00Z");
        let names: Vec<String> =
            std::iter::from_fn(|| roster.next(time)).map(|turn| turn.campaign().to_owned()).collect();
        assert_eq!(names, ["a", "c"]);
        roster.ended("a", Ended::Done, time);
        roster.set_runs("a", Some(at("2026-12-01T09:00:00Z")), Vec::new());
        assert_eq!(roster.next(time).unwrap().campaign(), "b");
    }
}

#[test]
fn a_cancellation_waits_for_nobody_and_nobody_for_it() {
    let capped = || {
        let cap = Some(Cap { messages: 1, per: "7d".parse().unwrap() });
        Plan { frequency: Frequency { cap, ..Frequency::default() }, ..cron("0 9 * * *", Missed::Skip) }
    };
    let mut roster = roster([("a", capped()), ("b", capped()), ("c", capped())]);
    let time = "2026-12-01T09:00:00Z";
    assert_eq!(first(&mut roster, time).unwrap().0, "a");
    assert_eq!(roster.next(now(time)), None, "b and c ask whom a reaches");
    let cancel = |name: &str| Some(Turn::Cancel { campaign: name.to_owned() });
    let holds = |names: &[&str]| names.iter().map(|one| ((*one).to_owned(), HoldKind::Cancelled)).collect();
    roster.set_holds(&holds(&["b"]));
    assert_eq!(roster.next(now(time)), cancel("b"), "it asks for nobody's reach");
    roster.ended("a", Ended::Done, now(time));
    roster.set_runs("a", Some(at(time)), Vec::new());
    assert_eq!(first(&mut roster, time).unwrap().0, "c", "which is not kept waiting by it either");
    // Trouble is left alone for a while; somebody's word is not.
    roster.ended("c", Ended::Trouble { moved: false }, now(time));
    assert_eq!(roster.next(now(time)), None);
    roster.set_holds(&holds(&["b", "c"]));
    assert_eq!(roster.next(now(time)), cancel("c"));
    roster.ended("c", Ended::Trouble { moved: false }, now(time));
    roster.set_holds(&holds(&["b", "c"]));
    assert_eq!(roster.next(now(time)), None, "a cancellation that failed is tried again later");
}

#[test]
fn a_cancellation_comes_also_when_as_many_are_sent_as_can_be() {
    let mut roster = Roster::new(false);
    let names: Vec<String> = (0..MOST_AT_ONCE + 2).map(|number| format!("c{number:02}")).collect();
    names.iter().for_each(|name| roster.set_campaign(name, Some(cron("0 9 * * *", Missed::Skip))));
    let time = now("2026-12-01T09:00:00Z");
    assert_eq!(std::iter::from_fn(|| roster.next(time)).count(), MOST_AT_ONCE);
    let last = names.last().unwrap().clone();
    roster.set_holds(&BTreeMap::from([(last.clone(), HoldKind::Cancelled)]));
    assert_eq!(roster.next(time), Some(Turn::Cancel { campaign: last }));
    assert_eq!(roster.next(time), None);
}

#[test]
fn what_was_missed_is_told_once() {
    let mut roster = roster([("a", cron("0 9 * * *", Missed::Skip)), ("b", cron("0 9 * * *", Missed::Fail))]);
    let last = Some(at("2026-12-01T09:00:00Z"));
    roster.set_runs("a", last, Vec::new());
    roster.set_runs("b", last, Vec::new());
    let told = |roster: &mut Roster, time: &str| {
        assert_eq!(roster.next(now(time)), None);
        let one = |notice: Notice| match notice {
            Notice::LeftOut { campaign, at } => format!("{campaign} left out {}", at.local),
            Notice::Missed { campaign, at } => format!("{campaign} missed {}", at.local),
        };
        roster.notices().into_iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let expected = "a left out 2026-12-03T09:00, b missed 2026-12-03T09:00";
    assert_eq!(told(&mut roster, "2026-12-03T12:00:00Z"), expected);
    assert_eq!(told(&mut roster, "2026-12-03T12:00:01Z"), "");
    assert_eq!(roster.waiting(now("2026-12-03T13:00:00Z"))["b"], Waiting::Person(roster_moment()));
    assert_eq!(told(&mut roster, "2026-12-03T13:00:00Z"), "");
}

fn roster_moment() -> Moment {
    Moment { local: "2026-12-03T09:00".parse().unwrap(), zone: "UTC".parse().unwrap() }
}

#[test]
fn one_moment_goes_out_once_and_without_a_schedule_somebody_begins_it() {
    let moment = Moment { local: "2026-12-01T09:00".parse().unwrap(), zone: "UTC".parse().unwrap() };
    let plan = |when| Plan {
        timetable: Timetable { when, missed: Missed::Fail, late_after: TimeDelta::days(1) },
        window: None,
        until: None,
        frequency: Frequency::default(),
    };
    let mut roster = roster([("a", plan(When::At(moment))), ("b", plan(When::Once))]);
    assert!(first(&mut roster, "2026-12-01T09:00:00Z").is_some());
    roster.ended("a", Ended::Done, now("2026-12-01T09:00:10Z"));
    roster.set_runs("a", Some(moment.instant()), Vec::new());
    assert_eq!(roster.next(now("2026-12-01T09:00:10Z")), None);
    assert_eq!(roster.quiet_for(now("2026-12-01T09:00:10Z")), None);
    assert_eq!(roster.waiting(now("2026-12-01T09:00:10Z"))["b"], Waiting::Hand);
    // What somebody began goes on.
    roster.set_runs("b", None, vec![open(3)]);
    assert!(roster.next(now("2026-12-01T09:00:20Z")).is_some());
}

#[test]
fn a_manifest_that_goes_while_its_run_goes_on_leaves_it_alone() {
    let mut roster = roster([("a", cron("* * * * *", Missed::Skip))]);
    assert!(first(&mut roster, "2026-12-01T09:00:00Z").is_some());
    roster.remove("a");
    roster.set_campaign("a", Some(cron("* * * * *", Missed::Skip)));
    assert_eq!(first(&mut roster, "2026-12-01T09:01:00Z"), None, "the first one goes on");
    roster.remove("a");
    roster.ended("a", Ended::Done, now("2026-12-01T09:01:00Z"));
    assert!(!roster.is_busy() && roster.waiting(now("2026-12-01T09:02:00Z")).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    /// Whatever ends when and how: a campaign has one turn at a time, those that ask each other have none together, and
    /// no occurrence is begun twice, or after a later one.
    #[test]
    fn turns_keep_their_order(
        rules in prop::collection::vec((0u8..4, 1u32..20), 2..8),
        steps in prop::collection::vec((0u8..5, 0usize..8, 1u64..1200), 50..200),
    ) {
        let rule = |number: u8| Frequency {
            once_per: (number == 1 || number == 2).then(|| OncePer::of(format!("w{number}"))),
            cap: (number == 3).then(|| Cap { messages: 1, per: "1d".parse().unwrap() }),
            exclude: Vec::new(),
        };
        let mut roster = Roster::new(false);
        let names: Vec<String> = (0..rules.len()).map(|number| format!("c{number}")).collect();
        for (name, (number, minutes)) in names.iter().zip(&rules) {
            let plan = cron(&format!("*/{minutes} * * * *"), Missed::Send);
            roster.set_campaign(name, Some(Plan { frequency: rule(*number), ..plan }));
        }
        let mut clock = now("2026-12-01T00:00:00Z");
        let mut busy: BTreeMap<String, Turn> = BTreeMap::new();
        let mut last: BTreeMap<String, DateTime<Utc>> = BTreeMap::new();
        let mut runs = 0;
        for (how, who, seconds) in steps {
            while let Some(turn) = roster.next(clock) {
                let name = turn.campaign().to_owned();
                if let Turn::Begin { at, .. } = &turn {
                    prop_assert!(at.instant() <= clock.utc);
                    prop_assert!(last.get(&name).is_none_or(|last| *last < at.instant()));
                    last.insert(name.clone(), at.instant());
                }
                let of = |name: &str| rules[name[1..].parse::<usize>().unwrap()].0;
                for other in busy.keys() {
                    let (one, other) = (of(&name), of(other));
                    prop_assert!(one != 3 && other != 3, "a cap counts everybody");
                    prop_assert!(one == 0 || one != other, "one word");
                }
                prop_assert!(busy.insert(name, turn).is_none());
            }
            clock.elapsed += SECOND * u32::try_from(seconds).unwrap();
            clock.utc += TimeDelta::seconds(i64::try_from(seconds).unwrap());
            let Some(name) = busy.keys().nth(who).cloned() else { continue };
            busy.remove(&name);
            runs += 1;
            let (how, open) = match how {
                0 => (Ended::Trouble { moved: false }, vec![OpenRun { frequency: rule(rules[name[1..].parse::<usize>().unwrap()].0), ..open(runs) }]),
                1 => (Ended::Asked, Vec::new()),
                _ => (Ended::Done, Vec::new()),
            };
            roster.ended(&name, how, clock);
            roster.set_runs(&name, last.get(&name).copied(), open);
        }
    }
}

#[test]
fn for_once_nothing_is_begun_that_came_due_meanwhile() {
    let mut roster = Roster::new(true);
    roster.set_campaign("a", Some(cron("* * * * *", Missed::Skip)));
    assert!(first(&mut roster, "2026-12-01T09:00:00Z").is_some());
    roster.ended("a", Ended::Done, now("2026-12-01T09:01:00Z"));
    roster.set_runs("a", Some(at("2026-12-01T09:00:00Z")), Vec::new());
    assert_eq!(first(&mut roster, "2026-12-01T09:01:00Z"), None, "it would never end");
}
