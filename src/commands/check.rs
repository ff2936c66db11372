//! `sendplan check`: every error of every manifest at once.

use super::Outcome;
use super::exit::{Code, Failure};
use super::terminal::Terminal;
use crate::cli::Check;
use crate::diagnostic::Diagnostics;
use crate::world::workspace;

pub fn run(args: &Check, terminal: &Terminal) -> Outcome {
    let mut manifests = Vec::new();
    for path in &args.paths {
        manifests.extend(workspace::find(path)?);
    }
    let mut all = Diagnostics::new();
    let mut names: Vec<(String, String)> = Vec::new();
    for path in &manifests {
        let opened = workspace::open(path)?;
        let file = opened.source.name.clone();
        let twin = opened.name().and_then(|name| names.iter().find(|(other, _)| other == name)).cloned();
        if let (Some((name, other)), Some(manifest)) = (twin, &opened.manifest) {
            let span = manifest.name.as_ref().map_or(0..0, |name| name.span.clone());
            all.push(
                crate::diagnostic::Diagnostic::error(format!("`{other}` is called `{name}` too"))
                    .at(&opened.source, span, "")
                    .help("a name is a campaign's key in the state: two campaigns cannot share it"),
            );
        }
        names.extend(opened.name().map(|name| (name.to_owned(), file.clone())));
        let (_, problems) = opened.load();
        all.extend(problems);
    }
    let what = match names.len().max(manifests.len()) {
        1 => "1 campaign".to_owned(),
        many => format!("{many} campaigns"),
    };
    if all.has_errors() {
        return Err(Failure::Invalid { what, problems: all });
    }
    terminal.problems(&all);
    terminal.data(&format!("{what} checked, no errors\n"));
    Ok(Code::Done)
}
