//! One question about every accepted message of a run that has an id and no receipt, a page at a time. The receipts
//! of a page are durable before the next one is asked, and what has a receipt is not asked again: a restart goes on
//! where this one stopped.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedReceiver;

use super::ask::Asker;
use super::exit::Failure;
use super::terminal::Terminal;
use crate::delivery::engine::End;
use crate::provider::Outcome;
use crate::store::sqlite::Sqlite;
use crate::store::{Listed, Receipt, ReceiptStatus, Run, Store};
use crate::world::clock::Clock;

/// Messages of one page.
const PAGE: usize = 500;
/// The reason of a message that was called back.
const CALLED_BACK: &str = "cancelled at the gateway";

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// What became of it.
    WhatBecame,
    /// That it be called back.
    CallBack,
}

/// What a sweep came to, in messages.
#[derive(Debug, Default)]
pub struct Swept {
    /// Known to have arrived.
    pub delivered: u64,
    /// Known not to have arrived; those called back among them.
    pub failed: u64,
    /// The gateway answered, and nothing is settled yet.
    pub open: u64,
    /// Nothing was said of them.
    pub silent: u64,
    /// Why not, of the first of them.
    pub why_silent: Option<String>,
    /// Why it stopped before its end, if so.
    pub end: Option<End>,
}

impl Swept {
    /// How many were asked about and settled one way or the other.
    pub fn asked(&self) -> u64 {
        self.delivered + self.failed + self.open + self.silent
    }
}

/// Asks about all of them, until it is `told` to end, or else by a signal. Without any, no gateway is spoken to and no
/// credentials are needed.
pub fn sweep(
    store: &mut Sqlite,
    run: &Run,
    question: Question,
    sandbox: bool,
    clock: Clock,
    mut told: Option<&mut UnboundedReceiver<()>>,
    terminal: &Terminal,
) -> Result<Swept, Failure> {
    let mut swept = Swept::default();
    let mut asker: Option<Asker<'_, Arc<Listed>>> = None;
    let mut after = None;
    loop {
        let page = store.awaiting_receipt(run.id, after, PAGE)?;
        let Some(last) = page.last() else { return Ok(swept) };
        after = Some(last.key);
        let asker = match &mut asker {
            Some(asker) => asker,
            none => {
                let counts = store.counts(run.id)?;
                let total = counts.of(crate::delivery::state::State::Accepted);
                let total = total.saturating_sub(counts.delivered + counts.failed);
                none.insert(Asker::open(run, sandbox, total, clock, told.take(), terminal)?)
            }
        };
        let receipts = ask(asker, page, question, &mut swept, clock);
        store.record_receipts(run.id, &receipts)?;
        swept.end = asker.end().cloned();
        if swept.end.is_some() {
            return Ok(swept);
        }
    }
}

/// Asks about a page, and gives what is to be recorded.
fn ask(
    asker: &mut Asker<'_, Arc<Listed>>,
    page: Vec<Listed>,
    question: Question,
    swept: &mut Swept,
    clock: Clock,
) -> Vec<Receipt> {
    let mut receipts = Vec::new();
    asker.ask(
        page.into_iter().map(Arc::new),
        |gateway, one, token| async move {
            let (address, id) = (one.address.as_str(), one.provider_id.as_deref().unwrap_or_default());
            match question {
                Question::WhatBecame => gateway.ask_what_became(address, id, token.as_deref()).await,
                Question::CallBack => gateway.call_back(address, id, token.as_deref()).await,
            }
        },
        &mut |one, answer| match answer.map(|(outcome, reason)| told(question, outcome, reason)) {
            Ok(Some((status, reason))) => {
                match status {
                    ReceiptStatus::Delivered => swept.delivered += 1,
                    ReceiptStatus::Failed => swept.failed += 1,
                }
                let at_ms = clock.now().utc.timestamp_millis();
                receipts.push(Receipt { key: one.key, status, reason, at_ms });
            }
            Ok(None) => swept.open += 1,
            Err(why) => {
                swept.silent += 1;
                swept.why_silent.get_or_insert(why);
            }
        },
    );
    receipts
}

/// The receipt in an answer, if it holds one. Of a wish to call back, only that it was granted is one.
fn told(
    question: Question,
    outcome: Outcome,
    reason: Option<String>,
) -> Option<(ReceiptStatus, Option<String>)> {
    match (question, outcome) {
        (_, Outcome::Cancelled) => Some((ReceiptStatus::Failed, Some(CALLED_BACK.to_owned()))),
        (Question::WhatBecame, Outcome::Delivered) => Some((ReceiptStatus::Delivered, None)),
        (Question::WhatBecame, Outcome::Failed) => Some((ReceiptStatus::Failed, reason)),
        (Question::WhatBecame, Outcome::Pending) | (Question::CallBack, _) => None,
    }
}
