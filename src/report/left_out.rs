//! Rows of the recipients' files that are no message: how many for which class of reasons, in the same words wherever
//! that is told. The plan tells every reason by itself.

use serde::Serialize;

use crate::units::thousands;

/// See the module.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Something is wrong in the row: no valid address and the like.
    pub unusable: u64,
    /// On a suppression list when it was planned.
    pub suppressed: u64,
    /// Of somebody who has another row.
    pub duplicates: u64,
    /// Not asked for: left out by `where`, `allow_types` or `sample`.
    pub filtered: u64,
}

impl LeftOut {
    /// All of it, in mid sentence; nothing where nobody was left out.
    pub fn words(&self) -> Option<String> {
        let classes = [
            (self.unusable, "with something wrong in the row"),
            (self.suppressed, "on a suppression list"),
            (self.duplicates, "with the same address or id as another row"),
            (self.filtered, "by `where`, `allow_types` or `sample`"),
        ];
        let some = classes.into_iter().filter(|(rows, _)| *rows > 0);
        let some: Vec<String> = some.map(|(rows, why)| format!("{} {why}", thousands(rows))).collect();
        (!some.is_empty()).then(|| some.join(", "))
    }
}

impl std::iter::Sum for LeftOut {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            unusable: sum.unusable.saturating_add(one.unusable),
            suppressed: sum.suppressed.saturating_add(one.suppressed),
            duplicates: sum.duplicates.saturating_add(one.duplicates),
            filtered: sum.filtered.saturating_add(one.filtered),
        })
    }
}
