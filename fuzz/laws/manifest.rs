//! A manifest as somebody may write it: every error has a place, and what is accepted can be planned.

use std::num::NonZeroUsize;

use chrono::{DateTime, TimeDelta, Utc};

use sendplan::audience::{Header, Suppression};
use sendplan::campaign::{self, Campaign, Materials, References};
use sendplan::diagnostic::Source;
use sendplan::plan::{self, Entry, Recipe, Totals};
use sendplan::provider::Profile;
use sendplan::schedule::Due;

use super::diagnostics;

const ROWS: &str = "customer_id,phone,first_name,points,opted_in\n\
    c1,0712345678,Wanjiru,1200,yes\nc2,+254 712 345 679,Łucja,3,no\nc3,nobody,Ann,,yes\nc4,0712345678,Again,7,yes\n\
    c5,0712345670,\"Bob, the {{ second }}\",x,yes\nc6,ragged\n";

/// Read, resolved and, where nothing is wrong, planned.
pub fn holds(data: &[u8]) {
    let source = Source::new("campaign.yaml", String::from_utf8_lossy(data));
    let (manifest, problems) = campaign::read(&source);
    diagnostics::are_sound(&problems);
    let Some(manifest) = manifest else {
        assert!(problems.has_errors(), "nothing was read, and nothing is wrong");
        return;
    };
    let references = References::of(&manifest);
    let profile = references.profile.as_ref().and_then(|one| Profile::builtin(&one.name)?.ok());
    let template =
        Source::new("message.txt", "Hi {{ first_name }}, {{ points }} points. {{ vars | length }}");
    let known = profile.is_some();
    let materials = Materials {
        holidays: references.holidays.as_ref().map(|_| Source::new("holidays.txt", "2026-12-25 Christmas\n")),
        templates: references.templates.iter().map(|one| (one.name.clone(), template.clone())).collect(),
        snippets: Default::default(),
        header: Header::read(ROWS.as_bytes()).ok(),
        profile,
    };
    let (campaign, more) = campaign::resolve(&manifest, &source, materials);
    diagnostics::are_sound(&more);
    let refused = problems.has_errors() || more.has_errors();
    match campaign {
        Some(campaign) if !refused => is_whole(&campaign),
        Some(_) => {}
        None => assert!(refused || !known, "there is no campaign, and nothing is wrong"),
    }
}

fn is_whole(campaign: &Campaign) {
    let name = campaign.name.as_bytes();
    assert!((1..=63).contains(&name.len()) && name[0] != b'-');
    assert!(name.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')));
    let (delivery, rules) = (&campaign.delivery, &campaign.audience.rules);
    assert!(delivery.concurrency >= 1 && delivery.retry.attempts >= 1, "{delivery:?}");
    for rate in [delivery.rate, delivery.segments].into_iter().flatten() {
        assert!(rate.per_second().is_finite() && rate.per_second() > 0.0, "{rate}");
    }
    let columns = rules.header.columns();
    assert_eq!(columns[rules.address], campaign.audience.address_column);
    assert!(rules.id.is_none_or(|id| id < columns.len()));
    assert_eq!(campaign.profile.check_sender(&campaign.sender), Ok(()));
    assert!(campaign.profile.batch_max() >= 1);
    let now = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(21_000);
    let times: Vec<_> = campaign.timetable.upcoming(now, 3).iter().map(|one| one.instant()).collect();
    assert!(times.is_sorted_by(|one, next| now < *one && one < next), "{times:?}");
    for last in [None, Some(now - TimeDelta::days(40))] {
        if let Due::Later(at) = campaign.timetable.due(now, last, &[]) {
            assert!(at.instant() > now, "{at}");
        }
    }
    let _ = plan::check(&campaign.limits, &planned(campaign));
}

fn planned(campaign: &Campaign) -> Totals {
    let recipe = Recipe {
        reference: Default::default(),
        rules: campaign.audience.rules.clone(),
        wordings: campaign.wordings.clone(),
        suppression: Suppression::default(),
        cost: campaign.profile.cost().cloned(),
        locates: campaign.delivery.recipients.is_some(),
    };
    let (mut messages, mut rows) = (0, 0);
    let totals =
        plan::run::<std::convert::Infallible>(ROWS.as_bytes(), &recipe, NonZeroUsize::MIN, &mut |entry| {
            rows += 1;
            if let Entry::Planned { text, id, .. } = entry {
                messages += 1;
                assert!(!text.trim().is_empty() && !id.is_empty());
            }
            Ok(())
        });
    let totals = totals.unwrap_or_else(|error| panic!("accepted, and cannot be planned: {error}"));
    assert_eq!((totals.rows, totals.messages), (rows, messages));
    assert_eq!(rows, 6);
    totals
}
