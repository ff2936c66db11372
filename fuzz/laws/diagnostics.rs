//! What every list of errors must be, whatever it is about.

use sendplan::diagnostic::Diagnostics;

/// Every place is in its file, between characters; and the text for people can be made.
pub fn are_sound(problems: &Diagnostics) {
    for problem in problems.iter() {
        assert!(!problem.title.is_empty());
        for label in &problem.labels {
            let (text, span) = (&label.source.text, &label.span);
            assert!(text.get(span.clone()).is_some(), "{span:?} of {} bytes in {problem:?}", text.len());
        }
        assert!(problem.labels.is_empty() || problem.place().is_some());
    }
    let shown = problems.render(false);
    assert_eq!(shown.is_empty(), problems.is_empty());
    // A terminal must not be told to do anything by a file.
    let told = shown.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\r'));
    assert_eq!(told, None, "{shown:?}");
}
