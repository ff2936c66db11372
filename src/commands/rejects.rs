//! The file of `plan --rejects`, whole or not at all: written beside its place, private, and moved there at the
//! end. It holds people's data, and it never takes the place of anything but an earlier one of its kind.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::exit::Failure;
use super::ours::room_for;
use crate::audience::{Exclusion, Place};
use crate::report::rejects::{HEAD, Rejects};

/// The file in the making.
pub struct RejectsFile {
    rejects: Option<Rejects<BufWriter<File>>>,
    path: PathBuf,
    beside: PathBuf,
}

impl RejectsFile {
    /// Begins it with the columns of the recipients' file.
    pub fn begin(path: &Path, columns: &[String], are_several: bool) -> Result<Self, Failure> {
        if path.exists() && !is_one_of_ours(path) {
            return Err(Failure::Usage(format!(
                "`{}` is there already and is no file of excluded rows: name another for --rejects",
                path.display()
            )));
        }
        room_for(path)?;
        let failed = |why: String| Failure::Output { path: path.display().to_string(), why };
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let beside = PathBuf::from(name);
        let options = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside);
        let file = options.map_err(|error| failed(error.to_string()))?;
        let rejects = Rejects::new(BufWriter::new(file), columns.iter(), are_several);
        let mut begun = Self { rejects: None, path: path.to_owned(), beside };
        begun.rejects = Some(rejects.map_err(|error| failed(error.to_string()))?);
        Ok(begun)
    }

    /// Adds a row.
    pub fn add(&mut self, place: &Place, reason: &Exclusion, row: &csv::ByteRecord) -> Result<(), Failure> {
        let Some(rejects) = &mut self.rejects else { return Ok(()) };
        rejects.add(place, reason.kind(), &reason.to_string(), row.iter()).map_err(|error| Failure::Output {
            path: self.path.display().to_string(),
            why: error.to_string(),
        })
    }

    /// Puts it in its place.
    pub fn finish(mut self) -> Result<PathBuf, Failure> {
        let failed = |why: std::io::Error| Failure::Output {
            path: self.path.display().to_string(),
            why: why.to_string(),
        };
        if let Some(rejects) = self.rejects.take() {
            let mut out = rejects.finish().map_err(failed)?;
            out.flush().and_then(|()| out.get_ref().sync_all()).map_err(failed)?;
        }
        std::fs::rename(&self.beside, &self.path).map_err(failed)?;
        Ok(self.path.clone())
    }
}

impl Drop for RejectsFile {
    fn drop(&mut self) {
        // Gone already when it was put in its place.
        let _ = std::fs::remove_file(&self.beside);
    }
}

fn is_one_of_ours(path: &Path) -> bool {
    let mut head = vec![0; HEAD.len()];
    path.is_file()
        && File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok()
        && head == HEAD.as_bytes()
}
