//! The top of a view's page: the entity, or the form of an ad-hoc page.

use super::ad_hoc::AdHocForm;
use super::head::Head;
use crate::web::links::NavLink;

pub enum Top {
    Entity(Box<Head>),
    AdHoc(Box<AdHocForm>),
}

impl Top {
    /// Of the tab.
    pub fn title(&self) -> String {
        match self {
            Self::Entity(head) => head.title(),
            Self::AdHoc(form) => form.title.clone(),
        }
    }

    pub fn tabs(&self) -> &[NavLink] {
        match self {
            Self::Entity(head) => &head.tabs,
            Self::AdHoc(form) => &form.tabs,
        }
    }

    /// The state that the tab's icon shows.
    pub fn icon(&self) -> &'static str {
        match self {
            Self::Entity(head) => head.summary.state,
            Self::AdHoc(form) => form.summary.state,
        }
    }
}

impl From<Head> for Top {
    fn from(head: Head) -> Self {
        Self::Entity(Box::new(head))
    }
}
