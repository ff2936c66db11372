//! Who receives it: the columns, how addresses are read, and which rows are meant.

use std::sync::Arc;

use super::message::inside;
use super::resolver::Resolver;
use crate::audience::masked::masked_all;
use crate::audience::{AddressKind, Filter, Header, NumberTypes, Rules, Sample, region as region_of};
use crate::campaign::raw;
use crate::diagnostic::{Diagnostic, Rule, did_you_mean, listing};
use crate::provider::Profile;
use crate::provider::wire::AddressKind as WireKind;
use crate::units::Percent;
use crate::yaml::{Spanned, all};

impl Resolver<'_> {
    pub(super) fn address_kind(
        &mut self,
        manifest: &raw::Campaign,
        profile: Option<&Profile>,
    ) -> Option<AddressKind> {
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

    pub(super) fn rules(
        &mut self,
        campaign: &str,
        audience: &raw::Audience,
        header: Option<Header>,
        kind: Option<AddressKind>,
    ) -> Option<Rules> {
        let sample = audience.sample.as_ref().map(|share| self.sample(campaign, share));
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
        let locale = match &audience.locale {
            None => Some(None),
            Some(name) => self.column("audience.locale", name, &header).map(Some),
        };
        let filter = match &audience.filter {
            None => Some(None),
            Some(text) => self.filter(text, &header).map(Some),
        };
        let types = self.types(audience, kind);
        let (address, id, timezone, locale) = (address?, id?, timezone?, locale?);
        let sample = all(sample)?;
        Some(Rules { header, address, id, timezone, locale, kind: kind?, types, filter: filter?, sample })
    }

    /// The share of the people that is meant: some of them.
    fn sample(&mut self, campaign: &str, share: &Spanned<String>) -> Option<Sample> {
        let percent: Percent = self.quantity("audience.sample", share)?;
        if percent.hundredths() == 0 {
            let problem = Diagnostic::error("`audience.sample`: 0% is nobody");
            self.problems.push(problem.at(self.source, share.span.clone(), "").help("at least 0.01%"));
            return None;
        }
        Some(Sample::new(campaign, percent))
    }

    /// The types of numbers that are meant.
    fn types(&mut self, audience: &raw::Audience, kind: Option<AddressKind>) -> Option<NumberTypes> {
        let types = audience.allow_types.as_ref()?;
        if kind == Some(AddressKind::Opaque) {
            let problem = "`audience.allow_types`: the addresses of this gateway are no phone numbers";
            self.problems
                .push(Diagnostic::error(problem).at(self.source, types.span.clone(), "").help("remove it"));
        }
        Some(types.value.iter().copied().collect())
    }

    fn column(&mut self, key: &str, name: &Spanned<String>, header: &Header) -> Option<usize> {
        let found = header.index(&name.value);
        if found.is_none() {
            let columns = header.columns().iter().map(String::as_str);
            let shown = masked_all(header.columns());
            let help = match did_you_mean(&name.value, columns) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "check the first line of the CSV".to_owned(),
            };
            self.problems.push(
                Diagnostic::error(format!("`{key}`: the CSV has no column `{}`", name.value))
                    .at(self.source, name.span.clone(), "")
                    .help(help)
                    .of(Rule::Column)
                    .help(format!("its columns are {}", listing(shown.iter().map(String::as_str)))),
            );
        }
        found
    }

    fn filter(&mut self, text: &Spanned<String>, header: &Header) -> Option<Filter> {
        match Filter::compile(&text.value, header) {
            Ok(filter) => {
                for doubt in filter.doubts() {
                    let span = inside(&self.source.text, text, &doubt.span);
                    let title = format!("`audience.where`: {}", doubt.message);
                    let problem = Diagnostic::warning(title).at(self.source, span, "");
                    self.problems.push(problem.help(doubt.help.as_deref().unwrap_or_default()));
                }
                Some(filter)
            }
            Err(problems) => {
                for problem in problems {
                    let span = inside(&self.source.text, text, &problem.span);
                    self.expression("audience.where", &problem, &Arc::clone(self.source), span);
                }
                None
            }
        }
    }
}
