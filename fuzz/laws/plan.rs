//! Plan files: whatever stands in one, it is read or refused, and held against another without harm.

use sendplan::approval::{Crowd, Difference, PlanFile};

/// A plan file that is none of ours may be refused. One that is read says the same when it is written, differs in nothing
/// from itself, and can be held against any other, in words as well.
pub fn holds(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(plan) = PlanFile::read(text) else { return };
    assert_eq!(PlanFile::read(&plan.text()).unwrap(), plan);
    let same = Difference::between(&plan, &plan);
    assert!(!same.is_any && !same.is_of_messages && same.figures.is_empty());
    let mut crowd = Crowd::new(&plan.campaign, &plan.seed());
    (0..40_u8).for_each(|one| crowd.add("", &one.to_string(), &[one; 32]));
    let other = PlanFile { people: crowd.finish().lines(), messages: 40, ..plan.clone() };
    for (before, after) in [(&plan, &other), (&other, &plan)] {
        let difference = Difference::between(before, after);
        assert_eq!(difference.is_any, before != after);
        let told = sendplan::report::approval::Against::new("plan.json".to_owned(), difference);
        assert_eq!(told.same, before == after);
        assert!(!told.human().is_empty() && !told.summary.is_empty());
    }
}
