//! The secrets of one local data folder, all derived from one random file, so that a restart knows the
//! same keys and can open what it sealed.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use sha2::{Digest, Sha256};

/// The root secret of a data folder, or of one run in memory.
#[derive(Clone)]
pub struct Secrets([u8; 32]);

impl Secrets {
    /// Fresh secrets that nobody can open later.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    #[expect(
        clippy::disallowed_methods,
        reason = "the local host makes its root secret here"
    )]
    pub fn fresh() -> io::Result<Self> {
        let mut root = [0; 32];
        getrandom::fill(&mut root).map_err(io::Error::other)?;
        Ok(Self(root))
    }

    /// The secrets of the folder: read from `local.key`, or made and written with mode 0600.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds anything but 32 bytes.
    pub fn of_folder(folder: &Path) -> io::Result<Self> {
        let path = folder.join("local.key");
        match fs::File::open(&path) {
            Ok(mut file) => {
                let mut root = [0; 32];
                file.read_exact(&mut root)?;
                Ok(Self(root))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let secrets = Self::fresh()?;
                let mut file = OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(&path)?;
                file.write_all(&secrets.0)?;
                file.sync_all()?;
                Ok(secrets)
            }
            Err(error) => Err(error),
        }
    }

    /// 32 bytes of one purpose.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        Sha256::new()
            .chain_update(self.0)
            .chain_update(purpose.as_bytes())
            .finalize()
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_its_secrets_and_nobody_else_may_read_them() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let first = Secrets::of_folder(folder.path()).expect("made");
        let again = Secrets::of_folder(folder.path()).expect("read");
        assert_eq!(first.derive("seal"), again.derive("seal"));
        assert_ne!(first.derive("seal"), first.derive("vault"));
        let mode = fs::metadata(folder.path().join("local.key"))
            .expect("written")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
