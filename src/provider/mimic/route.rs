//! What was learned: the requests that are known, and what to do about each.

use crate::provider::exchange::Response;
use crate::provider::mimic::door::Door;
use crate::provider::mimic::ids::{Ids, Tokens};
use crate::provider::mimic::pattern::Answer;
use crate::provider::mimic::place::Place;

/// A request that is known, and what to do about it.
#[derive(Debug)]
pub(super) struct Route {
    pub door: Door,
    pub task: Task,
}

#[derive(Debug)]
pub(super) enum Task {
    Send { shapes: Vec<Shape> },
    Status { about: Inquiry, cancelled: Option<Answer> },
    Cancel { about: Inquiry },
    List { recipient: Option<Place>, page: Option<(Place, String)>, answer: Answer },
    Login { answer: Answer },
    Refresh { renews: Place, answer: Answer },
}

/// Where things stand in a sending, and how it is answered.
#[derive(Debug)]
pub(super) struct Shape {
    pub recipients: Place,
    pub text: Option<Place>,
    pub key: Option<Place>,
    pub answer: Answer,
    /// Whether it was learned from a request of one message.
    pub single: bool,
}

/// A question about a message, or a wish.
#[derive(Debug)]
pub(super) struct Inquiry {
    pub id: Place,
    pub recipient: Option<Place>,
    pub answer: Answer,
}

/// Everything that was learned.
#[derive(Debug)]
pub(super) struct Learned {
    /// Those with the clearest path first.
    pub routes: Vec<Route>,
    pub ids: Option<Ids>,
    pub access: Tokens,
    pub refresh: Tokens,
    /// What requests without credentials are answered.
    pub unauthorised: Response,
    pub refused_login: Response,
    pub refused_refresh: Response,
}
