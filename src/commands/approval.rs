//! Plan files that people commit and approve: made, written, and held against what would be sent now.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::exit::Failure;
use super::flags::quoted;
use super::ours::Ours;
use super::scan::{digest, scan_unless};
use super::terminal::Terminal;
use crate::approval::{Crowd, Difference, Everybody, InputFile, LeftOutBy, PlanFile};
use crate::delivery::pinned::Pinned;
use crate::plan::{Entry, Totals};
use crate::report::approval::Against;
use crate::store::Run;
use crate::world::confine::plain;
use crate::world::workspace::Loaded;

/// The largest plan file that is read, in bytes: ours have 200 kB at most.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// Where people keep the plan file of a campaign: under this name, beside its manifest.
const BESIDE: &str = "plan.json";

const FILE: Ours = Ours { begins: PlanFile::BEGINS, what: "plan file", option: "--out", mode: 0o644 };

/// Where the plan file of a manifest lies by custom, if anything lies there.
pub fn beside(manifest: &Path) -> Option<PathBuf> {
    let folder = if manifest.is_dir() { Some(manifest) } else { manifest.parent() };
    let path = folder?.join(BESIDE);
    // What cannot be looked at is read, and fails then.
    let is_absent = path.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound);
    (!is_absent).then_some(path)
}

/// What a command that begins the campaign at a place says, so that it begins only as it was approved: nothing where no plan
/// file lies there.
pub fn flag_beside(manifest: &Path) -> String {
    beside(manifest)
        .map_or_else(String::new, |plan| format!(" --plan {}", quoted(&plan.display().to_string())))
}

/// Whether a plan file may be written there. To be asked before the work is done.
pub fn check(path: &Path) -> Result<(), Failure> {
    FILE.check(path)
}

/// Writes a plan file.
pub fn write(path: &Path, plan: &PlanFile) -> Result<(), Failure> {
    FILE.write(path, &plan.text())
}

/// Whoever gets a message is counted, for a plan file and to be held against one.
pub struct Counting<'l> {
    loaded: &'l Loaded,
    files: Vec<InputFile>,
    crowd: Crowd,
}

/// The plan of now.
pub struct Counted {
    /// As it is written.
    pub plan: PlanFile,
    /// Its people.
    people: Everybody,
}

impl<'l> Counting<'l> {
    /// To be begun before the first row is read.
    pub fn begin(loaded: &'l Loaded) -> Result<Self, Failure> {
        let files = loaded.digests().map_err(Failure::Input)?;
        Ok(Self { loaded, files, crowd: Crowd::new(&loaded.campaign.name) })
    }

    /// Hears of a row.
    pub fn take(&mut self, entry: &Entry<'_>) {
        if let Entry::Planned { id, address, digest, .. } = entry {
            self.crowd.add(id, &address.to_string(), digest);
        }
    }

    /// After the last row.
    pub fn finish(self, totals: &Totals) -> Result<Counted, Failure> {
        let loaded = self.loaded;
        // Whoever writes a file while it is read, and sets its times back, is found out all the same.
        if loaded.digests().map_err(Failure::Input)? != self.files {
            let why = "the files have changed while they were read: try again when they are whole";
            return Err(Failure::Input(why.to_owned()));
        }
        let campaign = &loaded.campaign;
        let left_out = totals.excluded().filter(|(_, rows)| *rows > 0);
        let people = self.crowd.finish();
        let plan = PlanFile {
            version: PlanFile::VERSION,
            campaign: campaign.name.clone(),
            digest: digest(totals),
            recipients: totals.rows,
            messages: totals.outgoing(campaign.profile.cuts_texts()),
            segments: campaign.counts_segments().then_some(totals.segments),
            cost: super::planned::cost(loaded, totals),
            left_out_by: left_out
                .map(|(reason, rows)| LeftOutBy { reason: reason.to_owned(), rows })
                .collect(),
            files: self.files,
            renderer: PlanFile::renderer(),
            tz_data: crate::schedule::tz_version().to_owned(),
            people: None,
        };
        Ok(Counted { plan: plan.with_people(&people), people })
    }
}

/// A plan file that was named on the command line.
#[derive(Debug)]
pub struct Approved<'p> {
    path: &'p Path,
    /// The plan.
    pub plan: PlanFile,
}

impl<'p> Approved<'p> {
    /// Reads it, where one is named.
    pub fn read(path: Option<&'p Path>) -> Result<Option<Self>, Failure> {
        let Some(path) = path else { return Ok(None) };
        let refuse = |why: String| Failure::Input(format!("the plan file `{}`: {why}", path.display()));
        let about = std::fs::metadata(path).map_err(|error| refuse(plain(&error)))?;
        if !about.is_file() {
            return Err(refuse("it is no file".to_owned()));
        }
        if about.len() > MOST_BYTES {
            return Err(refuse("it is too long for a plan file".to_owned()));
        }
        let bytes = std::fs::read(path).map_err(|error| refuse(plain(&error)))?;
        let not_ours = |_| refuse("it is none; `plan --out FILE` writes one".to_owned());
        let text = String::from_utf8(bytes).map_err(not_ours)?;
        let plan = PlanFile::read(&text).map_err(|error| refuse(error.to_string()))?;
        Ok(Some(Self { path, plan }))
    }

    /// How the plan of now differs from it.
    pub fn against(&self, now: &Counted) -> Against {
        let difference = Difference::between(&self.plan, &now.plan, &now.people);
        Against::new(self.path.display().to_string(), difference)
    }

    /// Plans the whole audience, and refuses what is not as it was approved.
    pub fn hold(&self, loaded: &Loaded, terminal: &Terminal) -> Result<(), Failure> {
        self.hold_unless(loaded, &mut || false, terminal)
    }

    /// The same; at every row it is asked whether to leave ([`Failure::Left`]).
    pub fn hold_unless(
        &self,
        loaded: &Loaded,
        leaves: &mut dyn FnMut() -> bool,
        terminal: &Terminal,
    ) -> Result<(), Failure> {
        let mut counting = Counting::begin(loaded)?;
        let totals = scan_unless(loaded, None, terminal, leaves, &mut |entry| {
            counting.take(&entry);
            Ok(())
        })?;
        let against = self.against(&counting.finish(&totals)?);
        if against.same {
            return Ok(());
        }
        terminal.say(&against.human());
        Err(Failure::Unapproved(format!(
            "nothing was sent, for this is not what was approved: {}",
            against.summary
        )))
    }

    /// Refuses to take up a run that was begun by another plan file, or by none. Its files may have changed since it began;
    /// nothing of it has.
    pub fn hold_run(&self, run: &Run) -> Result<(), Failure> {
        let pinned =
            Pinned::from_json(&run.pinned.pinned).map_err(|error| Failure::State(error.to_string()))?;
        let begun = match pinned.approved {
            Some(plan) if plan == self.plan.sha256() => return Ok(()),
            Some(_) => format!("by another plan file than `{}`", self.path.display()),
            None => "without a plan file".to_owned(),
        };
        Err(Failure::Unapproved(format!(
            "nothing was sent: `{}` ({}) was begun {begun}; without --plan it is taken up as it was begun",
            run.pinned.campaign, run.pinned.occurrence,
        )))
    }
}
