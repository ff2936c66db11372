//! Questions about messages that were sent, over the real network. None of them sends anything.

use chrono::{DateTime, Utc};

use super::gateway::Gateway;
use crate::delivery::asking::Unanswered;
use crate::provider::inquiry::{About, NoAnswer};
use crate::provider::lists::{HeardPage, Page, Sought};
use crate::provider::{BuildError, Fault, Outcome, Request, Response, Token};

/// What became of a message, with the reason where there is one.
type Told = (Outcome, Option<String>);

impl Gateway {
    /// What became of a message.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub async fn ask_what_became(
        &self,
        address: &str,
        id: &str,
        token: Option<&Token>,
    ) -> Result<Told, Unanswered> {
        let request = self.profile.build_status(&self.about(address, id), &self.secrets, token);
        self.ask(request, |answer| self.profile.read_status(id, &self.secrets, answer)).await
    }

    /// Asks for a message to be called back; only [`Outcome::Cancelled`] says that it was.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub async fn call_back(
        &self,
        address: &str,
        id: &str,
        token: Option<&Token>,
    ) -> Result<Told, Unanswered> {
        let request = self.profile.build_cancel(&self.about(address, id), &self.secrets, token);
        self.ask(request, |answer| self.profile.read_cancel(id, &self.secrets, answer)).await
    }

    /// A page of what was sent to an address, pages from 1.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub async fn ask_for_page(
        &self,
        address: &str,
        page: u32,
        since: DateTime<Utc>,
        token: Option<&Token>,
    ) -> Result<Page, Unanswered> {
        let sought = Sought { address, sender: &self.sender, page, since };
        let request = self.profile.build_list(&sought, &self.secrets, token);
        self.ask(request, |answer| self.profile.read_page(&sought, &self.secrets, answer)).await
    }

    /// A page of what people have sent back, pages from 1.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub async fn ask_what_came_in(
        &self,
        page: u32,
        since: DateTime<Utc>,
        token: Option<&Token>,
    ) -> Result<HeardPage, Unanswered> {
        let request = self.profile.build_inbound(&self.sender, page, since, &self.secrets, token);
        self.ask(request, |answer| self.profile.read_inbound(page, &self.secrets, answer)).await
    }

    fn about<'a>(&'a self, address: &'a str, id: &'a str) -> About<'a> {
        About { address, id, sender: &self.sender }
    }

    async fn ask<T>(
        &self,
        request: Result<Request, BuildError>,
        read: impl FnOnce(Result<&Response, &Fault>) -> Result<T, NoAnswer>,
    ) -> Result<T, Unanswered> {
        let answer = self.exchange(request).await?;
        read(answer.as_ref()).map_err(|error| unanswered(error, answer.as_ref()))
    }

    async fn exchange(
        &self,
        request: Result<Request, BuildError>,
    ) -> Result<Result<Response, Fault>, Unanswered> {
        match request {
            Ok(request) => Ok(self.http.execute(request).await),
            // An address or an id that cannot be written is that message's trouble alone.
            Err(error @ (BuildError::Address { .. } | BuildError::Expression { .. })) => {
                Err(Unanswered::Silent(error.to_string()))
            }
            Err(error) => Err(Unanswered::Refused(error.to_string())),
        }
    }
}

/// A gateway that is not there, or says itself that it is in trouble, is everybody's trouble; an answer that says
/// nothing is only this message's.
fn unanswered(error: NoAnswer, answer: Result<&Response, &Fault>) -> Unanswered {
    match error {
        NoAnswer::Unauthorised => Unanswered::Unauthorised,
        NoAnswer::Throttled(wish) => Unanswered::Throttled(wish),
        NoAnswer::Refused(reason) => Unanswered::Refused(reason),
        NoAnswer::Silent(reason) => {
            let trouble = answer.map_or(true, |response| response.status == 408 || response.status >= 500);
            if trouble { Unanswered::Trouble(reason) } else { Unanswered::Silent(reason) }
        }
    }
}
