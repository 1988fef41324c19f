//! Whether a panel without data is one line.

/// In the address of a panel that is one line.
pub const FOLDED: &str = "folded";
const LINE: &str = "line";
const SHARED: &str = "shared";

/// How a panel without data is shown. The page decides it once: a refresh that folded a panel would move what is below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folding {
    Open,
    Line,
    /// A line, because the page says for several panels why.
    Shared,
}

impl Folding {
    /// From the address of a panel.
    pub fn of(value: Option<&str>) -> Self {
        match value {
            None => Self::Open,
            Some(SHARED) => Self::Shared,
            Some(_) => Self::Line,
        }
    }

    /// For the address of a panel.
    pub fn value(self) -> Option<String> {
        match self {
            Self::Open => None,
            Self::Line => Some(LINE.to_owned()),
            Self::Shared => Some(SHARED.to_owned()),
        }
    }
}
