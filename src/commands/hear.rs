//! What people have sent back since a run began: whoever asks for no more messages is written down at once, and no
//! campaign of this state sends to them again.

use chrono::DateTime;

use super::ask::Asker;
use super::exit::Failure;
use super::terminal::Terminal;
use crate::delivery::engine::End;
use crate::message::stop_words::is_opt_out;
use crate::provider::lists::HeardPage;
use crate::store::sqlite::Sqlite;
use crate::store::{Run, Store};
use crate::world::clock::Clock;

/// The most pages that are asked for.
const MOST_PAGES: u32 = 200;

/// What was heard.
#[derive(Debug, Default)]
pub struct Heard {
    /// Messages that people have sent.
    pub messages: u64,
    /// Messages that could not be read.
    pub unread: u64,
    /// People who opted out and were not known to.
    pub opted_out: u64,
    /// Why not all of it was heard, if so.
    pub why_silent: Option<String>,
    /// Why it stopped before its end, if so.
    pub end: Option<End>,
}

/// Listens, a page at a time; the opt-outs of a page are durable before the next is asked for.
pub fn hear(
    store: &mut Sqlite,
    run: &Run,
    sandbox: bool,
    clock: Clock,
    terminal: &Terminal,
) -> Result<Heard, Failure> {
    let since = DateTime::from_timestamp_millis(run.pinned.created_at_ms).unwrap_or_default();
    let mut asker: Asker<'_, u32> = Asker::open(run, sandbox, 1, clock, None, terminal)?;
    let mut sum = Heard::default();
    for page in 1..=MOST_PAGES {
        let mut answer = None;
        asker.ask(
            [page],
            |gateway, page, token| async move { gateway.ask_what_came_in(page, since, token.as_deref()).await },
            &mut |_, page: Result<HeardPage, String>| answer = Some(page),
        );
        sum.end = asker.end().cloned();
        let page = match answer {
            Some(Ok(page)) => page,
            Some(Err(why)) => {
                sum.why_silent = Some(why);
                return Ok(sum);
            }
            None => return Ok(sum),
        };
        let heard = page.heard.into_iter().filter(|one| one.at >= since).collect::<Vec<_>>();
        sum.messages += heard.len() as u64;
        sum.unread += page.unread;
        let stops = heard.into_iter().filter(|one| is_opt_out(&one.text));
        let addresses: Vec<String> = stops.map(|one| one.address).collect();
        let at_ms = clock.now().utc.timestamp_millis();
        sum.opted_out += store.record_opt_outs(&addresses, &run.pinned.campaign, at_ms)?;
        if page.cut {
            sum.why_silent = Some("the gateway holds more than it can be asked for".to_owned());
        }
        if !page.more || sum.end.is_some() {
            return Ok(sum);
        }
    }
    sum.why_silent = Some(format!("there are more than {MOST_PAGES} pages"));
    Ok(sum)
}
