//! `sendplan init`: a campaign that can be checked, planned and sent to the sandbox as it is. It asks where somebody can
//! answer, and writes all of its files or none.

mod answers;
mod place;
mod questions;
mod theirs;

use std::path::{Path, PathBuf};

use self::answers::{Answers, PROFILES, answers};
use self::place::Place;
use self::questions::Questions;
use super::Outcome;
use super::connection::no_sandbox;
use super::exit::{Code, Failure};
use super::flags::quoted;
use super::terminal::Terminal;
use crate::campaign::draft::{Draft, People};
use crate::cli::Init;
use crate::diagnostic::Diagnostics;
use crate::report::begun::Begun;
use crate::report::layout::count;
use crate::world::fresh::{Content, Fresh, FreshError};
use crate::world::workspace::{self, MANIFEST};

/// What git leaves alone: the state holds addresses.
const IGNORED: &str = ".sendplan/";
/// The schema of manifests, from the top.
const CAMPAIGNS: &str = "schemas/campaign.schema.json";

pub fn run(args: &Init, terminal: &Terminal) -> Outcome {
    let place = Place::of(&args.name)?;
    let mut questions = Questions::new(args.yes);
    let answers = answers(args, &place, &mut questions, terminal)?;
    let (draft, text) = (answers.draft(&place), &answers.text);
    let wanted = files(&draft, text, &answers, &place);
    let mut fresh = Fresh::new();
    let mut made = Vec::new();
    for (path, what, content) in wanted {
        fresh.file(&place.reached(&path), &content)?;
        made.push((place.shown(&path), what));
    }
    // What people will look at first stands on top.
    made.reverse();
    if fresh.line(&place.reached(Path::new(".gitignore")), IGNORED)? {
        made.push((place.shown(Path::new(".gitignore")), "keeps the state out of git".to_owned()));
    }
    let warnings = checked(&place)?;
    fresh.keep();
    terminal.problems(&warnings);
    let begun = Begun {
        name: draft.name.clone(),
        provider: draft.provider.clone(),
        files: made,
        place: quoted(&place.shown(&place.folder())),
        no_sandbox: no_sandbox(draft.profile),
        seen: answers.seen.clone(),
        no_repository: !place.is_in_git(),
    };
    terminal.data(&begun.human());
    Ok(Code::Done)
}

/// Every new file, from the top of the repository, and what it is. The manifest is the last one: before it, there is no
/// campaign.
fn files(draft: &Draft<'_>, text: &str, answers: &Answers, place: &Place) -> Vec<(PathBuf, String, Content)> {
    let folder = place.folder();
    let own = |name: &str| folder.join(name);
    let mut files = Vec::new();
    let mut add = |path: PathBuf, what: &str, content: Content| files.push((path, what.to_owned(), content));
    // What another campaign brought is everybody's.
    let missing = |path: &str| !place.reached(Path::new(path)).exists();
    if missing(CAMPAIGNS) {
        let schema = format!("{:#}\n", crate::campaign::schema());
        add(PathBuf::from(CAMPAIGNS), "for editors", Content::Text(schema));
    }
    if !place.reached(&answers.list).exists() {
        let what = "people who get nothing, with an invented one";
        add(answers.list.clone(), what, Content::Text(draft.opt_outs()));
    }
    if let Some((text, to)) = &answers.profile_copy {
        if missing(PROFILES) {
            let schema = format!("{:#}\n", crate::provider::schema());
            add(PathBuf::from(PROFILES), "for editors", Content::Text(schema));
        }
        add(to.clone(), "the gateway's profile", Content::Text(text.clone()));
    }
    match (&draft.people, &answers.recipients_copy) {
        (People::Invented, _) => {
            let people = draft.recipients();
            let number = people.lines().count() as u64 - 1;
            let what = format!("{} who do not exist", count(number, "recipient"));
            add(own("recipients.csv"), &what, Content::Text(people));
        }
        (People::Theirs { .. }, Some((from, to))) => {
            add(to.clone(), "your recipients", Content::CopyOf(from.clone()));
        }
        (People::Theirs { .. }, None) => {}
    }
    add(own("message.txt"), "the text", Content::Text(format!("{}\n", text.trim_end())));
    add(own(MANIFEST), "the manifest", Content::Text(draft.manifest()));
    files
}

/// What `check` says of what was made. With an error, it is taken away again.
fn checked(place: &Place) -> Result<Diagnostics, Failure> {
    let opened = workspace::open(&place.reached(&place.folder()))?;
    let what = format!("{}, and nothing was written", opened.source.name);
    let (loaded, problems) = opened.load();
    match loaded {
        Some(_) => Ok(problems),
        None => Err(Failure::Invalid { what, problems }),
    }
}

impl From<FreshError> for Failure {
    fn from(error: FreshError) -> Self {
        match error {
            FreshError::There(_) | FreshError::Link(_) => Self::Input(error.to_string()),
            FreshError::Failed { path, why } => Self::Output { path, why },
        }
    }
}
