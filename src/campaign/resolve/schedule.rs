//! When a campaign goes out, and in which hours it may.

use super::Resolver;
use crate::campaign::raw;
use crate::diagnostic::Diagnostic;
use crate::schedule::{LocalTime, Moment, Window, Zone};
use crate::yaml::Spanned;

impl Resolver<'_> {
    pub(super) fn zone(&mut self, schedule: Option<&Spanned<raw::Schedule>>) -> Option<Zone> {
        match schedule.and_then(|schedule| schedule.value.timezone.as_ref()) {
            None => Some(Zone::UTC),
            Some(zone) => self.quantity("schedule.timezone", zone),
        }
    }

    pub(super) fn moment(&mut self, at: &Spanned<String>, zone: Option<Zone>) -> Option<Moment> {
        let local = self.quantity::<LocalTime>("schedule.at", at);
        Some(Moment { local: local?, zone: zone? })
    }

    pub(super) fn window(&mut self, window: &Spanned<raw::Window>, zone: Option<Zone>) -> Option<Window> {
        let from = window.value.from.as_ref().and_then(|from| self.quantity("schedule.window.from", from));
        let to = window.value.to.as_ref().and_then(|to| self.quantity("schedule.window.to", to));
        match Window::new(from?, to?, zone?) {
            Ok(window) => Some(window),
            Err(error) => {
                self.error(format!("`schedule.window`: {error}"), &window.span);
                None
            }
        }
    }

    /// A moment at which nothing may go out contradicts itself.
    pub(super) fn shut_when_due(
        &mut self,
        manifest: &raw::Campaign,
        at: Option<Moment>,
        window: Option<Window>,
    ) {
        let written = manifest.schedule.as_ref().and_then(|schedule| schedule.value.at.as_ref());
        let (Some(at), Some(window), Some(written)) = (at, window, written) else { return };
        if window.closes(at.instant()).is_none() {
            let opens = at.zone.show(window.opens(at.instant()));
            self.problems.push(
                Diagnostic::error("`schedule.at` lies outside `schedule.window`: nothing may go out then")
                    .at(self.source, written.span.clone(), "")
                    .help(format!("the window opens next at {opens}")),
            );
        }
    }
}
