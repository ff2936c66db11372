//! What `init` tells: which files a new campaign has, what is in them, and what to type next.

use super::layout::{Table, next};

/// A campaign that was begun.
#[derive(Debug)]
pub struct Begun {
    /// Its name.
    pub name: String,
    /// Its gateway.
    pub provider: String,
    /// Each file that is new, as people would type it, and what it is.
    pub files: Vec<(String, String)>,
    /// Its folder, as a shell takes it.
    pub place: String,
    /// Why its gateway has no sandbox, where it has none.
    pub no_sandbox: Option<String>,
    /// What was seen in a file of people, where there is one.
    pub seen: Option<String>,
    /// Whether the folder is in no git repository.
    pub no_repository: bool,
}

impl Begun {
    /// The text of people.
    pub fn human(&self) -> String {
        let mut table = Table::new(&[]);
        for (file, what) in &self.files {
            table.row([file, what]);
        }
        let place = &self.place;
        let mut commands = Vec::new();
        if self.no_repository {
            commands.push("git init".to_owned());
        }
        commands.extend(["preview", "plan"].map(|verb| format!("sendplan {verb} {place}")));
        let mut told = String::new();
        match &self.no_sandbox {
            None => commands.push(format!("sendplan send {place} --sandbox")),
            Some(why) => {
                told.push_str(&format!("`send --sandbox` does not work with this profile yet: {why}.\n\n"));
            }
        }
        let seen = self.seen.as_ref().map_or_else(String::new, |seen| format!("{seen}\n\n"));
        if self.no_repository {
            told.push_str("This folder is no git repository yet. It works without, and campaigns are there to be reviewed.\n\n");
        }
        format!(
            "{} is a campaign now, through {}. Nothing is sent.\n\n{seen}{}\n{told}{}",
            self.name,
            self.provider,
            table.show(),
            next(&commands)
        )
    }
}
