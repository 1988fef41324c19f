//! Which instance answers for an entity, and why none does.

/// A service-name that no instance has. `known` is for the reader, to mend the annotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownInstance {
    /// None: the entity chooses no instance, and there is no unnamed one to fall back to.
    pub asked: Option<String>,
    /// Every configured instance, by name; may be empty.
    pub known: Vec<String>,
}
