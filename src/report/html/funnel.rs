//! How many are left from step to step: bars under each other, each as long as its number.

use super::{Node, scale};
use crate::units::thousands;

/// A step: what it is called, how many are left, and its class in the style.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// In words.
    pub name: &'static str,
    /// How many.
    pub number: u64,
    /// What is said instead of a number that nobody knows.
    pub instead: Option<&'static str>,
    /// In the style.
    pub class: &'static str,
}

impl Step {
    fn told(&self) -> Node {
        let (class, text) = match self.instead {
            Some(words) => ("number silent", words.to_owned()),
            None => ("number", thousands(self.number)),
        };
        Node::new("span", &[("class", class)], [Node::text(text)])
    }
}

/// The picture; `told` is for those who do not see it. The longest bar is as wide as the page.
pub fn funnel(told: &str, steps: &[Step]) -> Node {
    const WIDTH: u64 = 1000;
    let most = steps.iter().map(|step| step.number).max().unwrap_or(0);
    let rows = steps.iter().map(|step| {
        // What is there is seen.
        let width = scale(step.number, WIDTH, most).max(u64::from(step.number > 0) * 4).to_string();
        let bar = [("class", step.class), ("x", "0"), ("y", "0"), ("width", &*width), ("height", "10")];
        let attributes =
            [("viewBox", "0 0 1000 10"), ("preserveAspectRatio", "none"), ("aria-hidden", "true")];
        let bar = Node::new("svg", &attributes, [Node::new("rect", &bar, [])]);
        let name = Node::new("span", &[("class", "what")], [Node::text(step.name)]);
        Node::new("div", &[("class", "step")], [name, bar, step.told()])
    });
    let rows: Node = rows.collect();
    Node::new(
        "figure",
        &[("class", "funnel"), ("role", "img"), ("aria-label", told)],
        [Node("\n".to_owned()), rows],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_number_and_what_is_there_is_seen() {
        let steps = [("planned", 2_000_000), ("accepted", 1_000_000), ("delivered", 1), ("read", 0)];
        let steps = steps.map(|(name, number)| Step { name, number, instead: None, class: "k1" });
        let drawn = funnel("a <funnel>", &steps).0;
        for width in ["width=\"1000\"", "width=\"500\"", "width=\"4\"", "width=\"0\""] {
            assert_eq!(drawn.matches(width).count(), 1, "{width} in {drawn}");
        }
        assert!(
            drawn.contains("aria-label=\"a &lt;funnel&gt;\"") && drawn.contains(">2,000,000<"),
            "{drawn}"
        );
    }
}
