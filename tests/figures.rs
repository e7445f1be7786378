//! Figures that a run of all tests prints at its end: one line each, named by what stands before the colon.

use std::{fs, path::Path};

/// Prints a line, and leaves it for the end of the run.
pub(crate) fn report(line: &str) {
    println!("{line}");
    let name = line.split(':').next().unwrap_or(line);
    let name: String = name
        .chars()
        .map(|it| if it.is_ascii_alphanumeric() { it } else { '-' })
        .collect();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("figures");
    fs::create_dir_all(&folder).expect("a folder for figures");
    fs::write(folder.join(name), format!("{line}\n")).expect("figures can be written");
}
