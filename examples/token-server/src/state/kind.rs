//! What kinds of entries there are, and how many of each.

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    SigningKey,
    Code,
    PushedRequest,
    Grant,
    RevokedGrant,
    /// Of one access token alone.
    RevokedToken,
    InitialAccessToken,
}

impl Kind {
    #[cfg(test)]
    pub(super) const ALL: [Kind; 7] = [
        Kind::SigningKey,
        Kind::Code,
        Kind::PushedRequest,
        Kind::Grant,
        Kind::RevokedGrant,
        Kind::RevokedToken,
        Kind::InitialAccessToken,
    ];

    /// Room for so many entries. One more is refused; none that lives is ever dropped. What any client can write by
    /// itself has a room of its own, and of that each client has a [`Quota`](super::Quota): no log-in and no revocation
    /// of a grant waits for it.
    pub(super) const fn most(self) -> usize {
        match self {
            Kind::SigningKey => 1_000,
            Kind::Code => 50_000,
            Kind::PushedRequest => 20_000,
            Kind::Grant | Kind::RevokedGrant => 200_000,
            Kind::RevokedToken => 100_000,
            Kind::InitialAccessToken => 10_000,
        }
    }

    pub(super) fn full(self) -> String {
        format!("there is room for {} entries of the kind {}", self.most(), self.as_str())
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Kind::SigningKey => "signing_key",
            Kind::Code => "code",
            Kind::PushedRequest => "pushed_request",
            Kind::Grant => "grant",
            Kind::RevokedGrant => "revoked",
            Kind::RevokedToken => "revoked_token",
            Kind::InitialAccessToken => "initial_access_token",
        }
    }
}
