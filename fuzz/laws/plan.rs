//! Plan files: whatever stands in one, it is read or refused, and held against another without harm.

use sendplan::approval::{Crowd, Difference, PlanFile};

/// A plan file that is none of ours may be refused. One that is read says the same when it is written, differs in nothing
/// from itself, and can be held against any other, in words as well.
pub fn holds(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(plan) = PlanFile::read(text) else { return };
    assert_eq!(PlanFile::read(&plan.text()).unwrap(), plan);
    let mut crowd = Crowd::new(&plan.campaign);
    (0..140_u8).for_each(|one| crowd.add("", &one.to_string(), &[one; 32]));
    let people = crowd.finish();
    let same = Difference::between(&plan, &plan, &people);
    assert!(!same.is_any && !same.is_of_messages && same.figures.is_empty());
    let other = PlanFile { messages: 140, digest: String::new(), ..plan.clone() }.with_people(&people);
    for (before, after) in [(&plan, &other), (&other, &plan)] {
        let difference = Difference::between(before, after, &people);
        assert_eq!(difference.is_any, before != after);
        let told = sendplan::report::approval::Against::new("plan.json".to_owned(), difference);
        assert_eq!(told.same, before == after);
        assert!(!told.human().is_empty() && !told.summary.is_empty());
    }
}
