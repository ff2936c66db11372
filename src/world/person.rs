//! Who is at work here, for what is recorded of people's decisions. It is what the machine says of them: a note for
//! those who ask later, and no proof.
#![allow(clippy::disallowed_methods, reason = "the environment and the system's files are read here")]

use crate::unseen::unseen;
use std::os::unix::fs::MetadataExt;
use std::{env, fs};

/// The longest name that is kept, in characters.
const LONGEST: usize = 100;

/// Where CI says who started a job, and what it is called.
const CI: [(&str, &str); 2] = [("GITHUB_ACTOR", "GitHub Actions"), ("GITLAB_USER_LOGIN", "GitLab CI")];

/// The person who runs this process, such as `root@shop-1`; in CI the one who started the job, such as
/// `octocat (GitHub Actions)`. One line of at most some 200 characters, never empty.
pub fn person() -> String {
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let uid = fs::metadata("/proc/self").ok().map(|own| own.uid());
    let host = ["/proc/sys/kernel/hostname", "/etc/hostname"].map(fs::read_to_string);
    let host = host.into_iter().flatten().next();
    named(&|name| env::var(name).ok(), uid, &passwd, host.as_deref())
}

/// The same, of a machine like this.
fn named(
    variable: &dyn Fn(&str) -> Option<String>,
    uid: Option<u32>,
    passwd: &str,
    host: Option<&str>,
) -> String {
    let variable = |name: &str| variable(name).and_then(|value| word(&value));
    if let Some((who, ci)) = CI.into_iter().find_map(|(name, ci)| Some((variable(name)?, ci))) {
        return format!("{who} ({ci})");
    }
    let of_uid = || {
        let uid = uid?.to_string();
        let line = passwd.lines().find(|line| line.split(':').nth(2) == Some(&uid));
        line.and_then(|line| word(line.split(':').next()?)).or_else(|| Some(format!("user {uid}")))
    };
    let who = variable("USER").or_else(|| variable("LOGNAME")).or_else(of_uid);
    let who = who.unwrap_or_else(|| "somebody".to_owned());
    match host.and_then(word).or_else(|| variable("HOSTNAME")) {
        Some(host) => format!("{who}@{host}"),
        None => who,
    }
}

/// A name without anything that a terminal would obey, and of some length at most; `None` where nothing is left.
fn word(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| unseen(*c).is_none()).collect();
    let text: String = text.trim().chars().take(LONGEST).collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nmail:x:8:8::/:\n";

    fn on(variables: &[(&str, &str)], uid: Option<u32>, host: Option<&str>) -> String {
        let of = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        named(&of, uid, PASSWD, host)
    }

    #[test]
    fn the_name_comes_from_ci_then_the_environment_then_the_system() {
        let both = [("USER", "root"), ("LOGNAME", "mail")];
        assert_eq!(on(&both, Some(0), Some("till\n")), "root@till");
        assert_eq!(on(&both[1..], Some(0), Some("till")), "mail@till");
        assert_eq!(on(&[("USER", " ")], Some(8), Some("till")), "mail@till");
        assert_eq!(on(&[], Some(77), None), "user 77");
        assert_eq!(on(&[("HOSTNAME", "till")], None, Some("\n")), "somebody@till");
        let ci = [("GITHUB_ACTOR", "octo"), ("USER", "runner")];
        assert_eq!(on(&ci, Some(0), Some("fv-az1")), "octo (GitHub Actions)");
        assert_eq!(on(&[("GITLAB_USER_LOGIN", "lab")], Some(0), None), "lab (GitLab CI)");
    }

    #[test]
    fn a_name_cannot_write_on_a_terminal() {
        let name = format!("a\u{1b}[2J\r\n\u{202e}b{}", "c".repeat(500));
        let said = on(&[("USER", &name)], None, None);
        assert!(said.starts_with("a[2Jbccc") && said.chars().count() == LONGEST, "{said}");
    }

    #[test]
    fn this_machine_has_a_name_for_us() {
        assert!(!person().is_empty());
    }
}
