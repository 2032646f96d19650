//! `[fetch]`: how the key sets behind `jwks_uri` are fetched.

use std::path::PathBuf;

use countersign::fetch::KeySetFetcher;

use crate::config::problem::Problem;

/// The values of `[fetch]`. Nothing is read yet.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Fetch {
    /// Go to loopback addresses too, also by plain http.
    pub(crate) danger_allow_loopback: bool,
    /// Certificate authorities beside the public ones.
    pub(crate) ca: Option<PathBuf>,
}

impl Fetch {
    /// The one fetcher of this process.
    pub(crate) fn open(&self) -> Result<KeySetFetcher, Problem> {
        let fetcher = KeySetFetcher::new().danger_allow_loopback(self.danger_allow_loopback);
        let Some(file) = &self.ca else { return Ok(fetcher) };
        let certificate = std::fs::read(file).map_err(|error| Problem::in_file(file, error))?;
        fetcher.extra_root_certificate(certificate).map_err(|error| Problem::in_file(file, error))
    }

    pub(crate) fn warning(&self) -> Option<String> {
        self.danger_allow_loopback.then(|| {
            "[fetch] danger_allow_loopback = true: a client's jwks_uri can lead to whatever listens on this machine"
                .to_owned()
        })
    }
}
