//! What of an entity could not be read, while the rest of it lives.

use super::Entity;
use crate::diagnostic::Location;

/// A fault of the catalog that concerns one entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityFault {
    pub about: About,
    /// A sentence.
    pub message: String,
    /// None where no file wrote the entity.
    pub place: Option<Location>,
}

/// What a fault keeps from being read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// The annotation of this key.
    Annotation(Box<str>),
    /// Every annotation.
    Annotations,
    /// What a second entity of the same name says.
    Second {
        /// It says the same, so nothing is lost.
        is_alike: bool,
    },
}

impl EntityFault {
    /// What the fault is about, as its file has it: the annotation's key, `metadata.annotations`, `metadata.name`.
    pub fn key(&self) -> &str {
        match &self.about {
            About::Annotation(key) => key,
            About::Annotations => "metadata.annotations",
            About::Second { .. } => "metadata.name",
        }
    }
}

impl Entity {
    /// Whether the catalog's author wrote an annotation that could not be read.
    pub fn has_lost(&self, key: &str) -> bool {
        let all = self.faults.iter().any(|fault| fault.about == About::Annotations);
        all || self.has_lost_by_itself(key)
    }

    /// Whether that annotation could not be read, others of the entity apart.
    pub fn has_lost_by_itself(&self, key: &str) -> bool {
        self.faults.iter().any(|fault| matches!(&fault.about, About::Annotation(lost) if **lost == *key))
    }

    /// Whether another entity of the same name says something else.
    pub fn has_rival(&self) -> bool {
        self.faults.iter().any(|fault| fault.about == About::Second { is_alike: false })
    }
}
