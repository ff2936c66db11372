//! A file of recipients that somebody has already: which of its columns are what.

use std::path::{Path, PathBuf};

use super::place::Place;
use crate::audience::guess::{Guess, guess};
use crate::audience::survey::Survey;
use crate::audience::{AddressKind, Region};
use crate::commands::audience::look;
use crate::commands::exit::Failure;
use crate::commands::terminal::Terminal;
use crate::diagnostic::{did_you_mean, listing};
use crate::world::workspace;

/// The endings under which a copy is kept; any other is that of a CSV.
const ENDINGS: [&str; 6] = ["csv.gz", "tsv.gz", "txt.gz", "xlsx", "tsv", "txt"];

/// A file, looked at.
#[derive(Debug)]
pub struct Theirs {
    survey: Survey,
    shown: String,
    /// Where it lies from the top of the repository, or where its copy will.
    pub at: PathBuf,
    /// What is to be copied there.
    pub copy_of: Option<PathBuf>,
}

impl Theirs {
    /// Looks at all of it.
    pub fn look(path: &Path, place: &Place, terminal: &Terminal) -> Result<Self, Failure> {
        let shown = path.display().to_string();
        if !path.is_file() {
            return Err(Failure::Usage(format!("`{shown}` is no file")));
        }
        let (recipients, header) = workspace::recipients_of(path).map_err(Failure::Input)?;
        if header.looks_like_a_row() {
            let why = "the first row looks like a recipient, and it must name the columns";
            return Err(Failure::Input(format!("{shown}: {why}")));
        }
        let mut survey = Survey::new(header);
        look(&recipients, &mut survey, terminal)?;
        let (at, copy_of) = match place.inside(path) {
            Some(inside) => (inside, None),
            None => (place.folder().join(format!("recipients.{}", ending(path))), Some(path.to_owned())),
        };
        Ok(Self { survey, shown, at, copy_of })
    }

    /// Whether there are numbers that need no country.
    pub fn has_whole_numbers(&self) -> bool {
        guess(&self.survey, AddressKind::Phone { region: None }).address.is_some()
    }

    /// That none of its columns seems to have addresses of that kind.
    pub fn lacks(&self, kind: AddressKind) -> String {
        let what = match kind {
            AddressKind::Phone { region: None } => "phone numbers with a country code",
            AddressKind::Phone { region: Some(_) } => "phone numbers of that country",
            AddressKind::Opaque => "ids",
        };
        format!("{}: no column seems to have {what}", self.shown)
    }

    /// What its columns are called.
    pub fn names(&self) -> String {
        listing(self.survey.columns().map(|(name, _)| name))
    }

    /// Its columns, the one of addresses as it was said or as it seems.
    pub fn columns(&self, kind: AddressKind, said: Option<&str>) -> Result<Guess, Failure> {
        let mut found = guess(&self.survey, kind);
        let names: Vec<&str> = self.survey.columns().map(|(name, _)| name).collect();
        if let Some(said) = said {
            if !names.contains(&said) {
                let near = match did_you_mean(said, names.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("it has {}", listing(names)),
                };
                return Err(Failure::Input(format!("{} has no column `{said}`; {near}", self.shown)));
            }
            found.id = found.id.filter(|id| id != said);
            found.name = found.name.filter(|name| name != said);
            found.address = Some(said.to_owned());
        }
        if found.address.is_none() {
            let what_to_say = match kind {
                AddressKind::Phone { region: None } => {
                    "--region says which country's they are, --address which column"
                }
                _ => "--address says which column it is",
            };
            return Err(Failure::Input(format!("{}: {what_to_say}", self.lacks(kind))));
        }
        Ok(found)
    }

    /// Rows in it.
    pub fn rows(&self) -> u64 {
        self.survey.rows
    }

    /// What people are told of it.
    pub fn shown(&self) -> &str {
        &self.shown
    }
}

/// A country for numbers, by what whoever sits there has set; nothing where that says none.
pub fn usual_region() -> Option<Region> {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| std::env::var(name).ok())?;
    let (_, country) = set.split('.').next()?.split_once('_')?;
    crate::audience::region(country).ok()
}

fn ending(path: &Path) -> &'static str {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    ENDINGS.into_iter().find(|ending| name.ends_with(&format!(".{ending}"))).unwrap_or("csv")
}
