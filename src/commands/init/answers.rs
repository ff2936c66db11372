//! What is asked of whoever begins a campaign, in which order, and what is taken where nothing is answered.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use chrono::{NaiveDate, NaiveDateTime};
use serde_json::Value;

use super::place::Place;
use super::questions::{Question, Questions};
use super::theirs::{Theirs, usual_region};
use crate::audience::{AddressKind, Region, guess::Guess, invented, region};
use crate::campaign::draft::{self, Draft, People, When};
use crate::cli::Init;
use crate::commands::exit::Failure;
use crate::commands::terminal::Terminal;
use crate::provider::{Profile, builtin_names, wire};
use crate::report::layout::wrapped;
use crate::schedule::{Cron, Zone, country_zones_of};
use crate::world::clock::Clock;
use crate::world::workspace;

/// How the line begins that tells editors the schema of a file.
const MODELINE: &str = "# yaml-language-server:";
/// The schema of profiles, from the top.
pub const PROFILES: &str = "schemas/provider.schema.json";

/// All of them.
#[derive(Debug)]
pub struct Answers {
    profile: Profile,
    provider: String,
    sender: Value,
    people: People,
    region: Option<Region>,
    when: When,
    timezone: String,
    /// The text.
    pub text: String,
    /// The list of people who get nothing, from the top of the repository.
    pub list: PathBuf,
    /// What a profile says that lies elsewhere, and where its copy goes.
    pub profile_copy: Option<(String, PathBuf)>,
    /// Recipients who lie elsewhere, and where their copy goes.
    pub recipients_copy: Option<(PathBuf, PathBuf)>,
    /// What was seen in them.
    pub seen: Option<String>,
}

/// Asks for whatever was not said.
pub fn answers(
    args: &Init,
    place: &Place,
    questions: &mut Questions,
    terminal: &Terminal,
) -> Result<Answers, Failure> {
    let (name, profile, profile_text) = gateway(args, questions)?;
    let (provider, profile_copy) = named(&name, &profile_text, place)?;
    let theirs = recipients(args, place, questions, terminal)?;
    let region = country(args, &profile, theirs.as_ref(), questions)?;
    let sender = sender(args, &profile, questions)?;
    let kind = if is_opaque(&profile) { AddressKind::Opaque } else { AddressKind::Phone { region } };
    let columns = theirs.as_ref().map(|theirs| columns(args, theirs, kind, questions)).transpose()?;
    let seen = theirs.as_ref().zip(columns.as_ref()).map(|(theirs, columns)| seen(theirs, columns));
    if let Some(seen) = &seen {
        questions.tell(seen)?;
    }
    let text = text(args, &profile, columns.as_ref(), questions)?;
    let (when, timezone) = moment(args, region, questions)?;
    let recipients_copy = theirs.as_ref().and_then(|one| Some((one.copy_of.clone()?, one.at.clone())));
    let people = match (theirs, columns) {
        (Some(theirs), Some(columns)) => People::Theirs {
            file: place.in_manifest(&theirs.at),
            address: columns.address.unwrap_or_default(),
            id: columns.id,
            vague_id: columns.vague_id,
            locale: columns.locale,
        },
        _ => People::Invented,
    };
    let list = list(&profile, place);
    Ok(Answers {
        profile,
        provider,
        sender,
        people,
        region,
        when,
        timezone,
        text,
        list,
        profile_copy,
        recipients_copy,
        seen,
    })
}

impl Answers {
    /// What the files are made of.
    pub fn draft(&self, place: &Place) -> Draft<'_> {
        Draft {
            name: place.name.clone(),
            provider: self.provider.clone(),
            profile: &self.profile,
            sender: self.sender.clone(),
            people: self.people.clone(),
            region: self.region,
            list: place.in_manifest(&self.list),
            when: self.when.clone(),
            timezone: self.timezone.clone(),
            today: today(),
        }
    }
}

/// A gateway by name or path.
fn gateway(args: &Init, questions: &mut Questions) -> Result<(String, Profile, String), Failure> {
    let said = args.provider.as_deref();
    let load = |name: &str| match workspace::profile(name) {
        Ok((profile, source)) => Ok((name.to_owned(), profile, source.text.clone())),
        Err(problems) => Err((format!("profile {name}"), problems)),
    };
    if let Some(said) = said {
        return load(said).map_err(|(what, problems)| Failure::Invalid { what, problems });
    }
    let usual = builtin_names().next().unwrap_or_default();
    let told = |(_, problems): (String, crate::diagnostic::Diagnostics)| {
        problems.render(false).trim_end().replace('\n', "\n  ")
    };
    let known = builtin_names().collect::<Vec<_>>().join(", ");
    let known = wrapped(&format!("Gateways: {known}; or the path of a profile."), 0);
    let question = Question { words: "Gateway", explained: Some(&known), usual, nothing: "" };
    questions.ask(&question, None, |name| load(name).map_err(told))
}

/// How the manifest names the gateway, and what has to be copied for that.
fn named(name: &str, text: &str, place: &Place) -> Result<(String, Option<(String, PathBuf)>), Failure> {
    if builtin_names().any(|one| one == name) {
        return Ok((name.to_owned(), None));
    }
    let path = Path::new(name);
    if let Some(inside) = place.inside(path) {
        return Ok((place.in_manifest(&inside), None));
    }
    let file = path.file_name().ok_or_else(|| Failure::Usage(format!("`{name}` is no file")))?;
    let to = Path::new("providers").join(file);
    // What told editors the schema of its old place would be wrong in the new one.
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let rest = if first.starts_with(MODELINE) { rest } else { text };
    let text = format!("{MODELINE} $schema=../{PROFILES}\n{rest}");
    // The copy that an earlier campaign made will do.
    let is_there = std::fs::read_to_string(place.reached(&to)).is_ok_and(|there| there == text);
    Ok((place.in_manifest(&to), (!is_there).then_some((text, to))))
}

fn recipients(
    args: &Init,
    place: &Place,
    questions: &mut Questions,
    terminal: &Terminal,
) -> Result<Option<Theirs>, Failure> {
    let look = |path: &Path| Theirs::look(path, place, terminal);
    if let Some(path) = &args.from {
        return look(path).map(Some);
    }
    let words = "A file of your recipients, CSV or .xlsx";
    let question = Question { words, nothing: "invented people", ..Question::default() };
    questions.ask(&question, None, |answer| match answer {
        "" => Ok(None),
        path => look(Path::new(path)).map(Some).map_err(|failure| failure.to_string()),
    })
}

fn country(
    args: &Init,
    profile: &Profile,
    theirs: Option<&Theirs>,
    questions: &mut Questions,
) -> Result<Option<Region>, Failure> {
    if is_opaque(profile) {
        return match args.region {
            Some(_) => {
                Err(Failure::Usage("--region: this gateway's addresses are no phone numbers".to_owned()))
            }
            None => Ok(None),
        };
    }
    // Nobody is asked for what the numbers say themselves.
    let needed = theirs.is_none_or(|theirs| !theirs.has_whole_numbers());
    let usual = usual_region().filter(|_| questions.somebody() && needed);
    let usual = usual.map(|region| region.to_string()).unwrap_or_default();
    let words = "Country of numbers without a country code, such as KE";
    // Without a country no column would be one of numbers: whoever can be asked is asked again.
    let wanted = theirs.filter(|_| questions.somebody() && needed && args.address.is_none());
    let nothing = if wanted.is_some() { "needed: none here has one" } else { "none: all have one" };
    let question = Question { words, explained: None, usual: &usual, nothing };
    questions.ask(&question, args.region.as_deref(), |answer| match (answer, wanted) {
        ("", Some(theirs)) => Err(theirs.lacks(AddressKind::Phone { region: None })),
        ("", None) => Ok(None),
        (code, _) => region(code).map(Some).map_err(|error| error.to_string()),
    })
}

/// Which columns are what. Where none seems to be that of addresses, somebody may know better.
fn columns(
    args: &Init,
    theirs: &Theirs,
    kind: AddressKind,
    questions: &mut Questions,
) -> Result<Guess, Failure> {
    let found = theirs.columns(kind, args.address.as_deref());
    if found.is_ok() || args.address.is_some() || !questions.somebody() {
        return found;
    }
    let explained = format!("{}. It has {}.", theirs.lacks(kind), theirs.names());
    let words = "The column of addresses";
    let question = Question { words, explained: Some(&explained), usual: "", nothing: "" };
    questions.ask(&question, None, |answer| match answer {
        "" => Err("without it there is nobody to send to".to_owned()),
        name => theirs.columns(kind, Some(name)).map_err(|failure| failure.to_string()),
    })
}

fn sender(args: &Init, profile: &Profile, questions: &mut Questions) -> Result<Value, Failure> {
    let messages = profile.examples().iter().filter_map(|example| example.message.as_ref());
    let usual = messages.map(|message| &message.sender).find(|sender| profile.check_sender(sender).is_ok());
    let usual = usual.map_or_else(|| "1".to_owned(), shown);
    let explained = format!("The sender is {}.", profile.sender_description());
    let question = Question { words: "Sender", explained: Some(&explained), usual: &usual, nothing: "" };
    questions.ask(&question, args.sender.as_deref(), |answer| {
        // A number where the gateway wants one, else a text, of digits as well.
        let number = answer.parse::<i64>().map(Value::from).ok();
        let fits = |value: &Value| profile.check_sender(value).is_ok();
        let text = Value::from(answer);
        match number.filter(fits) {
            Some(number) => Ok(number),
            None => profile.check_sender(&text).map(|()| text),
        }
    })
}

fn shown(sender: &Value) -> String {
    sender.as_str().map_or_else(|| sender.to_string(), str::to_owned)
}

/// What was seen in a file.
fn seen(theirs: &Theirs, columns: &Guess) -> String {
    let told = [("addresses", &columns.address), ("ids", &columns.id), ("names", &columns.name)];
    let told = told.iter().filter_map(|(what, name)| Some(format!("{what} in `{}`", name.as_ref()?)));
    let rows = crate::report::layout::count(theirs.rows(), "row");
    let mut seen = format!("{}: {rows}, {}", theirs.shown(), told.collect::<Vec<_>>().join(", "));
    if let Some(name) = &columns.unusable_name {
        let why = "no text can name: letters from A to Z, digits and `_` make a name";
        let _ = write!(
            seen,
            "\n  first names stand in `{name}`, which {why}; call it something else in the file"
        );
    }
    if let Some(id) = &columns.vague_id {
        let _ = write!(seen, "\n  `{id}` is not taken for the ids: not every row has one of its own");
    }
    if let Some(locale) = &columns.locale {
        let _ = write!(
            seen,
            "\n  `{locale}` seems to say what people read: `audience.locale` and `message.locales` go by it"
        );
    }
    seen
}

fn text(
    args: &Init,
    profile: &Profile,
    columns: Option<&Guess>,
    questions: &mut Questions,
) -> Result<String, Failure> {
    let usual = match columns {
        None => draft::text(profile, Some("name"), false),
        Some(columns) => draft::text(profile, columns.name.as_deref(), columns.some_nameless),
    };
    let question = Question { words: "Text", explained: None, usual: &usual, nothing: "" };
    questions.ask(&question, args.text.as_deref(), |answer| match answer.trim() {
        "" => Err("a text says something".to_owned()),
        text => Ok(text.to_owned()),
    })
}

fn moment(args: &Init, region: Option<Region>, questions: &mut Questions) -> Result<(When, String), Failure> {
    let said = args.cron.as_deref().or(args.at.as_deref());
    let words = "When, such as 2026-12-01T09:00, or by a line of crontab such as 0 9 * * MON";
    let question = Question { words, nothing: "whenever `send` is called", ..Question::default() };
    // Who gave a time is told of times.
    let is_time = args.at.is_some() && args.cron.is_none();
    let when = questions.ask(&question, said, |answer| match when(answer) {
        Err(_) if is_time && answer.split_whitespace().count() < 3 => Err(no_time(answer)),
        when => when,
    })?;
    // A country with several zones has none that is everybody's.
    let first = invented::numbers(region).into_iter().next().unwrap_or_default();
    let zones = country_zones_of(&first).filter(|_| region.is_some()).map_or(&[][..], |set| set.zones());
    let usual = if let [only] = zones { only.to_string() } else { "UTC".to_owned() };
    let said = args.timezone.as_deref().or((when == When::Whenever).then_some(usual.as_str()));
    let words = "The clock of that time";
    let question = Question { words, explained: None, usual: &usual, nothing: "" };
    let zone = questions.ask(&question, said, |answer| match Zone::named(answer) {
        Some(_) => Ok(answer.to_owned()),
        None if answer == Zone::RECIPIENT.to_string() => Ok(answer.to_owned()),
        None => {
            let near =
                Zone::near(answer).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            Err(format!("`{answer}` is no time zone, such as `Africa/Nairobi`{near}"))
        }
    })?;
    Ok((when, zone))
}

fn no_time(answer: &str) -> String {
    format!("`{answer}` is no local time, such as `2026-12-01T09:00`")
}

fn when(answer: &str) -> Result<When, String> {
    const TIMES: [&str; 2] = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    if answer.is_empty() {
        return Ok(When::Whenever);
    }
    if let Some(at) = TIMES.iter().find_map(|form| NaiveDateTime::parse_from_str(answer, form).ok()) {
        return Ok(When::At(at));
    }
    match answer.parse::<Cron>() {
        Ok(_) => Ok(When::Cron(answer.to_owned())),
        Err(_) if answer.contains('-') && !answer.contains(' ') => Err(no_time(answer)),
        // A word or two, such as `tomorrow`: what a line of crontab lacks would say nothing to whoever meant a time.
        Err(_) if !answer.starts_with('@') && answer.split_whitespace().count() < 3 => Err(format!(
            "`{answer}` is neither a local time, such as `2026-12-01T09:00`, nor a line of crontab, such as `0 9 * * MON`"
        )),
        Err(error) => Err(format!("`{answer}`: {error}")),
    }
}

/// Where the people are who get nothing: one list of numbers for all campaigns; ids mean something to one gateway alone.
fn list(profile: &Profile, place: &Place) -> PathBuf {
    if is_opaque(profile) {
        return PathBuf::from(format!("lists/optouts-{}.csv", profile.name()));
    }
    let beside = PathBuf::from("campaigns/lists/optouts.csv");
    if place.reached(&beside).is_file() { beside } else { PathBuf::from("lists/optouts.csv") }
}

/// Today, for examples of times.
fn today() -> NaiveDate {
    Clock::start().now().utc.date_naive()
}

/// Whether addresses are ids of the gateway's.
fn is_opaque(profile: &Profile) -> bool {
    profile.address_kind() == wire::AddressKind::Opaque
}
