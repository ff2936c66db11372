//! From the mirror to a campaign that cannot be invalid. Every step reports what it finds and goes on, so
//! that one pass shows all that is wrong with a manifest and the files it names.

mod audience;
mod delivery;
mod exports;
mod frequency;
mod hours;
mod message;
mod provider;
mod resolver;
mod schedule;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono_tz::Tz;
use serde_json::{Map, Value};

use self::message::Material;
use self::resolver::Resolver;
use self::schedule::Schedule;
use super::raw;
use super::{Announced, Audience, Campaign, Delivery, secrets};
use crate::audience::Header;
use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Source};
use crate::message::{Names, Snippets};
use crate::provider::Profile;
use crate::schedule::Zone;
use crate::yaml::{Spanned, TextOr};

/// What was found at the names of a manifest. What is absent has been reported by whoever looked.
#[derive(Debug, Default)]
pub struct Materials {
    /// The files of texts, by their names as written.
    pub templates: BTreeMap<String, Arc<Source>>,
    /// What texts include.
    pub snippets: Snippets,
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

/// When a campaign goes out, as far as its manifest is sound in that. What is wrong is told by [`resolve`].
pub fn announced(
    manifest: &raw::Campaign,
    source: &Arc<Source>,
    holidays: Option<&Arc<Source>>,
) -> Option<Announced> {
    let mut resolver = Resolver { source, problems: Diagnostics::new() };
    let name = resolver.name(manifest.name.as_ref()?)?;
    let frequency = resolver.frequency(&name, &manifest.audience.as_ref()?.value)?;
    let Schedule { timetable, .. } = resolver.schedule(manifest.schedule.as_ref(), holidays)?;
    Some(Announced { name, timetable, frequency })
}

pub use self::exports::named;

/// The campaign's own zone, where it says one. What is wrong with it is told where the schedule is read.
fn home(manifest: &raw::Campaign) -> Option<Tz> {
    Zone::named(&manifest.schedule.as_ref()?.value.timezone.as_ref()?.value)?.place()
}

impl Resolver<'_> {
    fn campaign(&mut self, manifest: &raw::Campaign, mut materials: Materials) -> Option<Campaign> {
        let name = manifest.name.as_ref().and_then(|name| self.name(name));
        let constants = self.constants(manifest);
        // What a sender is, no adaptation changes.
        self.problems.of(Rule::WrongValue);
        let sender = self.sender(manifest, materials.profile.as_ref());
        let profile = self.profile(manifest, materials.profile.take());
        let kind = self.address_kind(manifest, profile.as_ref());
        self.problems.of(Rule::Provider);
        let audience = manifest.audience.as_ref();
        let rules = audience.and_then(|audience| {
            let name = name.as_deref().unwrap_or_default();
            self.rules(name, &audience.value, materials.header.clone(), kind)
        });
        self.problems.of(Rule::Audience);
        let wordings = self.message(manifest, &materials, name.as_deref().unwrap_or_default(), &constants);
        self.problems.of(Rule::Message);
        let frequency = audience
            .and_then(|audience| self.frequency(name.as_deref().unwrap_or_default(), &audience.value));
        self.problems.of(Rule::Audience);
        let schedule = self.schedule(manifest.schedule.as_ref(), materials.holidays.as_ref());
        self.problems.of(Rule::Schedule);
        let idempotent = profile.as_ref().is_some_and(Profile::is_idempotent);
        let delivery = self.delivery(manifest.delivery.as_ref(), idempotent);
        let limits = self.limits(manifest, profile.as_ref());
        self.segments_of_none(manifest, profile.as_ref());
        self.problems.of(Rule::Delivery);
        // What a column is good for is asked only where there is such a column.
        let header = rules.as_ref().map(|rules| &rules.header).or(materials.header.as_ref());
        self.whose_clock(manifest, kind, wordings.as_ref(), header);
        self.whose_language(manifest, wordings.as_ref(), header);
        self.problems.of(Rule::Audience);
        let Schedule { timetable, window, until, recipients } = schedule?;
        Some(Campaign {
            name: name?,
            profile: Arc::new(profile?),
            sender: sender?,
            audience: Audience {
                address_column: audience?.value.address.as_ref()?.value.clone(),
                rules: rules?,
                keep: audience?.value.keep.unwrap_or_default(),
                frequency: frequency?,
                suppress: audience?.value.suppress.iter().flatten().map(|list| list.value.clone()).collect(),
            },
            wordings: wordings?,
            timetable,
            preset: hours::preset_of(manifest),
            delivery: Delivery { window, until, recipients, ..delivery },
            limits,
        })
    }

    /// What is said, in the names that its texts may use.
    fn message(
        &mut self,
        manifest: &raw::Campaign,
        materials: &Materials,
        campaign: &str,
        constants: &Map<String, Value>,
    ) -> Option<super::Wordings> {
        let message = manifest.message.as_ref()?;
        let audience = manifest.audience.as_ref().map(|audience| &audience.value);
        let by_column = audience.is_some_and(|audience| audience.locale.is_some());
        let names = Names {
            campaign,
            columns: materials.header.as_ref()?.columns(),
            constants,
            has_locales: by_column || message.value.has_languages(),
            has_zones: audience.is_some_and(|audience| audience.timezone.is_some()),
            home: home(manifest),
        };
        let respells = message.value.transliterate.is_some();
        let opt_out = self.opt_out(&message.value);
        let (files, snippets) = (&materials.templates, &materials.snippets);
        let material = Material { files, snippets, names, by_column, respells, opt_out };
        self.wordings(message, &material)
    }

    fn name(&mut self, name: &Spanned<String>) -> Option<String> {
        self.word("name", name)
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

    fn sender(&mut self, manifest: &raw::Campaign, profile: Option<&Profile>) -> Option<Value> {
        let sender = manifest.sender.as_ref()?;
        let value = match &sender.value {
            TextOr::Text(text) => Value::from(text.as_str()),
            TextOr::Other(number) => Value::from(*number),
        };
        if let Err(error) = profile?.check_sender(&value) {
            self.error(format!("`sender`: {error}"), &sender.span);
            return None;
        }
        Some(value)
    }
}
