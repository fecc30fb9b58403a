//! Small files: read whole, up to a limit, as what a file says of its length is no promise; written and
//! removed so that it stays so after a power cut.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::config::MIB;

/// Reads a file of at most `most_mib` MiB.
pub(crate) fn read(file: &Path, most_mib: u64) -> io::Result<Vec<u8>> {
    let most = most_mib * MIB;
    let mut bytes = Vec::new();
    let mut file = File::open(file)?;
    if file.metadata()?.len() <= most {
        file.by_ref().take(most + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 <= most {
            return Ok(bytes);
        }
    }
    Err(io::Error::other(format!("it is longer than {most_mib} MiB")))
}

/// Writes a file aside with its mode from the first byte on, and renames it into place, durably.
pub(crate) fn replace(file: &Path, text: &str, mode: u32) -> io::Result<()> {
    let aside = file.with_extension("new");
    unless_missing(fs::remove_file(&aside))?;
    let mut open = fs::OpenOptions::new();
    let mut written = open.write(true).create_new(true).mode(mode).open(&aside)?;
    io::Write::write_all(&mut written, text.as_bytes())?;
    written.sync_all()?;
    fs::rename(&aside, file)?;
    sync_names(file)
}

/// Removes a file durably; one that is not there is fine.
pub(crate) fn remove(file: &Path) -> io::Result<()> {
    unless_missing(fs::remove_file(file))?;
    sync_names(file)
}

/// Makes the name of a file or folder durable: it stands in the folder above.
pub(crate) fn sync_names(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(above) if !above.as_os_str().is_empty() => File::open(above)?.sync_all(),
        Some(_) | None => File::open(".")?.sync_all(),
    }
}

fn unless_missing(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Problem};
    use std::fs;
    use std::path::Path;

    /// The problems of a text, as they are shown.
    fn problems(text: &str, file: &Path) -> Vec<String> {
        let problems = Config::parse(text, file).unwrap_err().0;
        problems.iter().map(Problem::to_string).collect()
    }

    #[test]
    fn a_file_without_end_is_read_to_the_limit_and_refused() {
        let text = "[directory]\nfile = \"/dev/zero\"\n";
        let what = "the directory file /dev/zero cannot be read: it is longer than 64 MiB";
        let right = "name a TOML file that this user may read, relative to this file";
        assert_eq!(problems(text, Path::new("r")), [format!("r:2:8: {what}; {right}")]);
        let text = "[server]\ntls_certificate_file = \"/dev/zero\"\ntls_key_file = \"/dev/zero\"\n";
        let what = problems(text, Path::new("r")).pop().unwrap();
        assert!(what.contains("/dev/zero cannot be read: it is longer than 1 MiB"), "{what}");
        let problem = Config::load(Path::new("/dev/zero")).unwrap_err().0.pop().unwrap();
        assert!(problem.what.contains("it is longer than 64 MiB"), "{problem}");
    }

    #[test]
    fn a_directory_file_that_is_too_long_is_not_read_to_say_so() {
        let folder = tempfile::tempdir().unwrap();
        let file = fs::File::create(folder.path().join("people.toml")).unwrap();
        // More than any memory holds, and a hole on disk.
        file.set_len(1 << 42).unwrap();
        let text = "[directory]\nfile = \"people.toml\"\n";
        let problems = problems(text, &folder.path().join("relevo.toml"));
        assert!(problems[0].contains("it is longer than 64 MiB;"), "{}", problems[0]);
    }
}
