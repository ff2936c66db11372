//! From the mirror to a campaign that cannot be invalid. Every step reports what it finds and goes on, so
//! that one pass shows all that is wrong with a manifest and the files it names.

mod exports;
mod frequency;
mod hours;
mod provider;
mod schedule;

use std::str::FromStr;
use std::sync::Arc;

use serde_json::{Map, Value};

use self::schedule::Schedule;
use super::raw::{self, Sender};
use super::{Audience, Campaign, Delivery, Limits, Retry, secrets};
use crate::audience::{AddressKind, Filter, Header, NumberTypes, Rules, region as region_of};
use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span, did_you_mean, listing};
use crate::expression::Problem;
use crate::message::Template;
use crate::provider::Profile;
use crate::provider::wire::AddressKind as WireKind;
use crate::units::{Amount, Percent};
use crate::yaml::Spanned;

/// What was found at the names of a manifest. What is absent has been reported by whoever looked.
#[derive(Debug, Default)]
pub struct Materials {
    /// The message's file.
    pub template: Option<Arc<Source>>,
    /// The file of days on which a series does not fire.
    pub holidays: Option<Arc<Source>>,
    /// The header of the recipients' file.
    pub header: Option<Header>,
    /// The gateway's profile.
    pub profile: Option<Profile>,
}

/// Joins a manifest with its materials. The campaign is there when nothing needed is missing; it must
/// not be used when the diagnostics (or earlier ones) hold an error.
pub fn resolve(
    manifest: &raw::Campaign,
    source: &Arc<Source>,
    materials: Materials,
) -> (Option<Campaign>, Diagnostics) {
    let mut resolver = Resolver { source, problems: Diagnostics::new() };
    let campaign = resolver.campaign(manifest, materials);
    (campaign, resolver.problems)
}

pub use self::exports::named;

struct Resolver<'a> {
    source: &'a Arc<Source>,
    problems: Diagnostics,
}

impl Resolver<'_> {
    fn campaign(&mut self, manifest: &raw::Campaign, materials: Materials) -> Option<Campaign> {
        let name = manifest.name.as_ref().and_then(|name| self.name(name));
        let constants = self.constants(manifest);
        // What a sender is, no adaptation changes.
        let sender = self.sender(manifest, materials.profile.as_ref());
        let profile = self.profile(manifest, materials.profile);
        let kind = self.address_kind(manifest, profile.as_ref());
        let audience = manifest.audience.as_ref();
        let rules = audience.and_then(|audience| self.rules(&audience.value, materials.header.clone(), kind));
        let message = manifest.message.as_ref();
        let template = message.and_then(|message| {
            self.template(
                name.as_deref().unwrap_or_default(),
                message,
                materials.template.as_ref(),
                materials.header.as_ref(),
                &constants,
            )
        });
        let frequency = audience.and_then(|audience| self.frequency(&audience.value));
        let schedule = self.schedule(manifest.schedule.as_ref(), materials.holidays.as_ref());
        let idempotent = profile.as_ref().is_some_and(Profile::is_idempotent);
        let delivery = self.delivery(manifest.delivery.as_ref(), idempotent);
        let limits = self.limits(manifest, profile.as_ref());
        self.segments_of_none(manifest, profile.as_ref());
        self.whose_clock(manifest, kind);
        let Schedule { timetable, window, until, recipients } = schedule?;
        Some(Campaign {
            name: name?,
            profile: Arc::new(profile?),
            sender: sender?,
            audience: Audience {
                address_column: audience?.value.address.as_ref()?.value.clone(),
                rules: rules?,
                frequency: frequency?,
                suppress: audience?.value.suppress.iter().flatten().map(|list| list.value.clone()).collect(),
            },
            template: template?,
            timetable,
            preset: hours::preset_of(manifest),
            delivery: Delivery { window, until, recipients, ..delivery },
            limits,
        })
    }

    fn error(&mut self, title: impl Into<String>, span: &Span) {
        self.problems.push(Diagnostic::error(title).at(self.source, span.clone(), ""));
    }

    /// Parses a text into a quantity, or reports it at its place.
    fn quantity<T: FromStr>(&mut self, key: &str, text: &Spanned<String>) -> Option<T>
    where
        T::Err: std::fmt::Display,
    {
        match text.value.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.error(format!("`{key}`: {error}"), &text.span);
                None
            }
        }
    }

    fn name(&mut self, name: &Spanned<String>) -> Option<String> {
        self.word("name", name)
    }

    /// A word that names something in the state.
    fn word(&mut self, key: &str, word: &Spanned<String>) -> Option<String> {
        let text = &word.value;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if text.is_empty() || text.len() > 63 || !text.chars().all(plain) || text.starts_with('-') {
            let wrong = match text.as_str() {
                "" => format!("`{key}` is empty"),
                _ => format!("`{key}` cannot be `{text}`"),
            };
            self.problems.push(
                Diagnostic::error(wrong)
                    .at(self.source, word.span.clone(), "")
                    .help("lower-case letters, digits and `-`, at most 63, as in `spring-sale`"),
            );
            return None;
        }
        Some(text.clone())
    }

    /// What is no SMS has no segments: limits on them would hold back nothing, or everything.
    fn segments_of_none(&mut self, manifest: &raw::Campaign, profile: Option<&Profile>) {
        let Some(profile) = profile.filter(|profile| !profile.counts_segments()) else { return };
        let message = manifest.message.as_ref().map(|message| &message.value);
        let most = message.and_then(|message| message.max_segments.as_ref());
        let spelled = message.and_then(|message| message.transliterate.as_ref());
        let limits = manifest.limits.as_ref().and_then(|limits| limits.segments.as_ref());
        let delivery = manifest.delivery.as_ref().and_then(|delivery| delivery.segments.as_ref());
        let found = [
            ("message.max_segments", most.map(|one| one.span.clone())),
            ("message.transliterate", spelled.map(|one| one.span.clone())),
            ("limits.segments", limits.map(|one| one.span.clone())),
            ("delivery.segments", delivery.map(|one| one.span.clone())),
        ];
        for (key, span) in found.into_iter().filter_map(|(key, span)| Some((key, span?))) {
            self.problems.push(
                Diagnostic::error(format!("`{key}`: texts have no SMS segments at {}", profile.title()))
                    .at(self.source, span, "")
                    .help("remove it"),
            );
        }
    }

    fn constants(&mut self, manifest: &raw::Campaign) -> Map<String, Value> {
        let Some(vars) = &manifest.vars else { return Map::new() };
        self.problems.extend(secrets::refused(vars, self.source));
        vars.iter().map(|(key, node)| (key.clone(), node.to_json())).collect()
    }

    /// A cap on the cost, in the currency of the prices it is held against.
    fn cap(&mut self, cap: &Spanned<String>, profile: Option<&Profile>) -> Option<Amount> {
        let (amount, currency) = cap.value.split_once(' ').unwrap_or((&cap.value, ""));
        let written = amount.trim();
        let amount = Spanned { value: written.to_owned(), span: cap.span.clone() };
        let amount = self.quantity::<Amount>("limits.cost", &amount)?;
        match profile?.cost() {
            Some(cost) if cost.currency() == currency => Some(amount),
            Some(cost) => {
                let wanted = cost.currency();
                self.error(
                    format!("`limits.cost`: the prices are in {wanted}; write `{written} {wanted}`"),
                    &cap.span,
                );
                None
            }
            None => {
                self.problems.push(
                    Diagnostic::error("`limits.cost`: no prices are known")
                        .at(self.source, cap.span.clone(), "")
                        .help("give them as `provider.cost`, or in the profile"),
                );
                None
            }
        }
    }

    fn sender(&mut self, manifest: &raw::Campaign, profile: Option<&Profile>) -> Option<Value> {
        let sender = manifest.sender.as_ref()?;
        let value = match &sender.value {
            Sender::Text(text) => Value::from(text.as_str()),
            Sender::Number(number) => Value::from(*number),
        };
        if let Err(error) = profile?.check_sender(&value) {
            self.error(format!("`sender`: {error}"), &sender.span);
            return None;
        }
        Some(value)
    }

    fn address_kind(&mut self, manifest: &raw::Campaign, profile: Option<&Profile>) -> Option<AddressKind> {
        let written = manifest.audience.as_ref().and_then(|audience| audience.value.region.as_ref());
        let region = match written {
            None => None,
            Some(text) => match region_of(&text.value) {
                Ok(region) => Some(region),
                Err(error) => {
                    self.error(format!("`audience.region`: {error}"), &text.span);
                    return None;
                }
            },
        };
        if profile?.address_kind() == WireKind::Opaque {
            if let Some(written) = written {
                self.error("`audience.region`: this gateway's addresses are no phone numbers", &written.span);
            }
            return Some(AddressKind::Opaque);
        }
        Some(AddressKind::Phone { region })
    }

    fn rules(
        &mut self,
        audience: &raw::Audience,
        header: Option<Header>,
        kind: Option<AddressKind>,
    ) -> Option<Rules> {
        let header = header?;
        let address =
            audience.address.as_ref().and_then(|name| self.column("audience.address", name, &header));
        let id = match &audience.id {
            None => Some(None),
            Some(name) => self.column("audience.id", name, &header).map(Some),
        };
        let timezone = match &audience.timezone {
            None => Some(None),
            Some(name) => self.column("audience.timezone", name, &header).map(Some),
        };
        let filter = match &audience.filter {
            None => Some(None),
            Some(text) => self.filter(text, &header).map(Some),
        };
        let types = self.types(audience, kind);
        let (address, id, timezone) = (address?, id?, timezone?);
        Some(Rules { header, address, id, timezone, kind: kind?, types, filter: filter? })
    }

    /// The types of numbers that are meant.
    fn types(&mut self, audience: &raw::Audience, kind: Option<AddressKind>) -> Option<NumberTypes> {
        let types = audience.allow_types.as_ref()?;
        if kind == Some(AddressKind::Opaque) {
            let problem = "`audience.allow_types`: the addresses of this gateway are no phone numbers";
            self.problems
                .push(Diagnostic::error(problem).at(self.source, types.span.clone(), "").help("remove it"));
        }
        if types.value.is_empty() {
            let problem = "`audience.allow_types` names no type: nobody would get anything";
            self.problems.push(Diagnostic::error(problem).at(self.source, types.span.clone(), ""));
        }
        Some(types.value.iter().copied().collect())
    }

    fn column(&mut self, key: &str, name: &Spanned<String>, header: &Header) -> Option<usize> {
        let found = header.index(&name.value);
        if found.is_none() {
            let columns = header.columns().iter().map(String::as_str);
            let help = match did_you_mean(&name.value, columns.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "check the first line of the CSV".to_owned(),
            };
            self.problems.push(
                Diagnostic::error(format!("`{key}`: the CSV has no column `{}`", name.value))
                    .at(self.source, name.span.clone(), "")
                    .help(help)
                    .help(format!("its columns are {}", listing(columns))),
            );
        }
        found
    }

    fn filter(&mut self, text: &Spanned<String>, header: &Header) -> Option<Filter> {
        match Filter::compile(&text.value, header) {
            Ok(filter) => Some(filter),
            Err(problems) => {
                for problem in problems {
                    let span = inside(&self.source.text, text, &problem.span);
                    self.expression("audience.where", &problem, &Arc::clone(self.source), span);
                }
                None
            }
        }
    }

    fn expression(&mut self, key: &str, problem: &Problem, source: &Arc<Source>, span: Span) {
        let diagnostic = Diagnostic::error(format!("`{key}`: {}", problem.message)).at(source, span, "");
        self.problems.push(match &problem.help {
            Some(help) => diagnostic.help(help.as_str()),
            None => diagnostic,
        });
    }

    fn template(
        &mut self,
        campaign: &str,
        message: &Spanned<raw::Message>,
        file: Option<&Arc<Source>>,
        header: Option<&Header>,
        constants: &Map<String, Value>,
    ) -> Option<Template> {
        let (key, text) = match (&message.value.template, &message.value.text) {
            (Some(_), None) => ("message.template", None),
            (None, Some(text)) => ("message.text", Some(text)),
            (Some(_), Some(text)) => {
                self.error("`message` has both `template` and `text`: keep one", &text.span);
                return None;
            }
            (None, None) => {
                self.error("`message` has neither `template` nor `text`", &message.span);
                return None;
            }
        };
        let body = match text {
            Some(text) => text.value.as_str(),
            None => file?.text.as_str(),
        };
        match Template::compile(campaign, body, header?.columns(), constants) {
            Ok(template) => Some(match message.value.transliterate {
                Some(_) => template.in_gsm7(),
                None => template,
            }),
            Err(problems) => {
                for problem in problems {
                    let (source, span) = match (text, file) {
                        (None, Some(file)) => (Arc::clone(file), problem.span.clone()),
                        (Some(text), _) => {
                            (Arc::clone(self.source), inside(&self.source.text, text, &problem.span))
                        }
                        (None, None) => (Arc::clone(self.source), message.span.clone()),
                    };
                    self.expression(key, &problem, &source, span);
                }
                None
            }
        }
    }

    fn delivery(&mut self, delivery: Option<&raw::Delivery>, idempotent: bool) -> Delivery {
        // The same key and the same bytes: the gateway carries it out once, however often it comes.
        let unknown = if idempotent { raw::Unknown::Resend } else { raw::Unknown::Hold };
        let mut domain = Delivery { unknown, ..Delivery::default() };
        let Some(delivery) = delivery else { return domain };
        domain.rate = delivery.rate.as_ref().and_then(|rate| self.quantity("delivery.rate", rate));
        domain.segments =
            delivery.segments.as_ref().and_then(|rate| self.quantity("delivery.segments", rate));
        if let Some(concurrency) = &delivery.concurrency {
            domain.concurrency = concurrency.value.max(1);
        }
        if let Some(retry) = &delivery.retry {
            domain.retry = self.retry(retry);
        }
        if let Some(unknown) = &delivery.unknown {
            domain.unknown = unknown.value;
            if unknown.value == raw::Unknown::Resend && !idempotent {
                self.problems.push(
                    Diagnostic::warning(
                        "`delivery.unknown: resend` may send somebody the same message twice",
                    )
                    .at(
                        self.source,
                        unknown.span.clone(),
                        "the gateway is not known to honour an idempotency key",
                    )
                    .help("`hold` lists such messages and lets a person decide"),
                );
            }
        }
        domain
    }

    fn retry(&mut self, retry: &raw::Retry) -> Retry {
        let mut domain = Retry::default();
        let mut span = |key, text: &Option<Spanned<String>>, default| {
            text.as_ref()
                .and_then(|text| self.quantity::<crate::units::Span>(key, text))
                .map_or(default, crate::units::Span::get)
        };
        domain.backoff = span("delivery.retry.backoff", &retry.backoff, domain.backoff);
        domain.max_backoff = span("delivery.retry.max_backoff", &retry.max_backoff, domain.max_backoff);
        if let Some(attempts) = &retry.attempts {
            domain.attempts = attempts.value.max(1);
        }
        if domain.backoff > domain.max_backoff {
            let place = retry.max_backoff.as_ref().or(retry.backoff.as_ref());
            self.error(
                "`delivery.retry.max_backoff` is shorter than `backoff`",
                &place.map_or(0..0, |text| text.span.clone()),
            );
        }
        domain
    }

    fn limits(&mut self, manifest: &raw::Campaign, profile: Option<&Profile>) -> Limits {
        let audience = manifest.audience.as_ref().map(|audience| &audience.value);
        let max_rejected = audience
            .and_then(|audience| audience.max_rejected.as_ref())
            .and_then(|share| self.quantity::<Percent>("audience.max_rejected", share));
        let limits = manifest.limits.as_ref();
        Limits {
            recipients: limits.and_then(|limits| limits.recipients.as_ref()).map(|cap| cap.value),
            segments: limits.and_then(|limits| limits.segments.as_ref()).map(|cap| cap.value),
            cost: limits.and_then(|limits| limits.cost.as_ref()).and_then(|cap| self.cap(cap, profile)),
            max_segments: manifest
                .message
                .as_ref()
                .and_then(|message| message.value.max_segments.as_ref())
                .map(|cap| cap.value),
            max_rejected,
            allow_empty: audience.and_then(|audience| audience.allow_empty).unwrap_or(false),
        }
    }
}

/// A span of a scalar's value as a span of the file that holds the scalar, found by the line it is on:
/// quotes and a block's indentation shift the two against each other.
fn inside(file: &str, scalar: &Spanned<String>, span: &Span) -> Span {
    let value = &scalar.value;
    let start = span.start.min(value.len());
    let line_start = value.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let line = value.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let indent = line.len() - line.trim_start().len();
    let found = file
        .get(scalar.span.start..)
        .and_then(|rest| rest.find(line.trim()))
        .map(|at| at + scalar.span.start);
    match found {
        Some(at) if !line.trim().is_empty() => {
            let from = at + start.saturating_sub(line_start + indent);
            from..from + span.len()
        }
        _ => scalar.span.clone(),
    }
}
