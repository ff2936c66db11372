//! The laws of the fuzz targets, held against the seeds that are kept: what a long run once found stays found.

use std::fs;

use crate::laws;
use crate::project::root;

/// Holds a law against the seeds of its target, each under its name.
fn seeds(target: &str, law: fn(&[u8])) {
    let folder = root().join("fuzz/seeds").join(target);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "no seeds in {}", folder.display());
    for file in files {
        let data = fs::read(&file).unwrap();
        assert!(data.len() <= 64 * 1024, "{} is too large to keep", file.display());
        let held = std::panic::catch_unwind(|| law(&data));
        assert!(held.is_ok(), "{} breaks a law of {target}", file.display());
    }
}

macro_rules! targets {
    ($($target:ident)*) => {
        $(#[test] fn $target() { seeds(stringify!($target), laws::$target::holds); })*
    };
}

targets! { manifest profile csv segments answer state plan }
