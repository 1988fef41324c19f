//! Why Backstage's catalog could not be read, as a sentence for its operator.

use crate::outbound::Fault;

/// One reading failed; what was read before stays.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error(
        "Backstage asks for a token (401): set `promenade.catalog.backstage.token` to one of its \
         `backend.auth.externalAccess`"
    )]
    NoToken,
    #[error("Backstage does not know the token of `promenade.catalog.backstage.token` (401)")]
    WrongToken,
    #[error(
        "Backstage does not let this token read the catalog (403): it is restricted to other plugins, and its \
         `accessRestrictions` need `plugin: catalog`"
    )]
    Restricted,
    #[error(
        "there is no catalog at `promenade.catalog.backstage.baseUrl` (404), which should be the address of \
         Backstage's backend"
    )]
    NotThere,
    #[error(
        "Backstage answers with a redirect ({0}), which is not followed: is `baseUrl` that of its backend?"
    )]
    Redirect(u16),
    #[error("Backstage answers with status {0}")]
    Status(u16),
    #[error("Backstage does not answer: {0}")]
    Transport(#[from] Fault),
    #[error("Backstage does not answer within {0} s")]
    Slow(u64),
    #[error("Backstage's catalog is not read within {0} s, from its first page to its last")]
    Endless(u64),
    #[error("what answers is not Backstage's catalog: {0}")]
    NotCatalog(String),
    #[error("the pages of Backstage's catalog lead back to one that was read before")]
    Circle,
    #[error("Backstage's catalog has more than {0}")]
    TooMany(String),
    #[error("Backstage announces {announced} entities and ends after {read}")]
    Short { read: usize, announced: usize },
    #[error("Backstage's catalog is empty, which it was not before")]
    Emptied,
}

impl Refusal {
    /// For any status but 200 and 304.
    pub(super) fn of_status(status: u16, with_token: bool) -> Self {
        match status {
            300..=399 => Self::Redirect(status),
            401 if with_token => Self::WrongToken,
            401 => Self::NoToken,
            403 => Self::Restricted,
            404 => Self::NotThere,
            _ => Self::Status(status),
        }
    }
}
