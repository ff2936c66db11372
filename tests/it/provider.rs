//! The built-in profiles through the engine, without any network.

use sendplan::provider::{Profile, builtin_names};

#[test]
fn every_built_in_profile_is_sound_and_keeps_its_examples() {
    assert!(builtin_names().count() > 0);
    for name in builtin_names() {
        let profile = Profile::builtin(name).unwrap();
        let profile = profile.unwrap_or_else(|problems| panic!("{}", problems.render(false)));
        assert_eq!(profile.name(), name);
        let failures = profile.check_examples();
        assert!(failures.is_empty(), "{failures:#?}");
        assert!(!profile.examples().is_empty());
    }
}
