//! The campaigns of some folders, watched: which there are, which are sound, and what has changed since the last look.
//! A file that is replaced, mended or taken away is noticed by its number, length and time.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::stamp::{Stamp, looks_alike, stamp};
use super::workspace::{self, NoCampaign, Piped};
use crate::delivery::roster::Plan;
use crate::diagnostic::{Diagnostic, Diagnostics};

/// A file whose time is nearer than this to the look that read it may have been written once more after that, within
/// the grain of the file system's clock: it is read again.
const YOUNG: Duration = Duration::from_secs(2);

/// See the module.
#[derive(Debug)]
pub struct Campaigns {
    folders: Vec<PathBuf>,
    known: BTreeMap<PathBuf, Known>,
}

#[derive(Debug)]
struct Known {
    stamps: Vec<(PathBuf, Stamp)>,
    is_young: bool,
    read: Found,
    /// The same, as it is among the others.
    told: Found,
}

/// A manifest that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// As people would type it.
    pub shown: String,
    /// The campaign's name, if it has one.
    pub name: Option<String>,
    /// What is to be known of it, or what is wrong.
    pub plan: Result<Plan, Wrong>,
}

/// What is wrong with a campaign.
#[derive(Debug, Clone)]
pub struct Wrong {
    /// What `check` says.
    pub problems: Diagnostics,
    /// Whether the name is another campaign's as well: neither of them is sent then.
    pub is_twin: bool,
}

impl Wrong {
    fn text(&self) -> String {
        self.problems.render(false)
    }
}

/// What has changed about a manifest.
#[derive(Debug, Clone)]
pub enum Change {
    /// It is new.
    New(Found),
    /// It, or what it names, was changed: it is sound, and was.
    Edited(Found),
    /// It is broken, or differently broken.
    Broken(Found),
    /// It was broken, and is sound.
    Mended(Found),
    /// It is gone.
    Gone(Found),
}

impl Campaigns {
    /// Nothing was looked at yet.
    pub fn of(folders: Vec<PathBuf>) -> Self {
        Self { folders, known: BTreeMap::new() }
    }

    /// Fails where a folder holds no campaign at all: a slip of the command line.
    ///
    /// # Errors
    /// [`NoCampaign`].
    pub fn must_exist(&self) -> Result<(), NoCampaign> {
        self.folders.iter().try_for_each(|folder| workspace::find(folder).map(drop))
    }

    /// What there is now.
    pub fn all(&self) -> impl Iterator<Item = (&Path, &Found)> {
        self.known.iter().map(|(path, one)| (path.as_path(), &one.told))
    }

    /// Looks at everything, and says what has changed.
    pub fn look(&mut self) -> Vec<Change> {
        let mut paths: Vec<PathBuf> =
            self.folders.iter().flat_map(|folder| workspace::find(folder).unwrap_or_default()).collect();
        paths.sort();
        paths.dedup();
        let gone: Vec<PathBuf> = self.known.keys().filter(|path| !paths.contains(path)).cloned().collect();
        let mut changes: Vec<Change> = gone
            .iter()
            .filter_map(|path| self.known.remove(path))
            .map(|one| Change::Gone(one.told))
            .collect();
        let mut new = Vec::new();
        let mut touched = Vec::new();
        for path in paths {
            let Some(known) = self.known.get_mut(&path) else {
                self.known.insert(path.clone(), Known::read(&path));
                new.push(path);
                continue;
            };
            let looks: Vec<(Stamp, Stamp)> =
                known.stamps.iter().map(|(file, before)| (*before, stamp(file))).collect();
            if looks.iter().any(|(before, now)| !looks_alike(*before, *now)) {
                let told = known.told.clone();
                *known = Known { told, ..Known::read(&path) };
                touched.push(path);
            } else if known.is_young || looks.iter().any(|(before, now)| before != now) {
                let (told, before) = (known.told.clone(), known.shape());
                *known = Known { told, ..Known::read(&path) };
                if known.shape() != before {
                    touched.push(path);
                }
            }
        }
        let twins = self.twins();
        for (path, known) in &mut self.known {
            let now = twins.get(path).cloned().unwrap_or_else(|| known.read.clone());
            let before = std::mem::replace(&mut known.told, now.clone());
            changes.extend(if new.contains(path) {
                Some(if now.plan.is_ok() { Change::New(now) } else { Change::Broken(now) })
            } else {
                change(before, now, touched.contains(path))
            });
        }
        changes
    }

    /// Manifests whose name is another one's too: broken, each of them.
    fn twins(&self) -> BTreeMap<PathBuf, Found> {
        let mut by_name: BTreeMap<&str, Vec<(&PathBuf, &Found)>> = BTreeMap::new();
        for (path, known) in &self.known {
            if let Some(name) = &known.read.name {
                by_name.entry(name).or_default().push((path, &known.read));
            }
        }
        let mut twins = BTreeMap::new();
        for (name, all) in by_name.into_iter().filter(|(_, all)| all.len() > 1) {
            let shown: Vec<&str> = all.iter().map(|(_, one)| one.shown.as_str()).collect();
            let (last, others) =
                shown.split_last().map_or(("", String::new()), |(last, others)| (*last, others.join("`, `")));
            let how = if all.len() == 2 { "both" } else { "all" };
            for (path, found) in &all {
                let mut problems = Diagnostics::new();
                let title = format!("`{others}` and `{last}` are {how} called `{name}`");
                problems.push(Diagnostic::error(title).help(
                    "a name is a campaign's key in the state: campaigns cannot share it, and none of them is sent",
                ));
                let plan = Err(Wrong { problems, is_twin: true });
                twins.insert((*path).clone(), Found { plan, ..(*found).clone() });
            }
        }
        twins
    }
}

/// What is worth telling of a manifest that was known before.
fn change(before: Found, now: Found, touched: bool) -> Option<Change> {
    let renamed = before.name != now.name;
    match (&before.plan, &now.plan) {
        (Err(_), Ok(_)) => Some(Change::Mended(now)),
        (Ok(_), Err(_)) => Some(Change::Broken(now)),
        (Err(was), Err(is)) => (renamed || touched || was.text() != is.text()).then_some(Change::Broken(now)),
        (Ok(_), Ok(_)) => (renamed || touched).then_some(Change::Edited(now)),
    }
}

impl Known {
    fn read(path: &Path) -> Self {
        let began = SystemTime::now();
        let (read, stamps) = read(path);
        let young = |time: SystemTime| time + YOUNG > began;
        let is_young = stamps.iter().any(|(_, stamp)| stamp.is_some_and(|look| young(look.modified)));
        Self { stamps, is_young, told: read.clone(), read }
    }

    /// All that is known of a sound one: two that differ are told of.
    fn shape(&self) -> Option<String> {
        self.read.plan.as_ref().ok().map(|plan| format!("{plan:?}"))
    }
}

/// A campaign, and the stamps of all that it was read from, taken before that: what comes in the place of a file
/// meanwhile is seen at the next look, however old it says it is.
fn read(path: &Path) -> (Found, Vec<(PathBuf, Stamp)>) {
    let file = if path.is_dir() { path.join(workspace::MANIFEST) } else { path.to_owned() };
    let before = stamp(&file);
    let opened = match workspace::open(path) {
        Ok(opened) => opened.piped(Piped::Never),
        Err(error) => {
            let mut problems = Diagnostics::new();
            problems.push(Diagnostic::error(error.to_string()));
            let plan = Err(Wrong { problems, is_twin: false });
            return (Found { shown: path.display().to_string(), name: None, plan }, vec![(file, before)]);
        }
    };
    let (shown, name) = (opened.source.name.clone(), opened.name().map(str::to_owned));
    let (loaded, problems, stamps) = opened.load_from();
    let plan = match loaded {
        Some(loaded) => Ok(Plan {
            window: loaded.campaign.delivery.window,
            until: loaded.campaign.delivery.until,
            frequency: loaded.campaign.audience.frequency,
            timetable: loaded.campaign.timetable,
        }),
        None => Err(Wrong { problems, is_twin: false }),
    };
    (Found { shown, name, plan }, stamps)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_changes_between_reading_and_looking_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("campaign.yaml");
        let write = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).unwrap();
            let old = SystemTime::now() - Duration::from_secs(3600);
            let file = fs::File::options().append(true).open(folder.path().join(name)).unwrap();
            file.set_modified(old).unwrap();
        };
        write("campaign.yaml", "version: 1\naudience: { csv: r.csv, address: phone, suppress: [out.csv] }\n");
        write("r.csv", "phone\n0700000001\n");
        write("out.csv", "phone\n");
        let opened = workspace::open(&path).unwrap();
        // It was read: whatever is there now, and however old, came after that.
        write("campaign.yaml", "version: 1\naudience: { csv: other.csv, address: phone }\n");
        let (_, _, stamps) = opened.load_from();
        let seen: Vec<(&str, bool)> = stamps
            .iter()
            .map(|(file, before)| (file.file_name().unwrap().to_str().unwrap(), stamp(file) == *before))
            .collect();
        assert_eq!(seen, [("campaign.yaml", false), ("r.csv", true), ("out.csv", true)]);
    }

    /// A campaign that goes out at this hour.
    fn write(path: &Path, hour: u32) {
        let text = format!(
            "version: 1\nname: c\nprovider: {{ profile: mobiconnect, base_url: \"http://127.0.0.1:1\" }}\n\
             sender: 1\naudience: {{ csv: r.csv, address: phone, region: KE }}\nmessage: {{ text: Hi }}\n\
             schedule: {{ cron: \"0 {hour} * * *\", timezone: Africa/Nairobi }}\n"
        );
        fs::write(path, text).unwrap();
        fs::write(path.with_file_name("r.csv"), "phone\n0700000001\n").unwrap();
    }

    fn set_modified(path: &Path, time: SystemTime) {
        fs::File::options().append(true).open(path).unwrap().set_modified(time).unwrap();
    }

    #[test]
    fn an_edit_that_says_it_is_old_is_told_and_other_rights_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("campaign.yaml");
        let old = SystemTime::now() - Duration::from_secs(3600);
        let mut campaigns = Campaigns::of(vec![folder.path().to_owned()]);
        write(&path, 8);
        [&path, &path.with_file_name("r.csv")].iter().for_each(|file| set_modified(file, old));
        assert!(matches!(campaigns.look()[..], [Change::New(_)]));
        let before = stamp(&path);
        while stamp(&path) == before {
            write(&path, 9);
            [&path, &path.with_file_name("r.csv")].iter().for_each(|file| set_modified(file, old));
        }
        let then = campaigns.look();
        assert!(matches!(then[..], [Change::Edited(_)]), "{then:?}");
        let before = stamp(&path);
        let mut mode = 0o600;
        while stamp(&path) == before {
            mode ^= 0o040;
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        assert!(campaigns.look().is_empty());
    }

    #[test]
    fn an_edit_within_the_grain_of_the_clock_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("campaign.yaml");
        write(&path, 8);
        let mut campaigns = Campaigns::of(vec![folder.path().to_owned()]);
        let first = campaigns.look();
        assert!(matches!(first[..], [Change::New(_)]), "{first:?}");
        let time = fs::metadata(&path).unwrap().modified().unwrap();
        write(&path, 9);
        set_modified(&path, time);
        let then = campaigns.look();
        assert!(matches!(then[..], [Change::Edited(_)]), "{then:?}");
        assert!(campaigns.look().is_empty());
    }
}
