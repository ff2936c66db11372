//! The command to type after a failure, in one place for all verbs: nothing where only files, or people, can help.

use std::path::{Path, PathBuf};

use super::campaigns::here;
use super::exit::Failure;
use super::flags::{Flags, quoted};
use super::typed;
use crate::campaign::{is_name, suggested};
use crate::cli::{Global, Provider, State, Verb};
use crate::diagnostic::did_you_mean;
use crate::provider::builtin_names;
use crate::store::StoreError;
use crate::world::workspace::{MANIFEST, NoCampaign, find};

/// What to type next, the best first.
pub fn remedy(failure: &Failure, verb: &Verb, global: &Global) -> Vec<String> {
    let at = Standing::of(verb);
    let shown = at.campaign.map(|path| quoted(&path.display().to_string()));
    let flags = Flags::new(global, at.sandbox, Path::new(""));
    let with = |words: &str| shown.iter().map(|shown| format!("sendplan {words} {shown}")).collect();
    match failure {
        Failure::NoCampaign(why) => no_campaign(why, verb),
        Failure::Invalid { .. } => match verb {
            // Whoever checks sees all there is to see.
            Verb::Check(_) => Vec::new(),
            Verb::Init(init) => init.provider.as_deref().map(no_provider).unwrap_or_default(),
            Verb::Provider(Provider::Show { name } | Provider::Test { name })
                if !Path::new(name).is_file() =>
            {
                no_provider(name)
            }
            _ => with("check"),
        },
        Failure::PlanRefused { leaves_out: false, .. } => match verb {
            Verb::Plan(_) => Vec::new(),
            _ => with("plan"),
        },
        Failure::PlanRefused { .. } => match verb {
            Verb::Plan(plan) if plan.rejects.is_some() => Vec::new(),
            _ => shown.iter().map(|shown| format!("sendplan plan {shown} --rejects rejects.csv")).collect(),
        },
        Failure::Refused { provider, .. } => {
            let profile = provider.iter().filter(|name| builtin_names().any(|one| one == name.as_str()));
            let show = profile.map(|name| format!("sendplan provider show {name}"));
            let try_out = matches!(verb, Verb::Send(_)).then(|| with("send").pop()).flatten();
            show.chain(try_out.map(|send: String| format!("{send} --sandbox"))).collect()
        }
        Failure::Unapproved(_) => match verb {
            Verb::Send(send) => {
                let plan = send.plan.iter().map(|plan| quoted(&plan.display().to_string()));
                let against =
                    plan.zip(&shown).map(|(plan, shown)| format!("sendplan plan {shown} --against {plan}"));
                against.collect()
            }
            // What is not as it was approved is mended, or approved anew.
            Verb::Plan(plan) => {
                let file = plan.against.iter().map(|file| quoted(&file.display().to_string()));
                let anew =
                    file.zip(&shown).map(|(file, shown)| format!("sendplan plan {shown} --out {file}"));
                with("preview").into_iter().chain(anew).collect()
            }
            _ => Vec::new(),
        },
        Failure::Standing(_) => vec![format!("sendplan status{flags}")],
        Failure::OnlyInSandbox { .. } => match again(verb) {
            Some(word) => with(word).into_iter().map(|line: String| format!("{line} --sandbox")).collect(),
            None => Vec::new(),
        },
        Failure::LostState(_) | Failure::Store(StoreError::Corrupt { .. })
            if matches!(verb, Verb::State(State::Verify(_))) =>
        {
            Vec::new()
        }
        Failure::LostState(_) | Failure::Store(StoreError::Corrupt { .. }) => {
            vec![format!("sendplan state verify{flags}")]
        }
        Failure::Store(StoreError::Missing { .. }) => nothing_sent(at.campaign, global),
        Failure::Usage(_) => usage(verb),
        Failure::NoFolder { folder, .. } => vec![format!("mkdir -p {}", quoted(folder)), typed::again()],
        Failure::Input(_) => input(verb, shown.as_deref()),
        Failure::State(_) if !matches!(verb, Verb::Status(_)) => vec![format!("sendplan status{flags}")],
        // Whoever has it brings it up to date, or ends.
        Failure::Store(StoreError::Older { .. }) => vec![format!("sendplan status{flags}")],
        _ => Vec::new(),
    }
}

/// No gateway is built in under this name.
fn no_provider(name: &str) -> Vec<String> {
    if Path::new(name).is_file() || builtin_names().any(|one| one == name) {
        return Vec::new();
    }
    let meant = did_you_mean(name, builtin_names()).and_then(|near| typed::instead(name, near));
    vec![meant.unwrap_or_else(|| "sendplan provider list".to_owned())]
}

/// What was said on the command line cannot be.
fn usage(verb: &Verb) -> Vec<String> {
    let there = |name: &str| Path::new("campaigns").join(name);
    match verb {
        Verb::Init(args) if !is_name(&args.name) => {
            let meant = suggested(&args.name).and_then(|name| typed::instead(&args.name, &name));
            vec![meant.unwrap_or_else(|| "sendplan init first-campaign".to_owned())]
        }
        Verb::Init(args) if there(&args.name).join(MANIFEST).is_file() => {
            vec![format!("sendplan plan {}", quoted(&there(&args.name).display().to_string()))]
        }
        _ => vec![typed::help()],
    }
}

/// What stands in files cannot be: what helps is another command for some verbs alone.
fn input(verb: &Verb, shown: Option<&str>) -> Vec<String> {
    match (verb, shown) {
        (Verb::Optout(_) | Verb::Init(_), _) => vec![typed::help()],
        (Verb::Preview(_), Some(shown)) => vec![format!("sendplan plan {shown}")],
        (Verb::Send(args), Some(shown)) => no_plan_file(args.plan.as_deref(), shown),
        (Verb::Plan(args), Some(shown)) => no_plan_file(args.against.as_deref(), shown),
        _ => Vec::new(),
    }
}

/// How a plan file that was named and is not there is made.
fn no_plan_file(plan: Option<&Path>, shown: &str) -> Vec<String> {
    let missing = plan.iter().filter(|plan| !plan.exists());
    missing
        .map(|plan| format!("sendplan plan {shown} --out {}", quoted(&plan.display().to_string())))
        .collect()
}

/// Which campaign a verb is about, and whether in a sandbox.
struct Standing<'v> {
    campaign: Option<&'v Path>,
    sandbox: bool,
}

impl<'v> Standing<'v> {
    fn of(verb: &'v Verb) -> Self {
        let (campaign, sandbox): (Option<&PathBuf>, bool) = match verb {
            Verb::Audience(args) => (Some(&args.campaign), false),
            Verb::Preview(args) => (Some(&args.campaign), false),
            Verb::Plan(args) => (Some(&args.campaign), false),
            Verb::Rehearse(args) => (Some(&args.campaign), false),
            Verb::Send(args) => (Some(&args.campaign), args.sandbox),
            Verb::Status(args) => (args.campaign.as_ref(), args.sandbox),
            Verb::Report(args) => (Some(&args.campaign), args.sandbox),
            Verb::Pause(args) | Verb::Resume(args) | Verb::Cancel(args) => {
                (Some(&args.campaign), args.sandbox)
            }
            Verb::Resolve(args) => (Some(&args.campaign), args.sandbox),
            Verb::Optout(args) => (None, args.sandbox),
            Verb::State(State::Backup(args)) => (None, args.sandbox),
            Verb::State(State::Verify(args)) => (None, args.sandbox),
            Verb::State(State::Prune(args)) => (None, args.sandbox),
            _ => (None, false),
        };
        Self { campaign: campaign.map(PathBuf::as_path), sandbox }
    }
}

/// The verb, where it can be typed again with `--sandbox` and does no more than look.
fn again(verb: &Verb) -> Option<&'static str> {
    match verb {
        Verb::Status(_) => Some("status"),
        Verb::Report(_) => Some("report"),
        Verb::Resolve(_) => Some("resolve"),
        Verb::Pause(_) => Some("pause"),
        Verb::Resume(_) => Some("resume"),
        Verb::Cancel(_) => Some("cancel"),
        _ => None,
    }
}

fn no_campaign(why: &NoCampaign, verb: &Verb) -> Vec<String> {
    match why {
        NoCampaign::NotFound(path) => not_found(Path::new(path), verb),
        NoCampaign::Recipients { path } => {
            let path = quoted(path);
            vec![format!("sendplan audience {path}"), format!("sendplan init first-campaign --from {path}")]
        }
        NoCampaign::NoRecipients(_) => vec![typed::help()],
        NoCampaign::Unreadable { .. } | NoCampaign::OddName => Vec::new(),
    }
}

/// Where nothing was sent yet, what could be. A state that was named is somewhere else.
fn nothing_sent(campaign: Option<&Path>, global: &Global) -> Vec<String> {
    let named = campaign.map(|path| Path::new("campaigns").join(path));
    let there = [campaign.map(Path::to_owned), named].into_iter().flatten().find(|path| path.exists());
    match there {
        Some(path) => vec![format!("sendplan plan {}", quoted(&path.display().to_string()))],
        None if global.state.is_some() => Vec::new(),
        None => vec!["sendplan check".to_owned()],
    }
}

/// A campaign that was named without its folder or nearly so, or one that could be begun there.
fn not_found(path: &Path, verb: &Verb) -> Vec<String> {
    let campaigns = Path::new("campaigns");
    let inside = campaigns.join(path);
    if inside.join(MANIFEST).is_file() {
        return vec![meant(path, &inside)];
    }
    // Given by its name, which is not its folder's.
    if let Some(found) = here().into_iter().find(|one| one.name.as_deref() == path.to_str()) {
        return vec![meant(path, &found.place)];
    }
    match (nearly(path), verb) {
        // Another campaign is not sent, and nothing is decided about it, for a slip: it is looked at.
        (Some(near), verb) if acts(verb) => {
            return vec![format!("sendplan plan {}", quoted(&near.display().to_string()))];
        }
        (Some(near), _) => return vec![meant(path, &near)],
        (None, _) => {}
    }
    if path.is_dir() && find(path).is_ok() {
        return vec![format!("sendplan check {}", quoted(&path.display().to_string()))];
    }
    let name = path.file_name().and_then(|name| name.to_str()).filter(|name| is_name(name));
    let is_its_place =
        path.parent().is_some_and(|parent| parent == campaigns || parent.as_os_str().is_empty());
    match name.filter(|_| is_its_place && path != campaigns && !path.exists()) {
        Some(name) => vec![format!("sendplan init {name}")],
        None => vec!["sendplan init first-campaign".to_owned()],
    }
}

/// Whether a verb does something about a campaign that nobody can take back.
fn acts(verb: &Verb) -> bool {
    match verb {
        Verb::Send(args) => !args.sandbox,
        Verb::Run(_) | Verb::Pause(_) | Verb::Resume(_) | Verb::Cancel(_) | Verb::Resolve(_) => true,
        _ => false,
    }
}

/// The same command about the campaign that was meant.
fn meant(path: &Path, campaign: &Path) -> String {
    let (wrong, right) = (path.display().to_string(), campaign.display().to_string());
    typed::instead(&wrong, &right).unwrap_or_else(|| format!("sendplan check {}", quoted(&right)))
}

/// The campaign beside it, or in `campaigns`, whose name is nearly that.
fn nearly(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("campaigns"));
    let there = std::fs::read_dir(folder).ok()?.flatten();
    let there = there.filter(|entry| entry.path().join(MANIFEST).is_file());
    let mut names: Vec<String> = there.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    did_you_mean(name, names.iter().map(String::as_str)).map(|near| folder.join(near))
}
