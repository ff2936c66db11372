//! The examples of a profile, replayed: each request must come out as recorded, each answer must be
//! read as recorded.

use chrono::{DateTime, Utc};

use crate::provider::auth::AuthError;
use crate::provider::class::{Class, Outcome, Reading};
use crate::provider::example::recorded;
use crate::provider::example::{About, EXAMPLE_TIME, Example, Exchange, Message};
use crate::provider::exchange::Request;
use crate::provider::inquiry;
use crate::provider::lists::Sought;
use crate::provider::profile::Profile;
use crate::provider::request::{Batch, BuildError, Member};
use crate::provider::secrets::Secrets;
use crate::provider::token::Token;

/// An example that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("example `{example}`: {problem}")]
pub struct ExampleFailure {
    /// Its name.
    pub example: String,
    /// What differs.
    pub problem: Problem,
}

/// What differs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The request came out otherwise: a diff, `-` as recorded, `+` as it came out.
    #[error("the request is not as recorded\n{0}")]
    Request(String),
    /// There is no request.
    #[error("no request can be made: {0}")]
    NoRequest(String),
    /// The answer was read otherwise.
    #[error("{who}the answer is read as {found}, recorded is {recorded}")]
    Answer {
        /// The recipient, with a colon; empty where there is but one.
        who: String,
        /// As it was read.
        found: String,
        /// As it should have been.
        recorded: String,
    },
}

/// What a profile's examples do not show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// An accepted message, with its request.
    Success,
    /// A refused one.
    Refusal,
    /// A throttled one.
    Throttling,
    /// What became of a delivered one, of a gateway that is asked for that.
    Delivery,
}

impl Profile {
    /// Replays every example, without any network; answers what differs.
    pub fn check_examples(&self) -> Vec<ExampleFailure> {
        let secrets = self.sandbox_secrets();
        let token = self.example_token(&secrets);
        let replay = |example: &Example| match &example.secrets {
            Some(names) => Replay { profile: self, secrets: secrets.only(names), token: token.as_ref() },
            None => Replay { profile: self, secrets: secrets.clone(), token: token.as_ref() },
        };
        let failure = |example: &Example, problem| ExampleFailure { example: example.name.clone(), problem };
        self.examples()
            .iter()
            .flat_map(|example| {
                replay(example).problems(example).into_iter().map(move |problem| failure(example, problem))
            })
            .collect()
    }

    /// What no example shows, of what every profile should.
    pub fn example_gaps(&self) -> Vec<Gap> {
        let shows = |classes: &[Class]| {
            let sends = self.examples().iter().filter(|example| example.exchange == Exchange::Send);
            sends
                .flat_map(|example| &example.expect)
                .any(|one| one.class.is_some_and(|class| classes.contains(&class)))
        };
        let success = self.examples().iter().any(|example| {
            example.exchange == Exchange::Send && example.is_accepted() && example.request.is_some()
        });
        let asked = self.examples().iter().filter(|example| example.exchange == Exchange::Status);
        let delivery =
            asked.flat_map(|example| &example.expect).any(|one| one.outcome == Some(Outcome::Delivered));
        let refusal =
            [Class::Rejected, Class::InvalidRecipient, Class::OptedOut, Class::Config, Class::Account];
        [
            (success, Gap::Success),
            (shows(&refusal), Gap::Refusal),
            (shows(&[Class::Throttled]), Gap::Throttling),
            (!self.can_ask() || delivery, Gap::Delivery),
        ]
        .into_iter()
        .filter_map(|(there, gap)| (!there).then_some(gap))
        .collect()
    }

    /// The token of the first log-in among the examples that gives one.
    pub fn example_token(&self, secrets: &Secrets) -> Option<Token> {
        self.examples().iter().filter(|example| example.exchange == Exchange::Login).find_map(|example| {
            self.read_token(secrets, Ok(&example.response.to_response()), example_time()).ok()
        })
    }
}

/// The request of an example of a sending, and what its answer is read as.
pub(in crate::provider) fn exchange(
    profile: &Profile,
    example: &Example,
    message: &Message,
    secrets: &Secrets,
    token: Option<&Token>,
) -> (Result<Request, BuildError>, Reading) {
    let keys: Vec<String> = (1..=message.recipients.len()).map(|at| format!("example-{at}")).collect();
    let named = message.recipients.iter().zip(&keys).enumerate();
    let members: Vec<Member<'_>> = named
        .map(|(at, (address, key))| Member {
            id: address,
            address,
            text: message.text(at),
            key,
            encoding: recorded::encoding(message.text(at)),
            part: message.part,
        })
        .collect();
    // An example may show more recipients than a request has by default.
    let most = u32::try_from(members.len().max(profile.batch_max())).unwrap_or(u32::MAX);
    let wide = profile.with_batch_max(most);
    let profile = wide.as_ref().unwrap_or(profile);
    let (now, expires_at) = (example_time(), message.expires_at);
    let batch = Batch { members: &members, sender: &message.sender, now, expires_at };
    let built = profile.build_send(&batch, secrets, token);
    (built, profile.read_send(&batch, secrets, Ok(&example.response.to_response())))
}

/// When every example was sent.
pub(in crate::provider) fn example_time() -> DateTime<Utc> {
    DateTime::from_timestamp(EXAMPLE_TIME, 0).unwrap_or_default()
}

struct Replay<'a> {
    profile: &'a Profile,
    secrets: Secrets,
    token: Option<&'a Token>,
}

impl Replay<'_> {
    fn problems(&self, example: &Example) -> Vec<Problem> {
        match (&example.message, &example.about) {
            (Some(message), _) => self.sending(example, message),
            (None, Some(about)) => self.question(example, about),
            (None, None) if example.exchange == Exchange::Inbound => self.inbound(example),
            (None, None) => self.credential(example),
        }
    }

    fn credential(&self, example: &Example) -> Vec<Problem> {
        let request = match (example.exchange, self.token) {
            (Exchange::Refresh, Some(token)) => self.profile.build_refresh(&self.secrets, token),
            (Exchange::Refresh, None) => Err(BuildError::NoToken),
            _ => self.profile.build_login(&self.secrets),
        };
        let mut problems = self.request(example, request);
        let answer = example.response.to_response();
        let read = self.profile.read_token(&self.secrets, Ok(&answer), example_time());
        let class = match &read {
            Ok(_) => Class::Accepted,
            Err(AuthError::Throttled(_)) => Class::Throttled,
            Err(AuthError::Refused(_) | AuthError::Unsafe(_)) => Class::Auth,
            Err(AuthError::Unreadable(_) | AuthError::Lost(_)) => Class::Unknown,
        };
        if let Some(wrong) = example.expect.iter().find(|one| one.class != Some(class)) {
            let why = read.err().map(|error| error.to_string());
            problems.push(answer_problem(
                "",
                &class_text(Some(class), None, why.as_deref()),
                &class_text(wrong.class, None, None),
            ));
        }
        problems
    }

    fn sending(&self, example: &Example, message: &Message) -> Vec<Problem> {
        let (built, reading) = exchange(self.profile, example, message, &self.secrets, self.token);
        let mut problems = self.request(example, built);
        let outcomes = reading.verdicts.iter().zip(&example.expect);
        for ((verdict, expected), address) in outcomes.zip(&message.recipients) {
            let other_id = expected.id.is_some() && verdict.provider_id != expected.id;
            if Some(verdict.class) != expected.class || other_id {
                let (id, reason) = (verdict.provider_id.as_deref(), verdict.reason.as_deref());
                let found = class_text(Some(verdict.class), id, reason);
                let recorded = class_text(expected.class, expected.id.as_deref(), None);
                problems.push(answer_problem(&format!("{address}: "), &found, &recorded));
            }
        }
        problems
    }

    fn question(&self, example: &Example, about: &About) -> Vec<Problem> {
        let sender = self.profile.example_sender();
        let asked = inquiry::About {
            address: &about.recipient,
            id: about.id.as_deref().unwrap_or_default(),
            sender: &sender,
        };
        let answer = example.response.to_response();
        let (profile, secrets) = (self.profile, &self.secrets);
        let (request, read) = match example.exchange {
            Exchange::Status => (
                profile.build_status(&asked, secrets, self.token),
                profile.read_status(asked.id, secrets, Ok(&answer)),
            ),
            Exchange::Cancel => (
                profile.build_cancel(&asked, secrets, self.token),
                profile.read_cancel(asked.id, secrets, Ok(&answer)),
            ),
            _ => return self.list(example, about, &sender),
        };
        let mut problems = self.request(example, request);
        let found = read.as_ref().map(|(outcome, _)| *outcome).ok();
        if let Some(wrong) = example.expect.iter().find(|one| one.outcome != found) {
            let text = read.map_or_else(|why| why.to_string(), |(outcome, _)| outcome_text(Some(outcome)));
            problems.push(answer_problem("", &text, &outcome_text(wrong.outcome)));
        }
        problems
    }

    fn list(&self, example: &Example, about: &About, sender: &serde_json::Value) -> Vec<Problem> {
        let since = example_time() - chrono::TimeDelta::days(1);
        let sought = Sought { address: &about.recipient, sender, page: 1, since };
        let (profile, secrets) = (self.profile, &self.secrets);
        let mut problems = self.request(example, profile.build_list(&sought, secrets, self.token));
        let read = profile.read_page(&sought, secrets, Ok(&example.response.to_response()));
        let expected: Vec<&str> = example.expect.iter().filter_map(|one| one.id.as_deref()).collect();
        let found = read.map(|page| page.sent.into_iter().map(|sent| sent.id).collect::<Vec<_>>());
        if found.as_ref().is_ok_and(|found| *found == expected) {
            return problems;
        }
        let found = found.map_or_else(|why| why.to_string(), |ids| format!("messages {}", ids.join(", ")));
        problems.push(answer_problem("", &found, &format!("messages {}", expected.join(", "))));
        problems
    }

    fn inbound(&self, example: &Example) -> Vec<Problem> {
        let since = example_time() - chrono::TimeDelta::days(1);
        let (profile, secrets) = (self.profile, &self.secrets);
        let sender = profile.example_sender();
        let built = profile.build_inbound(&sender, 1, since, secrets, self.token);
        let mut problems = self.request(example, built);
        let read = profile.read_inbound(1, secrets, Ok(&example.response.to_response()));
        let expected: Vec<&str> = example.expect.iter().filter_map(|one| one.address.as_deref()).collect();
        let found = read.map(|page| page.heard.into_iter().map(|heard| heard.address).collect::<Vec<_>>());
        if found.as_ref().is_ok_and(|found| *found == expected) {
            return problems;
        }
        let from = |addresses: &[&str]| format!("messages from {}", addresses.join(", "));
        let found = found.map_or_else(
            |why| why.to_string(),
            |found| from(&found.iter().map(String::as_str).collect::<Vec<_>>()),
        );
        problems.push(answer_problem("", &found, &from(&expected)));
        problems
    }

    /// What differs between the recorded request and the one that came out.
    fn request(&self, example: &Example, built: Result<Request, BuildError>) -> Vec<Problem> {
        let built = match built {
            Ok(built) => built,
            Err(error) => return vec![Problem::NoRequest(error.to_string())],
        };
        let diff =
            example.request.as_ref().and_then(|recorded| recorded.diff(&built, &self.profile.base_url));
        diff.map(Problem::Request).into_iter().collect()
    }
}

impl Profile {
    /// The sender of the first example that has one.
    pub(in crate::provider) fn example_sender(&self) -> serde_json::Value {
        let sender =
            self.examples().iter().find_map(|example| Some(example.message.as_ref()?.sender.clone()));
        sender.unwrap_or(serde_json::Value::Null)
    }
}

fn answer_problem(who: &str, found: &str, recorded: &str) -> Problem {
    Problem::Answer { who: who.to_owned(), found: found.to_owned(), recorded: recorded.to_owned() }
}

fn class_text(class: Option<Class>, id: Option<&str>, reason: Option<&str>) -> String {
    let mut text = class.map_or("nothing", Class::name).to_owned();
    if let Some(id) = id {
        text.push_str(&format!(" with the id {id}"));
    }
    if let Some(reason) = reason {
        text.push_str(&format!(" ({reason})"));
    }
    text
}

fn outcome_text(outcome: Option<Outcome>) -> String {
    outcome.map_or("nothing", Outcome::name).to_owned()
}
