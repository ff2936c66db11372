//! What a process that sends every campaign shows of itself: `/status.json`, frozen, and `/metrics` in the text format
//! 0.0.4 of Prometheus. Neither holds an address, a text or a secret.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

/// `/status.json`, version 1.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FleetReport {
    /// The version of this form: 1.
    pub version: u32,
    /// Which sendplan.
    pub sendplan: &'static str,
    /// Since when, such as `2026-12-01T09:00:00Z`.
    pub since: String,
    /// When this was true.
    pub at: String,
    /// Whether the state could be written when it was last tried.
    pub writable: bool,
    /// How many campaigns are being sent.
    pub sending: usize,
    /// How many manifests are broken.
    pub broken: usize,
    /// Every campaign, by name; a broken manifest without a name stands under its place.
    pub campaigns: Vec<CampaignLine>,
}

/// A campaign.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CampaignLine {
    /// Its name.
    pub campaign: String,
    /// `sending`, `scheduled`, `waiting` (for its window), `queued` (behind others), `retrying`, `paused`, `cancelled`,
    /// `missed` (a person has to decide), `by-hand` (no schedule), `over` or `broken`.
    pub doing: &'static str,
    /// When it goes on, where it waits for a time.
    pub until: Option<String>,
    /// Its next occurrence.
    pub next: Option<String>,
    /// The same in Unix seconds.
    #[serde(skip)]
    pub next_unix: Option<i64>,
    /// How late its last occurrence was begun, in seconds; null where this process has begun none.
    pub late_s: Option<u64>,
    /// Its messages, of all its runs together.
    pub messages: Messages,
}

/// Messages by state. `planned` is the sum of `pending`, `accepted`, `rejected`, `unknown`, `held`, `suppressed` and
/// `expired`; `delivered` and `failed` are among the accepted ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Messages {
    /// All.
    pub planned: u64,
    /// Not sent yet, or being sent right now.
    pub pending: u64,
    /// Taken by the gateway.
    pub accepted: u64,
    /// Refused by the gateway for good.
    pub rejected: u64,
    /// Nobody can tell.
    pub unknown: u64,
    /// Waiting for a person: by whose clock they go is not known.
    pub held: u64,
    /// Left out after planning.
    pub suppressed: u64,
    /// Never sent: too late, or cancelled.
    pub expired: u64,
    /// Known to have arrived.
    pub delivered: u64,
    /// Known not to have arrived.
    pub failed: u64,
}

/// How long requests took.
#[derive(Debug, Clone, Default)]
pub struct Latency {
    /// For each upper end, how many took no longer.
    pub up_to: Vec<(Duration, u64)>,
    /// How many there were.
    pub count: u64,
    /// How long they took together.
    pub sum: Duration,
}

impl FleetReport {
    /// `/status.json`.
    pub fn json(&self) -> String {
        format!("{}\n", serde_json::to_string_pretty(self).unwrap_or_default())
    }

    /// `/metrics`.
    pub fn metrics(&self, latency: &Latency, credentials: u64) -> String {
        let mut page = Page::default();
        page.family("sendplan_info", "gauge", "The version that runs.");
        page.sample("sendplan_info", &[("version", self.sendplan)], 1);
        page.family("sendplan_state_writable", "gauge", "1 while the state can be written.");
        page.sample("sendplan_state_writable", &[], u8::from(self.writable));
        page.family("sendplan_campaigns_sending", "gauge", "Campaigns that are being sent.");
        page.sample("sendplan_campaigns_sending", &[], self.sending);
        page.family("sendplan_broken_manifests", "gauge", "Manifests that are broken.");
        page.sample("sendplan_broken_manifests", &[], self.broken);
        self.messages(&mut page);
        self.times(&mut page);
        page.family("sendplan_credentials_total", "counter", "Log-ins and renewals of credentials.");
        page.sample("sendplan_credentials_total", &[], credentials);
        let name = "sendplan_request_duration_seconds";
        page.family(name, "histogram", "How long gateways take to answer a request that sends.");
        for (bound, number) in &latency.up_to {
            let bound = bound.as_secs_f64().to_string();
            page.sample(&format!("{name}_bucket"), &[("le", &bound)], number);
        }
        page.sample(&format!("{name}_bucket"), &[("le", "+Inf")], latency.count);
        page.sample(&format!("{name}_sum"), &[], latency.sum.as_secs_f64());
        page.sample(&format!("{name}_count"), &[], latency.count);
        page.0
    }

    fn messages(&self, page: &mut Page) {
        page.family(
            "sendplan_messages",
            "gauge",
            "Messages of all runs in the state, by campaign and state.",
        );
        for one in &self.campaigns {
            let all = &one.messages;
            for (state, number) in [
                ("pending", all.pending),
                ("accepted", all.accepted),
                ("rejected", all.rejected),
                ("unknown", all.unknown),
                ("held", all.held),
                ("suppressed", all.suppressed),
                ("expired", all.expired),
            ] {
                page.sample("sendplan_messages", &[("campaign", &one.campaign), ("state", state)], number);
            }
        }
        page.family("sendplan_receipts", "gauge", "Accepted messages of which the gateway told what became.");
        for one in &self.campaigns {
            for (receipt, number) in [("delivered", one.messages.delivered), ("failed", one.messages.failed)]
            {
                page.sample(
                    "sendplan_receipts",
                    &[("campaign", &one.campaign), ("receipt", receipt)],
                    number,
                );
            }
        }
    }

    fn times(&self, page: &mut Page) {
        let name = "sendplan_next_occurrence_timestamp_seconds";
        page.family(name, "gauge", "When a campaign goes out next, in Unix time.");
        for one in &self.campaigns {
            if let Some(next) = one.next_unix {
                page.sample(name, &[("campaign", &one.campaign)], next);
            }
        }
        let name = "sendplan_lateness_seconds";
        page.family(name, "gauge", "How late the last occurrence was begun that this process has begun.");
        for one in &self.campaigns {
            if let Some(late) = one.late_s {
                page.sample(name, &[("campaign", &one.campaign)], late);
            }
        }
    }
}

#[derive(Debug, Default)]
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        self.0.push_str(name);
        for (at, (label, text)) in labels.iter().enumerate() {
            let _ = write!(self.0, "{}{label}=\"{}\"", if at == 0 { '{' } else { ',' }, escaped(text));
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }
}

/// A label's value as the format wants it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_metrics_looks_like_this() {
        let messages = Messages { planned: 7, accepted: 5, unknown: 2, ..Messages::default() };
        let line = CampaignLine {
            campaign: "a \"b\"\\\n".to_owned(),
            doing: "scheduled",
            next_unix: Some(1_796_000_000),
            late_s: Some(3),
            messages,
            ..CampaignLine::default()
        };
        let report = FleetReport {
            version: 1,
            sendplan: "1.2.3",
            writable: true,
            campaigns: vec![line],
            ..FleetReport::default()
        };
        let up_to = vec![(Duration::from_millis(10), 1), (Duration::from_secs(1), 4)];
        let latency = Latency { up_to, count: 5, sum: Duration::from_millis(2500) };
        insta::assert_snapshot!(report.metrics(&latency, 9));
    }
}
