//! A profile as somebody may write it: every error has a place, and what is accepted can be asked anything.

use chrono::DateTime;
use sendplan::diagnostic::Source;
use sendplan::provider::{Batch, Class, Fault, Member, Profile, Response};

use super::diagnostics;

/// Read, and where nothing is wrong, its examples replayed and strange answers read.
pub fn holds(data: &[u8]) {
    let source = Source::new("gateway.yaml", String::from_utf8_lossy(data));
    let profile = match Profile::from_source(&source) {
        Ok(profile) => profile,
        Err(problems) => {
            assert!(problems.has_errors(), "refused without an error");
            diagnostics::are_sound(&problems);
            return;
        }
    };
    assert!(!profile.name().is_empty() && profile.batch_max() >= 1 && !profile.base_url().ends_with('/'));
    assert!(profile.base_url().starts_with("https://") || profile.base_url().starts_with("http://"));
    assert_eq!(profile.check_examples(), profile.check_examples());
    let _ = (profile.example_gaps(), profile.secret_ways(), profile.credential_places());
    exchanges(&profile);
}

fn exchanges(profile: &Profile) {
    let secrets = profile.sandbox_secrets();
    let token = profile.example_token(&secrets);
    let member =
        Member { id: "c1", address: "+254700000001", text: "Hi", key: "k1", encoding: "gsm7", part: None };
    let sender = if profile.check_sender(&1.into()).is_ok() { 1.into() } else { "Acme".into() };
    let members = [member];
    let now = DateTime::UNIX_EPOCH;
    let batch = Batch { members: &members, sender: &sender, now, expires_at: Some(now) };
    if let Ok(request) = profile.build_send(&batch, &secrets, token.as_ref()) {
        assert!(request.url.starts_with(profile.base_url()), "{}", request.url);
        assert!(!format!("{request:?}").contains("body:"));
    }
    let lost = profile.read_send(&batch, &secrets, Err(&Fault::Lost("cut".to_owned())));
    assert_eq!(lost.verdicts[0].class, Class::Unknown);
    let cut = Response { status: 500, truncated: true, ..Response::default() };
    assert_eq!(profile.read_send(&batch, &secrets, Ok(&cut)).verdicts[0].class, Class::Unknown);
    for (status, body) in [(200, "{}"), (200, ""), (204, ""), (302, "x"), (429, "[1"), (500, "{\"a\":1}")] {
        let response = Response { status, body: body.into(), ..Response::default() };
        assert_eq!(profile.read_send(&batch, &secrets, Ok(&response)).verdicts.len(), 1);
        let _ = profile.read_token(&secrets, Ok(&response), now);
    }
}
