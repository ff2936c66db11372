//! The files of which a campaign was made, by their digests: what has to be the same for the same messages.

use std::io::{self, Read};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::Loaded;
use super::text::Text;
use crate::approval::{InputFile, Role};
use crate::campaign::Reference;
use crate::world::confine::Confined;
use crate::world::export::{Export, raw};

impl Text {
    fn digested(&self) -> InputFile {
        let sha256 = hexadecimal(Sha256::digest(self.source.text.as_bytes()).into());
        InputFile { role: self.role, name: self.name.clone(), sha256 }
    }
}

impl Loaded {
    /// Every file of which the campaign was made, by its digest. Texts as they were read; lists as they lie there now, for
    /// they are read again from there.
    ///
    /// # Errors
    /// One cannot be read, or has changed since it was looked at; in words.
    pub fn digests(&self) -> Result<Vec<InputFile>, String> {
        let mut files: Vec<InputFile> = self.texts.iter().map(Text::digested).collect();
        if let Some(profile) = &self.references.profile {
            let source = Arc::clone(&self.profile_source);
            files.push(Text { role: Role::Profile, name: profile.name.clone(), source }.digested());
        }
        for (reference, export) in self.references.csv.iter().zip(self.recipients.files()) {
            files.push(recipients(reference, export)?);
        }
        for (reference, list) in self.references.suppress.iter().zip(&self.lists) {
            files.push(suppression(reference, list)?);
        }
        files.sort_by_key(|file| file.role);
        Ok(files)
    }
}

fn recipients(reference: &Reference, export: &Export) -> Result<InputFile, String> {
    let sha256 =
        export.raw().and_then(digest).map_err(|error| format!("cannot read {}: {error}", export.shown))?;
    if !export.is_unchanged() {
        return Err(format!("{} has changed while it was read: try again when it is whole", export.shown));
    }
    Ok(InputFile { role: Role::Recipients, name: reference.name.clone(), sha256 })
}

fn suppression(reference: &Reference, list: &Confined) -> Result<InputFile, String> {
    let cannot = |error: io::Error| format!("cannot read {}: {error}", list.shown.display());
    let sha256 = raw(&list.real).and_then(digest).map_err(cannot)?;
    Ok(InputFile { role: Role::Suppression, name: reference.name.clone(), sha256 })
}

fn digest(mut bytes: impl Read) -> io::Result<String> {
    const BLOCK: usize = 256 * 1024;
    let (mut sha, mut block) = (Sha256::new(), vec![0; BLOCK]);
    loop {
        match bytes.read(&mut block) {
            Ok(0) => return Ok(hexadecimal(sha.finalize().into())),
            Ok(read) => sha.update(block.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn hexadecimal(digest: [u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
