//! How what would be sent differs from what was approved: by files, by people, by texts.

use std::fmt;

use serde::Serialize;

use super::change::{Change, Number};
use super::crowd::Everybody;
use super::file::PlanFile;
use super::input::{InputFile, Role};
use crate::units::thousands;

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is the same.
    Unchanged,
    /// Its bytes are others.
    Changed,
    /// It is read now, and was not.
    Added,
    /// It was read, and is not any more.
    Gone,
}

/// A file and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLine {
    /// What it is for.
    pub role: Role,
    /// As the manifest names it.
    pub name: String,
    /// What became of it.
    pub fate: Fate,
}

/// A figure that is another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// What it counts, or says.
    pub name: &'static str,
    /// In the approved plan.
    pub before: Value,
    /// Now.
    pub now: Value,
}

/// What a figure says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// So many.
    Number(u64),
    /// A word.
    Text(String),
    /// Nothing is known.
    None,
}

/// How two plans differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Messages of the approved plan.
    pub messages: u64,
    /// Every file of either.
    pub files: Vec<FileLine>,
    /// People and texts; nothing where the campaigns are not the same.
    pub people: Option<Change>,
    /// What else is another.
    pub figures: Vec<Figure>,
    /// Whether anything at all differs.
    pub is_any: bool,
    /// Whether other messages would go out, or in another order.
    pub is_of_messages: bool,
}

impl Difference {
    /// Between the approved plan and the one that was made now, and the people of this one.
    pub fn between(approved: &PlanFile, now: &PlanFile, people: &Everybody) -> Self {
        let is_same_campaign = approved.campaign == now.campaign;
        Self {
            messages: approved.messages,
            files: files(&approved.files, &now.files),
            people: is_same_campaign.then(|| match approved.digest == now.digest {
                true => Change::NONE,
                false => people.change(approved.people(), approved.people.as_ref(), &approved.salt()),
            }),
            figures: figures(approved, now),
            is_any: approved != now,
            is_of_messages: approved.digest != now.digest,
        }
    }

    /// Whether the same people get the same texts, in another order.
    pub fn is_order_only(&self) -> bool {
        let none = |change: Change| [change.came, change.went, change.texts].into_iter().all(Number::is_none);
        self.is_of_messages && self.people.is_some_and(none)
    }
}

fn files(before: &[InputFile], now: &[InputFile]) -> Vec<FileLine> {
    let same = |one: &InputFile, other: &InputFile| (one.role, &one.name) == (other.role, &other.name);
    let line = |file: &InputFile, fate| FileLine { role: file.role, name: file.name.clone(), fate };
    let kept = now.iter().map(|file| {
        let fate = match before.iter().find(|one| same(one, file)) {
            None => Fate::Added,
            Some(one) if one.sha256 == file.sha256 => Fate::Unchanged,
            Some(_) => Fate::Changed,
        };
        line(file, fate)
    });
    let gone = before.iter().filter(|one| !now.iter().any(|file| same(one, file)));
    let mut lines: Vec<FileLine> = kept.chain(gone.map(|file| line(file, Fate::Gone))).collect();
    lines.sort_by_key(|line| line.role);
    lines
}

fn figures(before: &PlanFile, now: &PlanFile) -> Vec<Figure> {
    let left_out =
        |file: &PlanFile| file.left_out_by.iter().fold(0_u64, |sum, one| sum.saturating_add(one.rows));
    let segments = |file: &PlanFile| file.segments.map_or(Value::None, Value::Number);
    let cost = |file: &PlanFile| file.cost.clone().map_or(Value::None, Value::Text);
    let line = |name, of: &dyn Fn(&PlanFile) -> Value| Figure { name, before: of(before), now: of(now) };
    [
        line("campaign", &|file| Value::Text(file.campaign.clone())),
        line("rows", &|file| Value::Number(file.recipients)),
        line("messages", &|file| Value::Number(file.messages)),
        line("left out", &|file| Value::Number(left_out(file))),
        line("segments", &segments),
        line("cost", &cost),
        line("renderer", &|file| Value::Text(file.renderer.clone())),
        line("zones", &|file| Value::Text(format!("tzdb {}", file.tz_data))),
    ]
    .into_iter()
    .filter(|figure| figure.before != figure.now)
    .collect()
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => f.write_str(&thousands(*number)),
            Self::Text(text) => f.write_str(text),
            Self::None => f.write_str("none"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::crowd::Crowd;
    use super::*;

    fn everybody(people: u64) -> Everybody {
        let mut crowd = Crowd::new("c");
        (0..people).for_each(|one| crowd.add("", &one.to_string(), &[u8::try_from(one).unwrap(); 32]));
        crowd.finish()
    }

    fn plan(people: u64) -> PlanFile {
        let file =
            |role, name: &str, sha256: &str| InputFile { role, name: name.into(), sha256: sha256.into() };
        PlanFile {
            version: PlanFile::VERSION,
            campaign: "c".to_owned(),
            digest: format!("sha256:{people}"),
            recipients: people,
            messages: people,
            segments: Some(people),
            cost: None,
            left_out_by: Vec::new(),
            files: vec![file(Role::Manifest, "campaign.yaml", "a"), file(Role::Recipients, "r.csv", "b")],
            renderer: PlanFile::renderer(),
            tz_data: "2025b".to_owned(),
            people: None,
        }
        .with_people(&everybody(people))
    }

    #[test]
    fn the_same_plan_does_not_differ() {
        let difference = Difference::between(&plan(140), &plan(140), &everybody(140));
        assert!(!difference.is_any && !difference.is_of_messages && difference.figures.is_empty());
        assert!(difference.files.iter().all(|file| file.fate == Fate::Unchanged));
    }

    #[test]
    fn what_differs_is_told() {
        let (before, mut now) = (plan(140), plan(142));
        now.files[1].sha256 = "c".to_owned();
        now.files.push(InputFile { role: Role::Template, name: "m.txt".to_owned(), sha256: String::new() });
        now.tz_data = "2026a".to_owned();
        let difference = Difference::between(&before, &now, &everybody(142));
        let people = difference.people.unwrap();
        assert_eq!((people.came, people.went), (Number::Exactly(2), Number::Exactly(0)));
        let fates: Vec<_> = difference.files.iter().map(|file| (&*file.name, file.fate)).collect();
        let fates_wanted =
            [("campaign.yaml", Fate::Unchanged), ("m.txt", Fate::Added), ("r.csv", Fate::Changed)];
        assert_eq!(fates, fates_wanted);
        let figures =
            difference.figures.iter().map(|one| format!("{}: {} {}", one.name, one.before, one.now));
        let wanted =
            ["rows: 140 142", "messages: 140 142", "segments: 140 142", "zones: tzdb 2025b tzdb 2026a"];
        assert_eq!(figures.collect::<Vec<_>>(), wanted);
        let back = Difference::between(&now, &before, &everybody(140));
        assert_eq!(back.files.iter().find(|one| one.role == Role::Template).unwrap().fate, Fate::Gone);
    }

    #[test]
    fn another_order_is_told_as_that() {
        let (before, mut now) = (plan(140), plan(140));
        now.digest = "sha256:other".to_owned();
        let difference = Difference::between(&before, &now, &everybody(140));
        assert!(difference.is_any && difference.is_order_only());
    }

    #[test]
    fn what_is_written_is_read_again_and_nothing_else_is() {
        let file = plan(140);
        assert_eq!(PlanFile::read(&file.text()).unwrap(), file);
        let refused = |text: &str| PlanFile::read(text).unwrap_err().to_string();
        assert_eq!(refused("version: 1\n"), "it is no plan file: line 1, column 1 is not JSON");
        assert!(refused("{}").starts_with("it is no plan file: missing field `version`"));
        assert!(refused(&file.text().replace("\"version\": 1", "\"version\": 2")).contains("version 2"));
        assert!(
            refused(&file.text().replace("\"rows\"", "\"rosw\"").replace("\"tz_data\"", "\"tz\""))
                .contains("tz")
        );
        let mut edited = file;
        edited.people.as_mut().unwrap().locks[0].insert(0, 'A');
        assert!(refused(&edited.text()).contains("damaged"));
    }
}
