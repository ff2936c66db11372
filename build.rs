//! Gathers the built-in profiles: every `src/provider/builtin/*.yaml` becomes an entry (file stem,
//! text) of a table, so that no Rust has to name one.
#![allow(clippy::disallowed_methods, reason = "a build script runs in the world")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let variable = |name: &str| env::var_os(name).map(PathBuf::from).ok_or(io::ErrorKind::NotFound);
    let folder = variable("CARGO_MANIFEST_DIR")?.join("src/provider/builtin");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<PathBuf>>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    let mut table = String::from("&[\n");
    for path in &files {
        let name = path.file_stem().and_then(|stem| stem.to_str()).ok_or(io::ErrorKind::InvalidData)?;
        let path = path.to_str().ok_or(io::ErrorKind::InvalidData)?;
        let _ = writeln!(table, "    ({name:?}, include_str!({path:?})),");
    }
    table.push_str("]\n");
    fs::write(Path::new(&variable("OUT_DIR")?).join("builtin.rs"), table)
}
