//! What a server's answer means for whom to ask next.

use redis::{ServerError, ServerErrorKind};

use super::trouble::Trouble;

/// What was read out of a server's answers.
pub(crate) enum Answer<T> {
    /// The answer.
    Is(T),
    /// The server has lost its memory, or was told by somebody else that it has: it must be admitted again.
    Doubtful,
    /// An error.
    Error(ServerError),
}

/// Where a command is to be sent instead.
#[derive(Debug)]
pub(super) enum Redirect {
    /// To the slot's new owner.
    Moved,
    /// To this node, once, with `ASKING`: the slot is on its way there.
    Ask(String),
    /// To the same one again, once it can.
    Later,
    /// To whoever is the primary now.
    NotPrimary,
    /// Nowhere.
    Nowhere,
}

impl Redirect {
    pub(super) fn of(error: &ServerError) -> Self {
        match error.kind() {
            Some(ServerErrorKind::Moved) => Redirect::Moved,
            // "12182 127.0.0.1:6381"
            Some(ServerErrorKind::Ask) => match error.details().and_then(|details| details.split_once(' ')) {
                Some((_, node)) => Redirect::Ask(node.to_owned()),
                None => Redirect::Nowhere,
            },
            Some(ServerErrorKind::TryAgain | ServerErrorKind::ClusterDown | ServerErrorKind::MasterDown) => {
                Redirect::Later
            }
            Some(ServerErrorKind::ReadOnly | ServerErrorKind::BusyLoading) => Redirect::NotPrimary,
            _ => Redirect::Nowhere,
        }
    }
}

/// The server's memory is full.
pub(crate) fn is_full(error: &ServerError) -> bool {
    error.code() == "OOM"
}

impl From<ServerError> for Trouble {
    fn from(error: ServerError) -> Self {
        Trouble::new(error.to_string())
    }
}
