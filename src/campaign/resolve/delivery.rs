//! Pace, patience and caps.

use super::resolver::Resolver;
use crate::campaign::raw;
use crate::campaign::{Delivery, Limits, Retry};
use crate::diagnostic::Diagnostic;
use crate::provider::Profile;
use crate::units::{Amount, Percent};
use crate::yaml::{Spanned, TextOr};

/// How a cap on the cost is written, and prices to hold it against.
const CAP: &str = "5000 KES";
const PRICES: &str = "cost: { currency: KES, per: segment, prices: { default: \"0.80\" } }";

impl Resolver<'_> {
    pub(super) fn delivery(&mut self, delivery: Option<&raw::Delivery>, idempotent: bool) -> Delivery {
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

    pub(super) fn limits(&mut self, manifest: &raw::Campaign, profile: Option<&Profile>) -> Limits {
        let audience = manifest.audience.as_ref().map(|audience| &audience.value);
        let max_rejected = audience
            .and_then(|audience| audience.max_rejected.as_ref())
            .and_then(|share| self.quantity::<Percent>("audience.max_rejected", share));
        let limits = manifest.limits.as_ref();
        Limits {
            recipients: limits.and_then(|limits| limits.recipients.as_ref()).map(|cap| cap.value),
            segments: limits.and_then(|limits| limits.segments.as_ref()).map(|cap| cap.value),
            cost: limits
                .and_then(|limits| limits.cost.as_ref())
                .and_then(|cap| self.cap(cap, profile, has_prices(manifest))),
            max_segments: manifest
                .message
                .as_ref()
                .and_then(|message| message.value.max_segments.as_ref())
                .map(|cap| cap.value),
            max_rejected,
            allow_empty: audience.and_then(|audience| audience.allow_empty).unwrap_or(false),
        }
    }

    /// A cap on the cost, in the currency of the prices it is held against.
    fn cap(&mut self, cap: &Spanned<String>, profile: Option<&Profile>, given: bool) -> Option<Amount> {
        let (written, currency) = cap.value.trim().split_once(' ').unwrap_or((cap.value.trim(), ""));
        let amount = match written.parse::<Amount>() {
            Ok(amount) => amount,
            Err(_) => {
                let title = format!("`limits.cost`: `{}` is no amount with its currency", cap.value);
                let problem = Diagnostic::error(title).at(self.source, cap.span.clone(), "");
                self.problems.push(problem.help(format!("as in `{CAP}`, without thousands")));
                return None;
            }
        };
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
            // What is wrong with the prices was told.
            None if given => None,
            None => {
                self.problems.push(
                    Diagnostic::error("`limits.cost`: no prices are known")
                        .at(self.source, cap.span.clone(), "")
                        .help(format!("give them as `provider.cost`, as in `{PRICES}`, or in the profile")),
                );
                None
            }
        }
    }
}

/// Whether the manifest gives prices of its own, right or wrong.
fn has_prices(manifest: &raw::Campaign) -> bool {
    manifest.provider.as_ref().is_some_and(|provider| match &provider.value {
        TextOr::Text(_) => false,
        TextOr::Other(adapted) => adapted.cost.is_some(),
    })
}
