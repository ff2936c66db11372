//! A gateway ready to be spoken to: the real one with its credentials, or a sandbox on this machine.

use std::sync::Arc;

use tokio::runtime::Runtime;

use super::exit::Failure;
use super::terminal::Terminal;
use crate::delivery::access::Credential;
use crate::provider::mimic::Mimic;
use crate::provider::{AuthError, Profile, Token};
use crate::world::clock::Clock;
use crate::world::gateway::Gateway;
use crate::world::gauges::Gauges;
use crate::world::http::{Http, HttpOptions};
use crate::world::sandbox::Sandbox;
use crate::world::secrets;
use crate::world::threads;

/// Where the gateway is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Where its profile says.
    Gateway,
    /// On this machine.
    Sandbox,
    /// On this machine, to be asked about what an earlier sandbox accepted.
    LaterSandbox,
}

impl Place {
    /// For sending.
    pub fn of(sandbox: bool) -> Self {
        if sandbox { Self::Sandbox } else { Self::Gateway }
    }
}

/// A gateway, the threads its requests run on, and the credential it gave.
#[derive(Debug)]
pub struct Connection {
    /// Where requests run.
    pub runtime: Arc<Runtime>,
    /// The gateway.
    pub gateway: Arc<Gateway>,
    /// A credential from before the run, if there is one.
    pub token: Option<Token>,
    /// Lives as long as it is spoken to.
    _sandbox: Option<Sandbox>,
}

/// What is said to a gateway in every request of a run.
#[derive(Debug)]
pub struct Terms {
    /// How it is spoken to.
    pub profile: Profile,
    /// What tells the run from every other one.
    pub run: String,
    /// The sender as the gateway wants it.
    pub sender: serde_json::Value,
    /// Where it is counted how long it takes to answer, if anybody wants to know.
    pub gauges: Option<Arc<Gauges>>,
}

/// Threads for requests.
pub fn threads() -> Result<Arc<Runtime>, Failure> {
    let started = threads::start().map_err(|error| internal("no threads for sending", &error))?;
    Ok(Arc::new(started))
}

fn refused(profile: &Profile, error: &dyn std::fmt::Display) -> Failure {
    Failure::Refused { provider: Some(profile.name().to_owned()), why: error.to_string() }
}

fn internal(what: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::Internal(format!("{what}: {error}"))
}

/// Why a profile has no sandbox; nothing where it has one.
pub fn no_sandbox(profile: &Profile) -> Option<String> {
    Mimic::of(profile).err().map(|error| error.to_string())
}

impl Connection {
    /// Finds the credentials, or starts the sandbox. Nothing is sent yet.
    pub fn open(
        terms: Terms,
        place: Place,
        runtime: Arc<Runtime>,
        clock: Clock,
        terminal: &Terminal,
    ) -> Result<Self, Failure> {
        let Terms { profile, run, sender, gauges } = terms;
        let (profile, secrets, sandbox) = if place != Place::Gateway {
            let inside = runtime.enter();
            let local = match place {
                Place::LaterSandbox => Sandbox::on_another_day(&profile),
                _ => Sandbox::start(&profile),
            };
            // What is lacking is the profile's examples, or does not fit them.
            let local = local.map_err(|error| Failure::Input(format!("no sandbox: {error}")))?;
            drop(inside);
            let profile = profile
                .with(Some(&local.url()), &serde_json::Map::new())
                .map_err(|error| internal("no sandbox", &error))?;
            terminal.note(&format!(
                "Sandbox: a gateway on this machine ({}) that speaks {}. Nothing leaves the machine.\n",
                local.url(),
                profile.name()
            ));
            let secrets = profile.sandbox_secrets();
            // The gateway's limits are not this machine's.
            (profile.without_limits(), secrets, Some(local))
        } else {
            let secrets = secrets::resolve(&profile).map_err(|error| refused(&profile, &error))?;
            (profile, secrets, None)
        };
        let http = Http::new(&HttpOptions::default()).map_err(|error| internal("no HTTP", &error))?;
        let profile = Arc::new(profile);
        let gateway = Arc::new(Gateway { profile, run, sender, secrets, http, clock, gauges });
        Ok(Self { runtime, gateway, token: None, _sandbox: sandbox })
    }

    /// Logs in, where the gateway wants that. What a second try may mend is left to the run, which has patience;
    /// what it cannot mend is told here.
    pub fn log_in(&mut self) -> Result<(), Failure> {
        if !self.gateway.profile.needs_token() {
            return Ok(());
        }
        match self.runtime.block_on(self.gateway.authenticate(Credential::Login, None)) {
            Ok(token) => self.token = Some(token),
            Err(error @ (AuthError::Refused(_) | AuthError::Unsafe(_))) => {
                return Err(refused(&self.gateway.profile, &error));
            }
            Err(_) => {}
        }
        Ok(())
    }
}
